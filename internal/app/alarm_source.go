package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"weir/internal/alarm"
	"weir/internal/contributor"
	"weir/internal/metricmath"
	"weir/internal/metricstore"
)

// eventReader is what alarms need of who reads log events: [watching].
type eventReader interface {
	SettleLive(ctx context.Context) error
	// Lateness is that of a metric, lateness that of a log group.
	Lateness(ctx context.Context, namespace, name string) (time.Duration, error)
	lateness(ctx context.Context, group string) (time.Duration, error)
}

// alarmSource has the values that alarms watch.
type alarmSource struct {
	s      *Local
	values metricmath.Stored // of live data
	reader eventReader
	// ruleGroups returns the log groups of rules of Contributor Insights.
	ruleGroups func(ctx context.Context, rules []string) ([]string, error)
}

var _ alarm.Source = (*alarmSource)(nil)

// Values returns the datapoints of an alarm.
func (a *alarmSource) Values(ctx context.Context, m *alarm.Metric, from, to int64) ([]alarm.Datapoint, error) {
	if len(m.Queries) == 0 {
		return a.metricValues(ctx, m, from, to)
	}
	series, err := metricmath.Evaluate(ctx, a.values, m.Queries, from, to)
	if err != nil {
		return nil, ofDefinition(err)
	}
	if len(series) != 1 {
		return nil, brokenAlarm("The expression gives %d series, and an alarm watches one.", len(series))
	}
	var out []alarm.Datapoint
	for i, at := range series[0].Times {
		out = append(out, alarm.Datapoint{Time: at, Value: series[0].Values[i]})
	}
	return out, nil
}

// brokenAlarm is why an alarm can't be evaluated as it is defined: trying again does not help.
func brokenAlarm(format string, values ...any) error {
	return &alarm.Error{Code: "ValidationError", Message: fmt.Sprintf(format, values...)}
}

// ofDefinition makes an error that another try would give again one of the alarm's definition: of an expression, or that a rule of Contributor
// Insights is not there or has not got the metric.
func ofDefinition(err error) error {
	if wrong, ok := errors.AsType[*metricmath.Error](err); ok {
		return brokenAlarm("%s.", wrong)
	}
	if errors.Is(err, contributor.ErrNoRule) {
		return brokenAlarm("The expression asks for a rule of Contributor Insights that does not exist.")
	}
	if wrong, ok := errors.AsType[*contributor.InvalidError](err); ok { // a metric that the rule has not got
		return brokenAlarm("%s.", wrong)
	}
	return err
}

// metricValues returns the datapoints of an alarm on one metric.
func (a *alarmSource) metricValues(ctx context.Context, m *alarm.Metric, from, to int64) ([]alarm.Datapoint, error) {
	stat := metricmath.Stat{Metric: m.Metric, Period: m.Period, Stat: m.Statistic, Unit: m.Unit}
	series, err := a.values.Series(ctx, &stat, from, to)
	if err != nil {
		return nil, err
	}
	stat.Stat = "SampleCount"
	if len(series.Units) > 0 {
		stat.Unit = series.Units[0] // that of the values
	}
	counts, err := a.values.Series(ctx, &stat, from, to)
	if err != nil {
		return nil, err
	}
	samples := map[int64]float64{}
	for i, at := range counts.Times {
		samples[at] = counts.Values[i]
	}
	var out []alarm.Datapoint
	for i, at := range series.Times {
		out = append(out, alarm.Datapoint{Time: at, Value: series.Values[i], SampleCount: samples[at]})
	}
	return out, nil
}

// Lateness is how many seconds after a period's end its data have come.
func (a *alarmSource) Lateness(ctx context.Context, m *alarm.Metric) (int64, error) {
	metrics, rules := uses(m)
	most := time.Duration(0)
	for _, k := range metrics {
		late, err := a.reader.Lateness(ctx, k.Namespace, k.Name)
		if err != nil {
			return 0, err
		}
		most = max(most, late)
	}
	groups, err := a.ruleGroups(ctx, rules)
	if err != nil {
		return 0, err
	}
	for _, g := range groups {
		late, err := a.reader.lateness(ctx, g)
		if err != nil {
			return 0, err
		}
		most = max(most, late)
	}
	return int64((most + time.Second - 1) / time.Second), nil
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
	}
	return metrics, metricmath.InsightRules(m.Queries)
}

// Settle returns when what was durable at a time has been counted.
//
// What is durable now was so at any time before.
func (a *alarmSource) Settle(ctx context.Context, _ int64) error { return a.reader.SettleLive(ctx) }
