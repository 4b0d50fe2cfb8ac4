package tablefile

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"math/big"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/schema"

	"weir/internal/athenasql/types"
)

// column gathers the values of one column of a batch, and writes them.
type column struct {
	Column
	layout *Layout
	bad    bool    // a field was no value of the type
	def    []int16 // 1: there is a value
	bools  []bool
	ints   []int32
	longs  []int64
	floats []float32
	double []float64
	texts  []parquet.ByteArray
	fixed  []parquet.FixedLenByteArray
}

// maxLongDecimal is the most digits of a decimal that 64 bits hold.
const maxLongDecimal = 18

// node returns the column's type in the file, by which DuckDB knows it as the type that [types.Type.SQL] names.
func (c *column) node() (schema.Node, error) {
	physical, logical, length := parquet.Types.Int64, schema.LogicalType(schema.NoLogicalType{}), -1
	switch t := c.Type; t.Kind {
	case types.Boolean:
		physical = parquet.Types.Boolean
	case types.TinyInt:
		physical, logical = parquet.Types.Int32, schema.NewIntLogicalType(8, true)
	case types.SmallInt:
		physical, logical = parquet.Types.Int32, schema.NewIntLogicalType(16, true)
	case types.Integer:
		physical = parquet.Types.Int32
	case types.BigInt:
	case types.Real:
		physical = parquet.Types.Float
	case types.Double:
		physical = parquet.Types.Double
	case types.Varchar:
		physical, logical = parquet.Types.ByteArray, schema.StringLogicalType{}
	case types.Date:
		physical, logical = parquet.Types.Int32, schema.DateLogicalType{}
	case types.Timestamp:
		logical = schema.NewTimestampLogicalType(false, schema.TimeUnitMicros)
	case types.Decimal:
		logical = schema.NewDecimalLogicalType(int32(t.Precision), int32(t.Scale))
		if t.Precision > maxLongDecimal {
			physical, length = parquet.Types.FixedLenByteArray, 16
		}
	default:
		return nil, fmt.Errorf("column %s: a file has no %s", c.Name, t)
	}
	return schema.NewPrimitiveNodeLogical(c.Name, parquet.Repetitions.Optional, logical, physical, length, -1)
}

// clear forgets the batch.
func (c *column) clear() {
	c.def, c.bools, c.ints, c.longs = c.def[:0], c.bools[:0], c.ints[:0], c.longs[:0]
	c.floats, c.double, c.texts, c.fixed = c.floats[:0], c.double[:0], c.texts[:0], c.fixed[:0]
}

// null appends NULL.
func (c *column) null() { c.def = append(c.def, 0) }

// add appends a field of text; the bytes must stay until the batch is written. What is no value of the column's type is NULL.
func (c *column) add(b []byte) {
	switch {
	case string(b) == c.layout.Null:
		c.null()
	case c.Type.Kind == types.Varchar:
		if c.layout.Escaped {
			b = unescape(b, c.layout.Escape)
		}
		c.text(cutText(b, c.Type.Length))
	case !c.value(b):
		c.null()
	}
}

// value appends a field of another type than text. ok is false where it is no value of the type; nothing is appended then.
func (c *column) value(b []byte) (ok bool) {
	switch c.Type.Kind {
	case types.TinyInt, types.SmallInt, types.Integer, types.BigInt:
		n, ok := parseInt(b)
		return ok && c.integer(n)
	case types.Boolean:
		var v bool
		if v, ok = parseBool(b); ok {
			c.bools = append(c.bools, v)
		}
	case types.Real:
		var v float64
		if v, ok = parseFloat(b, 32); ok {
			c.floats = append(c.floats, float32(v))
		}
	case types.Double:
		var v float64
		if v, ok = parseFloat(b, 64); ok {
			c.double = append(c.double, v)
		}
	case types.Date:
		var v int32
		if v, ok = parseDate(b); ok {
			c.ints = append(c.ints, v)
		}
	case types.Timestamp:
		var v int64
		if v, ok = parseTimestamp(b); ok {
			c.longs = append(c.longs, v)
		}
	case types.Decimal:
		v, ok := parseDecimal(b, c.Type.Precision, c.Type.Scale)
		if ok {
			c.decimal(v)
		}
		return ok
	}
	if ok {
		c.has()
	}
	return ok
}

