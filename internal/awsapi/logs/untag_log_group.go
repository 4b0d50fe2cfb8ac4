package logs

import (
	"context"

	"weir/internal/awsapi"
)

type untagLogGroupRequest struct {
	Group string   `json:"logGroupName" required:"true" shape:"group"`
	Keys  []string `json:"tags" required:"true" shape:"tagKeysOld" each:"tagKey"`
}

// untagLogGroup is the older form of untagResource.
//
// Source: AWS, UntagLogGroup.
func (a *API) untagLogGroup(ctx context.Context, _ *awsapi.Call, in *untagLogGroupRequest) (*struct{}, error) {
	return nil, a.untag(ctx, in.Group, in.Keys)
}
