package logs

import (
	"context"

	"weir/internal/awsapi"
)

type deleteLogGroupRequest struct {
	Name string `json:"logGroupName" required:"true" shape:"group"`
}

// deleteLogGroup removes a log group with its streams, events and filters.
//
// Source: AWS, DeleteLogGroup.
func (a *API) deleteLogGroup(ctx context.Context, _ *awsapi.Call, in *deleteLogGroupRequest) (*struct{}, error) {
	if _, err := a.groups.writable(ctx, in.Name); err != nil {
		return nil, err
	}
	if err := a.settle(ctx); err != nil {
		return nil, err
	}
	return nil, answer(a.Store.DeleteGroup(ctx, in.Name))
}
