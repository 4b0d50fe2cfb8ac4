package sns

import (
	"context"

	"weir/internal/awsapi"
)

type setSubscriptionAttributesRequest struct {
	SubscriptionArn string `json:"SubscriptionArn"`
	Name            string `json:"AttributeName"`
	Value           string `json:"AttributeValue"`
}

// setSubscriptionAttributes sets one attribute of a subscription.
//
// Source: AWS, SetSubscriptionAttributes.
func (a *API) setSubscriptionAttributes(ctx context.Context, _ *awsapi.Call, in *setSubscriptionAttributesRequest) (*empty, error) {
	return nil, a.Store.SetSubscriptionAttribute(ctx, in.SubscriptionArn, in.Name, in.Value)
}
