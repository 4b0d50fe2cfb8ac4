package monitoring

import (
	"context"
	"fmt"

	"weir/internal/contributor"
	"weir/internal/metricmath"
)

// maxReports is how many reports are made for one series.
const maxReports = 1440

// Reports has reports of rules of Contributor Insights; *[contributor.Store] does.
type Reports interface {
	Report(ctx context.Context, r contributor.ReportRequest) (*contributor.Report, error)
	Newcomers(ctx context.Context, r contributor.NewRequest) ([]contributor.Newcomers, error)
}

// RuleMetrics are the metrics of rules of Contributor Insights, for metric math.
type RuleMetrics struct {
	Reports Reports
	// Live leaves out what is backfilled: alarms see none.
	Live bool
}

// InsightRule returns a metric of a rule: a point for each period, 0 where nothing contributed. Periods that were over before the rule was enabled
// first, and have nothing, have no point. See [metricmath.Source].
//
// Reports have periods that begin at multiples of their length. Where those of the series do not, as in alarms, whose periods move by a
// minute, there is a report for each; only metrics that it has exactly are taken then.
func (m RuleMetrics) InsightRule(ctx context.Context, rule, metric string, period int, from, to int64) (metricmath.Series, error) {
	r := contributor.ReportRequest{Name: rule, From: from, To: to, Period: int64(period), Metrics: []string{metric}, Live: m.Live}
	switch {
	case period%60 != 0:
		return metricmath.Series{}, ruleRefused("give the query another Period", "The metrics of rules have periods of minutes; this is %d seconds", period)
	case from >= to:
		return metricmath.Series{}, nil
	case metric == contributor.NewContributors:
		return m.newcomers(ctx, r)
	case from%r.Period == 0:
		return m.aligned(ctx, r)
	case (to-from)/r.Period > maxReports:
		return metricmath.Series{}, ruleRefused("let the time begin at a multiple of the Period", "More than %d periods of a rule do not begin at multiples of their length", maxReports)
	}
	var out metricmath.Series
	for at := from; at < to; at += r.Period {
		r.From, r.To = at, min(at+r.Period, to)
		v, there, err := m.moved(ctx, r)
		if err != nil {
			return out, err
		}
		if !there {
			continue
		}
		out.Times, out.Values = append(out.Times, at), append(out.Values, v)
	}
	return out, nil
}

func (m RuleMetrics) aligned(ctx context.Context, r contributor.ReportRequest) (metricmath.Series, error) {
	report, err := m.Reports.Report(ctx, r)
	if err != nil {
		return metricmath.Series{}, err
	}
	var out metricmath.Series
	for _, d := range report.Datapoints {
		v := ruleMetric(d, r.Metrics[0])
		if v == 0 && d.Time+r.Period <= report.Begun {
			continue
		}
		out.Times, out.Values = append(out.Times, d.Time), append(out.Values, v)
	}
	return out, nil
}

// newcomers returns how many contributors are new. Periods of which it is not known have no point.
func (m RuleMetrics) newcomers(ctx context.Context, r contributor.ReportRequest) (metricmath.Series, error) {
	q := contributor.NewRequest{Name: r.Name, From: r.From, To: r.To, Period: r.Period, Live: m.Live}
	if late := (r.To - r.From) % r.Period; late != 0 && r.From%r.Period == 0 {
		q.To += r.Period - late // as in reports, a period that is cut counts as a whole
	}
	if q.From%60 != 0 {
		return metricmath.Series{}, ruleRefused("let the time begin at a whole minute", "The metric %s of a rule is known for periods that begin at whole minutes", contributor.NewContributors)
	}
	all, err := m.Reports.Newcomers(ctx, q)
	var out metricmath.Series
	for _, of := range all {
		out.Times, out.Values = append(out.Times, of.Time), append(out.Values, float64(len(of.Keys)))
	}
	return out, err
}

// moved returns a metric of one period, made of minutes; false where there is no point.
func (m RuleMetrics) moved(ctx context.Context, r contributor.ReportRequest) (float64, bool, error) {
	r.Period, r.MaxContributors = 60, 1
	report, err := m.Reports.Report(ctx, r)
	if err != nil {
		return 0, false, err
	}
	v, err := ofMinutes(report, r.Metrics[0])
	return v, v != 0 || r.To > report.Begun, err
}

// ofMinutes returns a metric of the whole time of a report of minutes.
func ofMinutes(report *contributor.Report, metric string) (float64, error) {
	switch metric {
	case contributor.UniqueContributors:
		return float64(report.UniqueContributors), nil
	case contributor.MaxContributorValue:
		if len(report.Contributors) == 0 {
			return 0, nil
		}
		return report.Contributors[0].Value, nil
	case contributor.Sum, contributor.SampleCount:
		if metric == contributor.Sum && report.AggregationStatistic == contributor.Distinct {
			return report.AggregateValue, nil // minutes can't be added up
		}
		total := 0.0
		for _, d := range report.Datapoints {
			total += ruleMetric(d, metric)
		}
		return total, nil
	default:
		return 0, ruleRefused("let the time begin at a multiple of the Period, or take a Period of 60", "The metric %s of a rule is known for periods that begin at multiples of their length", metric)
	}
}

func ruleMetric(d contributor.Datapoint, metric string) float64 {
	switch metric {
	case contributor.UniqueContributors:
		return d.UniqueContributors
	case contributor.MaxContributorValue:
		return d.MaxContributorValue
	case contributor.SampleCount:
		return d.SampleCount
	case contributor.Sum:
		return d.Sum
	case contributor.Minimum:
		return d.Minimum
	case contributor.Maximum:
		return d.Maximum
	}
	return d.Average
}

func ruleRefused(hint, format string, args ...any) error {
	return &metricmath.Error{Offset: -1, Hint: hint, Text: fmt.Sprintf(format, args...)}
}
