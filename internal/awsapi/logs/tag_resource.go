package logs

import (
	"context"

	"weir/internal/awsapi"
)

type tagResourceRequest struct {
	ARN  string            `json:"resourceArn" required:"true" shape:"resource"`
	Tags map[string]string `json:"tags" required:"true" shape:"tags" keys:"tagKey" each:"tagValue"`
}

// tagResource adds and replaces tags of a log group.
//
// Source: AWS, TagResource.
func (a *API) tagResource(ctx context.Context, _ *awsapi.Call, in *tagResourceRequest) (*struct{}, error) {
	group, err := a.tagged(ctx, in.ARN)
	if err != nil {
		return nil, err
	}
	return nil, a.tag(ctx, group, in.Tags, tooManyTags(in.ARN))
}
