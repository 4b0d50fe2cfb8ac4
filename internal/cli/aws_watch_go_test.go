package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cloudwatchtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	snstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"weir/internal/awsapi/awsapitest"
)

// watchGo is a program with AWS's SDK for Go.
type watchGo struct {
	*testing.T
	s          *watchServer
	cloudwatch *cloudwatch.Client
	sns        *sns.Client
	ec2        *ec2.Client
	topic      *string
}

// TestServeWatchGoSDK has AWS's SDK for Go do what TestServeWatchBoto3 does by boto3.
func TestServeWatchGoSDK(t *testing.T) {
	s := serveWatch(t)
	key := credentials.NewStaticCredentialsProvider(s.key.ID, s.key.Secret, "")
	g := &watchGo{
		T: t, s: s,
		cloudwatch: cloudwatch.New(cloudwatch.Options{BaseEndpoint: &s.url, Region: "us-east-1", Credentials: key, HTTPClient: awsapitest.NewSDKClient(nil), RetryMaxAttempts: 1}),
		sns:        sns.New(sns.Options{BaseEndpoint: &s.url, Region: "us-east-1", Credentials: key, HTTPClient: awsapitest.NewSDKClient(nil), RetryMaxAttempts: 1}),
		ec2:        ec2.New(ec2.Options{BaseEndpoint: &s.url, Region: "us-east-1", Credentials: key, HTTPClient: awsapitest.NewSDKClient(nil), RetryMaxAttempts: 1}),
	}
	subscription := g.subscribes()
	g.ranks()
	g.measures()
	g.alarms()
	g.logsFlows()
	_, err := g.sns.Unsubscribe(t.Context(), &sns.UnsubscribeInput{SubscriptionArn: subscription})
	g.ok(err)
	_, err = g.sns.DeleteTopic(t.Context(), &sns.DeleteTopicInput{TopicArn: g.topic})
	g.ok(err)
	_, err = g.sns.Publish(t.Context(), &sns.PublishInput{TopicArn: g.topic, Message: aws.String("late")})
	if _, gone := errors.AsType[*snstypes.NotFoundException](err); !gone {
		t.Errorf("a topic that is not there: %v", err)
	}
	s.documented(t, cborProtocol, true, map[string]string{"monitoring": goSDK(t, "cloudwatch"), "sns": goSDK(t, "sns"), "ec2": goSDK(t, "ec2")})
}

// ok fails the test for an error.
func (g *watchGo) ok(err error) {
	g.Helper()
	if err != nil {
		g.Fatal(err)
	}
}

// equal compares.
func (g *watchGo) equal(want, got any) {
	g.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		g.Errorf("(-want +got):\n%s", diff)
	}
}

// code compares the code of an error.
func (g *watchGo) code(want string, err error) {
	g.Helper()
	if e, ok := errors.AsType[smithy.APIError](err); !ok || e.ErrorCode() != want {
		g.Errorf("the error is %v, want %s", err, want)
	}
}

