package logs

import (
	"context"
	"slices"
	"strings"

	"weir/internal/awsapi"
)

type describeQueryDefinitionsRequest struct {
	Language   string `json:"queryLanguage" shape:"queryLanguage"`
	Prefix     string `json:"queryDefinitionNamePrefix" shape:"queryDefinition"`
	MaxResults int32  `json:"maxResults" shape:"listLimit"`
	NextToken  string `json:"nextToken" shape:"nonEmpty"`
}

type describeQueryDefinitionsResponse struct {
	Definitions []*queryDefinition `json:"queryDefinitions"`
	NextToken   string             `json:"nextToken,omitempty"`
}

// describeQueryDefinitions lists saved queries, by name.
//
// Source: AWS, DescribeQueryDefinitions.
func (a *API) describeQueryDefinitions(ctx context.Context, _ *awsapi.Call, in *describeQueryDefinitionsRequest) (*describeQueryDefinitionsResponse, error) {
	found, err := list[queryDefinition](ctx, a.Store, queryDefinitionKind, "", "")
	if err != nil {
		return nil, err
	}
	var all []*queryDefinition
	for _, f := range found {
		if strings.HasPrefix(f.value.Name, in.Prefix) && (in.Language == "" || f.value.Language == in.Language) {
			all = append(all, f.value)
		}
	}
	key := func(d *queryDefinition) string { return d.Name + "\x01" + d.ID }
	slices.SortFunc(all, func(x, y *queryDefinition) int { return strings.Compare(key(x), key(y)) })
	shown, token, err := page("DescribeQueryDefinitions", in.NextToken, or(in.MaxResults, 1000), false, all, key)
	if err != nil {
		return nil, err
	}
	return &describeQueryDefinitionsResponse{Definitions: append([]*queryDefinition{}, shown...), NextToken: token}, nil
}
