"""Has boto3 do what people do to be told of something: a topic with a subscriber, a metric filter, an alarm, a rule of contributors, and a flow log. Fails
where an answer is not as it should be. Prints boto3's version. Arguments: the endpoint, a key's id and secret, and the URL of the subscriber, which gives
what it received at /next."""

import datetime
import json
import sys
import time
import urllib.parse
import urllib.request

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

endpoint, key, secret, subscriber = sys.argv[1:]


def client(service):
    return boto3.client(
        service,
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        config=Config(retries={"total_max_attempts": 1}),
    )


sns, logs, cloudwatch, ec2 = (client(s) for s in ("sns", "logs", "cloudwatch", "ec2"))
print("boto3", boto3.__version__)


def equal(got, want):
    if got != want:
        raise AssertionError(f"got {got!r}, want {want!r}")


def error(call, **arguments):
    try:
        call(**arguments)
    except ClientError as e:
        return e.response["Error"]["Code"] + ": " + e.response["Error"]["Message"]
    raise AssertionError(f"{call} was not refused")


def received(subject=""):
    with urllib.request.urlopen(subscriber + "/next?" + urllib.parse.urlencode({"subject": subject})) as answer:
        return json.load(answer)


def pages(of, operation, path, **arguments):
    return list(of.get_paginator(operation).paginate(**arguments).search(path))


# A topic, and a subscriber that confirms.
topic = sns.create_topic(Name="ops", Attributes={"DisplayName": "Operations"}, Tags=[{"Key": "team", "Value": "net"}])["TopicArn"]
equal(sns.create_topic(Name="ops")["TopicArn"], topic)
equal(pages(sns, "list_topics", "Topics[].TopicArn"), [topic])
equal(sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=subscriber)["SubscriptionArn"], "pending confirmation")
confirmation = received()
equal((confirmation["Type"], confirmation["TopicArn"]), ("SubscriptionConfirmation", topic))
subscription = sns.confirm_subscription(TopicArn=topic, Token=confirmation["Token"])["SubscriptionArn"]
equal(pages(sns, "list_subscriptions_by_topic", "Subscriptions[].[SubscriptionArn, Endpoint]", TopicArn=topic), [[subscription, subscriber]])
equal(pages(sns, "list_subscriptions", "Subscriptions[].Protocol"), ["http"])
sns.set_topic_attributes(TopicArn=topic, AttributeName="DisplayName", AttributeValue="Net")
attributes = sns.get_topic_attributes(TopicArn=topic)["Attributes"]
equal((attributes["DisplayName"], attributes["SubscriptionsConfirmed"]), ("Net", "1"))
sns.set_subscription_attributes(SubscriptionArn=subscription, AttributeName="FilterPolicy", AttributeValue='{"severity": [{"anything-but": ["low"]}, {"exists": false}]}')
assert "anything-but" in sns.get_subscription_attributes(SubscriptionArn=subscription)["Attributes"]["FilterPolicy"]
severity = lambda value: {"severity": {"DataType": "String", "StringValue": value}}
sns.publish(TopicArn=topic, Subject="not wanted", Message="low", MessageAttributes=severity("low"))
id = sns.publish(TopicArn=topic, Subject="one", Message="é\n<&>", MessageAttributes=severity("high"))["MessageId"]
message = received()
equal((message["MessageId"], message["Message"], message["MessageAttributes.severity"]), (id, "é\n<&>", "String high"))
batch = [{"Id": "a", "Subject": "two", "Message": "2"}, {"Id": "b", "Subject": "three", "Message": "default", "MessageStructure": "json"}]
assert error(sns.publish_batch, TopicArn=topic, PublishBatchRequestEntries=batch).startswith("InvalidParameter: ")
batch[1]["Message"] = json.dumps({"default": "for all", "http": "for http"})
equal([e["Id"] for e in sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=batch)["Successful"]], ["a", "b"])
equal(sorted(received()["Message"] for _ in range(2)), ["2", "for http"])
sns.tag_resource(ResourceArn=topic, Tags=[{"Key": "stage", "Value": "test"}])
sns.untag_resource(ResourceArn=topic, TagKeys=["team"])
equal(sns.list_tags_for_resource(ResourceArn=topic)["Tags"], [{"Key": "stage", "Value": "test"}])