// subscribes makes a topic with a subscriber, and publishes to it.
func (g *watchGo) subscribes() (subscription *string) {
	ctx := g.Context()
	topic, err := g.sns.CreateTopic(ctx, &sns.CreateTopicInput{Name: aws.String("ops"), Tags: []snstypes.Tag{{Key: aws.String("team"), Value: aws.String("net")}}})
	g.ok(err)
	g.topic = topic.TopicArn
	pending, err := g.sns.Subscribe(ctx, &sns.SubscribeInput{TopicArn: g.topic, Protocol: aws.String("http"), Endpoint: &g.s.endpoint.url, Attributes: map[string]string{
		"FilterPolicy": `{"n": [{"numeric": [">", 1]}, {"exists": false}]}`,
	}})
	g.ok(err)
	g.equal("pending confirmation", *pending.SubscriptionArn)
	confirmed, err := g.sns.ConfirmSubscription(ctx, &sns.ConfirmSubscriptionInput{TopicArn: g.topic, Token: aws.String(g.s.endpoint.next(g.T, "")["Token"])})
	g.ok(err)
	subscription = confirmed.SubscriptionArn
	_, err = g.sns.SetSubscriptionAttributes(ctx, &sns.SetSubscriptionAttributesInput{SubscriptionArn: subscription, AttributeName: aws.String("DeliveryPolicy"), AttributeValue: aws.String(`{"healthyRetryPolicy": {"numRetries": 5}}`)})
	g.ok(err)
	attributes, err := g.sns.GetSubscriptionAttributes(ctx, &sns.GetSubscriptionAttributesInput{SubscriptionArn: subscription})
	g.ok(err)
	if !strings.Contains(attributes.Attributes["EffectiveDeliveryPolicy"], `"numRetries":5`) || attributes.Attributes["PendingConfirmation"] != "false" {
		g.Errorf("attributes of the subscription: %v", attributes.Attributes)
	}
	_, err = g.sns.SetTopicAttributes(ctx, &sns.SetTopicAttributesInput{TopicArn: g.topic, AttributeName: aws.String("DisplayName"), AttributeValue: aws.String("Net")})
	g.ok(err)
	of, err := g.sns.GetTopicAttributes(ctx, &sns.GetTopicAttributesInput{TopicArn: g.topic})
	g.ok(err)
	g.equal("Net 1", of.Attributes["DisplayName"]+" "+of.Attributes["SubscriptionsConfirmed"])
	number := func(n string) map[string]snstypes.MessageAttributeValue {
		return map[string]snstypes.MessageAttributeValue{"n": {DataType: aws.String("Number"), StringValue: &n}}
	}
	_, err = g.sns.Publish(ctx, &sns.PublishInput{TopicArn: g.topic, Message: aws.String("not wanted"), MessageAttributes: number("1")})
	g.ok(err)
	one, err := g.sns.Publish(ctx, &sns.PublishInput{TopicArn: g.topic, Subject: aws.String("one"), Message: aws.String("é\n<&>"), MessageAttributes: number("2")})
	g.ok(err)
	m := g.s.endpoint.next(g.T, "")
	g.equal([]string{*one.MessageId, "é\n<&>", "Number 2"}, []string{m["MessageId"], m["Message"], m["MessageAttributes.n"]})
	batch, err := g.sns.PublishBatch(ctx, &sns.PublishBatchInput{TopicArn: g.topic, PublishBatchRequestEntries: []snstypes.PublishBatchRequestEntry{{Id: aws.String("a"), Message: aws.String("of a batch")}}})
	g.ok(err)
	g.equal(*batch.Successful[0].MessageId, g.s.endpoint.next(g.T, "")["MessageId"])
	g.lists(subscription)
	return subscription
}

// lists lists topics, subscriptions and tags.
func (g *watchGo) lists(subscription *string) {
	ctx := g.Context()
	topics, err := sns.NewListTopicsPaginator(g.sns, &sns.ListTopicsInput{}).NextPage(ctx)
	g.ok(err)
	g.equal(1, len(topics.Topics))
	byTopic, err := sns.NewListSubscriptionsByTopicPaginator(g.sns, &sns.ListSubscriptionsByTopicInput{TopicArn: g.topic}).NextPage(ctx)
	g.ok(err)
	g.equal(*subscription+" "+g.s.endpoint.url, *byTopic.Subscriptions[0].SubscriptionArn+" "+*byTopic.Subscriptions[0].Endpoint)
	all, err := g.sns.ListSubscriptions(ctx, &sns.ListSubscriptionsInput{})
	g.ok(err)
	g.equal(*g.topic, *all.Subscriptions[0].TopicArn)
	_, err = g.sns.TagResource(ctx, &sns.TagResourceInput{ResourceArn: g.topic, Tags: []snstypes.Tag{{Key: aws.String("stage"), Value: aws.String("test")}}})
	g.ok(err)
	_, err = g.sns.UntagResource(ctx, &sns.UntagResourceInput{ResourceArn: g.topic, TagKeys: []string{"team"}})
	g.ok(err)
	tags, err := g.sns.ListTagsForResource(ctx, &sns.ListTagsForResourceInput{ResourceArn: g.topic})
	g.ok(err)
	g.equal("stage=test", *tags.Tags[0].Key+"="+*tags.Tags[0].Value)
}

