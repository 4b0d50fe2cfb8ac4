package lake

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
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
			f.Close()
			os.Remove(path)
		}
	}()
	fields := make([]arrow.Field, len(cols))
	for i := range cols {
		fields[i] = cols[i].field
	}
	w, err := pqarrow.NewFileWriter(arrow.NewSchema(fields, nil), noClose{out},
		parquet.NewWriterProperties(
			parquet.WithCompression(compress.Codecs.Zstd),
			parquet.WithDictionaryDefault(true),
			parquet.WithDictionaryPageSizeLimit(64<<20),
			parquet.WithBatchSize(1<<14),
			parquet.WithCreatedBy("weir"),
			parquet.WithRootName("table"),
		), pqarrow.DefaultWriterProps())
	if err != nil {
		return err
	}
	perm := c.order()
	for at := 0; at < len(perm); at += rowGroupRecords {
		if err := ctx.Err(); err != nil {
			return err
		}
		w.NewRowGroup()
		rows := perm[at:min(at+rowGroupRecords, len(perm))]
		for i := range cols {
			if err := writeColumn(w, &cols[i], c, rows); err != nil {
				return fmt.Errorf("column %s: %w", cols[i].field.Name, err)
			}
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	return out.Close()
}

// noClose keeps the Parquet writer from closing the file, which is synced first.
type noClose struct{ f *syncFile }

func (n noClose) Write(p []byte) (int, error) { return n.f.Write(p) }

// writeColumn writes a column's values at rows as the next column of the row
// group.
func writeColumn(w *pqarrow.FileWriter, col *fileColumn, c *columns, rows []uint32) error {
	var a arrow.Array
	switch {
	case col.text != nil:
		a = textArray(col.text, rows)
	case col.numbers != nil:
		a = numberArray(col.field.Type, col.numbers, rows)
	default:
		a = c.unknownArray(col.field.Type, rows)
	}
	defer a.Release()
	chunks := arrow.NewChunked(col.field.Type, []arrow.Array{a})
	defer chunks.Release()
	return w.WriteColumnChunked(chunks, 0, int64(len(rows)))
}

// numberArray gathers numbers.
func numberArray(t arrow.DataType, nums []int64, rows []uint32) arrow.Array {
	valid, nulls := validity(len(rows), func(i int) bool { return nums[rows[i]] != flowlog.Absent })
	var values *memory.Buffer
	switch t.ID() {
	case arrow.INT32:
		v := make([]int32, len(rows))
		for i, r := range rows {
			v[i] = int32(nums[r])
		}
		values = memory.NewBufferBytes(arrow.Int32Traits.CastToBytes(v))
	case arrow.TIMESTAMP:
		v := make([]int64, len(rows))
		for i, r := range rows {
			v[i] = nums[r] * 1e6
		}
		values = memory.NewBufferBytes(arrow.Int64Traits.CastToBytes(v))
	default:
		v := make([]int64, len(rows))
		for i, r := range rows {
			v[i] = nums[r]
		}
		values = memory.NewBufferBytes(arrow.Int64Traits.CastToBytes(v))
	}
	return array.MakeFromData(array.NewData(t, len(rows), []*memory.Buffer{valid, values}, nil, nulls, 0))
}

// textArray gathers text, with a dictionary of just the texts of these rows.
func textArray(r *ranked, rows []uint32) arrow.Array {
	local := make([]int32, len(r.dict)+1) // code -> place in the new dictionary + 1
	for _, row := range rows {
		local[r.codes[row]] = 1
	}
	dict := array.NewStringBuilder(memory.DefaultAllocator)
	defer dict.Release()
	for code, used := range local {
		if code > 0 && used != 0 {
			dict.Append(r.dict[code-1])
			local[code] = int32(dict.Len())
		}
	}
	values := dict.NewArray()
	defer values.Release()
	valid, nulls := validity(len(rows), func(i int) bool { return r.codes[rows[i]] != 0 })
	v := make([]int32, len(rows))
	for i, row := range rows {
		if code := r.codes[row]; code != 0 {
			v[i] = local[code] - 1
		}
	}
	buf := memory.NewBufferBytes(arrow.Int32Traits.CastToBytes(v))
	data := array.NewDataWithDictionary(dictionaryType, len(rows), []*memory.Buffer{valid, buf}, nulls, 0, values.Data().(*array.Data))
	defer data.Release()
	return array.NewDictionaryData(data)
}

// validity returns the bitmap of the rows that have a value, nil where all have
// one, and the number of those that have none.
func validity(n int, has func(int) bool) (*memory.Buffer, int) {
	var bits []byte
	nulls := 0
	for i := range n {
		if has(i) {
			continue
		}
		if bits == nil {
			bits = make([]byte, (n+7)/8)
			for j := range bits {
				bits[j] = 0xff
			}
		}
		bits[i/8] &^= 1 << (i % 8)
		nulls++
	}
	if bits == nil {
		return nil, 0
	}
	return memory.NewBufferBytes(bits), nulls
}

// unknownArray gathers the map of unknown fields; a record without any has NULL.
func (c *columns) unknownArray(t arrow.DataType, rows []uint32) arrow.Array {
	names := sortedKeys(c.unknown)
	b := array.NewMapBuilderWithType(memory.DefaultAllocator, t.(*arrow.MapType))
	defer b.Release()
	keys, values := b.KeyBuilder().(*array.StringBuilder), b.ItemBuilder().(*array.StringBuilder)
	for _, row := range rows {
		open := false
		for _, name := range names {
			r := c.unknown[name]
			code := r.codes[row]
			if code == 0 {
				continue
			}
			if !open {
				b.Append(true)
				open = true
			}
			keys.Append(name)
			values.Append(r.dict[code-1])
		}
		if !open {
			b.AppendNull()
		}
	}
	return b.NewArray()
}
