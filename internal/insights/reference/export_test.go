package reference

import (
	"context"

	"weir/internal/insights"
)

// FirstRows runs commands over the events of a time range, and gives the rows: what another evaluator would do.
func FirstRows(ctx context.Context, q *insights.Query, commands []insights.Command, env *Env, from, to int64) (*Rows, error) {
	rows, err := eventRows(ctx, q.Source, env, from, to)
	if err != nil {
		return nil, err
	}
	r := newRun(ctx, env.within(from, to))
	r.rows, r.stats, r.notes = rows.List, rows.Statistics, q.Notes()
	r.prefix = func(ctx context.Context, start, end int64) (*Rows, error) {
		return eventRows(ctx, q.Source, env, start, end)
	}
	if err := r.all(commands); err != nil {
		return nil, err
	}
	return &Rows{List: r.rows, View: ViewOf(commands), Notes: r.notes, Statistics: r.stats}, nil
}
