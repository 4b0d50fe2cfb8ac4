package athena

import (
	"maps"
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/internal/awsapi/awsapitest"
)

// notInTable are operations that AWS's model has and the table lacks. The SDK's snapshots have them (sdk_test.go).
var notInTable = []string{"BatchGetPreparedStatement", "TagResource", "UntagResource", "UpdateNamedQuery", "UpdatePreparedStatement"}

// TestRequestsAreTheModels compares each request with AWS's model: names, types, what is required, lengths, ranges, patterns and enums. All
// operations of the table are answered.
func TestRequestsAreTheModels(t *testing.T) {
	requests, _ := awsapitest.Model(t, "Athena (")
	operations := newServer(t, "", nil).api.operations()
	want := append(slices.Collect(maps.Keys(requests)), notInTable...)
	slices.Sort(want)
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(operations))); diff != "" {
		t.Fatal(diff)
	}
	for name, want := range requests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(want, describer.Describe(operations[name].In)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestAnswersAreTheModels compares the members of each answer with AWS's model. An answer may lack some.
func TestAnswersAreTheModels(t *testing.T) {
	_, responses := awsapitest.Model(t, "Athena (")
	operations := newServer(t, "", nil).api.operations()
	for name, want := range responses {
		t.Run(name, func(t *testing.T) {
			got := describer.Describe(operations[name].Out)
			if len(got) == 0 && len(want) > 0 {
				t.Error("it has no members")
			}
			for _, unlike := range awsapitest.Like(got, want) {
				t.Error(unlike)
			}
		})
	}
}

// named are our names of structures where the model's is another: those that requests and answers have in common, or that this room has another
// use for.
var named = map[string]string{
	"queryExecutionStatistics": "QueryExecutionStatistics", "workGroupDetails": "WorkGroup", "namedQueryDetails": "NamedQuery",
	"preparedStatementDetails": "PreparedStatement", "unprocessedQueryExecutionID": "UnprocessedQueryExecutionId",
	"unprocessedNamedQueryID": "UnprocessedNamedQueryId",
}

// describer writes our structures as the model has them.
var describer = awsapitest.Describer{Shapes: shapes, Names: named, Times: []reflect.Type{reflect.TypeFor[seconds]()}}
