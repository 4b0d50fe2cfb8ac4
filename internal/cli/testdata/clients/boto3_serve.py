"""Asks 'weir serve' by boto3, and fails where an answer is not as it should be. Prints boto3's version, and each
operation that was answered. Arguments: the endpoint, a key's id and secret, and what to do: "all", "tail" (a
live tail without the prefix before the host) or "prefix" (a live tail with it)."""

import sys
import time

import boto3
from botocore.config import Config

endpoint, key, secret, what = sys.argv[1:]


def client(**config):
    made = boto3.client(
        "logs",
        endpoint_url=endpoint,
        region_name="eu-central-1",
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        config=Config(retries={"total_max_attempts": 1}, **config),
    )
    made.meta.events.register(
        "after-call.cloudwatch-logs",
        lambda http_response, model, **_: http_response.status_code == 200 and print(model.name, flush=True),
    )
    return made


def equal(got, want):
    if got != want:
        raise AssertionError(f"got {got!r}, want {want!r}")


logs = client()
print("boto3", boto3.__version__)
group, stream = "/boto3/flow", "eni-1-all"


def rows(text, start, end, **groups):
    query = logs.start_query(startTime=start, endTime=end, queryString=text, **groups)["queryId"]
    while (results := logs.get_query_results(queryId=query))["status"] in ("Scheduled", "Running"):
        pass
    equal(results["status"], "Complete")
    return [{cell["field"]: cell["value"] for cell in row} for row in results["results"]]


def put(message):
    at = int(time.time() * 1000)
    logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=[{"timestamp": at, "message": message}])


