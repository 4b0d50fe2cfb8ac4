package athena

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"weir/internal/awsapi"
)

type listQueryExecutionsResponse struct {
	IDs       []string `json:"QueryExecutionIds"`
	NextToken string   `json:"NextToken,omitempty"`
}

// pageTime returns a time as a part of keys that sort.
func pageTime(t time.Time) string { return fmt.Sprintf("%020d", t.UnixNano()) }

// listQueryExecutions lists the ids of the query executions of a workgroup, the newest first.
//
// Source: AWS, ListQueryExecutions.
func (a *API) listQueryExecutions(_ context.Context, _ *awsapi.Call, in *listOfGroupRequest) (*listQueryExecutionsResponse, error) {
	if _, err := a.Store.group(in.WorkGroup); err != nil {
		return nil, err
	}
	keys := a.Store.executionKeys(cmp.Or(in.WorkGroup, primary))
	shown, token, err := pageOf("ListQueryExecutions", in.NextToken, in.MaxResults, true, keys, func(key string) string { return key })
	if err != nil {
		return nil, err
	}
	out := &listQueryExecutionsResponse{IDs: []string{}, NextToken: token}
	for _, key := range shown {
		_, id, _ := strings.Cut(key, " ")
		out.IDs = append(out.IDs, id)
	}
	return out, nil
}
