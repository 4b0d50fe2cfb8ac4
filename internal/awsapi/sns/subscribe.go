package sns

import (
	"context"

	"weir/internal/awsapi"
	"weir/internal/notify"
)

type subscribeRequest struct {
	TopicArn              string            `json:"TopicArn"`
	Protocol              string            `json:"Protocol"`
	Endpoint              string            `json:"Endpoint"`
	Attributes            map[string]string `json:"Attributes"`
	ReturnSubscriptionArn string            `json:"ReturnSubscriptionArn"`
}

type subscriptionResponse struct {
	SubscriptionArn string `json:"SubscriptionArn"`
}

// subscribe subscribes an endpoint. The ARN of one that has not confirmed yet is told only where that is asked for.
//
// Source: AWS, Subscribe.
func (a *API) subscribe(ctx context.Context, c *awsapi.Call, in *subscribeRequest) (*subscriptionResponse, error) {
	told, err := boolean("ReturnSubscriptionArn", in.ReturnSubscriptionArn)
	if err != nil {
		return nil, err
	}
	switch {
	case in.Protocol == "":
		return nil, noValue("Protocol")
	case in.Endpoint == "":
		return nil, noValue("Endpoint")
	}
	sub, err := a.Store.Subscribe(ctx, notify.SubscribeRequest{
		TopicARN: in.TopicArn, Protocol: in.Protocol, Endpoint: in.Endpoint, Attributes: in.Attributes,
		Principal: "arn:aws:iam::" + a.Account + ":user/" + c.Identity.AccessKeyID(),
	})
	switch {
	case err != nil:
		return nil, err
	case sub.Pending && !told:
		return &subscriptionResponse{"pending confirmation"}, nil
	}
	return &subscriptionResponse{sub.ARN}, nil
}
