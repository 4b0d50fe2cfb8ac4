package reference

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"weir/internal/insights"
	"weir/internal/insights/discover"
	"weir/internal/insights/value"
)

// DefaultLimit is how many rows a query gives where neither it nor the request has a limit.
//
// Source: AWS, "limit".
const DefaultLimit = 10_000

// DefaultMaxRows is how many rows a command may make of fewer where the environment does not say it: unnest, expand, join and
// parse with multi.
const DefaultMaxRows = 2_000_000

// DefaultMaxBytes is how many bytes of columns commands may make where the environment does not say it.
const DefaultMaxBytes = 1 << 30

// Rows are rows on their way through the commands, in order.
type Rows struct {
	List []*Row
	View View
	// Notes and Statistics are what is known of them so far.
	Notes      []string
	Statistics insights.Statistics
}

// run is a query that runs.
type run struct {
	ctx    context.Context
	env    *Env
	view   View
	rows   []*Row
	notes  []string
	stats  insights.Statistics
	done   []insights.Command // what ran since the rows were given
	at     insights.Command   // what runs
	inner  bool               // a query in a query: nothing is cut
	group  *group             // whose rows aggregates are of, nil outside of stats
	sets   map[*insights.In]*set
	prefix func(ctx context.Context, start, end int64) (*Rows, error)
}

// Run runs a query, which must be resolved (insights.Read), over the events that the environment gives. Errors that a query is the reason of are of type
// *insights.Error; others are those of the environment and the context.
func Run(ctx context.Context, q *insights.Query, env *Env) (*insights.Result, error) {
	r, err := start(ctx, q, env, false)
	if err != nil {
		return nil, err
	}
	return r.finish(q.Commands)
}

// Continue runs commands over rows that others have made, in their order, and gives the result of the whole. The rows' view
// is that of the commands before (ViewOf). It owns the rows.
func Continue(ctx context.Context, rows *Rows, commands []insights.Command, env *Env) (*insights.Result, error) {
	r := newRun(ctx, env)
	r.env.Limit = env.Limit
	r.rows, r.view, r.notes, r.stats = rows.List, rows.View, rows.Notes, rows.Statistics
	r.prefix = env.Prefix
	return r.finish(commands)
}

func newRun(ctx context.Context, env *Env) *run {
	if env.made == nil {
		env = env.within(env.Query.Start, env.Query.End)
		env.made = new(int64)
	}
	return &run{ctx: ctx, env: env, sets: map[*insights.In]*set{}}
}

// start reads the events of a query.
func start(ctx context.Context, q *insights.Query, env *Env, inner bool) (*run, error) {
	r := newRun(ctx, env)
	r.inner = inner
	from, to := Window(q.Source, env.Query)
	r.env = r.env.within(from, to)
	r.env.Limit = env.Limit
	r.prefix = func(ctx context.Context, start, end int64) (*Rows, error) {
		return eventRows(ctx, q.Source, r.env, start, end)
	}
	rows, err := r.prefix(ctx, from, to)
	if err != nil {
		return nil, err
	}
	r.rows, r.stats, r.notes = rows.List, rows.Statistics, q.Notes()
	return r, nil
}

// eventRows makes rows of the events of a source, in the order that they have where nothing is said.
func eventRows(ctx context.Context, source *insights.Source, env *Env, start, end int64) (*Rows, error) {
	if env.Events == nil {
		return nil, errors.New("there are no log groups here")
	}
	events, err := env.Events(ctx, source, start, end)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(events, func(a, b discover.Event) int {
		return cmp.Or(cmp.Compare(b.Timestamp, a.Timestamp), cmp.Compare(a.Ingestion, b.Ingestion),
			strings.Compare(a.Stream, b.Stream), strings.Compare(a.Message, b.Message))
	})
	rows := &Rows{List: make([]*Row, len(events))}
	groups := map[[2]string]bool{}
	for i := range events {
		e := &events[i]
		rows.List[i] = &Row{event: discover.New(e, env.Fields)}
		rows.Statistics.BytesScanned += float64(len(e.Message))
		groups[[2]string{e.Account, e.Group}] = true
	}
	rows.Statistics.RecordsScanned = float64(len(events))
	rows.Statistics.RecordsMatched = float64(len(events))
	rows.Statistics.LogGroupsScanned = int64(len(groups))
	return rows, nil
}

