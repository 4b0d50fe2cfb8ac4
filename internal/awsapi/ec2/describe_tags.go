package ec2

import (
	"context"
	"strings"

	"weir/internal/awsapi"
)

type describeTagsRequest struct {
	dryRun
	Filters    []filter `json:"Filter"`
	MaxResults *int32   `json:"MaxResults"`
	NextToken  string   `json:"NextToken"`
}

type describeTagsResponse struct {
	Tags      []tagDescription `json:"tagSet"`
	NextToken string           `json:"nextToken,omitempty"`
}

type tagDescription struct {
	Key          string `json:"key"`
	ResourceID   string `json:"resourceId"`
	ResourceType string `json:"resourceType"`
	Value        string `json:"value"`
}

// describeTags lists the tags of flow logs.
//
// Source: AWS, DescribeTags.
func (a *API) describeTags(ctx context.Context, _ *awsapi.Call, in *describeTagsRequest) (*describeTagsResponse, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	limit, err := pageSize(in.MaxResults, 5)
	if err != nil {
		return nil, err
	}
	if err := checkFilters(in.Filters, tagFilters); err != nil {
		return nil, err
	}
	all, _, err := a.Store.List(ctx)
	if err != nil {
		return nil, err
	}
	var tags []tagDescription
	keys := map[string]string{} // for pages, by resource
	for i := range all {
		keys[all[i].ID] = key(&all[i])
		for _, t := range sortedTags(all[i].Tags) {
			d := tagDescription{t.Key, all[i].ID, flowLogType, t.Value}
			if matches(in.Filters, d.values) {
				tags = append(tags, d)
			}
		}
	}
	page, next, ok := awsapi.Page("DescribeTags", in.NextToken, limit, false, tags, func(d tagDescription) string { return keys[d.ResourceID] + d.Key })
	if !ok {
		return nil, errToken
	}
	return &describeTagsResponse{page, next}, nil
}

// values returns what a tag has for a filter.
func (d *tagDescription) values(name string) []string {
	switch name {
	case "key":
		return []string{d.Key}
	case "resource-id":
		return []string{d.ResourceID}
	case "resource-type":
		return []string{d.ResourceType}
	case "value":
		return []string{d.Value}
	}
	if d.Key == strings.TrimPrefix(name, tagFilter) {
		return []string{d.Value}
	}
	return nil
}
