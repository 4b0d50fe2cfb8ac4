package app

import (
	"context"
	"time"

	"weir/internal/contributor"
)

// liveRule asks a rule that is kept.
func liveRule(ctx context.Context, s Service, r *LiveTopRequest) (*LiveTopReport, error) {
	to := r.Now.Truncate(time.Minute).Add(time.Minute)
	late, err := ruleLateness(ctx, s, r.Rule)
	if err != nil {
		return nil, err
	}
	minutes := (r.since(late) + time.Minute - 1) / time.Minute
	from := to.Add(-minutes * time.Minute)
	var report struct {
		KeyLabels              []string
		AggregationStatistic   string
		AggregateValue         float64
		ApproximateUniqueCount int64
		Contributors           []struct {
			Keys                      []string
			ApproximateAggregateValue float64
		}
	}
	if err := CallOperation(ctx, s, "monitoring", "GetInsightRuleReport", map[string]any{
		"RuleName": r.Rule, "StartTime": from.Unix(), "EndTime": to.Unix(), "Period": 60, "MaxContributorCount": r.N,
	}, &report); err != nil {
		return nil, err
	}
	out := &LiveTopReport{
		Of: "the rule " + r.Rule, Keys: report.KeyLabels, By: "sum", From: from, To: to, Contributors: report.ApproximateUniqueCount, Total: report.AggregateValue,
	}
	if report.AggregationStatistic == contributor.SampleCount {
		out.By = "events"
	}
	for _, c := range report.Contributors {
		out.Rows = append(out.Rows, LiveTopRow{c.Keys, c.ApproximateAggregateValue})
	}
	return out, nil
}

// ruleDefinition returns the definition of a rule that is kept, "" where there is no such rule.
func ruleDefinition(ctx context.Context, s Service, name string) (definition string, err error) {
	err = EachPage(ctx, s, "monitoring", "DescribeInsightRules", map[string]any{}, func(page *insightRules) error {
		for _, rule := range page.InsightRules {
			if rule.Name == name {
				definition = rule.Definition
			}
		}
		return nil
	})
	return definition, err
}

// ruleLateness returns how late the events of a rule's log groups come at most, 0 where there is no such rule.
func ruleLateness(ctx context.Context, s Service, name string) (time.Duration, error) {
	definition, err := ruleDefinition(ctx, s, name)
	if err != nil || definition == "" {
		return 0, err
	}
	rule, err := contributor.ParseRule([]byte(definition))
	if err != nil {
		return 0, err
	}
	groups, err := s.LogGroups(ctx)
	late := time.Duration(0)
	for i := range groups {
		if rule.Matches(groups[i].Name) {
			late = max(late, groups[i].Lateness)
		}
	}
	return late, err
}
