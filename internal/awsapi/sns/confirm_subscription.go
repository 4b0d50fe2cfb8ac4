package sns

import (
	"context"

	"weir/internal/awsapi"
)

type confirmSubscriptionRequest struct {
	TopicArn                  string `json:"TopicArn"`
	Token                     string `json:"Token"`
	AuthenticateOnUnsubscribe string `json:"AuthenticateOnUnsubscribe"`
}

// confirmSubscription confirms a subscription by the token that its endpoint got. A receiver without an access key follows the link beside the token.
//
// Source: AWS, ConfirmSubscription.
func (a *API) confirmSubscription(ctx context.Context, _ *awsapi.Call, in *confirmSubscriptionRequest) (*subscriptionResponse, error) {
	authenticate, err := boolean("AuthenticateOnUnsubscribe", in.AuthenticateOnUnsubscribe)
	if err != nil {
		return nil, err
	}
	arn, err := a.Store.ConfirmSubscription(ctx, in.TopicArn, in.Token, true, authenticate)
	return &subscriptionResponse{arn}, err
}
