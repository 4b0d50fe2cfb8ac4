package logs

import (
	"context"

	"weir/internal/awsapi"
)

type listTagsForResourceRequest struct {
	ARN string `json:"resourceArn" required:"true" shape:"resource"`
}

// listTagsForResource lists the tags of a log group.
//
// Source: AWS, ListTagsForResource.
func (a *API) listTagsForResource(ctx context.Context, _ *awsapi.Call, in *listTagsForResourceRequest) (*tagsResponse, error) {
	group, err := a.tagged(ctx, in.ARN)
	if err != nil {
		return nil, err
	}
	return a.tags(ctx, group)
}
