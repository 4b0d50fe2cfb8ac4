package logs

import (
	"context"

	"weir/internal/awsapi"
)

// deleteSubscriptionFilter removes a subscription filter.
//
// Source: AWS, DeleteSubscriptionFilter.
func (a *API) deleteSubscriptionFilter(ctx context.Context, _ *awsapi.Call, in *filterRequest) (*struct{}, error) {
	return nil, a.deleteFilter(ctx, subscriptionFilterKind, in, notFound("The specified subscription filter does not exist."))
}
