package logs

import (
	"maps"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/internal/sharedtest"
)

// A mask replaces values of ours by those of a recording.
type mask map[string]string

func (m mask) of(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, e := range v {
			if k == "ResponseMetadata" {
				continue
			}
			out[k] = m.of(e)
			switch k {
			case "creationTime":
				out[k] = "timestamp"
			case "nextToken":
				out[k] = "<next_token>"
			}
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = m.of(v[i])
		}
		return out
	case string:
		v = strings.ReplaceAll(v, "arn:aws:logs:eu-central-1:", "arn:<partition>:logs:<region>:")
		for from, to := range m {
			v = regexp.MustCompile(regexp.QuoteMeta(from)+`\b`).ReplaceAllString(v, to)
		}
		return v
	}
	return v
}

// failure returns an answer in the form of a recorded error.
func failure(s *testServer, operation string, in any) any {
	s.t.Helper()
	code, message, _ := strings.Cut(s.refused(operation, in), ": ")
	return map[string]any{"Error": map[string]any{"Code": code, "Message": message}}
}

func compare(t *testing.T, want, got any, m mask) {
	t.Helper()
	if diff := cmp.Diff(mask{}.of(want), m.of(got)); diff != "" {
		t.Error(diff)
	}
}

func TestSnapshotsOfGroups(t *testing.T) {
	of := sharedtest.Recorded(t, "logs__test_logs_groups.snapshot.json")
	s := newServer(t, nil)
	s.group("group-1")
	long := strings.Repeat("a", 513)
	compare(t, of("TestLogsGroups::test_create_log_group_duplicate_error", "error-duplicate-log-group"), failure(s, "CreateLogGroup", object{"logGroupName": "group-1"}), nil)
	compare(t, of("TestLogsGroups::test_create_log_group_invalid_name_length", "error-invalid-name-length"), failure(s, "CreateLogGroup", object{"logGroupName": long}), nil)
	compare(t, of("TestLogsGroups::test_describe_log_groups_prefix_and_pattern_error", "error-prefix-and-pattern"),
		failure(s, "DescribeLogGroups", object{"logGroupNamePrefix": "g", "logGroupNamePattern": "g"}), nil)
	s.group("group-2")
	s.group("group-3")
	names := mask{"group-1": "<log-group-name:1>", "group-2": "<log-group-name:2>", "group-3": "<log-group-name:3>"}
	compare(t, of("TestLogsGroups::test_describe_log_groups_with_prefix", "describe-log-groups-prefix"), s.ok("DescribeLogGroups", object{"logGroupNamePrefix": "group"}), names)
	compare(t, of("TestLogsGroups::test_describe_log_groups_with_pattern", "describe-log-groups-pattern"), s.ok("DescribeLogGroups", object{"logGroupNamePattern": "oup", "limit": 1}), names)
	compare(t, of("TestLogsGroups::test_list_log_groups_with_pattern", "list-log-groups-no-match"), s.ok("ListLogGroups", object{"logGroupNamePattern": "none"}), nil)
}

func TestSnapshotsOfTags(t *testing.T) {
	of := sharedtest.Recorded(t, "logs__test_logs_groups.snapshot.json")
	s := newServer(t, nil)
	name, arn := object{"logGroupName": "g"}, object{"resourceArn": s.api.groupARN("g")}
	with := func(base object, more object) object {
		out := maps.Clone(base)
		maps.Copy(out, more)
		return out
	}
	both := func(test, suffix string) {
		t.Helper()
		for _, side := range []struct {
			name, operation string
			in              object
		}{{"list-tags-log-group-after-", "ListTagsLogGroup", name}, {"list-tags-for-resource-after-", "ListTagsForResource", arn}} {
			compare(t, of(test, side.name+suffix), s.ok(side.operation, side.in), nil)
		}
	}
	const test = "TestLogsGroupsTags::test_tag_resource_api"
	s.ok("CreateLogGroup", with(name, object{"tags": object{"env": "testing1"}}))
	compare(t, of(test, "list-tags-after-create"), s.ok("ListTagsLogGroup", name), nil)
	s.ok("TagResource", with(arn, object{"tags": object{"test1": "val1", "test2": "val2"}}))
	both(test, "tag-resource")
	s.ok("TagLogGroup", with(name, object{"tags": object{"test3": "val3"}}))
	both(test, "tag-log-group")
	s.ok("UntagLogGroup", with(name, object{"tags": []string{"env", "test1"}}))
	s.ok("UntagResource", with(arn, object{"tagKeys": []string{"test3"}}))
	both(test, "untag")
}