def everything():
    logs.create_log_group(logGroupName=group, tags={"a": "b"})
    logs.create_log_stream(logGroupName=group, logStreamName=stream)
    logs.put_retention_policy(logGroupName=group, retentionInDays=7)
    now = int(time.time() * 1000)
    events = [
        {"timestamp": now + i, "message": f'{{"n": {i}, "src": "10.0.{i % 2}.9", "action": "{"REJECT" if i % 5 == 0 else "ACCEPT"}", "x": "ä"}}'}
        for i in range(25)
    ]
    answer = logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)
    assert "rejectedLogEventsInfo" not in answer, answer

    groups = {g["logGroupName"]: g for page in logs.get_paginator("describe_log_groups").paginate(limit=1) for g in page["logGroups"]}
    equal(groups[group]["retentionInDays"], 7)
    assert {"/weir/flow-logs", group} <= set(groups), groups
    arn = groups[group]["logGroupArn"]
    assert group in [g["logGroupName"] for g in logs.list_log_groups()["logGroups"]]
    equal([s["lastEventTimestamp"] for s in logs.describe_log_streams(logGroupName=group)["logStreams"]], [now + 24])
    first = logs.get_log_events(logGroupName=group, logStreamName=stream, startFromHead=True, limit=20)
    rest = logs.get_log_events(logGroupName=group, logStreamName=stream, nextToken=first["nextForwardToken"])
    equal([e["message"] for e in first["events"] + rest["events"]], [e["message"] for e in events])
    pages = logs.get_paginator("filter_log_events").paginate(
        logGroupName=group, filterPattern='{ $.action = "REJECT" && $.n > 5 }', PaginationConfig={"PageSize": 2}
    )
    equal([e["timestamp"] - now for page in pages for e in page["events"]], [10, 15, 20])

    start, end = now // 1000 - 60, now // 1000 + 60
    found = rows("fields n, action | filter n >= 23 | sort n desc", start, end, logGroupName=group)
    equal([(r["n"], r["action"]) for r in found], [("24", "ACCEPT"), ("23", "ACCEPT")])
    record = logs.get_log_record(logRecordPointer=found[0]["@ptr"])["logRecord"]
    equal((record["@message"], record["@logStream"], record["x"]), (events[24]["message"], stream, "ä"))
    assert "n" in [f["name"] for f in logs.get_log_group_fields(logGroupName=group)["logGroupFields"]]
    equal(logs.describe_queries(logGroupName=group)["queries"][0]["status"], "Complete")

    # The records of the lake: they are asked as events, and nothing is put into them.
    lake = "/weir/flow-logs"
    at = 1772445600
    found = rows("fields srcAddr, bytes, @message | filter action = 'REJECT'", at - 60, at + 60, logGroupName=lake)
    equal([(r["srcAddr"], r["bytes"]) for r in found], [("198.51.100.9", "180")])
    equal(logs.get_log_record(logRecordPointer=found[0]["@ptr"])["logRecord"]["@message"], found[0]["@message"])
    filtered = logs.filter_log_events(logGroupName=lake, filterPattern="REJECT", startTime=(at - 60) * 1000, endTime=(at + 60) * 1000)
    equal([e["message"] for e in filtered["events"]], [found[0]["@message"]])
    name = logs.describe_log_streams(logGroupName=lake)["logStreams"][0]["logStreamName"]
    equal(len(logs.get_log_events(logGroupName=lake, logStreamName="eni-0a1-all", startFromHead=True)["events"]), 2)
    for refused in (
        lambda: logs.put_log_events(logGroupName=lake, logStreamName=name, logEvents=[{"timestamp": now, "message": "x"}]),
        lambda: logs.create_log_stream(logGroupName=lake, logStreamName="s"),
        lambda: logs.put_retention_policy(logGroupName=lake, retentionInDays=1),
        lambda: logs.delete_log_group(logGroupName=lake),
    ):
        try:
            refused()
        except logs.exceptions.InvalidParameterException:
            continue
        raise AssertionError("the records of the lake were changed")

    table = logs.create_lookup_table(lookupTableName="nets", tableBody="src,site\n10.0.0.9,north\n10.0.1.9,south\n")["lookupTableArn"]
    found = rows("lookup nets src OUTPUT site | stats count(*) as n by site | sort site", start, end, logGroupName=group)
    equal(found, [{"site": "north", "n": "13"}, {"site": "south", "n": "12"}])
    logs.update_lookup_table(lookupTableArn=table, tableBody="srcAddr,site\n198.51.100.9,far\n")
    found = rows("lookup nets srcAddr OUTPUT site | filter ispresent(site) | stats count(*) as n by site", at - 60, at + 60, logGroupName=lake)
    equal(found, [{"site": "far", "n": "1"}])
    equal(logs.get_lookup_table(lookupTableArn=table)["tableBody"], "srcAddr,site\n198.51.100.9,far\n")
    equal([t["lookupTableName"] for t in logs.describe_lookup_tables()["lookupTables"]], ["nets"])
    logs.delete_lookup_table(lookupTableArn=table)

    definition = logs.put_query_definition(name="who", queryString="stats count(*) by src", logGroupNames=[group])["queryDefinitionId"]
    [saved] = logs.describe_query_definitions(queryDefinitionNamePrefix="wh")["queryDefinitions"]
    equal(rows(saved["queryString"], start, end, logGroupNames=saved["logGroupNames"])[0]["count(*)"], "13")
    equal(logs.delete_query_definition(queryDefinitionId=definition)["success"], True)
    waiting = logs.start_query(logGroupName=group, startTime=start, endTime=end, queryString="fields n")["queryId"]
    try:
        logs.stop_query(queryId=waiting)
    except logs.exceptions.InvalidParameterException:
        print("StopQuery")  # answered: the query has ended

    transformation = {"metricName": "m", "metricNamespace": "n", "metricValue": "1"}
    logs.put_metric_filter(logGroupName=group, filterName="f", filterPattern='{ $.action = "REJECT" }', metricTransformations=[transformation])
    equal(logs.describe_metric_filters(logGroupName=group)["metricFilters"][0]["metricTransformations"], [transformation])
    tested = logs.test_metric_filter(filterPattern="[n, action=REJECT, ...]", logEventMessages=["1 ACCEPT x", "2 REJECT x"])["matches"]
    equal([(m["eventNumber"], m["extractedValues"]["$n"]) for m in tested], [(1, "2")])
    logs.delete_metric_filter(logGroupName=group, filterName="f")

    logs.tag_resource(resourceArn=arn, tags={"c": "d"})
    logs.untag_resource(resourceArn=arn, tagKeys=["a"])
    equal(logs.list_tags_for_resource(resourceArn=arn)["tags"], {"c": "d"})
    logs.delete_retention_policy(logGroupName=group)
    assert "retentionInDays" not in logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"][0]


def tail(logs_tail):
    arn = logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"][0]["logGroupArn"]
    answer = logs_tail.start_live_tail(logGroupIdentifiers=[arn], logEventFilterPattern="live")
    for event in answer["responseStream"]:
        if "sessionStart" in event:
            put("another one")
            put("it is live")
        elif results := event["sessionUpdate"]["sessionResults"]:
            equal([r["message"] for r in results], ["it is live"])
            return
    raise AssertionError("the live tail ended")


if what == "all":
    everything()
    tail(client(inject_host_prefix=False))
    logs.delete_log_stream(logGroupName=group, logStreamName=stream)
    logs.delete_log_group(logGroupName=group)
else:
    logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName=stream)
    tail(client(inject_host_prefix=False) if what == "tail" else client())
print("ok")
