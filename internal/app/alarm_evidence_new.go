package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"weir/internal/alarm"
	"weir/internal/contributor"
	"weir/internal/metricmath"
)

// newcomers are the new contributors of rules, by the rules' names.
type newcomers map[string]*contributorsOf

// contributorsOf are some contributors of a rule: their keys, in order.
type contributorsOf struct {
	labels []string
	keys   [][]string
}

// maxNewSaid is how many new contributors of a rule a message names.
const maxNewSaid = 20

// newcomers returns the new contributors in the periods behind an alarm, of those rules of which an alarm watches nothing else.
func (e *alarmEvidence) newcomers(ctx context.Context, m *alarm.Metric, from, to int64) (newcomers, error) {
	others := map[string]bool{}
	watched := metricmath.RuleMetrics(m.Queries)
	for _, k := range watched {
		if k.Metric != contributor.NewContributors {
			others[k.Rule] = true
		}
	}
	out := newcomers{}
	for _, k := range watched {
		if others[k.Rule] {
			continue
		}
		kept, _, err := e.rules(ctx, []string{k.Rule})
		if err != nil {
			return nil, err
		}
		if len(kept) == 0 {
			continue
		}
		all, err := e.contributors.Newcomers(ctx, contributor.NewRequest{Name: k.Rule, From: from, To: to, Period: int64(m.EvaluationPeriod()), Live: true})
		if refused := new(contributor.InvalidError); errors.As(err, &refused) || errors.Is(err, contributor.ErrNoRule) {
			continue // the alarm says so itself
		}
		if err != nil {
			return nil, err
		}
		of := &contributorsOf{labels: kept[0].Rule.KeyLabels()}
		for _, period := range all {
			of.keys = append(of.keys, period.Keys...)
		}
		slices.SortFunc(of.keys, slices.Compare)
		of.keys = slices.CompactFunc(of.keys, slices.Equal)
		out[k.Rule] = of
	}
	return out, nil
}

// contribute returns which events are of the contributors, whatever formats they have.
func (n *contributorsOf) contribute(rule *contributor.Rule, owners contributor.Owners, names contributor.Names) func(*lakeEvent) bool {
	return inFormats(func(format string) func(string, int64) bool {
		of := rule.ContributorOf(format, owners, names)
		return func(message string, timestamp int64) bool {
			keys := of(message, timestamp)
			if keys == nil {
				return false
			}
			_, is := slices.BinarySearchFunc(n.keys, keys, slices.Compare)
			return is
		}
	})
}

// says returns a line for each rule, with who is new.
func (n newcomers) says() []string {
	var out []string
	for _, of := range n {
		if len(of.keys) == 0 {
			continue
		}
		var who []string
		for _, keys := range of.keys[:min(len(of.keys), maxNewSaid)] {
			who = append(who, strings.Join(keys, " "))
		}
		line := "New " + strings.Join(of.labels, " ") + ": " + strings.Join(who, "; ") // services have commas
		if more := len(of.keys) - maxNewSaid; more > 0 {
			line += fmt.Sprintf("; and %d more", more)
		}
		out = append(out, line)
	}
	slices.Sort(out)
	return out
}
