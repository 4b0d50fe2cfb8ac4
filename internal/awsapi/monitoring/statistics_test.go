package monitoring

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestGetMetricStatistics asks for what the recorded answers have not.
func TestGetMetricStatistics(t *testing.T) {
	now := noon
	api := newAPI(t, func() time.Time { return now })
	put := func(at time.Time, resolution int, values ...any) {
		want(t, api, "PutMetricData", datum(object{
			"Timestamp": at, "Values": values, "Unit": "Bytes", "StorageResolution": resolution, "Dimensions": list(object{"Name": "a", "Value": "1"}, object{"Name": "b", "Value": "2"}),
		}))
	}
	put(noon.Add(-90*time.Second), 60, 1.0, 2.0, 3.0, 4.0)
	put(noon.Add(-30*time.Second), 1, 10.0)
	in := func(more object) object {
		out := object{
			"Namespace": "ns", "MetricName": "m", "StartTime": noon.Add(-5*time.Minute + 1500*time.Millisecond), "EndTime": noon, "Period": 60,
			"Dimensions": list(object{"Name": "b", "Value": "2"}, object{"Name": "a", "Value": "1"}),
		}
		maps.Copy(out, more)
		return out
	}
	seconds := func(before time.Duration) float64 { return float64(noon.Add(-before).Unix()) }
	tests := []struct {
		name string
		more object
		want []any
	}{
		{"percentiles", object{"ExtendedStatistics": list("p50", "TM(:75%)", "PR(2:)")}, list(
			object{"Timestamp": seconds(2 * time.Minute), "Unit": "Bytes", "ExtendedStatistics": object{"p50": 2.0, "TM(:75%)": 2.0, "PR(2:)": 50.0}},
			object{"Timestamp": seconds(time.Minute), "Unit": "Bytes", "ExtendedStatistics": object{"p50": 10.0, "TM(:75%)": 10.0, "PR(2:)": 100.0}},
		)},
		{"a period that begins in the middle of a minute", object{"Statistics": list("Sum"), "Period": 300}, list(object{"Timestamp": seconds(5 * time.Minute), "Unit": "Bytes", "Sum": 20.0})},
		{"high resolution", object{"Statistics": list("SampleCount"), "Period": 10}, list(
			object{"Timestamp": seconds(2 * time.Minute), "Unit": "Bytes", "SampleCount": 4.0}, object{"Timestamp": seconds(30 * time.Second), "Unit": "Bytes", "SampleCount": 1.0},
		)},
		{"of a unit", object{"Statistics": list("Average"), "Unit": "Bytes", "StartTime": noon.Add(-time.Minute)}, list(object{"Timestamp": seconds(time.Minute), "Unit": "Bytes", "Average": 10.0})},
		{"of a unit that it has not", object{"Statistics": list("Average"), "Unit": "Bits"}, list()},
		{"of fewer dimensions", object{"Statistics": list("Average"), "Dimensions": list(object{"Name": "a", "Value": "1"})}, list()},
		{"as many as there may be", object{"Statistics": list("Sum"), "StartTime": noon.Add(-24 * time.Hour)}, list(
			object{"Timestamp": seconds(2 * time.Minute), "Unit": "Bytes", "Sum": 10.0}, object{"Timestamp": seconds(time.Minute), "Unit": "Bytes", "Sum": 10.0},
		)},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(object{"Label": "m", "Datapoints": tt.want}, want(t, api, "GetMetricStatistics", in(tt.more))); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}

	// In XML and CBOR the answer has its times and maps in their forms: the clients of clients_test.go read them.
	now = noon.Add(4 * time.Hour)
	if got := want(t, api, "GetMetricStatistics", in(object{"Statistics": list("SampleCount"), "Period": 10}))["Datapoints"].([]any); len(got) > 0 {
		t.Errorf("four hours later there are seconds: %v", got)
	}
	refused := []struct {
		name string
		more object
		code string
	}{
		{"no namespace", object{"Namespace": ""}, "ValidationError"},
		{"no statistic", object{}, "InvalidParameterCombination"},
		{"both kinds", object{"Statistics": list("Sum"), "ExtendedStatistics": list("p9")}, "InvalidParameterCombination"},
		{"a statistic that is none", object{"Statistics": list("p99")}, "ValidationError"},
		{"a percentile that is none", object{"ExtendedStatistics": list("p101")}, "InvalidParameterValue"},
		{"Sum among the percentiles", object{"ExtendedStatistics": list("Sum")}, "InvalidParameterValue"},
		{"no time", object{"Statistics": list("Sum"), "StartTime": noon, "EndTime": noon}, "InvalidParameterValue"},
		{"a period", object{"Statistics": list("Sum"), "Period": 90}, "InvalidParameterValue"},
		{"one point too many", object{"Statistics": list("Sum"), "StartTime": noon.Add(-24*time.Hour - time.Second)}, "InvalidParameterCombination"},
		{"a unit", object{"Statistics": list("Sum"), "Unit": "Apples"}, "ValidationError"},
	}
	for _, tt := range refused {
		if got := ask(t, api, "json", "GetMetricStatistics", in(tt.more)); got.status != http.StatusBadRequest || got.queryCode != tt.code || got.message == "" {
			t.Errorf("%s: %d %s", tt.name, got.status, got.body)
		}
	}
	for _, member := range []string{"Namespace", "MetricName", "StartTime", "EndTime", "Period"} {
		less := in(object{"Statistics": list("Sum")})
		delete(less, member)
		if got := ask(t, api, "json", "GetMetricStatistics", less); got.queryCode != "MissingParameter" || got.code != "MissingRequiredParameterException" || got.message != "The parameter "+member+" is required." {
			t.Errorf("without %s: %d %s", member, got.status, got.body)
		}
	}
}

