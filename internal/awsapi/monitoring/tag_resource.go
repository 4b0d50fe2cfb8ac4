package monitoring

import (
	"context"

	"weir/internal/awsapi"
)

type tagResourceRequest struct {
	ARN  string `json:"ResourceARN" required:"true" shape:"resource"`
	Tags []tag  `json:"Tags" required:"true"`
}

// tagResource adds and replaces tags of an alarm or an insight rule, which has at most 50.
//
// Source: AWS, TagResource.
func (a *API) tagResource(ctx context.Context, _ *awsapi.Call, in *tagResourceRequest) (*struct{}, error) {
	r, err := a.tagged(in.ARN)
	if err != nil {
		return nil, err
	}
	tags, err := tagMap(in.Tags)
	if err != nil {
		return nil, err
	}
	return &struct{}{}, r.answer(r.Tag(ctx, r.name, tags))
}
