"""Asks 'weir serve' by boto3 what became of the flow logs of an agent that joined it, and of their records. Fails
where an answer is not as it should be. The key comes from the environment. Arguments: the endpoint, the id of a flow
log whose bucket refuses, and that of one into the log group g, which has two records."""

import sys

import boto3

endpoint, bucket, group = sys.argv[1:]


def equal(got, want):
    if got != want:
        raise AssertionError(f"got {got!r}, want {want!r}")


described = boto3.client("ec2", endpoint_url=endpoint).describe_flow_logs(FlowLogIds=[bucket, group])["FlowLogs"]
equal({log["FlowLogId"]: log["DeliverLogsStatus"] for log in described}, {bucket: "FAILED", group: "SUCCESS"})
for log in described:
    equal(log.get("DeliverLogsErrorMessage", "").split(":")[0], "Access error" if log["FlowLogId"] == bucket else "")

logs = boto3.client("logs", endpoint_url=endpoint)
pages = logs.get_paginator("filter_log_events").paginate(logGroupName="g", filterPattern="REJECT")
events = [event for page in pages for event in page["events"]]
equal([event["message"] for event in events], [f"eni-web 10.0.1.99 {port} REJECT" for port in (53, 54)])
equal({event["logStreamName"] for event in events}, {"eni-web-all"})
for event in events:
    if not 0 <= event["ingestionTime"] - event["timestamp"] < 600_000:
        raise AssertionError(f"{event} is not of now")
