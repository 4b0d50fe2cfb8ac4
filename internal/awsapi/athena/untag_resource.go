package athena

import (
	"context"

	"weir/internal/awsapi"
)

type untagResourceRequest struct {
	ARN  string   `json:"ResourceARN" required:"true" shape:"arn"`
	Keys []string `json:"TagKeys" required:"true" each:"tagKey"`
}

// untagResource removes tags of a workgroup; keys that it has not are passed over.
//
// Source: AWS, UntagResource.
func (a *API) untagResource(_ context.Context, _ *awsapi.Call, in *untagResourceRequest) (*empty, error) {
	name, err := a.tagged(in.ARN)
	if err != nil {
		return nil, err
	}
	return &empty{}, a.Store.changeGroup(name, func(g *workGroup) error {
		for _, key := range in.Keys {
			delete(g.Tags, key)
		}
		return nil
	})
}
