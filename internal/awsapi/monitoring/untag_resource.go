package monitoring

import (
	"context"

	"weir/internal/awsapi"
)

type untagResourceRequest struct {
	ARN  string   `json:"ResourceARN" required:"true" shape:"resource"`
	Keys []string `json:"TagKeys" required:"true" each:"tagKey"`
}

// untagResource takes tags off an alarm or an insight rule.
//
// Source: AWS, UntagResource.
func (a *API) untagResource(ctx context.Context, _ *awsapi.Call, in *untagResourceRequest) (*struct{}, error) {
	r, err := a.tagged(in.ARN)
	if err != nil {
		return nil, err
	}
	return &struct{}{}, r.answer(r.Untag(ctx, r.name, in.Keys))
}
