package monitoring

import (
	"context"

	"weir/internal/awsapi"
	"weir/internal/contributor"
)

type putInsightRuleRequest struct {
	Name        string `json:"RuleName" required:"true" shape:"ruleName"`
	State       string `json:"RuleState" shape:"ruleState"`
	Definition  string `json:"RuleDefinition" required:"true" shape:"ruleDefinition"`
	Tags        []tag  `json:"Tags"`
	Transformed bool   `json:"ApplyOnTransformedLogs"`
}

// putInsightRule makes or changes a rule of Contributor Insights. Tags are those of a new rule.
//
// Source: AWS, PutInsightRule.
func (a *API) putInsightRule(ctx context.Context, _ *awsapi.Call, in *putInsightRuleRequest) (*struct{}, error) {
	tags, err := tagMap(in.Tags)
	if err != nil {
		return nil, err
	}
	err = a.InsightRules.Put(ctx, contributor.PutRequest{
		Name: in.Name, State: in.State, Definition: in.Definition, ApplyOnTransformedLogs: in.Transformed, Tags: tags,
	})
	return &struct{}{}, answer(err)
}
