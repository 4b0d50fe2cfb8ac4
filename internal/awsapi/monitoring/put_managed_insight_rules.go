package monitoring

import (
	"context"

	"weir/internal/awsapi"
)

type putManagedInsightRulesRequest struct {
	Rules []managedRule `json:"ManagedRules" required:"true"`
}

// managedRule is AWS's ManagedRule.
type managedRule struct {
	Template string `json:"TemplateName" required:"true" shape:"template"`
	ARN      string `json:"ResourceARN" required:"true" shape:"resource"`
	Tags     []tag  `json:"Tags"`
}

// putManagedInsightRules refuses managed rules: their templates are of AWS's services.
//
// Source: AWS, PutManagedInsightRules.
func (a *API) putManagedInsightRules(_ context.Context, _ *awsapi.Call, in *putManagedInsightRulesRequest) (*insightRuleFailures, error) {
	if len(in.Rules) > 0 {
		return nil, invalidValue("The template %s is not one of this server, which has no managed rules: use PutInsightRule.", in.Rules[0].Template)
	}
	return &insightRuleFailures{Failures: []partialFailure{}}, nil
}
