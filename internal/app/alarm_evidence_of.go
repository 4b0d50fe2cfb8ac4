package app

import (
	"context"
	"slices"

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
}

// of returns what is behind an action; nil where no log events are.
func (e *alarmEvidence) of(ctx context.Context, a *alarm.Action) (*evidence, error) {
	m := a.Definition.Metric
	if m == nil {
		return nil, nil
	}
	matches := map[string][]func(string) bool{}
	metrics, rules := uses(m)
	filters, err := logs.MetricFilters(ctx, e.store)
	if err != nil {
		return nil, err
	}
	for _, f := range filters {
		for _, k := range metrics {
			if f.Transformation.MetricNamespace != k.Namespace || f.Transformation.MetricName != k.Name {
				continue
			}
			fn, err := adds(f.Pattern, f.Transformation, k)
			if err != nil {
				return nil, err
			}
			if fn != nil {
				matches[f.Group] = append(matches[f.Group], fn)
			}
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
	for i := range kept {
		if !slices.Contains(rules, kept[i].Name) {
			continue
		}
		contributes := kept[i].Rule.Contributes()
		for _, g := range groups {
			if kept[i].Rule.Matches(g) {
				matches[g] = append(matches[g], contributes)
			}
		}
	}
	if len(matches) == 0 {
		return nil, nil
	}
	r := evidenceRequest{groups: keysOfMap(matches), matches: func(group, message string) bool {
		return slices.ContainsFunc(matches[group], func(f func(string) bool) bool { return f(message) })
	}}
	r.from, r.to = judged(a, m)
	return e.s.evidence(ctx, r)
}

// adds returns what says whether an event adds to a metric by a metric filter; nil where none does, since the filter makes metrics of other dimensions.
func adds(pattern string, t filterpattern.Transformation, k metricstore.Metric) (func(message string) bool, error) {
	p, err := filterpattern.Parse(pattern)
	if err != nil {
		return nil, err
	}
	m, err := p.Metric(t)
	if err != nil {
		return nil, err
	}
	if len(t.Dimensions) != len(k.Dimensions) {
		return nil, nil
	}
	for _, d := range k.Dimensions {
		if _, has := t.Dimensions[d.Name]; !has {
			return nil, nil
		}
	}
	return func(message string) bool {
		d, ok := m.Datum(message)
		return ok && !slices.ContainsFunc(d.Dimensions, func(of filterpattern.Extracted) bool {
			return !slices.Contains(k.Dimensions, metricstore.Dimension{Name: of.Name, Value: of.Value})
		})
	}, nil
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
