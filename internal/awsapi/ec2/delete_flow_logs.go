package ec2

import (
	"context"

	"weir/internal/awsapi"
)

type deleteFlowLogsRequest struct {
	dryRun
	FlowLogIDs []string `json:"FlowLogId"`
}

type deleteFlowLogsResponse struct {
	Unsuccessful []unsuccessfulItem `json:"unsuccessful"`
}

// deleteFlowLogs deletes flow logs, all of them or none.
//
// Source: AWS, DeleteFlowLogs.
func (a *API) deleteFlowLogs(ctx context.Context, _ *awsapi.Call, in *deleteFlowLogsRequest) (*deleteFlowLogsResponse, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	if err := checkCount("FlowLogId", len(in.FlowLogIDs)); err != nil {
		return nil, err
	}
	if err := a.Store.Delete(ctx, in.FlowLogIDs); err != nil {
		return nil, answer(err)
	}
	return &deleteFlowLogsResponse{}, nil
}
