package flowlogstore

import (
	"errors"
	"testing"

	"weir/flowlog"
)

// FuzzRequest completes requests: what is taken can be read as a format, has a destination, and is complete.
func FuzzRequest(f *testing.F) {
	f.Add("VPC", "vpc-1", "ALL", "s3", "arn:aws:s3:::bkt/a/", "", "", "${version} ${vpc-id}", int32(60))
	f.Add("TransitGateway", "tgw-1", "", "kinesis-data-firehose", "arn:aws:firehose:us-east-1:123456789012:deliverystream/s", "", "", "", int32(60))
	f.Add("Subnet", "subnet-1", "REJECT", "", "", "g", testRole, "${interface-tag}", int32(600))
	f.Add("NetworkInterface", "eni-1", "ACCEPT", "cloud-watch-logs", testGroup+":*", "", testRole, "", int32(0))
	f.Fuzz(func(t *testing.T, of, id, traffic, destinationType, destination, group, role, format string, interval int32) {
		r := Request{ResourceIDs: []string{id}, Config: Config{
			ResourceType: ResourceType(of), TrafficType: traffic, DestinationType: destinationType, Destination: destination, LogGroup: group,
			DeliverLogsPermissionARN: role, LogFormat: format, MaxAggregationInterval: interval,
		}}
		if err := r.complete(Place{"123456789012", "us-east-1"}); err != nil {
			if !errors.As(err, new(*Error)) {
				t.Fatal(err)
			}
			return
		}
		parsed, err := flowlog.ParseLogFormat(r.LogFormat)
		if err == nil {
			_, err = parsed.As(resources[r.ResourceType].kind)
		}
		if err != nil || len(parsed.UnknownFields()) > 0 || parsed.String() != r.LogFormat {
			t.Errorf("the format %q was taken: %v", r.LogFormat, err)
		}
		if r.Destination == "" || (r.LogGroup != "") != (r.DestinationType == CloudWatchLogs) || (r.FileFormat != "") != (r.DestinationType == S3) || r.MaxAggregationInterval%60 != 0 {
			t.Errorf("%+v is not complete", r)
		}
		before := r.Config
		if before.LogGroup != "" {
			before.Destination = ""
		}
		again := Request{ResourceIDs: r.ResourceIDs, Config: before}
		if err := again.complete(Place{"123456789012", "us-east-1"}); err != nil {
			t.Errorf("what is complete is refused: %v", err)
		}
	})
}
