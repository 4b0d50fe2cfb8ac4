package athena

import (
	"context"
	"fmt"
	"slices"

	"weir/internal/awsapi"
)

type listOfGroupRequest struct {
	NextToken  string `json:"NextToken" shape:"token"`
	MaxResults int32  `json:"MaxResults" shape:"page50or0"`
	WorkGroup  string `json:"WorkGroup" shape:"group"`
}

type listNamedQueriesResponse struct {
	IDs       []string `json:"NamedQueryIds"`
	NextToken string   `json:"NextToken,omitempty"`
}

// listNamedQueries lists the ids of the saved queries of a workgroup, in the order in which they were made: first those that come with the
// server.
//
// Source: AWS, ListNamedQueries.
func (a *API) listNamedQueries(_ context.Context, _ *awsapi.Call, in *listOfGroupRequest) (*listNamedQueriesResponse, error) {
	g, err := a.Store.group(in.WorkGroup)
	if err != nil {
		return nil, err
	}
	a.Store.mu.Lock()
	all := a.Store.namedOf(g.Name)
	a.Store.mu.Unlock()
	if g.Name == primary {
		all = slices.Concat(a.ready, all)
	}
	shown, token, err := page("ListNamedQueries", in.NextToken, in.MaxResults, all, func(q namedQuery) string {
		return fmt.Sprintf("%020d %s", q.Created.UnixNano(), q.ID)
	})
	if err != nil {
		return nil, err
	}
	out := &listNamedQueriesResponse{IDs: []string{}, NextToken: token}
	for _, q := range shown {
		out.IDs = append(out.IDs, q.ID)
	}
	return out, nil
}
