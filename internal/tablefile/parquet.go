package tablefile

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strings"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/schema"

	"weir/internal/athenasql"
	"weir/internal/athenasql/types"
)

// readRows is how many values of a column are read at once.
const readRows = 8192

// convertParquet writes the rows of a Parquet object as the table's columns: those of the object by their names without regard to case, NULL
// where it has none. A type that the table's is not made of is HIVE_BAD_DATA, as in Athena.
func convertParquet(ctx context.Context, l *Layout, o Object, in Content, w *writer) (err error) {
	defer func() {
		// The library panics on some damaged files.
		if r := recover(); r != nil {
			err = badData(o, "the Parquet is damaged: %v", r)
		}
	}()
	var magic [4]byte
	if _, err := in.ReadAt(magic[:], 0); err != nil && err != io.EOF {
		return err
	} else if string(magic[:]) != parquetMagic {
		return badData(o, "the object is not Parquet")
	}
	r, err := file.NewParquetReader(io.NewSectionReader(in, 0, in.Size()))
	if err != nil {
		return notReadable(o, err)
	}
	defer r.Close()
	sources, err := sourcesOf(l, o, r.MetaData().Schema, w.columns)
	if err != nil {
		return err
	}
	for g := range r.NumRowGroups() {
		if err := convertGroup(ctx, o, r.RowGroup(g), sources, w); err != nil {
			return err
		}
	}
	return nil
}

// parquetMagic begins and ends a Parquet file.
const parquetMagic = "PAR1"

// notReadable names an error of the Parquet library. Errors of the storage and of the context go on as they are.
func notReadable(o Object, err error) error {
	var own *athenasql.Error
	if errors.As(err, &own) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return badData(o, "the Parquet can't be read: %v", err)
}

// source reads one column of an object.
type source struct {
	to    *column
	index int // of the leaf, -1: the object has none
	read  func(c file.ColumnChunkReader, most int64) (rows int64, err error)
}

// sourcesOf finds the columns of a table among those of an object.
func sourcesOf(l *Layout, o Object, s *schema.Schema, columns []*column) ([]*source, error) {
	byName := map[string]int{}
	for i := range s.Root().NumFields() {
		f := s.Root().Field(i)
		key := strings.ToLower(f.Name())
		if _, twice := byName[key]; !twice {
			byName[key] = i
		}
	}
	var out []*source
	for i, c := range l.Columns {
		src := &source{to: columns[i], index: -1}
		if field, ok := byName[c.Name]; ok {
			node, primitive := s.Root().Field(field).(*schema.PrimitiveNode)
			if !primitive || node.RepetitionType() == parquet.Repetitions.Repeated {
				return nil, mismatch(o, c, "of several parts")
			}
			src.index = s.ColumnIndexByNode(node)
			if src.read = reader(columns[i], node, o); src.read == nil {
				return nil, mismatch(o, c, typeText(node))
			}
		}
		out = append(out, src)
	}
	return out, nil
}

// mismatch is Athena's error of a column whose type the table does not have.
func mismatch(o Object, c Column, physical string) *athenasql.Error {
	return badData(o, "Field %s's type %s in parquet file is incompatible with type %s defined in table schema", c.Name, physical, c.Type)
}

// typeText names the type of a column of Parquet.
func typeText(n *schema.PrimitiveNode) string {
	text := n.PhysicalType().String()
	if l := n.LogicalType(); l != nil && !l.IsNone() {
		text += " (" + l.String() + ")"
	}
	return text
}

// convertGroup writes a row group.
func convertGroup(ctx context.Context, o Object, g *file.RowGroupReader, sources []*source, w *writer) error {
	chunks := make([]file.ColumnChunkReader, len(sources))
	for i, s := range sources {
		if s.index < 0 {
			continue
		}
		c, err := g.Column(s.index)
		if err != nil {
			return notReadable(o, err)
		}
		chunks[i] = c
	}
	for left := g.NumRows(); left > 0; {
		if err := ctx.Err(); err != nil {
			return err
		}
		n := min(left, readRows)
		for i, s := range sources {
			if err := s.fill(chunks[i], n); err != nil {
				return notReadable(o, err)
			}
		}
		if err := w.flush(int(n)); err != nil {
			return err
		}
		left -= n
	}
	return nil
}

// fill gathers the next n rows of the column.
func (s *source) fill(c file.ColumnChunkReader, n int64) error {
	if c == nil {
		for range n {
			s.to.null()
		}
		return nil
	}
	for n > 0 {
		rows, err := s.read(c, n)
		if err != nil {
			return err
		}
		if rows <= 0 {
			return fmt.Errorf("column %s ends too early", s.to.Name)
		}
		n -= rows
	}
	return c.Err()
}

