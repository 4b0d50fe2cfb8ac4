package main

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"weir/internal/query"
	"weir/internal/query/duckdb"
)

// asker asks a question. It returns the answer's rows as text, as rowText makes it,
// and how long that took.
type asker func(context.Context) ([]string, time.Duration, error)

// pair is how long two took for the same question, asked in turn.
type pair struct{ mine, theirs time.Duration }

// inTurn asks both in turn several times, so that a slow minute of the machine meets
// both. The first round is not counted: it warms the caches. same compares answers.
func inTurn(ctx context.Context, runs int, mine, theirs asker, same func(mine, theirs []string) error) ([]pair, error) {
	var out []pair
	for i := range runs + 1 {
		a, took, err := mine(ctx)
		if err != nil {
			return nil, err
		}
		b, theirTook, err := theirs(ctx)
		if err != nil {
			return nil, err
		}
		if err := same(a, b); err != nil {
			return nil, err
		}
		if i > 0 {
			out = append(out, pair{took, theirTook})
		}
	}
	return out, nil
}

// compared prints the row of a question that two were asked. least is how many times
// faster the first must be, 0 where there is no bar. It returns how many times it was.
func (b *bench) compared(what, bar string, least float64, runs []pair) float64 {
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	mine, low, high := median(runs, func(p pair) float64 { return ms(p.mine) })
	theirs, tlow, thigh := median(runs, func(p pair) float64 { return ms(p.theirs) })
	ratio, rlow, rhigh := median(runs, func(p pair) float64 { return float64(p.theirs) / float64(p.mine) })
	text := fmt.Sprintf("%.1f times (%.1f to %.1f): %.0f ms (%.0f to %.0f) against %.0f ms (%.0f to %.0f)",
		ratio, rlow, rhigh, mine, low, high, theirs, tlow, thigh)
	if least == 0 {
		b.note(what, text)
	} else {
		b.row(what, bar, ratio >= least, "%s", text)
	}
	return ratio
}

// sqlAsker asks the lake in SQL, which is answered from records only.
func sqlAsker(e *duckdb.Engine, text string) asker {
	return lakeAsker(func(ctx context.Context) (query.Rows, error) {
		return e.RunSQL(ctx, text, query.Scope{}, query.Limits{})
	})
}

// planAsker asks the lake by a plan, as every command but "weir query" does.
func planAsker(e *duckdb.Engine, p query.Plan) asker {
	return lakeAsker(func(ctx context.Context) (query.Rows, error) { return e.Run(ctx, p, query.Limits{}) })
}

func lakeAsker(run func(context.Context) (query.Rows, error)) asker {
	return func(ctx context.Context) ([]string, time.Duration, error) {
		began := time.Now()
		rows, err := run(ctx)
		if err != nil {
			return nil, 0, err
		}
		defer rows.Close()
		var out [][]any
		for {
			row, err := rows.Next()
			if err == io.EOF {
				took := time.Since(began)
				return rowTexts(out), took, nil
			}
			if err != nil {
				return nil, 0, err
			}
			out = append(out, slices.Clone(row))
		}
	}
}

// duckAsker asks DuckDB. AWS writes "-" where the lake has NULL.
func duckAsker(conn *sql.Conn, text string) asker {
	return func(ctx context.Context) ([]string, time.Duration, error) {
		began := time.Now()
		rows, err := conn.QueryContext(ctx, text)
		if err != nil {
			return nil, 0, err
		}
		defer rows.Close()
		columns, err := rows.Columns()
		if err != nil {
			return nil, 0, err
		}
		row, targets := make([]any, len(columns)), make([]any, len(columns))
		for i := range row {
			targets[i] = &row[i]
		}
		var out [][]any
		for rows.Next() {
			if err := rows.Scan(targets...); err != nil {
				return nil, 0, err
			}
			out = append(out, slices.Clone(row))
		}
		took := time.Since(began)
		return rowTexts(out), took, rows.Err()
	}
}

// rowTexts returns rows as text, after the time was taken: what prints them is not what
// is compared.
func rowTexts(rows [][]any) []string {
	var out []string
	for _, row := range rows {
		out = append(out, rowText(row))
	}
	return out
}

// rowText returns a row as text.
func rowText(row []any) string {
	var s strings.Builder
	for _, v := range row {
		if v == "-" {
			v = nil
		}
		fmt.Fprint(&s, v, " ")
	}
	return s.String()
}
