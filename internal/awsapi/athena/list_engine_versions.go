package athena

import (
	"context"

	"weir/internal/awsapi"
)

type listEngineVersionsRequest struct {
	NextToken  string `json:"NextToken" shape:"token"`
	MaxResults int32  `json:"MaxResults" shape:"page10"`
}

type listEngineVersionsResponse struct {
	EngineVersions []engineVersion `json:"EngineVersions"`
	NextToken      string          `json:"NextToken,omitempty"`
}

// listEngineVersions lists the engine versions that a workgroup can select.
//
// Source: AWS, ListEngineVersions.
func (a *API) listEngineVersions(_ context.Context, _ *awsapi.Call, in *listEngineVersionsRequest) (*listEngineVersionsResponse, error) {
	all := []engineVersion{{Selected: autoEngine, Effective: engine3}, {Selected: engine3, Effective: engine3}}
	shown, token, err := page("ListEngineVersions", in.NextToken, in.MaxResults, all, func(v engineVersion) string { return v.Selected })
	if err != nil {
		return nil, err
	}
	return &listEngineVersionsResponse{EngineVersions: shown, NextToken: token}, nil
}
