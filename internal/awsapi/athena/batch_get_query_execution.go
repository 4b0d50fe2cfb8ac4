package athena

import (
	"context"

	"weir/internal/awsapi"
)

type batchGetQueryExecutionRequest struct {
	IDs []string `json:"QueryExecutionIds" required:"true" shape:"ids" each:"id"`
}

type batchGetQueryExecutionResponse struct {
	Executions  []queryExecution              `json:"QueryExecutions"`
	Unprocessed []unprocessedQueryExecutionID `json:"UnprocessedQueryExecutionIds"`
}

type unprocessedQueryExecutionID struct {
	ID      string `json:"QueryExecutionId"`
	Code    string `json:"ErrorCode"`
	Message string `json:"ErrorMessage"`
}

// batchGetQueryExecution tells of several query executions; those that are not there are told apart.
//
// Source: AWS, BatchGetQueryExecution.
func (a *API) batchGetQueryExecution(_ context.Context, _ *awsapi.Call, in *batchGetQueryExecutionRequest) (*batchGetQueryExecutionResponse, error) {
	out := &batchGetQueryExecutionResponse{Executions: []queryExecution{}, Unprocessed: []unprocessedQueryExecutionID{}}
	now := a.Now()
	for _, id := range in.IDs {
		e, err := a.Store.execution(id)
		if err != nil {
			code, message := said(err)
			out.Unprocessed = append(out.Unprocessed, unprocessedQueryExecutionID{ID: id, Code: code, Message: message})
			continue
		}
		out.Executions = append(out.Executions, e.details(now))
	}
	return out, nil
}
