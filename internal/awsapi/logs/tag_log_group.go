package logs

import (
	"context"

	"weir/internal/awsapi"
)

type tagLogGroupRequest struct {
	Group string            `json:"logGroupName" required:"true" shape:"group"`
	Tags  map[string]string `json:"tags" required:"true" shape:"tags" keys:"tagKey" each:"tagValue"`
}

// tagLogGroup is the older form of tagResource.
//
// Source: AWS, TagLogGroup.
func (a *API) tagLogGroup(ctx context.Context, _ *awsapi.Call, in *tagLogGroupRequest) (*struct{}, error) {
	return nil, a.tag(ctx, in.Group, in.Tags, invalid("A resource can have no more than 50 tags."))
}
