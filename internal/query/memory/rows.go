package memory

import (
	"context"
	"errors"
	"io"
	"slices"

	"weir/internal/query"
)

// errClosed says that a row was asked for after Close.
var errClosed = errors.New("rows are closed")

// rows is a finished result.
type rows struct {
	// ctx is the query's: it bounds the reading of rows too.
	ctx     context.Context
	stop    context.CancelFunc
	columns []query.Column
	rows    [][]any
	closed  bool
}

// Columns returns the result's columns.
func (r *rows) Columns() []query.Column { return r.columns }

// Next returns the next row. It ends with the query's context.
func (r *rows) Next() ([]any, error) {
	if r.closed {
		return nil, errClosed
	}
	if err := context.Cause(r.ctx); err != nil {
		return nil, err
	}
	if len(r.rows) == 0 {
		return nil, io.EOF
	}
	row := slices.Clone(r.rows[0]) // it may be the engine's, and callers may write
	r.rows = r.rows[1:]
	return row, nil
}

// Close drops the rows that are left.
func (r *rows) Close() error {
	r.closed, r.rows = true, nil
	r.stop()
	return nil
}
