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
	many := r.textEvents()
	for _, f := range files {
		many += f.Records
	}
	matched := int64(-1)
	if plan.Deduped() || plan.Enough() == 0 && many > r.room() {
		n, err := r.count(ctx, plan, files)
		switch {
		case err != nil:
			return nil, nil, err
		case plan.Exact():
			matched = n
		}
		if !plan.Deduped() && n > r.room() { // told before they are brought into memory
			return nil, nil, fmt.Errorf("%w: %d events come to what is done in memory, where %d have room: ask for less time, or filter before it", query.ErrLimit, n, r.room())
		}
	}
	var part lastKey // of the events, where only a part is needed
	scanned := many > fewRecords || slices.ContainsFunc(r.forms, func(forms []int32) bool { return len(forms) > 0 })
	var err error
	switch desc, byTime := plan.ByTime(); {
	case !scanned || plan.Enough() == 0 && !(plan.Deduped() && byTime && plan.Firsts() > 0):
		scanned = false
	default:
		if plan.Deduped() {
			part, err = r.firsts(ctx, plan, files)
		} else if part, err = r.last(ctx, plan, files, plan.Enough()); plan.Exact() {
			matched = part.matched
		}
		if err != nil {
			return nil, nil, err
		}
		if byTime && !part.all && part.isTime {
			if desc {
				start = part.time
			} else {
				end = part.time
			}
			plan, files = r.plan(start, end, true)
			part = lastKey{}
		}
	}
	if part.all {
		part = lastKey{}
	}
	events, err := r.events(ctx, plan, files, part.bound, part.null, !scanned)
	if matched < 0 {
		matched = int64(len(events))
	}
	r.stats.RecordsMatched, r.exact = float64(matched), plan.Exact()
	return events, nil, err
}

// room is how many events of no length have room in memory.
func (r *insightsQuery) room() int64 { return r.engine.eventBytes / eventOverhead }

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
	n, err := r.count(ctx, plan, files)
	r.stats.RecordsMatched = float64(n)
	return out, err
}

// count returns the number of events that pass the filters of a plan.
func (r *insightsQuery) count(ctx context.Context, plan *compile.Plan, files []lake.DataFile) (int64, error) {
	return r.number(ctx, plan.Count(), files)
}

// number returns the number that a SELECT gives.
func (r *insightsQuery) number(ctx context.Context, text string, files []lake.DataFile) (n int64, err error) {
	if _, err := r.open(ctx, text, files); err != nil {
		return 0, err
	}
	err = r.each(ctx, text, func(values []any) error {
		n, _ = values[0].(int64)
		return nil
	})
	return n, err
}

// moreEvents is how many times as many events are looked at, as long as they have too few combinations.
const moreEvents = 16

// firsts asks for the last event that is needed where so many combinations of the keys of a dedup are shown. It
// looks at ever more of the first events.
func (r *insightsQuery) firsts(ctx context.Context, plan *compile.Plan, files []lake.DataFile) (lastKey, error) {
	desc, _ := plan.ByTime()
	for n := plan.Firsts() * moreEvents; ; n *= moreEvents {
		last, err := r.last(ctx, plan, files, n)
		if err != nil || last.all || !last.isTime {
			return last, err
		}
		start, end := r.in.Start, last.time
		if desc {
			start, end = last.time, r.in.End
		}
		part, partFiles := r.plan(start, end, true)
		have, err := r.number(ctx, part.Combinations(), partFiles)
		r.plan(r.in.Start, r.in.End, true) // what it says of the sources counts again
		if err != nil || have >= plan.Firsts() {
			return last, err
		}
	}
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

// textEvents is how many text events there are.
func (r *insightsQuery) textEvents() (n int64) {
	for i := range r.in.Events {
		n += r.in.Events[i].Records
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

// last asks for the last of so many events.
func (r *insightsQuery) last(ctx context.Context, plan *compile.Plan, files []lake.DataFile, events int64) (lastKey, error) {
	var out lastKey
	text := plan.Last(events)
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
	read := &eventReader{r: r, at: at, own: own, known: map[string]string{}}
	text += fmt.Sprint(" LIMIT ", r.room()+1) // DuckDB gives all rows at once
	err = r.eachBounded(ctx, text, []string{fmt.Sprint("e", eventMessage)}, func(values []any) error {
		if read.read(values); read.bytes > r.engine.eventBytes {
			return r.tooManyBytes()
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return read.list, read.takenAt(ctx)
}
