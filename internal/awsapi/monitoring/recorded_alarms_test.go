package monitoring

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"weir/internal/contributor"
)

// A step is a request of a recorded test; its answer is compared with the one that was recorded under a name, "" for none. Of an answer
// with composite alarms the first may have been recorded alone.
type step struct {
	name, operation string
	in              object
}

const (
	recordedAlarm = "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:"
	topicARN      = "arn:aws:sns:eu-west-1:123456789012:topic"
)

// leastAlarm is the least request for an alarm, with some members changed.
func leastAlarm(changes object) object { return metricAlarmOf("alarm", changes) }

// instanceAlarm is the alarm on a metric of an instance that several tests put.
func instanceAlarm(changes object) object {
	in := leastAlarm(object{
		"AlarmDescription": "testing cloudwatch alarms", "MetricName": "my-metric101", "Period": 10, "Threshold": 2, "Unit": "Seconds", "Statistic": "Average",
		"Dimensions": list(object{"Name": "InstanceId", "Value": "abc"}), "OKActions": list(topicARN), "AlarmActions": list(topicARN), "EvaluationPeriods": 2,
		"TreatMissingData": "ignore",
	})
	maps.Copy(in, changes)
	return in
}

var recordedSteps = map[string][]step{
	"test_describe_minimal_metric_alarm": {
		{"", "PutMetricAlarm", leastAlarm(object{"Period": 10})}, {"describe_minimal_metric_alarm", "DescribeAlarms", object{"AlarmNames": list("alarm")}},
	},
	"test_describe_alarms_converts_date_format_correctly": {
		{"", "PutMetricAlarm", leastAlarm(nil)}, {"describe-alarms", "DescribeAlarms", object{"AlarmNames": list("alarm")}},
	},
	"test_store_tags": {
		{"put_metric_alarm", "PutMetricAlarm", leastAlarm(object{"MetricName": "store_tags"})},
		{"describe_alarms", "DescribeAlarms", object{"AlarmNames": list("alarm")}},
		{"list_tags_for_resource_empty ", "ListTagsForResource", object{"ResourceARN": recordedAlarm + "alarm"}},
		{"", "TagResource", object{"ResourceARN": recordedAlarm + "alarm", "Tags": list(object{"Key": "tag1", "Value": "foo"}, object{"Key": "tag2", "Value": "bar"})}},
		{"list_tags_for_resource", "ListTagsForResource", object{"ResourceARN": recordedAlarm + "alarm"}},
		{"", "UntagResource", object{"ResourceARN": recordedAlarm + "alarm", "TagKeys": list("tag1")}},
		{"list_tags_for_resource_post_untag", "ListTagsForResource", object{"ResourceARN": recordedAlarm + "alarm"}},
	},
	"test_put_metric_alarm_escape_character": {
		{"", "PutMetricAlarm", leastAlarm(object{"AlarmDescription": "<", "Period": 600, "Threshold": 1, "AlarmActions": list("arn:aws:sns:eu-west-1:111122223333:MyTopic")})},
		{"describe-alarms-escaped-character", "DescribeAlarms", object{"AlarmNames": list("alarm")}},
	},
	"test_breaching_alarm_actions": {
		{"", "PutMetricAlarm", instanceAlarm(object{"TreatMissingData": "breaching"})},
		{"", "SetAlarmState", object{
			"AlarmName": "alarm", "StateValue": "ALARM",
			"StateReason":     "Threshold Crossed: no datapoints were received for 2 periods and 2 missing datapoints were treated as [Breaching].",
			"StateReasonData": `{"version":"1.0","queryDate":"x","unit":"Seconds","statistic":"Average","period":10,"recentDatapoints":[],"threshold":2.0,"evaluatedDatapoints":[{"timestamp":"x"},{"timestamp":"x"}]}`,
		}},
		{"alarm-1-describe", "DescribeAlarms", object{"AlarmNames": list("alarm")}},
	},
	"test_enable_disable_alarm_actions": {
		{"", "PutMetricAlarm", instanceAlarm(nil)},
		{"describe_alarm", "DescribeAlarms", object{"AlarmNames": list("alarm")}},
		{"", "SetAlarmState", object{"AlarmName": "alarm", "StateValue": "ALARM", "StateReason": "testing alarm"}},
		{"alarm-state-describe", "DescribeAlarms", object{"AlarmNames": list("alarm")}},
		{"", "DisableAlarmActions", object{"AlarmNames": list("alarm")}},
		{"", "SetAlarmState", object{"AlarmName": "alarm", "StateValue": "OK", "StateReason": "testing OK state"}},
		{"describe_alarm_disabled", "DescribeAlarms", object{"AlarmNames": list("alarm")}},
		{"", "EnableAlarmActions", object{"AlarmNames": list("alarm")}},
		{"describe_alarm_enabled", "DescribeAlarms", object{"AlarmNames": list("alarm")}},
	},
	"test_set_alarm": {
		{"", "PutMetricAlarm", instanceAlarm(object{
			"AlarmDescription": "Test Alarm when CPU exceeds 50 percent", "MetricName": "CPUUtilization-3", "Dimensions": list(object{"Name": "InstanceId", "Value": "i-0317828c84edbe100"}),
			"Period": 300, "Threshold": 50, "Unit": "Percent",
		})},
		{"", "SetAlarmState", object{"AlarmName": "alarm", "StateValue": "ALARM", "StateReason": "testing alarm"}},
		{"triggered-alarm", "DescribeAlarms", object{"AlarmNames": list("alarm")}},
		{"", "SetAlarmState", object{"AlarmName": "alarm", "StateValue": "OK", "StateReason": "resetting alarm"}},
		{"reset-alarm", "DescribeAlarms", object{"AlarmNames": list("alarm")}},
	},
	"test_delete_alarm": {
		{"", "PutMetricAlarm", leastAlarm(object{"MetricName": "metric1"})},
		{"describe-alarm", "DescribeAlarms", object{"AlarmNames": list("alarm")}},
		{"delete-alarm", "DeleteAlarms", object{"AlarmNames": list("alarm")}},
		{"describe-after-delete", "DescribeAlarms", object{"AlarmNames": list("alarm")}},
	},
	"test_trigger_composite_alarm": {
		{"", "PutMetricAlarm", metricAlarmOf("alarm-1", nil)},
		{"", "PutMetricAlarm", metricAlarmOf("alarm-2", nil)},
		{"put-composite-alarm", "PutCompositeAlarm", object{
			"AlarmName": "composite", "AlarmDescription": "composite alarm description", "AlarmRule": `ALARM("` + recordedAlarm + `alarm-1") OR ALARM("` + recordedAlarm + `alarm-2")`,
			"AlarmActions": list(topicARN), "OKActions": list("arn:aws:sns:eu-west-1:123456789012:ok"),
		}},
		stateStep("alarm-1", "ALARM"), compositeStep("in-alarm-when-alarm-1-is-in-alarm"),
		stateStep("alarm-1", "OK"), compositeStep("in-ok-when-alarm-1-is-back-to-ok"),
		stateStep("alarm-2", "ALARM"), compositeStep("in-alarm-when-alarm-2-is-in-alarm"),
		stateStep("alarm-2", "OK"), compositeStep("in-ok-when-alarm-2-is-back-to-ok"),
		stateStep("alarm-1", "ALARM"), stateStep("alarm-2", "ALARM"), compositeStep("is-triggered-by-alarm-1-and-then-unchanged-by-alarm-2"),
	},
	"test_tagging_metric_alarm":    taggingSteps("PutMetricAlarm", leastAlarm(object{"Tags": list(object{"Key": "Environment", "Value": "Production"})}), "list_tags_for_resource_after_creation"),
	"test_tagging_composite_alarm": taggingSteps("PutCompositeAlarm", object{"AlarmName": "alarm", "AlarmRule": "TRUE", "Tags": list(object{"Key": "Environment", "Value": "Production"})}, "list_tags_for_resource_after_creation "),
}

