package logstore

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"weir/internal/durable"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/schema"
)

// A File is a Parquet file of events of one group and one day (UTC), sorted by ts. Its columns, none of
// which is ever NULL: ts and ingestion (BIGINT, milliseconds since the epoch), stream and message
// (VARCHAR), ordinal (BIGINT: [Event.Ordinal]) and form (INTEGER: 0 text, -1 a JSON object, n > 0 a flow
// log record of the LogFormat at n-1 of [Store.Formats]: package flowlog parses the message and prints the
// same bytes).
type File struct {
	Path        string
	First, Last int64 // times of events, in milliseconds since the epoch
	Events      int64
	Bytes       int64 // of messages
	Size        int64 // of the file

	firstStream, lastStream string
	lastPut                 int64 // the greatest number of a Put that it has events of

	// Store.mu guards these.
	pins int
	gone bool // removed when pins is 0
}

// stored returns the bytes that AWS bills for.
func (f *File) stored() int64 { return f.Bytes + eventOverhead*f.Events }

// The columns of a file.
const (
	columnTS = iota
	columnIngestion
	columnStream
	columnMessage
	columnOrdinal
	columnForm
	columns
)

// fileSchema is the schema of files.
var fileSchema = func() *schema.GroupNode {
	text := func(name string) schema.Node {
		return schema.Must(schema.NewPrimitiveNodeLogical(name, parquet.Repetitions.Required, schema.StringLogicalType{}, parquet.Types.ByteArray, 0, -1))
	}
	number := func(name string) schema.Node { return schema.NewInt64Node(name, parquet.Repetitions.Required, -1) }
	return schema.MustGroup(schema.NewGroupNode("table", parquet.Repetitions.Required, schema.FieldList{
		number("ts"), number("ingestion"), text("stream"), text("message"), number("ordinal"),
		schema.NewInt32Node("form", parquet.Repetitions.Required, -1),
	}, -1))
}()

var fileProperties = parquet.NewWriterProperties(
	parquet.WithCompression(compress.Codecs.Zstd),
	parquet.WithCompressionLevel(1),
	parquet.WithCreatedBy("weir"),
	parquet.WithDictionaryFor("message", false),
	parquet.WithStatsFor("message", false),
	parquet.WithDictionaryFor("ts", false),
	parquet.WithEncodingFor("ts", parquet.Encodings.DeltaBinaryPacked),
)

// fileWriter writes a file.
type fileWriter struct {
	file *File
	out  *os.File
	w    *file.Writer
}

// createFile begins a file. It makes the folder.
func createFile(path string) (*fileWriter, error) {
	if err := durable.MakeDir(filepath.Dir(path)); err != nil {
		return nil, err
	}
	out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	w, err := file.NewParquetWriterWithError(keepOpen{out}, fileSchema, file.WithWriterProps(fileProperties))
	if err != nil {
		_ = out.Close()
		os.Remove(path)
		return nil, err
	}
	return &fileWriter{file: &File{Path: path}, out: out, w: w}, nil
}

// keepOpen keeps the Parquet writer from closing the file, which is synced first.
type keepOpen struct{ f *os.File }

func (k keepOpen) Write(p []byte) (int, error) { return k.f.Write(p) }

// write writes rows, which follow those before, as a group of rows.
func (w *fileWriter) write(r *rows) error {
	if r.len() == 0 {
		return nil
	}
	g, err := w.w.AppendRowGroupChecked()
	if err != nil {
		return err
	}
	for i := range columns {
		c, err := g.NextColumn()
		if err != nil {
			return err
		}
		switch c := c.(type) {
		case *file.Int64ColumnChunkWriter:
			_, err = c.WriteBatch([][]int64{columnTS: r.ts, columnIngestion: r.ingestion, columnOrdinal: r.ordinal}[i], nil, nil)
		case *file.Int32ColumnChunkWriter:
			_, err = c.WriteBatch(r.form, nil, nil)
		case *file.ByteArrayColumnChunkWriter:
			_, err = c.WriteBatch([][]parquet.ByteArray{columnStream: r.stream, columnMessage: r.message}[i], nil, nil)
		}
		if err = errors.Join(err, c.Close()); err != nil {
			return err
		}
	}
	f := w.file
	if f.Events == 0 {
		f.First, f.firstStream, f.lastStream = r.ts[0], string(r.stream[0]), string(r.stream[0])
	}
	f.Last = r.ts[r.len()-1]
	f.lastPut = max(f.lastPut, slices.Max(r.ordinal)>>duplicateBits)
	f.Events += int64(r.len())
	f.Bytes += r.bytes
	low, high := []byte(f.firstStream), []byte(f.lastStream)
	for _, s := range r.stream {
		if bytes.Compare(s, low) < 0 {
			low = s
		}
		if bytes.Compare(s, high) > 0 {
			high = s
		}
	}
	f.firstStream, f.lastStream = string(low), string(high)
	return g.Close()
}

