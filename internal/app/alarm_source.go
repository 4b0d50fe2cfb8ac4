package app

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"weir/internal/alarm"
	"weir/internal/insights/value"
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

// LogResult runs the query of a log alarm.
func (a *alarmSource) LogResult(ctx context.Context, l *alarm.Log, at int64) (alarm.LogResult, error) {
	aggregation, err := alarm.ParseAggregation(l.Aggregation)
	if err != nil {
		return alarm.LogResult{}, err
	}
	// The end of what is asked for is in milliseconds and is part of it.
	result, err := a.s.LogsQuery(ctx, LogsQuery{Text: l.Query, Groups: groupNames(l.LogGroups), Start: (at - l.StartOffset) * 1000, End: (at-l.EndOffset)*1000 - 1})
	if err != nil {
		return alarm.LogResult{}, err
	}
	column := slices.Index(result.Columns, aggregation.Field)
	if aggregation.Field != "" && column < 0 && len(result.Rows) > 0 {
		return alarm.LogResult{}, fmt.Errorf("the query gives no field %s, which AggregationExpression asks for: it gives %s", aggregation.Field, strings.Join(result.Columns, ", "))
	}
	total := aggregation.Start()
	for _, row := range result.Rows {
		if column < 0 {
			total.Add("", true)
			continue
		}
		total.Add(row[column].String(), !row[column].IsAbsent())
	}
	out := total.Result()
	for _, row := range result.Rows[:min(len(result.Rows), l.ActionLogLineCount)] {
		out.Lines = append(out.Lines, resultLine(result.Columns, row))
	}
	return out, nil
}

// resultLine writes a row of a query as a log line: its message, or all its fields.
func resultLine(columns []string, row []value.Value) string {
	if i := slices.Index(columns, "@message"); i >= 0 {
		return row[i].String()
	}
	var parts []string
	for i, c := range columns {
		if !row[i].IsAbsent() {
			parts = append(parts, c+"="+row[i].String())
		}
	}
	return strings.Join(parts, " ")
}

// groupNames returns the names of log groups that are given by name or ARN.
func groupNames(identifiers []string) []string {
	out := make([]string, len(identifiers))
	for i, id := range identifiers {
		if parts := strings.SplitN(id, ":", 7); len(parts) == 7 && parts[0] == "arn" {
			id = strings.TrimSuffix(parts[6], ":*")
		}
		out[i] = id
	}
	return out
}
