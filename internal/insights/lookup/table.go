package lookup

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// MaxBytes is how large a table's document may be.
const MaxBytes = 10 << 20

// A Table is a lookup table. It is not changed once it is made, and safe for concurrent use.
type Table struct {
	columns []string
	place   map[string]int
	rows    [][]string
}

// Parse reads a table: CSV in UTF-8 (RFC 4180), with the names of the columns in its first line. It refuses documents of
// more than MaxBytes, names that are empty or given twice, and rows of another length than the first; errors
// name the line.
func Parse(document []byte) (*Table, error) {
	if len(document) > MaxBytes {
		return nil, fmt.Errorf("the table has %d bytes: at most %d are allowed", len(document), MaxBytes)
	}
	if !utf8.Valid(document) {
		return nil, errors.New("the table is not in UTF-8")
	}
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(document, []byte("\ufeff"))))
	columns, err := r.Read()
	if err == io.EOF {
		return nil, errors.New("the table is empty: its first line must name the columns")
	}
	if err != nil {
		return nil, explain(err)
	}
	t := &Table{columns: columns, place: map[string]int{}}
	for i, c := range columns {
		if strings.TrimSpace(c) == "" {
			return nil, fmt.Errorf("line 1: column %d has no name", i+1)
		}
		if _, twice := t.place[c]; twice {
			return nil, fmt.Errorf("line 1: two columns are called %q", c)
		}
		t.place[c] = i
	}
	if t.rows, err = r.ReadAll(); err != nil {
		return nil, explain(err)
	}
	return t, nil
}

// explain says what the CSV reader found.
func explain(err error) error {
	if e, ok := errors.AsType[*csv.ParseError](err); ok {
		return fmt.Errorf("line %d: %w", e.Line, e.Err)
	}
	return err
}

// Columns returns the names of the columns. The caller must not change them.
func (t *Table) Columns() []string { return t.columns }

// Len returns how many rows the table has.
func (t *Table) Len() int { return len(t.rows) }

// Has says whether the table has a column.
func (t *Table) Has(column string) bool {
	_, ok := t.place[column]
	return ok
}

// Cell returns the text in a row, from 0, and a column, which the table must have.
func (t *Table) Cell(row int, column string) string { return t.rows[row][t.place[column]] }

// An Index finds the first row whose columns have given texts.
type Index struct{ rows map[string]int }

// Index makes an index of columns, which the table must have.
func (t *Table) Index(columns []string) *Index {
	x := &Index{rows: map[string]int{}}
	texts := make([]string, len(columns))
	for i := range t.rows {
		for j, c := range columns {
			texts[j] = t.Cell(i, c)
		}
		if k := key(texts); !x.has(k) {
			x.rows[k] = i
		}
	}
	return x
}

func (x *Index) has(k string) bool {
	_, ok := x.rows[k]
	return ok
}

// Find returns the first row whose columns have these texts, in the order of the index: exactly, in this case.
func (x *Index) Find(texts []string) (row int, ok bool) {
	row, ok = x.rows[key(texts)]
	return row, ok
}

// key makes one text of several, so that no two lists have the same.
func key(texts []string) string {
	var b strings.Builder
	for _, s := range texts {
		fmt.Fprintf(&b, "%d:%s", len(s), s)
	}
	return b.String()
}
