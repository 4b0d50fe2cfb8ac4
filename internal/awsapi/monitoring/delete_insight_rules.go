package monitoring

import (
	"context"

	"weir/internal/awsapi"
)

// deleteInsightRules removes rules and what they counted. Those that are not there are failures of their own.
//
// Source: AWS, DeleteInsightRules.
func (a *API) deleteInsightRules(ctx context.Context, _ *awsapi.Call, in *insightRuleNames) (*insightRuleFailures, error) {
	return shownFailures(a.InsightRules.Delete(ctx, in.Names))
}
