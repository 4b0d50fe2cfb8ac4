package logs

import (
	"context"

	"weir/internal/awsapi"
)

type logStreamRequest struct {
	Group  string `json:"logGroupName" required:"true" shape:"group"`
	Stream string `json:"logStreamName" required:"true" shape:"stream"`
}

// createLogStream makes a log stream.
//
// Source: AWS, CreateLogStream.
func (a *API) createLogStream(ctx context.Context, _ *awsapi.Call, in *logStreamRequest) (*struct{}, error) {
	return nil, a.groups.writing(ctx, in.Group, a.Store.CreateStream(ctx, in.Group, in.Stream))
}
