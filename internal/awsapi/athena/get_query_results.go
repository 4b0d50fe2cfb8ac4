package athena

import (
	"context"
	"errors"
	"os"
	"strconv"
	"strings"

	"weir/internal/athenasql"
	"weir/internal/awsapi"
)

// maxRows is the greatest page of results.
const maxRows = 1000

type getQueryResultsRequest struct {
	ID         string `json:"QueryExecutionId" required:"true" shape:"id"`
	NextToken  string `json:"NextToken" shape:"token"`
	MaxResults int32  `json:"MaxResults" shape:"rows"`
	Type       string `json:"QueryResultType" shape:"resultType"`
}

type getQueryResultsResponse struct {
	UpdateCount *int64    `json:"UpdateCount,omitempty"`
	Results     resultSet `json:"ResultSet"`
	NextToken   string    `json:"NextToken,omitempty"`
}

type resultSet struct {
	Rows     []row             `json:"Rows"`
	Metadata resultSetMetadata `json:"ResultSetMetadata"`
}

type row struct {
	Data []datum `json:"Data"`
}

type datum struct {
	Value *string `json:"VarCharValue,omitempty"`
}

type resultSetMetadata struct {
	Columns []columnInfo `json:"ColumnInfo"`
}

// getQueryResults gives the rows of a query that has succeeded, a page at a time. The first row of the first page of a SELECT has the names of the columns,
// and counts.
//
// Source: AWS, GetQueryResults; the errors of other states were seen.
func (a *API) getQueryResults(_ context.Context, _ *awsapi.Call, in *getQueryResultsRequest) (*getQueryResultsResponse, error) {
	e, err := a.Store.execution(in.ID)
	if err != nil {
		return nil, err
	}
	if err := e.readable(); err != nil {
		return nil, err
	}
	if in.Type == "DATA_MANIFEST" {
		return nil, invalid("QueryResultType DATA_MANIFEST is not supported by this server: what UNLOAD wrote is listed at the DataManifestLocation that GetQueryExecution tells.")
	}
	var offset int64
	if in.NextToken != "" {
		key, ok := awsapi.PageKey("GetQueryResults", in.NextToken)
		id, at, _ := strings.Cut(key, " ")
		n, perr := strconv.ParseInt(at, 10, 64)
		if !ok || perr != nil || id != e.ID || n < 0 {
			return nil, errToken
		}
		offset = n
	}
	out := &getQueryResultsResponse{UpdateCount: e.updateCount(), Results: resultSet{Rows: []row{}, Metadata: resultSetMetadata{Columns: e.Columns}}}
	if e.Columns == nil {
		out.Results.Metadata.Columns = []columnInfo{}
	}
	limit := maxRows
	if in.MaxResults > 0 {
		limit = int(in.MaxResults)
	}
	if in.NextToken == "" && e.header() {
		out.Results.Rows = append(out.Results.Rows, headerRow(e.Columns))
		limit--
	}
	rows, end, err := a.jobs.files.page(e.ID, offset, limit)
	if errors.Is(err, os.ErrNotExist) {
		return nil, invalidAs("RESULT_NOT_FOUND", "Could not find results: they were removed to make room. Run the query again.")
	}
	if err != nil {
		return nil, err
	}
	for _, cells := range rows {
		r := row{Data: make([]datum, len(cells))}
		for i, c := range cells {
			r.Data[i].Value = c
		}
		out.Results.Rows = append(out.Results.Rows, r)
	}
	if end < e.Bytes {
		out.NextToken = awsapi.PageToken("GetQueryResults", e.ID+" "+strconv.FormatInt(end, 10))
	}
	return out, nil
}

func headerRow(columns []columnInfo) row {
	r := row{Data: make([]datum, len(columns))}
	for i := range columns {
		r.Data[i].Value = &columns[i].Name
	}
	return r
}

// readable says why an execution has no results.
func (e *execution) readable() error {
	switch e.State {
	case succeeded:
		return nil
	case failed:
		return invalidAs("INVALID_QUERY_EXECUTION_STATE", "Query did not finish successfully. Final query state: %s", e.State)
	case cancelled:
		return invalidAs("RESULT_NOT_FOUND", "Could not find results")
	}
	return invalidAs("INVALID_QUERY_EXECUTION_STATE", "Query has not yet finished. Current state: %s", e.State)
}

// updateCount is 0 for what reads, the number of rows for CREATE TABLE AS, and absent for other DDL.
func (e *execution) updateCount() *int64 {
	n := e.Statistics.Updated
	if e.Statement.Kind == athenasql.DDL && e.Statement.SubStatement != createTableAs {
		return nil
	}
	return &n
}

// createTableAs is what Athena calls CREATE TABLE AS.
const createTableAs = "CREATE_TABLE_AS_SELECT"
