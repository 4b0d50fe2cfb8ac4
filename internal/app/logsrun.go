package app

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"

	"weir/flowlog"
	"weir/internal/awsapi/logs"
	"weir/internal/insights"
	"weir/internal/insights/discover"
	"weir/internal/insights/lookup"
	"weir/internal/insights/reference"
	"weir/internal/insights/value"
	"weir/internal/logstore"
	"weir/internal/query"
	"weir/internal/query/duckdb"
)

// runLogsQuery runs a query that was checked.
func (s *Local) runLogsQuery(ctx context.Context, q *insights.Query, r LogsQuery) (*insights.Result, error) {
	groups, err := s.queryGroups(ctx, q, r.Groups)
	if err != nil {
		return nil, err
	}
	now := cmp.Or(r.Now, s.now().UnixMilli())
	start, end := reference.Window(q.Source, value.Context{Start: r.Start, End: r.End, Now: now})
	if slices.ContainsFunc(q.Commands, asksBefore) {
		start = 0
	}
	run := &logsRun{s: s, anyCase: r.AnyCase, live: r.Live}
	defer run.close()
	in, err := run.input(ctx, groups, start, end)
	if err != nil {
		return nil, err
	}
	in.Start, in.End, in.Now, in.Limit, in.Table = r.Start, r.End, now, r.Limit, s.lookupTable
	if run.transit {
		return run.reference(ctx, q, r, groups, now)
	}
	result, err := s.engine.Insights(ctx, q, in, query.Limits{})
	if err == nil && !r.AnyCase && len(in.Events) == 0 {
		result.Notes = append(result.Notes, nameNotes(q)...)
	}
	return result, err
}

// asksBefore reports whether a command asks for events of a time before the query's.
func asksBefore(c insights.Command) bool {
	switch c.(type) {
	case *insights.Diff, *insights.LogCompare:
		return true
	}
	return false
}

