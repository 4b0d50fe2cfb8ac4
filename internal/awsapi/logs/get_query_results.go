package logs

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"

	"weir/internal/awsapi"
	"weir/internal/insights"
)

// maxRows is the greatest page of results. A first page has as many: older clients know no tokens.
const maxRows = 10_000

type getQueryResultsRequest struct {
	ID        string `json:"queryId" required:"true" shape:"id256"`
	NextToken string `json:"nextToken" shape:"resultsToken"`
	MaxItems  int32  `json:"maxItems" shape:"firstPages"`
}

type getQueryResultsResponse struct {
	Language   string            `json:"queryLanguage"`
	Results    []json.RawMessage `json:"results"` // each a list of resultField
	Statistics queryStatistics   `json:"statistics"`
	Status     string            `json:"status"`
	NextToken  string            `json:"nextToken,omitempty"`
}

type queryStatistics struct {
	RecordsMatched   float64 `json:"recordsMatched"`
	RecordsScanned   float64 `json:"recordsScanned"`
	RecordsSkipped   float64 `json:"estimatedRecordsSkipped"`
	BytesScanned     float64 `json:"bytesScanned"`
	BytesSkipped     float64 `json:"estimatedBytesSkipped"`
	LogGroupsScanned float64 `json:"logGroupsScanned"`
}

// getQueryResults gives the status of a query, what was read so far, and when it is complete its rows,
// a page at a time.
//
// Source: AWS, GetQueryResults.
func (a *API) getQueryResults(_ context.Context, _ *awsapi.Call, in *getQueryResultsRequest) (*getQueryResultsResponse, error) {
	j, ok := a.jobs.get(in.ID)
	if !ok {
		return nil, errNoQuery
	}
	var offset int64
	if in.NextToken != "" {
		key, err := pageKey("GetQueryResults", in.NextToken)
		id, at, _ := strings.Cut(key, " ")
		n, perr := strconv.ParseInt(at, 10, 64)
		if err != nil || perr != nil || id != j.id || n <= 0 || n >= j.results.size() {
			return nil, errToken
		}
		offset = n
	}
	rows, end, err := j.results.page(offset, int(or(in.MaxItems, maxRows)))
	if err != nil {
		return nil, err
	}
	out := &getQueryResultsResponse{Language: "CWLI", Results: rows, Statistics: statistics(j.statistics), Status: j.status}
	if end < j.results.size() {
		out.NextToken = pageToken("GetQueryResults", j.id+" "+strconv.FormatInt(end, 10))
	}
	return out, nil
}

func statistics(s insights.Statistics) queryStatistics {
	return queryStatistics{RecordsMatched: s.RecordsMatched, RecordsScanned: s.RecordsScanned, BytesScanned: s.BytesScanned, LogGroupsScanned: float64(s.LogGroupsScanned)}
}
