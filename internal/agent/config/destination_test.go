package config

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// readDestination reads a flow log with a destination and more lines of it.
func readDestination(destination, more string) (*FlowLog, error) {
	c, err := Read("/etc/weir/a.yaml", []byte("network: n\ninterfaces: []\nflow-logs:\n  fl-1:\n    resource: vpc-1\n    traffic: ALL\n    destination: "+destination+"\n"+more))
	if err != nil {
		return nil, err
	}
	return &c.FlowLogs[0], nil
}

// TestDestination has all forms. Names and ARNs are those of AWS's documentation of CreateFlowLogs.
func TestDestination(t *testing.T) {
	yes, no := true, false
	const role = "arn:aws:iam::123456789101:role/flowLogsIAMRole"
	for _, tc := range []struct {
		text, shown string
		want        Delivery
	}{
		{"logs", "/etc/weir/logs", Delivery{}},
		{"./s3:x", "/etc/weir/s3:x", Delivery{}},
		{"{folder: logs}", "/etc/weir/logs", Delivery{}},
		{"s3://flow-log-bucket", "s3://flow-log-bucket", Delivery{Type: S3, Bucket: "flow-log-bucket"}},
		{"s3://flow-log-bucket/", "s3://flow-log-bucket/", Delivery{Type: S3, Bucket: "flow-log-bucket"}},
		{"s3://flow-log-bucket/a/b c", "s3://flow-log-bucket/a/b c", Delivery{Type: S3, Bucket: "flow-log-bucket", Prefix: "a/b c/"}},
		{"arn:aws:s3:::flow-log-bucket/my-custom-flow-logs/", "arn:aws:s3:::flow-log-bucket/my-custom-flow-logs/", Delivery{Type: S3, Bucket: "flow-log-bucket", Prefix: "my-custom-flow-logs/"}},
		{"arn:aws-us-gov:s3:::b.ucket", "arn:aws-us-gov:s3:::b.ucket", Delivery{Type: S3, Bucket: "b.ucket"}},
		{
			"{s3: 's3://bucket/x', endpoint: 'http://127.0.0.1:9000', region: here, path-style: false, profile: p, acl: none, bucket-owner: '123456789101'}", "s3://bucket/x",
			Delivery{Type: S3, Bucket: "bucket", Prefix: "x/", Endpoint: "http://127.0.0.1:9000", Region: "here", PathStyle: &no, Profile: "p", ACL: "none", Account: "123456789101"},
		},
		{
			"{s3: arn:aws:s3:::bucket, path-style: true, role: " + role + ", kms-key: arn:aws:kms:us-east-1:123456789101:key/mrk-1, acl: bucket-owner-full-control}", "arn:aws:s3:::bucket",
			Delivery{Type: S3, Bucket: "bucket", PathStyle: &yes, Role: role, KMSKey: "arn:aws:kms:us-east-1:123456789101:key/mrk-1", ACL: "bucket-owner-full-control"},
		},
		{"{s3: s3://bucket, no-sign-request: true, endpoint: https://x}", "s3://bucket", Delivery{Type: S3, Bucket: "bucket", NoSignRequest: true, Endpoint: "https://x"}},
		{
			"arn:aws:logs:us-east-1:123456789101:log-group:/vpc/logs", "arn:aws:logs:us-east-1:123456789101:log-group:/vpc/logs",
			Delivery{Type: CloudWatchLogs, LogGroup: "/vpc/logs", Region: "us-east-1", Account: "123456789101"},
		},
		{
			"{log-group: 'arn:aws:logs:us-east-1:123456789101:log-group:g:*', region: us-east-1}", "arn:aws:logs:us-east-1:123456789101:log-group:g:*",
			Delivery{Type: CloudWatchLogs, LogGroup: "g", Region: "us-east-1", Account: "123456789101"},
		},
		{"{log-group: my-logs, region: eu-west-1, role: " + role + "}", "my-logs", Delivery{Type: CloudWatchLogs, LogGroup: "my-logs", Region: "eu-west-1", Role: role}},
		{
			"arn:aws:firehose:us-east-1:178122123456:deliverystream/flowlogs_stream", "arn:aws:firehose:us-east-1:178122123456:deliverystream/flowlogs_stream",
			Delivery{Type: Firehose, DeliveryStream: "flowlogs_stream", Region: "us-east-1", Account: "178122123456"},
		},
		{
			"{firehose: arn:aws:firehose:us-east-1:123456789101:deliverystream:s, role: arn:aws:iam::1" + strings.Repeat("0", 11) + ":role/a, cross-account-role: " + role + "}",
			"arn:aws:firehose:us-east-1:123456789101:deliverystream:s",
			Delivery{Type: Firehose, DeliveryStream: "s", Region: "us-east-1", Account: "123456789101", Role: "arn:aws:iam::100000000000:role/a", CrossAccountRole: role},
		},
		{"{firehose: s}", "s", Delivery{Type: Firehose, DeliveryStream: "s"}},
	} {
		l, err := readDestination(tc.text, "")
		if err != nil {
			t.Errorf("%s: %v", tc.text, err)
			continue
		}
		if diff := cmp.Diff(tc.want, l.Delivery); diff != "" || l.Destination != tc.shown {
			t.Errorf("%s: %s\n%s", tc.text, l.Destination, diff)
		}
	}
}

