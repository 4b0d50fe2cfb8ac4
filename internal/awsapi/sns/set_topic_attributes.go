package sns

import (
	"context"

	"weir/internal/awsapi"
)

type setTopicAttributesRequest struct {
	TopicArn string `json:"TopicArn"`
	Name     string `json:"AttributeName"`
	Value    string `json:"AttributeValue"`
}

// setTopicAttributes sets one attribute of a topic.
//
// Source: AWS, SetTopicAttributes.
func (a *API) setTopicAttributes(ctx context.Context, _ *awsapi.Call, in *setTopicAttributesRequest) (*empty, error) {
	return nil, a.Store.SetTopicAttribute(ctx, in.TopicArn, in.Name, in.Value)
}
