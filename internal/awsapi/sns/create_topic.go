package sns

import (
	"context"

	"weir/internal/awsapi"
)

type createTopicRequest struct {
	Name                 string            `json:"Name"`
	Attributes           map[string]string `json:"Attributes"`
	Tags                 []tag             `json:"Tags"`
	DataProtectionPolicy string            `json:"DataProtectionPolicy"`
}

type createTopicResponse struct {
	TopicArn string `json:"TopicArn"`
}

// createTopic makes a topic, or returns the one of that name where it is as it is asked for.
//
// Source: AWS, CreateTopic.
func (a *API) createTopic(ctx context.Context, _ *awsapi.Call, in *createTopicRequest) (*createTopicResponse, error) {
	if in.DataProtectionPolicy != "" {
		return nil, invalid("DataProtectionPolicy Reason: Not supported by this server")
	}
	tags, err := tagMap(in.Tags)
	if err != nil {
		return nil, err
	}
	arn, err := a.Store.CreateTopic(ctx, in.Name, in.Attributes, tags)
	return &createTopicResponse{arn}, err
}
