package duckdb

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"weir/internal/insights"
	"weir/internal/insights/discover"
	"weir/internal/insights/reference"
	"weir/internal/insights/value"
	"weir/internal/lake"
	"weir/internal/query"
)

// Insights runs a checked Logs Insights query. The groups of the input are those that the query's own SOURCE
// names, where it has one; its START and END count in place of the input's times. What has a form in SQL runs
// in DuckDB, over those files whose statistics may match; package reference does the rest, on the rows that
// are left. Errors that the query is the reason of are *[insights.Error]; [query.ErrLimit] says that a limit
// ended it, or that too many events came to a command that is done in memory.
func (e *Engine) Insights(ctx context.Context, q *insights.Query, in *InsightsInput, l query.Limits) (*insights.Result, error) {
	limit := newLimit(ctx, l)
	result, err := e.insights(limit.ctx, q, in, l)
	if err == nil && l.MaxRows > 0 && int64(len(result.Rows)) > l.MaxRows {
		err = fmt.Errorf("%w: more than %d rows", query.ErrLimit, l.MaxRows)
	}
	if err = limit.close(named(err, false)); err != nil {
		return nil, err
	}
	return result, nil
}

func (e *Engine) insights(ctx context.Context, q *insights.Query, in *InsightsInput, l query.Limits) (*insights.Result, error) {
	times := value.Context{Start: in.Start, End: in.End, Now: in.Now}
	times.Start, times.End = reference.Window(q.Source, times)
	snap, err := e.lake.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	r := &insightsQuery{engine: e, query: q, asked: askedFields(q), in: in.between(times.Start, times.End), limit: in.Limit, limits: l}
	env := &reference.Env{Query: times, Fields: discover.Options{Region: in.Region, AnyCase: in.AnyCase}, Limit: in.Limit, Table: in.Table}
	if i := slices.IndexFunc(q.Commands, isEstimate); i >= 0 {
		return r.estimate(ctx, snap, i, env)
	}
	events, rows, err := r.inSession(ctx, snap)
	if err != nil {
		return nil, err
	}
	begun := false
	env.Events = func(ctx context.Context, source *insights.Source, start, end int64) ([]discover.Event, error) {
		if !begun && rows == nil {
			begun = true
			return events, nil
		}
		return r.all(ctx, snap, source, start, end)
	}
	var result *insights.Result
	switch {
	case rows == nil:
		result, err = reference.Run(ctx, q, env)
	case rows.done:
		result = &insights.Result{Columns: rows.names(), Rows: rows.rows, Notes: q.Notes()}
	default:
		env.Prefix = func(ctx context.Context, start, end int64) (*reference.Rows, error) {
			again := *r
			again.in = in.between(start, end)
			_, rows, err := again.inSession(ctx, snap)
			if err != nil {
				return nil, err
			}
			r.also(&again)
			return again.rows(rows), nil
		}
		result, err = reference.Continue(ctx, r.rows(rows), rows.rest, env)
	}
	if err != nil {
		return nil, err
	}
	matched := result.RecordsMatched
	if result.Statistics = r.stats; !r.exact {
		result.RecordsMatched = matched
	}
	return result, nil
}

func isEstimate(c insights.Command) bool {
	_, ok := c.(*insights.Estimate)
	return ok
}

// between returns the input for another time range.
func (in *InsightsInput) between(start, end int64) *InsightsInput {
	out := *in
	out.Start, out.End = start, end
	return &out
}

// inSession runs what has a form in SQL over a snapshot.
func (r *insightsQuery) inSession(ctx context.Context, snap *lake.Snapshot) (events []discover.Event, rows *statsRows, err error) {
	s, err := r.engine.begin(ctx, &request{})
	if err != nil {
		return nil, nil, err
	}
	s.snap, r.session = snap, s
	defer func() { err = errors.Join(err, s.close()) }()
	r.tails, r.forms = nil, nil
	return r.run(ctx)
}

// rows returns the rows of a stats as the reference has them.
func (r *insightsQuery) rows(rows *statsRows) *reference.Rows {
	out := &reference.Rows{
		View:  reference.ViewOf(r.query.Commands[:len(r.query.Commands)-len(rows.rest)]),
		Notes: r.query.Notes(), Statistics: r.stats,
	}
	names := rows.names()
	for _, values := range rows.rows {
		out.List = append(out.List, reference.NewRow(nil, slices.Clip(names), values))
	}
	return out
}

// names returns the names of the columns.
func (s *statsRows) names() []string {
	names := make([]string, len(s.columns))
	for i := range names {
		names[i] = s.columns[i].Name
	}
	return names
}

// all returns all events of a source of a query in the query, or of the query's own groups at another time.
func (r *insightsQuery) all(ctx context.Context, snap *lake.Snapshot, source *insights.Source, start, end int64) ([]discover.Event, error) {
	in := r.in
	if source != nil && source != r.query.Source {
		if r.in.Source == nil {
			return nil, errors.New("there are no other log groups here")
		}
		var err error
		if in, err = r.in.Source(ctx, source, start, end); err != nil {
			return nil, err
		}
	}
	inner := &insightsQuery{engine: r.engine, query: &insights.Query{}, asked: r.asked, in: in.between(start, end), limit: -1, limits: r.limits, inner: true}
	events, _, err := inner.inSession(ctx, snap)
	r.also(inner)
	return events, err
}

// also counts what is read beside the query's own events: by a query in it, or of another time.
func (r *insightsQuery) also(other *insightsQuery) {
	r.stats.RecordsScanned += other.stats.RecordsScanned
	r.stats.BytesScanned += other.stats.BytesScanned
}

// estimate says what the commands before the i-th one would read.
func (r *insightsQuery) estimate(ctx context.Context, snap *lake.Snapshot, i int, env *reference.Env) (result *insights.Result, err error) {
	whole := r.query
	r.query = &insights.Query{Source: whole.Source, Commands: whole.Commands[:i]}
	s, err := r.engine.begin(ctx, &request{})
	if err != nil {
		return nil, err
	}
	s.snap, r.session = snap, s
	defer func() { err = errors.Join(err, s.close()) }()
	if err := r.prepareSources(ctx); err != nil {
		return nil, err
	}
	plan, files := r.plan(r.in.Start, r.in.End, false)
	text := ""
	if plan.Stats != nil {
		text = plan.Stats.SQL
	} else {
		plan, files = r.plan(r.in.Start, r.in.End, true)
		paths, _ := r.eventPaths()
		text, _ = plan.Events("", false, paths)
	}
	cost, err := r.open(ctx, text, files)
	if err != nil {
		return nil, err
	}
	r.scanned(cost)
	rows := &reference.Rows{View: reference.ViewOf(whole.Commands[:i]), Notes: whole.Notes(), Statistics: r.stats}
	return reference.Continue(ctx, rows, whole.Commands[i:], env)
}
