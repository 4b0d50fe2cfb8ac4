package duckdb

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"weir/internal/insights"
	"weir/internal/insights/compile"
	"weir/internal/insights/discover"
	"weir/internal/insights/value"
	"weir/internal/lake"
	"weir/internal/query"
)

// statsRows are the rows of the first stats of a query that are needed for the commands behind it.
type statsRows struct {
	columns []compile.Column
	rows    [][]value.Value
	rest    []insights.Command
	done    bool // rest is done
}

// run runs the plan of the query: it gives the events that are needed, or the rows of its first stats.
func (r *insightsQuery) run(ctx context.Context) ([]discover.Event, *statsRows, error) {
	if err := r.prepareSources(ctx); err != nil {
		return nil, nil, err
	}
	start, end := r.in.Start, r.in.End
	plan, files := r.plan(start, end, false)
	if plan.Stats != nil {
		r.exact = true
		rows, err := r.statsRows(ctx, plan, files)
		return nil, rows, err
	}
	plan, files = r.plan(start, end, true)
	var records int64
	for _, f := range files {
		records += f.Records
	}
	bound, null := "", false
	matched := int64(-1)
	if plan.Enough() > 0 && (records > fewRecords || len(r.in.Events) > 0) {
		last, err := r.last(ctx, plan, files)
		if err != nil {
			return nil, nil, err
		}
		if plan.Exact() {
			matched = last.matched
		}
		if desc, ok := plan.ByTime(); ok && !last.all && last.isTime {
			if desc {
				start = last.time
			} else {
				end = last.time
			}
			plan, files = r.plan(start, end, true)
		} else if !last.all {
			bound, null = last.bound, last.null
		}
	}
	events, err := r.events(ctx, plan, files, bound, null, matched < 0)
	if matched < 0 {
		matched = int64(len(events))
	}
	r.stats.RecordsMatched, r.exact = float64(matched), plan.Exact()
	return events, nil, err
}

// statsRows runs the SQL of a stats.
func (r *insightsQuery) statsRows(ctx context.Context, plan *compile.Plan, files []lake.DataFile) (*statsRows, error) {
	text := plan.Stats.SQL
	cost, err := r.open(ctx, text, files)
	if err != nil {
		return nil, err
	}
	r.scanned(cost)
	out := &statsRows{columns: plan.Stats.Columns, rest: plan.Rest, done: plan.Stats.Done}
	var room []value.Value
	var texts []string
	for i := range out.columns {
		if at := &out.columns[i].At; at.Kind == compile.Text && !at.Address || at.Kind == compile.Tagged {
			texts = append(texts, at.SQL)
		}
	}
	err = r.eachBounded(ctx, text, texts, func(values []any) error {
		if len(room) < len(out.columns) {
			room = make([]value.Value, 256*len(out.columns))
		}
		row := room[:len(out.columns):len(out.columns)]
		room = room[len(row):]
		for i := range row {
			row[i] = insightsValue(values[i], &out.columns[i].At)
		}
		r.stats.RecordsMatched = r.stats.RecordsScanned
		if n, ok := values[len(row)].(int64); ok {
			r.stats.RecordsMatched = float64(n)
		}
		out.rows = append(out.rows, row)
		if len(out.rows) > compile.MaxRows {
			return fmt.Errorf("%w: more than %d rows of stats come to a command that is done in memory: filter before it, or add a limit", query.ErrLimit, compile.MaxRows)
		}
		return nil
	})
	if err != nil || len(out.rows) > 0 {
		return out, err
	}
	// The number of events stands in rows, and none is left.
	if _, err := r.open(ctx, plan.Count(), files); err != nil {
		return nil, err
	}
	return out, r.each(ctx, plan.Count(), func(values []any) error {
		if n, ok := values[0].(int64); ok {
			r.stats.RecordsMatched = float64(n)
		}
		return nil
	})
}

