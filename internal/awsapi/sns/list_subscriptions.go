package sns

import (
	"context"

	"weir/internal/awsapi"
	"weir/internal/notify"
)

type listSubscriptionsResponse struct {
	Subscriptions []subscriptionElement `json:"Subscriptions"`
	NextToken     string                `json:"NextToken,omitempty"`
}

type subscriptionElement struct {
	SubscriptionArn string `json:"SubscriptionArn"`
	Owner           string `json:"Owner"`
	Protocol        string `json:"Protocol"`
	Endpoint        string `json:"Endpoint"`
	TopicArn        string `json:"TopicArn"`
}

// listSubscriptions lists all subscriptions by ARN, 100 at a time.
//
// Source: AWS, ListSubscriptions.
func (a *API) listSubscriptions(ctx context.Context, _ *awsapi.Call, in *listRequest) (*listSubscriptionsResponse, error) {
	return a.subscriptions(ctx, "ListSubscriptions", "", in.NextToken)
}

// subscriptions lists the subscriptions of a topic, or of all for "".
func (a *API) subscriptions(ctx context.Context, operation, topic, token string) (*listSubscriptionsResponse, error) {
	all, err := a.Store.Subscriptions(ctx, topic)
	if err != nil {
		return nil, err
	}
	shown, next, err := page(operation, token, all, func(s *notify.Subscription) string { return s.ARN })
	if err != nil {
		return nil, err
	}
	out := &listSubscriptionsResponse{Subscriptions: []subscriptionElement{}, NextToken: next}
	for _, s := range shown {
		arn := s.ARN
		if s.Pending {
			arn = "PendingConfirmation"
		}
		out.Subscriptions = append(out.Subscriptions, subscriptionElement{arn, a.Account, s.Protocol, s.Endpoint, s.TopicARN})
	}
	return out, nil
}
