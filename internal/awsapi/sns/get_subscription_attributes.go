package sns

import (
	"context"

	"weir/internal/awsapi"
)

// getSubscriptionAttributes returns all attributes of a subscription.
//
// Source: AWS, GetSubscriptionAttributes.
func (a *API) getSubscriptionAttributes(ctx context.Context, _ *awsapi.Call, in *subscriptionRequest) (*attributesResponse, error) {
	attributes, err := a.Store.SubscriptionAttributes(ctx, in.SubscriptionArn)
	return &attributesResponse{attributes}, err
}
