package athena

import (
	"context"

	"weir/internal/awsapi"
)

type tagResourceRequest struct {
	ARN  string `json:"ResourceARN" required:"true" shape:"arn"`
	Tags []tag  `json:"Tags" required:"true"`
}

// tagResource adds tags to a workgroup.
//
// Source: AWS, TagResource.
func (a *API) tagResource(_ context.Context, _ *awsapi.Call, in *tagResourceRequest) (*empty, error) {
	name, err := a.tagged(in.ARN)
	if err != nil {
		return nil, err
	}
	return &empty{}, a.Store.changeGroup(name, func(g *workGroup) (err error) {
		g.Tags, err = merged(g.Tags, in.Tags)
		return err
	})
}