// ranks makes a rule of contributors of a log group, puts events, and asks for the report.
func (g *watchGo) ranks() {
	ctx, now, name := g.Context(), time.Now(), aws.String("sources")
	_, err := g.cloudwatch.PutInsightRule(ctx, &cloudwatch.PutInsightRuleInput{RuleName: name, RuleState: aws.String("ENABLED"), RuleDefinition: aws.String(
		`{"Schema": {"Name": "CloudWatchLogRule", "Version": 1}, "LogGroupNames": ["app"], "LogFormat": "JSON", "AggregateOn": "Sum",
		"Contribution": {"Keys": ["$.source"], "ValueOf": "$.bytes", "Filters": [{"Match": "$.bytes", "GreaterThan": 1}]}}`)})
	g.ok(err)
	g.s.done(g.T, "CreateLogGroup", object{"logGroupName": "app"})
	g.s.done(g.T, "CreateLogStream", object{"logGroupName": "app", "logStreamName": "s"})
	var events []object
	for _, e := range []string{"a 5", "b 7", "a 4", "c 1"} {
		source, bytes, _ := strings.Cut(e, " ")
		events = append(events, object{"timestamp": now.UnixMilli(), "message": fmt.Sprintf(`{"source": %q, "bytes": %s}`, source, bytes)})
	}
	g.s.done(g.T, "PutLogEvents", object{"logGroupName": "app", "logStreamName": "s", "logEvents": events})
	var report *cloudwatch.GetInsightRuleReportOutput
	for end := now.Add(30 * time.Second); time.Now().Before(end); { // what was put is counted soon
		report, err = g.cloudwatch.GetInsightRuleReport(ctx, &cloudwatch.GetInsightRuleReportInput{
			RuleName: name, StartTime: aws.Time(now.Add(-10 * time.Minute)), EndTime: aws.Time(now.Add(time.Minute)), Period: aws.Int32(60), Metrics: []string{"Sum"},
		})
		g.ok(err)
		if *report.AggregateValue == 16 {
			break
		}
	}
	var ranked []string
	for _, c := range report.Contributors {
		ranked = append(ranked, fmt.Sprintf("%s %g", c.Keys[0], *c.ApproximateAggregateValue))
	}
	g.equal([]string{"a 9", "b 7"}, ranked)
	rules, err := g.cloudwatch.DescribeInsightRules(ctx, &cloudwatch.DescribeInsightRulesInput{})
	g.ok(err)
	g.equal("sources ENABLED", *rules.InsightRules[0].Name+" "+*rules.InsightRules[0].State)
	off, err := g.cloudwatch.DisableInsightRules(ctx, &cloudwatch.DisableInsightRulesInput{RuleNames: []string{"sources"}})
	g.ok(err)
	g.equal(0, len(off.Failures))
	on, err := g.cloudwatch.EnableInsightRules(ctx, &cloudwatch.EnableInsightRulesInput{RuleNames: []string{"none"}})
	g.ok(err)
	g.equal("none", *on.Failures[0].FailureResource)
	gone, err := g.cloudwatch.DeleteInsightRules(ctx, &cloudwatch.DeleteInsightRulesInput{RuleNames: []string{"sources"}})
	g.ok(err)
	g.equal(0, len(gone.Failures))
}

