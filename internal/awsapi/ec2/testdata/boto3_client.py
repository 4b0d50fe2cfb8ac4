"""Calls the operations of EC2 that are about flow logs with boto3, and fails where an answer is not as it should be. Arguments: the
endpoint, a key's id and secret."""

import datetime
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

endpoint, key, secret = sys.argv[1:]
ec2 = boto3.client(
    "ec2",
    endpoint_url=endpoint,
    region_name="us-east-1",
    aws_access_key_id=key,
    aws_secret_access_key=secret,
    config=Config(retries={"total_max_attempts": 1}),
)


def equal(got, want):
    if got != want:
        raise AssertionError(f"got {got!r}, want {want!r}")


def error(call, **arguments):
    try:
        call(**arguments)
    except ClientError as e:
        return e.response["Error"]["Code"] + ": " + e.response["Error"]["Message"]
    raise AssertionError(f"{call} was not refused")


# The answers of AWS that LocalStack recorded (test_ec2_flow_logs_s3, test_ec2_flow_logs_s3_validation).
arguments = dict(
    ResourceIds=["vpc-1"], ResourceType="VPC", TrafficType="ALL", LogDestinationType="s3", LogDestination="arn:aws:s3:::bkt"
)
out = ec2.create_flow_logs(**arguments)
equal(sorted(out), ["ClientToken", "FlowLogIds", "ResponseMetadata", "Unsuccessful"])
equal(out["Unsuccessful"], [])
(first,) = out["FlowLogIds"]
out = ec2.describe_flow_logs(FlowLogIds=[first])
(log,) = out["FlowLogs"]
created = log.pop("CreationTime")
equal(created.tzinfo is not None and created.year >= 2026, True)
equal(
    log,
    {
        "DeliverLogsStatus": "SUCCESS",
        "DestinationOptions": {"FileFormat": "plain-text", "HiveCompatiblePartitions": False, "PerHourPartition": False},
        "FlowLogId": first,
        "FlowLogStatus": "ACTIVE",
        "LogDestination": "arn:aws:s3:::bkt",
        "LogDestinationType": "s3",
        "LogFormat": "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} ${packets} ${bytes} ${start} ${end} ${action} ${log-status}",
        "MaxAggregationInterval": 600,
        "ResourceId": "vpc-1",
        "Tags": [],
        "TrafficType": "ALL",
    },
)
equal(
    error(ec2.create_flow_logs, **arguments, LogGroupName="g"),
    "InvalidParameter: Please only provide LogGroupName or only provide LogDestination.",
)
del arguments["LogDestination"]
equal(
    error(ec2.create_flow_logs, **arguments),
    "InvalidParameter: LogDestination can't be empty if LogGroupName is not provided.",
)
equal(
    error(ec2.create_flow_logs, **arguments, LogGroupName="g"),
    "InvalidParameter: LogDestination type must be cloud-watch-logs if LogGroupName is provided.",
)

# All parameters that boto3 has, twice with one token.
arguments = dict(
    ClientToken="token",
    ResourceIds=["subnet-1", "subnet-2"],
    ResourceType="Subnet",
    TrafficType="REJECT",
    LogGroupName="/vpc/flow",
    DeliverLogsPermissionArn="arn:aws:iam::123456789012:role/r",
    LogFormat="${version} ${srcaddr}",
    MaxAggregationInterval=60,
    TagSpecifications=[{"ResourceType": "vpc-flow-log", "Tags": [{"Key": "team", "Value": "a b&c"}, {"Key": "empty", "Value": ""}]}],
    DryRun=False,
)
out = ec2.create_flow_logs(**arguments)
equal(out["ClientToken"], "token")
second, third = out["FlowLogIds"]
equal(ec2.create_flow_logs(**arguments)["FlowLogIds"], [second, third])
arguments["TrafficType"] = "ALL"
equal(error(ec2.create_flow_logs, **arguments)[:27], "IdempotentParameterMismatch")
equal(error(ec2.create_flow_logs, **dict(arguments, DryRun=True))[:15], "DryRunOperation")

pages = ec2.get_paginator("describe_flow_logs").paginate(PaginationConfig={"PageSize": 2})
equal([len(p["FlowLogs"]) for p in pages], [2, 1])
found = ec2.describe_flow_logs(Filters=[{"Name": "tag:team", "Values": ["a b&?"]}, {"Name": "resource-id", "Values": ["subnet-2"]}])["FlowLogs"]
equal([f["FlowLogId"] for f in found], [third])
equal(found[0]["Tags"], [{"Key": "empty", "Value": ""}, {"Key": "team", "Value": "a b&c"}])

ec2.create_tags(Resources=[first, second], Tags=[{"Key": "team", "Value": "x"}])
ec2.delete_tags(Resources=[second], Tags=[{"Key": "empty"}, {"Key": "team", "Value": "another"}])
tags = ec2.describe_tags(Filters=[{"Name": "resource-id", "Values": [first, second]}])["Tags"]
equal(
    tags,
    [{"Key": "team", "ResourceId": i, "ResourceType": "vpc-flow-log", "Value": "x"} for i in (first, second)],
)

# The parameters of AWS's example.
integration = dict(
    IntegrationResultS3DestinationArn="arn:aws:s3:::results",
    PartitionLoadFrequency="none",
    PartitionStartDate=datetime.datetime(2021, 7, 21, 0, 40, tzinfo=datetime.timezone.utc),
    PartitionEndDate=datetime.datetime(2021, 7, 21, 0, 42, tzinfo=datetime.timezone.utc),
)
arguments = dict(
    FlowLogId=first,
    ConfigDeliveryS3DestinationArn="arn:aws:s3:::bkt",
    IntegrateServices={"AthenaIntegrations": [integration, integration]},
)
equal(
    ec2.get_flow_logs_integration_template(**arguments)["Result"],
    f"https://bkt.example/VPCFlowLogsIntegrationTemplate_{first}_Mon%20Sep%2021%2014:13:20%20UTC%202026.yml",
)
del integration["PartitionEndDate"]
equal(
    error(ec2.get_flow_logs_integration_template, **arguments),
    "InvalidParameter: PartitionStartDate and PartitionEndDate must be given both, or neither.",
)

equal(ec2.delete_flow_logs(FlowLogIds=[first, second])["Unsuccessful"], [])
equal(
    error(ec2.delete_flow_logs, FlowLogIds=[first]),
    f"InvalidFlowLogId.NotFound: These flow log ids in the input list are not found: [TotalCount: 1] {first}",
)
equal(error(ec2.describe_vpcs), "InvalidAction: The action DescribeVpcs is not valid for this web service.")
print("ok")
