package ec2

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/internal/awsapi/awsapitest"
)

// TestIntegrationTemplate writes a template for a flow log, and says what is wrong.
func TestIntegrationTemplate(t *testing.T) {
	const operation = "GetFlowLogsIntegrationTemplate"
	s := newServer(t, awsapitest.Anyone{})
	id := s.create(base + "vpc-1")
	group := s.create(query(map[string]string{"ResourceType": "VPC", "ResourceId.1": "vpc-1", "TrafficType": "ALL", "LogGroupName": "g", "DeliverLogsPermissionArn": "arn:aws:iam::123456789012:role/r"}))
	gateway := s.create(query(map[string]string{"ResourceType": "TransitGateway", "ResourceId.1": "tgw-1", "MaxAggregationInterval": "60", "LogDestinationType": "s3", "LogDestination": "arn:aws:s3:::bkt"}))
	valid := map[string]string{
		"FlowLogId": id, "ConfigDeliveryS3DestinationArn": "arn:aws:s3:::bkt/templates",
		"IntegrateService.AthenaIntegration.1.IntegrationResultS3DestinationArn": "arn:aws:s3:::results",
		"IntegrateService.AthenaIntegration.1.PartitionLoadFrequency":            "daily",
	}
	with := func(changes map[string]string) string {
		all := maps.Clone(valid)
		maps.Copy(all, changes)
		maps.DeleteFunc(all, func(_, v string) bool { return v == "" })
		return query(all)
	}
	key := "templates/VPCFlowLogsIntegrationTemplate_" + id + "_Mon Sep 21 14:13:20 UTC 2026.yml"
	want := []string{"https://bkt.example/templates%2FVPCFlowLogsIntegrationTemplate_" + id + "_Mon%20Sep%2021%2014:13:20%20UTC%202026.yml"}
	if diff := cmp.Diff(want, s.ok(operation, with(nil)).at("result")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"bkt/" + key}, slices.Collect(maps.Keys(s.objects))); diff != "" {
		t.Error(diff)
	}
	if text := s.objects["bkt/"+key]; !strings.Contains(text, "LOCATION 's3://bkt/AWSLogs/'") || !strings.Contains(text, "'projection.accid.values' = '123456789012'") ||
		!strings.Contains(text, "'projection.region.values' = 'us-east-1'") || !strings.Contains(text, "'projection.day.range' = '2026/09/21,NOW'") {
		t.Error(text)
	}
	for _, c := range []struct {
		changes map[string]string
		want    string
	}{
		{map[string]string{"DryRun": "true"}, "DryRunOperation: "},
		{map[string]string{"FlowLogId": ""}, "MissingParameter: The request must contain the parameter FlowLogId"},
		{map[string]string{"FlowLogId": "vpc-1"}, "InvalidParameterValue: 1 validation error detected: Value 'vpc-1' at 'flowLogId' has an invalid format"},
		{map[string]string{"FlowLogId": "fl-0"}, "InvalidFlowLogId.NotFound: These flow log ids in the input list are not found: [TotalCount: 1] fl-0"},
		{map[string]string{"FlowLogId": group}, "InvalidParameter: " + group + " goes to cloud-watch-logs: only"},
		{map[string]string{"FlowLogId": gateway}, "InvalidParameter: " + gateway + " is of the resource type TransitGateway: "},
		{map[string]string{"ConfigDeliveryS3DestinationArn": ""}, "MissingParameter: The request must contain the parameter ConfigDeliveryS3DestinationArn"},
		{map[string]string{"ConfigDeliveryS3DestinationArn": "bkt"}, "InvalidParameter: ConfigDeliveryS3DestinationArn: bkt is not valid: "},
		{map[string]string{"ConfigDeliveryS3DestinationArn": "arn:aws:s3:::closed"}, "LogDestinationPermissionIssue: Access Denied for LogDestination: closed. Please check LogDestination permission: the bucket is closed"},
		{map[string]string{"IntegrateService.AthenaIntegration.1.PartitionStartDate": "yesterday"}, "InvalidParameterValue: "},
		{map[string]string{"IntegrateService.AthenaIntegration.1.PartitionStartDate": "2026-01-01T00:00:00Z"}, "InvalidParameter: PartitionStartDate and PartitionEndDate must be given both"},
		{map[string]string{"IntegrateService.AthenaIntegration.1.Schedule": "x"}, "UnknownParameter: "},
	} {
		if got := s.refused(operation, with(c.changes)); !strings.HasPrefix(got, c.want) {
			t.Errorf("%v: %s; want %s", c.changes, got, c.want)
		}
	}
	if len(s.objects) != 1 {
		t.Errorf("what was refused wrote %d objects", len(s.objects)-1)
	}
}
