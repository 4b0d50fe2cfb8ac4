package athena

import (
	"cmp"
	"context"
	"time"

	"weir/internal/awsapi"
)

type queryExecutionRequest struct {
	ID string `json:"QueryExecutionId" required:"true" shape:"id"`
}

type getQueryExecutionResponse struct {
	Execution queryExecution `json:"QueryExecution"`
}

type queryExecution struct {
	ID           string                            `json:"QueryExecutionId"`
	Query        string                            `json:"Query"`
	Type         string                            `json:"StatementType,omitempty"`
	Managed      *managedQueryResultsConfiguration `json:"ManagedQueryResultsConfiguration,omitempty"`
	Result       *resultConfiguration              `json:"ResultConfiguration"`
	Reuse        *resultReuseConfiguration         `json:"ResultReuseConfiguration"`
	Context      *queryExecutionContext            `json:"QueryExecutionContext"`
	Status       queryExecutionStatus              `json:"Status"`
	Statistics   queryExecutionStatistics          `json:"Statistics"`
	WorkGroup    string                            `json:"WorkGroup"`
	Engine       *engineVersion                    `json:"EngineVersion"`
	Parameters   []string                          `json:"ExecutionParameters,omitempty"`
	Substatement string                            `json:"SubstatementType,omitempty"`
}

type queryExecutionStatus struct {
	State     string       `json:"State"`
	Reason    string       `json:"StateChangeReason,omitempty"`
	Submitted *seconds     `json:"SubmissionDateTime,omitempty"`
	Completed *seconds     `json:"CompletionDateTime,omitempty"`
	Error     *athenaError `json:"AthenaError,omitempty"`
}

type queryExecutionStatistics struct {
	timeline
	BytesScanned int64                  `json:"DataScannedInBytes"`
	Manifest     string                 `json:"DataManifestLocation,omitempty"`
	Reuse        resultReuseInformation `json:"ResultReuseInformation"`
}

type resultReuseInformation struct {
	Reused bool `json:"ReusedPreviousResult"`
}

// timeline are the parts of the time of a query, in milliseconds.
type timeline struct {
	Queue      int64 `json:"QueryQueueTimeInMillis"`
	Before     int64 `json:"ServicePreProcessingTimeInMillis"`
	Planning   int64 `json:"QueryPlanningTimeInMillis"`
	Engine     int64 `json:"EngineExecutionTimeInMillis"`
	Processing int64 `json:"ServiceProcessingTimeInMillis"`
	Total      int64 `json:"TotalExecutionTimeInMillis"`
}

// getQueryExecution tells of a query execution: its state, its cost, and where its results are. What is reused is told as Athena does: no result
// is, here.
//
// Source: AWS, GetQueryExecution.
func (a *API) getQueryExecution(_ context.Context, _ *awsapi.Call, in *queryExecutionRequest) (*getQueryExecutionResponse, error) {
	e, err := a.Store.execution(in.ID)
	if err != nil {
		return nil, err
	}
	return &getQueryExecutionResponse{Execution: e.details(a.Now())}, nil
}

// details returns an execution as the API has it.
func (e *execution) details(now time.Time) queryExecution {
	result := e.Result
	result.OutputLocation = e.Location
	reuse := e.Reuse
	if reuse == nil {
		reuse = &resultReuseConfiguration{ByAge: &resultReuseByAgeConfiguration{}}
	}
	out := queryExecution{
		ID: e.ID, Query: e.Text, Type: string(e.Statement.Kind), Substatement: e.Statement.SubStatement, Result: &result, Reuse: reuse, Context: &e.Context,
		Status:    queryExecutionStatus{State: e.State, Reason: e.Reason, Submitted: at(e.Submitted), Completed: at(e.Ended), Error: e.Error},
		WorkGroup: e.WorkGroup, Engine: &engineVersion{Selected: cmp.Or(e.Engine, autoEngine), Effective: engine3}, Parameters: e.Parameters,
		Statistics: queryExecutionStatistics{timeline: e.timeline(now), BytesScanned: e.Statistics.BytesScanned, Manifest: e.Manifest},
	}
	if e.Location == "" {
		out.Managed = &managedQueryResultsConfiguration{Enabled: true}
	}
	return out
}

// timeline returns how long the parts of an execution took, so far.
func (e *execution) timeline(now time.Time) timeline {
	end, began := e.Ended, e.Began
	if end.IsZero() {
		end = now
	}
	if began.IsZero() {
		began = end
	}
	return timeline{
		Queue: began.Sub(e.Submitted).Milliseconds(), Planning: e.Statistics.Planning.Milliseconds(), Processing: e.Delivering.Milliseconds(),
		Engine: max(0, end.Sub(began)-e.Delivering).Milliseconds(), Total: end.Sub(e.Submitted).Milliseconds(),
	}
}
