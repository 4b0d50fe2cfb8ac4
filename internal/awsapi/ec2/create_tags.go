package ec2

import (
	"context"

	"weir/internal/awsapi"
)

type createTagsRequest struct {
	dryRun
	Resources []string `json:"ResourceId"`
	Tags      []tag    `json:"Tag"`
}

// createTags puts tags on flow logs.
//
// Source: AWS, CreateTags.
func (a *API) createTags(ctx context.Context, _ *awsapi.Call, in *createTagsRequest) (*done, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	if err := checkTagged(in.Resources); err != nil {
		return nil, err
	}
	if len(in.Tags) == 0 {
		return nil, missing("Tag")
	}
	tags, err := tagMap(in.Tags, false)
	if err != nil {
		return nil, err
	}
	if err := a.Store.Tag(ctx, in.Resources, tags); err != nil {
		return nil, answer(err)
	}
	return &done{true}, nil
}
