package monitoring

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// names returns the names of the alarms in an answer, by kind.
func names(out object) string {
	var all []string
	for _, kind := range []string{"CompositeAlarms", "LogAlarms", "MetricAlarms"} {
		for _, a := range out[kind].([]any) {
			all = append(all, a.(object)["AlarmName"].(string))
		}
	}
	return strings.Join(all, " ")
}

// fleet puts alarms of each kind; ssh-1 is in ALARM.
func fleet(s *testServer) {
	for _, name := range []string{"ssh-2", "ssh-1", "rdp"} {
		s.ok("PutMetricAlarm", metricAlarmOf(name, object{"MetricName": name, "OKActions": list("arn:aws:sns:eu-west-1:123456789012:" + name)}))
	}
	s.ok("PutMetricAlarm", mathAlarm(object{"AlarmName": "math"}))
	s.ok("PutCompositeAlarm", object{"AlarmName": "any", "AlarmRule": `ALARM("ssh-1") OR ALARM("` + recordedAlarm + `rdp")`})
	s.ok("PutCompositeAlarm", object{"AlarmName": "all", "AlarmRule": "ALARM(any) AND NOT OK(rdp)"})
	s.ok("SetAlarmState", object{"AlarmName": "ssh-1", "StateValue": "ALARM", "StateReason": "test"})
}

// TestDescribeAlarmsFilters lists alarms by each filter.
func TestDescribeAlarmsFilters(t *testing.T) {
	s := newServer(t)
	fleet(s)
	every := list("MetricAlarm", "CompositeAlarm", "LogAlarm")
	for _, tt := range []struct {
		in   object
		want string
	}{
		{object{}, "math rdp ssh-1 ssh-2"},
		{object{"AlarmTypes": every}, "all any math rdp ssh-1 ssh-2"},
		{object{"AlarmTypes": list("CompositeAlarm")}, "all any"},
		{object{"AlarmTypes": list("LogAlarm")}, ""},
		{object{"AlarmTypes": list(), "AlarmNames": list(), "AlarmNamePrefix": "r"}, "rdp"},
		{object{"AlarmNamePrefix": "ssh"}, "ssh-1 ssh-2"},
		{object{"AlarmNamePrefix": "a", "AlarmTypes": every}, "all any"},
		{object{"AlarmNames": list("ssh-2", "any", "none", "math")}, "math ssh-2"},
		{object{"AlarmNames": list("ssh-2", "any"), "AlarmTypes": every}, "any ssh-2"},
		{object{"StateValue": "ALARM", "AlarmTypes": every}, "all any ssh-1"},
		{object{"StateValue": "OK"}, ""},
		{object{"ActionPrefix": "arn:aws:sns:eu-west-1:123456789012:ssh"}, "ssh-1 ssh-2"},
		{object{"ActionPrefix": "arn:aws:sns", "StateValue": "INSUFFICIENT_DATA"}, "rdp ssh-2"},
		{object{"ChildrenOfAlarmName": "any"}, "rdp ssh-1"},
		{object{"ChildrenOfAlarmName": "all"}, "any rdp"},
		{object{"ParentsOfAlarmName": "rdp"}, "all any"},
		{object{"ParentsOfAlarmName": "ssh-2"}, ""},
	} {
		if got := names(s.ok("DescribeAlarms", tt.in)); got != tt.want {
			t.Errorf("%v: got %q, want %q", tt.in, got, tt.want)
		}
	}
	for _, in := range []object{
		{"ChildrenOfAlarmName": "any", "AlarmTypes": every},
		{"ParentsOfAlarmName": "rdp", "StateValue": "OK"},
		{"ParentsOfAlarmName": "rdp", "ChildrenOfAlarmName": "any"},
		{"AlarmNames": list("a"), "AlarmNamePrefix": "a"},
		{"ChildrenOfAlarmName": "rdp"},
		{"ParentsOfAlarmName": "none"},
		{"StateValue": "FINE"},
		{"MaxRecords": 0},
		{"MaxRecords": 101},
	} {
		if got := s.refused("DescribeAlarms", in); !strings.HasPrefix(got, "ValidationException: ") {
			t.Errorf("%v: %s", in, got)
		}
	}
	for _, token := range []string{"x", "YWJj"} {
		if got := s.refused("DescribeAlarms", object{"NextToken": token}); !strings.HasPrefix(got, "InvalidNextToken: ") {
			t.Errorf("%s: %s", token, got)
		}
	}
}

