package monitoring

import (
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// watchedQuery is an expression that an alarm watches.
func watchedQuery(id, expression string) object {
	return object{"Id": id, "Expression": expression, "ReturnData": true}
}

// statOfM1 is a metric that expressions name.
func statOfM1() object {
	return object{"Id": "m1", "ReturnData": false, "MetricStat": object{"Metric": object{"Namespace": "n", "MetricName": "a"}, "Period": 60, "Stat": "Sum"}}
}

// mathAlarm is a request for an alarm on an expression, with some members changed.
func mathAlarm(changes object) object {
	in := metricAlarmOf("alarm", object{"MetricName": nil, "Namespace": nil, "Statistic": nil, "Period": nil, "Metrics": list(watchedQuery("e1", "m1 / 2"), statOfM1())})
	maps.Copy(in, changes)
	return in
}

// TestPutMetricAlarmRefuses puts alarms that AWS, or this server, does not take.
func TestPutMetricAlarmRefuses(t *testing.T) {
	const shape = "ValidationException: 1 validation error detected: Value "
	s := newServer(t)
	for _, tt := range []struct {
		in   object
		want string
	}{
		{metricAlarmOf("", nil), shape + "'' at 'alarmName' failed to satisfy constraint: Member must have length greater than or equal to 1"},
		{metricAlarmOf("a", object{"AlarmName": nil}), shape + "null at 'alarmName' failed to satisfy constraint: Member must not be null"},
		{metricAlarmOf("a", object{"Statistic": "Mean"}), shape + "'Mean' at 'statistic' failed to satisfy constraint: Member must satisfy enum value set: [SampleCount, Average, Sum, Minimum, Maximum]"},
		{metricAlarmOf("a", object{"Dimensions": list(object{"Name": "x"})}), shape + "null at 'dimensions.1.member.value' failed to satisfy constraint: Member must not be null"},
		{metricAlarmOf("a", object{"Period": 0}), shape + "'0' at 'period' failed to satisfy constraint: Member must have value greater than or equal to 1"},
		{metricAlarmOf("a", object{"MetricName": nil}), "ValidationException: MetricName must not be null"},
		{metricAlarmOf("a", object{"Namespace": nil}), "ValidationException: Namespace must not be null"},
		{metricAlarmOf("a", object{"Period": nil}), "ValidationException: Period must not be null"},
		{metricAlarmOf("a", object{"Statistic": nil}), "ValidationException: Statistic must not be null: give Statistic or ExtendedStatistic"},
		{metricAlarmOf("a", object{"ExtendedStatistic": "p99"}), "ValidationException: Statistic and ExtendedStatistic cannot both be set"},
		{metricAlarmOf("a", object{"Statistic": nil, "ExtendedStatistic": "Sum"}), "ValidationException: ExtendedStatistic Sum is a Statistic: give it as that"},
		{metricAlarmOf("a", object{"Threshold": nil}), "ValidationException: Threshold must not be null"},
		{metricAlarmOf("a", object{"EvaluationPeriods": nil}), "ValidationException: EvaluationPeriods must not be null"},
		{metricAlarmOf("a", object{"ComparisonOperator": nil}), "ValidationException: ComparisonOperator must not be null"},
		{metricAlarmOf("a", object{"Period": 45}), "ValidationException: Period must be 10, 20, 30 or a multiple of 60"},
		{metricAlarmOf("a", object{"DatapointsToAlarm": 2}), "ValidationException: DatapointsToAlarm must be less than or equal to EvaluationPeriods"},
		{metricAlarmOf("a", object{"Dimensions": list(object{"Name": "x", "Value": "1"}, object{"Name": "x", "Value": "2"})}), "ValidationException: The dimension x is there twice."},
		{metricAlarmOf("a", object{"AlarmActions": list("ops")}), "ValidationException: Invalid arn syntax: ops"},
		{metricAlarmOf("a", object{"Tags": list(object{"Key": "aws:x", "Value": ""})}), "InvalidParameterValueException: The tag key aws:x begins with aws:, which is reserved for AWS."},
		{metricAlarmOf("a", object{"Tags": list(object{"Key": "x", "Value": ""}, object{"Key": "x", "Value": ""})}), "InvalidParameterValueException: The tag key x is there twice."},
		{mathAlarm(object{"Statistic": "Sum"}), "ValidationException: Statistic should not be set if list of Metrics is set."},
		{mathAlarm(object{"Unit": "Bytes"}), "ValidationException: Unit should not be set if list of Metrics is set."},
		{mathAlarm(object{"Metrics": list(statOfM1())}), "ValidationException: Exactly one element of the metrics list should return data."},
		{mathAlarm(object{"Metrics": list(watchedQuery("e1", "m1"), watchedQuery("e2", "m1"), statOfM1())}), "ValidationException: Exactly one element of the metrics list should return data."},
		{
			mathAlarm(object{"Metrics": list(object{"Id": "m1", "Expression": "1", "MetricStat": statOfM1()["MetricStat"]})}),
			"ValidationException: The parameters MetricDataQuery Expression and MetricStat are mutually exclusive and you have specified both.",
		},
	} {
		if got := s.refused("PutMetricAlarm", tt.in); got != tt.want {
			t.Errorf("got %s\nwant %s", got, tt.want)
		}
	}
	if all := s.ok("DescribeAlarms", object{})["MetricAlarms"].([]any); len(all) != 0 {
		t.Errorf("there are %v", all)
	}
}

// TestPutAlarmsSayWhatTheyLack puts alarms that AWS has and this server has not: each is refused by the name of what it lacks.
func TestPutAlarmsSayWhatTheyLack(t *testing.T) {
	s := newServer(t)
	log := func(changes, query object) object {
		in := object{
			"AlarmName": "log", "QueryResultsToEvaluate": 1, "QueryResultsToAlarm": 1, "Threshold": 1, "ComparisonOperator": "GreaterThanThreshold",
			"ScheduledQueryConfiguration": object{
				"QueryString": "stats count(*)", "LogGroupIdentifiers": list("g"), "ScheduledQueryRoleARN": "arn:aws:iam::1:role/r", "AggregationExpression": "count(*)",
				"ScheduleConfiguration": object{"ScheduleExpression": "rate(5 minutes)", "StartTimeOffset": 300},
			},
		}
		maps.Copy(in, changes)
		maps.Copy(in["ScheduledQueryConfiguration"].(object), query)
		return in
	}
	type refusal struct {
		operation string
		in        object
		want      string
	}
	refusals := []refusal{
		{"PutMetricAlarm", metricAlarmOf("a", object{"InsufficientDataActions": list("arn:aws:autoscaling:us-east-1:1:scalingPolicy:x:policyName/p")}), "topics of SNS"},
		{"PutMetricAlarm", mathAlarm(object{"Metrics": list(watchedQuery("e1", `SEARCH('{n} a', 'Sum', 60)`))}), "SEARCH"},
		{"PutMetricAlarm", metricAlarmOf("a", object{"ComparisonOperator": "LessThanLowerThreshold"}), "anomaly detection"},
		{"PutMetricAlarm", metricAlarmOf("a", object{"ThresholdMetricId": "ad1", "Threshold": nil}), "ThresholdMetricId"},
		{"PutMetricAlarm", metricAlarmOf("a", object{"EvaluationWindow": object{"WallClockWindow": object{"Timezone": "UTC"}}}), "EvaluationWindow"},
		{"PutMetricAlarm", metricAlarmOf("a", object{"EvaluationWindow": object{"SlidingWindow": object{}}}), "EvaluationWindow"},
		{"PutMetricAlarm", metricAlarmOf("a", object{"EvaluationCriteria": object{"PromQLCriteria": object{"Query": "up"}}}), "PromQL"},
		{"PutMetricAlarm", metricAlarmOf("a", object{"EvaluationInterval": 60}), "EvaluationInterval"},
		{"PutMetricAlarm", metricAlarmOf("a", object{"ActionConfiguration": object{}}), "ActionConfiguration"},
		{"PutMetricAlarm", metricAlarmOf("a", object{"WarmUpConfiguration": object{"WarmUpPeriodDurationInMinutes": 5}}), "WarmUpConfiguration"},
		{"PutMetricAlarm", metricAlarmOf("a", object{"AlarmActions": list("arn:aws:automate:us-east-1:ec2:stop")}), "topics of SNS"},
		{"PutMetricAlarm", metricAlarmOf("a", object{"OKActions": list("arn:aws:lambda:us-east-1:1:function:f")}), "topics of SNS"},
		{"PutMetricAlarm", metricAlarmOf("a", object{"Statistic": nil, "ExtendedStatistic": "p101"}), "ExtendedStatistic"},
		{"PutMetricAlarm", mathAlarm(object{"Metrics": list(object{"Id": "q", "Expression": "SELECT SUM(a) FROM n", "Period": 60})}), "Metrics Insights"},
		{"PutMetricAlarm", mathAlarm(object{"Metrics": list(object{"Id": "q", "Expression": "ANOMALY_DETECTION_BAND(m1)"}, statOfM1())}), "ANOMALY_DETECTION_BAND"},
		{"PutMetricAlarm", mathAlarm(object{"Metrics": list(object{"Id": "m1", "AccountId": "999999999999", "MetricStat": statOfM1()["MetricStat"]})}), "999999999999"},
		{"PutMetricAlarm", mathAlarm(object{"Metrics": list(watchedQuery("e1", "m2"), statOfM1())}), "m2"},
		{"PutCompositeAlarm", object{"AlarmName": "c", "AlarmRule": "ALARM(none)"}, "none"},
		{"PutCompositeAlarm", object{"AlarmName": "c", "AlarmRule": "ALARM("}, "AlarmRule"},
		{"PutCompositeAlarm", object{"AlarmName": "c", "AlarmRule": "TRUE", "ActionsSuppressorWaitPeriod": 60}, "ActionsSuppressor"},
		{"PutCompositeAlarm", object{"AlarmName": "c", "AlarmRule": "TRUE", "ActionsSuppressor": "x"}, "ActionsSuppressorWaitPeriod"},
		{"PutLogAlarm", log(nil, object{"QueryARN": "arn:aws:logs:us-east-1:1:scheduled-query:q"}), "QueryARN"},
		{"PutLogAlarm", log(nil, object{"Tags": list(object{"Key": "a", "Value": "b"})}), "Tags"},
		{"PutLogAlarm", log(object{"ActionLogLineCount": 51}, nil), "ActionLogLineCount"},
		{"PutLogAlarm", log(object{"QueryResultsToAlarm": 2}, nil), "QueryResultsToAlarm"},
		{"PutLogAlarm", log(nil, object{"ScheduleConfiguration": object{"ScheduleExpression": "sometimes", "StartTimeOffset": 300}}), "sometimes"},
		{"PutLogAlarm", log(nil, object{"AggregationExpression": "median of all"}), "median"},
		{"PutManagedInsightRules", object{"ManagedRules": list(object{"TemplateName": "DynamoDBContributorInsights-PKC", "ResourceARN": "arn:aws:dynamodb:us-east-1:1:table/t"})}, "managed"},
	}
	for _, tt := range refusals {
		if got := s.refused(tt.operation, tt.in); !strings.Contains(got, tt.want) {
			t.Errorf("%s %v: %s\nwants %s", tt.operation, tt.in, got, tt.want)
		}
	}
	s.ok("PutLogAlarm", log(nil, nil))
	// What the page says is refused is tested here.
	page, err := os.ReadFile("../../../docs/reference/cloudwatch-api.md")
	if err != nil {
		t.Fatal(err)
	}
	_, alarms, _ := strings.Cut(string(page), "## Alarms")
	members := 0
	for _, row := range regexp.MustCompile("(?m)^\\| (`.*`) \\|").FindAllStringSubmatch(alarms, -1) {
		for _, name := range regexp.MustCompile(`\w+`).FindAllString(row[1], -1) {
			members++
			if !slices.ContainsFunc(refusals, func(r refusal) bool { return strings.Contains(fmt.Sprint(r.in), name) }) {
				t.Errorf("%s is not tested", name)
			}
		}
	}
	if members < 10 {
		t.Errorf("the page has %d members", members)
	}
}

// TestPutAgain puts alarms twice: what is described is what was put last, the state and the tags stay, and an alarm's kind does too.
func TestPutAgain(t *testing.T) {
	s := newServer(t)
	s.ok("PutMetricAlarm", metricAlarmOf("a", object{"AlarmDescription": "first", "Tags": list(object{"Key": "k", "Value": "1"})}))
	s.ok("SetAlarmState", object{"AlarmName": "a", "StateValue": "ALARM", "StateReason": "test"})
	s.ok("PutMetricAlarm", metricAlarmOf("a", object{"Statistic": nil, "ExtendedStatistic": "p99.5", "EvaluateLowSampleCountPercentile": "ignore", "Tags": list(object{"Key": "k", "Value": "2"})}))
	got := s.ok("DescribeAlarms", object{"AlarmNames": list("a")})["MetricAlarms"].([]any)[0].(object)
	for _, name := range []string{"AlarmArn", "AlarmConfigurationUpdatedTimestamp", "StateTransitionedTimestamp", "StateUpdatedTimestamp"} {
		delete(got, name)
	}
	want := object{
		"AlarmName": "a", "ActionsEnabled": true, "OKActions": list(), "AlarmActions": list(), "InsufficientDataActions": list(), "StateValue": "ALARM", "StateReason": "test",
		"MetricName": "m", "Namespace": "n", "ExtendedStatistic": "p99.5", "Dimensions": list(), "Period": 60.0, "EvaluationPeriods": 1.0, "Threshold": 30.0,
		"ComparisonOperator": "GreaterThanThreshold", "EvaluateLowSampleCountPercentile": "ignore",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	tags := s.ok("ListTagsForResource", object{"ResourceARN": recordedAlarm + "a"})["Tags"]
	if diff := cmp.Diff(list(object{"Key": "k", "Value": "1"}), tags); diff != "" {
		t.Error(diff)
	}
	if got := s.refused("PutCompositeAlarm", object{"AlarmName": "a", "AlarmRule": "TRUE"}); !strings.HasPrefix(got, "ValidationException: ") {
		t.Error(got)
	}
}

// TestMathAlarmReadsBack describes an alarm on an expression as it was put.
func TestMathAlarmReadsBack(t *testing.T) {
	s := newServer(t)
	metrics := list(
		object{"Id": "e1", "Expression": "m1 / 2", "Label": "half", "ReturnData": true, "Period": 300.0},
		object{"Id": "m1", "ReturnData": false, "AccountId": "123456789012", "MetricStat": object{
			"Metric": object{"Namespace": "n", "MetricName": "a", "Dimensions": list(object{"Name": "x", "Value": "1"})}, "Period": 300.0, "Stat": "TM(10%:90%)", "Unit": "Bytes",
		}},
	)
	s.ok("PutMetricAlarm", mathAlarm(object{"Metrics": metrics}))
	got := s.ok("DescribeAlarms", object{})["MetricAlarms"].([]any)[0].(object)
	if diff := cmp.Diff(metrics, got["Metrics"]); diff != "" {
		t.Error(diff)
	}
	for _, name := range []string{"MetricName", "Namespace", "Statistic", "ExtendedStatistic", "Period", "Unit"} {
		if v, there := got[name]; there {
			t.Errorf("%s is %v", name, v)
		}
	}
}