# A log group whose refusals are counted, and put down to those who caused them.
now = datetime.datetime.now(datetime.timezone.utc)
span = {"StartTime": now - datetime.timedelta(minutes=10), "EndTime": now + datetime.timedelta(minutes=2)}
logs.create_log_group(logGroupName="vpc")
logs.create_log_stream(logGroupName="vpc", logStreamName="eni-1-all")
filter = "[version, account, eni, source, destination, srcport, destport, protocol, packets, bytes, start, end, action=REJECT, status]"
logs.put_metric_filter(
    logGroupName="vpc",
    filterName="refused",
    filterPattern=filter,
    metricTransformations=[{"metricNamespace": "Net", "metricName": "RefusedBytes", "metricValue": "$bytes", "unit": "Bytes", "dimensions": {"port": "$destport"}}],
)
rule = {
    "Schema": {"Name": "CloudWatchLogRule", "Version": 1},
    "LogGroupNames": ["vpc"],
    "LogFormat": "CLF",
    "Fields": {"4": "srcaddr", "10": "bytes", "13": "action"},
    "Contribution": {"Keys": ["srcaddr"], "ValueOf": "bytes", "Filters": [{"Match": "action", "In": ["REJECT"]}]},
    "AggregateOn": "Sum",
}
bad = json.dumps(rule | {"AggregateOn": "Most"})
assert "AggregateOn" in error(cloudwatch.put_insight_rule, RuleName="refused", RuleDefinition=bad)
cloudwatch.put_insight_rule(RuleName="refused", RuleState="ENABLED", RuleDefinition=json.dumps(rule), Tags=[{"Key": "team", "Value": "net"}])
record = lambda source, bytes, action: f"2 123456789012 eni-1 {source} 10.0.1.5 40000 22 6 3 {bytes} {int(now.timestamp())} {int(now.timestamp()) + 60} {action} OK"
records = [record("203.0.113.9", 180, "REJECT"), record("203.0.113.9", 120, "REJECT"), record("203.0.113.7", 60, "REJECT"), record("10.0.0.4", 5000, "ACCEPT")]
logs.put_log_events(logGroupName="vpc", logStreamName="eni-1-all", logEvents=[{"timestamp": int(now.timestamp() * 1000), "message": r} for r in records])


def until(ask, wanted):
    """Asks until what was put has been counted, which takes a moment."""
    end = time.monotonic() + 30
    while (got := ask()) != wanted and time.monotonic() < end:
        pass
    equal(got, wanted)


bytes = {"Namespace": "Net", "MetricName": "RefusedBytes", "Dimensions": [{"Name": "port", "Value": "22"}]}
statistics = lambda **more: cloudwatch.get_metric_statistics(**bytes, **span, Period=3600, **more)["Datapoints"]
until(lambda: sum(p["Sum"] for p in statistics(Statistics=["Sum"])), 360)
equal([(p["Maximum"], p["SampleCount"], p["Unit"]) for p in statistics(Statistics=["Maximum", "SampleCount"], Unit="Bytes")][-1], (180, 3, "Bytes"))
report = lambda: cloudwatch.get_insight_rule_report(RuleName="refused", **span, Period=300, MaxContributorCount=10, Metrics=["Sum", "UniqueContributors"])
until(lambda: [(c["Keys"], c["ApproximateAggregateValue"]) for c in report()["Contributors"]], [(["203.0.113.9"], 300.0), (["203.0.113.7"], 60.0)])
equal((report()["KeyLabels"], report()["AggregateValue"], report()["ApproximateUniqueCount"]), (["srcaddr"], 360, 2))
equal([(r["Name"], r["State"]) for r in cloudwatch.describe_insight_rules()["InsightRules"]], [("refused", "ENABLED")])
equal(cloudwatch.disable_insight_rules(RuleNames=["refused"])["Failures"], [])
equal(cloudwatch.enable_insight_rules(RuleNames=["refused", "none"])["Failures"][0]["FailureResource"], "none")
equal(cloudwatch.list_managed_insight_rules(ResourceARN="arn:aws:ec2:us-east-1:123456789012:vpc/vpc-1")["ManagedRules"], [])

