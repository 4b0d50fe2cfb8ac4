package logs

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

	"weir/internal/insights"
	"weir/internal/insights/value"
)

// inMemory is the size up to which a result needs no file.
const inMemory = 64 << 10

// resultFiles keeps the results of queries: small ones in memory, others in files of a folder, one for
// each query.
type resultFiles struct{ dir string }

// openResults makes the folder and removes what a server before left there. With "" all stay in
// memory.
func openResults(dir string) (*resultFiles, error) {
	if dir == "" {
		return &resultFiles{}, nil
	}
	if err := os.RemoveAll(dir); err != nil {
		return nil, fmt.Errorf("cannot empty the folder of query results: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("cannot make the folder of query results: %w", err)
	}
	return &resultFiles{dir: dir}, nil
}

// results are the rows of a query, each a line of JSON as GetQueryResults gives it. A nil one is
// empty. It is safe for concurrent use.
type results struct {
	rows    int
	bytes   int64
	columns []string

	mu   sync.Mutex
	data []byte
	path string // "" where data has the rows
}

// keep writes the rows of a result.
func (f *resultFiles) keep(id string, r *insights.Result) (*results, error) {
	out := &results{rows: len(r.Rows), columns: r.Columns}
	var small bytes.Buffer
	next := 0
	for ; next < len(r.Rows) && (f.dir == "" || small.Len() <= inMemory); next++ {
		small.Write(line(r, next))
	}
	if next == len(r.Rows) && (f.dir == "" || small.Len() <= inMemory) {
		out.data, out.bytes = small.Bytes(), int64(small.Len())
		return out, nil
	}
	out.path = filepath.Join(f.dir, id)
	file, err := os.OpenFile(out.path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	w := bufio.NewWriter(file)
	w.Write(small.Bytes())
	out.bytes = int64(small.Len())
	for ; next < len(r.Rows); next++ {
		n, _ := w.Write(line(r, next))
		out.bytes += int64(n)
	}
	if err := errors.Join(w.Flush(), file.Close()); err != nil {
		os.Remove(out.path)
		return nil, err
	}
	return out, nil
}

type resultField struct {
	Field string `json:"field"`
	Value string `json:"value"`
}

// line returns a row. Absent values are left out; a row that is an event ends with its pointer.
func line(r *insights.Result, row int) []byte {
	fields := make([]resultField, 0, len(r.Columns)+1)
	for i, column := range r.Columns {
		if v := r.Rows[row][i]; v.Kind() != value.AbsentKind {
			fields = append(fields, resultField{Field: column, Value: v.String()})
		}
	}
	if row < len(r.Ptrs) && r.Ptrs[row] != "" {
		fields = append(fields, resultField{Field: "@ptr", Value: r.Ptrs[row]})
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(fields); err != nil {
		panic(err) // they are texts
	}
	return b.Bytes()
}

func (r *results) size() int64 {
	if r == nil {
		return 0
	}
	return r.bytes
}

// page returns at most limit rows from an offset in bytes on, which is where a page ended, and where
// this one ends.
func (r *results) page(offset int64, limit int) (rows []json.RawMessage, end int64, err error) {
	rows = []json.RawMessage{}
	if r == nil {
		return rows, 0, nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.rows > 0 && r.data == nil && r.path == "" {
		return nil, 0, errNoQuery // forgotten meanwhile
	}
	var in io.ReaderAt = bytes.NewReader(r.data)
	if r.path != "" {
		f, err := os.Open(r.path)
		if err != nil {
			return nil, 0, err
		}
		defer f.Close()
		in = f
	}
	if offset > 0 {
		var last [1]byte
		if _, err := in.ReadAt(last[:], offset-1); err != nil || last[0] != '\n' {
			return nil, 0, errToken
		}
	}
	lines := bufio.NewReaderSize(io.NewSectionReader(in, offset, r.bytes-offset), 64<<10)
	for len(rows) < limit && offset < r.bytes {
		l, err := lines.ReadBytes('\n')
		if err != nil {
			return nil, 0, fmt.Errorf("the file of a query's results is damaged: %w", err)
		}
		offset += int64(len(l))
		rows = append(rows, l[:len(l)-1])
	}
	return rows, offset, nil
}

func (r *results) remove() {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.path != "" {
		os.Remove(r.path)
	}
	r.data, r.path = nil, ""
}
