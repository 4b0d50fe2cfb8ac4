package lake

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
	"github.com/apache/iceberg-go"

	"weir/flowlog"
)

// rowGroupRecords is how many records a row group holds: larger groups make
// smaller files, smaller ones can be passed over more often.
const rowGroupRecords = 1 << 18

// fileColumn is a column of a data file.
type fileColumn struct {
	field   arrow.Field
	numbers []int64 // a numeric field
	text    *ranked // a text field
}

// fileColumns returns the columns that are written, in the table's order, with
// the ids that the table has for them.
func (c *columns) fileColumns(schema *iceberg.Schema) ([]fileColumn, error) {
	var out []fileColumn
	for _, f := range flowlog.Fields(c.kind) {
		nested, ok := schema.FindFieldByName(f.Column)
		if !ok {
			return nil, fmt.Errorf("the table has no column %s", f.Column)
		}
		col := fileColumn{field: arrow.Field{Name: f.Column, Nullable: !nested.Required, Metadata: fieldID(nested.ID)}}
		switch {
		case f.Type == flowlog.Map:
			m, ok := nested.Type.(*iceberg.MapType)
			if !ok || len(c.unknown) == 0 {
				continue
			}
			key := arrow.Field{Name: "key", Type: arrow.BinaryTypes.String, Metadata: fieldID(m.KeyID)}
			value := arrow.Field{Name: "value", Type: arrow.BinaryTypes.String, Metadata: fieldID(m.ValueID)}
			col.field.Type = arrow.MapOfFields(key, value)
		case f.Numeric():
			if col.numbers = c.nums[f.ID]; col.numbers == nil {
				continue
			}
			col.field.Type = arrowType(f.Type)
		default:
			if col.text = c.texts[f.ID]; col.text == nil {
				continue
			}
			col.field.Type = dictionaryType
		}
		out = append(out, col)
	}
	return out, nil
}

// dictionaryType is the type of text columns: coded, as the lake has them in
// memory.
var dictionaryType = &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int32, ValueType: arrow.BinaryTypes.String}

// arrowType returns the type of a numeric column.
func arrowType(t flowlog.Type) arrow.DataType {
	switch t {
	case flowlog.Int32:
		return arrow.PrimitiveTypes.Int32
	case flowlog.Timestamp:
		return &arrow.TimestampType{Unit: arrow.Microsecond}
	}
	return arrow.PrimitiveTypes.Int64
}

// fieldID is the metadata by which a Parquet column says which column of the
// table it is.
func fieldID(id int) arrow.Metadata {
	return arrow.NewMetadata([]string{"PARQUET:field_id"}, []string{strconv.Itoa(id)})
}

