package monitoring

import (
	"context"

	"weir/internal/awsapi"
)

type listMetricsRequest struct {
	Namespace      string            `json:"Namespace" shape:"namespace"`
	MetricName     string            `json:"MetricName" shape:"name"`
	Dimensions     []dimensionFilter `json:"Dimensions" shape:"dimensions"`
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
	Metrics []struct{} `json:"Metrics"`
}

// listMetrics lists no metrics: there are none.
//
// Source: AWS, ListMetrics.
func listMetrics(context.Context, *awsapi.Call, *listMetricsRequest) (*listMetricsResponse, error) {
	return &listMetricsResponse{Metrics: []struct{}{}}, nil
}