// TestListMetricsPages lists more metrics than an answer has, with filters.
func TestListMetricsPages(t *testing.T) {
	now := noon
	api := newAPI(t, func() time.Time { return now })
	var all []string
	for from := 0; from < 1100; from += 550 {
		var data []any
		for i := range 550 {
			name := fmt.Sprintf("m%04d", from+i)
			all = append(all, name)
			data = append(data, object{"MetricName": name, "Value": 1.0, "Dimensions": list(object{"Name": "odd", "Value": fmt.Sprint(i % 2)}, object{"Name": "n", "Value": name})})
		}
		want(t, api, "PutMetricData", object{"Namespace": "pages", "MetricData": data})
	}
	now = noon.Add(4 * time.Hour)
	want(t, api, "PutMetricData", object{"Namespace": "later", "MetricData": list(object{"MetricName": "m", "Value": 1.0})})
	names := func(in object) (out []string, pages int) {
		for {
			got := want(t, api, "ListMetrics", in)
			pages++
			for _, m := range got["Metrics"].([]any) {
				out = append(out, m.(object)["MetricName"].(string))
			}
			next, more := got["NextToken"].(string)
			if !more {
				return out, pages
			}
			in["NextToken"] = next
		}
	}
	if got, pages := names(object{"Namespace": "pages"}); pages != 3 || !slices.Equal(got, all) {
		t.Errorf("%d metrics on %d pages", len(got), pages)
	}
	if got, pages := names(object{"Dimensions": list(object{"Name": "odd", "Value": "1"})}); pages != 2 || len(got) != 550 || got[0] != "m0001" {
		t.Errorf("%d odd metrics on %d pages", len(got), pages)
	}
	if got, _ := names(object{"RecentlyActive": "PT3H"}); !slices.Equal(got, []string{"m"}) {
		t.Errorf("recently active are %v", got)
	}
	got := want(t, api, "ListMetrics", object{"MetricName": "m0007", "IncludeLinkedAccounts": true, "OwningAccount": "123456789012"})
	if diff := cmp.Diff(object{"OwningAccounts": list("123456789012"), "Metrics": list(object{
		"Namespace": "pages", "MetricName": "m0007", "Dimensions": list(object{"Name": "n", "Value": "m0007"}, object{"Name": "odd", "Value": "1"}),
	})}, got); diff != "" {
		t.Error(diff)
	}
	if got := want(t, api, "ListMetrics", object{"IncludeLinkedAccounts": true, "OwningAccount": "999999999999"}); len(got["Metrics"].([]any)) > 0 {
		t.Errorf("of another account: %v", got)
	}
	if got := ask(t, api, "json", "ListMetrics", object{"NextToken": "x"}); got.queryCode != "InvalidParameterValue" {
		t.Errorf("%d %s", got.status, got.body)
	}
}