// writeFile writes records, sorted, as one data file, durably. It makes the
// folder. Where it fails, no file is left.
func writeFile(ctx context.Context, path string, schema *iceberg.Schema, c *columns) (err error) {
	cols, err := c.fileColumns(schema)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	out := &syncFile{f}
	defer func() {
		if err != nil {
			_ = f.Close()
			os.Remove(path)
		}
	}()
	w, err := newFileWriter(noClose{out}, cols)
	if err != nil {
		return err
	}
	perm := c.order()
	var room scratch
	for at := 0; at < len(perm); at += rowGroupRecords {
		if err := ctx.Err(); err != nil {
			return err
		}
		rows := perm[at:min(at+rowGroupRecords, len(perm))]
		group, err := w.AppendRowGroupChecked()
		if err != nil {
			return err
		}
		for i := range cols {
			if err := c.writeColumn(group, &cols[i], rows, &room); err != nil {
				return fmt.Errorf("column %s: %w", cols[i].field.Name, err)
			}
		}
		if err := group.Close(); err != nil {
			return err
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	return out.Close()
}

// newFileWriter returns a writer of a file with the columns.
func newFileWriter(out io.Writer, cols []fileColumn) (*file.Writer, error) {
	fields := make([]arrow.Field, len(cols))
	for i := range cols {
		fields[i] = cols[i].field
	}
	props := parquet.NewWriterProperties(
		parquet.WithCompression(compress.Codecs.Zstd),
		parquet.WithDictionaryDefault(true),
		parquet.WithDictionaryPageSizeLimit(64<<20),
		parquet.WithBatchSize(1<<14),
		parquet.WithCreatedBy("weir"),
		parquet.WithRootName("table"),
	)
	schema, err := pqarrow.ToParquet(arrow.NewSchema(fields, nil), props, pqarrow.DefaultWriterProps())
	if err != nil {
		return nil, err
	}
	return file.NewParquetWriterWithError(out, schema.Root(), file.WithWriterProps(props))
}

// noClose keeps the Parquet writer from closing the file, which is synced first.
type noClose struct{ f *syncFile }

func (n noClose) Write(p []byte) (int, error) { return n.f.Write(p) }

// scratch is memory that one column after the other uses; the Parquet writer
// copies what it is given.
type scratch struct {
	nums   []int64
	places []int32
	def    []int16
}

// sized returns s with n elements, which hold anything.
func sized[T any](s *[]T, n int) []T {
	if cap(*s) < n {
		*s = make([]T, n)
	}
	return (*s)[:n]
}

// writeColumn writes a column's values at rows as the next column of the row
// group. The values are written as they lie in memory: by way of Arrow's arrays
// the whole take-in was a tenth slower, since that counts the texts that a
// dictionary is used for anew.
func (c *columns) writeColumn(group file.SerialRowGroupWriter, col *fileColumn, rows []uint32, room *scratch) error {
	w, err := group.NextColumn()
	if err != nil {
		return err
	}
	switch {
	case col.text != nil:
		return writeText(w, col.text, rows, room)
	case col.numbers != nil:
		return writeNumbers(w, col, rows, room)
	}
	if err := c.writeUnknown(w, rows, true); err != nil {
		return err
	}
	if w, err = group.NextColumn(); err != nil {
		return err
	}
	return c.writeUnknown(w, rows, false)
}

// coded are values by their place in a dictionary.
type coded struct {
	dict   arrow.Array
	places []int32 // -1: no value
	nulls  int
}

// directSpan is how many different numbers are coded by a table of them all; a
// column with larger ones is left to the encoder's hash table, which is slower.
const directSpan = 1 << 17

// writeNumbers gathers and writes numbers.
func writeNumbers(w file.ColumnChunkWriter, col *fileColumn, rows []uint32, room *scratch) error {
	unit := int64(1)
	if col.field.Type.ID() == arrow.TIMESTAMP {
		unit = 1e6 // microseconds
	}
	nums := sized(&room.nums, len(rows))
	nulls := 0
	low, high := int64(math.MaxInt64), int64(math.MinInt64)
	for i, r := range rows {
		v := col.numbers[r]
		nums[i] = v
		if v == flowlog.Absent {
			nulls++
			continue
		}
		low, high = min(low, v), max(high, v)
	}
	if nulls < len(rows) && uint64(high)-uint64(low) < directSpan {
		c := coded{places: sized(&room.places, len(rows)), nulls: nulls}
		c.numbers(nums, low, high, func(n int64) int64 { return n * unit }, w.Type())
		return writeCoded(w, c, room)
	}
	def, err := levels(w, len(rows), nulls, room, func(i int) bool { return nums[i] == flowlog.Absent })
	if err != nil {
		return err
	}
	switch w := w.(type) {
	case *file.Int32ColumnChunkWriter:
		v := make([]int32, 0, len(rows)-nulls)
		for _, n := range nums {
			if n != flowlog.Absent {
				v = append(v, int32(n))
			}
		}
		_, err = w.WriteBatch(v, def, nil)
	case *file.Int64ColumnChunkWriter:
		v := make([]int64, 0, len(rows)-nulls)
		for _, n := range nums {
			if n != flowlog.Absent {
				v = append(v, n*unit)
			}
		}
		_, err = w.WriteBatch(v, def, nil)
	default:
		err = fmt.Errorf("numbers do not go into a column of type %s", w.Type())
	}
	return err
}

// numbers codes numbers, those that are there from low to high.
func (c *coded) numbers(nums []int64, low, high int64, inUnit func(int64) int64, t parquet.Type) {
	place := make([]int32, high-low+1)
	for _, n := range nums {
		if n != flowlog.Absent {
			place[n-low] = 1
		}
	}
	var used []int64
	for i, p := range place {
		if p != 0 {
			place[i] = int32(len(used))
			used = append(used, inUnit(low+int64(i)))
		}
	}
	for i, n := range nums {
		if n == flowlog.Absent {
			c.places[i] = -1
		} else {
			c.places[i] = place[n-low]
		}
	}
	if t == parquet.Types.Int32 {
		b := array.NewInt32Builder(memory.DefaultAllocator)
		for _, v := range used {
			b.Append(int32(v))
		}
		c.dict = b.NewArray()
	} else {
		b := array.NewInt64Builder(memory.DefaultAllocator)
		b.AppendValues(used, nil)
		c.dict = b.NewArray()
	}
}

// writeText gathers and writes text, with a dictionary of just the texts of these
// rows.
func writeText(w file.ColumnChunkWriter, r *ranked, rows []uint32, room *scratch) error {
	c := coded{places: sized(&room.places, len(rows))}
	dict := array.NewStringBuilder(memory.DefaultAllocator)
	if len(r.dict) == 1 && !r.gaps {
		dict.Append(r.dict[0])
		clear(c.places)
	} else {
		local := make([]int32, len(r.dict)+1) // code -> place in the new dictionary
		for i, row := range rows {
			code := r.codes[row]
			c.places[i] = int32(code)
			local[code] = 1
		}
		for code, used := range local[1:] {
			if used != 0 {
				local[code+1] = int32(dict.Len())
				dict.Append(r.dict[code])
			}
		}
		local[0] = -1
		for i, code := range c.places {
			c.places[i] = local[code]
			if code == 0 {
				c.nulls++
			}
		}
	}
	c.dict = dict.NewArray()
	return writeCoded(w, c, room)
}

// levels returns the definition levels of n values, of which those where absent
// says so are not there; nil for a column of values that must be.
func levels(w file.ColumnChunkWriter, n, nulls int, room *scratch, absent func(i int) bool) ([]int16, error) {
	if w.Descr().MaxDefinitionLevel() == 0 {
		if nulls > 0 {
			return nil, errors.New("a record has no value where the table demands one")
		}
		return nil, nil
	}
	def := sized(&room.def, n)
	for i := range def {
		def[i] = 1
		if nulls > 0 && absent(i) {
			def[i] = 0
		}
	}
	return def, nil
}

// dictionaryEncoder is what the encoder of a column with a dictionary can do.
type dictionaryEncoder interface {
	PutDictionary(values arrow.Array) error
}

// writeCoded writes values by their places in a dictionary, whose every value is
// used. It takes the dictionary over.
func writeCoded(w file.ColumnChunkWriter, c coded, room *scratch) error {
	defer c.dict.Release()
	n := len(c.places)
	def, err := levels(w, n, c.nulls, room, func(i int) bool { return c.places[i] < 0 })
	if err != nil {
		return err
	}
	encoder, ok := w.CurrentEncoder().(dictionaryEncoder)
	if !ok {
		return fmt.Errorf("the encoder %T has no dictionary", w.CurrentEncoder())
	}
	if err := encoder.PutDictionary(c.dict); err != nil {
		return err
	}
	stats := w.PageStatistics()
	stats.IncNulls(int64(c.nulls))
	stats.IncNumValues(int64(n - c.nulls))
	if err := stats.UpdateFromArrow(c.dict, false); err != nil {
		return err
	}
	var valid *memory.Buffer
	if c.nulls > 0 {
		bits := make([]byte, (n+7)/8)
		for i, place := range c.places {
			if place < 0 {
				c.places[i] = 0
			} else {
				bits[i/8] |= 1 << (i % 8)
			}
		}
		valid = memory.NewBufferBytes(bits)
	}
	data := array.NewData(arrow.PrimitiveTypes.Int32, n,
		[]*memory.Buffer{valid, memory.NewBufferBytes(arrow.Int32Traits.CastToBytes(c.places))}, nil, c.nulls, 0)
	defer data.Release()
	indices := array.NewInt32Data(data)
	defer indices.Release()
	return w.WriteDictIndices(indices, def, nil)
}

// writeUnknown writes the names, or the values, of the unknown fields of rows; a
// record without any has NULL.
func (c *columns) writeUnknown(w file.ColumnChunkWriter, rows []uint32, names bool) error {
	out, ok := w.(*file.ByteArrayColumnChunkWriter)
	if !ok {
		return fmt.Errorf("texts do not go into a column of type %s", w.Type())
	}
	var texts []parquet.ByteArray
	var def, rep []int16
	sorted := sortedKeys(c.unknown)
	top := w.Descr().MaxDefinitionLevel()
	for _, row := range rows {
		first := len(def)
		for _, name := range sorted {
			r := c.unknown[name]
			code := r.codes[row]
			if code == 0 {
				continue
			}
			text := r.dict[code-1]
			if names {
				text = name
			}
			texts = append(texts, parquet.ByteArray(text))
			def = append(def, top)
			rep = append(rep, 1)
		}
		if len(def) == first {
			def = append(def, 0)
			rep = append(rep, 0)
		}
		rep[first] = 0
	}
	_, err := out.WriteBatch(texts, def, rep)
	return err
}
