package athena

import (
	"context"

	"weir/internal/awsapi"
)

type getQueryRuntimeStatisticsResponse struct {
	Statistics queryRuntimeStatistics `json:"QueryRuntimeStatistics"`
}

type queryRuntimeStatistics struct {
	Timeline queryRuntimeStatisticsTimeline `json:"Timeline"`
	Rows     *queryRuntimeStatisticsRows    `json:"Rows,omitempty"`
}

type queryRuntimeStatisticsTimeline struct{ timeline }

type queryRuntimeStatisticsRows struct {
	InputRows   int64 `json:"InputRows"`
	InputBytes  int64 `json:"InputBytes"`
	OutputBytes int64 `json:"OutputBytes"`
	OutputRows  int64 `json:"OutputRows"`
}

// getQueryRuntimeStatistics tells what a query cost: its rows once it has succeeded. Stages are those of Trino's cluster, and left
// out.
//
// Source: AWS, GetQueryRuntimeStatistics.
func (a *API) getQueryRuntimeStatistics(_ context.Context, _ *awsapi.Call, in *queryExecutionRequest) (*getQueryRuntimeStatisticsResponse, error) {
	e, err := a.Store.execution(in.ID)
	if err != nil {
		return nil, err
	}
	out := queryRuntimeStatistics{Timeline: queryRuntimeStatisticsTimeline{e.timeline(a.Now())}}
	if e.State == succeeded {
		out.Rows = &queryRuntimeStatisticsRows{
			InputRows: e.Statistics.RowsScanned, InputBytes: e.Statistics.BytesScanned, OutputRows: e.Rows, OutputBytes: e.Delivered,
		}
	}
	return &getQueryRuntimeStatisticsResponse{Statistics: out}, nil
}
