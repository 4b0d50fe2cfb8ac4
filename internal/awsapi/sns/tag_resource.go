package sns

import (
	"context"

	"weir/internal/awsapi"
)

type tagResourceRequest struct {
	ResourceArn string `json:"ResourceArn"`
	Tags        []tag  `json:"Tags"`
}

// tagResource adds tags to a topic.
//
// Source: AWS, TagResource.
func (a *API) tagResource(ctx context.Context, _ *awsapi.Call, in *tagResourceRequest) (*empty, error) {
	if len(in.Tags) == 0 {
		return nil, noValue("Tags")
	}
	tags, err := tagMap(in.Tags)
	if err != nil {
		return nil, err
	}
	return &empty{}, a.Store.Tag(ctx, in.ResourceArn, tags)
}