// queryGroups returns the names of the groups that a query reads, each once.
func (s *Local) queryGroups(ctx context.Context, q *insights.Query, named []string) ([]string, error) {
	if q.Source != nil {
		return s.sourceGroups(ctx, q.Source)
	}
	var out []string
	for _, name := range named {
		if !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out, nil
}

// logsRun is what one query pins.
type logsRun struct {
	s         *Local
	anyCase   bool
	live      bool
	snapshots []*logstore.Snapshot
	// transit says that there are records of transit gateways, which only the reference reads.
	transit bool
}

func (r *logsRun) close() {
	for _, p := range r.snapshots {
		p.Close()
	}
}

// input returns what the engine reads of log groups for a time range, both ends inclusive. Errors:
// [logstore.ErrNoGroup].
func (r *logsRun) input(ctx context.Context, groups []string, start, end int64) (*duckdb.InsightsInput, error) {
	in := &duckdb.InsightsInput{AnyCase: r.anyCase, Region: r.s.region, Ptr: eventPtr}
	in.Source = func(ctx context.Context, source *insights.Source, start, end int64) (*duckdb.InsightsInput, error) {
		names, err := r.s.sourceGroups(ctx, source)
		if err != nil {
			return nil, err
		}
		inner, err := r.input(ctx, names, start, end)
		if err == nil && r.transit {
			err = &insights.Error{
				Span: source.Span, Message: "records of transit gateways can't be read by a query in a query over other log groups",
				Hint: "ask for them by a query of their own",
			}
		}
		return inner, err
	}
	lake := r.s.LakeGroups()
	without, err := r.s.backfilled(ctx, r.live, start, end)
	if err != nil {
		return nil, err
	}
	for _, name := range groups {
		store, err := r.s.groupStore(ctx, name)
		if err != nil {
			return nil, err
		}
		if store != nil {
			g, err := r.stored(ctx, store, name, start, end)
			if err != nil {
				return nil, err
			}
			in.Events = append(in.Events, g)
			continue
		}
		g, err := lake.Find(name)
		if err != nil {
			return nil, err
		}
		transit, err := lake.hasTransit(ctx, &g)
		if err != nil {
			return nil, err
		}
		r.transit = r.transit || transit
		in.Lake = append(in.Lake, duckdb.LakeGroup{Name: name, Account: r.s.account, FlowLogs: g.FlowLogs, Places: g.Places, Without: without})
	}
	return in, nil
}

// stored returns a group of the store.
func (r *logsRun) stored(ctx context.Context, store *logstore.Store, name string, start, end int64) (duckdb.EventGroup, error) {
	p, err := store.Snapshot(ctx, name, start, end+1)
	if err != nil {
		return duckdb.EventGroup{}, err
	}
	r.snapshots = append(r.snapshots, p)
	g := duckdb.EventGroup{Name: name, Account: r.s.account, Formats: store.Formats(), From: p.From}
	for _, f := range p.Files {
		g.Files = append(g.Files, f.Path)
		g.Records += f.Events
		g.Bytes += f.Bytes
	}
	events, bytes := p.TailSize()
	g.Records += events
	g.Bytes += bytes
	if events > 0 {
		g.Tail = tailOf(p)
	}
	return g, nil
}

// tailOf yields what of a snapshot is in no file.
func tailOf(p *logstore.Snapshot) iter.Seq[duckdb.TailEvent] {
	return func(yield func(duckdb.TailEvent) bool) {
		for e := range p.Tail() {
			if !yield(duckdb.TailEvent{
				Timestamp: e.Timestamp, Ingestion: e.Ingestion, Stream: e.Stream, Message: e.Message, Ordinal: int64(e.Ordinal), Form: e.Form,
			}) {
				return
			}
		}
	}
}

// eventPtr returns the pointer of an event.
func eventPtr(e *discover.Event, ordinal int64) string {
	of := logstore.Event{Group: e.Group, Stream: e.Stream, Timestamp: e.Timestamp, Message: e.Message, Ordinal: int(ordinal)}
	return of.Ptr()
}

// maxReferenceEvents bounds the events of a query that is run in memory.
const maxReferenceEvents = 1_000_000

// reference runs a query in memory, over all events of its groups.
func (r *logsRun) reference(ctx context.Context, q *insights.Query, asked LogsQuery, named []string, now int64) (*insights.Result, error) {
	return reference.Run(ctx, q, &reference.Env{
		Query:  value.Context{Start: asked.Start, End: asked.End, Now: now},
		Fields: discover.Options{AnyCase: asked.AnyCase, Region: r.s.region},
		Limit:  asked.Limit,
		Table:  r.s.lookupTable,
		Events: func(ctx context.Context, source *insights.Source, start, end int64) ([]discover.Event, error) {
			groups := named
			if source != nil && source != q.Source {
				var err error
				if groups, err = r.s.sourceGroups(ctx, source); err != nil {
					return nil, err
				}
			}
			return r.discovered(ctx, groups, start, end)
		},
	})
}

// discovered returns the events of log groups in a time range, both ends inclusive.
func (r *logsRun) discovered(ctx context.Context, groups []string, start, end int64) ([]discover.Event, error) {
	s := r.s
	without, err := s.backfilled(ctx, r.live, start, end)
	if err != nil {
		return nil, err
	}
	var out []discover.Event
	formats := map[string]*flowlog.Format{}
	for _, name := range groups {
		err := s.eachEvent(ctx, logstore.ReadRequest{Group: name, From: start, To: end + 1}, without, func(e lakeEvent) bool {
			event := discover.Event{
				Account: s.account, Group: e.Group, Stream: e.Stream, Timestamp: e.Timestamp, Ingestion: e.Ingestion, Message: e.Message, Ptr: e.Ptr(),
			}
			if e.format.Len() > 0 {
				header := e.format.Header()
				if formats[header] == nil {
					formats[header] = &e.format
				}
				event.Format = formats[header]
			}
			out = append(out, event)
			return len(out) <= maxReferenceEvents
		})
		if err != nil {
			return nil, err
		}
		if len(out) > maxReferenceEvents {
			return nil, fmt.Errorf("%w: more than %d events of %s would be read, which is done in memory: ask for less time", query.ErrLimit, maxReferenceEvents, name)
		}
	}
	return out, nil
}

// lookupTable returns a lookup table; nil where there is none of the name.
func (s *Local) lookupTable(ctx context.Context, name string) (*lookup.Table, error) {
	store, err := s.logStore(ctx, false)
	if err != nil || store == nil {
		return nil, err
	}
	body, ok, err := logs.LookupTable(ctx, store, name)
	if err != nil || !ok {
		return nil, err
	}
	return lookup.Parse(body)
}
