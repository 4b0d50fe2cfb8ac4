package athena

import (
	"context"

	"weir/internal/awsapi"
)

type listWorkGroupsRequest struct {
	NextToken  string `json:"NextToken" shape:"token"`
	MaxResults int32  `json:"MaxResults" shape:"page50"`
}

type listWorkGroupsResponse struct {
	WorkGroups []workGroupSummary `json:"WorkGroups"`
	NextToken  string             `json:"NextToken,omitempty"`
}

type workGroupSummary struct {
	Name        string         `json:"Name"`
	State       string         `json:"State"`
	Description string         `json:"Description"`
	Created     *seconds       `json:"CreationTime,omitempty"`
	Engine      *engineVersion `json:"EngineVersion"`
}

// listWorkGroups lists workgroups by their names.
//
// Source: AWS, ListWorkGroups.
func (a *API) listWorkGroups(_ context.Context, _ *awsapi.Call, in *listWorkGroupsRequest) (*listWorkGroupsResponse, error) {
	shown, token, err := page("ListWorkGroups", in.NextToken, in.MaxResults, a.Store.allGroups(), func(g workGroup) string { return g.Name })
	if err != nil {
		return nil, err
	}
	out := &listWorkGroupsResponse{WorkGroups: []workGroupSummary{}, NextToken: token}
	for _, g := range shown {
		out.WorkGroups = append(out.WorkGroups, workGroupSummary{Name: g.Name, State: g.State, Description: g.Description, Created: at(g.Created), Engine: g.engine()})
	}
	return out, nil
}
