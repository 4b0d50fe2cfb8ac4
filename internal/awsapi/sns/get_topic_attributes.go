package sns

import (
	"context"

	"weir/internal/awsapi"
)

type attributesResponse struct {
	Attributes map[string]string `json:"Attributes"`
}

// getTopicAttributes returns all attributes of a topic.
//
// Source: AWS, GetTopicAttributes.
func (a *API) getTopicAttributes(ctx context.Context, _ *awsapi.Call, in *topicRequest) (*attributesResponse, error) {
	attributes, err := a.Store.TopicAttributes(ctx, in.TopicArn)
	return &attributesResponse{attributes}, err
}