func TestSnapshotsOfStreams(t *testing.T) {
	of := sharedtest.Recorded(t, "logs__test_logs_streams.snapshot.json")
	s := newServer(t, nil)
	s.group("group", "stream-1")
	names := mask{"log-group:group": "log-group:<log-group>", "stream-1": "<log-stream-name:1>", "stream-2": "<log-stream-name:2>", "stream-3": "<log-stream-name:3>"}
	one := object{"logGroupName": "group"}
	compare(t, of("TestLogsStreams::test_create_and_delete_log_stream", "describe-log-streams-after-create"), s.ok("DescribeLogStreams", one), names)
	compare(t, of("TestLogsStreams::test_log_stream_arn_format", "describe-log-streams-with-arn"), s.ok("DescribeLogStreams", one), names)
	compare(t, of("TestLogsStreams::test_create_log_stream_duplicate_error", "error-duplicate-log-stream"),
		failure(s, "CreateLogStream", object{"logGroupName": "group", "logStreamName": "stream-1"}), nil)
	const byID = "TestLogsStreams::test_describe_log_streams_with_log_group_identifier"
	compare(t, of(byID, "describe-streams-identifier-name"), s.ok("DescribeLogStreams", object{"logGroupIdentifier": "group"}), names)
	compare(t, of(byID, "describe-streams-identifier-arn"), s.ok("DescribeLogStreams", object{"logGroupIdentifier": s.api.groupARN("group")}), names)
	compare(t, of(byID, "error-both-name-and-identifier"), failure(s, "DescribeLogStreams", object{"logGroupName": "group", "logGroupIdentifier": s.api.groupARN("group")}), nil)
	s.ok("CreateLogStream", object{"logGroupName": "group", "logStreamName": "stream-2"})
	s.ok("CreateLogStream", object{"logGroupName": "group", "logStreamName": "stream-3"})
	s.ok("CreateLogStream", object{"logGroupName": "group", "logStreamName": "other"})
	compare(t, of("TestLogsStreams::test_describe_log_streams_with_prefix", "describe-streams-with-prefix"),
		s.ok("DescribeLogStreams", object{"logGroupName": "group", "logStreamNamePrefix": "stream-"}), names)
}

func TestSnapshotsOfEvents(t *testing.T) {
	of := sharedtest.Recorded(t, "logs__test_logs_filter_events.snapshot.json")
	s := newServer(t, nil)
	s.group("group", "stream")
	compare(t, of("TestFilterLogEvents::test_filter_log_events_limit_validation", "error-limit-exceeded"), failure(s, "FilterLogEvents", object{"logGroupName": "group", "limit": 10001}), nil)
	compare(t, of("TestFilterLogEvents::test_filter_log_events_unknown_token", "invalid-token"), failure(s, "FilterLogEvents", object{"logGroupName": "group", "nextToken": "non-existing"}), nil)
}

