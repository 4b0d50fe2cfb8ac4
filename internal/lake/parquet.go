package lake

import (
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/iceberg-go"

	"weir/flowlog"
)

// rowGroupRecords is how many records a row group holds at most: larger groups make
// smaller files, smaller ones can be passed over more often.
const rowGroupRecords = 1 << 18

// groupRecords returns how many of n records each row group holds: all about as many,
// since a file is read by one processor for each. They are whole readings of DuckDB's.
func groupRecords(n int) int {
	groups := max(1, (n+rowGroupRecords-1)/rowGroupRecords)
	const reading = 2048
	return max(1, (n+groups*reading-1)/(groups*reading)) * reading
}

// fileColumn is a column of a data file.
type fileColumn struct {
	field   arrow.Field
	numbers *numbers // a numeric field
	text    *ranked  // a text field
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

// writeFile writes records, sorted, as one data file, durably, and adds them to sums,
// unless these are nil. It makes the folder. Where it fails, no file is left.
func writeFile(ctx context.Context, path string, schema *iceberg.Schema, c *columns, into *sums) (err error) {
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
	w, err := newFileWriter(out, cols)
	if err != nil {
		return err
	}
	defer w.free()
	places := c.order(&w.sorting)
	for rows := range slices.Chunk(places, groupRecords(len(places))) {
		if err := ctx.Err(); err != nil {
			return err
		}
		w.beginGroup(c.words, rows)
		into.add(w.words, len(rows))
		for i := range cols {
			if err := c.writeColumn(w, &cols[i], rows); err != nil {
				return fmt.Errorf("column %s: %w", cols[i].field.Name, err)
			}
		}
		if err := w.endGroup(); err != nil {
			return err
		}
	}
	if err := w.close(); err != nil {
		return err
	}
	return out.Close()
}

// writeColumn writes a column's values at rows as the next column of the row
// group.
func (c *columns) writeColumn(w *fileWriter, col *fileColumn, rows []uint32) error {
	switch {
	case col.text != nil:
		r := col.text
		return w.writeCoded(&r.codes, uint32(len(r.dict)), textDictionary(r.dict))
	case col.numbers != nil:
		n := col.numbers
		return w.writeCoded(&n.codes, n.top, numberDictionary{n, col.field.Type.ID()})
	}
	if err := c.writeUnknown(w, rows, true); err != nil {
		return err
	}
	return c.writeUnknown(w, rows, false)
}

// textDictionary is the dictionary of a text column.
type textDictionary []string

func (t textDictionary) appendPlain(to []byte, code uint32) []byte { return appendText(to, t[code-1]) }

func (t textDictionary) bound(code uint32) []byte { return []byte(t[code-1]) }

// numberDictionary is that of a numeric column, of a type.
type numberDictionary struct {
	c *numbers
	t arrow.Type
}

func (n numberDictionary) appendPlain(to []byte, code uint32) []byte {
	v := n.c.value(code)
	switch n.t {
	case arrow.INT32:
		return binary.LittleEndian.AppendUint32(to, uint32(v))
	case arrow.TIMESTAMP:
		v *= 1e6 // microseconds
	}
	return binary.LittleEndian.AppendUint64(to, uint64(v))
}

func (n numberDictionary) bound(code uint32) []byte { return n.appendPlain(nil, code) }

// writeUnknown writes the names, or the values, of the unknown fields of rows; a
// record without any has NULL.
func (c *columns) writeUnknown(w *fileWriter, rows []uint32, names bool) error {
	var texts []byte
	var def, rep []uint8
	nulls := 0
	sorted := sortedKeys(c.unknown)
	top := uint8(w.column().MaxDefinitionLevel())
	for _, row := range rows {
		first := len(def)
		for _, name := range sorted {
			r := c.unknown[name]
			code := r.at(int(row))
			if code == 0 {
				continue
			}
			text := r.dict[code-1]
			if names {
				text = name
			}
			texts = appendText(texts, text)
			def = append(def, top)
			rep = append(rep, 1)
		}
		if len(def) == first {
			def = append(def, 0)
			rep = append(rep, 0)
			nulls++
		}
		rep[first] = 0
	}
	return w.writePlain(texts, def, rep, nulls)
}
