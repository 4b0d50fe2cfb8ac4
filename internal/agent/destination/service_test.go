package destination

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/firehose"
	"github.com/aws/aws-sdk-go-v2/service/firehose/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"weir/internal/agent/config"
	"weir/internal/source/sourcetest"
)

// contents are the objects of a bucket, by key.
func contents(t *testing.T, c *s3.Client) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	list, err := c.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String("bucket")})
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range list.Contents {
		got, err := c.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("bucket"), Key: o.Key})
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(got.Body)
		if err = errors.Join(err, got.Body.Close()); err != nil {
			t.Fatal(err)
		}
		out[*o.Key] = data
	}
	return out
}

// inBucket makes a bucket, and delivers an object of text and one of Parquet, each twice, also by another agent that remembers nothing, and beside one of others.
func inBucket(t *testing.T, url string, c aws.Config, acl string) {
	t.Helper()
	c.Region = "us-east-1"
	s := s3.NewFromConfig(c, func(o *s3.Options) { o.BaseEndpoint, o.UsePathStyle = &url, true })
	if _, err := s.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String("bucket")}); err != nil {
		t.Fatal(err)
	}
	lines := []string{accepted, rejected, noData}
	for i, parquet := range []bool{false, true} {
		l := atEndpoint(url)
		l.Parquet, l.Hive, l.Hourly, l.Delivery.ACL = parquet, parquet, parquet, acl
		it := item(t, l, batch(t, lines...))
		for range 2 {
			d, err := openAs(l, &c)
			if err != nil {
				t.Fatal(err)
			}
			for _, as := range []bool{true, false} {
				d.(*bucket).elsewhere = as
				if out, err := deliver(t.Context(), t, d, it); err != "" || out != (Outcome{Objects: 1, Records: 3}) {
					t.Fatalf("%+v: %s", out, err)
				}
			}
		}
		all := contents(t, s)
		if len(all) != 1+2*i {
			t.Errorf("%d objects", len(all))
		}
		for key, data := range all {
			if !bytes.Equal(data, it.Data) {
				continue
			}
			if got := read(t, l.Format, data); !slices.Equal(got, lines) {
				t.Errorf("%s: %q", key, got)
			}
			if _, err := s.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("bucket"), Key: &key, Body: strings.NewReader("another's")}); err != nil {
				t.Fatal(err)
			}
		}
		d, err := openAs(l, &c)
		if err != nil {
			t.Fatal(err)
		}
		if out, err := deliver(t.Context(), t, d, it); err != "" || out.Objects != 1 {
			t.Errorf("%+v: %s", out, err)
		}
		all = contents(t, s)
		same := 0
		for _, data := range all {
			if bytes.Equal(data, it.Data) {
				same++
			}
		}
		if len(all) != 2+2*i || same != 1 {
			t.Errorf("%d objects, %d are this", len(all), same)
		}
	}
}

// TestVersityGW delivers to an S3 server of others.
func TestVersityGW(t *testing.T) {
	inBucket(t, sourcetest.StartVersityGW(t), aws.Config{Credentials: credentials.NewStaticCredentialsProvider(sourcetest.VersityGWKey, sourcetest.VersityGWSecret, "")}, "")
}

// TestMoto delivers to S3, CloudWatch Logs and Firehose as moto has them; what comes out of Firehose's bucket are the records.
func TestMoto(t *testing.T) {
	url := sourcetest.StartMoto(t)
	c := keys.Copy()
	inBucket(t, url, c, "bucket-owner-full-control")
	c.Region = "us-east-1"
	started := time.Now().Add(-time.Minute).Unix()
	line := strings.Replace(accepted, "1418530010", fmt.Sprint(started), 1)
	t.Run("logs", func(t *testing.T) {
		l := groupAt(url)
		if out, err := deliver(t.Context(), t, open(t, l), item(t, l, batch(t, line))); err != "" || out != (Outcome{Records: 1}) {
			t.Fatalf("%+v: %s", out, err)
		}
		logs := cloudwatchlogs.NewFromConfig(c, func(o *cloudwatchlogs.Options) { o.BaseEndpoint = &url })
		got, err := logs.GetLogEvents(t.Context(), &cloudwatchlogs.GetLogEventsInput{LogGroupName: aws.String("/vpc/logs"), LogStreamName: aws.String("eni-1235b8ca123456789-all")})
		if err != nil || len(got.Events) != 1 || *got.Events[0].Message != line || *got.Events[0].Timestamp != started*1000 {
			t.Errorf("%+v: %v", got, err)
		}
	})
	t.Run("firehose", func(t *testing.T) {
		streams := firehose.NewFromConfig(c, func(o *firehose.Options) { o.BaseEndpoint = &url })
		_, err := streams.CreateDeliveryStream(t.Context(), &firehose.CreateDeliveryStreamInput{
			DeliveryStreamName: aws.String("flows"),
			ExtendedS3DestinationConfiguration: &types.ExtendedS3DestinationConfiguration{
				BucketARN: aws.String("arn:aws:s3:::bucket"), RoleARN: aws.String("arn:aws:iam::123456789012:role/r"), Prefix: aws.String("firehose/"),
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		l := flowLog(config.Delivery{Type: config.Firehose, DeliveryStream: "flows", Endpoint: url})
		if out, err := deliver(t.Context(), t, open(t, l), item(t, l, batch(t, accepted, noData))); err != "" || out != (Outcome{Records: 2}) {
			t.Fatalf("%+v: %s", out, err)
		}
		s := s3.NewFromConfig(c, func(o *s3.Options) { o.BaseEndpoint, o.UsePathStyle = &url, true })
		var got []string
		for key, data := range contents(t, s) {
			if strings.HasPrefix(key, "firehose/") {
				got = append(got, read(t, l.Format, data)...)
			}
		}
		slices.Sort(got)
		if want := []string{noData, accepted}; !slices.Equal(got, want) && !slices.Equal(got, []string{accepted, noData}) {
			t.Errorf("%q", got)
		}
	})
}
