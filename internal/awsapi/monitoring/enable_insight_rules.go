package monitoring

import (
	"context"

	"weir/internal/awsapi"
)

// enableInsightRules lets rules count again.
//
// Source: AWS, EnableInsightRules.
func (a *API) enableInsightRules(ctx context.Context, _ *awsapi.Call, in *insightRuleNames) (*insightRuleFailures, error) {
	return shownFailures(a.InsightRules.Enable(ctx, in.Names))
}
