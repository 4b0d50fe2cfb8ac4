package monitoring

import (
	"context"

	"weir/internal/awsapi"
)

type listTagsForResourceRequest struct {
	ARN string `json:"ResourceARN" required:"true" shape:"resource"`
}

type listTagsForResourceResponse struct {
	Tags []tag `json:"Tags"`
}

// listTagsForResource lists the tags of an alarm or an insight rule, by key. One that is not there has none.
//
// Source: AWS, ListTagsForResource; that one that was deleted has no tags, and is no error, was recorded of alarms.
func (a *API) listTagsForResource(ctx context.Context, _ *awsapi.Call, in *listTagsForResourceRequest) (*listTagsForResourceResponse, error) {
	r, err := a.tagged(in.ARN)
	if err != nil {
		return nil, err
	}
	tags, err := r.Tags(ctx, r.name)
	if err != nil && !notThere(err) {
		return nil, r.answer(err)
	}
	return &listTagsForResourceResponse{Tags: shownTags(tags)}, nil
}
