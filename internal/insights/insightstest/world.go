package insightstest

import (
	"context"
	"maps"
	"slices"
	"strings"

	"weir/internal/insights"
	"weir/internal/insights/discover"
	"weir/internal/insights/lookup"
	"weir/internal/insights/reference"
	"weir/internal/insights/value"
)

// Account and Region are those of the events in tests.
const (
	Account = "123456789012"
	Region  = "eu-central-1"
)

// A World is what a query is asked of.
type World struct {
	Events []discover.Event
	Tables map[string]*lookup.Table
	// Query has the time range and the time at which the query starts.
	Query  value.Context
	Fields discover.Options
	Limit  int64
}

// An Engine answers a query of a world. It must not change either.
type Engine func(ctx context.Context, w *World, q *insights.Query) (*insights.Result, error)

// Reference is the plain evaluator as an engine.
func Reference(ctx context.Context, w *World, q *insights.Query) (*insights.Result, error) {
	return reference.Run(ctx, q, w.Env())
}

// Env returns the environment of the world for the plain evaluator.
func (w *World) Env() *reference.Env {
	return &reference.Env{
		Query:  w.Query,
		Fields: w.Fields,
		Limit:  w.Limit,
		Events: func(_ context.Context, source *insights.Source, start, end int64) ([]discover.Event, error) {
			return w.In(source, start, end), nil
		},
		Table: func(_ context.Context, name string) (*lookup.Table, error) { return w.Tables[name], nil },
	}
}

// In returns the events of a source in a time range, both ends inclusive. Without a source they are those of all groups.
func (w *World) In(source *insights.Source, start, end int64) []discover.Event {
	var out []discover.Event
	for _, e := range w.Events {
		if e.Timestamp >= start && e.Timestamp <= end && has(source, &e) {
			out = append(out, e)
		}
	}
	return out
}

// has says whether a source has the group of an event.
func has(s *insights.Source, e *discover.Event) bool {
	switch {
	case s == nil:
		return true
	case s.Groups != nil:
		return slices.Contains(s.Groups, e.Group)
	case s.DataSources != nil && (e.Format == nil || !slices.Contains(s.DataSources, "amazon_vpc.flow")):
		return false
	case s.LogGroups != nil && s.LogGroups.NamePrefixes != nil:
		return slices.ContainsFunc(s.LogGroups.NamePrefixes, func(p string) bool { return strings.HasPrefix(e.Group, p) })
	}
	return true
}

// bound sets the time range to that of the events, and the query's start behind it.
func (w *World) bound() {
	if len(w.Events) == 0 {
		return
	}
	w.Query.Start, w.Query.End = w.Events[0].Timestamp, w.Events[0].Timestamp
	for _, e := range w.Events {
		w.Query.Start, w.Query.End = min(w.Query.Start, e.Timestamp), max(w.Query.End, e.Timestamp)
	}
	w.Query.Now = w.Query.End + 1
}

// clone copies a world, so that what is loaded later does not change it.
func (w *World) clone() *World {
	c := *w
	c.Events, c.Tables = slices.Clone(w.Events), maps.Clone(w.Tables)
	return &c
}
