package sns

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/internal/awsapi/awsapitest"
)

var describer = awsapitest.Describer{Names: map[string]string{
	"batchEntry": "PublishBatchRequestEntry", "batchResult": "PublishBatchResultEntry", "subscriptionElement": "Subscription", "topicElement": "Topic",
}}

// TestRequestsAreTheModels compares the members of requests with those of AWS's model: none is passed over.
func TestRequestsAreTheModels(t *testing.T) {
	requests, _ := awsapitest.Model(t, "SNS (")
	operations := newServer(t, awsapitest.Anyone{}).api.operations()
	if diff := cmp.Diff(slices.Sorted(maps.Keys(requests)), slices.Sorted(maps.Keys(operations))); diff != "" {
		t.Fatal(diff)
	}
	for name, want := range requests {
		got := describer.Describe(operations[name].In)
		for path := range maps.Clone(got) {
			if path == "MessageAttributes" || strings.HasSuffix(path, ".MessageAttributes") {
				for member, kind := range describer.Describe(reflect.TypeFor[attributeValue]()) {
					got[path+"."+member] = kind
				}
			}
		}
		if diff := cmp.Diff(slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(got))); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		for path, kind := range want {
			if kind == "blob" || kind == "boolean" { // the operation itself reads them, to say what is wrong in SNS's words
				want[path] = "string"
			}
		}
		for _, unlike := range awsapitest.Like(got, want) {
			t.Errorf("%s: %s", name, unlike)
		}
	}
}

// TestAnswersAreTheModels finds each member of an answer in AWS's model.
func TestAnswersAreTheModels(t *testing.T) {
	_, responses := awsapitest.Model(t, "SNS (")
	for name, op := range newServer(t, awsapitest.Anyone{}).api.operations() {
		got := describer.Describe(op.Out)
		if len(got) == 0 && len(responses[name]) > 0 {
			t.Errorf("%s has no members", name)
		}
		for _, unlike := range awsapitest.Like(got, responses[name]) {
			t.Errorf("%s: %s", name, unlike)
		}
	}
}
