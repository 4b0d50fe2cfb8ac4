package console

import (
	"context"

	"weir/internal/contributor"
)

// rulesAnswer is the answer of rules.
type rulesAnswer struct {
	Rules []ruleAnswer `json:"rules"`
	// Ready are the rules that weir has ready for log groups of flow logs.
	Ready []readyRule `json:"ready"`
}

// ruleAnswer is a rule of Contributor Insights.
type ruleAnswer struct {
	Name string `json:"name"`
	// Enabled says that it counts.
	Enabled bool `json:"enabled"`
	// Created is in seconds since the epoch.
	Created   int64    `json:"created"`
	Schema    string   `json:"schema"`
	Keys      []string `json:"keys"`
	Statistic string   `json:"statistic"`
	// Definition is its JSON as it was given.
	Definition string      `json:"definition"`
	Unfit      []unfitRule `json:"unfit"`
}

// unfitRule says why a rule counts nothing of a log group.
type unfitRule struct {
	Group  string `json:"group"`
	Reason string `json:"reason"`
}

// readyRule is a contributor.ReadyRule as the API writes it.
type readyRule struct {
	Name    string `json:"name"`
	Meaning string `json:"meaning"`
	// OfInterfaces says that network interfaces must be named.
	OfInterfaces bool `json:"of_interfaces"`
}

// rules answers the rules that count contributors, by name, and those that are ready.
func (c *console) rules(ctx context.Context, _ *request) (any, error) {
	kept, err := c.Watching.Rules.Rules(ctx)
	if err != nil {
		return nil, err
	}
	out := rulesAnswer{Rules: []ruleAnswer{}, Ready: []readyRule{}}
	for i := range kept {
		d := &kept[i]
		out.Rules = append(out.Rules, ruleAnswer{
			Name: d.Name, Enabled: d.State == contributor.Enabled, Created: d.Created / 1000, Schema: d.Rule.Schema(), Keys: d.Rule.KeyLabels(),
			Statistic: d.Rule.AggregationStatistic(), Definition: d.Definition, Unfit: unfitOf(d.Unfit),
		})
	}
	for _, r := range contributor.ReadyRules() {
		out.Ready = append(out.Ready, readyRule{r.Name, r.Meaning, r.OfInterfaces})
	}
	return out, nil
}

func unfitOf(list []contributor.Unfit) []unfitRule {
	out := []unfitRule{}
	for _, u := range list {
		out = append(out, unfitRule{u.Group, u.Reason})
	}
	return out
}
