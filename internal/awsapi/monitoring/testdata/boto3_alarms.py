# Calls the operations on alarms and insight rules with boto3. Arguments: the endpoint, the key and its secret. Prints ok.
import datetime
import sys

import boto3

client = boto3.client("cloudwatch", endpoint_url=sys.argv[1], region_name="eu-west-1", aws_access_key_id=sys.argv[2], aws_secret_access_key=sys.argv[3])
topic = "arn:aws:sns:eu-west-1:123456789012:ops"
least = dict(MetricName="Attempts", Namespace="Weir", Statistic="Sum", Period=60, EvaluationPeriods=1, Threshold=100.5, ComparisonOperator="GreaterThanThreshold")


def refused(code, call, **request):
    try:
        call(**request)
    except client.exceptions.ClientError as e:
        assert e.response["Error"]["Code"] == code, e.response
        return e.response["Error"]
    raise SystemExit("%s was taken" % request)


client.put_metric_alarm(AlarmName="ssh", AlarmActions=[topic], Dimensions=[{"Name": "Source", "Value": "a b"}], Tags=[{"Key": "team", "Value": "net"}], **least)
client.put_composite_alarm(AlarmName="any", AlarmRule="ALARM(ssh)", ActionsSuppressor="ssh", ActionsSuppressorWaitPeriod=0, ActionsSuppressorExtensionPeriod=60)
for i in range(5):
    client.put_metric_alarm(AlarmName="other-%d" % i, **least)
pages = client.get_paginator("describe_alarms").paginate(AlarmTypes=["MetricAlarm", "CompositeAlarm"], PaginationConfig={"PageSize": 2})
got = [a["AlarmName"] for p in pages for kind in ("CompositeAlarms", "MetricAlarms") for a in p[kind]]
assert got == ["any"] + ["other-%d" % i for i in range(5)] + ["ssh"], got
ssh = client.describe_alarms(AlarmNames=["ssh"])["MetricAlarms"][0]
assert ssh["Threshold"] == 100.5 and ssh["Dimensions"] == [{"Name": "Source", "Value": "a b"}] and ssh["AlarmActions"] == [topic] and ssh["OKActions"] == [], ssh
assert isinstance(ssh["StateUpdatedTimestamp"], datetime.datetime), ssh
composite = client.describe_alarms(AlarmTypes=["CompositeAlarm"])["CompositeAlarms"][0]
assert composite["ActionsSuppressorWaitPeriod"] == 0 and composite["ActionsSuppressorExtensionPeriod"] == 60, composite

client.set_alarm_state(AlarmName="ssh", StateValue="ALARM", StateReason="test", StateReasonData='{"a": 1}')
client.get_waiter("alarm_exists").wait(AlarmNames=["ssh"], WaiterConfig={"MaxAttempts": 1})
history = client.describe_alarm_history(AlarmName="ssh", HistoryItemType="StateUpdate", StartDate=datetime.datetime(2020, 1, 1))["AlarmHistoryItems"]
assert len(history) == 1 and history[0]["HistorySummary"] == "Alarm updated from INSUFFICIENT_DATA to ALARM", history
assert refused("ResourceNotFound", client.set_alarm_state, AlarmName="none", StateValue="OK", StateReason="")["QueryErrorCode"] == "ResourceNotFound"
error = refused("ValidationError", client.put_metric_alarm, AlarmName="bad", **dict(least, Period=45))
assert error["QueryErrorCode"] == "ValidationException" and error["Message"] == "Period must be 10, 20, 30 or a multiple of 60", error
client.disable_alarm_actions(AlarmNames=["ssh"])
of = client.describe_alarms_for_metric(MetricName="Attempts", Namespace="Weir", Dimensions=[{"Name": "Source", "Value": "a b"}])["MetricAlarms"]
assert [a["AlarmName"] for a in of] == ["ssh"] and not of[0]["ActionsEnabled"], of
client.enable_alarm_actions(AlarmNames=["ssh"])
client.tag_resource(ResourceARN=ssh["AlarmArn"], Tags=[{"Key": "a", "Value": ""}])
client.untag_resource(ResourceARN=ssh["AlarmArn"], TagKeys=["team"])
assert client.list_tags_for_resource(ResourceARN=ssh["AlarmArn"])["Tags"] == [{"Key": "a", "Value": ""}]
client.delete_alarms(AlarmNames=["any"] + ["other-%d" % i for i in range(5)])

rule = '{"Schema":{"Name":"CloudWatchLogRule","Version":1},"LogGroupNames":["/vpc"],"LogFormat":"CLF","Fields":{"4":"srcaddr"},"Contribution":{"Keys":["srcaddr"],"Filters":[]},"AggregateOn":"Count"}'
client.put_insight_rule(RuleName="top", RuleDefinition=rule, RuleState="ENABLED")
error = refused("InvalidParameterValue", client.put_insight_rule, RuleName="bad", RuleDefinition="{")
assert error["QueryErrorCode"] == "InvalidParameterValueException", error
shown = client.describe_insight_rules()["InsightRules"]
assert shown == [{"Name": "top", "State": "ENABLED", "Schema": "CloudWatchLogRule/1", "Definition": rule, "ManagedRule": False, "ApplyOnTransformedLogs": False}], shown
end = datetime.datetime.now(datetime.timezone.utc)
report = client.get_insight_rule_report(RuleName="top", StartTime=end - datetime.timedelta(minutes=5), EndTime=end, Period=60, Metrics=["SampleCount"])
assert report["KeyLabels"] == ["srcaddr"] and report["AggregateValue"] == 0.0 and len(report["MetricDatapoints"]) in (5, 6), report
assert client.disable_insight_rules(RuleNames=["top"])["Failures"] == []
assert len(client.enable_insight_rules(RuleNames=["top", "none"])["Failures"]) == 1
assert client.list_managed_insight_rules(ResourceARN="arn:aws:ec2:eu-west-1:123456789012:vpc-endpoint-service/x")["ManagedRules"] == []
assert client.delete_insight_rules(RuleNames=["top"])["Failures"] == []
print("ok")
