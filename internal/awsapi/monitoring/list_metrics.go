package monitoring

import (
	"context"

	"weir/internal/awsapi"
	"weir/internal/metricstore"
)

// maxListed is how many metrics an answer has.
const maxListed = 500

type listMetricsRequest struct {
	Namespace      string            `json:"Namespace" shape:"namespace"`
	MetricName     string            `json:"MetricName" shape:"name"`
	Dimensions     []dimensionFilter `json:"Dimensions" shape:"dimensionFilters"`
	NextToken      string            `json:"NextToken"`
	RecentlyActive string            `json:"RecentlyActive" shape:"recently"`
	IncludeLinked  bool              `json:"IncludeLinkedAccounts"`
	Owner          string            `json:"OwningAccount" shape:"name"`
}

type dimensionFilter struct {
	Name  string `json:"Name" required:"true" shape:"name"`
	Value string `json:"Value" shape:"value"`
}

type listMetricsResponse struct {
	Metrics   []metric `json:"Metrics"`
	NextToken string   `json:"NextToken,omitempty"`
	Owners    []string `json:"OwningAccounts,omitempty"`
}

// metric is AWS's Metric.
type metric struct {
	Namespace  string      `json:"Namespace" shape:"namespace"`
	Name       string      `json:"MetricName" shape:"name"`
	Dimensions []dimension `json:"Dimensions" shape:"dimensions"`
}

// dimension is AWS's Dimension.
type dimension struct {
	Name  string `json:"Name" required:"true" shape:"name"`
	Value string `json:"Value" required:"true" shape:"value"`
}

// listMetrics lists the metrics that got data in the last two weeks, or with RecentlyActive in the last three hours, by namespace, name
// and dimensions. A filter of dimensions takes metrics that have these and others. All are of the server's own account: linked
// accounts have none.
//
// Source: AWS, ListMetrics.
func (a *API) listMetrics(ctx context.Context, _ *awsapi.Call, in *listMetricsRequest) (*listMetricsResponse, error) {
	r := metricstore.ListRequest{Namespace: in.Namespace, Name: in.MetricName, RecentlyActive: in.RecentlyActive != ""}
	for _, d := range in.Dimensions {
		r.Dimensions = append(r.Dimensions, metricstore.DimensionFilter{Name: d.Name, Value: d.Value})
	}
	var found []metricstore.Metric
	if in.Owner == "" || in.Owner == a.Account {
		var err error
		if found, err = a.Metrics.List(ctx, r); err != nil {
			return nil, err
		}
	}
	page, next, ok := awsapi.Page("ListMetrics", in.NextToken, maxListed, false, found, metricstore.Metric.Key)
	if !ok {
		return nil, invalidValue("The value of the parameter NextToken is invalid.")
	}
	out := &listMetricsResponse{Metrics: []metric{}, NextToken: next}
	for _, m := range page {
		out.Metrics = append(out.Metrics, shownMetric(m))
		if in.IncludeLinked {
			out.Owners = append(out.Owners, a.Account)
		}
	}
	return out, nil
}

// stored returns a metric of a request as the store has it.
func stored(m metric) metricstore.Metric {
	out := metricstore.Metric{Namespace: m.Namespace, Name: m.Name}
	for _, d := range m.Dimensions {
		out.Dimensions = append(out.Dimensions, metricstore.Dimension(d))
	}
	metricstore.SortDimensions(out.Dimensions)
	return out
}

// shownMetric returns a metric of the store as answers have it.
func shownMetric(m metricstore.Metric) metric {
	out := metric{Namespace: m.Namespace, Name: m.Name, Dimensions: []dimension{}}
	for _, d := range m.Dimensions {
		out.Dimensions = append(out.Dimensions, dimension(d))
	}
	return out
}
