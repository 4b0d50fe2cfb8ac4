package awsapi

import (
	"errors"
	"strings"
	"testing"
)

// TestDo carries out operations without a request.
func TestDo(t *testing.T) {
	s := testRouter(auth{}).services[0]
	for _, test := range []struct{ operation, in, want, code string }{
		{"Echo", `{"name":"a","count":3,"parts":[{"size":1}]}`, `"count":3`, ""},
		{"Small", `{"name":"a"}`, `{}`, ""},
		{"Echo", `{"name":"A"}`, "", "InvalidParameterException"},
		{"Echo", `{"name":1}`, "", "SerializationException"},
		{"Echo", `{"name"`, "", "SerializationException"},
		{"Nothing", `{}`, "", "UnknownOperationException"},
		{"Echo", `{"name":"a","cuont":3}`, "", "UnknownParameter"},
		{"Echo", `{"name":"a","Count":3}`, "", "UnknownParameter"},
		{"Echo", `{"name":"a","parts":[{"size":1},{"sise":1}]}`, "", "UnknownParameter"},
		{"Small", `{"name":"a","count":3}`, `{}`, ""},
	} {
		out, err := s.Do(t.Context(), test.operation, []byte(test.in))
		if e, _ := errors.AsType[*Error](err); test.code != "" && (e == nil || e.Code != test.code) || test.code == "" && (err != nil || !strings.Contains(string(out), test.want)) {
			t.Errorf("%s %s: %s, %v", test.operation, test.in, out, err)
		}
	}
	if _, err := s.Do(t.Context(), "Fail", []byte("{}")); err == nil || !strings.Contains(err.Error(), "secret of the disk") {
		t.Errorf("an operation that fails: %v", err)
	}
}

// TestDoNamesUnknown names the place of a member that is refused.
func TestDoNamesUnknown(t *testing.T) {
	_, err := testRouter(auth{}).services[0].Do(t.Context(), "Echo", []byte(`{"name":"a","parts":[{"size":1},{"sise":1}]}`))
	if err == nil || !strings.Contains(err.Error(), "The parameter parts.2.sise is not recognized") {
		t.Errorf("%v", err)
	}
}