# Metrics of one's own: more than 10 kB, which boto3 compresses, with datapoints of one second.
second = now.replace(microsecond=0) - datetime.timedelta(minutes=1)
seconds = lambda n: second + datetime.timedelta(seconds=n)
datum = lambda n, **more: {"MetricName": "Sessions", "Dimensions": [{"Name": "gateway", "Value": "nat-1"}], "Timestamp": seconds(n), "StorageResolution": 1} | more
cloudwatch.put_metric_data(Namespace="App", MetricData=[datum(n % 20, Value=n) for n in range(100)])
cloudwatch.put_metric_data(Namespace="App", MetricData=[datum(30, Values=[1, 10], Counts=[9, 1]), datum(31, StatisticValues={"SampleCount": 4, "Sum": 8, "Minimum": 1, "Maximum": 3})])
assert error(cloudwatch.put_metric_data, Namespace="AWS/EC2", MetricData=[datum(0, Value=1)]).startswith("InvalidParameterValue: ")
# The server counts how flow logs are delivered, in a namespace of its own, once there are some.
equal(sorted(pages(cloudwatch, "list_metrics", "Metrics[?!starts_with(Namespace, 'Weir/')].MetricName", RecentlyActive="PT3H")), ["RefusedBytes", "Sessions"])
equal(pages(cloudwatch, "list_metrics", "Metrics[].Dimensions[0].Value", Namespace="App", Dimensions=[{"Name": "gateway"}]), ["nat-1"])
sessions = {"Namespace": "App", "MetricName": "Sessions", "Dimensions": [{"Name": "gateway", "Value": "nat-1"}]}
queries = [
    {"Id": "sum", "MetricStat": {"Metric": sessions, "Period": 1, "Stat": "Sum"}},
    {"Id": "p90", "MetricStat": {"Metric": sessions, "Period": 1, "Stat": "p90"}, "ReturnData": False},
    {"Id": "twice", "Expression": "sum * 2 + p90 * 0", "Label": "twice as many"},
    {"Id": "found", "Expression": "SEARCH('{App,gateway} MetricName=\"Sessions\"', 'Maximum', 1)"},
]
got = {r["Id"]: r for r in pages(cloudwatch, "get_metric_data", "MetricDataResults[]", MetricDataQueries=queries, StartTime=seconds(0), EndTime=seconds(60), ScanBy="TimestampAscending")}
equal(sorted(got), ["found", "sum", "twice"])
equal(got["sum"]["Timestamps"], [seconds(n) for n in [*range(20), 30, 31]])
equal(got["sum"]["Values"], [float(5 * n + 200) for n in range(20)] + [19.0, 8.0])
equal((got["twice"]["Label"], got["twice"]["Values"]), ("twice as many", [2 * v for v in got["sum"]["Values"]]))
equal(got["found"]["Values"], [float(80 + n) for n in range(20)] + [10.0, 3.0])
assert error(cloudwatch.get_metric_data, MetricDataQueries=[{"Id": "e", "Expression": "sum +"}], **span).startswith("ValidationError: ")

