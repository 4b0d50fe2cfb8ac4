package logs

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/internal/awsapi/awsapitest"
)

// describer writes our structures as the model has them.
var describer = awsapitest.Describer{Shapes: shapes, Names: map[string]string{
	"describedLookupTable": "LookupTable", "describedMetricFilter": "MetricFilter", "describedSubscriptionFilter": "SubscriptionFilter",
	"metricFilterMatch": "MetricFilterMatchRecord",
}}

// TestRequestsAreTheModels compares each request with AWS's model: names, types, what is required, lengths,
// ranges, patterns and enums.
func TestRequestsAreTheModels(t *testing.T) {
	requests, _ := awsapitest.Model(t, "CloudWatch Logs (")
	s := newServer(t, nil)
	for _, name := range slices.Sorted(maps.Keys(s.api.operations())) {
		want, ok := requests[name]
		if !ok {
			if name != "DescribeDestinations" { // which the table lacks
				t.Errorf("the model has no %s", name)
			}
			continue
		}
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(want, describer.Describe(s.api.operations()[name].In)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestAnswersAreTheModels compares the members of each answer with AWS's model. An answer may lack some.
func TestAnswersAreTheModels(t *testing.T) {
	_, responses := awsapitest.Model(t, "CloudWatch Logs (")
	s := newServer(t, nil)
	for _, name := range slices.Sorted(maps.Keys(s.api.operations())) {
		want, ok := responses[name]
		out := s.api.operations()[name].Out
		if !ok || out == nil || out.NumField() == 0 {
			continue
		}
		t.Run(name, func(t *testing.T) {
			got := describer.Describe(out)
			if name == "GetQueryResults" {
				got["results"] = want["results"] // written as JSON
			}
			for _, unlike := range awsapitest.Like(got, want) {
				t.Error(unlike)
			}
		})
	}
}
