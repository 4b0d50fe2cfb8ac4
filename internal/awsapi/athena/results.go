package athena

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"weir/internal/athenasql"
	"weir/internal/athenasql/types"
)

// resultFiles keeps the results of queries in files of a folder, one for each query: a line of JSON for each row, a list of texts and nulls.
type resultFiles struct{ dir string }

// openResults makes the folder and removes what was never finished there.
func openResults(dir string) (*resultFiles, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("cannot make the folder of query results: %w", err)
	}
	parts, err := filepath.Glob(filepath.Join(dir, ".*"))
	if err != nil {
		return nil, err
	}
	for _, p := range parts {
		_ = os.Remove(p) // what can't be removed costs room and nothing else
	}
	return &resultFiles{dir: dir}, nil
}

func (f *resultFiles) path(id string) string { return filepath.Join(f.dir, id+".rows") }

// size returns the size of a query's file, false where there is none.
func (f *resultFiles) size(id string) (int64, bool) {
	info, err := os.Stat(f.path(id))
	if err != nil {
		return 0, false
	}
	return info.Size(), true
}

func (f *resultFiles) remove(id string) { _ = os.Remove(f.path(id)) }

// errTooLarge says that a result is larger than the server keeps.
var errTooLarge = errors.New("the result is too large")

// maxRowBytes bounds a row (Athena User Guide, "Considerations and limitations for SQL queries": 32 MB), and maxPageBytes what a page of rows is read
// of, unless one row is more: a page of long rows ends early, so that it has room in memory.
const (
	maxRowBytes  = 32 << 20
	maxPageBytes = 8 << 20
)

// A resultWriter writes the rows of a query twice: as they are kept, and as the object that is delivered where one is.
type resultWriter struct {
	files     *resultFiles
	id        string
	most      int64
	kept      *os.File
	lines     *bufio.Writer
	object    *os.File // nil: none is delivered
	text      *bufio.Writer
	csv       bool
	columns   []columnInfo
	rows      int64
	delivered int64
	size      int64
	line      bytes.Buffer
}

// create begins a result. close must be called.
func (f *resultFiles) create(id string, columns []columnInfo, most int64, deliver, asCSV bool) (*resultWriter, error) {
	w := &resultWriter{files: f, id: id, most: most, columns: columns, csv: asCSV}
	var err error
	if w.kept, err = os.CreateTemp(f.dir, ".rows-*"); err != nil {
		return nil, err
	}
	w.lines = bufio.NewWriterSize(w.kept, 256<<10)
	if !deliver {
		return w, nil
	}
	if w.object, err = os.CreateTemp(f.dir, ".object-*"); err != nil {
		w.close()
		return nil, err
	}
	w.text = bufio.NewWriterSize(w.object, 256<<10)
	return w, nil
}

// add writes a row.
func (w *resultWriter) add(row []any) error {
	if len(row) != len(w.columns) {
		return fmt.Errorf("a row has %d values for %d columns", len(row), len(w.columns))
	}
	cells := make([]*string, len(row))
	size := 0
	for i, v := range row {
		if text, ok := types.Text(v, w.columns[i].of); ok {
			cells[i] = &text
			size += len(text)
		}
	}
	if size > maxRowBytes {
		return athenasql.Errorf(athenasql.CodeExceededLimit, athenasql.Span{}, "row %d of the result has %d bytes, and can have no more than %d", w.rows+1, size, maxRowBytes)
	}
	w.delivered += int64(size)
	w.line.Reset()
	enc := json.NewEncoder(&w.line)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(cells); err != nil {
		return err
	}
	if w.size += int64(w.line.Len()); w.size > w.most {
		return errTooLarge
	}
	if _, err := w.lines.Write(w.line.Bytes()); err != nil {
		return err
	}
	w.rows++
	if w.object == nil {
		return nil
	}
	if w.csv {
		return writeCSV(w.text, cells)
	}
	return writeText(w.text, cells, w.rows == 1)
}

// header writes the line of names into a CSV.
func (w *resultWriter) header() error {
	if w.object == nil || !w.csv {
		return nil
	}
	names := make([]*string, len(w.columns))
	for i := range w.columns {
		names[i] = &w.columns[i].Name
	}
	return writeCSV(w.text, names)
}

// writeCSV writes a line as Athena does: each value in quotes, NULL as nothing.
//
// Source: files that others saw. [csv.Writer] puts only those into quotes that need them.
func writeCSV(w *bufio.Writer, cells []*string) error {
	for i, c := range cells {
		if i > 0 {
			w.WriteByte(',')
		}
		if c != nil {
			w.WriteByte('"')
			w.WriteString(strings.ReplaceAll(*c, `"`, `""`))
			w.WriteByte('"')
		}
	}
	return w.WriteByte('\n')
}

// writeText writes a line of the text of DDL and utility statements, which has no end of a line behind the last.
func writeText(w *bufio.Writer, cells []*string, first bool) error {
	if !first {
		w.WriteByte('\n')
	}
	for i, c := range cells {
		if i > 0 {
			w.WriteByte('\t')
		}
		if c != nil {
			w.WriteString(*c)
		}
	}
	return nil // an error stays with the writer, and Flush tells it
}

// finish makes the rows those of the query.
func (w *resultWriter) finish() error {
	if err := errors.Join(w.lines.Flush(), w.kept.Close()); err != nil {
		return err
	}
	return os.Rename(w.kept.Name(), w.files.path(w.id))
}

// body returns the object that is delivered, from its beginning.
func (w *resultWriter) body() (io.ReadSeeker, error) {
	if err := w.text.Flush(); err != nil {
		return nil, err
	}
	_, err := w.object.Seek(0, io.SeekStart)
	return w.object, err
}

// close removes what is not needed any more.
func (w *resultWriter) close() {
	_ = w.kept.Close() // it was closed where it is kept
	_ = os.Remove(w.kept.Name())
	if w.object != nil {
		_ = w.object.Close()
		_ = os.Remove(w.object.Name())
	}
}

// page returns at most limit rows, and fewer where they are long, from an offset in bytes on, which is where a page ended, and where this one ends.
func (f *resultFiles) page(id string, offset int64, limit int) (rows [][]*string, end int64, err error) {
	in, err := os.Open(f.path(id))
	if err != nil {
		return nil, 0, err
	}
	defer in.Close()
	if offset > 0 {
		var last [1]byte
		if _, err := in.ReadAt(last[:], offset-1); err != nil || last[0] != '\n' {
			return nil, 0, errToken
		}
	}
	if _, err := in.Seek(offset, io.SeekStart); err != nil {
		return nil, 0, err
	}
	lines := bufio.NewReaderSize(in, 64<<10)
	begin := offset
	for len(rows) < limit && offset-begin < maxPageBytes {
		l, err := lines.ReadBytes('\n')
		if err == io.EOF && len(l) == 0 {
			break
		}
		var row []*string
		if err == nil {
			err = json.Unmarshal(l, &row)
		}
		if err != nil {
			return nil, 0, fmt.Errorf("the file of a query's results is damaged: %w", err)
		}
		offset += int64(len(l))
		rows = append(rows, row)
	}
	return rows, offset, nil
}