# An alarm that tells the topic. It would be OK by itself.
alarm = {"Namespace": "App", "MetricName": "Sessions", "Dimensions": sessions["Dimensions"], "ComparisonOperator": "GreaterThanThreshold", "EvaluationPeriods": 2}
alarm |= {"AlarmName": "many sessions", "AlarmDescription": "é", "Statistic": "Sum", "Period": 60, "Threshold": 1e9, "TreatMissingData": "notBreaching"}
cloudwatch.put_metric_alarm(**alarm, AlarmActions=[topic], Tags=[{"Key": "team", "Value": "net"}])
assert error(cloudwatch.put_metric_alarm, **alarm | {"Period": 7}).startswith("ValidationError: ")
both = 'ALARM("many sessions") OR ALARM(other)'
assert "other" in error(cloudwatch.put_composite_alarm, AlarmName="any", AlarmRule=both)
cloudwatch.put_metric_alarm(**alarm | {"AlarmName": "other"}, ActionsEnabled=False)
cloudwatch.put_composite_alarm(AlarmName="any", AlarmRule=both, AlarmActions=[topic])
cloudwatch.set_alarm_state(AlarmName="many sessions", StateValue="ALARM", StateReason="a test", StateReasonData='{"a": 1}')
messages = [received("ALARM: ") for _ in range(2)]
told = {m["AlarmName"]: m for m in (json.loads(m["Message"]) for m in messages)}
equal(sorted(told), ["any", "many sessions"])
equal((told["many sessions"]["NewStateValue"], told["many sessions"]["NewStateReason"], told["many sessions"]["AlarmDescription"]), ("ALARM", "a test", "é"))
equal(sorted(m["Subject"] for m in messages), ['ALARM: "any" in US East (N. Virginia)', 'ALARM: "many sessions" in US East (N. Virginia)'])
history = pages(cloudwatch, "describe_alarm_history", "AlarmHistoryItems[].[HistoryItemType, HistorySummary]", AlarmName="many sessions", ScanBy="TimestampAscending")
equal(history[0], ["ConfigurationUpdate", 'Alarm "many sessions" created'])
assert any(kind == "StateUpdate" and summary.endswith("to ALARM") for kind, summary in history), history
until(lambda: any(topic in h["HistorySummary"] for h in cloudwatch.describe_alarm_history(AlarmName="any", HistoryItemType="Action", AlarmTypes=["CompositeAlarm"])["AlarmHistoryItems"]), True)
described = cloudwatch.describe_alarms(AlarmNames=["many sessions", "any"], AlarmTypes=["MetricAlarm", "CompositeAlarm"])
one = described["MetricAlarms"][0]
equal({k: one[k] for k in alarm}, alarm)
equal((one["AlarmActions"], described["CompositeAlarms"][0]["AlarmRule"]), ([topic], both))
equal([a["AlarmName"] for a in cloudwatch.describe_alarms_for_metric(**sessions)["MetricAlarms"]], ["many sessions", "other"])
cloudwatch.disable_alarm_actions(AlarmNames=["many sessions"])
cloudwatch.enable_alarm_actions(AlarmNames=["other"])
equal(pages(cloudwatch, "describe_alarms", "MetricAlarms[].ActionsEnabled", PaginationConfig={"PageSize": 1}), [False, True])
arn = one["AlarmArn"]
cloudwatch.tag_resource(ResourceARN=arn, Tags=[{"Key": "stage", "Value": "test"}])
cloudwatch.untag_resource(ResourceARN=arn, TagKeys=["team"])
equal(cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"], [{"Key": "stage", "Value": "test"}])

# A flow log.
role = "arn:aws:iam::123456789012:role/flow-logs"
flow = {"ResourceType": "VPC", "ResourceIds": ["vpc-1"], "TrafficType": "REJECT", "LogGroupName": "vpc", "DeliverLogsPermissionArn": role, "MaxAggregationInterval": 60}
tags = [{"ResourceType": "vpc-flow-log", "Tags": [{"Key": "team", "Value": "net"}]}]
assert error(ec2.create_flow_logs, **flow, DryRun=True).startswith("DryRunOperation: ")
created = ec2.create_flow_logs(**flow, TagSpecifications=tags)
equal(created["Unsuccessful"], [])
[flow_log] = created["FlowLogIds"]
assert error(ec2.create_flow_logs, **flow).startswith("FlowLogAlreadyExists: ")
ec2.create_tags(Resources=[flow_log], Tags=[{"Key": "stage", "Value": "test"}])
[seen] = pages(ec2, "describe_flow_logs", "FlowLogs[]", Filters=[{"Name": "tag:team", "Values": ["net"]}, {"Name": "resource-id", "Values": ["vpc-*"]}])
equal((seen["FlowLogId"], seen["LogGroupName"], seen["MaxAggregationInterval"], seen["FlowLogStatus"]), (flow_log, "vpc", 60, "ACTIVE"))
ec2.delete_tags(Resources=[flow_log], Tags=[{"Key": "team"}])
equal(pages(ec2, "describe_tags", "Tags[].[ResourceId, Key, Value]", Filters=[{"Name": "resource-type", "Values": ["vpc-flow-log"]}]), [[flow_log, "stage", "test"]])
equal(ec2.delete_flow_logs(FlowLogIds=[flow_log])["Unsuccessful"], [])
equal(ec2.describe_flow_logs()["FlowLogs"], [])

# The end.
assert error(cloudwatch.delete_alarms, AlarmNames=["many sessions"]).startswith("ValidationError: ")
cloudwatch.delete_alarms(AlarmNames=["any"])
cloudwatch.delete_alarms(AlarmNames=["many sessions", "other"])
equal(cloudwatch.delete_insight_rules(RuleNames=["refused"])["Failures"], [])
sns.unsubscribe(SubscriptionArn=subscription)
sns.delete_topic(TopicArn=topic)
assert error(sns.publish, TopicArn=topic, Message="late").startswith("NotFound: ")
print("ok")