// TestDestinationRefused wants errors at their places; the value begins at 7:18.
func TestDestinationRefused(t *testing.T) {
	const role = "arn:aws:iam::123456789101:role/r"
	for _, tc := range []struct{ text, more, want string }{
		{"gs://bucket", "", "7:18: gs://bucket is no destination: there are folders, s3://BUCKET/PREFIX/, and ARNs of buckets, log groups and delivery streams"},
		{"arn:aws:sqs:us-east-1:1:q", "", "7:18: arn:aws:sqs:us-east-1:1:q is no destination: there are folders, s3://BUCKET/PREFIX/, and ARNs of buckets, log groups and delivery streams"},
		{"s3://", "", `7:18: "" is no name of a bucket`},
		{"s3://Bucket/x", "", `7:18: "Bucket" is no name of a bucket`},
		{"arn:aws:s3:us-east-1:1:accesspoint/x", "", "7:18: arn:aws:s3:us-east-1:1:accesspoint/x is no bucket, which is s3://BUCKET, s3://BUCKET/PREFIX/ or arn:aws:s3:::BUCKET/PREFIX/"},
		{"s3://bucket/x/AWSLogs/", "", "7:18: AWSLogs is no name for a folder: it is made of itself"},
		{"s3://bucket/../x", "", "7:18: .. is no name for a folder"},
		{"s3://bucket/" + strings.Repeat("a", 700), "", "7:18: the prefix has 701 bytes; 700 are allowed"},
		{"arn:aws:logs:us-east-1:123456789101:log-group", "", "7:18: arn:aws:logs:us-east-1:123456789101:log-group is no log group, which is a name or arn:aws:logs:REGION:ACCOUNT:log-group:NAME"},
		{"{log-group: 'a b'}", "", "7:30: a b is no log group, which is a name or arn:aws:logs:REGION:ACCOUNT:log-group:NAME"},
		{"arn:aws:firehose:us-east-1:1:deliverystream/x", "", "7:18: arn:aws:firehose:us-east-1:1:deliverystream/x is no delivery stream, which is a name or arn:aws:firehose:REGION:ACCOUNT:deliverystream/NAME"},
		{"[a]", "", "7:18: a list where a text is expected"},
		{"{}", "", "7:18: it says no destination: one of folder, s3, log-group, firehose does"},
		{"{role: " + role + "}", "", "7:18: it says no destination: one of folder, s3, log-group, firehose does"},
		{"{s3: s3://bucket, folder: x}", "", "7:36: folder beside s3: it is one of folder, s3, log-group, firehose"},
		{"{s3: s3://bucket, bucket: x}", "", "7:36: no key bucket; there are folder, s3, log-group, firehose, region, endpoint, path-style, profile, no-sign-request, role, cross-account-role, kms-key, acl, bucket-owner"},
		{"{folder: x, role: " + role + "}", "", "7:36: role is not for a folder"},
		{"{log-group: g, acl: none}", "", "7:38: acl is not for a log group"},
		{"{log-group: g, path-style: false}", "", "7:45: path-style is not for a log group"},
		{"{log-group: g, role: " + role + ", cross-account-role: " + role + "}", "", "7:93: cross-account-role is not for a log group"},
		{"{firehose: s, kms-key: 'arn:aws:kms:us-east-1:123456789101:key/k'}", "", "7:41: kms-key is not for a delivery stream"},
		{"{firehose: s, cross-account-role: " + role + "}", "", "7:52: When providing a role for cross-account delivery, both role and cross-account-role must be set."},
		{"{firehose: arn:aws:firehose:us-east-1:100000000000:deliverystream/x, role: " + role + "}", "", "7:93: the role is of account 123456789101, and what the ARN names of 100000000000: take a role there"},
		{"{log-group: arn:aws:logs:us-east-1:123456789101:log-group:g, region: eu-west-1}", "", "7:87: the ARN says another region, us-east-1"},
		{"{s3: s3://bucket, kms-key: 1234abcd-12ab}", "", `7:45: "1234abcd-12ab" is no ARN of a key, which is arn:aws:kms:REGION:ACCOUNT:key/ID`},
		{"{s3: s3://bucket, role: admin}", "", `7:42: "admin" is no ARN of a role, which is arn:aws:iam::ACCOUNT:role/NAME`},
		{"{s3: s3://bucket, acl: public-read}", "", `7:41: "public-read" is none of bucket-owner-full-control, none`},
		{"{s3: s3://bucket, no-sign-request: true, role: " + role + "}", "", "7:65: role takes credentials, and no-sign-request has none"},
		{"{s3: s3://bucket, endpoint: localhost}", "", "7:46: it is no URL of a service, such as https://s3.example.org or http://127.0.0.1:9000"},
		{"{s3: s3://bucket, endpoint: 'http://u:secret@h'}", "", "7:46: a URL with a user or a password: credentials come from a profile or the environment"},
		{"{s3: s3://bucket, endpoint: 'http://h/?x'}", "", "7:46: http://h/?x has a query or a fragment"},
		{"{log-group: g}", "    file-format: plain-text\n", "8:18: DestinationOptions are only for the destination type s3: a log group and a delivery stream get lines of text"},
		{"{firehose: s}", "    hourly-partitions: false\n", "8:24: DestinationOptions are only for the destination type s3: a log group and a delivery stream get lines of text"},
	} {
		_, err := readDestination(tc.text, tc.more)
		if err == nil || err.Error() != "/etc/weir/a.yaml:"+tc.want {
			t.Errorf("%s:\n%v, want\n%s", tc.text, err, tc.want)
		}
	}
}