// each calls do with each row of a SELECT; integers are int64.
func (r *insightsQuery) each(ctx context.Context, text string, do func([]any) error) (err error) {
	rows, err := r.session.conn.QueryContext(ctx, text)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	values, targets := make([]any, len(columns)), make([]any, len(columns))
	for i := range values {
		targets[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(targets...); err != nil {
			return err
		}
		for i := range values {
			values[i] = plainValue(values[i])
		}
		if err := do(values); err != nil {
			return err
		}
	}
	return rows.Err()
}

// resultTable has the rows of a SELECT before they are read.
const resultTable = "weir_insights_result"

// eachBounded is each, of rows whose texts, in columns of these names, may be too much for the memory.
// DuckDB gives all rows of a SELECT at once, and does not count them as its memory; it does those of a table.
func (r *insightsQuery) eachBounded(ctx context.Context, text string, texts []string, do func([]any) error) error {
	if len(texts) == 0 || r.textBytes() <= r.engine.eventBytes && !strings.Contains(text, compile.FnCall) {
		return r.each(ctx, text, do)
	}
	s := r.session
	if _, err := s.conn.ExecContext(ctx, "CREATE OR REPLACE TEMP TABLE "+resultTable+" AS "+text); err != nil {
		return err
	}
	if !slices.Contains(s.temporary, resultTable) {
		s.temporary = append(s.temporary, resultTable)
	}
	var sum strings.Builder
	for _, t := range texts {
		sum.WriteString(" + coalesce(strlen(" + t + "), 0)")
	}
	const from = " FROM temp.main." + resultTable
	err := r.each(ctx, "SELECT CAST(coalesce(sum(0"+sum.String()+"), 0) AS BIGINT)"+from, func(values []any) error {
		if bytes, _ := values[0].(int64); bytes > r.engine.eventBytes {
			return r.tooManyBytes()
		}
		return nil
	})
	if err != nil {
		return err
	}
	return r.each(ctx, "SELECT *"+from, do)
}

// textBytes is how long the messages of the query's text events are.
func (r *insightsQuery) textBytes() (n int64) {
	for i := range r.in.Events {
		n += r.in.Events[i].Bytes
	}
	return n
}

func (r *insightsQuery) tooManyBytes() error {
	return fmt.Errorf("%w: more than %d MiB of texts come to what is done in memory: ask for less time, or filter before it", query.ErrLimit, r.engine.eventBytes>>20)
}

// plainValue returns a number of any type as int64 or float64, and other values as they are.
func plainValue(v any) any {
	switch v := v.(type) {
	case int8:
		return int64(v)
	case int16:
		return int64(v)
	case int32:
		return int64(v)
	case float32:
		return float64(v)
	case *big.Int:
		if v.IsInt64() {
			return v.Int64()
		}
		f, _ := new(big.Float).SetInt(v).Float64()
		return f
	}
	return v
}

// lastKey is where the events that are needed end.
type lastKey struct {
	all     bool // all are needed
	matched int64
	isTime  bool
	time    int64
	bound   string // as SQL
	null    bool
}

// last asks for the last event that is needed.
func (r *insightsQuery) last(ctx context.Context, plan *compile.Plan, files []lake.DataFile) (lastKey, error) {
	var out lastKey
	text := plan.Last()
	cost, err := r.open(ctx, text, files)
	if err != nil {
		return out, err
	}
	r.scanned(cost)
	var key any
	err = r.each(ctx, text, func(values []any) error {
		key = values[0]
		out.all, _ = values[1].(bool)
		out.matched, _ = values[2].(int64)
		return nil
	})
	switch k := key.(type) {
	case nil:
		out.null = true
	case int64:
		out.time, out.isTime, out.bound = k, true, fmt.Sprint(k)
	case float64:
		out.bound = compile.Number(k)
	case bool:
		out.bound = fmt.Sprint(k)
	case string:
		out.bound = compile.Quote(k)
	}
	return out, err
}

// events reads the events that are needed.
func (r *insightsQuery) events(ctx context.Context, plan *compile.Plan, files []lake.DataFile, bound string, null, first bool) ([]discover.Event, error) {
	paths, own := r.eventPaths()
	text, at := plan.Events(bound, null, paths)
	if text == "" {
		return nil, fmt.Errorf("%w: the events of the query can't be read", query.ErrRefused)
	}
	cost, err := r.open(ctx, text, files)
	if err != nil {
		return nil, err
	}
	if first {
		r.scanned(cost)
	}
	var out []discover.Event
	var bytes int64
	text += fmt.Sprint(" LIMIT ", r.engine.eventBytes/eventOverhead+1) // DuckDB gives all rows at once
	err = r.eachBounded(ctx, text, []string{fmt.Sprint("e", eventMessage)}, func(values []any) error {
		e := r.event(values, at, own)
		if bytes += int64(len(e.Message)) + eventOverhead; bytes > r.engine.eventBytes {
			return r.tooManyBytes()
		}
		out = append(out, e)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, r.takenAt(ctx, out)
}
