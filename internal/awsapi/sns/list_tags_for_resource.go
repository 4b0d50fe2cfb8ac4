package sns

import (
	"context"

	"weir/internal/awsapi"
)

type listTagsForResourceRequest struct {
	ResourceArn string `json:"ResourceArn"`
}

type listTagsForResourceResponse struct {
	Tags []tag `json:"Tags"`
}

// listTagsForResource lists the tags of a topic by key.
//
// Source: AWS, ListTagsForResource.
func (a *API) listTagsForResource(ctx context.Context, _ *awsapi.Call, in *listTagsForResourceRequest) (*listTagsForResourceResponse, error) {
	tags, err := a.Store.Tags(ctx, in.ResourceArn)
	return &listTagsForResourceResponse{tagList(tags)}, err
}
