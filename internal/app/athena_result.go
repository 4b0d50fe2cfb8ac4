package app

import (
	"errors"
	"io"
	"slices"
	"time"

	"weir/internal/athenasql"
	"weir/internal/athenasql/compile"
	"weir/internal/athenasql/types"
	"weir/internal/query"
	"weir/internal/query/duckdb"
)

// AthenaResult is the result of a statement of Athena. It is not safe for concurrent use.
type AthenaResult struct {
	// Kind and SubStatement are what Athena calls the statement: DML, SELECT.
	Kind         athenasql.Kind
	SubStatement string
	// Columns are those of the rows; none of a statement that gives no rows.
	Columns []compile.Result
	// Statistics are complete behind the last row.
	Statistics AthenaStatistics
	// Notes say what of the objects is read otherwise than was probably meant, each once.
	Notes []string

	rows  athenaRows
	begun time.Time
	done  bool
}

// AthenaStatistics is what a statement cost.
type AthenaStatistics struct {
	// BytesScanned are the bytes of the columns that were read of the lake's files, and of the objects that were read of other tables.
	BytesScanned int64 `json:"bytes_scanned"`
	// RowsScanned are the records in those files of the lake. Files counts files and objects.
	RowsScanned int64 `json:"rows_scanned"`
	Files       int   `json:"files"`
	// Planning, Execution and Total are times.
	Planning  time.Duration `json:"planning"`
	Execution time.Duration `json:"execution"`
	Total     time.Duration `json:"total"`
	// Rows are those that were given, Updated those that were written by CREATE TABLE AS or UNLOAD.
	Rows    int64 `json:"rows"`
	Updated int64 `json:"updated,omitempty"`
	// Written are the addresses of the objects that UNLOAD wrote.
	Written []string `json:"written,omitempty"`
}

// athenaRows gives rows.
type athenaRows interface {
	Next() ([]any, error)
	Close() error
}

// Next returns the next row: a value for each column, as [types.Text] takes it. The row is valid until the next call. It returns [io.EOF] behind the
// last one.
func (r *AthenaResult) Next() ([]any, error) {
	row, err := r.rows.Next()
	switch {
	case err == nil:
		r.Statistics.Rows++
	case !r.done:
		r.done = true
		r.Statistics.Total = time.Since(r.begun)
		r.Statistics.Execution = r.Statistics.Total - r.Statistics.Planning
	}
	return row, err
}

// Close ends the statement and frees what it holds. It may be called twice.
func (r *AthenaResult) Close() error { return r.rows.Close() }

// Texts returns a row as the results of Athena show it; nil is NULL.
func (r *AthenaResult) Texts(row []any) []*string {
	out := make([]*string, len(row))
	for i, v := range row {
		if s, ok := types.Text(v, r.Columns[i].Type); ok {
			out[i] = &s
		}
	}
	return out
}

// textRows are rows of texts.
type textRows struct {
	rows [][]any
	next int
}

func (r *textRows) Next() ([]any, error) {
	if r.next >= len(r.rows) {
		return nil, io.EOF
	}
	r.next++
	return r.rows[r.next-1], nil
}

func (r *textRows) Close() error { r.next = len(r.rows); return nil }

// lineRows returns rows of one text each.
func lineRows(texts []string) *textRows {
	out := &textRows{}
	for _, t := range texts {
		out.rows = append(out.rows, []any{t})
	}
	return out
}

// queried returns the result of a query that runs.
func (r *AthenaResult) queried(rows *duckdb.AthenaRows) {
	r.rows, r.Columns = rows, rows.Columns
	r.cost(rows.Cost)
	r.Statistics.Planning += rows.Planning
}

// note adds what is not said yet.
func (r *AthenaResult) note(notes []string) {
	for _, n := range notes {
		if !slices.Contains(r.Notes, n) {
			r.Notes = append(r.Notes, n)
		}
	}
}

func (r *AthenaResult) cost(c query.Cost) {
	r.Statistics.BytesScanned, r.Statistics.RowsScanned, r.Statistics.Files = c.Bytes, c.Records, len(c.Files)
}

// placed returns an error with its line and column in a text.
func placed(err error, text string) error {
	if e, ok := errors.AsType[*athenasql.Error](err); ok {
		_ = e.Place(text)
	}
	return err
}
