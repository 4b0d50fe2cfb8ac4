package monitoring

import (
	"cmp"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"weir/internal/sharedtest"
)

// recorded reads what AWS answered to LocalStack's tests, by the name of the test.
func recorded(t *testing.T) map[string]object {
	t.Helper()
	out := map[string]object{}
	for id, answers := range sharedtest.Recordings(t, "cloudwatch__test_cloudwatch.snapshot.json") {
		out[id[strings.LastIndex(id, "::")+2:]] = answers
	}
	return out
}

// datum makes a request of PutMetricData with one datum.
func datum(members object) object {
	if members["MetricName"] == nil {
		members["MetricName"] = "m"
	}
	return object{"Namespace": "ns", "MetricData": list(members)}
}

// TestRecordedErrors sends what LocalStack's tests sent to AWS and compares codes and words, in each protocol.
func TestRecordedErrors(t *testing.T) {
	all := recorded(t)
	now := time.Now()
	api := newAPI(t, func() time.Time { return now })
	statistics := func(start, end time.Time) object {
		return object{"Namespace": "namespace", "MetricName": "metric_name", "StartTime": start, "EndTime": end, "Period": 1, "Statistics": list("SampleCount")}
	}
	requests := map[string]map[string]object{
		"test_put_metric_data_validation": {
			"invalid-param-combination":   datum(object{"Value": 1.5, "Values": list(1.0, 10.0)}),
			"invalid-param-combination-2": datum(object{"Value": 1.5, "StatisticValues": object{"Sum": 10.0, "SampleCount": 2.0, "Minimum": 1.0, "Maximum": 9.0}}),
			"invalid-param-value":         datum(object{"Values": list(1.0, 10.0), "Counts": list(2.0, 4.0, 5.0)}),
		},
		"test_invalid_amount_of_datapoints": {
			"error-invalid-amount-datapoints": statistics(now.Add(-24*time.Hour), now),
			"error-invalid-time-frame":        statistics(now, now),
		},
	}
	for test, steps := range requests {
		for _, protocol := range protocols {
			record := all[test+"["+protocol+"]"]
			for step, in := range steps {
				operation := "PutMetricData"
				if in["Period"] != nil {
					operation = "GetMetricStatistics"
				}
				want, ok := record[step].(object)
				if !ok {
					t.Fatalf("%s is not in the record of %s", step, test)
				}
				e, meta := want["Error"].(object), want["ResponseMetadata"].(object)
				got := ask(t, api, protocol, operation, in)
				// The record has the code of the header, where there is one, and that of the body apart.
				code := cmp.Or(e["QueryErrorCode"], e["Code"])
				if got.status != int(meta["HTTPStatusCode"].(float64)) || got.code != code || got.queryCode != e["Code"] || got.message != e["Message"] {
					t.Errorf("%s, %s: got %d %s (%s) %s\nwant %v", step, protocol, got.status, got.code, got.queryCode, got.message, want)
				}
			}
		}
	}
}

// TestRecordedAnswers puts what LocalStack's tests put and compares the points.
func TestRecordedAnswers(t *testing.T) {
	all := recorded(t)
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	var ten []any
	for i := range 10 {
		ten = append(ten, object{"MetricName": "metric", "Value": float64(i), "Timestamp": now})
	}
	tests := []struct {
		test, step, metric string
		data, statistics   []any
	}{
		{"test_put_metric_data_values_list", "get_metric_statistics", "test-metric", list(object{"MetricName": "test-metric", "Timestamp": now, "Values": list(1.0, 10.0), "Counts": list(2.0, 4.0), "Unit": "Count"}), list("Maximum", "SampleCount", "Sum")},
		{"test_get_metric_statistics", "get_metric_statistics", "metric", ten, list("Average", "Sum", "Minimum", "Maximum", "SampleCount")},
		{"test_handle_different_units", "get_metric_statistics_with_different_units", "m-test", list(
			object{"MetricName": "m-test", "Value": 5.0, "Unit": "Count"}, object{"MetricName": "m-test", "Value": 1.0, "Unit": "Seconds"}, object{"MetricName": "m-test", "Value": 10.0},
		), list("Average")},
		{"test_invalid_amount_of_datapoints", "get-metric-statitics", "metric_name", nil, list("SampleCount")},
	}
	for _, tt := range tests {
		for _, protocol := range protocols {
			api := newAPI(t, func() time.Time { return now })
			if tt.data != nil {
				if got := ask(t, api, protocol, "PutMetricData", object{"Namespace": "ns", "MetricData": tt.data}); got.status != 200 {
					t.Fatalf("%d %s", got.status, got.body)
				}
			}
			record, ok := all[tt.test+"["+protocol+"]"][tt.step].(object)
			if !ok {
				t.Fatalf("%s is not in the record", tt.test)
			}
			got := want(t, api, "GetMetricStatistics", object{
				"Namespace": "ns", "MetricName": tt.metric, "StartTime": now.Add(-time.Minute), "EndTime": now.Add(time.Minute), "Period": 60, "Statistics": tt.statistics,
			})
			diff := gocmp.Diff(record, got, cmpopts.IgnoreMapEntries(func(k string, _ any) bool { return k == "ResponseMetadata" || k == "Timestamp" }),
				cmpopts.SortSlices(func(a, b any) bool { return a.(object)["Unit"].(string) < b.(object)["Unit"].(string) }))
			if diff != "" {
				t.Errorf("%s, %s: %s", tt.test, protocol, diff)
			}
		}
	}
}

// TestRecordedList puts a metric of six dimensions, not in their order, and lists it.
func TestRecordedList(t *testing.T) {
	all := recorded(t)
	for _, protocol := range protocols {
		record, ok := all["test_multiple_dimensions_statistics["+protocol+"]"]["list-metrics"].(object)
		if !ok {
			t.Fatal("it is not in the record")
		}
		listed := record["Metrics"].([]any)[0].(object)
		var dimensions []any
		for _, d := range listed["Dimensions"].([]any) {
			dimensions = append(list(d), dimensions...)
		}
		api := newAPI(t, time.Now)
		in := object{"Namespace": listed["Namespace"], "MetricData": list(object{"MetricName": listed["MetricName"], "Value": 5.0, "Unit": "Seconds", "Dimensions": dimensions})}
		if got := ask(t, api, protocol, "PutMetricData", in); got.status != 200 {
			t.Fatalf("%d %s", got.status, got.body)
		}
		got := want(t, api, "ListMetrics", object{"Dimensions": list(dimensions[0], object{"Name": "uri"})})
		if diff := gocmp.Diff(list(listed), got["Metrics"]); diff != "" {
			t.Errorf("%s: %s", protocol, diff)
		}
	}
}
