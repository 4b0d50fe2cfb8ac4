package app

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestKeepReadyRule keeps ready rules: what comes from then on counts, in the order of fields that the group has.
func TestKeepReadyRule(t *testing.T) {
	begin := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	a, _ := newAlerted(t, begin)
	a.flowGroup("g", "${bytes} ${dstaddr} ${srcaddr}")
	r := LiveTopRequest{Rule: "top-sources-by-bytes", Group: "g", N: 10, Now: begin, Data: a.s.lake.Data()}
	if group, err := KeepReadyRule(t.Context(), a.s, r); err != nil || group != "g" {
		t.Fatalf("%s, %v", group, err)
	}
	a.call("logs", "PutLogEvents", fmt.Sprintf(`{"logGroupName":"g","logStreamName":"eni-1","logEvents":[{"timestamp":%[1]d,"message":"3000000000 10.0.0.1 10.0.0.2"},
		{"timestamp":%[1]d,"message":"40 10.0.0.1 10.0.0.3"},{"timestamp":%[1]d,"message":"- - -"}]}`, begin.UnixMilli()), "")
	if err := a.w.watch.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	shown := r
	shown.Group = ""
	report, err := LiveTop(t.Context(), a.s, shown)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]LiveTopRow{{[]string{"10.0.0.2"}, 3e9}, {[]string{"10.0.0.3"}, 40}}, report.Rows); diff != "" || report.Query != "" {
		t.Errorf("%s, asked by %q", diff, report.Query)
	}
	for name, change := range map[string]func(*LiveTopRequest){
		"twice":                               func(*LiveTopRequest) {},
		"a rule that is not ready":            func(r *LiveTopRequest) { r.Rule = "top" },
		"a group that is not there":           func(r *LiveTopRequest) { r.Rule, r.Group = "top-sources-by-records", "none" },
		"without a definition of the network": func(r *LiveTopRequest) { r.Rule = "top-nat-gateway-talkers" },
	} {
		asked := r
		change(&asked)
		if _, err := KeepReadyRule(t.Context(), a.s, asked); !errors.As(err, new(*UsageError)) {
			t.Errorf("%s: %v", name, err)
		}
	}
	r.Rule = "top-refused-ports" // the group's LogFormat has not got its fields
	if _, err := KeepReadyRule(t.Context(), a.s, r); err == nil {
		t.Error("a rule that does not fit was kept")
	} else if code, _, _ := APIError(err); code != "InvalidParameterValueException" {
		t.Errorf("a rule that does not fit: %v", err)
	}
}
