package metricmath

import (
	"context"

	"weir/internal/metricstore"
)

// Points has the points of metrics; *[metricstore.Store] does.
type Points interface {
	List(ctx context.Context, r metricstore.ListRequest) ([]metricstore.Metric, error)
	Read(ctx context.Context, r metricstore.ReadRequest) ([]metricstore.Point, error)
}

// Rules has the metrics of rules of Contributor Insights. See [Source].
type Rules interface {
	InsightRule(ctx context.Context, rule, metric string, period int, from, to int64) (Series, error)
}

// A Stored is a [Source] over kept metrics.
type Stored struct {
	Points Points
	// Rules may be nil: then INSIGHT_RULE_METRIC is refused.
	Rules Rules
	// Live leaves out data that were backfilled: alarms see none.
	Live bool
}

// unitOrder is the order in which CloudWatch prefers units where a metric has data of several and the request names none.
//
// Source: LocalStack's test_cloudwatch.py, of what AWS answered: "it simply picks the first unit out of the list of allowed units".
var unitOrder = []string{
	"Megabits", "Terabits", "Gigabits", "Count", "Bytes", "Gigabytes", "Gigabytes/Second", "Kilobytes", "Kilobits/Second", "Terabytes",
	"Terabits/Second", "Bytes/Second", "Percent", "Megabytes", "Megabits/Second", "Milliseconds", "Microseconds", "Kilobytes/Second",
	"Gigabits/Second", "Megabytes/Second", "Bits", "Bits/Second", "Count/Second", "Seconds", "Kilobits", "Terabytes/Second", "None",
}

// Series returns the points of a metric that have the statistic, of one unit. See [Source].
func (s Stored) Series(ctx context.Context, stat *Stat, from, to int64) (Series, error) {
	statistic, err := metricstore.ParseStatistic(stat.Stat)
	if err != nil {
		return Series{}, err
	}
	points, err := s.Points.Read(ctx, metricstore.ReadRequest{
		Metric: stat.Metric, From: from, To: to, Period: stat.Period, Unit: stat.Unit, Live: s.Live, Values: statistic.NeedsValues(),
	})
	if err != nil {
		return Series{}, err
	}
	units := map[string]bool{}
	for i := range points {
		units[points[i].Unit] = true
	}
	var out Series
	for _, u := range unitOrder {
		if units[u] {
			out.Units = append(out.Units, u)
		}
	}
	for i := range points {
		if points[i].Unit != out.Units[0] {
			continue
		}
		if v, ok := statistic.Of(&points[i]); ok {
			out.Times, out.Values = append(out.Times, points[i].Time), append(out.Values, v)
		}
	}
	if len(out.Units) == 1 {
		out.Units = nil
	}
	return out, nil
}

// Find returns the metrics of a namespace. See [Source].
func (s Stored) Find(ctx context.Context, namespace string) ([]metricstore.Metric, error) {
	return s.Points.List(ctx, metricstore.ListRequest{Namespace: namespace})
}

// InsightRule returns a metric of a rule. See [Source].
func (s Stored) InsightRule(ctx context.Context, rule, metric string, period int, from, to int64) (Series, error) {
	if s.Rules == nil {
		return Series{}, wrong(-1, "", "There are no rules of Contributor Insights")
	}
	return s.Rules.InsightRule(ctx, rule, metric, period, from, to)
}