// invalid says that a field is no value of the column's type, in Athena's words, or appends NULL where the table has 'use.null.for.invalid.data'.
func (c *column) invalid(i int, field []byte) error {
	if c.layout.NullForInvalid {
		c.null()
		return nil
	}
	const most = 100
	text := field
	if len(text) > most {
		text = append(bytes.Clone(text[:most]), "..."...)
	}
	text = bytes.ToValidUTF8(text, []byte("\uFFFD"))
	return c.reject(&lineError{
		text: fmt.Sprintf("Error parsing field value '%s' for field %d: For input string: %q, and column %s is %s", text, i, text, c.Name, c.Type.Hive()),
		hint: "a column of string takes it, and TBLPROPERTIES ('use.null.for.invalid.data'='true') makes it NULL",
	})
}

// reject is the error of a field where a query that reads it is told so; in a file there is NULL in its place, and the column is noted.
func (c *column) reject(err *lineError) error {
	if c.layout.strict && c.layout.reads(c.Name) {
		return err
	}
	c.bad = true
	c.null()
	return nil
}

// has says that the batch has one more value.
func (c *column) has() { c.def = append(c.def, 1) }

func (c *column) text(b []byte) {
	c.def = append(c.def, 1)
	c.texts = append(c.texts, b)
}

// integer appends a whole number where the column's type holds it.
func (c *column) integer(n int64) bool {
	switch c.Type.Kind {
	case types.BigInt:
		c.longs = append(c.longs, n)
		c.def = append(c.def, 1)
		return true
	case types.TinyInt:
		if n != int64(int8(n)) {
			return false
		}
	case types.SmallInt:
		if n != int64(int16(n)) {
			return false
		}
	default:
		if n < math.MinInt32 || n > math.MaxInt32 {
			return false
		}
	}
	c.ints = append(c.ints, int32(n))
	c.def = append(c.def, 1)
	return true
}

// decimal appends a decimal that the type holds.
func (c *column) decimal(v *big.Int) {
	c.def = append(c.def, 1)
	if c.Type.Precision <= maxLongDecimal {
		c.longs = append(c.longs, v.Int64())
		return
	}
	b := make([]byte, 16)
	if v.Sign() >= 0 {
		v.FillBytes(b)
	} else {
		// Two's complement of 128 bits.
		new(big.Int).Add(v, new(big.Int).Lsh(big.NewInt(1), 128)).FillBytes(b)
	}
	c.fixed = append(c.fixed, b)
}

// write writes the batch as the next values of a column chunk.
func (c *column) write(to file.ColumnChunkWriter) error {
	var err error
	switch w := to.(type) {
	case *file.BooleanColumnChunkWriter:
		_, err = w.WriteBatch(c.bools, c.def, nil)
	case *file.Int32ColumnChunkWriter:
		_, err = w.WriteBatch(c.ints, c.def, nil)
	case *file.Int64ColumnChunkWriter:
		_, err = w.WriteBatch(c.longs, c.def, nil)
	case *file.Float32ColumnChunkWriter:
		_, err = w.WriteBatch(c.floats, c.def, nil)
	case *file.Float64ColumnChunkWriter:
		_, err = w.WriteBatch(c.double, c.def, nil)
	case *file.ByteArrayColumnChunkWriter:
		_, err = w.WriteBatch(c.texts, c.def, nil)
	case *file.FixedLenByteArrayColumnChunkWriter:
		_, err = w.WriteBatch(c.fixed, c.def, nil)
	default:
		err = fmt.Errorf("column %s: no writer for %T", c.Name, to)
	}
	return err
}

// bigOf reads a decimal of big-endian two's complement.
func bigOf(b []byte) *big.Int {
	v := new(big.Int).SetBytes(b)
	if len(b) > 0 && b[0]&0x80 != 0 {
		v.Sub(v, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
	}
	return v
}

// int96Micros reads a timestamp of Impala's form: nanoseconds of the day, then the Julian day.
func int96Micros(b parquet.Int96) int64 {
	nanos := int64(binary.LittleEndian.Uint64(b[:8]))
	day := int64(binary.LittleEndian.Uint32(b[8:])) - 2440588
	return roundMillis(day*86_400_000_000_000/1000+nanos/1000, nanos%1000)
}

// roundMillis rounds microseconds, and nanoseconds beyond them, to whole milliseconds.
func roundMillis(micros, nanos int64) int64 {
	ms := micros / 1000
	rest := micros % 1000
	if rest < 0 {
		ms, rest = ms-1, rest+1000
	}
	if rest*1000+nanos >= 500_000 {
		ms++
	}
	return ms * 1000
}
