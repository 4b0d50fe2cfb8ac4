// Has AWS's SDK for JavaScript do what people do to be told of something: a topic with a subscriber, metrics, an alarm, a rule of contributors, and a flow log.
// Fails where an answer is not as it should be. Prints the versions of its parts. Arguments: the endpoint, a key's id and secret, and the URL of the
// subscriber, which gives what it received at /next. Packages are found by NODE_PATH.
"use strict";
const assert = require("node:assert/strict");
const cw = require("@aws-sdk/client-cloudwatch");
const notification = require("@aws-sdk/client-sns");
const { EC2Client, CreateFlowLogsCommand, CreateTagsCommand, DeleteFlowLogsCommand, DeleteTagsCommand, DescribeTagsCommand, paginateDescribeFlowLogs } = require("@aws-sdk/client-ec2");

const [endpoint, accessKeyId, secretAccessKey, subscriber] = process.argv.slice(2);
const options = { endpoint, region: "us-east-1", credentials: { accessKeyId, secretAccessKey }, maxAttempts: 1 };
const clients = { cloudwatch: new cw.CloudWatchClient(options), sns: new notification.SNSClient(options), ec2: new EC2Client(options) };
for (const part of Object.keys(clients)) {
  console.log(`AWS SDK for JavaScript v3, client-${part}`, require(`@aws-sdk/client-${part}/package.json`).version);
}

// Each calls an operation of a service by its name.
const metrics = (name, input) => clients.cloudwatch.send(new cw[`${name}Command`](input));
const sns = (name, input) => clients.sns.send(new notification[`${name}Command`](input));
const refused = async (call) => {
  const error = await call.then(() => assert.fail("it was not refused"), (e) => e);
  return `${error.name}: ${error.message}`;
};
const pages = async (paginate, client, input, member) => {
  const all = [];
  for await (const page of paginate({ client, pageSize: 1 }, input)) all.push(...(page[member] ?? []));
  return all;
};
const received = async (subject = "") => (await fetch(`${subscriber}/next?${new URLSearchParams({ subject })}`)).json();

async function topics() {
  const { TopicArn } = await sns("CreateTopic", { Name: "ops", Tags: [{ Key: "team", Value: "net" }] });
  const { SubscriptionArn: pending } = await sns("Subscribe", { TopicArn, Protocol: "http", Endpoint: subscriber });
  assert.equal(pending, "pending confirmation");
  const { Token } = await received();
  const { SubscriptionArn } = await sns("ConfirmSubscription", { TopicArn, Token });
  const found = await pages(notification.paginateListSubscriptionsByTopic, clients.sns, { TopicArn }, "Subscriptions");
  assert.deepEqual(found.map((s) => [s.SubscriptionArn, s.Endpoint]), [[SubscriptionArn, subscriber]]);
  await sns("SetTopicAttributes", { TopicArn, AttributeName: "DisplayName", AttributeValue: "Net" });
  assert.equal((await sns("GetTopicAttributes", { TopicArn })).Attributes.DisplayName, "Net");
  await sns("SetSubscriptionAttributes", { SubscriptionArn, AttributeName: "FilterPolicy", AttributeValue: '{"n": [{"numeric": [">", 1]}, {"exists": false}]}' });
  assert.match((await sns("GetSubscriptionAttributes", { SubscriptionArn })).Attributes.FilterPolicy, /numeric/);
  const n = (StringValue) => ({ n: { DataType: "Number", StringValue } });
  await sns("Publish", { TopicArn, Message: "not wanted", MessageAttributes: n("1") });
  const { MessageId } = await sns("Publish", { TopicArn, Subject: "one", Message: "é\n<&>", MessageAttributes: n("2") });
  const message = await received();
  assert.deepEqual([message.MessageId, message.Message, message["MessageAttributes.n"]], [MessageId, "é\n<&>", "Number 2"]);
  const { Successful } = await sns("PublishBatch", { TopicArn, PublishBatchRequestEntries: [{ Id: "a", Message: "of a batch" }] });
  assert.equal(Successful[0].MessageId, (await received()).MessageId);
  assert.match(await refused(sns("Publish", { TopicArn, Message: "" })), /^InvalidParameterException: Invalid parameter: Empty message/);
  await sns("TagResource", { ResourceArn: TopicArn, Tags: [{ Key: "stage", Value: "test" }] });
  await sns("UntagResource", { ResourceArn: TopicArn, TagKeys: ["team"] });
  assert.deepEqual((await sns("ListTagsForResource", { ResourceArn: TopicArn })).Tags, [{ Key: "stage", Value: "test" }]);
  assert.deepEqual((await pages(notification.paginateListTopics, clients.sns, {}, "Topics")).map((t) => t.TopicArn), [TopicArn]);
  return { TopicArn, SubscriptionArn };
}