// close ends the file, durably.
func (w *fileWriter) close() (*File, error) {
	err := w.w.Close()
	if err == nil {
		err = w.out.Sync()
	}
	info, statErr := w.out.Stat()
	if err = errors.Join(err, statErr, w.out.Close()); err == nil {
		w.file.Size = info.Size()
		err = durable.SyncDir(filepath.Dir(w.file.Path))
	}
	if err != nil {
		os.Remove(w.file.Path)
		return nil, err
	}
	return w.file, nil
}

// abandon gives the file up.
func (w *fileWriter) abandon() {
	_ = w.out.Close()
	os.Remove(w.file.Path)
}

// fileReader reads a file by groups of rows.
type fileReader struct {
	path string
	r    *file.Reader
	left int // groups that were not closed
}

// openFile opens a file.
func openFile(path string) (*fileReader, error) {
	r, err := file.OpenParquetFile(path, false)
	if err != nil {
		return nil, fmt.Errorf("cannot read log events of %s: %w", path, err)
	}
	if r.MetaData().Schema.NumColumns() != columns {
		_ = r.Close()
		return nil, fmt.Errorf("cannot read log events of %s: %w", path, errColumns)
	}
	return &fileReader{path: path, r: r, left: r.NumRowGroups()}, nil
}

var (
	errColumns = errors.New("it has not the columns of a file of log events")
	errMissing = errors.New("values are missing")
)

// done closes the file where all its groups are done.
func (f *fileReader) done() {
	if f.left--; f.left == 0 {
		f.close()
	}
}

// close closes the file for who reads it by itself.
func (f *fileReader) close() { _ = f.r.Close() }

// bounds returns the least and the greatest time of a group of rows in a column, as its statistics tell them.
func (f *fileReader) bounds(i, column int) (first, last int64, ok bool) {
	c, err := f.r.MetaData().RowGroup(i).ColumnChunk(column)
	if err != nil {
		return 0, 0, false
	}
	stats, err := c.Statistics()
	if err != nil || stats == nil || !stats.HasMinMax() {
		return 0, 0, false
	}
	low, high := stats.EncodeMin(), stats.EncodeMax()
	if len(low) != 8 || len(high) != 8 {
		return 0, 0, false
	}
	return int64(le64(low)), int64(le64(high)), true
}

func le64(b []byte) (v uint64) {
	for i := range 8 {
		v |= uint64(b[i]) << (8 * i)
	}
	return v
}

// read reads a group of rows.
func (f *fileReader) read(i int) (*rows, error) {
	g := f.r.RowGroup(i)
	out := &rows{}
	n := int(g.NumRows())
	for c := range columns {
		col, err := g.Column(c)
		if err == nil {
			switch col := col.(type) {
			case *file.Int64ColumnChunkReader:
				to := []*[]int64{columnTS: &out.ts, columnIngestion: &out.ingestion, columnOrdinal: &out.ordinal, columnForm: nil}[c]
				*to = make([]int64, n)
				err = readAll(n, func(at int) (int, error) {
					_, k, err := col.ReadBatch(int64(n-at), (*to)[at:], nil, nil)
					return k, err
				})
			case *file.Int32ColumnChunkReader:
				out.form = make([]int32, n)
				err = readAll(n, func(at int) (int, error) {
					_, k, err := col.ReadBatch(int64(n-at), out.form[at:], nil, nil)
					return k, err
				})
			case *file.ByteArrayColumnChunkReader:
				to := []*[]parquet.ByteArray{columnStream: &out.stream, columnMessage: &out.message}[c]
				*to, err = readTexts(col, n)
			default:
				err = errColumns
			}
		}
		if err != nil {
			return nil, fmt.Errorf("cannot read log events of %s: %w", f.path, err)
		}
	}
	for _, m := range out.message {
		out.bytes += int64(len(m))
	}
	return out, nil
}

// readAll calls read until n values are there.
func readAll(n int, read func(at int) (int, error)) error {
	for at := 0; at < n; {
		k, err := read(at)
		if err != nil {
			return err
		}
		if k == 0 {
			return errMissing
		}
		at += k
	}
	return nil
}

// readTexts reads n texts. The library's own lie in pages that it uses again.
func readTexts(col *file.ByteArrayColumnChunkReader, n int) ([]parquet.ByteArray, error) {
	out := make([]parquet.ByteArray, n)
	var last parquet.ByteArray
	err := readAll(n, func(at int) (int, error) {
		_, k, err := col.ReadBatchInPage(int64(min(n-at, 4096)), out[at:], nil, nil)
		size := 0
		for _, v := range out[at : at+k] {
			size += len(v)
		}
		arena := make([]byte, 0, size)
		for i := at; i < at+k; i++ {
			if bytes.Equal(out[i], last) && last != nil {
				out[i] = last
				continue
			}
			from := len(arena)
			arena = append(arena, out[i]...)
			out[i] = arena[from:len(arena):len(arena)]
			last = out[i]
		}
		return k, err
	})
	return out, err
}
