package metricmath

import (
	"context"

	"weir/internal/contributor"
)

// maxReports is how many reports are made for one series.
const maxReports = 1440

// InsightRule returns a metric of a rule: a point for each period, 0 where nothing contributed. See [Source].
//
// Reports have periods that begin at multiples of their length. Where those of the series do not, as in alarms, whose periods move by a
// minute, there is a report for each; only metrics that it has exactly are taken then.
func (s Stored) InsightRule(ctx context.Context, rule, metric string, period int, from, to int64) (Series, error) {
	r := contributor.ReportRequest{Name: rule, From: from, To: to, Period: int64(period), Metrics: []string{metric}, Live: s.Live}
	switch {
	case s.Rules == nil:
		return Series{}, wrong(-1, "", "There are no rules of Contributor Insights")
	case period%60 != 0:
		return Series{}, wrong(-1, "give the query another Period", "The metrics of rules have periods of minutes; this is %d seconds", period)
	case from >= to:
		return Series{}, nil
	case from%r.Period == 0:
		return s.aligned(ctx, r)
	case (to-from)/r.Period > maxReports:
		return Series{}, wrong(-1, "let the time begin at a multiple of the Period", "More than %d periods of a rule do not begin at multiples of their length", maxReports)
	}
	var out Series
	for at := from; at < to; at += r.Period {
		r.From, r.To = at, min(at+r.Period, to)
		v, err := s.moved(ctx, r)
		if err != nil {
			return out, err
		}
		out.Times, out.Values = append(out.Times, at), append(out.Values, v)
	}
	return out, nil
}

func (s Stored) aligned(ctx context.Context, r contributor.ReportRequest) (Series, error) {
	report, err := s.Rules.Report(ctx, r)
	if err != nil {
		return Series{}, err
	}
	var out Series
	for _, d := range report.Datapoints {
		out.Times = append(out.Times, d.Time)
		out.Values = append(out.Values, ruleMetric(d, r.Metrics[0]))
	}
	return out, nil
}

// moved returns a metric of one period, made of minutes.
func (s Stored) moved(ctx context.Context, r contributor.ReportRequest) (float64, error) {
	r.Period, r.MaxContributors = 60, 1
	report, err := s.Rules.Report(ctx, r)
	if err != nil {
		return 0, err
	}
	switch metric := r.Metrics[0]; metric {
	case contributor.UniqueContributors:
		return float64(report.UniqueContributors), nil
	case contributor.MaxContributorValue:
		if len(report.Contributors) == 0 {
			return 0, nil
		}
		return report.Contributors[0].Value, nil
	case contributor.SampleCount, contributor.Sum:
		total := 0.0
		for _, d := range report.Datapoints {
			total += ruleMetric(d, metric)
		}
		return total, nil
	default:
		return 0, wrong(-1, "let the time begin at a multiple of the Period, or take a Period of 60", "The metric %s of a rule is known for periods that begin at multiples of their length", metric)
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
