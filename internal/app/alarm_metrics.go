package app

import (
	"context"
	"slices"
	"time"

	"weir/internal/contributor"
	"weir/internal/metricmath"
	"weir/internal/metricstore"
)

// metricSource has the points of metrics and of rules of Contributor Insights.
type metricSource struct {
	metrics      *metricstore.Store
	contributors *contributor.Store
	// live leaves out backfilled data, as alarms do.
	live bool
}

var _ metricmath.Source = metricSource{}

// Series returns the points of a metric. Of several units it is the first in the order of their names.
func (s metricSource) Series(ctx context.Context, stat *metricmath.Stat, from, to int64) (metricmath.Series, error) {
	points, err := s.points(ctx, stat, from, to)
	if err != nil {
		return metricmath.Series{}, err
	}
	out := metricmath.Series{Period: stat.Period}
	for _, p := range points {
		if !slices.Contains(out.Units, p.unit) {
			out.Units = append(out.Units, p.unit)
		}
	}
	slices.Sort(out.Units)
	for _, p := range points {
		if p.unit == out.Units[0] {
			out.Times, out.Values = append(out.Times, p.Time), append(out.Values, p.Value)
		}
	}
	return out, nil
}

// statPoint is the statistic of a period.
type statPoint struct {
	Time               int64
	Value, sampleCount float64
	unit               string
}

// points returns the statistic of each period that has it.
func (s metricSource) points(ctx context.Context, stat *metricmath.Stat, from, to int64) ([]statPoint, error) {
	statistic, err := metricstore.ParseStatistic(stat.Stat)
	if err != nil {
		return nil, err
	}
	points, err := s.metrics.Read(ctx, metricstore.ReadRequest{
		Metric: stat.Metric, From: from, To: to, Period: stat.Period, Unit: stat.Unit, Live: s.live, Values: statistic.NeedsValues(),
	})
	if err != nil {
		return nil, err
	}
	out := make([]statPoint, 0, len(points))
	for i := range points {
		if v, ok := statistic.Of(&points[i]); ok {
			out = append(out, statPoint{points[i].Time, v, points[i].SampleCount, points[i].Unit})
		}
	}
	return out, nil
}

// Find returns the metrics of a namespace.
func (s metricSource) Find(ctx context.Context, namespace string) ([]metricstore.Metric, error) {
	return s.metrics.List(ctx, metricstore.ListRequest{Namespace: namespace})
}

// InsightRule returns a metric of a rule of Contributor Insights.
func (s metricSource) InsightRule(ctx context.Context, rule, metric string, period int, from, to int64) (metricmath.Series, error) {
	times, values, err := s.contributors.Metric(ctx, rule, metric, int64(period), from, to, s.live)
	return metricmath.Series{Times: times, Values: values, Period: period}, err
}

// seconds returns a time of whole seconds since the epoch.
func seconds(at int64) time.Time { return time.Unix(at, 0).UTC() }