// finish runs commands and makes the result.
func (r *run) finish(commands []insights.Command) (*insights.Result, error) {
	if err := r.all(commands); err != nil {
		return nil, err
	}
	if !r.inner && !r.view.Limited {
		limit := r.env.Limit
		if limit <= 0 {
			limit = DefaultLimit
		}
		r.rows = r.rows[:min(int64(len(r.rows)), limit)]
	}
	columns := r.view.Result()
	result := &insights.Result{Notes: r.notes, Statistics: r.stats}
	for _, c := range columns {
		result.Columns = append(result.Columns, c.Name)
	}
	for _, row := range r.rows {
		values := make([]value.Value, len(columns))
		for i, c := range columns {
			values[i] = row.shown(c)
		}
		result.Rows = append(result.Rows, values)
		if !r.view.Aggregated && row.event != nil {
			result.Ptrs = append(result.Ptrs, row.event.Event().Ptr)
		} else if !r.view.Aggregated {
			result.Ptrs = append(result.Ptrs, "")
		}
	}
	return result, nil
}

// shown returns what a column shows of a row.
func (r *Row) shown(c Column) value.Value {
	if v, ok := r.column(c.Name); ok || c.Field == nil {
		return v
	}
	return r.get(c.Field.Parts)
}

// all runs commands, one after the other.
func (r *run) all(commands []insights.Command) error {
	for _, c := range commands {
		if err := r.ctx.Err(); err != nil {
			return err
		}
		before := len(r.rows)
		r.at = c
		if err := r.command(c); err != nil {
			return err
		}
		if len(r.rows) > max(r.maxRows(), before) {
			return &insights.Error{Span: c.Place(), Message: fmt.Sprintf("%s makes more than %d rows", c.Name(), r.maxRows()), Hint: "filter before"}
		}
		r.view = r.view.After(c)
		r.done = append(r.done, c)
	}
	return nil
}

func (r *run) maxRows() int {
	if r.env.MaxRows > 0 {
		return r.env.MaxRows
	}
	return DefaultMaxRows
}

// tooMany says of rows that a command makes of the ones there are that there is no use in more: all will say so.
func (r *run) tooMany(out []*Row) bool { return len(out) > max(r.maxRows(), len(r.rows)) }

// command runs one command.
func (r *run) command(c insights.Command) error {
	switch c := c.(type) {
	case *insights.Fields:
		return r.compute(c.Items)
	case *insights.Display:
		return r.compute(c.Items)
	case *insights.Filter:
		return r.filter(c)
	case *insights.Parse:
		return r.parse(c)
	case *insights.Stats:
		return r.aggregates(c)
	case *insights.Sort:
		return r.sort(c)
	case *insights.Limit:
		r.rows = r.rows[:min(int64(len(r.rows)), c.N)]
		return nil
	case *insights.Dedup:
		return r.dedup(c)
	case *insights.Pattern:
		return r.pattern(c)
	case *insights.Diff:
		return r.diff(c)
	case *insights.LogCompare:
		return r.logCompare(c)
	case *insights.Unmask:
		return r.compute([]insights.Item{{Expr: c.Field, Name: nameOf(c.Field)}})
	case *insights.Unnest:
		return r.unnest(c)
	case *insights.Expand:
		return r.expand(c)
	case *insights.Lookup:
		return r.lookup(c)
	case *insights.Join:
		return r.join(c)
	case *insights.AddTotals:
		return r.addTotals(c)
	case *insights.Accum:
		return r.accum(c)
	case *insights.AutoRegress:
		return r.autoRegress(c)
	case *insights.FillDown:
		return r.fillDown(c)
	case *insights.FillMissing:
		return r.fillMissing(c)
	case *insights.Sessionize:
		return r.sessionize(c)
	case *insights.Outlier:
		return r.outlier(c)
	case *insights.CountFrequent:
		return r.countFrequent(c)
	case *insights.AppendCols:
		return r.appendCols(c)
	case *insights.Estimate:
		return r.estimate()
	}
	return &insights.Error{Span: c.Place(), Message: c.Name() + " can't be run"}
}

// before runs what ran so far over another time range.
func (r *run) before(c insights.Command, start, end int64) ([]*Row, error) {
	if r.prefix == nil {
		return nil, &insights.Error{Span: c.Place(), Message: c.Name() + " has no rows of another time here"}
	}
	rows, err := r.prefix(r.ctx, start, end)
	if err != nil {
		return nil, err
	}
	r.stats.RecordsScanned += rows.Statistics.RecordsScanned
	r.stats.BytesScanned += rows.Statistics.BytesScanned
	other := newRun(r.ctx, r.env.within(start, end))
	other.rows, other.view, other.prefix = rows.List, rows.View, r.prefix
	if err := other.all(r.done); err != nil {
		return nil, err
	}
	return other.rows, nil
}

// each calls a function for each row, and stops where the query is cancelled.
func (r *run) each(f func(row *Row)) error {
	for i, row := range r.rows {
		if i%4096 == 0 {
			if err := r.ctx.Err(); err != nil {
				return err
			}
		}
		f(row)
		if err := r.tooMuch(); err != nil {
			return err
		}
	}
	return nil
}

// finite says whether a text or a number is a number, and which.
func finite(v value.Value) (float64, bool) {
	f, ok := v.Number()
	return f, ok && !math.IsInf(f, 0)
}
