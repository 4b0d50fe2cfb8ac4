package monitoring

import (
	"context"

	"weir/internal/awsapi"
)

// disableInsightRules stops rules. What they counted stays.
//
// Source: AWS, DisableInsightRules.
func (a *API) disableInsightRules(ctx context.Context, _ *awsapi.Call, in *insightRuleNames) (*insightRuleFailures, error) {
	return shownFailures(a.InsightRules.Disable(ctx, in.Names))
}
