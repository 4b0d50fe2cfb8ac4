package sns

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/internal/awsapi/awsapitest"
	"weir/internal/sharedtest"
)

// recordings is the file of what AWS answered.
const recordings = "sns__test_sns.snapshot.json"

// masked returns values as recordings have them: what differs from one account to another is masked, and JSON in texts is read.
func masked(v any, mask *strings.Replacer) any {
	switch v := v.(type) {
	case object:
		out := object{}
		for k, e := range v {
			out[k] = masked(e, mask)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = masked(v[i], mask)
		}
		return out
	case string:
		var inner object
		if strings.HasPrefix(v, "{") && json.Unmarshal([]byte(v), &inner) == nil {
			return masked(inner, mask)
		}
		return mask.Replace(v)
	}
	return v
}

// withoutMetadata leaves out of a recording what is no answer.
func withoutMetadata(v any) any {
	out := object{}
	for k, e := range v.(object) {
		if k != "ResponseMetadata" {
			out[k] = e
		}
	}
	return out
}

// TestRecordedErrors compares errors with those of AWS.
func TestRecordedErrors(t *testing.T) {
	record := sharedtest.Recorded(t, recordings)
	s := newServer(t, awsapitest.Anyone{})
	arn := s.topic("ops")
	sub := s.ok("Subscribe", object{"TopicArn": arn, "Protocol": "http", "Endpoint": "http://127.0.0.1:9/", "ReturnSubscriptionArn": "true"})["SubscriptionArn"].(string)
	unknown := sub[:len(sub)-8] + "ffffffff"
	s.ok("CreateTopic", object{"Name": "named", "Attributes": map[string]string{"DisplayName": "Value1"}})
	long := strings.Repeat("a", 262144)
	number := map[string]object{"attr1": {"DataType": "Number", "StringValue": "1"}}
	nothing := object{}
	token := strings.Repeat("51b2ff3edb475b7d", 18)
	entry := func(more object) []object {
		e := object{"Id": "1", "Message": "m"}
		maps.Copy(e, more)
		return []object{e}
	}
	tests := []struct {
		test, name, operation string
		in                    object
	}{
		{"TestSNSTopicCrud::test_create_topic_with_attributes", "get-attrs-nonexistent-topic", "GetTopicAttributes", object{"TopicArn": arn + "x"}},
		{"TestSNSTopicCrud::test_create_topic_with_attributes", "get-attrs-malformed-topic", "GetTopicAttributes", object{"TopicArn": "test-topic"}},
		{"TestSNSTopicCrud::test_tags", "duplicate-key-error", "TagResource", object{"ResourceArn": arn, "Tags": []object{{"Key": "k", "Value": "v"}, {"Key": "k", "Value": "v"}}}},
		{"TestSNSTopicCrud::test_create_duplicate_topic_with_more_tags", "exception-duplicate", "CreateTopic", object{"Name": "ops", "Tags": []object{{"Key": "key1", "Value": "value1"}}}},
		{"TestSNSTopicCrudV2::test_create_topic_name_constraints", "name-too-short", "CreateTopic", object{"Name": ""}},
		{"TestSNSTopicCrudV2::test_create_topic_name_constraints", "name-too-long", "CreateTopic", object{"Name": strings.Repeat("a", 257)}},
		{"TestSNSTopicCrudV2::test_create_topic_name_constraints", "name-contains-fifo", "CreateTopic", object{"Name": "t.fifo"}},
		{"TestSNSTopicCrudV2::test_create_topic_name_constraints", "name-invalid-char-0", "CreateTopic", object{"Name": "bad:name"}},
		{"TestSNSTopicCrudV2::test_create_topic_name_constraints", "name-invalid-char-7", "CreateTopic", object{"Name": "bad name"}},
		{"TestSNSTopicCrudV2::test_create_topic_name_constraints", "fifo-name-not-contains-fifo", "CreateTopic", object{"Name": "t", "Attributes": map[string]string{"FifoTopic": "true"}}},
		{"TestSNSSubscriptionCrud::test_subscribe_with_invalid_topic", "non-existent-topic", "Subscribe", object{"TopicArn": arn + "x", "Protocol": "email", "Endpoint": "a@example.com"}},
		{"TestSNSSubscriptionCrudV2::test_subscribe_unknown_topic", "subscribe-unknown-topic", "Subscribe", object{"TopicArn": arn + "x", "Protocol": "sms", "Endpoint": "+15551234567"}},
		{"TestSNSTopicCrudV2::test_topic_get_attributes_with_fifo_false", "set-fifo-false-after-creation", "SetTopicAttributes", object{"TopicArn": arn, "AttributeName": "FifoTopic", "AttributeValue": "false"}},
		{"TestSNSTopicCrudV2::test_create_topic_different_attrs", "create-topic-diff-attrs", "CreateTopic", object{"Name": "named", "Attributes": map[string]string{"DisplayName": "Value2"}}},
		{"TestSNSTopicCrudV2::test_create_topic_different_attrs", "create-topic-new-attrs", "CreateTopic", object{"Name": "ops", "Attributes": map[string]string{"DisplayName": "x"}}},
		{"TestSNSTopicCrudV2::test_create_topic_different_attrs", "create-topic-new-and-same-attrs", "CreateTopic", object{"Name": "named", "Attributes": map[string]string{"DisplayName": "Value1", "SignatureVersion": "2"}}},
		{"TestSNSMultiRegions::test_cross_region_access", "set-topic-attrs", "SetTopicAttributes", object{"TopicArn": strings.Replace(arn, testRegion, "eu-west-1", 1), "AttributeName": "DisplayName", "AttributeValue": "x"}},
		{"TestSNSMultiRegions::test_cross_region_access", "cross-region-publish-forbidden", "Publish", object{"TopicArn": strings.Replace(arn, testRegion, "eu-west-1", 1), "Message": "m"}},
		{"TestSNSMultiRegions::test_cross_region_access", "cross-region-subscribe", "Subscribe", object{"TopicArn": strings.Replace(arn, testRegion, "eu-west-1", 1), "Protocol": "http", "Endpoint": "http://127.0.0.1/"}},
		{"TestSNSMultiRegions::test_cross_region_access", "list-subs", "ListSubscriptionsByTopic", object{"TopicArn": strings.Replace(arn, testRegion, "eu-west-1", 1)}},
		{"TestSNSMultiRegions::test_cross_region_access", "delete-topic", "DeleteTopic", object{"TopicArn": strings.Replace(arn, testRegion, "eu-west-1", 1)}},
		{"TestSNSPublishCrud::test_publish_wrong_arn_format", "invalid-topic-arn", "Publish", object{"TopicArn": "randomstring", "Message": "m"}},
		{"TestSNSPublishCrud::test_publish_wrong_arn_format", "invalid-topic-arn-1", "Publish", object{"TopicArn": "randomstring:1", "Message": "m"}},
		{"TestSNSPublishCrud::test_publish_wrong_arn_format", "empty-topic", "Publish", object{"TopicArn": "", "Message": "m"}},
		{"TestSNSPublishCrud::test_unknown_topic_publish", "error", "Publish", object{"TopicArn": arn + "-fake", "Message": "m"}},
		{"TestSNSPublishCrud::test_topic_publish_another_region", "error-batch", "PublishBatch", object{"TopicArn": strings.Replace(arn, testRegion, "eu-west-1", 1), "PublishBatchRequestEntries": entry(nil)}},
		{"TestSNSPublishCrud::test_publish_non_existent_target", "non-existent-endpoint", "Publish", object{"TargetArn": "arn:aws:sns:us-east-1:123456789012:endpoint/APNS/abcdef/0f7d5971", "Message": "m"}},
		{"TestSNSPublishCrud::test_publish_with_empty_subject", "response-with-empty-subject", "Publish", object{"TopicArn": arn, "Message": "m", "Subject": ""}},
		{"TestSNSPublishCrud::test_empty_sns_message", "empty-msg-error", "Publish", object{"TopicArn": arn, "Message": ""}},
		{"TestSNSPublishCrud::test_publish_too_long_message", "error", "Publish", object{"TopicArn": arn, "Message": long + "a"}},
		{"TestSNSPublishCrud::test_publish_too_long_message", "error-with-attrs", "Publish", object{"TopicArn": arn, "Message": long[:262144-12+1], "MessageAttributes": number}},
		{"TestSNSPublishCrud::test_publish_batch_too_long_message", "error-no-attrs", "PublishBatch", object{"TopicArn": arn, "PublishBatchRequestEntries": []object{{"Id": "1", "Message": long[:131072]}, {"Id": "2", "Message": long[:131073]}}}},
		{"TestSNSPublishCrud::test_publish_batch_too_long_message", "error-with-attrs", "PublishBatch", object{"TopicArn": arn, "PublishBatchRequestEntries": []object{{"Id": "1", "Message": long[:262144-12], "MessageAttributes": number}, {"Id": "2", "Message": "b"}}}},
		{"TestSNSPublishCrud::test_message_structure_json_exc", "missing-default-key", "Publish", object{"TopicArn": arn, "MessageStructure": "json", "Message": `{"sqs":"Test message"}`}},
		{"TestSNSPublishCrud::test_message_structure_json_exc", "invalid-json", "Publish", object{"TopicArn": arn, "MessageStructure": "json", "Message": `{"default": "This is a default message"} }`}},
		{"TestSNSPublishCrud::test_message_structure_json_exc", "key-is-not-string", "Publish", object{"TopicArn": arn, "MessageStructure": "json", "Message": `{"default":{"object":"test"}}`}},
		{"TestSNSPublishCrud::test_publish_batch_invalid_entry_id", "invalid-char-dot", "PublishBatch", object{"TopicArn": arn, "PublishBatchRequestEntries": entry(object{"Id": "message.id"})}},
		{"TestSNSPublishCrud::test_publish_batch_invalid_entry_id", "invalid-char-special", "PublishBatch", object{"TopicArn": arn, "PublishBatchRequestEntries": entry(object{"Id": "msg@123#test"})}},
		{"TestSNSPublishCrud::test_publish_batch_invalid_entry_id", "id-too-long-81", "PublishBatch", object{"TopicArn": arn, "PublishBatchRequestEntries": entry(object{"Id": long[:81]})}},
		{"TestSNSSubscriptionSQS::test_publish_batch_messages_without_topic", "publish-batch-no-topic", "PublishBatch", object{"TopicArn": arn + "x", "PublishBatchRequestEntries": entry(nil)}},
		{"TestSNSSubscriptionSQS::test_publish_batch_exceptions", "too-many-msg", "PublishBatch", object{"TopicArn": arn, "PublishBatchRequestEntries": slices.Repeat(entry(nil), 11)}},
		{"TestSNSSubscriptionSQS::test_publish_batch_exceptions", "same-msg-id", "PublishBatch", object{"TopicArn": arn, "PublishBatchRequestEntries": append(entry(nil), entry(nil)...)}},
		{"TestSNSSubscriptionSQS::test_publish_batch_exceptions", "no-default-key-json", "PublishBatch", object{"TopicArn": arn, "PublishBatchRequestEntries": entry(object{"MessageStructure": "json", "Message": `{"not-default":"m"}`})}},
		{"TestSNSSMS::test_publish_wrong_phone_format", "invalid-number", "Publish", object{"PhoneNumber": "+1a234", "Message": "m"}},
		{"TestSNSSubscriptionCrud::test_subscribe_with_invalid_protocol", "exception", "Subscribe", object{"TopicArn": arn, "Protocol": "test-protocol", "Endpoint": "x"}},
		{"TestSNSSubscriptionCrud::test_create_subscriptions_with_attributes", "subscribe-wrong-attr", "Subscribe", object{"TopicArn": arn, "Protocol": "http", "Endpoint": "http://127.0.0.1/x", "Attributes": map[string]string{"RawMessageDelivery": "wrongvalue"}}},
		{"TestSNSSubscriptionCrud::test_create_subscriptions_with_attributes", "get-attrs-nonexistent-sub", "GetSubscriptionAttributes", object{"SubscriptionArn": unknown}},
		{"TestSNSSubscriptionCrud::test_not_found_error_on_set_subscription_attributes", "sub-not-found", "SetSubscriptionAttributes", object{"SubscriptionArn": unknown, "AttributeName": "RawMessageDelivery", "AttributeValue": "true"}},
		{"TestSNSSubscriptionCrud::test_validate_set_sub_attributes", "fake-attribute", "SetSubscriptionAttributes", object{"SubscriptionArn": sub, "AttributeName": "FakeAttribute", "AttributeValue": "x"}},
		{"TestSNSSubscriptionCrud::test_validate_set_sub_attributes", "raw-message-wrong-value", "SetSubscriptionAttributes", object{"SubscriptionArn": sub, "AttributeName": "RawMessageDelivery", "AttributeValue": "test-ValUe"}},
		{"TestSNSSubscriptionCrud::test_validate_set_sub_attributes", "raw-message-empty-value", "SetSubscriptionAttributes", object{"SubscriptionArn": sub, "AttributeName": "RawMessageDelivery", "AttributeValue": ""}},
		{"TestSNSSubscriptionCrud::test_validate_set_sub_attributes", "fake-arn-redrive-policy", "SetSubscriptionAttributes", object{"SubscriptionArn": sub, "AttributeName": "RedrivePolicy", "AttributeValue": `{"deadLetterTargetArn":"fake-arn"}`}},
		{"TestSNSSubscriptionCrud::test_sns_confirm_subscription_wrong_token", "topic-not-exists", "ConfirmSubscription", object{"TopicArn": arn + "i", "Token": token}},
		{"TestSNSSubscriptionCrud::test_sns_confirm_subscription_wrong_token", "invalid-token", "ConfirmSubscription", object{"TopicArn": arn, "Token": "randomtoken"}},
		{"TestSNSSubscriptionCrud::test_sns_confirm_subscription_wrong_token", "token-not-exists", "ConfirmSubscription", object{"TopicArn": arn, "Token": token}},
		{"TestSNSSubscriptionCrud::test_subscribe_idempotency", "subscribe-diff-attributes", "Subscribe", object{"TopicArn": arn, "Protocol": "http", "Endpoint": "http://127.0.0.1:9/", "Attributes": map[string]string{"RawMessageDelivery": "true"}}},
		{"TestSNSSubscriptionCrud::test_unsubscribe_wrong_arn_format", "invalid-unsubscribe-arn-1", "Unsubscribe", object{"SubscriptionArn": "randomstring"}},
		{"TestSNSSubscriptionCrud::test_unsubscribe_wrong_arn_format", "invalid-unsubscribe-arn-2", "Unsubscribe", object{"SubscriptionArn": "arn:aws:sns:us-east-1:random"}},
		{"TestSNSSubscriptionCrud::test_unsubscribe_wrong_arn_format", "invalid-unsubscribe-arn-3", "Unsubscribe", object{"SubscriptionArn": "arn:aws:sns:us-east-1:123456789012:ops:random"}},
		{"TestSNSSubscriptionCrud::test_unsubscribe_wrong_arn_format", "invalid-unsubscribe-arn-4", "Unsubscribe", nothing},
		{"TestSNSSubscriptionCrud::test_subscribe_with_invalid_topic", "invalid-subscribe-arn-1", "Subscribe", object{"TopicArn": "randomstring", "Protocol": "email", "Endpoint": "a@b.c"}},
		{"TestSNSSubscriptionCrud::test_subscribe_with_invalid_topic", "invalid-subscribe-arn-2", "Subscribe", object{"TopicArn": "arn:aws:sns:us-east-1:x", "Protocol": "email", "Endpoint": "a@b.c"}},
		{"TestSNSSubscriptionCrud::test_subscribe_with_invalid_topic", "non-existent-topic", "Subscribe", object{"TopicArn": arn + "x", "Protocol": "email", "Endpoint": "a@b.c"}},
		{"TestSNSSubscriptionCrudV2::test_unsubscribe_from_deleted_topic", "unsubscribe-deleted-topic", "Unsubscribe", object{"SubscriptionArn": "pending confirmation"}},
		{"TestSNSSubscriptionCrudV2::test_get_subscription_attributes_error_not_exists", "get-sub-attrs-nonexistent", "GetSubscriptionAttributes", object{"SubscriptionArn": unknown}},
	}
	for _, tt := range tests {
		t.Run(tt.test+"/"+tt.name, func(t *testing.T) {
			s.t = t
			if diff := cmp.Diff(record(tt.test, tt.name), s.failure(tt.operation, tt.in)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestRecordedMessageAttributes compares what is said of attributes of messages, in Publish and PublishBatch.
func TestRecordedMessageAttributes(t *testing.T) {
	record := sharedtest.Recorded(t, recordings)
	s := newServer(t, awsapitest.Anyone{})
	arn := s.topic("ops")
	long := strings.Repeat("abcde", 60)
	for name, attributes := range map[string]map[string]object{
		"missing_string_attr":       {"attr1": {"DataType": "String", "StringValue": ""}},
		"fully_missing_string_attr": {"attr1": {"DataType": "String"}},
		"fully_missing_data_type":   {"attr1": {"StringValue": "x"}},
		"missing_binary_attr":       {"attr1": {"DataType": "Binary", "BinaryValue": ""}},
		"str_attr_binary_value":     {"attr1": {"DataType": "String", "BinaryValue": "AgME"}},
		"int_attr_binary_value":     {"attr1": {"DataType": "Number", "BinaryValue": "AgME"}},
		"binary_attr_string_value":  {"attr1": {"DataType": "Binary", "StringValue": "x"}},
		"invalid_attr_string_value": {"attr1": {"DataType": "InvalidType", "StringValue": "x"}},
		"too_long_name":             {long: {"DataType": "String", "StringValue": "x"}},
		"invalid_name":              {"a^b": {"DataType": "String", "StringValue": "x"}},
		"invalid_name_2":            {".abc": {"DataType": "String", "StringValue": "x"}},
		"invalid_name_3":            {"abc.": {"DataType": "String", "StringValue": "x"}},
		"invalid_name_4":            {"a..bc": {"DataType": "String", "StringValue": "x"}},
	} {
		t.Run(name, func(t *testing.T) {
			s.t = t
			const test = "TestSNSSubscriptionSQS::test_empty_or_wrong_message_attributes"
			if diff := cmp.Diff(record(test, name), s.failure("Publish", object{"TopicArn": arn, "Message": "m", "MessageAttributes": attributes})); diff != "" {
				t.Error(diff)
			}
			in := object{"TopicArn": arn, "PublishBatchRequestEntries": []object{{"Id": "1", "Message": "m", "MessageAttributes": attributes}}}
			if diff := cmp.Diff(record(test, "batch-"+name), s.failure("PublishBatch", in)); diff != "" {
				t.Error(diff)
			}
		})
	}
	s.t = t
	for kind, want := range map[string]string{"Prefixed.String": "publish-error", "StringPrefixed": "publish-error-2", "String.prefixed": "", "Binary.prefixed": ""} {
		field, value := "StringValue", "x"
		if strings.HasPrefix(kind, "Binary") {
			field, value = "BinaryValue", "AgME"
		}
		in := object{"TopicArn": arn, "Message": "m", "MessageAttributes": map[string]object{"attr1": {"DataType": kind, field: value}}}
		if want == "" {
			s.ok("Publish", in)
		} else if diff := cmp.Diff(record("TestSNSSubscriptionSQS::test_message_attributes_prefixes", want), s.failure("Publish", in)); diff != "" {
			t.Error(diff)
		}
	}
}

// TestRecordedTopics compares attributes of topics, through changes, with those of AWS.
func TestRecordedTopics(t *testing.T) {
	record := sharedtest.Recorded(t, recordings)
	s := newServer(t, awsapitest.Anyone{})
	mask := strings.NewReplacer("arn:aws:sns:us-east-1:", "arn:<partition>:sns:<region>:", testAccount, "111111111111", ":ops", ":<resource:1>")
	// get compares the attributes of a topic with a recording; those of FIFO are left out.
	get := func(test, name string) {
		t.Helper()
		want := withoutMetadata(record(test, name)).(object)
		for _, k := range []string{"FifoTopic", "ContentBasedDeduplication"} {
			delete(want["Attributes"].(object), k)
		}
		got := masked(s.ok("GetTopicAttributes", object{"TopicArn": s.topic("ops")}), mask)
		if diff := cmp.Diff(any(want), got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	get("TestSNSTopicCrud::test_create_topic_test_arn", "get-topic-attrs")
	s.ok("CreateTopic", object{"Name": "ops", "Attributes": map[string]string{"FifoTopic": "false"}})
	get("TestSNSTopicCrudV2::test_topic_get_attributes_with_fifo_false", "get-attrs-standard-topic")
	set := func(name, value string) {
		s.ok("SetTopicAttributes", object{"TopicArn": s.topic("ops"), "AttributeName": name, "AttributeValue": value})
	}
	set("DeliveryPolicy", `{"http":{"defaultRequestPolicy":{"headerContentType":"application/json"}}}`)
	get("TestSNSSubscriptionHttp::test_subscribe_external_http_endpoint_content_type[False]", "topic-attrs")
	set("DeliveryPolicy", "")
	set("DisplayName", "AlreadySet")
	get("TestSNSTopicCrudV2::test_create_topic_should_be_idempotent", "topic-attrs-idempotent-1")
	s.ok("CreateTopic", object{"Name": "ops"})
	get("TestSNSTopicCrudV2::test_create_topic_should_be_idempotent", "topic-attrs-idempotent-2")
	set("DisplayName", "TestTopic")
	set("SignatureVersion", "2")
	get("TestSNSTopicCrud::test_create_topic_with_attributes", "get-topic-attrs")
	const policies = "TestSNSTopicCrud::test_topic_delivery_policy_crud"
	set("DeliveryPolicy", `{"http":{"defaultRequestPolicy":{"headerContentType":"application/json"}}}`)
	get(policies, "get-topic-attrs")
	set("DeliveryPolicy", `{"http":{"defaultHealthyRetryPolicy":{"minDelayTarget":5,"maxDelayTarget":6,"numRetries":1}}}`)
	get(policies, "get-topic-attrs-after-update")
	set("DeliveryPolicy", `{"http":{"defaultHealthyRetryPolicy":null}}`)
	get(policies, "get-topic-attrs-after-none")
	set("DeliveryPolicy", "")
	get(policies, "get-topic-attrs-after-delete")
	for range 2 {
		if out := s.ok("DeleteTopic", object{"TopicArn": s.topic("ops")}); out != nil {
			t.Errorf("got %v", out)
		}
	}
}

// TestRecordedTags compares tags of topics.
func TestRecordedTags(t *testing.T) {
	record := sharedtest.Recorded(t, recordings)
	s := newServer(t, awsapitest.Anyone{})
	arn := s.topic("ops")
	list := func(test, name string) {
		t.Helper()
		got := s.ok("ListTagsForResource", object{"ResourceArn": arn})
		if got["Tags"] == "" {
			got["Tags"] = []any{}
		}
		if diff := cmp.Diff(withoutMetadata(record(test, name)), any(got)); diff != "" {
			t.Error(diff)
		}
	}
	const tags = "TestSNSTopicCrud::test_tags"
	s.ok("TagResource", object{"ResourceArn": arn, "Tags": []object{{"Key": "k1", "Value": "v1"}, {"Key": "k2", "Value": "v2"}}})
	list(tags, "list-created-tags")
	s.ok("UntagResource", object{"ResourceArn": arn, "TagKeys": []string{"k1"}})
	list(tags, "list-after-delete-tags")
	s.ok("TagResource", object{"ResourceArn": arn, "Tags": []object{{"Key": "k2", "Value": "v2b"}}})
	list(tags, "list-after-update-tags")
	s.ok("DeleteTopic", object{"TopicArn": arn})
	s.ok("CreateTopic", object{"Name": "ops"})
	list("TestSNSTopicCrud::test_tags_removed_after_deletion", "list-empty-tags")
	s.ok("CreateTopic", object{"Name": "other", "Tags": []object{{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}}})
	for _, again := range [][]object{{{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}}, {{"Key": "a", "Value": "1"}}, nil} {
		s.ok("CreateTopic", object{"Name": "other", "Tags": again})
	}
	e := s.failure("TagResource", object{"ResourceArn": arn + "x", "Tags": []object{{"Key": "a", "Value": "1"}}})
	if got := e["Error"].(object); got["Code"] != "ResourceNotFound" || e["ResponseMetadata"].(object)["HTTPStatusCode"] != 404.0 {
		t.Errorf("%v", e)
	}
}

// TestRecordedSubscriptions compares attributes of subscriptions and lists.
func TestRecordedSubscriptions(t *testing.T) {
	record := sharedtest.Recorded(t, recordings)
	s := newServer(t, awsapitest.Anyone{})
	arn := s.topic("ops")
	const http = "TestSNSSubscriptionHttp::"
	if got := s.ok("Subscribe", object{"TopicArn": arn, "Protocol": "http", "Endpoint": "http://127.0.0.1:9/pending"}); !cmp.Equal(withoutMetadata(record(http+"test_http_subscription_response", "subscription")), any(got)) {
		t.Errorf("got %v", got)
	}
	for test, attributes := range map[string]map[string]string{
		"test_subscribe_external_http_endpoint_content_type[True]": {
			"RawMessageDelivery": "true", "DeliveryPolicy": `{"requestPolicy":{"headerContentType":"text/csv"}}`,
		},
		"test_subscribe_external_http_endpoint_content_type[False]": {
			"DeliveryPolicy": `{"healthyRetryPolicy":{"minDelayTarget":1,"maxDelayTarget":1,"numRetries":0,"numNoDelayRetries":0,"numMinDelayRetries":0,"numMaxDelayRetries":0,"backoffFunction":"linear"},` +
				`"throttlePolicy":{"maxReceivesPerSecond":1000}}`,
		},
	} {
		name, policy := "plain", ""
		if strings.Contains(test, "False") {
			name, policy = "json", `{"http":{"defaultRequestPolicy":{"headerContentType":"application/json"}}}`
		}
		topic := s.topic(name)
		s.ok("SetTopicAttributes", object{"TopicArn": topic, "AttributeName": "DeliveryPolicy", "AttributeValue": policy})
		sub := s.ok("Subscribe", object{"TopicArn": topic, "Protocol": "http", "Endpoint": "http://127.0.0.1:9/sns-endpoint", "Attributes": attributes, "ReturnSubscriptionArn": "true"})["SubscriptionArn"].(string)
		mask := strings.NewReplacer("arn:aws:sns:us-east-1:123456789012:"+name, "arn:<partition>:sns:<region>:111111111111:<resource:1>", sub[strings.LastIndexByte(sub, ':'):], ":<resource:2>",
			"arn:aws:iam::123456789012:user/"+awsapitest.Key, "arn:<partition>:iam::111111111111:user/<resource:3>", testAccount, "111111111111", "127.0.0.1:9", "<host:1>")
		if diff := cmp.Diff(withoutMetadata(record(http+test, "sub-attrs")), masked(s.ok("GetSubscriptionAttributes", object{"SubscriptionArn": sub}), mask)); diff != "" {
			t.Errorf("%s: %s", test, diff)
		}
	}
	sub := s.ok("Subscribe", object{"TopicArn": arn, "Protocol": "webhook", "Endpoint": "http://127.0.0.1:9/"})["SubscriptionArn"].(string)
	want := object{"Subscriptions": []any{
		object{"SubscriptionArn": sub, "Owner": testAccount, "Protocol": "webhook", "Endpoint": "http://127.0.0.1:9/", "TopicArn": arn},
		object{"SubscriptionArn": "PendingConfirmation", "Owner": testAccount, "Protocol": "http", "Endpoint": "http://127.0.0.1:9/pending", "TopicArn": arn},
	}}
	got := s.ok("ListSubscriptionsByTopic", object{"TopicArn": arn})
	if list := got["Subscriptions"].([]any); list[0].(object)["Protocol"] == "http" {
		list[0], list[1] = list[1], list[0] // by ARN, which is random
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for range 2 {
		s.ok("Unsubscribe", object{"SubscriptionArn": sub})
	}
	if n := len(s.ok("ListSubscriptions", object{})["Subscriptions"].([]any)); n != 3 {
		t.Errorf("%d subscriptions", n)
	}
}
