package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"weir/internal/alarm"
	"weir/internal/contributor"
	"weir/internal/metricmath"
)

const (
	// mostAsked is how many contributors a report names at most, mostPeriods of how many periods there is one: alarms look at few, and a message must not
	// wait for thousands.
	mostAsked   = 100
	mostPeriods = 60
)

// greatest returns the contributors that made an alarm go off which watches the greatest one of a rule, by the rule's name, and a line for each rule that says who they are. The events of
// all others have nothing to do with it: a host that sends much in few records would not be among those with most records.
//
// They are those over the threshold, where the alarm compares the rule's metric with it, and nothing that is made of the metric; else those that had most. Of an alarm on the sum of
// a rule that sums there is a line alone: all contribute to it, and how many records there are does not tell how much.
func (e *alarmEvidence) greatest(ctx context.Context, a *alarm.Action, from, to int64) (map[string]*contributorsOf, []string, error) {
	m := a.Definition.Metric
	if a.New != alarm.Alarm || !strings.HasPrefix(m.Comparison, "GreaterThan") {
		return nil, nil, nil
	}
	watched := metricmath.RuleMetrics(m.Queries)
	out := map[string]*contributorsOf{}
	var says []string
	for _, k := range watched {
		several := slices.ContainsFunc(watched, func(o metricmath.RuleMetric) bool { return o.Rule == k.Rule && o.Metric != k.Metric })
		if several || k.Metric != contributor.MaxContributorValue && k.Metric != contributor.Sum {
			continue
		}
		r, err := e.most(ctx, k.Rule, int64(m.EvaluationPeriod()), from, to)
		if refused := new(contributor.InvalidError); errors.As(err, &refused) || errors.Is(err, contributor.ErrNoRule) {
			continue // the alarm says so itself
		}
		if err != nil {
			return nil, nil, err
		}
		top := r.Contributors[:min(len(r.Contributors), evidenceTop)]
		switch {
		case len(top) == 0:
			continue
		case k.Metric == contributor.Sum:
			if r.AggregationStatistic == contributor.Sum {
				says = append(says, mostLine(r.KeyLabels, top))
			}
			continue
		case metricmath.IsRuleMetric(m.Queries):
			if over := overThreshold(r.Contributors, m); len(over) > 0 { // none, where what counted was removed or came late since
				top = over
			}
		}
		of := &contributorsOf{labels: r.KeyLabels}
		for i := range top {
			of.keys = append(of.keys, top[i].Keys)
		}
		slices.SortFunc(of.keys, slices.Compare)
		out[k.Rule] = of
		says = append(says, mostLine(r.KeyLabels, top))
	}
	slices.Sort(says)
	return out, says, nil
}

// overThreshold returns those whose value makes an alarm go off that is on values above its threshold.
func overThreshold(of []contributor.Contributor, m *alarm.Metric) []contributor.Contributor {
	return slices.DeleteFunc(slices.Clone(of), func(c contributor.Contributor) bool {
		return !m.Breaches(c.Value)
	})
}

// most returns who contributed to a rule in the periods behind an alarm, each with the greatest value that it had in one of them, the greatest first.
func (e *alarmEvidence) most(ctx context.Context, rule string, period, from, to int64) (*contributor.Report, error) {
	out := new(contributor.Report)
	byKeys := map[string]contributor.Contributor{}
	for at := max(from, to-mostPeriods*period); at < to; at += period {
		// A report of minutes over one period of the alarm: those of alarms begin at any minute.
		r, err := e.contributors.Report(ctx, contributor.ReportRequest{Name: rule, From: at, To: at + period, Period: 60, MaxContributors: mostAsked, Live: true})
		if err != nil {
			return nil, err
		}
		out.KeyLabels, out.AggregationStatistic = r.KeyLabels, r.AggregationStatistic
		for _, c := range r.Contributors {
			key := strings.Join(c.Keys, "\x00")
			if had, ok := byKeys[key]; !ok || c.Value > had.Value {
				byKeys[key] = c
			}
		}
	}
	out.Contributors = slices.SortedFunc(maps.Values(byKeys), func(a, b contributor.Contributor) int {
		return cmp.Or(cmp.Compare(b.Value, a.Value), slices.Compare(a.Keys, b.Keys))
	})
	return out, nil
}

// mostLine says who the contributors are.
func mostLine(labels []string, most []contributor.Contributor) string {
	var who []string
	for _, c := range most[:min(len(most), evidenceTop)] {
		who = append(who, strings.Join(c.Keys, " ")+" "+plainNumber(c.Value))
	}
	line := "Most by " + strings.Join(labels, " ") + ": " + strings.Join(who, "; ")
	switch more := len(most) - evidenceTop; {
	case len(most) >= mostAsked: // a report names no more
		line += fmt.Sprintf("; and at least %d more", more)
	case more > 0:
		line += fmt.Sprintf("; and %d more", more)
	}
	return line
}
