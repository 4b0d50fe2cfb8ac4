package logs

import (
	"context"

	"weir/internal/awsapi"
)

type untagResourceRequest struct {
	ARN  string   `json:"resourceArn" required:"true" shape:"resource"`
	Keys []string `json:"tagKeys" required:"true" shape:"tagKeys" each:"tagKey"`
}

// untagResource removes tags of a log group.
//
// Source: AWS, UntagResource.
func (a *API) untagResource(ctx context.Context, _ *awsapi.Call, in *untagResourceRequest) (*struct{}, error) {
	group, err := a.tagged(ctx, in.ARN)
	if err != nil {
		return nil, err
	}
	return nil, a.untag(ctx, group, in.Keys)
}
