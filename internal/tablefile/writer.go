package tablefile

import (
	"io"
	"math/big"
	"slices"
	"sync"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/schema"

	"weir/internal/athenasql/types"
)

// groupRows is how many rows a row group has: its encoded columns are in memory until it is written.
const groupRows = 1 << 17

// writer writes batches of rows as a Parquet file.
type writer struct {
	columns []*column // the table's, and ObjectColumn
	object  int       // the place of the object that is read
	out     *file.Writer
	group   file.BufferedRowGroupWriter
	inGroup int
	rows    int64
}

// columns are used again: a batch of a small object is most of what its file costs.
var columns = sync.Pool{New: func() any { return new(column) }}

// newWriter begins a file.
func newWriter(w io.Writer, l *Layout) (*writer, error) {
	out := &writer{}
	var nodes schema.FieldList
	for _, c := range slices.Concat(l.Columns, []Column{{ObjectColumn, types.Type{Kind: types.Integer}}}) {
		col := columns.Get().(*column)
		col.Column, col.layout, col.bad = c, l, false
		node, err := col.node()
		if err != nil {
			return nil, err
		}
		nodes = append(nodes, node)
		out.columns = append(out.columns, col)
	}
	root, err := schema.NewGroupNode("schema", parquet.Repetitions.Required, nodes, -1)
	if err != nil {
		return nil, err
	}
	out.out, err = file.NewParquetWriterWithError(w, root, file.WithWriterProps(parquet.NewWriterProperties(
		parquet.WithCompression(compress.Codecs.Snappy), parquet.WithCreatedBy("weir"), parquet.WithStats(true),
		parquet.WithVersion(parquet.V2_LATEST), parquet.WithDataPageVersion(parquet.DataPageV1))))
	return out, err
}

// flush writes the batch that the columns have gathered, of so many rows.
func (w *writer) flush(rows int) error {
	if rows == 0 {
		return nil
	}
	of := w.columns[len(w.columns)-1]
	for range rows {
		of.integer(int64(w.object))
	}
	if w.group == nil {
		var err error
		if w.group, err = w.out.AppendBufferedRowGroupChecked(); err != nil {
			return err
		}
	}
	for i, c := range w.columns {
		to, err := w.group.Column(i)
		if err != nil {
			return err
		}
		if err := c.write(to); err != nil {
			return err
		}
		c.clear()
	}
	w.rows += int64(rows)
	if w.inGroup += rows; w.inGroup >= groupRows {
		return w.endGroup()
	}
	return nil
}

func (w *writer) endGroup() error {
	if w.group == nil {
		return nil
	}
	err := w.group.Close()
	w.group, w.inGroup = nil, 0
	return err
}

// close ends the file.
func (w *writer) close() error {
	if err := w.endGroup(); err != nil {
		return err
	}
	return w.out.Close()
}

// bad returns the columns that had fields which are no values of their types, as a number in base 16 whose bits they are; "" where there are none.
func (w *writer) bad() string {
	var mask big.Int
	for i, c := range w.columns {
		if c.bad {
			mask.SetBit(&mask, i, 1)
		}
	}
	if mask.Sign() == 0 {
		return ""
	}
	return mask.Text(16)
}

// release gives back what was needed for writing.
func (w *writer) release() {
	for _, c := range w.columns {
		c.clear()
		clear(c.texts[:cap(c.texts)]) // they point into what was read
		columns.Put(c)
	}
	w.columns = nil
}