// measures puts metrics, more than 10 kB of them, which the SDK compresses, and reads them.
func (g *watchGo) measures() {
	ctx, second := g.Context(), time.Now().Add(-time.Minute).UTC().Truncate(time.Second)
	at := func(n int) *time.Time { return aws.Time(second.Add(time.Duration(n) * time.Second)) }
	metric := &cloudwatchtypes.Metric{Namespace: aws.String("App"), MetricName: aws.String("Sessions"), Dimensions: []cloudwatchtypes.Dimension{{Name: aws.String("gateway"), Value: aws.String("nat-1")}}}
	var data []cloudwatchtypes.MetricDatum
	for n := range 200 {
		data = append(data, cloudwatchtypes.MetricDatum{MetricName: metric.MetricName, Dimensions: metric.Dimensions, Timestamp: at(n % 20), Value: aws.Float64(float64(n)), StorageResolution: aws.Int32(1)})
	}
	data = append(data, cloudwatchtypes.MetricDatum{MetricName: metric.MetricName, Dimensions: metric.Dimensions, Timestamp: at(30), Values: []float64{1, 10}, Counts: []float64{9, 1}, StorageResolution: aws.Int32(1)},
		cloudwatchtypes.MetricDatum{MetricName: metric.MetricName, Dimensions: metric.Dimensions, Timestamp: at(31), StorageResolution: aws.Int32(1), StatisticValues: &cloudwatchtypes.StatisticSet{
			SampleCount: aws.Float64(4), Sum: aws.Float64(8), Minimum: aws.Float64(1), Maximum: aws.Float64(3),
		}})
	_, err := g.cloudwatch.PutMetricData(ctx, &cloudwatch.PutMetricDataInput{Namespace: metric.Namespace, MetricData: data})
	g.ok(err)
	_, err = g.cloudwatch.PutMetricData(ctx, &cloudwatch.PutMetricDataInput{Namespace: aws.String("AWS/EC2"), MetricData: data[:1]})
	if _, refused := errors.AsType[*cloudwatchtypes.InvalidParameterValueException](err); !refused {
		g.Errorf("a namespace of AWS: %v", err)
	}
	listed, err := cloudwatch.NewListMetricsPaginator(g.cloudwatch, &cloudwatch.ListMetricsInput{Namespace: metric.Namespace, RecentlyActive: cloudwatchtypes.RecentlyActivePt3h}).NextPage(ctx)
	g.ok(err)
	g.equal("nat-1", *listed.Metrics[0].Dimensions[0].Value)
	statistics, err := g.cloudwatch.GetMetricStatistics(ctx, &cloudwatch.GetMetricStatisticsInput{
		Namespace: metric.Namespace, MetricName: metric.MetricName, Dimensions: metric.Dimensions, StartTime: at(30), EndTime: at(60), Period: aws.Int32(1), ExtendedStatistics: []string{"p90"},
		Statistics: []cloudwatchtypes.Statistic{"Sum", "SampleCount"},
	})
	g.code("InvalidParameterCombination", err)
	if err == nil {
		g.Errorf("both kinds of statistics: %v", statistics.Datapoints)
	}
	statistics, err = g.cloudwatch.GetMetricStatistics(ctx, &cloudwatch.GetMetricStatisticsInput{
		Namespace: metric.Namespace, MetricName: metric.MetricName, Dimensions: metric.Dimensions, StartTime: at(30), EndTime: at(60), Period: aws.Int32(1),
		Statistics: []cloudwatchtypes.Statistic{"Sum", "SampleCount"},
	})
	g.ok(err)
	var sums []string
	for _, d := range statistics.Datapoints {
		sums = append(sums, fmt.Sprintf("%v %g %g %s", d.Timestamp.Sub(second), *d.Sum, *d.SampleCount, d.Unit))
	}
	g.equal([]string{"30s 19 10 None", "31s 8 4 None"}, sums)
	var results []cloudwatchtypes.MetricDataResult
	queries := []cloudwatchtypes.MetricDataQuery{
		{Id: aws.String("sum"), MetricStat: &cloudwatchtypes.MetricStat{Metric: metric, Period: aws.Int32(1), Stat: aws.String("Sum")}},
		{Id: aws.String("twice"), Expression: aws.String("sum * 2"), Label: aws.String("twice as many")},
	}
	for p := cloudwatch.NewGetMetricDataPaginator(g.cloudwatch, &cloudwatch.GetMetricDataInput{StartTime: at(0), EndTime: at(2), ScanBy: cloudwatchtypes.ScanByTimestampAscending, MetricDataQueries: queries}); p.HasMorePages(); {
		page, err := p.NextPage(ctx)
		g.ok(err)
		results = append(results, page.MetricDataResults...)
	}
	g.equal([]float64{900, 910}, results[0].Values)
	g.equal([]time.Time{*at(0), *at(1)}, results[0].Timestamps)
	g.equal([]float64{1800, 1820}, results[1].Values)
	g.equal("twice as many Complete", *results[1].Label+" "+string(results[1].StatusCode))
	queries[1].Expression = aws.String("sum +")
	_, err = g.cloudwatch.GetMetricData(ctx, &cloudwatch.GetMetricDataInput{StartTime: at(0), EndTime: at(2), MetricDataQueries: queries})
	g.code("ValidationError", err)
}

