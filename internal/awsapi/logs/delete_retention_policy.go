package logs

import (
	"context"

	"weir/internal/awsapi"
)

// deleteRetentionPolicy keeps the events of a group for ever.
//
// Source: AWS, DeleteRetentionPolicy.
func (a *API) deleteRetentionPolicy(ctx context.Context, _ *awsapi.Call, in *deleteLogGroupRequest) (*struct{}, error) {
	return nil, a.groups.writing(ctx, in.Name, a.Store.SetRetention(ctx, in.Name, 0))
}
