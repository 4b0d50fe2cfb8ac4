package metricstore

import (
	"cmp"
	"context"
	"slices"
	"time"
)

// A DimensionFilter takes metrics that have a dimension of a name, and of a value where that is not "".
type DimensionFilter struct{ Name, Value string }

// A ListRequest asks for metrics. What is "" or nil does not bound.
type ListRequest struct {
	Namespace, Name string
	// Dimensions are those that a metric has, maybe among others.
	Dimensions []DimensionFilter
	// RecentlyActive asks for metrics that got data in the last three hours, in place of two weeks.
	RecentlyActive bool
}

const (
	listed   = 14 * day
	recently = 3 * time.Hour
)

// List returns the metrics that got data in the last two weeks, by [Metric.Key]. What counts is when data came, not of when
// they are. The caller does not change their dimensions.
//
// Source: AWS, ListMetrics.
func (s *Store) List(_ context.Context, r ListRequest) ([]Metric, error) {
	since := s.now().Add(-listed)
	if r.RecentlyActive {
		since = s.now().Add(-recently)
	}
	type named struct {
		key string
		Metric
	}
	var found []named
	s.mu.RLock()
	for key, e := range s.metrics {
		if e.received >= since.UnixMilli() && r.takes(e.Metric) {
			found = append(found, named{key, e.Metric})
		}
	}
	s.mu.RUnlock()
	slices.SortFunc(found, func(a, b named) int { return cmp.Compare(a.key, b.key) })
	out := make([]Metric, len(found))
	for i := range found {
		out[i] = found[i].Metric
	}
	return out, nil
}

func (r *ListRequest) takes(m Metric) bool {
	if r.Namespace != "" && r.Namespace != m.Namespace || r.Name != "" && r.Name != m.Name {
		return false
	}
	for _, f := range r.Dimensions {
		if !slices.ContainsFunc(m.Dimensions, func(d Dimension) bool { return d.Name == f.Name && (f.Value == "" || f.Value == d.Value) }) {
			return false
		}
	}
	return true
}