// alarms makes alarms, is told of one, and deletes them.
func (g *watchGo) alarms() {
	ctx, name := g.Context(), aws.String("many sessions")
	in := &cloudwatch.PutMetricAlarmInput{
		AlarmName: name, AlarmDescription: aws.String("é"), Namespace: aws.String("App"), MetricName: aws.String("Sessions"), Statistic: cloudwatchtypes.StatisticSum, Period: aws.Int32(60),
		EvaluationPeriods: aws.Int32(2), Threshold: aws.Float64(1e9), ComparisonOperator: cloudwatchtypes.ComparisonOperatorGreaterThanThreshold, TreatMissingData: aws.String("notBreaching"),
		AlarmActions: []string{*g.topic}, Tags: []cloudwatchtypes.Tag{{Key: aws.String("team"), Value: aws.String("net")}},
	}
	_, err := g.cloudwatch.PutMetricAlarm(ctx, in)
	g.ok(err)
	wrong := *in
	wrong.Period = aws.Int32(7)
	_, err = g.cloudwatch.PutMetricAlarm(ctx, &wrong)
	g.code("ValidationError", err)
	_, err = g.cloudwatch.PutCompositeAlarm(ctx, &cloudwatch.PutCompositeAlarmInput{AlarmName: aws.String("any"), AlarmRule: aws.String(`ALARM("many sessions")`)})
	g.ok(err)
	_, err = g.cloudwatch.SetAlarmState(ctx, &cloudwatch.SetAlarmStateInput{AlarmName: name, StateValue: cloudwatchtypes.StateValueAlarm, StateReason: aws.String("a test")})
	g.ok(err)
	var told struct{ AlarmName, NewStateValue, NewStateReason, AlarmDescription string }
	g.ok(json.Unmarshal([]byte(g.s.endpoint.next(g.T, "ALARM: ")["Message"]), &told))
	g.equal("{many sessions ALARM a test é}", fmt.Sprint(told))
	history, err := cloudwatch.NewDescribeAlarmHistoryPaginator(g.cloudwatch, &cloudwatch.DescribeAlarmHistoryInput{AlarmName: name, HistoryItemType: cloudwatchtypes.HistoryItemTypeConfigurationUpdate}).NextPage(ctx)
	g.ok(err)
	g.equal(`Alarm "many sessions" created`, *history.AlarmHistoryItems[0].HistorySummary)
	described, err := g.cloudwatch.DescribeAlarms(ctx, &cloudwatch.DescribeAlarmsInput{AlarmTypes: []cloudwatchtypes.AlarmType{"MetricAlarm", "CompositeAlarm"}})
	g.ok(err)
	a := described.MetricAlarms[0]
	g.equal([]any{*in.AlarmDescription, *in.Period, *in.Threshold, in.AlarmActions, *in.TreatMissingData}, []any{*a.AlarmDescription, *a.Period, *a.Threshold, a.AlarmActions, *a.TreatMissingData})
	g.equal(`ALARM("many sessions")`, *described.CompositeAlarms[0].AlarmRule)
	forMetric, err := g.cloudwatch.DescribeAlarmsForMetric(ctx, &cloudwatch.DescribeAlarmsForMetricInput{Namespace: in.Namespace, MetricName: in.MetricName})
	g.ok(err)
	g.equal(*name, *forMetric.MetricAlarms[0].AlarmName)
	_, err = g.cloudwatch.DisableAlarmActions(ctx, &cloudwatch.DisableAlarmActionsInput{AlarmNames: []string{*name}})
	g.ok(err)
	_, err = g.cloudwatch.EnableAlarmActions(ctx, &cloudwatch.EnableAlarmActionsInput{AlarmNames: []string{*name}})
	g.ok(err)
	_, err = g.cloudwatch.TagResource(ctx, &cloudwatch.TagResourceInput{ResourceARN: a.AlarmArn, Tags: []cloudwatchtypes.Tag{{Key: aws.String("stage"), Value: aws.String("test")}}})
	g.ok(err)
	_, err = g.cloudwatch.UntagResource(ctx, &cloudwatch.UntagResourceInput{ResourceARN: a.AlarmArn, TagKeys: []string{"team"}})
	g.ok(err)
	tags, err := g.cloudwatch.ListTagsForResource(ctx, &cloudwatch.ListTagsForResourceInput{ResourceARN: a.AlarmArn})
	g.ok(err)
	g.equal("stage=test", *tags.Tags[0].Key+"="+*tags.Tags[0].Value)
	_, err = g.cloudwatch.DeleteAlarms(ctx, &cloudwatch.DeleteAlarmsInput{AlarmNames: []string{*name}})
	g.code("ValidationError", err) // the composite alarm looks at it
	for _, n := range []string{"any", *name} {
		_, err = g.cloudwatch.DeleteAlarms(ctx, &cloudwatch.DeleteAlarmsInput{AlarmNames: []string{n}})
		g.ok(err)
	}
}

