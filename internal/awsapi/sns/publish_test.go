package sns

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"

	"weir/internal/awsapi"
	"weir/internal/awsapi/awsapitest"
)

// TestDenied tells an access key in SNS's words that it may not.
func TestDenied(t *testing.T) {
	s := newServer(t, nobody{})
	got := s.failure("ListTopics", object{})
	if e := got["Error"].(object); e["Code"] != "AuthorizationError" || got["ResponseMetadata"].(object)["HTTPStatusCode"] != 403.0 || !strings.Contains(e["Message"].(string), "sns:ListTopics") {
		t.Errorf("%v", got)
	}
}

// nobody may do anything.
type nobody struct{ awsapitest.Anyone }

func (nobody) Allows(string) bool { return false }

func (n nobody) Authenticate(*http.Request, []byte, string) (awsapi.Identity, error) { return n, nil }

// TestLargest publishes the largest message there is, each of its bytes escaped.
func TestLargest(t *testing.T) {
	s := newServer(t, awsapitest.Anyone{})
	arn := s.topic("ops")
	text := strings.Repeat("é", 256<<10/2)
	s.ok("Publish", object{"TopicArn": arn, "Message": text})
	half := strings.Repeat("\"", 128<<10)
	s.ok("PublishBatch", object{"TopicArn": arn, "PublishBatchRequestEntries": []object{{"Id": "1", "Message": half}, {"Id": "2", "Message": half}}})
	s.ok("Publish", object{"TargetArn": arn, "Message": "m", "MessageAttributes": map[string]object{
		"b": {"DataType": "Binary", "BinaryValue": base64.StdEncoding.EncodeToString([]byte(strings.Repeat("\xff", 200_000)))},
	}})
}

// TestTagsRefused refuses requests that lack what they need.
func TestTagsRefused(t *testing.T) {
	s := newServer(t, awsapitest.Anyone{})
	arn := s.topic("ops")
	for _, tt := range []struct {
		operation  string
		in         object
		code, want string
	}{
		{"TagResource", object{"ResourceArn": arn}, "InvalidParameter", "Invalid parameter: Tags Reason: no value for required parameter"},
		{"UntagResource", object{"ResourceArn": arn}, "InvalidParameter", "Invalid parameter: TagKeys Reason: no value for required parameter"},
		{"TagResource", object{"ResourceArn": arn, "Tags": []object{{"Key": "k"}}}, "ValidationError", "1 validation error detected: Value null at 'tags.1.member.value' failed to satisfy constraint: Member must not be null"},
		{"CreateTopic", object{"Name": "x", "Tags": []object{{"Value": "v"}}}, "ValidationError", "1 validation error detected: Value null at 'tags.1.member.key' failed to satisfy constraint: Member must not be null"},
		{"TagResource", object{"ResourceArn": arn, "Tags": []object{{"Key": "", "Value": "v"}}}, "InvalidParameter", "Invalid parameter: Tags Reason: the key of a tag has 1 to 128 characters"},
		{"ListTagsForResource", object{}, "InvalidParameter", "Invalid parameter: ResourceArn Reason: An ARN must have at least 6 elements, not 1"},
	} {
		if got := s.failure(tt.operation, tt.in)["Error"].(object); got["Message"] != tt.want || got["Code"] != tt.code {
			t.Errorf("%s %v: %v", tt.operation, tt.in, got)
		}
	}
}

// TestPublishRefused refuses in this server's words what SNS has and this server has not.
func TestPublishRefused(t *testing.T) {
	s := newServer(t, awsapitest.Anyone{})
	arn := s.topic("ops")
	for _, tt := range []struct {
		in   object
		want string
	}{
		{object{"PhoneNumber": "+15551234567", "Message": "m"}, "PhoneNumber Reason: this server sends no SMS"},
		{object{"Message": "m"}, "TopicArn or TargetArn Reason: no value for required parameter"},
		{object{"TopicArn": arn, "TargetArn": arn, "Message": "m"}, "TopicArn or TargetArn Reason: both are given, and one is expected"},
		{object{"TargetArn": "x", "Message": "m"}, "TargetArn Reason: An ARN must have at least 6 elements, not 1"},
		{object{"TopicArn": arn, "Message": "m", "MessageStructure": "xml"}, "MessageStructure"},
		{object{"TopicArn": arn, "Message": "null", "MessageStructure": "json"}, "Message Structure - JSON message body failed to parse"},
		{object{"TopicArn": arn, "Message": "m", "MessageDeduplicationId": "x"}, "MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter that is not valid for this topic type"},
	} {
		if got := s.failure("Publish", tt.in)["Error"].(object); got["Message"] != "Invalid parameter: "+tt.want || got["Code"] != "InvalidParameter" {
			t.Errorf("%v: %v", tt.in, got)
		}
	}
	e := s.failure("Publish", object{"TopicArn": arn, "Message": "m", "MessageAttributes": map[string]object{"b": {"DataType": "Binary", "BinaryValue": "%"}}})["Error"].(object)
	if e["Code"] != "ParameterValueInvalid" || e["Message"] != "The message attribute 'b' has a BinaryValue that is not base64." {
		t.Errorf("%v", e)
	}
	s.ok("Publish", object{"TopicArn": arn, "Message": `{"default":"","sqs":5,"default":""}`, "MessageStructure": "json"})
}
