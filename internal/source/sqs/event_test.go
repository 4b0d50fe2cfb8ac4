package sqs

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The messages are as AWS's guides print them.
const (
	notification = `{"Records":[{"eventVersion":"2.1","eventSource":"aws:s3","awsRegion":"us-west-2","eventTime":"1970-01-01T00:00:00.000Z","eventName":"ObjectCreated:Put",
		"userIdentity":{"principalId":"AIDAJDPLRKLG7UEXAMPLE"},"requestParameters":{"sourceIPAddress":"127.0.0.1"},"responseElements":{"x-amz-request-id":"C3D13FE58DE4C810"},
		"s3":{"s3SchemaVersion":"1.0","configurationId":"testConfigRule","bucket":{"name":"mybucket","ownerIdentity":{"principalId":"A3NL1KOZZKExample"},"arn":"arn:aws:s3:::mybucket"},
		"object":{"key":"HappyFace.jpg","size":1024,"eTag":"d41d8cd98f00b204e9800998ecf8427e","versionId":"096fKKXTRTtl3on89fVO.nfljtsv6qko","sequencer":"0055AED6DCD90281E5"}}}]}`
	bridge = `{"version":"0","id":"17793124-05d4-b198-2fde-7ededc63b103","detail-type":"Object Created","source":"aws.s3","account":"111122223333","time":"2021-11-12T00:00:00Z",
		"region":"ca-central-1","resources":["arn:aws:s3:::amzn-s3-demo-bucket1"],"detail":{"version":"0","bucket":{"name":"amzn-s3-demo-bucket1"},
		"object":{"key":"example-key","size":5,"etag":"b1946ac92492d2347c6235b4d2611184","version-id":"IYV3p45BT0ac8hjHg1houSdS1a.Mro8e","sequencer":"617f08299329d189"},
		"request-id":"N4N7GDK58NMKJ12R","requester":"123456789012","source-ip-address":"1.2.3.4","reason":"PutObject"}}`
	test = `{"Service":"Amazon S3","Event":"s3:TestEvent","Time":"2014-10-13T15:57:02.089Z","Bucket":"bucketname","RequestId":"5582815E1AEA5ADF","HostId":"8cLeGAmw098X5cv4Zkwcmo8vvZa3eH3eKxsPzbB9wrR+YstdA6Knx4Ip8EXAMPLE"}`
)

// sns wraps a message as SNS does.
func sns(message string) string {
	text, err := json.Marshal(map[string]string{
		"Type": "Notification", "MessageId": "dc1e94d9-56c5-5e96-808d-cc7f68faa162", "TopicArn": "arn:aws:sns:us-east-2:111122223333:ExampleTopic1",
		"Subject": "Amazon S3 Notification", "Message": message, "Timestamp": "2021-02-16T21:41:19.978Z", "SignatureVersion": "1",
	})
	if err != nil {
		panic(err)
	}
	return string(text)
}

// record returns a notification of one event and key.
func record(event, key string) string {
	return `{"Records":[{"eventSource":"aws:s3","eventName":"` + event + `","s3":{"bucket":{"name":"b"},"object":{"key":"` + key + `"}}}]}`
}

func TestParseEvents(t *testing.T) {
	happy := []Event{{"mybucket", "HappyFace.jpg", true}}
	tests := []struct {
		name, body string
		want       []Event
	}{
		{"notification", notification, happy},
		{"by SNS", sns(notification), happy},
		{"by SNS twice", sns(sns(notification)), happy},
		{"EventBridge", bridge, []Event{{"amzn-s3-demo-bucket1", "example-key", true}}},
		{"EventBridge by SNS", sns(bridge), []Event{{"amzn-s3-demo-bucket1", "example-key", true}}},
		{"test", test, nil},
		{"test by SNS", sns(test), nil},
		{"encoded key", record("ObjectCreated:Copy", "AWSLogs/a+b%2Bc%25/%C3%A9"), []Event{{"b", "AWSLogs/a b+c%/é", true}}},
		{"of several parts", record("ObjectCreated:CompleteMultipartUpload", "k"), []Event{{"b", "k", true}}},
		{"in SNS's spelling", record("s3:ObjectCreated:Put", "k"), []Event{{"b", "k", true}}},
		{"restored", record("ObjectRestore:Completed", "k"), []Event{{"b", "k", true}}},
		{"removed", record("ObjectRemoved:Delete", "k"), []Event{{"b", "k", false}}},
		{
			"EventBridge's key is not encoded", `{"source":"aws.s3","detail-type":"Object Created","detail":{"bucket":{"name":"b"},"object":{"key":"a+b%20c"}}}`,
			[]Event{{"b", "a+b%20c", true}},
		},
		{"EventBridge's removal", `{"source":"aws.s3","detail-type":"Object Deleted","detail":{"bucket":{"name":"b"},"object":{"key":"k"}}}`, []Event{{"b", "k", false}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParseEvents(tt.body)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseEventsRefusals(t *testing.T) {
	for name, body := range map[string]string{
		"nothing": "", "text": "hello", "an array": "[]", "something else": `{"a":1}`, "no records": `{"Records":[]}`,
		"another service":         `{"Records":[{"eventSource":"aws:ses","eventName":"ObjectCreated:Put"}]}`,
		"no key":                  record("ObjectCreated:Put", ""),
		"a key that ends early":   record("ObjectCreated:Put", "a%2"),
		"another service's event": `{"source":"aws.ec2","detail-type":"EC2 Instance State-change Notification","detail":{}}`,
		"too deep":                sns(sns(sns(sns(notification)))),
		"a subscription":          `{"Type":"SubscriptionConfirmation","Message":"You have chosen to subscribe"}`,
		"records of another kind": `{"Records":"none"}`,
	} {
		if got, err := ParseEvents(body); !errors.Is(err, ErrNoEvent) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

// FuzzParseEvents checks that events name objects.
func FuzzParseEvents(f *testing.F) {
	for _, body := range []string{notification, bridge, test, sns(notification), record("ObjectCreated:Put", "a+b%2Bc")} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		events, err := ParseEvents(body)
		if err != nil && !errors.Is(err, ErrNoEvent) {
			t.Fatal(err)
		}
		for _, e := range events {
			if err == nil && (e.Bucket == "" || e.Key == "") {
				t.Fatalf("%q: %+v", body, e)
			}
		}
	})
}
