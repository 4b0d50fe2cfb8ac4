package monitoring

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/smithy-go"

	"weir/internal/awsapi"
	"weir/internal/awsapi/awsapitest"
	"weir/internal/contributor"
)

// TestSDKRequests reads what the SDK sends with every member set: its values may be wrong for a member, but each has the type that it should
// have, and a place here. Operations that are not here are unknown.
func TestSDKRequests(t *testing.T) {
	s := newServer(t)
	for _, name := range awsapitest.Sent(t, "cloudwatch", s.api.operations(), describer) {
		if status, out := s.post(name, object{}); status != 404 || !strings.Contains(out, "UnknownOperationException") {
			t.Errorf("%s: %d %s", name, status, out)
		}
	}
}

// TestSDKResponses holds our answers against the SDK's.
func TestSDKResponses(t *testing.T) {
	awsapitest.Responses(t, "cloudwatch", newServer(t).api.operations(), 13)
}

// goClient calls a server on loopback with AWS's SDK for Go, which speaks CBOR.
func goClient(t *testing.T, s *testServer) *cloudwatch.Client {
	t.Helper()
	server := httptest.NewServer(awsapi.NewRouter(awsapitest.ByKey, slog.New(slog.DiscardHandler), s.api.Service()))
	t.Cleanup(server.Close)
	return cloudwatch.New(cloudwatch.Options{
		BaseEndpoint: &server.URL, Region: "eu-west-1", Credentials: credentials.NewStaticCredentialsProvider(awsapitest.Key, awsapitest.Secret, ""), HTTPClient: awsapitest.NewSDKClient(nil), RetryMaxAttempts: 1,
	})
}

