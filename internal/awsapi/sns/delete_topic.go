package sns

import (
	"context"

	"weir/internal/awsapi"
)

type topicRequest struct {
	TopicArn string `json:"TopicArn"`
}

// deleteTopic removes a topic with its subscriptions; one that is not there is no error.
//
// Source: AWS, DeleteTopic.
func (a *API) deleteTopic(ctx context.Context, _ *awsapi.Call, in *topicRequest) (*empty, error) {
	return nil, a.Store.DeleteTopic(ctx, in.TopicArn)
}
