package athena

import (
	"context"
	"maps"
	"slices"

	"weir/internal/awsapi"
)

type listTagsForResourceRequest struct {
	ARN        string `json:"ResourceARN" required:"true" shape:"arn"`
	NextToken  string `json:"NextToken" shape:"token"`
	MaxResults int32  `json:"MaxResults" shape:"tagPage"`
}

type listTagsForResourceResponse struct {
	Tags      []tag  `json:"Tags"`
	NextToken string `json:"NextToken,omitempty"`
}

// listTagsForResource lists the tags of a workgroup by their keys. All fit in the least page that may be asked for.
//
// Source: AWS, ListTagsForResource.
func (a *API) listTagsForResource(_ context.Context, _ *awsapi.Call, in *listTagsForResourceRequest) (*listTagsForResourceResponse, error) {
	name, err := a.tagged(in.ARN)
	if err != nil {
		return nil, err
	}
	g, err := a.Store.group(name)
	if err != nil {
		return nil, err
	}
	shown, token, err := page("ListTagsForResource", in.NextToken, 0, slices.Sorted(maps.Keys(g.Tags)), func(key string) string { return key })
	if err != nil {
		return nil, err
	}
	out := &listTagsForResourceResponse{Tags: []tag{}, NextToken: token}
	for _, key := range shown {
		out.Tags = append(out.Tags, tag{Key: key, Value: g.Tags[key]})
	}
	return out, nil
}