// TestRelativesShowLittle looks at what is told of children and parents.
func TestRelativesShowLittle(t *testing.T) {
	s := newServer(t)
	fleet(s)
	updated := float64(testTime.UnixMilli()) / 1000
	child := s.ok("DescribeAlarms", object{"ChildrenOfAlarmName": "any"})["MetricAlarms"].([]any)[1]
	if diff := cmp.Diff(object{"AlarmName": "ssh-1", "AlarmArn": recordedAlarm + "ssh-1", "StateValue": "ALARM", "StateUpdatedTimestamp": updated}, child); diff != "" {
		t.Error(diff)
	}
	parent := s.ok("DescribeAlarms", object{"ParentsOfAlarmName": "ssh-1"})["CompositeAlarms"].([]any)[0]
	if diff := cmp.Diff(object{"AlarmName": "any", "AlarmArn": recordedAlarm + "any"}, parent); diff != "" {
		t.Error(diff)
	}
}

// TestDescribeAlarmsPages pages through alarms of two kinds, while one is deleted and another put.
func TestDescribeAlarmsPages(t *testing.T) {
	s := newServer(t)
	var want []string
	for i := range 7 {
		name := fmt.Sprintf("alarm-%d", i)
		want = append(want, name)
		if i%3 == 1 {
			s.ok("PutCompositeAlarm", object{"AlarmName": name, "AlarmRule": "TRUE"})
		} else {
			s.ok("PutMetricAlarm", metricAlarmOf(name, nil))
		}
	}
	var got []string
	in := object{"MaxRecords": 3, "AlarmTypes": list("MetricAlarm", "CompositeAlarm")}
	for pages := 1; ; pages++ {
		out := s.ok("DescribeAlarms", in)
		page := strings.Fields(names(out))
		if len(page) > 3 {
			t.Fatalf("a page has %v", page)
		}
		got = append(got, page...)
		token, more := out["NextToken"]
		if !more {
			if pages != 3 {
				t.Errorf("%d pages", pages)
			}
			break
		}
		in["NextToken"] = token
		if pages == 1 {
			s.ok("DeleteAlarms", object{"AlarmNames": list("alarm-2")}) // the token is of this one
			s.ok("PutMetricAlarm", metricAlarmOf("alarm-00", nil))
		}
	}
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestDescribeAlarmsForMetric finds the alarms on exactly one metric.
func TestDescribeAlarmsForMetric(t *testing.T) {
	s := newServer(t)
	ab := list(object{"Name": "a", "Value": "1"}, object{"Name": "b", "Value": "2"})
	ba := list(object{"Name": "b", "Value": "2"}, object{"Name": "a", "Value": "1"})
	s.ok("PutMetricAlarm", metricAlarmOf("two", object{"Dimensions": ab, "Unit": "Bytes"}))
	s.ok("PutMetricAlarm", metricAlarmOf("p99", object{"Dimensions": ba, "Statistic": nil, "ExtendedStatistic": "p99", "Period": 300}))
	s.ok("PutMetricAlarm", metricAlarmOf("none", nil))
	s.ok("PutMetricAlarm", metricAlarmOf("other", object{"MetricName": "other"}))
	s.ok("PutMetricAlarm", mathAlarm(nil))
	s.ok("PutCompositeAlarm", object{"AlarmName": "composite", "AlarmRule": "TRUE"})
	for _, tt := range []struct {
		in   object
		want string
	}{
		{object{}, "none"},
		{object{"Dimensions": ba}, "p99 two"},
		{object{"Dimensions": ab[:1]}, ""},
		{object{"Dimensions": ab, "Statistic": "Sum"}, "two"},
		{object{"Dimensions": ab, "Statistic": "Average"}, ""},
		{object{"Dimensions": ab, "ExtendedStatistic": "p99"}, "p99"},
		{object{"Dimensions": ab, "Period": 300}, "p99"},
		{object{"Dimensions": ab, "Unit": "Bytes"}, "two"},
		{object{"MetricName": "a"}, ""}, // that a math alarm is on
	} {
		in := object{"MetricName": "m", "Namespace": "n"}
		maps.Copy(in, tt.in)
		out := s.ok("DescribeAlarmsForMetric", in)
		out["CompositeAlarms"], out["LogAlarms"] = list(), list()
		if got := names(out); got != tt.want {
			t.Errorf("%v: got %q, want %q", tt.in, got, tt.want)
		}
	}
}

// TestDescribeAlarmHistory pages through the history in both directions and by its filters.
func TestDescribeAlarmHistory(t *testing.T) {
	s := newServer(t)
	s.ok("PutMetricAlarm", metricAlarmOf("a", nil))
	s.ok("PutCompositeAlarm", object{"AlarmName": "c", "AlarmRule": "ALARM(a)"})
	for i, state := range []string{"ALARM", "OK", "ALARM"} {
		s.now = testTime.Add(time.Duration(i+1) * time.Minute)
		s.ok("SetAlarmState", object{"AlarmName": "a", "StateValue": state, "StateReason": "test"})
	}
	read := func(in object) []string {
		t.Helper()
		var got []string
		for {
			out := s.ok("DescribeAlarmHistory", in)
			for _, i := range out["AlarmHistoryItems"].([]any) {
				item := i.(object)
				got = append(got, fmt.Sprint(item["AlarmName"], " ", item["HistorySummary"]))
			}
			token, more := out["NextToken"]
			if !more {
				return got
			}
			in["NextToken"] = token
		}
	}
	updates := []string{
		"a Alarm updated from OK to ALARM", "a Alarm updated from ALARM to OK", "a Alarm updated from INSUFFICIENT_DATA to ALARM",
	}
	if diff := cmp.Diff(append(slices.Clone(updates), `a Alarm "a" created`), read(object{"MaxRecords": 1})); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(updates, read(object{"AlarmName": "a", "HistoryItemType": "StateUpdate", "MaxRecords": 2})); diff != "" {
		t.Error(diff)
	}
	ascending := read(object{"ScanBy": "TimestampAscending", "HistoryItemType": "StateUpdate", "MaxRecords": 1})
	slices.Reverse(ascending)
	if diff := cmp.Diff(updates, ascending); diff != "" {
		t.Error(diff)
	}
	between := object{"StartDate": float64(testTime.Add(2*time.Minute).UnixMilli()) / 1000, "EndDate": float64(testTime.Add(2*time.Minute).UnixMilli()) / 1000}
	if diff := cmp.Diff(updates[1:2], read(between)); diff != "" {
		t.Error(diff)
	}
	if got := read(object{"AlarmTypes": list("CompositeAlarm"), "HistoryItemType": "StateUpdate"}); len(got) < 3 || !strings.HasPrefix(got[0], "c ") {
		t.Errorf("got %q", got)
	}
	for _, in := range []object{{"AlarmName": "none"}, {"HistoryItemType": "AlarmContributorAction"}, {"AlarmContributorId": "x"}} {
		if got := read(in); got != nil {
			t.Errorf("%v: %q", in, got)
		}
	}
	for in, want := range map[string]string{"x": "InvalidNextToken: ", "": "InvalidParameterValueException: "} {
		request := object{"NextToken": in}
		if in == "" {
			request = object{"StartDate": 2, "EndDate": 1}
		}
		if got := s.refused("DescribeAlarmHistory", request); !strings.HasPrefix(got, want) {
			t.Errorf("%v: %s", request, got)
		}
	}
}

// TestDeleteAlarms deletes what is there, and nothing that another alarm needs.
func TestDeleteAlarms(t *testing.T) {
	s := newServer(t)
	fleet(s)
	if got := s.refused("DeleteAlarms", object{"AlarmNames": list("ssh-2", "rdp")}); !strings.HasPrefix(got, "ValidationException: Cannot delete rdp as there are composite alarm(s) depending on it.") {
		t.Error(got)
	}
	if got := s.refused("DeleteAlarms", object{"AlarmNames": list("any", "all")}); !strings.HasPrefix(got, "ValidationException: ") {
		t.Error(got)
	}
	if got := s.refused("DeleteAlarms", object{"AlarmNames": list("none")}); got != "ResourceNotFound: " {
		t.Error(got)
	}
	s.ok("DeleteAlarms", object{"AlarmNames": list("ssh-2", "none", "all")})
	if got := names(s.ok("DescribeAlarms", object{"AlarmTypes": list("MetricAlarm", "CompositeAlarm")})); got != "any math rdp ssh-1" {
		t.Errorf("%s are left", got)
	}
}

// TestTagsOf asks for tags of what has none here.
func TestTagsOf(t *testing.T) {
	s := newServer(t)
	s.ok("PutInsightRule", object{"RuleName": "top", "RuleDefinition": topSources, "Tags": list(object{"Key": "a", "Value": "1"})})
	s.ok("PutMetricAlarm", metricAlarmOf("ssh", nil))
	for _, arn := range []string{"arn:aws:cloudwatch:eu-west-1::insight-rule/top", "arn:aws:cloudwatch:us-east-1:123456789012:insight-rule/top"} {
		if tags := s.ok("ListTagsForResource", object{"ResourceARN": arn})["Tags"].([]any); len(tags) != 1 {
			t.Errorf("%s has %v", arn, tags)
		}
	}
	one := list(object{"Key": "b", "Value": ""})
	for arn, want := range map[string]string{
		"top": "InvalidParameterValueException: ",
		"arn:aws:cloudwatch:eu-west-1:999999999999:insight-rule/top": "InvalidParameterValueException: ",
		"arn:aws:cloudwatch:eu-west-1:123456789012:dashboard/top":    "InvalidParameterValueException: ",
		"arn:aws:cloudwatch:us-east-1:123456789012:alarm:ssh":        "InvalidParameterValueException: ",
		"arn:aws:cloudwatch:eu-west-1::alarm:ssh":                    "InvalidParameterValueException: ",
		"arn:aws:cloudwatch:eu-west-1:123456789012:alarm:top":        "ResourceNotFoundException: There is no alarm top.",
		"arn:aws:cloudwatch:eu-west-1:123456789012:insight-rule/x":   "ResourceNotFoundException: There is no insight rule x.",
	} {
		if got := s.refused("TagResource", object{"ResourceARN": arn, "Tags": one}); !strings.HasPrefix(got, want) {
			t.Errorf("%s: %s", arn, got)
		}
		if got := s.refused("UntagResource", object{"ResourceARN": arn, "TagKeys": list("a")}); !strings.HasPrefix(got, want) {
			t.Errorf("%s: %s", arn, got)
		}
	}
}

// TestInsightRuleReportRefuses asks for reports that AWS does not give.
func TestInsightRuleReportRefuses(t *testing.T) {
	s := newServer(t)
	s.ok("PutInsightRule", object{"RuleName": "top", "RuleDefinition": topSources})
	for _, tt := range []struct {
		changes object
		want    string
	}{
		{object{"RuleName": "none"}, "ResourceNotFoundException: "},
		{object{"StartTime": 120}, "InvalidParameterValueException: The parameter StartTime must be less than the parameter EndTime."},
		{object{"MaxContributorCount": 0}, "InvalidParameterValueException: "},
		{object{"MaxContributorCount": 101}, "InvalidParameterValueException: "},
		{object{"Period": 61}, "InvalidParameterValueException: "},
		{object{"Metrics": list("Median")}, "InvalidParameterValueException: "},
		{object{"OrderBy": "Median"}, "InvalidParameterValueException: "},
		{object{"Period": 0}, "ValidationException: "},
	} {
		in := object{"RuleName": "top", "StartTime": 60, "EndTime": 120, "Period": 60}
		maps.Copy(in, tt.changes)
		if got := s.refused("GetInsightRuleReport", in); !strings.HasPrefix(got, tt.want) {
			t.Errorf("%v: %s", tt.changes, got)
		}
	}
}
