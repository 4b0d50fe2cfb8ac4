package logs

import (
	"context"

	"weir/internal/awsapi"
)

// listTagsLogGroup is the older form of listTagsForResource.
//
// Source: AWS, ListTagsLogGroup.
func (a *API) listTagsLogGroup(ctx context.Context, _ *awsapi.Call, in *deleteLogGroupRequest) (*tagsResponse, error) {
	return a.tags(ctx, in.Name)
}
