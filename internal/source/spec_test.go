package source

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseSpec(t *testing.T) {
	s3 := func(bucket, prefix string) Spec { return Spec{Kind: KindS3, Bucket: bucket, Prefix: prefix} }
	path := func(p string) Spec { return Spec{Kind: KindPath, Path: p} }
	tests := []struct {
		text string
		want Spec
	}{
		{"-", Spec{Kind: KindStdin}},
		{"logs", path("logs")},
		{"./-", path("./-")},
		{"../a b/*.log.gz", path("../a b/*.log.gz")},
		{"/var/log/12:30.log", path("/var/log/12:30.log")},
		{"s3", path("s3")},
		{"file:///var/log/a%20b.log", path("/var/log/a b.log")},
		{"file://localhost/var/log", path("/var/log")},
		{"file:/var/log", path("/var/log")},
		{"s3://logs", s3("logs", "")},
		{"s3://logs/", s3("logs", "")},
		{"S3://logs/AWSLogs/1111", s3("logs", "AWSLogs/1111")},
		{"s3://logs/a%20b//c/", s3("logs", "a%20b//c/")},
		{"s3://Old_Bucket.name/x", s3("Old_Bucket.name", "x")},
		{"cwl:/aws/vpc/flowlogs", Spec{Kind: KindLogGroup, Group: "/aws/vpc/flowlogs"}},
		{"CWL:flow-logs", Spec{Kind: KindLogGroup, Group: "flow-logs"}},
		{"arn:aws:logs:eu-west-1:111122223333:log-group:/vpc", Spec{Kind: KindLogGroup, Group: "/vpc", Region: "eu-west-1", Account: "111122223333", Partition: "aws"}},
		{"arn:aws-cn:logs:cn-north-1:111122223333:log-group:/vpc:*", Spec{Kind: KindLogGroup, Group: "/vpc", Region: "cn-north-1", Account: "111122223333", Partition: "aws-cn"}},
		{"arn:aws:s3:::logs", s3("logs", "")},
		{"arn:aws:s3:::logs/folder/", s3("logs", "folder/")},
		{"arn:aws:s3:::logs/*", s3("logs", "")},
		{"arn:aws-us-gov:s3:::logs/a:b/c", s3("logs", "a:b/c")},
		{"https://s3.console.aws.amazon.com/s3/buckets/logs?region=eu-west-1&prefix=AWSLogs/&showversions=false", s3("logs", "AWSLogs/")},
		{"https://eu-west-1.console.aws.amazon.com/s3/buckets/logs?region=eu-west-1&bucketType=general&prefix=AWSLogs%2F111122223333%2F&tab=objects", s3("logs", "AWSLogs/111122223333/")},
		{"https://eu-west-1.console.aws.amazon.com/s3/object/logs?region=eu-west-1&prefix=a%2Bb.log.gz", s3("logs", "a+b.log.gz")},
		{"https://console.amazonaws.cn/s3/buckets/logs", s3("logs", "")},
		{"https://logs.s3.eu-west-1.amazonaws.com/AWSLogs/a%20b", s3("logs", "AWSLogs/a b")},
		{"https://my.logs.s3.amazonaws.com/", s3("my.logs", "")},
		{"https://s3.us-gov-west-1.amazonaws.com/logs/AWSLogs/", s3("logs", "AWSLogs/")},
		{"https://s3-eu-west-1.amazonaws.com/logs", s3("logs", "")},
		{"https://logs.s3.cn-north-1.amazonaws.com.cn/x", s3("logs", "x")},
		{"https://logs.s3.dualstack.us-east-1.amazonaws.com/x", s3("logs", "x")},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			got, err := ParseSpec(tt.text)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseSpecRefusals(t *testing.T) {
	const elsewhere = "s3://BUCKET/PREFIX, for other services than AWS with --endpoint-url"
	tests := []struct {
		text, reason, hint string
	}{
		{"", "no place is given", ""},
		{"s3:/logs/AWSLogs", "a bucket is written with two slashes", "s3://logs/AWSLogs"},
		{"s3:logs", "a bucket is written with two slashes", "s3://logs"},
		{"s3://", "names no bucket", "s3://BUCKET/"},
		{"s3:///logs", "names no bucket", "s3://BUCKET/logs"},
		{"s3://lo gs/x", `"lo gs" is no bucket name`, ""},
		{"s3://user:pw@logs/x", `"user:pw@logs" is no bucket name`, ""},
		{"s3://arn:aws:s3:::logs/x", "an ARN stands without s3:// before it", "arn:aws:s3:::logs/x"},
		{"arn:aws:s3:eu-west-1:111122223333:accesspoint/logs", "is the ARN of an access point; give its alias as the bucket", "s3://ACCESS-POINT-ALIAS/PREFIX"},
		{"arn:aws:logs:eu-west-1:111122223333:log-stream:/vpc", "is no ARN of a log group", "arn:aws:logs:REGION:ACCOUNT:log-group:NAME"},
		{"arn:aws:logs::111122223333:log-group:/vpc", "is no ARN of a log group", "arn:aws:logs:REGION:ACCOUNT:log-group:NAME"},
		{"cwl:", "names no log group", "cwl:LOG-GROUP"},
		{"cwl://aws/vpc", "a log group is written without slashes before its name", "cwl:aws/vpc or cwl:/aws/vpc"},
		{"cwl:a b", `"a b" is no name of a log group`, ""},
		{"cwl:arn:aws:logs:eu-west-1:111122223333:log-group:/vpc", "an ARN stands without cwl: before it", "arn:aws:logs:eu-west-1:111122223333:log-group:/vpc"},
		{"arn:aws:firehose:eu-west-1:111122223333:deliverystream/x", "is an ARN of firehose, not of a bucket or a log group", ""},
		{"arn:aws:s3", "is no whole ARN", "arn:aws:s3:::BUCKET/PREFIX"},
		{"file://server/share/x", "is a file of another machine, server", "file:///server/share/x"},
		{"file:logs", "a file URL has an absolute path", "file:///logs"},
		{"file:///a?b", `has "?" or "#" in it, which a file URL writes as %3F and %23`, ""},
		{"gs://logs/x", "only folders, files, s3:// and cwl: can be read", ""},
		{"https://example.org/logs", "only folders, files, s3:// and cwl: can be read", elsewhere},
		{"https://eu-west-1.console.aws.amazon.com/vpc/home", "is no page of a bucket", elsewhere},
		{"https://logs.s3.amazonaws.com/x?X-Amz-Signature=1", "a signed or otherwise parametrised address cannot be listed", elsewhere},
		{"https://s3.amazonaws.com/", "names no bucket", "s3://BUCKET/"},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			s, err := ParseSpec(tt.text)
			var got *SpecError
			if !errors.As(err, &got) {
				t.Fatalf("%+v, %v; want an error", s, err)
			}
			if diff := cmp.Diff(&SpecError{tt.text, tt.reason, tt.hint}, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// FuzzParseSpec checks that a place reads the same when it is written again.
func FuzzParseSpec(f *testing.F) {
	for _, text := range []string{
		"-", "./-", "cwl:/aws/vpc", "arn:aws:logs:eu-west-1:111122223333:log-group:/vpc:*", "s3://logs/AWSLogs/", "arn:aws:s3:::logs/x", "file:///a%2Db", "file:///-", "https://s3.amazonaws.com/logs/s3:/x",
		"https://eu-west-1.console.aws.amazon.com/s3/buckets/logs?prefix=a%0Ab",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := ParseSpec(text)
		if err != nil {
			return
		}
		again, err := ParseSpec(s.String())
		if err != nil || again != s {
			t.Fatalf("%q was read as %+v, which writes %q and reads as %+v, %v", text, s, s, again, err)
		}
	})
}