// TestGoSDKAlarms puts alarms of each kind with AWS's SDK for Go and reads them back.
func TestGoSDKAlarms(t *testing.T) {
	s := newServer(t)
	c, ctx := goClient(t, s), t.Context()
	topic := []string{"arn:aws:sns:eu-west-1:123456789012:ops"}
	ok := func(_ any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	ok(c.PutMetricAlarm(ctx, &cloudwatch.PutMetricAlarmInput{
		AlarmName: aws.String("ssh"), MetricName: aws.String("Attempts"), Namespace: aws.String("Weir"), Statistic: types.StatisticSum, Period: aws.Int32(60),
		EvaluationPeriods: aws.Int32(3), DatapointsToAlarm: aws.Int32(2), Threshold: aws.Float64(100), ComparisonOperator: types.ComparisonOperatorGreaterThanThreshold,
		Dimensions:   []types.Dimension{{Name: aws.String("b"), Value: aws.String("1")}, {Name: aws.String("a"), Value: aws.String("2")}},
		AlarmActions: topic, TreatMissingData: aws.String("notBreaching"), Tags: []types.Tag{{Key: aws.String("team"), Value: aws.String("net")}},
	}))
	ok(c.PutMetricAlarm(ctx, &cloudwatch.PutMetricAlarmInput{
		AlarmName: aws.String("ratio"), EvaluationPeriods: aws.Int32(1), Threshold: aws.Float64(0.5), ComparisonOperator: types.ComparisonOperatorLessThanThreshold,
		Metrics: []types.MetricDataQuery{
			{Id: aws.String("e1"), Expression: aws.String("m1/2"), Label: aws.String("half"), ReturnData: aws.Bool(true)},
			{Id: aws.String("m1"), ReturnData: aws.Bool(false), AccountId: aws.String("123456789012"), MetricStat: &types.MetricStat{
				Metric: &types.Metric{Namespace: aws.String("Weir"), MetricName: aws.String("Bytes")}, Period: aws.Int32(300), Stat: aws.String("p99"), Unit: types.StandardUnitBytes,
			}},
		},
	}))
	ok(c.PutCompositeAlarm(ctx, &cloudwatch.PutCompositeAlarmInput{AlarmName: aws.String("any"), AlarmRule: aws.String("ALARM(ssh) OR ALARM(ratio)")}))
	ok(c.PutLogAlarm(ctx, &cloudwatch.PutLogAlarmInput{
		AlarmName: aws.String("scan"), QueryResultsToEvaluate: aws.Int32(3), QueryResultsToAlarm: aws.Int32(2), Threshold: aws.Float64(10),
		ComparisonOperator: types.ComparisonOperatorGreaterThanThreshold, ScheduledQueryConfiguration: &types.ScheduledQueryConfiguration{
			QueryString: aws.String("stats count(*)"), LogGroupIdentifiers: []string{"/vpc"}, ScheduledQueryRoleARN: aws.String("arn:aws:iam::1:role/r"), AggregationExpression: aws.String("count(*)"),
			ScheduleConfiguration: &types.ScheduleConfiguration{ScheduleExpression: aws.String("rate(5 minutes)"), StartTimeOffset: aws.Int64(300)},
		},
	}))
	out, err := c.DescribeAlarms(ctx, &cloudwatch.DescribeAlarmsInput{AlarmTypes: []types.AlarmType{types.AlarmTypeMetricAlarm, types.AlarmTypeCompositeAlarm, types.AlarmTypeLogAlarm}})
	if err != nil || len(out.MetricAlarms) != 2 || len(out.CompositeAlarms) != 1 || len(out.LogAlarms) != 1 {
		t.Fatalf("DescribeAlarms: %+v %v", out, err)
	}
	ratio, ssh := out.MetricAlarms[0], out.MetricAlarms[1]
	if *ssh.Threshold != 100 || *ssh.Dimensions[0].Name != "a" || ssh.Statistic != types.StatisticSum || !*ssh.ActionsEnabled || ssh.Metrics != nil ||
		!ssh.StateUpdatedTimestamp.Equal(testTime.Truncate(time.Millisecond)) || *ssh.AlarmArn != "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:ssh" {
		t.Errorf("ssh: %+v", ssh)
	}
	if len(ratio.Metrics) != 2 || *ratio.Metrics[1].MetricStat.Stat != "p99" || *ratio.Metrics[1].ReturnData || *ratio.Metrics[1].AccountId != "123456789012" || ratio.Period != nil {
		t.Errorf("ratio: %+v", ratio)
	}
	if log := out.LogAlarms[0]; *log.ScheduledQueryConfiguration.ScheduleConfiguration.StartTimeOffset != 300 || *log.QueryResultsToAlarm != 2 {
		t.Errorf("scan: %+v", log)
	}
	_, err = c.SetAlarmState(ctx, &cloudwatch.SetAlarmStateInput{AlarmName: aws.String("none"), StateValue: types.StateValueOk, StateReason: aws.String("")})
	if missing := new(types.ResourceNotFound); !errors.As(err, &missing) {
		t.Errorf("an alarm that is not there: %v", err)
	}
	_, err = c.SetAlarmState(ctx, &cloudwatch.SetAlarmStateInput{AlarmName: aws.String("ssh"), StateValue: types.StateValueOk, StateReason: aws.String("x"), StateReasonData: aws.String("{")})
	if wrong := new(types.InvalidFormatFault); !errors.As(err, &wrong) {
		t.Errorf("data that are no JSON: %v", err)
	}
	ok(c.SetAlarmState(ctx, &cloudwatch.SetAlarmStateInput{AlarmName: aws.String("ssh"), StateValue: types.StateValueAlarm, StateReason: aws.String("test")}))
	history := cloudwatch.NewDescribeAlarmHistoryPaginator(c, &cloudwatch.DescribeAlarmHistoryInput{AlarmName: aws.String("ssh"), MaxRecords: aws.Int32(1), StartDate: aws.Time(testTime.Add(-time.Second))})
	var summaries []string
	for history.HasMorePages() {
		page, err := history.NextPage(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range page.AlarmHistoryItems {
			summaries = append(summaries, *i.HistorySummary)
		}
	}
	if !slices.Equal(summaries, []string{"Alarm updated from INSUFFICIENT_DATA to ALARM", `Alarm "ssh" created`}) {
		t.Errorf("DescribeAlarmHistory: %q", summaries)
	}
	ok(c.DisableAlarmActions(ctx, &cloudwatch.DisableAlarmActionsInput{AlarmNames: []string{"ssh", "none"}}))
	of, err := c.DescribeAlarmsForMetric(ctx, &cloudwatch.DescribeAlarmsForMetricInput{
		Namespace: aws.String("Weir"), MetricName: aws.String("Attempts"),
		Dimensions: []types.Dimension{{Name: aws.String("a"), Value: aws.String("2")}, {Name: aws.String("b"), Value: aws.String("1")}},
	})
	if err != nil || len(of.MetricAlarms) != 1 || *of.MetricAlarms[0].ActionsEnabled || of.MetricAlarms[0].StateValue != types.StateValueAlarm {
		t.Errorf("DescribeAlarmsForMetric: %+v %v", of, err)
	}
	ok(c.EnableAlarmActions(ctx, &cloudwatch.EnableAlarmActionsInput{AlarmNames: []string{"ssh"}}))
	tags, err := c.ListTagsForResource(ctx, &cloudwatch.ListTagsForResourceInput{ResourceARN: ssh.AlarmArn})
	if err != nil || len(tags.Tags) != 1 || *tags.Tags[0].Value != "net" {
		t.Errorf("ListTagsForResource: %+v %v", tags, err)
	}
	_, err = c.PutMetricAlarm(ctx, &cloudwatch.PutMetricAlarmInput{AlarmName: aws.String("none"), EvaluationPeriods: aws.Int32(1), ComparisonOperator: types.ComparisonOperatorLessThanThreshold})
	if wrong := smithy.APIError(nil); !errors.As(err, &wrong) || wrong.ErrorCode() != "ValidationError" || wrong.ErrorMessage() != "MetricName must not be null" {
		t.Errorf("an alarm on nothing: %v", err)
	}
	ok(c.DeleteAlarms(ctx, &cloudwatch.DeleteAlarmsInput{AlarmNames: []string{"any"}}))
	if _, err := s.alarms.Alarm(ctx, "any"); err == nil {
		t.Error("it was not deleted")
	}
}

// topSources is a rule of who sends most bytes.
const topSources = `{"Schema":{"Name":"CloudWatchLogRule","Version":1},"LogGroupNames":["/vpc"],"LogFormat":"CLF","Fields":{"4":"srcaddr","10":"bytes"},` +
	`"Contribution":{"Keys":["srcaddr"],"ValueOf":"bytes","Filters":[]},"AggregateOn":"Sum"}`

// flow is a record of a flow log that came at once.
func flow(at time.Time, source string, bytes int) contributor.Event {
	return contributor.Event{
		Timestamp: at.UnixMilli(), Ingestion: at.UnixMilli(),
		Message: fmt.Sprintf("2 123456789012 eni-1 %s 10.0.0.9 1 2 6 1 %d %d %d ACCEPT OK", source, bytes, at.Unix(), at.Unix()),
	}
}

// TestGoSDKInsightRules calls the operations on insight rules with AWS's SDK for Go.
func TestGoSDKInsightRules(t *testing.T) {
	s := newServer(t)
	c, ctx := goClient(t, s), t.Context()
	name := []string{"top"}
	if _, err := c.PutInsightRule(ctx, &cloudwatch.PutInsightRuleInput{RuleName: &name[0], RuleDefinition: aws.String(topSources), Tags: []types.Tag{{Key: aws.String("a"), Value: aws.String("")}}}); err != nil {
		t.Fatal(err)
	}
	_, err := c.PutInsightRule(ctx, &cloudwatch.PutInsightRuleInput{RuleName: aws.String("bad"), RuleDefinition: aws.String("x")})
	if wrong := new(types.InvalidParameterValueException); !errors.As(err, &wrong) || !strings.Contains(*wrong.Message, "line 1, column 1") {
		t.Errorf("a bad rule: %v", err)
	}
	if out, err := c.DisableInsightRules(ctx, &cloudwatch.DisableInsightRulesInput{RuleNames: name}); err != nil || len(out.Failures) != 0 {
		t.Errorf("DisableInsightRules: %+v %v", out, err)
	}
	rules, err := c.DescribeInsightRules(ctx, &cloudwatch.DescribeInsightRulesInput{})
	if err != nil || len(rules.InsightRules) != 1 || *rules.InsightRules[0].State != "DISABLED" || *rules.InsightRules[0].Schema != "CloudWatchLogRule/1" || *rules.InsightRules[0].Definition != topSources {
		t.Errorf("DescribeInsightRules: %+v %v", rules, err)
	}
	if out, err := c.EnableInsightRules(ctx, &cloudwatch.EnableInsightRulesInput{RuleNames: []string{"top", "none"}}); err != nil || len(out.Failures) != 1 || *out.Failures[0].FailureResource != "none" {
		t.Errorf("EnableInsightRules: %+v %v", out, err)
	}
	s.now = s.now.Add(time.Minute)
	minute := s.now.Truncate(time.Minute)
	if err := s.rules.Add(ctx, "reader", []byte("1"), []contributor.Batch{{Group: "/vpc", Events: []contributor.Event{flow(minute, "10.0.0.1", 5), flow(minute, "10.0.0.2", 5), flow(minute, "10.0.0.1", 2)}}}); err != nil {
		t.Fatal(err)
	}
	// Parts of a second are the whole one.
	report, err := c.GetInsightRuleReport(ctx, &cloudwatch.GetInsightRuleReportInput{
		RuleName: &name[0], StartTime: aws.Time(minute.Add(999 * time.Millisecond)), EndTime: aws.Time(minute.Add(time.Minute - 999*time.Millisecond)),
		Period: aws.Int32(60), Metrics: []string{"Sum"}, MaxContributorCount: aws.Int32(1),
	})
	if err != nil {
		t.Fatal(err)
	}
	if *report.AggregateValue != 12 || *report.AggregationStatistic != "Sum" || *report.ApproximateUniqueCount != 2 || !slices.Equal(report.KeyLabels, []string{"srcaddr"}) {
		t.Errorf("GetInsightRuleReport: %+v", report)
	}
	if len(report.Contributors) != 1 || *report.Contributors[0].Datapoints[0].ApproximateValue != 7 || *report.Contributors[0].ApproximateAggregateValue != 7 || report.Contributors[0].Keys[0] != "10.0.0.1" {
		t.Errorf("the contributors are %+v", report.Contributors)
	}
	if len(report.MetricDatapoints) != 1 || *report.MetricDatapoints[0].Sum != 12 || report.MetricDatapoints[0].UniqueContributors != nil || !report.MetricDatapoints[0].Timestamp.Equal(minute) {
		t.Errorf("the datapoints are %+v", report.MetricDatapoints)
	}
	_, err = c.GetInsightRuleReport(ctx, &cloudwatch.GetInsightRuleReportInput{RuleName: aws.String("none"), StartTime: aws.Time(time.Unix(0, 0)), EndTime: aws.Time(time.Unix(60, 0)), Period: aws.Int32(60)})
	if missing := new(types.ResourceNotFoundException); !errors.As(err, &missing) {
		t.Errorf("a rule that is not there: %v", err)
	}
	arn := aws.String("arn:aws:cloudwatch:eu-west-1:123456789012:insight-rule/top")
	if _, err := c.TagResource(ctx, &cloudwatch.TagResourceInput{ResourceARN: arn, Tags: []types.Tag{{Key: aws.String("b"), Value: aws.String("2")}}}); err != nil {
		t.Error(err)
	}
	if _, err := c.UntagResource(ctx, &cloudwatch.UntagResourceInput{ResourceARN: arn, TagKeys: []string{"a"}}); err != nil {
		t.Error(err)
	}
	if tags, err := c.ListTagsForResource(ctx, &cloudwatch.ListTagsForResourceInput{ResourceARN: arn}); err != nil || len(tags.Tags) != 1 || *tags.Tags[0].Key != "b" {
		t.Errorf("ListTagsForResource: %+v %v", tags, err)
	}
	if out, err := c.DeleteInsightRules(ctx, &cloudwatch.DeleteInsightRulesInput{RuleNames: name}); err != nil || len(out.Failures) != 0 {
		t.Errorf("DeleteInsightRules: %+v %v", out, err)
	}
	if out, err := c.ListManagedInsightRules(ctx, &cloudwatch.ListManagedInsightRulesInput{ResourceARN: arn}); err != nil || out.ManagedRules == nil || len(out.ManagedRules) != 0 {
		t.Errorf("ListManagedInsightRules: %+v %v", out, err)
	}
}