func TestSnapshotsOfMetricFilters(t *testing.T) {
	of := sharedtest.Recorded(t, "logs__test_logs_metric_filters.snapshot.json")
	filter := func(group, name, pattern, metric, namespace, value string, more object) object {
		transformation := object{"metricName": metric, "metricNamespace": namespace, "metricValue": value}
		maps.Copy(transformation, more)
		return object{"logGroupName": group, "filterName": name, "filterPattern": pattern, "metricTransformations": []object{transformation}}
	}
	names := mask{
		"group-1": "<log-group-name:1>", "group-2": "<log-group-name:2>", "filter-1": "<filter-name:1>", "filter-2": "<filter-name:2>",
		"m-1": "<metric-name:1>", "m-2": "<metric-name:2>", "ns-1": "<metric-namespace:1>", "ns-2": "<metric-namespace:2>",
	}
	zero := object{"defaultValue": 0}
	for _, tt := range []struct {
		test, name string
		puts       []object
		describe   object
	}{
		{"TestMetricFilters::test_put_metric_filter_basic", "describe-metric-filters", []object{filter("group-1", "filter-1", " ", "m-1", "ns-1", "1", zero)}, object{"logGroupName": "group-1"}},
		{"TestMetricFilters::test_put_metric_filter_json_pattern", "describe-metric-filters-json", []object{filter("group-1", "filter-1", `{$.message = "test"}`, "m-1", "ns-1", "1", zero)}, object{"logGroupName": "group-1"}},
		{"TestMetricFilters::test_describe_metric_filters_by_prefix", "describe-by-prefix", []object{
			filter("group-1", "filter-1", "filterPattern0", "m-1", "ns-1", "0", nil), filter("group-2", "filter-2", "filterPattern1", "m-2", "ns-2", "1", nil),
			filter("group-2", "other", "filterPattern1", "m-2", "ns-2", "1", nil),
		}, object{"filterNamePrefix": "filter-"}},
		{"TestMetricFilters::test_describe_metric_filters_by_log_group", "describe-by-log-group", []object{
			filter("group-1", "filter-1", "pattern", "metric", "namespace", "1", nil), filter("group-2", "filter-2", "pattern", "metric", "namespace", "1", nil),
		}, object{"logGroupName": "group-1"}},
		{"TestMetricFilters::test_describe_metric_filters_by_metric_name", "describe-by-metric-name", []object{
			filter("group-1", "filter-1", "pattern", "m-1", "ns-1", "1", nil), filter("group-1", "filter-2", "pattern", "m-2", "ns-2", "1", nil),
		}, object{"metricName": "m-1", "metricNamespace": "ns-1"}},
	} {
		t.Run(tt.test, func(t *testing.T) {
			s := newServer(t, nil)
			s.group("group-1")
			s.group("group-2")
			for _, put := range tt.puts {
				s.ok("PutMetricFilter", put)
			}
			compare(t, of(tt.test, tt.name), s.ok("DescribeMetricFilters", tt.describe), names)
		})
	}
	s := newServer(t, nil)
	s.group("group-1")
	for _, tt := range []struct {
		test, name, operation string
		in                    func(long string) object
	}{
		{"put_metric_filter_invalid_filter_name", "error-invalid-filter-name", "PutMetricFilter", func(x string) object { return filter("group-1", x, "p", "m", "n", "1", nil) }},
		{"put_metric_filter_invalid_filter_pattern", "error-invalid-filter-pattern", "PutMetricFilter", func(x string) object { return filter("group-1", "f", x, "m", "n", "1", nil) }},
		{"put_metric_filter_too_many_transformations", "error-too-many-transformations", "PutMetricFilter", func(string) object {
			two := filter("group-1", "f", "p", "metric1", "namespace1", "1", nil)
			two["metricTransformations"] = append(two["metricTransformations"].([]object), object{"metricName": "metric2", "metricNamespace": "namespace2", "metricValue": "1"})
			return two
		}},
		{"delete_metric_filter_invalid_filter_name", "error-invalid-filter-name", "DeleteMetricFilter", func(x string) object { return object{"logGroupName": "group-1", "filterName": x} }},
		{"delete_metric_filter_invalid_log_group_name", "error-invalid-log-group-name", "DeleteMetricFilter", func(string) object {
			return object{"logGroupName": strings.Repeat("X", 513), "filterName": "f"}
		}},
		{"describe_metric_filters_invalid_parameters", "error-invalid-filter-prefix", "DescribeMetricFilters", func(x string) object { return object{"filterNamePrefix": x} }},
		{"describe_metric_filters_invalid_parameters", "error-invalid-metric-name", "DescribeMetricFilters", func(x string) object { return object{"metricName": x} }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			want := of("TestMetricFiltersValidation::test_"+tt.test, tt.name)
			// The name that was sent is in the error.
			long := regexp.MustCompile("X+").FindString(want.(object)["Error"].(object)["Message"].(string))
			compare(t, want, failure(s, tt.operation, tt.in(long)), nil)
		})
	}
}

func TestSnapshotsOfEmptyLists(t *testing.T) {
	s := newServer(t, nil)
	compare(t, sharedtest.Recorded(t, "logs__test_logs_export_tasks.snapshot.json")("TestExportTasks::test_describe_export_tasks_not_found", "task-not-found"), s.ok("DescribeExportTasks", object{"taskId": "x"}), nil)
	compare(t, sharedtest.Recorded(t, "logs__test_logs_destinations.snapshot.json")("TestDestinations::test_describe_destinations_empty", "describe-destinations-empty"), s.ok("DescribeDestinations", object{}), nil)
}
