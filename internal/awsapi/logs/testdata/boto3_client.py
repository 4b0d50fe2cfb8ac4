"""Calls the operations of CloudWatch Logs at an endpoint with boto3, and fails where an answer is not as
it should be. Arguments: the endpoint, a key's id and secret."""

import sys
import time

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

endpoint, key, secret = sys.argv[1:]


def client(**config):
    return boto3.client(
        "logs",
        endpoint_url=endpoint,
        region_name="eu-central-1",
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        config=Config(retries={"total_max_attempts": 1}, **config),
    )


def error(call, **arguments):
    try:
        call(**arguments)
    except ClientError as e:
        return e.response["Error"]["Code"] + ": " + e.response["Error"]["Message"]
    raise AssertionError(f"{call} was not refused")


def equal(got, want):
    if got != want:
        raise AssertionError(f"got {got!r}, want {want!r}")


logs = client()
group, stream = "/boto3/flow", "eni-1-all"
logs.create_log_group(logGroupName=group, tags={"a": "b"})
equal(error(logs.create_log_group, logGroupName=group), "ResourceAlreadyExistsException: The specified log group already exists")
logs.create_log_stream(logGroupName=group, logStreamName=stream)
logs.put_retention_policy(logGroupName=group, retentionInDays=7)
now = int(time.time() * 1000)
put = logs.put_log_events(
    logGroupName=group,
    logStreamName=stream,
    logEvents=[{"timestamp": now + i, "message": f"{i} {'REJECT' if i % 2 else 'ACCEPT'} ä"} for i in range(25)],
)
assert "rejectedLogEventsInfo" not in put and put["nextSequenceToken"], put

described = [g for page in logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix="/boto3") for g in page["logGroups"]]
equal([(g["logGroupName"], g["retentionInDays"]) for g in described], [(group, 7)])
arn = described[0]["logGroupArn"]
streams = [s for page in logs.get_paginator("describe_log_streams").paginate(logGroupName=group) for s in page["logStreams"]]
equal([(s["logStreamName"], s["lastEventTimestamp"]) for s in streams], [(stream, now + 24)])

forward = logs.get_log_events(logGroupName=group, logStreamName=stream, startFromHead=True, limit=20)
equal(len(forward["events"]), 20)
rest = logs.get_log_events(logGroupName=group, logStreamName=stream, nextToken=forward["nextForwardToken"])
equal([e["message"].split()[0] for e in rest["events"]], ["20", "21", "22", "23", "24"])
end = logs.get_log_events(logGroupName=group, logStreamName=stream, nextToken=rest["nextForwardToken"])
equal((end["events"], end["nextForwardToken"]), ([], rest["nextForwardToken"]))

pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group, filterPattern="REJECT", PaginationConfig={"PageSize": 5})
events = [e for page in pages for e in page["events"]]
equal(len({e["eventId"] for e in events}), 12)

logs.tag_resource(resourceArn=arn, tags={"c": "d"})
logs.untag_resource(resourceArn=arn, tagKeys=["a"])
equal(logs.list_tags_for_resource(resourceArn=arn)["tags"], {"c": "d"})

query = logs.start_query(logGroupIdentifiers=[arn], startTime=now // 1000, endTime=now // 1000 + 60, queryString="fields @timestamp, @message", limit=1000)
while True:
    results = logs.get_query_results(queryId=query["queryId"])
    if results["status"] not in ("Scheduled", "Running"):
        break
equal((results["status"], len(results["results"])), ("Complete", 25))
equal([f["field"] for f in results["results"][0]], ["@timestamp", "@message", "@ptr"])
record = logs.get_log_record(logRecordPointer=results["results"][0][2]["value"])["logRecord"]
equal(record["@message"], "24 ACCEPT ä")
assert error(logs.stop_query, queryId=query["queryId"]).startswith("InvalidParameterException: ")
waiting = logs.start_query(logGroupName=group, startTime=0, endTime=1, queryString="wait")
equal(logs.stop_query(queryId=waiting["queryId"])["success"], True)
equal(logs.describe_queries(status="Cancelled")["queries"][0]["queryId"], waiting["queryId"])
try:
    logs.start_query(logGroupName=group, startTime=0, endTime=1, queryString="bad")
    raise AssertionError("a malformed query is started")
except logs.exceptions.MalformedQueryException as e:
    equal(e.response["queryCompileError"]["location"], {"startCharOffset": 0, "endCharOffset": 3})

definition = logs.put_query_definition(name="n", queryString="q")["queryDefinitionId"]
equal([d["queryString"] for d in logs.describe_query_definitions()["queryDefinitions"]], ["q"])
equal(logs.delete_query_definition(queryDefinitionId=definition)["success"], True)

transformation = {"metricName": "m", "metricNamespace": "n", "metricValue": "1", "defaultValue": 0}
logs.put_metric_filter(logGroupName=group, filterName="f", filterPattern="REJECT", metricTransformations=[transformation])
equal(logs.describe_metric_filters(logGroupName=group)["metricFilters"][0]["metricTransformations"], [transformation])
matches = logs.test_metric_filter(filterPattern="[n, action=REJECT, ...]", logEventMessages=["1 REJECT x", "2 ACCEPT x"])["matches"]
equal([(m["eventNumber"], m["extractedValues"]["$n"]) for m in matches], [(0, "1")])
logs.delete_metric_filter(logGroupName=group, filterName="f")

tail = client(inject_host_prefix=False).start_live_tail(logGroupIdentifiers=[arn], logEventFilterPattern="live")
found = None
for event in tail["responseStream"]:
    if "sessionStart" in event:
        logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=[{"timestamp": int(time.time() * 1000), "message": "it is live"}])
    elif event["sessionUpdate"]["sessionResults"]:
        found = event["sessionUpdate"]["sessionResults"][0]["message"]
        break
equal(found, "it is live")

logs.delete_retention_policy(logGroupName=group)
logs.delete_log_stream(logGroupName=group, logStreamName=stream)
logs.delete_log_group(logGroupName=group)
equal(error(logs.delete_log_group, logGroupName=group), "ResourceNotFoundException: The specified log group does not exist.")
print("ok")
