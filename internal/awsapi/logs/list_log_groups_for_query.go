package logs

import (
	"context"
	"slices"
	"strings"

	"weir/internal/awsapi"
)

type listLogGroupsForQueryRequest struct {
	ID         string `json:"queryId" required:"true" shape:"id256"`
	NextToken  string `json:"nextToken" shape:"nonEmpty"`
	MaxResults int32  `json:"maxResults" shape:"queryGroups"`
}

type listLogGroupsForQueryResponse struct {
	Groups    []string `json:"logGroupIdentifiers"`
	NextToken string   `json:"nextToken,omitempty"`
}

// listLogGroupsForQuery lists the groups that a query reads.
//
// Source: AWS, ListLogGroupsForQuery.
func (a *API) listLogGroupsForQuery(_ context.Context, _ *awsapi.Call, in *listLogGroupsForQueryRequest) (*listLogGroupsForQueryResponse, error) {
	j, ok := a.jobs.get(in.ID)
	if !ok {
		return nil, errNoQuery
	}
	groups := slices.Sorted(slices.Values(j.groups))
	shown, token, err := page("ListLogGroupsForQuery", in.NextToken, or(in.MaxResults, 500), false, groups, strings.Clone)
	if err != nil {
		return nil, err
	}
	out := &listLogGroupsForQueryResponse{Groups: append([]string{}, shown...), NextToken: token}
	return out, nil
}
