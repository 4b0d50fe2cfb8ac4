package logs

import (
	"context"
	"slices"

	"weir/internal/awsapi"
)

type describeMetricFiltersRequest struct {
	Group     string `json:"logGroupName" shape:"group"`
	Prefix    string `json:"filterNamePrefix" shape:"filterName"`
	NextToken string `json:"nextToken" shape:"nonEmpty"`
	Limit     int32  `json:"limit" shape:"page50"`
	Metric    string `json:"metricName" shape:"metricName"`
	Namespace string `json:"metricNamespace" shape:"metricName"`
}

type describeMetricFiltersResponse struct {
	Filters   []describedMetricFilter `json:"metricFilters"`
	NextToken string                  `json:"nextToken,omitempty"`
}

type describedMetricFilter struct {
	Name            string                 `json:"filterName"`
	Pattern         string                 `json:"filterPattern"`
	Transformations []MetricTransformation `json:"metricTransformations"`
	Created         int64                  `json:"creationTime"`
	Group           string                 `json:"logGroupName"`
	Transformed     bool                   `json:"applyOnTransformedLogs"`
}

// describeMetricFilters lists metric filters by name, of one group or of all, or those of a metric.
//
// Source: AWS, DescribeMetricFilters.
func (a *API) describeMetricFilters(ctx context.Context, _ *awsapi.Call, in *describeMetricFiltersRequest) (*describeMetricFiltersResponse, error) {
	if (in.Metric == "") != (in.Namespace == "") {
		return nil, invalid("metricName and metricNamespace must be given together.")
	}
	if in.Group != "" {
		if _, _, err := a.groups.find(ctx, in.Group); err != nil {
			return nil, err
		}
	}
	all, err := list[metricFilter](ctx, a.Store, metricFilterKind, in.Group, in.Prefix)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(f named[metricFilter]) bool {
		t := f.value.Transformations[0]
		return in.Metric != "" && (t.Name != in.Metric || t.Namespace != in.Namespace)
	})
	shown, token, err := page("DescribeMetricFilters", in.NextToken, or(in.Limit, 50), false, all, named[metricFilter].key)
	if err != nil {
		return nil, err
	}
	out := &describeMetricFiltersResponse{Filters: []describedMetricFilter{}, NextToken: token}
	for _, f := range shown {
		out.Filters = append(out.Filters, describedMetricFilter{Name: f.name, Pattern: f.value.Pattern, Transformations: f.value.Transformations, Created: f.created, Group: f.group})
	}
	return out, nil
}
