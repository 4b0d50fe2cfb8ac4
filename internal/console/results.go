package console

import (
	"crypto/rand"
	"io"
	"slices"
	"sync"

	"weir/internal/query"
)

// result are rows that were shown.
type result struct {
	id      string
	columns []query.Column
	rows    [][]any
	bytes   int // what the rows take in memory, about
	more    bool
}

// add adds a copy of a row.
func (r *result) add(row []any) {
	r.rows = append(r.rows, append([]any(nil), row...))
	for _, v := range row {
		r.bytes += sizeOf(v)
	}
}

// sizeOf returns about how many bytes a value takes.
func sizeOf(v any) int {
	const word = 24
	switch v := v.(type) {
	case string:
		return word + len(v)
	case []any:
		n := word
		for _, x := range v {
			n += sizeOf(x)
		}
		return n
	case map[string]any:
		n := word
		for k, x := range v {
			n += word + len(k) + sizeOf(x)
		}
		return n
	case map[string]string:
		n := word
		for k, x := range v {
			n += 2*word + len(k) + len(x)
		}
		return n
	}
	return word
}

// What is kept of answers at most. An export that comes later asks anew.
const (
	keptResults = 64
	keptBytes   = 64 << 20
)

// results are the newest answers, kept so that a file has just the numbers that were shown.
type results struct {
	mu    sync.Mutex
	list  []*result // the oldest first
	bytes int
}

// keep keeps rows and returns their name. The rows may not be changed any more.
func (k *results) keep(r *result) string {
	k.mu.Lock()
	defer k.mu.Unlock()
	r.id = rand.Text()
	k.list = append(k.list, r)
	k.bytes += r.bytes
	for len(k.list) > 1 && (len(k.list) > keptResults || k.bytes > keptBytes) {
		k.bytes -= k.list[0].bytes
		k.list = slices.Delete(k.list, 0, 1)
	}
	return r.id
}

// get returns the rows of a name, or nil where they are not kept.
func (k *results) get(id string) *result {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, r := range k.list {
		if r.id == id {
			return r
		}
	}
	return nil
}

// read returns the rows to read once.
func (r *result) read() query.Rows { return &keptRows{r, 0} }

type keptRows struct {
	r  *result
	at int
}

func (k *keptRows) Columns() []query.Column { return k.r.columns }
func (k *keptRows) Close() error            { return nil }

func (k *keptRows) Next() ([]any, error) {
	if k.at == len(k.r.rows) {
		return nil, io.EOF
	}
	k.at++
	return k.r.rows[k.at-1], nil
}
