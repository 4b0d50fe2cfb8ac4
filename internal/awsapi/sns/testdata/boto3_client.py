"""Calls every operation of SNS as programs with boto3 do. Arguments: URL, access key, secret, an HTTP endpoint. The endpoint's token comes on standard input."""
import json
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

url, key, secret, endpoint = sys.argv[1:]
sns = boto3.client(
    "sns", endpoint_url=url, region_name="us-east-1", aws_access_key_id=key, aws_secret_access_key=secret, config=Config(retries={"total_max_attempts": 1})
)


def refused(code, call, **arguments):
    try:
        call(**arguments)
    except ClientError as e:
        assert e.response["Error"]["Code"] == code, e
        return e.response["Error"]["Message"]
    raise AssertionError(f"{call} was not refused")


topic = sns.create_topic(Name="ops", Attributes={"DisplayName": "Ops & <Co>"}, Tags=[{"Key": "team", "Value": "net"}])["TopicArn"]
assert sns.create_topic(Name="ops", Tags=[])["TopicArn"] == topic
assert sns.get_topic_attributes(TopicArn=topic)["Attributes"]["DisplayName"] == "Ops & <Co>"
sns.set_topic_attributes(TopicArn=topic, AttributeName="DisplayName", AttributeValue="")
assert sns.get_topic_attributes(TopicArn=topic)["Attributes"]["DisplayName"] == ""
sns.tag_resource(ResourceArn=topic, Tags=[{"Key": "a", "Value": ""}])
sns.untag_resource(ResourceArn=topic, TagKeys=["team"])
assert sns.list_tags_for_resource(ResourceArn=topic)["Tags"] == [{"Key": "a", "Value": ""}]

arn = sns.subscribe(
    TopicArn=topic, Protocol="http", Endpoint=endpoint, ReturnSubscriptionArn=True, Attributes={"FilterPolicy": json.dumps({"severity": [{"numeric": [">", 3]}]})}
)["SubscriptionArn"]
assert "pending confirmation" in refused("InvalidParameter", sns.unsubscribe, SubscriptionArn=arn)
assert sns.confirm_subscription(TopicArn=topic, Token=sys.stdin.readline().strip())["SubscriptionArn"] == arn
sns.set_subscription_attributes(SubscriptionArn=arn, AttributeName="RawMessageDelivery", AttributeValue="true")
attributes = sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]
assert attributes["PendingConfirmation"] == "false" and attributes["ConfirmationWasAuthenticated"] == "true" and attributes["FilterPolicyScope"] == "MessageAttributes"
assert [s["SubscriptionArn"] for s in sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]] == [arn]
for protocol, at in (("sqs", "arn:aws:sqs:us-east-1:123456789012:q"), ("lambda", "arn:aws:lambda:us-east-1:123456789012:function:f"), ("sms", "+15551234567")):
    assert "does not deliver to " + protocol in refused("InvalidParameter", sns.subscribe, TopicArn=topic, Protocol=protocol, Endpoint=at)

published = sns.publish(TopicArn=topic, Message="m", Subject="s", MessageAttributes={"b": {"DataType": "Binary", "BinaryValue": b"\x00\xff"}})
assert len(published["MessageId"]) == 36
batch = sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=[{"Id": "1", "Message": "one"}, {"Id": "2", "Message": json.dumps({"default": "two"}), "MessageStructure": "json"}])
assert [e["Id"] for e in batch["Successful"]] == ["1", "2"] and batch["Failed"] == []
refused("EmptyBatchRequest", sns.publish_batch, TopicArn=topic, PublishBatchRequestEntries=[])

for i in range(119):
    sns.create_topic(Name=f"topic-{i:03}")
pages = [len(p["Topics"]) for p in sns.get_paginator("list_topics").paginate()]
assert pages == [100, 20], pages
refused("InvalidParameter", sns.list_topics, NextToken="x")
for i in range(101):
    sns.subscribe(TopicArn=topic, Protocol="webhook", Endpoint=f"{endpoint}/{i}")
assert [len(p["Subscriptions"]) for p in sns.get_paginator("list_subscriptions").paginate()] == [100, 2]
sns.unsubscribe(SubscriptionArn=arn)
assert "Subscription does not exist" in refused("NotFound", sns.get_subscription_attributes, SubscriptionArn=arn)
sns.delete_topic(TopicArn=topic)
assert sns.list_subscriptions()["Subscriptions"] == []
print("ok")
