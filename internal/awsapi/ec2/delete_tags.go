package ec2

import (
	"context"

	"weir/internal/awsapi"
	"weir/internal/flowlogstore"
)

type deleteTagsRequest struct {
	dryRun
	Resources []string `json:"ResourceId"`
	Tags      []tag    `json:"Tag"`
}

// deleteTags takes tags from flow logs: those of a key whatever their value, where a value is given only those with it, and where no tags are
// given all.
//
// Source: AWS, DeleteTags.
func (a *API) deleteTags(ctx context.Context, _ *awsapi.Call, in *deleteTagsRequest) (*done, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	if err := checkTagged(in.Resources); err != nil {
		return nil, err
	}
	var choice []flowlogstore.TagChoice
	for _, t := range in.Tags {
		choice = append(choice, flowlogstore.TagChoice(t))
	}
	if err := a.Store.Untag(ctx, in.Resources, choice); err != nil {
		return nil, answer(err)
	}
	return &done{true}, nil
}
