package logs

import (
	"context"

	"weir/internal/awsapi"
)

type queryIDRequest struct {
	ID string `json:"queryId" required:"true" shape:"id256"`
}

type successResponse struct {
	Success bool `json:"success"`
}

// stopQuery cancels a query that runs or waits. One that has ended is an error, which Grafana counts on.
//
// Source: AWS, StopQuery.
func (a *API) stopQuery(_ context.Context, _ *awsapi.Call, in *queryIDRequest) (*successResponse, error) {
	if err := a.jobs.stop(in.ID); err != nil {
		return nil, err
	}
	return &successResponse{Success: true}, nil
}