func stateStep(alarm, state string) step {
	return step{"", "SetAlarmState", object{"AlarmName": alarm, "StateValue": state, "StateReason": "testing"}}
}

func compositeStep(name string) step {
	return step{"composite-alarm-" + name, "DescribeAlarms", object{"AlarmNames": list("composite"), "AlarmTypes": list("CompositeAlarm")}}
}

func taggingSteps(put string, in object, first string) []step {
	of := object{"ResourceARN": recordedAlarm + "alarm"}
	return []step{
		{"", put, in},
		{first, "ListTagsForResource", of},
		{"", "TagResource", object{"ResourceARN": recordedAlarm + "alarm", "Tags": list(object{"Key": "tag1", "Value": "foo"}, object{"Key": "tag2", "Value": "bar"})}},
		{"list_tags_for_resource_updated", "ListTagsForResource", of},
		{"", "UntagResource", object{"ResourceARN": recordedAlarm + "alarm", "TagKeys": list("tag1")}},
		{"list_tags_for_resource_post_untag", "ListTagsForResource", of},
		{"", "DeleteAlarms", object{"AlarmNames": list("alarm")}},
		{"list_tags_for_deleted_resource", "ListTagsForResource", of},
	}
}

// withoutLogAlarms takes away a list that AWS's answers have, and that the clients of the records did not know.
func withoutLogAlarms(answer any) any {
	if members, ok := answer.(object); ok {
		delete(members, "LogAlarms")
	}
	return answer
}

