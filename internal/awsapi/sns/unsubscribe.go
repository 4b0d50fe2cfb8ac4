package sns

import (
	"context"

	"weir/internal/awsapi"
)

type subscriptionRequest struct {
	SubscriptionArn string `json:"SubscriptionArn"`
}

// unsubscribe ends a subscription; one that is not there is no error.
//
// Source: AWS, Unsubscribe.
func (a *API) unsubscribe(ctx context.Context, _ *awsapi.Call, in *subscriptionRequest) (*empty, error) {
	return nil, a.Store.Unsubscribe(ctx, in.SubscriptionArn, true)
}
