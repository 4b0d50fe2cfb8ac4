package app

import (
	"cmp"
	"context"
	"fmt"

	"weir/internal/contributor"
)

// KeepReadyRule makes a rule of Contributor Insights of the ready rule r.Rule, under its name, for the log group r.Group: the server counts what comes from now on. The others
// of r's members but Data and Now are not looked at. It returns the log group. Errors are *UsageError where there is no such ready rule or group, and where a rule of the
// name is kept already.
func KeepReadyRule(ctx context.Context, s Service, r LiveTopRequest) (group string, err error) {
	q, err := r.ready(ctx)
	if err != nil {
		return "", err
	}
	group = cmp.Or(r.Group, FlowLogsGroup)
	if _, err := groupPlace(ctx, s, group); err != nil {
		return "", err
	}
	kept, err := ruleDefinition(ctx, s, r.Rule)
	if err != nil {
		return "", err
	}
	if kept != "" {
		return "", &UsageError{
			Message: "a rule " + r.Rule + " is kept already",
			Hint:    "aws cloudwatch delete-insight-rules --rule-names " + r.Rule + " removes it, and what it counted",
		}
	}
	definition, err := contributor.ReadyDefinition(r.Rule, group, q.interfaces)
	if err != nil {
		return "", err
	}
	if err := CallOperation(ctx, s, "monitoring", "PutInsightRule", map[string]any{"RuleName": r.Rule, "RuleDefinition": definition}, nil); err != nil {
		return "", fmt.Errorf("cannot keep the rule %s: %w", r.Rule, err)
	}
	return group, nil
}
