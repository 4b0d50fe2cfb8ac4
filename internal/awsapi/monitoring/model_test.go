package monitoring

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/internal/awsapi/awsapitest"
)

// describer writes our structures as the model has them.
var describer = awsapitest.Describer{Shapes: shapes, Names: map[string]string{"putDimension": "Dimension"}}

// notInTable are members that AWS's SDK of November 2026 has and the table lacks. They are refused.
var notInTable = []string{"ActionConfiguration", "WarmUpConfiguration"}

// checkThemselves are operations that check their members in AWS's other words: of them, names and types are compared alone.
var checkThemselves = []string{"GetMetricStatistics", "PutMetricData"}

// TestRequestsAreTheModels compares each request with AWS's model: names, types, what is required, lengths, ranges, patterns and enums.
func TestRequestsAreTheModels(t *testing.T) {
	requests, _ := awsapitest.Model(t, "CloudWatch (")
	operations := newServer(t).api.operations()
	for _, name := range slices.Sorted(maps.Keys(operations)) {
		t.Run(name, func(t *testing.T) {
			got := describer.Describe(operations[name].In)
			if slices.Contains(checkThemselves, name) {
				for _, unlike := range awsapitest.Like(got, requests[name]) {
					t.Error(unlike)
				}
				return
			}
			maps.DeleteFunc(got, func(member, _ string) bool { return slices.Contains(notInTable, member) })
			if diff := cmp.Diff(unordered(requests[name]), unordered(got)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// unordered sorts the values of enums: errors show them in another order than the model.
func unordered(members map[string]string) map[string]string {
	out := map[string]string{}
	for path, kind := range members {
		before, rest, ok := strings.Cut(kind, "{enum ")
		if ok {
			list, after, _ := strings.Cut(rest, "}")
			values := strings.Split(list, "|")
			slices.Sort(values)
			kind = before + "{enum " + strings.Join(values, "|") + "}" + after
		}
		out[path] = kind
	}
	return out
}

// TestAnswersAreTheModels compares the members of each answer with AWS's model. An answer may lack some.
func TestAnswersAreTheModels(t *testing.T) {
	_, responses := awsapitest.Model(t, "CloudWatch (")
	operations := newServer(t).api.operations()
	for _, name := range slices.Sorted(maps.Keys(operations)) {
		t.Run(name, func(t *testing.T) {
			got := describer.Describe(operations[name].Out)
			if len(got) == 0 && len(responses[name]) > 0 {
				t.Error("it has no members")
			}
			for _, unlike := range awsapitest.Like(got, responses[name]) {
				t.Error(unlike)
			}
		})
	}
}
