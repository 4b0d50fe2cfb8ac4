package contributor

import (
	"cmp"
	"context"
	"slices"
)

// Limits of reports.
const (
	// maxContributors is AWS's limit on the contributors that are named, defaultContributors what is named where nothing is asked for.
	maxContributors     = 100
	defaultContributors = 10
	// maxPeriods bounds the datapoints of a report: 15 days of minutes.
	maxPeriods = 15 * 24 * 60
)

// metrics are the names of all metrics.
var metrics = []string{UniqueContributors, MaxContributorValue, SampleCount, Sum, Minimum, Maximum, Average}

// Report returns a report, of what was added and is not committed too. It reads runs side by side, and takes some 40 KB of
// memory for each. Errors: ErrNoRule, *InvalidError.
//
// Source: AWS, CloudWatch API Reference, GetInsightRuleReport; what it leaves open is in docs/decisions/0040-contributor-insights.md.
func (s *Store) Report(ctx context.Context, r ReportRequest) (*Report, error) {
	if err := checkReport(&r); err != nil {
		return nil, err
	}
	v, err := s.view(ctx, r.Name, floorDiv(r.From, r.Period)*r.Period, -floorDiv(-r.To, r.Period)*r.Period, r.Live)
	if err != nil {
		return nil, err
	}
	defer v.close()
	for _, m := range r.Metrics {
		if err := v.rule.has(m); err != nil {
			return nil, err
		}
	}
	periods := make([]periodTotals, (v.to-v.from)/r.Period)
	if err := v.sumTotals(ctx, periods, r.Period); err != nil {
		return nil, err
	}
	out := &Report{KeyLabels: v.rule.KeyLabels(), AggregationStatistic: v.rule.AggregationStatistic(), Begun: v.begun, Unfit: v.unfit}
	for i := range periods {
		if v.rule.distinct == nil {
			out.AggregateValue += periods[i].sum
		} else {
			periods[i].sum = 0 // it counts events
		}
		out.Skipped.join(periods[i].skipped)
	}
	top := &ranking{most: cmp.Or(r.MaxContributors, defaultContributors), keys: len(v.rule.keys)}
	err = v.eachContributor(ctx, r.Period, func(key []byte, sum float64, touched []int, values []float64) {
		out.UniqueContributors++
		if v.rule.distinct != nil {
			out.AggregateValue += sum
			for _, i := range touched {
				periods[i].sum += values[i]
			}
		}
		rank := sum
		if r.OrderBy == Maximum {
			rank = values[touched[0]]
		}
		for _, i := range touched {
			periods[i].contribute(values[i])
			if r.OrderBy == Maximum {
				rank = max(rank, values[i])
			}
		}
		top.offer(key, rank, func() Contributor {
			c := Contributor{Value: sum}
			for _, i := range touched {
				c.Datapoints = append(c.Datapoints, Contribution{v.from + int64(i)*r.Period, values[i]})
			}
			return c
		})
	})
	if err != nil {
		return nil, err
	}
	out.Contributors = top.contributors()
	if len(r.Metrics) > 0 {
		out.Datapoints = make([]Datapoint, len(periods))
		for i := range periods {
			out.Datapoints[i] = periods[i].datapoint(v.from+int64(i)*r.Period, r.Metrics)
		}
	}
	return out, nil
}

func checkReport(r *ReportRequest) error {
	if err := checkPeriod(r.Period, r.From, r.To); err != nil {
		return err
	}
	if r.MaxContributors < 0 || r.MaxContributors > maxContributors {
		return invalid("MaxContributorCount is 1 to %d", maxContributors)
	}
	for _, m := range r.Metrics {
		if err := checkMetric(m); err != nil {
			return err
		}
	}
	if r.OrderBy != "" && r.OrderBy != Sum && r.OrderBy != Maximum {
		return invalid("OrderBy is %s or %s", Sum, Maximum)
	}
	return nil
}

// has fails where reports of the rule have not got a metric: those of single events say nothing where what is distinct counts.
func (r *Rule) has(metric string) error {
	if r.distinct != nil && (metric == Minimum || metric == Maximum || metric == Average) {
		return invalid("a rule that counts what is distinct has no %s", metric)
	}
	return nil
}

func checkMetric(m string) error {
	if m == NewContributors {
		return invalid("reports have no %s, as AWS's have none: INSIGHT_RULE_METRIC has it, in GetMetricData and alarms", m)
	}
	if !slices.Contains(metrics, m) {
		return invalid("%q is none of the metrics of a rule, which are %v", m, metrics)
	}
	return nil
}

func checkPeriod(period, from, to int64) error {
	switch {
	case period <= 0 || period%secondsPerMinute != 0:
		return invalid("Period is a multiple of 60 seconds")
	case to <= from:
		return invalid("EndTime must be after StartTime")
	case (to-from)/period > maxPeriods || to-from < 0:
		return invalid("the report would have more than %d periods: choose a longer Period or less time", maxPeriods)
	}
	return nil
}

// periodTotals are of a period.
type periodTotals struct {
	totals
	unique         int64
	maxContributor float64
}

// contribute adds a contributor's value.
func (p *periodTotals) contribute(v float64) {
	if p.unique == 0 || v > p.maxContributor {
		p.maxContributor = v
	}
	p.unique++
}

// metric returns one of the metrics: 0 where nothing contributed, as AWS does (seen).
func (p *periodTotals) metric(name string) float64 {
	switch {
	case p.samples == 0:
		return 0
	case name == UniqueContributors:
		return float64(p.unique)
	case name == MaxContributorValue:
		return p.maxContributor
	case name == SampleCount:
		return float64(p.samples)
	case name == Sum:
		return p.sum
	case name == Minimum:
		return p.min
	case name == Maximum:
		return p.max
	}
	return p.sum / float64(p.samples)
}

func (p *periodTotals) datapoint(at int64, metrics []string) Datapoint {
	d := Datapoint{Time: at}
	for _, name := range metrics {
		v := p.metric(name)
		switch name {
		case UniqueContributors:
			d.UniqueContributors = v
		case MaxContributorValue:
			d.MaxContributorValue = v
		case SampleCount:
			d.SampleCount = v
		case Sum:
			d.Sum = v
		case Minimum:
			d.Minimum = v
		case Maximum:
			d.Maximum = v
		case Average:
			d.Average = v
		}
	}
	return d
}
