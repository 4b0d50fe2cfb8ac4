package app

import (
	"context"
	"fmt"
	"slices"

	"weir/internal/alarm"
	"weir/internal/metricmath"
	"weir/internal/metricstore"
)

// eventReader is what alarms need of the reader of log events.
type eventReader interface {
	// Settle returns when what was durable at a time, in seconds since the epoch, has been counted.
	Settle(ctx context.Context, until int64) error
	// GroupLateness is how many seconds after an event's time it has come to a log group.
	GroupLateness(ctx context.Context, group string) (int64, error)
	// MetricLateness is that of a metric: the greatest of the log groups whose metric filters make it.
	MetricLateness(ctx context.Context, namespace, name string) (int64, error)
}

// alarmSource has the values that alarms watch.
type alarmSource struct {
	s      *Local
	values metricSource // of live data
	reader eventReader
	// rules returns the log groups of a rule of Contributor Insights.
	rules func(ctx context.Context, name string) ([]string, error)
}

var _ alarm.Source = (*alarmSource)(nil)

// Values returns the datapoints of an alarm.
func (a *alarmSource) Values(ctx context.Context, m *alarm.Metric, from, to int64) ([]alarm.Datapoint, error) {
	if len(m.Queries) == 0 {
		points, err := a.values.points(ctx, &metricmath.Stat{Metric: m.Metric, Period: m.Period, Stat: m.Statistic, Unit: m.Unit}, from, to)
		if err != nil {
			return nil, err
		}
		var out []alarm.Datapoint
		first := "" // unit
		for _, p := range points {
			if first == "" || p.unit < first {
				first = p.unit
			}
		}
		for _, p := range points {
			if p.unit == first {
				out = append(out, alarm.Datapoint{Time: p.Time, Value: p.Value, SampleCount: p.sampleCount})
			}
		}
		return out, nil
	}
	series, err := metricmath.Evaluate(ctx, a.values, m.Queries, from, to)
	if err != nil {
		return nil, err
	}
	if len(series) != 1 {
		return nil, fmt.Errorf("the expression gives %d series, and an alarm watches one", len(series))
	}
	var out []alarm.Datapoint
	for i, at := range series[0].Times {
		out = append(out, alarm.Datapoint{Time: at, Value: series[0].Values[i]})
	}
	return out, nil
}

// Lateness is how many seconds after a period's end its data have come.
func (a *alarmSource) Lateness(ctx context.Context, m *alarm.Metric) (int64, error) {
	metrics, rules := uses(m)
	most := int64(0)
	for _, k := range metrics {
		n, err := a.reader.MetricLateness(ctx, k.Namespace, k.Name)
		if err != nil {
			return 0, err
		}
		most = max(most, n)
	}
	for _, rule := range rules {
		groups, err := a.rules(ctx, rule)
		if err != nil {
			return 0, err
		}
		for _, g := range groups {
			n, err := a.reader.GroupLateness(ctx, g)
			if err != nil {
				return 0, err
			}
			most = max(most, n)
		}
	}
	return most, nil
}

// uses returns the metrics and the rules of Contributor Insights that an alarm watches.
func uses(m *alarm.Metric) (metrics []metricstore.Metric, rules []string) {
	if len(m.Queries) == 0 {
		return []metricstore.Metric{m.Metric}, nil
	}
	for i := range m.Queries {
		if stat := m.Queries[i].Stat; stat != nil {
			metrics = append(metrics, stat.Metric)
		}
		for _, rule := range metricmath.InsightRules(m.Queries[i].Expression) {
			if !slices.Contains(rules, rule) {
				rules = append(rules, rule)
			}
		}
	}
	return metrics, rules
}

// Settle returns when what was durable at a time has been counted.
func (a *alarmSource) Settle(ctx context.Context, until int64) error { return a.reader.Settle(ctx, until) }
