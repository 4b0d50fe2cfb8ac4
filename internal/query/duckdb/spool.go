package duckdb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"

	duck "github.com/duckdb/duckdb-go/v2"

	"weir/internal/query"
)

// spool is a result that is kept in a temporary table and read from it in parts. DuckDB's driver holds a result as a whole before its first row is
// read, in memory that no limit counts; a table counts for the memory of queries, and what has no room there goes to the spill, which is bounded too.
type spool struct {
	session *session
	rows    *sql.Rows // of the part that is read; nil: none
	next    int64     // the row where the next part begins
	total   int64
	err     error
}

// spoolTable is the temporary table, of which a connection has one; spoolPart is how many rows a part has.
const (
	spoolTable = "weir_athena_result"
	spoolPart  = 8192
)

// spool runs a query with so many columns. The table goes with the session.
func (s *session) spool(ctx context.Context, text string, columns int) (*spool, error) {
	names := make([]string, columns) // those of the query can be equal
	for i := range names {
		names[i] = fmt.Sprintf("c%d", i)
	}
	s.temporary = append(s.temporary, spoolTable)
	if _, err := s.conn.ExecContext(ctx, "CREATE OR REPLACE TEMP TABLE "+spoolTable+" ("+strings.Join(names, ", ")+") AS "+text); err != nil {
		return nil, err
	}
	out := &spool{session: s}
	return out, s.conn.QueryRowContext(ctx, "SELECT count(*) FROM temp.main."+spoolTable).Scan(&out.total)
}

// Next goes to the next row, in the order of the query, and reports whether there is one.
func (r *spool) Next(ctx context.Context) bool {
	for r.err == nil {
		if r.rows != nil {
			if r.rows.Next() {
				return true
			}
			r.err = r.rows.Err()
			_ = r.rows.Close()
			r.rows = nil
			continue
		}
		if r.next >= r.total {
			return false
		}
		text := fmt.Sprintf("SELECT * FROM temp.main.%s WHERE rowid >= %d AND rowid < %d ORDER BY rowid", spoolTable, r.next, r.next+spoolPart)
		r.next += spoolPart
		r.rows, r.err = r.session.conn.QueryContext(ctx, text)
	}
	return false
}

// Scan reads the values of the row.
func (r *spool) Scan(targets ...any) error { return r.rows.Scan(targets...) }

// Err returns what ended the rows early.
func (r *spool) Err() error { return r.err }

// Close ends the reading.
func (r *spool) Close() error {
	if r.rows == nil {
		return nil
	}
	rows := r.rows
	r.rows = nil
	return rows.Close()
}

// spoolSQL runs a SELECT that a user wrote and keeps its result in a spool, with its columns. ok is false for DESCRIBE and SUMMARIZE, which can't fill a table: their
// results are small.
func (s *session) spoolSQL(ctx context.Context, text string) (from *spool, columns []query.Column, ok bool, err error) {
	names, err := s.resultNames(ctx, text)
	if err != nil {
		return nil, nil, false, err
	}
	if from, err = s.spool(ctx, text, len(names)); err != nil {
		if e, is := errors.AsType[*duckError](parseError(err, 0)); is && (e.Class == "Parser" || e.Class == "Syntax") {
			return nil, nil, false, nil // the gate let it pass, so that it is no SELECT
		}
		return nil, nil, false, err
	}
	rows, err := s.conn.QueryContext(ctx, "SELECT * FROM temp.main."+spoolTable+" LIMIT 0")
	if err != nil {
		return nil, nil, false, err
	}
	defer rows.Close()
	columns, err = columnsOf(rows)
	for i := range columns {
		columns[i].Name = names[i]
	}
	return from, columns, true, err
}

// resultNames returns the names of the columns of a query, which can be equal.
func (s *session) resultNames(ctx context.Context, text string) (out []string, err error) {
	err = s.conn.Raw(func(conn any) error {
		prepared, err := conn.(driver.ConnPrepareContext).PrepareContext(ctx, text)
		if err != nil {
			return err
		}
		stmt := prepared.(*duck.Stmt)
		defer stmt.Close()
		n, err := stmt.ColumnCount()
		for i := range n {
			if err == nil {
				out = append(out, "")
				out[i], err = stmt.ColumnName(i)
			}
		}
		return err
	})
	return out, err
}
