package monitoring

import (
	"context"

	"weir/internal/awsapi"
)

type listManagedInsightRulesRequest struct {
	ARN       string `json:"ResourceARN" required:"true" shape:"resource"`
	NextToken string `json:"NextToken"`
	Max       *int32 `json:"MaxResults" shape:"ruleResults"`
}

type listManagedInsightRulesResponse struct {
	Rules []managedRuleDescription `json:"ManagedRules"`
}

// managedRuleDescription is AWS's ManagedRuleDescription.
type managedRuleDescription struct {
	Template string `json:"TemplateName"`
	ARN      string `json:"ResourceARN"`
}

// listManagedInsightRules lists the managed rules of a resource: there are none, as AWS has none for flow logs.
//
// Source: AWS, ListManagedInsightRules.
func (a *API) listManagedInsightRules(_ context.Context, _ *awsapi.Call, in *listManagedInsightRulesRequest) (*listManagedInsightRulesResponse, error) {
	if in.NextToken != "" {
		return nil, errToken
	}
	return &listManagedInsightRulesResponse{Rules: []managedRuleDescription{}}, nil
}
