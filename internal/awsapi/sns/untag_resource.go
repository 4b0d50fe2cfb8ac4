package sns

import (
	"context"

	"weir/internal/awsapi"
)

type untagResourceRequest struct {
	ResourceArn string   `json:"ResourceArn"`
	TagKeys     []string `json:"TagKeys"`
}

// untagResource takes tags from a topic.
//
// Source: AWS, UntagResource.
func (a *API) untagResource(ctx context.Context, _ *awsapi.Call, in *untagResourceRequest) (*empty, error) {
	if len(in.TagKeys) == 0 {
		return nil, noValue("TagKeys")
	}
	return &empty{}, a.Store.Untag(ctx, in.ResourceArn, in.TagKeys)
}