// logsFlows makes a flow log and deletes it.
func (g *watchGo) logsFlows() {
	ctx := g.Context()
	in := &ec2.CreateFlowLogsInput{
		ResourceType: ec2types.FlowLogsResourceTypeVpc, ResourceIds: []string{"vpc-1"}, TrafficType: ec2types.TrafficTypeReject, LogGroupName: aws.String("vpc"),
		DeliverLogsPermissionArn: aws.String("arn:aws:iam::123456789012:role/flow-logs"), MaxAggregationInterval: aws.Int32(60), ClientToken: aws.String("once"),
		TagSpecifications: []ec2types.TagSpecification{{ResourceType: ec2types.ResourceTypeVpcFlowLog, Tags: []ec2types.Tag{{Key: aws.String("team"), Value: aws.String("net")}}}},
	}
	made, err := g.ec2.CreateFlowLogs(ctx, in)
	g.ok(err)
	again, err := g.ec2.CreateFlowLogs(ctx, in)
	g.ok(err)
	g.equal(made.FlowLogIds, again.FlowLogIds)
	in.ClientToken = aws.String("twice")
	_, err = g.ec2.CreateFlowLogs(ctx, in)
	g.code("FlowLogAlreadyExists", err)
	_, err = g.ec2.CreateTags(ctx, &ec2.CreateTagsInput{Resources: made.FlowLogIds, Tags: []ec2types.Tag{{Key: aws.String("stage"), Value: aws.String("test")}}})
	g.ok(err)
	page, err := ec2.NewDescribeFlowLogsPaginator(g.ec2, &ec2.DescribeFlowLogsInput{Filter: []ec2types.Filter{{Name: aws.String("tag:team"), Values: []string{"net"}}}}).NextPage(ctx)
	g.ok(err)
	log := page.FlowLogs[0]
	g.equal([]any{made.FlowLogIds[0], "vpc", int32(60), "ACTIVE"}, []any{*log.FlowLogId, *log.LogGroupName, *log.MaxAggregationInterval, *log.FlowLogStatus})
	_, err = g.ec2.DeleteTags(ctx, &ec2.DeleteTagsInput{Resources: made.FlowLogIds, Tags: []ec2types.Tag{{Key: aws.String("team")}}})
	g.ok(err)
	tags, err := g.ec2.DescribeTags(ctx, &ec2.DescribeTagsInput{Filters: []ec2types.Filter{{Name: aws.String("resource-id"), Values: made.FlowLogIds}}})
	g.ok(err)
	g.equal("stage=test", *tags.Tags[0].Key+"="+*tags.Tags[0].Value)
	deleted, err := g.ec2.DeleteFlowLogs(ctx, &ec2.DeleteFlowLogsInput{FlowLogIds: made.FlowLogIds})
	g.ok(err)
	g.equal(0, len(deleted.Unsuccessful))
}
