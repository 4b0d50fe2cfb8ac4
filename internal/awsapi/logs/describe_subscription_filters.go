package logs

import (
	"context"

	"weir/internal/awsapi"
)

type describeSubscriptionFiltersRequest struct {
	Group     string `json:"logGroupName" required:"true" shape:"group"`
	Prefix    string `json:"filterNamePrefix" shape:"filterName"`
	NextToken string `json:"nextToken" shape:"nonEmpty"`
	Limit     int32  `json:"limit" shape:"page50"`
}

type describeSubscriptionFiltersResponse struct {
	Filters   []describedSubscriptionFilter `json:"subscriptionFilters"`
	NextToken string                        `json:"nextToken,omitempty"`
}

type describedSubscriptionFilter struct {
	Name         string `json:"filterName"`
	Group        string `json:"logGroupName"`
	Pattern      string `json:"filterPattern"`
	Destination  string `json:"destinationArn"`
	Role         string `json:"roleArn,omitempty"`
	Distribution string `json:"distribution"`
	Transformed  bool   `json:"applyOnTransformedLogs"`
	Created      int64  `json:"creationTime"`
}

// describeSubscriptionFilters lists the subscription filters of a group by name.
//
// Source: AWS, DescribeSubscriptionFilters.
func (a *API) describeSubscriptionFilters(ctx context.Context, _ *awsapi.Call, in *describeSubscriptionFiltersRequest) (*describeSubscriptionFiltersResponse, error) {
	if _, _, err := a.groups.find(ctx, in.Group); err != nil {
		return nil, err
	}
	all, err := list[subscriptionFilter](ctx, a.Store, subscriptionFilterKind, in.Group, in.Prefix)
	if err != nil {
		return nil, err
	}
	shown, token, err := page("DescribeSubscriptionFilters", in.NextToken, or(in.Limit, 50), false, all, named[subscriptionFilter].key)
	if err != nil {
		return nil, err
	}
	out := &describeSubscriptionFiltersResponse{Filters: []describedSubscriptionFilter{}, NextToken: token}
	for _, f := range shown {
		out.Filters = append(out.Filters, describedSubscriptionFilter{
			Name: f.name, Group: f.group, Pattern: f.value.Pattern, Destination: f.value.Destination, Role: f.value.Role,
			Distribution: f.value.Distribution, Created: f.created,
		})
	}
	return out, nil
}