// batchOf reads values of one physical type and gives each to put, NULL to null.
func batchOf[T any](c *column, read func(n int64, values []T, def []int16) (int64, int, error), optional bool, put func(v T) error) func(most int64) (int64, error) {
	values, def := make([]T, readRows), make([]int16, readRows)
	return func(most int64) (int64, error) {
		total, _, err := read(most, values[:most], def[:most])
		if err != nil {
			return 0, err
		}
		at := 0
		for i := range total {
			if optional && def[i] == 0 {
				c.null()
				continue
			}
			if err := put(values[at]); err != nil {
				return 0, err
			}
			at++
		}
		return total, nil
	}
}

// reader returns what reads a column of an object into one of the table; nil where the types don't fit (Trino, ColumnReaderFactory).
func reader(c *column, n *schema.PrimitiveNode, o Object) func(file.ColumnChunkReader, int64) (int64, error) {
	optional := n.RepetitionType() == parquet.Repetitions.Optional
	var current file.ColumnChunkReader
	var batch func(int64) (int64, error)
	make := maker(c, n, optional, o)
	if make == nil {
		return nil
	}
	return func(chunk file.ColumnChunkReader, most int64) (int64, error) {
		if chunk != current {
			var ok bool
			if batch, ok = make(chunk); !ok {
				return 0, fmt.Errorf("column %s changes its type", c.Name)
			}
			current = chunk
		}
		return batch(most)
	}
}

// maker returns what makes the reading of a chunk.
func maker(c *column, n *schema.PrimitiveNode, optional bool, o Object) func(file.ColumnChunkReader) (func(int64) (int64, error), bool) {
	ints := func(put func(int64) error) func(file.ColumnChunkReader) (func(int64) (int64, error), bool) {
		return func(chunk file.ColumnChunkReader) (func(int64) (int64, error), bool) {
			switch r := chunk.(type) {
			case *file.Int32ColumnChunkReader:
				return batchOf(c, func(n int64, v []int32, d []int16) (int64, int, error) { return r.ReadBatch(n, v, d, nil) }, optional,
					func(v int32) error { return put(int64(v)) }), true
			case *file.Int64ColumnChunkReader:
				return batchOf(c, func(n int64, v []int64, d []int16) (int64, int, error) { return r.ReadBatch(n, v, d, nil) }, optional, put), true
			}
			return nil, false
		}
	}
	p, logical := n.PhysicalType(), n.LogicalType()
	isInt := p == parquet.Types.Int32 || p == parquet.Types.Int64
	_, isDate := logical.(schema.DateLogicalType)
	stamp, isStamp := logical.(schema.TimestampLogicalType)
	dec, isDecimal := logical.(schema.DecimalLogicalType)
	scale := 0
	if isDecimal {
		scale = int(dec.Scale())
	}
	_, isTime := logical.(schema.TimeLogicalType)
	plainInt := isInt && !isDate && !isStamp && !isDecimal && !isTime
	switch c.Type.Kind {
	case types.TinyInt, types.SmallInt, types.Integer, types.BigInt:
		if plainInt || isInt && isDecimal && scale == 0 {
			return ints(func(v int64) error {
				if !c.integer(v) {
					return badData(o, "Field %s has %d, which is out of the range of %s", c.Name, v, c.Type)
				}
				return nil
			})
		}
	case types.Boolean:
		if p == parquet.Types.Boolean {
			return func(chunk file.ColumnChunkReader) (func(int64) (int64, error), bool) {
				r, ok := chunk.(*file.BooleanColumnChunkReader)
				return batchOf(c, func(n int64, v []bool, d []int16) (int64, int, error) { return r.ReadBatch(n, v, d, nil) }, optional,
					func(v bool) error { c.has(); c.bools = append(c.bools, v); return nil }), ok
			}
		}
	case types.Real, types.Double:
		return c.floating(p, optional)
	case types.Varchar:
		if p == parquet.Types.ByteArray && !isDecimal {
			return c.byteArrays(optional, func(v parquet.ByteArray) error { c.text(cutText(bytes.Clone(v), c.Type.Length)); return nil })
		}
	case types.Date:
		if isDate {
			return ints(func(v int64) error { c.has(); c.ints = append(c.ints, int32(v)); return nil })
		}
	case types.Timestamp:
		if p == parquet.Types.Int96 {
			return func(chunk file.ColumnChunkReader) (func(int64) (int64, error), bool) {
				r, ok := chunk.(*file.Int96ColumnChunkReader)
				return batchOf(c, func(n int64, v []parquet.Int96, d []int16) (int64, int, error) { return r.ReadBatch(n, v, d, nil) }, optional,
					func(v parquet.Int96) error { c.has(); c.longs = append(c.longs, int96Micros(v)); return nil }), ok
			}
		}
		if isStamp && p == parquet.Types.Int64 {
			return ints(func(v int64) error { c.has(); c.longs = append(c.longs, toMicros(v, stamp.TimeUnit())); return nil })
		}
	case types.Decimal:
		return c.decimals(p, isDecimal || plainInt, scale, optional, o, ints)
	}
	return nil
}

