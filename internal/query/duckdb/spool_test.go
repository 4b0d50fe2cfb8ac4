package duckdb

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/internal/query"
)

// asked returns the columns and rows of SQL.
func asked(ctx context.Context, e *Engine, text string, l query.Limits) ([]query.Column, [][]any, error) {
	rows, err := e.RunSQL(ctx, text, query.Scope{}, l)
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	var out [][]any
	for {
		row, err := rows.Next()
		if err == io.EOF {
			return rows.Columns(), out, nil
		}
		if err != nil {
			return rows.Columns(), out, err
		}
		out = append(out, slices.Clone(row))
	}
}

// TestCounted gives the same columns, rows and errors whether results count for the memory of queries or not.
func TestCounted(t *testing.T) {
	e := sixHours(t)
	for _, text := range []string{
		"SELECT srcaddr, bytes, start FROM vpc_flow_logs ORDER BY bytes DESC, srcaddr, start LIMIT 7",
		"SELECT bytes AS a, bytes + 1 AS a, NULL AS n, [1, 2] AS l, {'x': bytes} AS s, 1.50 AS d, weir_hour, current_date = current_date AS \"A\" FROM vpc_flow_logs ORDER BY bytes, weir_hour LIMIT 3",
		"WITH x AS (SELECT 1 AS b) SELECT b, b, x.* FROM x; -- the end",
		"FROM range(20000) SELECT range ORDER BY range DESC",
		"(SELECT 1 UNION ALL SELECT 2) ORDER BY 1 DESC",
		"VALUES (1, 'a'), (2, NULL)",
		"DESCRIBE vpc_flow_logs",
		"SUMMARIZE SELECT 1 AS a",
		"SELECT 1 WHERE false",
		"SELECT srcadr FROM vpc_flow_logs",
		"SELECT 1,\n  sum(bytes), srcaddr FROM vpc_flow_logs",
		"SELECT CAST(srcaddr AS INTEGER) FROM vpc_flow_logs",
		"SELECT bytes FROM vpc_flow_logs, (DELETE FROM x)",
	} {
		columns, rows, err := asked(t.Context(), e, text, query.Limits{})
		counted, countedRows, countedErr := asked(t.Context(), e, text, query.Limits{Counted: true})
		if diff := cmp.Diff(columns, counted); diff != "" {
			t.Errorf("%s: columns %s", text, diff)
		}
		if diff := cmp.Diff(rows, countedRows); diff != "" {
			t.Errorf("%s: rows %s", text, diff)
		}
		place := func(err error) string {
			if at, ok := errors.AsType[*query.TextError](err); ok {
				return fmt.Sprint(at.Offset, " ", at.Message, " ", at.Hint)
			}
			return fmt.Sprint(err)
		}
		if place(err) != place(countedErr) {
			t.Errorf("%s: %s, counted %s", text, place(err), place(countedErr))
		}
	}
	if _, rows, err := asked(t.Context(), e, "FROM range(20000)", query.Limits{Counted: true, MaxRows: 10}); !errors.Is(err, query.ErrLimit) || len(rows) != 10 {
		t.Errorf("more rows than may be: %d, %v", len(rows), err)
	}
}

// TestCountedLimit ends a result that has no room.
func TestCountedLimit(t *testing.T) {
	e, err := Open(t.Context(), newLake(t, nil), Options{MemoryBytes: 64 << 20, SpillBytes: 64 << 20, Threads: 2, TempDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	const text = "SELECT range, hash(range)::VARCHAR || hash(range + 1)::VARCHAR AS h FROM range(100000000)"
	if _, err := e.RunSQL(t.Context(), text, query.Scope{}, query.Limits{Counted: true}); !errors.Is(err, query.ErrLimit) {
		t.Errorf("a result without room: %v", err)
	}
	if _, rows, err := asked(t.Context(), e, "SELECT 1", query.Limits{Counted: true}); err != nil || len(rows) != 1 {
		t.Errorf("after it: %v, %v", rows, err)
	}
}
