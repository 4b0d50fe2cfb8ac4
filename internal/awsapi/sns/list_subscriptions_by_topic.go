package sns

import (
	"context"

	"weir/internal/awsapi"
)

type listSubscriptionsByTopicRequest struct {
	TopicArn  string `json:"TopicArn"`
	NextToken string `json:"NextToken"`
}

// listSubscriptionsByTopic lists the subscriptions of a topic by ARN, 100 at a time.
//
// Source: AWS, ListSubscriptionsByTopic.
func (a *API) listSubscriptionsByTopic(ctx context.Context, _ *awsapi.Call, in *listSubscriptionsByTopicRequest) (*listSubscriptionsResponse, error) {
	if in.TopicArn == "" {
		return nil, noValue("TopicArn")
	}
	return a.subscriptions(ctx, "ListSubscriptionsByTopic", in.TopicArn, in.NextToken)
}
