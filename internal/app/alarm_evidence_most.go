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
// They are those over the threshold, where the alarm compares the rule's metric with it, and nothing that is made of the metric; else those that had most.
func (e *alarmEvidence) greatest(ctx context.Context, a *alarm.Action, from, to int64) (map[string]*contributorsOf, []string, error) {
	m := a.Definition.Metric
	if a.New != alarm.Alarm || !strings.HasPrefix(m.Comparison, "GreaterThan") {
		return nil, nil, nil
	}
	watched := metricmath.RuleMetrics(m.Queries)
	out := map[string]*contributorsOf{}
	var says []string
	for _, k := range watched {
		if slices.ContainsFunc(watched, func(o metricmath.RuleMetric) bool {
			return o.Rule == k.Rule && o.Metric != contributor.MaxContributorValue
		}) {
			continue
		}
		labels, most, err := e.most(ctx, k.Rule, int64(m.EvaluationPeriod()), from, to)
		if refused := new(contributor.InvalidError); errors.As(err, &refused) || errors.Is(err, contributor.ErrNoRule) {
			continue // the alarm says so itself
		}
		if err != nil {
			return nil, nil, err
		}
		if metricmath.IsRuleMetric(m.Queries) {
			over := slices.DeleteFunc(slices.Clone(most), func(c contributor.Contributor) bool {
				return c.Value < m.Threshold || c.Value == m.Threshold && m.Comparison == "GreaterThanThreshold"
			})
			if len(over) > 0 { // none, where what counted was removed or came late since
				most = over
			}
		} else {
			most = most[:min(len(most), evidenceTop)]
		}
		if len(most) == 0 {
			continue
		}
		of := &contributorsOf{labels: labels}
		for i := range most {
			of.keys = append(of.keys, most[i].Keys)
		}
		slices.SortFunc(of.keys, slices.Compare)
		out[k.Rule] = of
		says = append(says, mostLine(labels, most))
	}
	slices.Sort(says)
	return out, says, nil
}

// most returns the contributors of a rule in the periods that were judged, each with the greatest value that it had in one of them, the greatest first.
func (e *alarmEvidence) most(ctx context.Context, rule string, period, from, to int64) (labels []string, most []contributor.Contributor, err error) {
	byKeys := map[string]contributor.Contributor{}
	for at := max(from, to-mostPeriods*period); at < to; at += period {
		// A report of minutes over one period of the alarm: those of alarms begin at any minute.
		r, err := e.contributors.Report(ctx, contributor.ReportRequest{Name: rule, From: at, To: at + period, Period: 60, MaxContributors: mostAsked, Live: true})
		if err != nil {
			return nil, nil, err
		}
		labels = r.KeyLabels
		for _, c := range r.Contributors {
			key := strings.Join(c.Keys, "\x00")
			if had, ok := byKeys[key]; !ok || c.Value > had.Value {
				byKeys[key] = c
			}
		}
	}
	return labels, slices.SortedFunc(maps.Values(byKeys), func(a, b contributor.Contributor) int {
		return cmp.Or(cmp.Compare(b.Value, a.Value), slices.Compare(a.Keys, b.Keys))
	}), nil
}

// mostLine says who the contributors are.
func mostLine(labels []string, most []contributor.Contributor) string {
	var who []string
	for _, c := range most[:min(len(most), evidenceTop)] {
		who = append(who, strings.Join(c.Keys, " ")+" "+plainNumber(c.Value))
	}
	line := "Most by " + strings.Join(labels, " ") + ": " + strings.Join(who, "; ")
	if more := len(most) - evidenceTop; more > 0 {
		line += fmt.Sprintf("; and %d more", more)
	}
	return line
}
