package athena

import (
	"context"

	"weir/internal/awsapi"
)

type workGroupRequest struct {
	WorkGroup string `json:"WorkGroup" required:"true" shape:"group"`
}

type getWorkGroupResponse struct {
	WorkGroup workGroupDetails `json:"WorkGroup"`
}

type workGroupDetails struct {
	Name          string                  `json:"Name"`
	State         string                  `json:"State"`
	Configuration *workGroupConfiguration `json:"Configuration"`
	Description   string                  `json:"Description"`
	Created       *seconds                `json:"CreationTime,omitempty"`
}

// getWorkGroup tells of a workgroup. Its effective engine version is always there: Grafana reads it before each query.
//
// Source: AWS, GetWorkGroup.
func (a *API) getWorkGroup(_ context.Context, _ *awsapi.Call, in *workGroupRequest) (*getWorkGroupResponse, error) {
	g, err := a.Store.group(in.WorkGroup)
	if err != nil {
		return nil, err
	}
	return &getWorkGroupResponse{WorkGroup: workGroupDetails{
		Name: g.Name, State: g.State, Configuration: g.configuration(), Description: g.Description, Created: at(g.Created),
	}}, nil
}
