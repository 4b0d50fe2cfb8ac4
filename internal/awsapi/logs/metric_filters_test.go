package logs

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/internal/filterpattern"
	"weir/internal/logstore"
)

func metricFilterOf(group, name, pattern string) object {
	return object{"logGroupName": group, "filterName": name, "filterPattern": pattern, "metricTransformations": []object{
		{"metricName": "m", "metricNamespace": "n", "metricValue": "1", "defaultValue": 0.5, "unit": "Count"},
	}}
}

// TestMetricFiltersOfAllGroups has filters of a group of the store and of one of the lake, as who evaluates them gets them.
func TestMetricFiltersOfAllGroups(t *testing.T) {
	const lakeGroup = "/weir/flow-logs"
	s := newServer(t, func(o *Options) { o.Lake = fakeLake{events: []logstore.Event{{Group: lakeGroup, Stream: "s"}}} })
	s.group("a")
	s.ok("PutMetricFilter", metricFilterOf("a", "f", "x"))
	s.ok("PutMetricFilter", metricFilterOf(lakeGroup, "g", "[a, b=1]"))
	if got := s.listed("DescribeMetricFilters", "metricFilters", "filterName", object{"logGroupName": lakeGroup}); !cmp.Equal(got, []string{"g"}) {
		t.Errorf("filters of the lake's group: %v", got)
	}
	half := 0.5
	of := filterpattern.Transformation{MetricName: "m", MetricNamespace: "n", MetricValue: "1", DefaultValue: &half, Unit: "Count"}
	check := func(disabled bool) {
		t.Helper()
		want := []MetricFilter{{lakeGroup, "g", "[a, b=1]", of, disabled}, {"a", "f", "x", of, false}}
		got, err := MetricFilters(t.Context(), s.store)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%v\n%s", err, diff)
		}
	}
	check(false)
	if err := DisableMetricFilter(t.Context(), s.store, lakeGroup, "g", "too much"); err != nil {
		t.Fatal(err)
	}
	check(true)
	s.ok("PutMetricFilter", metricFilterOf(lakeGroup, "g", "[a, b=1]")) // enables it
	check(false)
	s.ok("DeleteMetricFilter", object{"logGroupName": lakeGroup, "filterName": "g"})
	if got, err := MetricFilters(t.Context(), s.store); err != nil || len(got) != 1 {
		t.Errorf("%v, %v", got, err)
	}
}

// TestSettle changes filters and deletes events only after what was there was counted.
func TestSettle(t *testing.T) {
	settled := 0
	var failure error
	s := newServer(t, func(o *Options) {
		o.Settle = func(context.Context) error {
			settled++
			return failure
		}
	})
	s.group("a")
	s.ok("CreateLogStream", object{"logGroupName": "a", "logStreamName": "s"})
	steps := []struct {
		operation string
		in        object
	}{
		{"PutMetricFilter", metricFilterOf("a", "f", "x")},
		{"DeleteMetricFilter", object{"logGroupName": "a", "filterName": "f"}},
		{"DeleteLogStream", object{"logGroupName": "a", "logStreamName": "s"}},
		{"DeleteLogGroup", object{"logGroupName": "a"}},
	}
	failure = errors.New("the metrics can't be written")
	for i, step := range steps {
		if got := s.refused(step.operation, step.in); settled != i+1 {
			t.Errorf("%s settled %d times: %s", step.operation, settled, got)
		}
	}
	failure = nil
	for _, step := range steps {
		s.ok(step.operation, step.in)
	}
	if settled != 2*len(steps) {
		t.Errorf("settled %d times", settled)
	}
}
