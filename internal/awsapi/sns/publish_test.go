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
