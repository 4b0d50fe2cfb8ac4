package app

import (
	"context"
	"maps"
	"slices"

	"weir/flowlog"
	"weir/internal/alarm"
	"weir/internal/awsapi/logs"
	"weir/internal/contributor"
	"weir/internal/filterpattern"
	"weir/internal/logstore"
	"weir/internal/metricstore"
	"weir/internal/query"
)

// alarmEvidence finds the log events behind alarms: those that the metric filters of an alarm's metrics and the rules of Contributor Insights in
// its expressions choose, those that the query of a log alarm selects, and of a composite alarm those of the alarms of its rule.
type alarmEvidence struct {
	s            *Local
	store        *logstore.Store
	alarms       *alarm.Store
	contributors *contributor.Store
	// owners tell whose addresses are whose, names what is published about them.
	owners func(context.Context) (contributor.Owners, error)
	names  func(ctx context.Context, countries, services bool) (contributor.Names, error)
	// delivery tells of flow logs that are not delivered.
	delivery *deliveryWatch
}

// of returns what is behind an action; nil where nothing is known that is.
func (e *alarmEvidence) of(ctx context.Context, a *alarm.Action) (*evidence, error) {
	r, err := e.request(ctx, a)
	if err != nil || len(r.choices)+len(r.says)+len(r.next) == 0 {
		return nil, err
	}
	return e.s.evidence(ctx, r)
}

// request returns what chooses the events behind an action.
func (e *alarmEvidence) request(ctx context.Context, a *alarm.Action) (*evidenceRequest, error) {
	switch d := &a.Definition; {
	case d.Composite != nil:
		return e.ofComposite(ctx, a)
	case d.Log != nil:
		return e.ofLog(ctx, a)
	case d.Metric != nil:
		return e.ofMetric(ctx, a)
	}
	return &evidenceRequest{}, nil
}

// ofMetric is request for an alarm on a metric or an expression.
func (e *alarmEvidence) ofMetric(ctx context.Context, a *alarm.Action) (*evidenceRequest, error) {
	m := a.Definition.Metric
	out := &evidenceRequest{}
	out.from, out.to = crossed(a, m)
	matches := map[string][]func(*lakeEvent) bool{}
	metrics, rules := uses(m)
	var err error
	if out.says, out.next, err = e.delivery.says(ctx, metrics, m.Threshold); err != nil || len(out.next) > 0 {
		return out, err
	}
	told, err := e.s.names.get(ctx, query.FromDefinition)
	if err != nil {
		return nil, err
	}
	for _, k := range metrics {
		if fn := ownMetric(k, told); fn != nil {
			matches[FlowLogsGroup] = append(matches[FlowLogsGroup], fn)
		}
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
			fn, err := adds(f.Pattern, f.Transformation, k)
			if err != nil {
				return nil, err
			}
			if fn != nil {
				matches[f.Group] = append(matches[f.Group], ofMessage(fn))
			}
		}
	}
	found, err := e.newcomers(ctx, m, out.from, out.to)
	if err != nil {
		return nil, err
	}
	greatest, said, err := e.greatest(ctx, a, out.from, out.to)
	if err != nil {
		return nil, err
	}
	out.says = append(found.says(), said...)
	maps.Copy(found, greatest)
	if err := e.ofRules(ctx, rules, found, matches); err != nil {
		return nil, err
	}
	for group, fns := range matches {
		for _, fn := range fns {
			out.choices = append(out.choices, choice{group, out.from * 1000, out.to * 1000, fn})
		}
	}
	return out, nil
}

// ofRules adds to what chooses events of log groups what chooses those that contribute to rules: of rules some of whose contributors are behind the alarm, those of these alone.
func (e *alarmEvidence) ofRules(ctx context.Context, rules []string, some map[string]*contributorsOf, matches map[string][]func(*lakeEvent) bool) error {
	kept, groups, err := e.rules(ctx, rules)
	if err != nil || len(kept) == 0 {
		return err
	}
	owners, err := e.owners(ctx)
	if err != nil {
		return err
	}
	names, err := e.names(ctx, true, true)
	if err != nil {
		return err
	}
	for i := range kept {
		contributes := contributesTo(kept[i].Rule, owners, names)
		if of, is := some[kept[i].Name]; is {
			contributes = of.contribute(kept[i].Rule, owners, names)
		}
		for _, g := range groups {
			if kept[i].Rule.Matches(g) {
				matches[g] = append(matches[g], contributes)
			}
		}
	}
	return nil
}

// ofMessage makes of what looks at a message what looks at an event.
func ofMessage(fn func(message string) bool) func(*lakeEvent) bool {
	return func(e *lakeEvent) bool { return fn(e.Message) }
}

// ownMetric returns what says whether a record adds to one of weir's own metrics of flow logs; nil where the metric is none, or counts what has no series of its own. told
// tells the VPCs of interfaces.
func ownMetric(k metricstore.Metric, told *query.Names) func(*lakeEvent) bool {
	if k.Namespace != FlowLogsNamespace || len(k.Dimensions) != 1 || k.Dimensions[0].Value == otherSeries {
		return nil
	}
	name, value := k.Dimensions[0].Name, k.Dimensions[0].Value
	var last formatPositions
	return func(e *lakeEvent) bool {
		at := last.in(e.format)
		words := at.words(e.Message)
		if words == nil || at.src >= 0 && wordAt(words, at.src) == "" || k.Name == "Rejects" && wordAt(words, at.action) != "REJECT" {
			return false // it is no flow, or none that counts
		}
		switch name {
		case dimensionInterface:
			return wordAt(words, at.eni) == value
		case dimensionVPC:
			return vpcOf(told, wordAt(words, at.vpc), wordAt(words, at.eni), floorSeconds(e.Timestamp)/60*60) == value
		case dimensionPortClass:
			return classOf(wordAt(words, at.dstPort), wordAt(words, at.srcPort)) == value
		}
		return false
	}
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

// contributesTo returns which events contribute to a rule, whatever formats they have.
func contributesTo(rule *contributor.Rule, owners contributor.Owners, names contributor.Names) func(*lakeEvent) bool {
	return inFormats(func(format string) func(string, int64) bool { return rule.Contributes(format, owners, names) })
}

// inFormats returns what chooses events by what chooses those of one LogFormat.
func inFormats(of func(format string) func(message string, timestamp int64) bool) func(*lakeEvent) bool {
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
				byFormat[text] = of(text)
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

// rules returns those rules of some names that there are, and the names of the log groups that one of them or more are of.
func (e *alarmEvidence) rules(ctx context.Context, names []string) (rules []contributor.Described, groups []string, err error) {
	if len(names) == 0 {
		return nil, nil, nil
	}
	kept, err := e.contributors.Rules(ctx)
	if err != nil {
		return nil, nil, err
	}
	for i := range kept {
		if slices.Contains(names, kept[i].Name) {
			rules = append(rules, kept[i])
		}
	}
	all, err := e.groups(ctx)
	if err != nil {
		return nil, nil, err
	}
	return rules, slices.DeleteFunc(all, func(g string) bool {
		return !slices.ContainsFunc(rules, func(d contributor.Described) bool { return d.Rule.Matches(g) })
	}), nil
}

// ruleGroups returns the log groups of rules.
func (e *alarmEvidence) ruleGroups(ctx context.Context, rules []string) ([]string, error) {
	_, groups, err := e.rules(ctx, rules)
	return groups, err
}