const sessions = { Namespace: "App", MetricName: "Sessions", Dimensions: [{ Name: "gateway", Value: "nat-1" }] };

async function data() {
  const first = new Date(Math.floor(Date.now() / 1000) * 1000 - 60000);
  const at = (n) => new Date(first.getTime() + n * 1000);
  const datum = (n, more) => ({ MetricName: "Sessions", Dimensions: sessions.Dimensions, Timestamp: at(n), StorageResolution: 1, ...more });
  // More than 10 kB, which the SDK compresses.
  await metrics("PutMetricData", { Namespace: "App", MetricData: Array.from({ length: 300 }, (_, n) => datum(n % 20, { Value: n })) });
  await metrics("PutMetricData", { Namespace: "App", MetricData: [datum(30, { Values: [1, 10], Counts: [9, 1] }), datum(31, { StatisticValues: { SampleCount: 4, Sum: 8, Minimum: 1, Maximum: 3 } })] });
  assert.match(await refused(metrics("PutMetricData", { Namespace: "AWS/EC2", MetricData: [datum(0, { Value: 1 })] })), /^InvalidParameterValueException: /);
  assert.deepEqual((await pages((c, i) => cw.paginateListMetrics({ client: c.client }, i), clients.cloudwatch, { Namespace: "App" }, "Metrics")), [sessions]);
  const span = { StartTime: at(0), EndTime: at(60) };
  const { Datapoints } = await metrics("GetMetricStatistics", { ...sessions, ...span, Period: 1, Statistics: ["Sum", "SampleCount"], Unit: "None" });
  assert.deepEqual(Datapoints.map((d) => [d.Timestamp.getTime(), d.Sum, d.SampleCount]).at(-1), [at(31).getTime(), 8, 4]);
  const queries = [
    { Id: "sum", MetricStat: { Metric: sessions, Period: 1, Stat: "Sum" } },
    { Id: "p90", MetricStat: { Metric: sessions, Period: 1, Stat: "p90" }, ReturnData: false },
    { Id: "twice", Expression: "sum * 2 + p90 * 0", Label: "twice as many" },
  ];
  const results = [];
  for await (const page of cw.paginateGetMetricData({ client: clients.cloudwatch }, { MetricDataQueries: queries, ...span, ScanBy: "TimestampAscending" })) results.push(...page.MetricDataResults);
  const [sum, twice] = results;
  assert.deepEqual(sum.Timestamps, [...Array(20).keys(), 30, 31].map(at));
  assert.deepEqual(sum.Values, [...Array.from({ length: 20 }, (_, n) => 15 * n + 2100), 19, 8]);
  assert.deepEqual([twice.Label, twice.StatusCode, twice.Values], ["twice as many", "Complete", sum.Values.map((v) => 2 * v)]);
  assert.match(await refused(metrics("GetMetricData", { MetricDataQueries: [{ Id: "e", Expression: "sum +" }], ...span })), /^ValidationException: /);
}

async function alarms(TopicArn) {
  const one = { AlarmName: "many sessions", AlarmDescription: "é", ...sessions, Statistic: "Sum", Period: 60, EvaluationPeriods: 2, Threshold: 1e9, ComparisonOperator: "GreaterThanThreshold", TreatMissingData: "notBreaching", AlarmActions: [TopicArn] };
  await metrics("PutMetricAlarm", { ...one, Tags: [{ Key: "team", Value: "net" }] });
  assert.match(await refused(metrics("PutMetricAlarm", { ...one, Period: 7 })), /^ValidationException: /);
  await metrics("PutCompositeAlarm", { AlarmName: "any", AlarmRule: 'ALARM("many sessions")' });
  await metrics("SetAlarmState", { AlarmName: "many sessions", StateValue: "ALARM", StateReason: "a test", StateReasonData: '{"a": 1}' });
  const told = JSON.parse((await received("ALARM: ")).Message);
  assert.deepEqual([told.AlarmName, told.NewStateValue, told.NewStateReason, told.AlarmDescription], ["many sessions", "ALARM", "a test", "é"]);
  const history = await pages(cw.paginateDescribeAlarmHistory, clients.cloudwatch, { AlarmName: "many sessions", ScanBy: "TimestampAscending" }, "AlarmHistoryItems");
  assert.equal(history[0].HistorySummary, 'Alarm "many sessions" created');
  assert.ok(history.some((h) => h.HistoryItemType === "StateUpdate" && h.HistorySummary.endsWith("to ALARM")));
  const { MetricAlarms, CompositeAlarms } = await metrics("DescribeAlarms", { AlarmNames: ["many sessions", "any"], AlarmTypes: ["MetricAlarm", "CompositeAlarm"] });
  assert.deepEqual(Object.fromEntries(Object.keys(one).map((k) => [k, MetricAlarms[0][k]])), one);
  assert.equal(CompositeAlarms[0].AlarmRule, 'ALARM("many sessions")');
  assert.ok(MetricAlarms[0].StateUpdatedTimestamp instanceof Date);
  assert.equal((await metrics("DescribeAlarmsForMetric", sessions)).MetricAlarms[0].AlarmName, "many sessions");
  await metrics("DisableAlarmActions", { AlarmNames: ["many sessions"] });
  await metrics("EnableAlarmActions", { AlarmNames: ["many sessions"] });
  const ResourceARN = MetricAlarms[0].AlarmArn;
  await metrics("TagResource", { ResourceARN, Tags: [{ Key: "stage", Value: "test" }] });
  await metrics("UntagResource", { ResourceARN, TagKeys: ["team"] });
  assert.deepEqual((await metrics("ListTagsForResource", { ResourceARN })).Tags, [{ Key: "stage", Value: "test" }]);
  assert.match(await refused(metrics("DeleteAlarms", { AlarmNames: ["many sessions"] })), /^ValidationException: /);
  await metrics("DeleteAlarms", { AlarmNames: ["any"] });
  await metrics("DeleteAlarms", { AlarmNames: ["many sessions"] });
}

