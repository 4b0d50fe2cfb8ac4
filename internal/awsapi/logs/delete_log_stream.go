package logs

import (
	"context"

	"weir/internal/awsapi"
)

// deleteLogStream removes a log stream with its events.
//
// Source: AWS, DeleteLogStream.
func (a *API) deleteLogStream(ctx context.Context, _ *awsapi.Call, in *logStreamRequest) (*struct{}, error) {
	if err := a.settle(ctx); err != nil {
		return nil, err
	}
	return nil, a.groups.writing(ctx, in.Group, a.Store.DeleteStream(ctx, in.Group, in.Stream))
}
