package app

import (
	"context"
	"slices"

	"weir/flowlog"
	"weir/internal/alarm"
	"weir/internal/awsapi/logs"
	"weir/internal/contributor"
	"weir/internal/filterpattern"
	"weir/internal/logstore"
	"weir/internal/metricstore"
)

// alarmEvidence finds the log events behind alarms: those that the metric filters of an alarm's metrics and the rules of Contributor Insights in
// its expressions choose.
type alarmEvidence struct {
	s            *Local
	store        *logstore.Store
	contributors *contributor.Store
	// owners tell whose addresses are whose.
	owners func(context.Context) (contributor.Owners, error)
	// delivery tells of flow logs that are not delivered.
	delivery *deliveryWatch
}

// of returns what is behind an action; nil where no log events are.
func (e *alarmEvidence) of(ctx context.Context, a *alarm.Action) (*evidence, error) {
	m := a.Definition.Metric
	if m == nil {
		return nil, nil
	}
	matches := map[string][]func(*lakeEvent) bool{}
	metrics, rules := uses(m)
	if slices.ContainsFunc(metrics, func(k metricstore.Metric) bool { return k.Namespace == DeliveryNamespace && k.Name == failedDeliveries }) {
		from, to := judged(a, m)
		return e.delivery.evidence(ctx, from, to)
	}
	filters, err := logs.MetricFilters(ctx, e.store)
	if err != nil {
		return nil, err
	}
	for _, f := range filters {
		for _, k := range metrics {
			if f.Transformation.MetricNamespace != k.Namespace || f.Transformation.MetricName != k.Name {
				continue
			}
			p, err := filterpattern.Parse(f.Pattern)
			if err != nil {
				return nil, err
			}
			matches[f.Group] = append(matches[f.Group], func(e *lakeEvent) bool { return p.Matches(e.Message) })
		}
	}
	kept, err := e.contributors.Rules(ctx)
	if err != nil {
		return nil, err
	}
	groups, err := e.groups(ctx)
	if err != nil {
		return nil, err
	}
	owners, err := e.owners(ctx)
	if err != nil {
		return nil, err
	}
	for i := range kept {
		if !slices.Contains(rules, kept[i].Name) {
			continue
		}
		contributes := contributesTo(kept[i].Rule, owners)
		for _, g := range groups {
			if kept[i].Rule.Matches(g) {
				matches[g] = append(matches[g], contributes)
			}
		}
	}
	if len(matches) == 0 {
		return nil, nil
	}
	r := evidenceRequest{groups: keysOfMap(matches), matches: func(e *lakeEvent) bool {
		return slices.ContainsFunc(matches[e.Group], func(f func(*lakeEvent) bool) bool { return f(e) })
	}}
	r.from, r.to = judged(a, m)
	return e.s.evidence(ctx, r)
}

// contributesTo returns which events contribute to a rule, whatever formats they have.
func contributesTo(rule *contributor.Rule, owners contributor.Owners) func(*lakeEvent) bool {
	byFormat := map[string]func(string, int64) bool{}
	var last flowlog.Format
	var contributes func(string, int64) bool
	return func(e *lakeEvent) bool {
		if contributes == nil || !e.format.Equal(last) {
			last = e.format
			text := ""
			if last.Len() > 0 {
				text = last.String()
			}
			if byFormat[text] == nil {
				byFormat[text] = rule.Contributes(text, owners)
			}
			contributes = byFormat[text]
		}
		return contributes(e.Message, e.Timestamp)
	}
}

// groups returns the names of all log groups.
func (e *alarmEvidence) groups(ctx context.Context) ([]string, error) {
	kept, err := e.store.Groups(ctx)
	if err != nil {
		return nil, err
	}
	ofLake, err := e.s.LakeGroups().All()
	if err != nil {
		return nil, err
	}
	var out []string
	for i := range kept {
		out = append(out, kept[i].Name)
	}
	for i := range ofLake {
		out = append(out, ofLake[i].Name)
	}
	return out, nil
}

// ruleGroups returns the log groups of rules.
func (e *alarmEvidence) ruleGroups(ctx context.Context, rules []string) ([]string, error) {
	if len(rules) == 0 {
		return nil, nil
	}
	kept, err := e.contributors.Rules(ctx)
	if err != nil {
		return nil, err
	}
	groups, err := e.groups(ctx)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(groups, func(g string) bool {
		return !slices.ContainsFunc(kept, func(d contributor.Described) bool { return slices.Contains(rules, d.Name) && d.Rule.Matches(g) })
	}), nil
}