async function rules() {
  const rule = { Schema: { Name: "CloudWatchLogRule", Version: 1 }, LogGroupNames: ["vpc"], LogFormat: "CLF", Fields: { 4: "srcaddr" }, Contribution: { Keys: ["srcaddr"], Filters: [] }, AggregateOn: "Count" };
  await metrics("PutInsightRule", { RuleName: "sources", RuleState: "ENABLED", RuleDefinition: JSON.stringify(rule) });
  const { InsightRules } = await metrics("DescribeInsightRules", {});
  assert.deepEqual(InsightRules.map((r) => [r.Name, r.State, JSON.parse(r.Definition)]), [["sources", "ENABLED", rule]]);
  const now = new Date();
  const report = await metrics("GetInsightRuleReport", { RuleName: "sources", StartTime: new Date(now - 600000), EndTime: now, Period: 60, Metrics: ["Sum"] });
  assert.deepEqual([report.KeyLabels, report.AggregateValue, report.Contributors], [["srcaddr"], 0, []]);
  assert.deepEqual((await metrics("DisableInsightRules", { RuleNames: ["sources"] })).Failures, []);
  assert.equal((await metrics("EnableInsightRules", { RuleNames: ["sources", "none"] })).Failures[0].FailureResource, "none");
  assert.deepEqual((await metrics("DeleteInsightRules", { RuleNames: ["sources"] })).Failures, []);
}

async function flowLogs() {
  const log = { ResourceType: "VPC", ResourceIds: ["vpc-1"], TrafficType: "REJECT", LogGroupName: "vpc", DeliverLogsPermissionArn: "arn:aws:iam::123456789012:role/flow-logs", MaxAggregationInterval: 60 };
  const { FlowLogIds, Unsuccessful } = await clients.ec2.send(new CreateFlowLogsCommand({ ...log, TagSpecifications: [{ ResourceType: "vpc-flow-log", Tags: [{ Key: "team", Value: "net" }] }] }));
  assert.deepEqual(Unsuccessful ?? [], []);
  assert.match(await refused(clients.ec2.send(new CreateFlowLogsCommand(log))), /^FlowLogAlreadyExists: /);
  await clients.ec2.send(new CreateTagsCommand({ Resources: FlowLogIds, Tags: [{ Key: "stage", Value: "test" }] }));
  const [seen] = await pages((c, i) => paginateDescribeFlowLogs({ client: c.client }, i), clients.ec2, { Filter: [{ Name: "tag:team", Values: ["net"] }] }, "FlowLogs");
  assert.deepEqual([seen.FlowLogId, seen.LogGroupName, seen.MaxAggregationInterval, seen.CreationTime instanceof Date], [FlowLogIds[0], "vpc", 60, true]);
  await clients.ec2.send(new DeleteTagsCommand({ Resources: FlowLogIds, Tags: [{ Key: "team" }] }));
  const { Tags } = await clients.ec2.send(new DescribeTagsCommand({ Filters: [{ Name: "resource-id", Values: FlowLogIds }] }));
  assert.deepEqual(Tags.map((t) => [t.Key, t.Value]), [["stage", "test"]]);
  assert.deepEqual((await clients.ec2.send(new DeleteFlowLogsCommand({ FlowLogIds }))).Unsuccessful ?? [], []);
}

(async () => {
  const { TopicArn, SubscriptionArn } = await topics();
  await data();
  await alarms(TopicArn);
  await rules();
  await flowLogs();
  await sns("Unsubscribe", { SubscriptionArn });
  await sns("DeleteTopic", { TopicArn });
  assert.match(await refused(sns("Publish", { TopicArn, Message: "late" })), /^NotFoundException: /);
  console.log("ok");
})();