// TestRecordedAlarms asks what LocalStack's tests asked of AWS, in each protocol, and compares the answers.
func TestRecordedAlarms(t *testing.T) {
	all := recorded(t)
	for _, protocol := range protocols {
		s := newServer(t)
		for test, steps := range recordedSteps {
			r := &record{t: t, what: test + " " + protocol, of: map[string]string{}}
			compared := 0
			for _, step := range steps {
				want, there := all[test+"["+protocol+"]"][step.name]
				if !there && step.name != "" {
					t.Fatalf("%s has no record %q", test, step.name)
				}
				like := want
				alone, _ := want.(object)
				if alone["AlarmRule"] != nil {
					like = object{"CompositeAlarms": list(want)}
				}
				got := withoutLogAlarms(replay(t, s.api, protocol, step.operation, step.in, like))
				if alone["AlarmRule"] != nil {
					got = got.(object)["CompositeAlarms"].([]any)[0]
				}
				if step.name != "" {
					compared++
					r.compare(step.name, want, got)
				}
			}
			if compared == 0 {
				t.Errorf("%s compares nothing", test)
			}
			for _, name := range []string{"composite", "alarm", "alarm-1", "alarm-2"} { // the next test puts others
				if err := s.alarms.Delete(t.Context(), []string{name}); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}

// TestRecordedInsightRules does so with a rule of Contributor Insights.
func TestRecordedInsightRules(t *testing.T) {
	all := recorded(t)
	for _, protocol := range protocols {
		record := record{t: t, what: protocol, of: map[string]string{}}
		want := all["test_insight_rule["+protocol+"]"]
		described := want["describe_insight_rule"].(object)["InsightRules"].([]any)[0].(object)
		definition := described["Definition"].(object)
		definition["Schema"].(object)["Name"] = contributor.CloudWatchSchema // which was masked
		text, err := json.Marshal(definition)
		if err != nil {
			t.Fatal(err)
		}
		s := newServer(t)
		for _, step := range []step{
			{"create_insight_rule", "PutInsightRule", object{"RuleName": "rule", "RuleState": "ENABLED", "RuleDefinition": string(text)}},
			{"describe_insight_rule", "DescribeInsightRules", object{}},
			{"disable_insight_rule", "DisableInsightRules", object{"RuleNames": list("rule")}},
			{"enable_insight_rule", "EnableInsightRules", object{"RuleNames": list("rule")}},
			{"get_insight_rule_report", "GetInsightRuleReport", object{
				"RuleName": "rule", "StartTime": testTime.Add(-time.Hour), "EndTime": testTime, "Period": 300, "MaxContributorCount": 10, "Metrics": list("UniqueContributors"),
			}},
			{"delete_insight_rule", "DeleteInsightRules", object{"RuleNames": list("rule")}},
		} {
			record.compare(step.name, want[step.name], replay(t, s.api, protocol, step.operation, step.in, want[step.name]))
		}
	}
}

// TestRecordedAlarmErrors compares codes and words.
func TestRecordedAlarmErrors(t *testing.T) {
	all := recorded(t)
	s := newServer(t)
	s.ok("PutMetricAlarm", leastAlarm(nil))
	for name, in := range map[string]object{
		"error-invalid-state":      {"AlarmName": "alarm", "StateValue": "INVALID", "StateReason": "test"},
		"error-resource-not-found": {"AlarmName": "nonexistent", "StateValue": "OK", "StateReason": "test"},
	} {
		for _, protocol := range protocols {
			want := all["test_set_alarm_invalid_input["+protocol+"]"][name].(object)
			e, meta := want["Error"].(object), want["ResponseMetadata"].(object)
			got := ask(t, s.api, protocol, "SetAlarmState", in)
			message, _ := e["Message"].(string)
			if got.status != int(meta["HTTPStatusCode"].(float64)) || got.code != cmp.Or(e["QueryErrorCode"], e["Code"]) || got.queryCode != e["Code"] || unescaped(got.message) != message {
				t.Errorf("%s, %s: got %d %s (%s) %q\nwant %v", name, protocol, got.status, got.code, got.queryCode, got.message, want)
			}
		}
	}
}

// TestRecordedBodies compares the bodies of answers that were recorded as they came: lists without elements, and errors in their namespaces.
func TestRecordedBodies(t *testing.T) {
	const xmlns = `xmlns="http://monitoring.amazonaws.com/doc/2010-08-01/"`
	all := recorded(t)
	for _, protocol := range protocols {
		s := newServer(t)
		got := ask(t, s.api, protocol, "DescribeAlarms", object{})
		if protocol == "query" {
			want := "<DescribeAlarmsResponse " + xmlns + "><DescribeAlarmsResult><CompositeAlarms></CompositeAlarms><LogAlarms></LogAlarms><MetricAlarms></MetricAlarms></DescribeAlarmsResult>"
			if !strings.HasPrefix(string(got.body), want) {
				t.Errorf("got %s", got.body)
			}
		} else {
			want := all["test_basic_operations_multiple_protocols["+protocol+"]"]["describe-alarms"]
			(&record{t: t, what: protocol, of: map[string]string{}}).compare("", want, replay(t, s.api, protocol, "DescribeAlarms", object{}, want))
		}
		for name, in := range map[string]object{
			"invalid-value-response": {"AlarmName": "alarm", "StateValue": "INVALID", "StateReason": "test"},
			"not-found-response":     {"AlarmName": "alarm", "StateValue": "OK", "StateReason": "test"},
		} {
			want := all["test_exception_serializing_with_no_shape_in_spec["+protocol+"]"][name].(object)
			got := ask(t, s.api, protocol, "SetAlarmState", in)
			switch protocol {
			case "query":
				e := want["ErrorResponse"].(object)["Error"].(object)
				message := ""
				if m, ok := e["Message"].(string); ok {
					message = "<Message>" + strings.ReplaceAll(m, "'", "&#39;") + "</Message>"
				}
				text := fmt.Sprintf("<ErrorResponse %s><Error><Type>%s</Type><Code>%s</Code>%s</Error><RequestId>", xmlns, e["Type"], e["Code"], message)
				if !strings.HasPrefix(string(got.body), text) {
					t.Errorf("got %s\nwant %s", got.body, text)
				}
			default:
				(&record{t: t, what: name}).compare("", want, answerMembers(t, protocol, got.body))
			}
		}
	}
}
