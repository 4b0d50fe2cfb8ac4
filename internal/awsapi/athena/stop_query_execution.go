package athena

import (
	"context"

	"weir/internal/awsapi"
)

// stopQueryExecution cancels a query that runs or waits. One that has ended stays as it is, without an error.
//
// Source: AWS, StopQueryExecution; that stopping what has ended succeeds was seen.
func (a *API) stopQueryExecution(_ context.Context, _ *awsapi.Call, in *queryExecutionRequest) (*empty, error) {
	return &empty{}, a.jobs.stop(in.ID)
}
