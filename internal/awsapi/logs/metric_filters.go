package logs

import (
	"context"
	"encoding/json"
	"errors"

	"weir/internal/filterpattern"
	"weir/internal/logstore"
)

// A MetricFilter is a metric filter of a group.
type MetricFilter struct {
	Group, Name string
	// Pattern is its filter pattern, "" for all events.
	Pattern        string
	Transformation filterpattern.Transformation
	// Disabled says that it counts nothing: see [DisableMetricFilter].
	Disabled bool
}

// MetricFilters returns the metric filters of all groups, by group and name.
func MetricFilters(ctx context.Context, store *logstore.Store) ([]MetricFilter, error) {
	all, err := store.Documents(ctx, logstore.DocumentQuery{Kind: metricFilterKind})
	if err != nil {
		return nil, err
	}
	off, err := store.Documents(ctx, logstore.DocumentQuery{Kind: disabledFilterKind, NoBody: true})
	if err != nil {
		return nil, err
	}
	type key struct{ group, name string }
	disabled := map[key]bool{}
	for _, d := range off {
		disabled[key{d.Group, d.Name}] = true
	}
	out := make([]MetricFilter, 0, len(all))
	for i := range all {
		f, err := decoded[metricFilter](&all[i])
		if err != nil {
			return nil, err
		}
		d := &all[i]
		out = append(out, MetricFilter{
			Group: d.Group, Name: d.Name, Pattern: f.Pattern, Transformation: f.Transformations[0].compiled(), Disabled: disabled[key{d.Group, d.Name}],
		})
	}
	return out, nil
}

// DisableMetricFilter disables a filter until it is put again, as AWS does with one that makes too many dimension values. reason is
// kept for who looks into the store: DescribeMetricFilters has no member for it.
func DisableMetricFilter(ctx context.Context, store *logstore.Store, group, name, reason string) error {
	body, err := json.Marshal(map[string]string{"reason": reason})
	if err != nil {
		return err
	}
	_, err = store.PutDocument(ctx, logstore.Document{Kind: disabledFilterKind, Group: group, Name: name, OfLake: true, Body: body})
	return err
}

// enableMetricFilter enables a filter that may be disabled.
func enableMetricFilter(ctx context.Context, store *logstore.Store, group, name string) error {
	err := store.DeleteDocument(ctx, disabledFilterKind, group, name)
	if errors.Is(err, logstore.ErrNoDocument) {
		return nil
	}
	return err
}