// toMicros turns a timestamp of a unit to microseconds, rounded to milliseconds.
func toMicros(v int64, unit schema.TimeUnitType) int64 {
	switch unit {
	case schema.TimeUnitMillis:
		return v * 1000
	case schema.TimeUnitNanos:
		micros, rest := v/1000, v%1000
		if rest < 0 {
			micros, rest = micros-1, rest+1000
		}
		return roundMillis(micros, rest)
	}
	return roundMillis(v, 0)
}

// floating reads float into real, and float or double into double.
func (c *column) floating(p parquet.Type, optional bool) func(file.ColumnChunkReader) (func(int64) (int64, error), bool) {
	single := c.Type.Kind == types.Real
	switch {
	case p == parquet.Types.Float:
		return func(chunk file.ColumnChunkReader) (func(int64) (int64, error), bool) {
			r, ok := chunk.(*file.Float32ColumnChunkReader)
			return batchOf(c, func(n int64, v []float32, d []int16) (int64, int, error) { return r.ReadBatch(n, v, d, nil) }, optional, func(v float32) error {
				c.has()
				if single {
					c.floats = append(c.floats, v)
				} else {
					c.double = append(c.double, float64(v))
				}
				return nil
			}), ok
		}
	case p == parquet.Types.Double && !single:
		return func(chunk file.ColumnChunkReader) (func(int64) (int64, error), bool) {
			r, ok := chunk.(*file.Float64ColumnChunkReader)
			return batchOf(c, func(n int64, v []float64, d []int16) (int64, int, error) { return r.ReadBatch(n, v, d, nil) }, optional,
				func(v float64) error { c.has(); c.double = append(c.double, v); return nil }), ok
		}
	}
	return nil
}

// byteArrays reads texts.
func (c *column) byteArrays(optional bool, put func(parquet.ByteArray) error) func(file.ColumnChunkReader) (func(int64) (int64, error), bool) {
	return func(chunk file.ColumnChunkReader) (func(int64) (int64, error), bool) {
		r, ok := chunk.(*file.ByteArrayColumnChunkReader)
		return batchOf(c, func(n int64, v []parquet.ByteArray, d []int16) (int64, int, error) { return r.ReadBatch(n, v, d, nil) }, optional, put), ok
	}
}

// decimals reads decimals, and whole numbers, of any physical type that holds them.
func (c *column) decimals(p parquet.Type, fits bool, scale int, optional bool, o Object,
	ints func(func(int64) error) func(file.ColumnChunkReader) (func(int64) (int64, error), bool),
) func(file.ColumnChunkReader) (func(int64) (int64, error), bool) {
	put := func(v *big.Int) error {
		if v = rescale(v, scale, c.Type.Scale); v.CmpAbs(power(c.Type.Precision)) >= 0 {
			return badData(o, "Field %s has a number that is out of the range of %s", c.Name, c.Type)
		}
		c.decimal(v)
		return nil
	}
	switch {
	case !fits:
	case p == parquet.Types.Int32 || p == parquet.Types.Int64:
		return ints(func(v int64) error { return put(big.NewInt(v)) })
	case p == parquet.Types.ByteArray:
		return c.byteArrays(optional, func(v parquet.ByteArray) error { return put(bigOf(v)) })
	case p == parquet.Types.FixedLenByteArray:
		return func(chunk file.ColumnChunkReader) (func(int64) (int64, error), bool) {
			r, ok := chunk.(*file.FixedLenByteArrayColumnChunkReader)
			return batchOf(c, func(n int64, v []parquet.FixedLenByteArray, d []int16) (int64, int, error) {
				return r.ReadBatch(n, v, d, nil)
			}, optional,
				func(v parquet.FixedLenByteArray) error { return put(bigOf(v)) }), ok
		}
	}
	return nil
}
