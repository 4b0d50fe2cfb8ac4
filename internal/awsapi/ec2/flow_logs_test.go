package ec2

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/internal/awsapi/awsapitest"
	"weir/internal/flowlogstore"
)

// TestDescribed makes flow logs and compares all that is said of them.
func TestDescribed(t *testing.T) {
	s := newServer(t, awsapitest.Anyone{})
	const format = "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} ${packets} ${bytes} ${start} ${end} ${action} ${log-status}"
	tests := []struct {
		name, parameters string
		want             map[string]string
	}{
		{ // as AWS answers, in the snapshot of LocalStack's test_ec2_flow_logs_s3
			"bucket", base + "vpc-1", map[string]string{
				"creationTime": "2026-09-21T14:13:20.001Z", "deliverLogsStatus": "SUCCESS", "destinationOptions/fileFormat": "plain-text", "destinationOptions/hiveCompatiblePartitions": "false",
				"destinationOptions/perHourPartition": "false", "flowLogStatus": "ACTIVE", "logDestination": "arn:aws:s3:::bkt", "logDestinationType": "s3", "logFormat": format,
				"maxAggregationInterval": "600", "resourceId": "vpc-1", "tagSet": "", "trafficType": "ALL",
			},
		},
		{
			"group by name", query(map[string]string{"ResourceType": "Subnet", "ResourceId.1": "subnet-1", "TrafficType": "REJECT", "LogGroupName": "/vpc/flow", "DeliverLogsPermissionArn": "arn:aws:iam::123456789012:role/r"}),
			map[string]string{
				"creationTime": "2026-09-21T14:13:20.003Z", "deliverLogsStatus": "SUCCESS", "deliverLogsPermissionArn": "arn:aws:iam::123456789012:role/r", "flowLogStatus": "ACTIVE",
				"logDestination": "arn:aws:logs:us-east-1:123456789012:log-group:/vpc/flow", "logDestinationType": "cloud-watch-logs", "logGroupName": "/vpc/flow", "logFormat": format,
				"maxAggregationInterval": "600", "resourceId": "subnet-1", "tagSet": "", "trafficType": "REJECT",
			},
		},
		{
			"stream with tags", query(map[string]string{
				"ResourceType": "NetworkInterface", "ResourceId.1": "eni-1", "TrafficType": "ACCEPT", "LogDestinationType": "kinesis-data-firehose", "LogDestination": "arn:aws:firehose:us-east-1:123456789012:deliverystream/s",
				"DeliverLogsPermissionArn": "arn:aws:iam::123456789012:role/r", "DeliverCrossAccountRole": "arn:aws:iam::123456789012:role/c", "LogFormat": "${instance-tag} ${instance-tag-2}", "MaxAggregationInterval": "60",
				"TagFieldSpecification.1.ResourceType": "instance", "TagFieldSpecification.1.TagKey.1": "Name", "TagFieldSpecification.1.TagKey.2": "team",
				"TagSpecification.1.ResourceType": "vpc-flow-log", "TagSpecification.1.Tag.1.Key": "b", "TagSpecification.1.Tag.2.Key": "a", "TagSpecification.1.Tag.2.Value": "<&>",
			}),
			map[string]string{
				"creationTime": "2026-09-21T14:13:20.005Z", "deliverLogsStatus": "SUCCESS", "deliverLogsPermissionArn": "arn:aws:iam::123456789012:role/r", "deliverCrossAccountRole": "arn:aws:iam::123456789012:role/c",
				"flowLogStatus": "ACTIVE", "logDestination": "arn:aws:firehose:us-east-1:123456789012:deliverystream/s", "logDestinationType": "kinesis-data-firehose", "logFormat": "${instance-tag} ${instance-tag-2}",
				"maxAggregationInterval": "60", "resourceId": "eni-1", "tagSet/1/key": "a", "tagSet/1/value": "<&>", "tagSet/2/key": "b", "tagSet/2/value": "", "trafficType": "ACCEPT",
				"tagFieldSpecificationSet/1/resourceType": "instance", "tagFieldSpecificationSet/1/tagKeySet/1": "Name", "tagFieldSpecificationSet/1/tagKeySet/2": "team",
			},
		},
	}
	for _, tt := range tests {
		id := s.create(tt.parameters)
		tt.want["flowLogId"] = id
		if diff := cmp.Diff(tt.want, s.described(id)); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
	id := s.create(query(map[string]string{
		"ResourceType": "TransitGateway", "ResourceId.1": "tgw-1", "LogDestinationType": "s3", "LogDestination": "arn:aws:s3:::bkt", "MaxAggregationInterval": "60",
		"DestinationOptions.FileFormat": "parquet", "DestinationOptions.HiveCompatiblePartitions": "true", "DestinationOptions.PerHourPartition": "true",
	}))
	if err := s.store.SetDelivery(t.Context(), id, flowlogstore.Failed, "Access error"); err != nil {
		t.Fatal(err)
	}
	got := s.described(id)
	if _, has := got["trafficType"]; has || got["deliverLogsStatus"] != "FAILED" || got["deliverLogsErrorMessage"] != "Access error" ||
		got["destinationOptions/fileFormat"]+got["destinationOptions/hiveCompatiblePartitions"]+got["destinationOptions/perHourPartition"] != "parquettruetrue" {
		t.Errorf("a transit gateway: %v", got)
	}
}

// TestUnsuccessful names a log group as CloudWatch Logs does, which EC2 does not take.
func TestUnsuccessful(t *testing.T) {
	s := newServer(t, awsapitest.Anyone{})
	const group = "arn:aws:logs:us-east-1:123456789012:log-group:g:*"
	out := s.ok("CreateFlowLogs", "ClientToken=t&ResourceType=VPC&TrafficType=ALL&ResourceId.1=vpc-1&ResourceId.2=vpc-2&DeliverLogsPermissionArn=arn:aws:iam::123456789012:role/r&LogDestination="+group)
	got := [][]string{out.at("clientToken"), out.at("flowLogIdSet/item"), out.at("unsuccessful/item/resourceId"), out.at("unsuccessful/item/error/code"), out.at("unsuccessful/item/error/message")}
	text := "Access Denied for LogDestination: " + group + ". Please check LogDestination permission"
	if diff := cmp.Diff([][]string{{"t"}, nil, {"vpc-1", "vpc-2"}, {"400", "400"}, {text, text}}, got); diff != "" {
		t.Error(diff)
	}
}

// TestRefused sends what is wrong. What the store refuses is tested there, but for one of each operation.
func TestRefused(t *testing.T) {
	s := newServer(t, awsapitest.Anyone{})
	id := s.create(base + "vpc-1")
	many := func(parameter string, n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "&%s.%d=fl-1", parameter, i+1)
		}
		return b.String()
	}
	tests := []struct{ operation, parameters, want string }{
		{"CreateFlowLogs", base + "vpc-1", "FlowLogAlreadyExists: Error. There is an existing Flow Log with the same configuration and log destination."},
		{"CreateFlowLogs", base + "vpc-2&DryRun=true", "DryRunOperation: Request would have succeeded, but DryRun flag is set."},
		{"CreateFlowLogs", base + "vpc-2&LogGroupName=g", "InvalidParameter: Please only provide LogGroupName or only provide LogDestination."},
		{"CreateFlowLogs", base + "vpc-2&ResourceIds.1=vpc-3", "UnknownParameter: The parameter ResourceIds is not recognized"},
		{"CreateFlowLogs", base + "vpc-2&LogFormat=", "InvalidParameterValue: 1 validation error detected: Value '' at 'logFormat' has an invalid format"},
		{"CreateFlowLogs", base + "vpc-2&MaxAggregationInterval=0", "InvalidParameter: Invalid Flow Log Max Aggregation Interval"},
		{"CreateFlowLogs", base + "vpc-2&MaxAggregationInterval=1m", "InvalidParameterValue: STRING_VALUE can not be converted to a Integer, at 'MaxAggregationInterval'"},
		{"CreateFlowLogs", base + "vpc-2&DestinationOptions.PerHourPartition=yes", "InvalidParameterValue: STRING_VALUE can not be converted to a Boolean, at 'DestinationOptions.PerHourPartition'"},
		{"CreateFlowLogs", base + "vpc-2&TagSpecification.1.Tag.1.Key=a", "InvalidParameterValue: Tag specification resource type must have a value"},
		{"CreateFlowLogs", base + "vpc-2&TagSpecification.1.ResourceType=vpc&TagSpecification.1.Tag.1.Key=a", "InvalidParameterValue: 'vpc' is not a valid taggable resource type for this operation."},
		{"CreateFlowLogs", base + "vpc-2&TagSpecification.1.ResourceType=vpc-flow-log", "InvalidParameterValue: Tag specification must have at least one tag"},
		{"CreateFlowLogs", base + "vpc-2" + teamSpec + strings.ReplaceAll(teamSpec, "TagSpecification.1.", "TagSpecification.2."), "InvalidParameter: The same resource type may not be specified more than once in tag specifications"},
		{"CreateFlowLogs", base + "vpc-2" + teamSpec + "&TagSpecification.1.Tag.2.Key=team", "InvalidParameterValue: Duplicate tag key 'team' specified."},
		{"CreateFlowLogs", base + "vpc-2&TagSpecification.1.ResourceType=vpc-flow-log&TagSpecification.1.Tag.1.Value=x", "MissingParameter: The request must contain the parameter Tag.Key"},
		{"DeleteFlowLogs", "", "MissingParameter: The request must contain the parameter FlowLogId"},
		{"DeleteFlowLogs", "FlowLogId.1=fl-1a2b3c4d", "InvalidFlowLogId.NotFound: These flow log ids in the input list are not found: [TotalCount: 1] fl-1a2b3c4d"},
		{"DeleteFlowLogs", "DryRun=true&FlowLogId.1=" + id, "DryRunOperation: Request would have succeeded, but DryRun flag is set."},
		{"DeleteFlowLogs", many("FlowLogId", 1001), "InvalidParameterValue: The request has 1001 values of the parameter FlowLogId; 1000 are allowed."},
		{"DescribeFlowLogs", "DryRun=true", "DryRunOperation: Request would have succeeded, but DryRun flag is set."},
		{"DescribeFlowLogs", "FlowLogId.1=fl-1&FlowLogId.2=" + id, "InvalidFlowLogId.NotFound: These flow log ids in the input list are not found: [TotalCount: 1] fl-1"},
		{"DescribeFlowLogs", "FlowLogId.1=null", "InvalidParameterValue: 1 validation error detected: Value 'null' at 'flowLogId' has an invalid format"},
		{"DescribeFlowLogs", many("FlowLogId", 1001), "InvalidParameterValue: The request has 1001 values of the parameter FlowLogId; 1000 are allowed."},
		{"DescribeFlowLogs", "MaxResults=0", "InvalidParameterValue: Value ( 0 ) for parameter maxResults is invalid. Expecting a value between 1 and 1000."},
		{"DescribeFlowLogs", "NextToken=x", "InvalidNextToken: The specified NextToken is not valid."},
		{"DescribeFlowLogs", "Filter.1.Value.1=a", "MissingParameter: The request must contain the parameter Filter.Name"},
		{"DescribeFlowLogs", "Filter.1.Name=resource-id", "MissingParameter: The request must contain the parameter Filter.Value"},
		{
			"DescribeFlowLogs", "Filter.1.Name=Resource-id&Filter.1.Value.1=a",
			"InvalidParameterValue: The filter 'Resource-id' is invalid. Filters are deliver-log-status, flow-log-id, log-destination-type, log-group-name, resource-id, tag-key, traffic-type, tag:KEY.",
		},
		{"DescribeFlowLogs", "Filter.1.Name=tag:&Filter.1.Value.1=a", "InvalidParameterValue: The filter 'tag:' is invalid. Filters are deliver-log-status, flow-log-id, log-destination-type, log-group-name, resource-id, tag-key, traffic-type, tag:KEY."},
		{"DescribeFlowLogs", "Filter.1.Name=resource-id" + many("Filter.1.Value", 201), "FilterLimitExceeded: The maximum number of filter values specified on a single call is 200"},
		{"CreateTags", "Tag.1.Key=a&Tag.1.Value=b", "MissingParameter: The request must contain the parameter ResourceId"},
		{"CreateTags", "ResourceId.1=" + id, "MissingParameter: The request must contain the parameter Tag"},
		{"CreateTags", "DryRun=true&Tag.1.Key=a&Tag.1.Value=b&ResourceId.1=" + id, "DryRunOperation: Request would have succeeded, but DryRun flag is set."},
		{"CreateTags", "Tag.1.Key=a&ResourceId.1=" + id, "InvalidParameterValue: Tag value cannot be null. Use empty string instead."},
		{"CreateTags", "Tag.1.Key=a&Tag.1.Value=b&Tag.2.Key=a&Tag.2.Value=c&ResourceId.1=" + id, "InvalidParameterValue: Duplicate tag key 'a' specified."},
		{"CreateTags", "Tag.1.Key=a&Tag.1.Value=b&ResourceId.2=vpc-1&ResourceId.1=" + id, "InvalidID: The ID 'vpc-1' is not valid: flow logs alone have tags on this server"},
		{"CreateTags", "Tag.1.Key=a&Tag.1.Value=b&ResourceId.1=fl-1", "InvalidFlowLogId.NotFound: These flow log ids in the input list are not found: [TotalCount: 1] fl-1"},
		{"CreateTags", "Tag.1.Key=a&Tag.1.Value=b" + many("ResourceId", 1001), "InvalidParameterValue: The request has 1001 values of the parameter ResourceId; 1000 are allowed."},
		{"DeleteTags", "", "MissingParameter: The request must contain the parameter ResourceId"},
		{"DeleteTags", "DryRun=true&ResourceId.1=" + id, "DryRunOperation: Request would have succeeded, but DryRun flag is set."},
		{"DeleteTags", "ResourceId.1=fl-1", "InvalidFlowLogId.NotFound: These flow log ids in the input list are not found: [TotalCount: 1] fl-1"},
		{"DescribeTags", "DryRun=true", "DryRunOperation: Request would have succeeded, but DryRun flag is set."},
		{"DescribeTags", "MaxResults=4", "InvalidParameterValue: Value ( 4 ) for parameter maxResults is invalid. Expecting a value between 5 and 1000."},
		{"DescribeTags", "MaxResults=1001", "InvalidParameterValue: Value ( 1001 ) for parameter maxResults is invalid. Expecting a value between 5 and 1000."},
		{"DescribeTags", "Filter.1.Name=tag-key&Filter.1.Value.1=a", "InvalidParameterValue: The filter 'tag-key' is invalid. Filters are key, resource-id, resource-type, value, tag:KEY."},
		{"DescribeTags", "NextToken=x", "InvalidNextToken: The specified NextToken is not valid."},
		{"DescribeVpcs", "", "InvalidAction: The action DescribeVpcs is not valid for this web service."},
	}
	for _, tt := range tests {
		if got := s.refused(tt.operation, tt.parameters); got != tt.want {
			t.Errorf("%s %.100s: %s\nwant %s", tt.operation, tt.parameters, got, tt.want)
		}
	}
	if ids := s.ok("DescribeFlowLogs", "").at("flowLogSet/item/flowLogId"); len(ids) != 1 || ids[0] != id {
		t.Errorf("what was refused left %v", ids)
	}
}

// TestFilters asks for some of the flow logs.
func TestFilters(t *testing.T) {
	s := newServer(t, awsapitest.Anyone{})
	a := s.create(base + "vpc-1" + teamSpec + "&TagSpecification.1.Tag.1.Value=a*b")
	b := s.create("ResourceType=Subnet&TrafficType=REJECT&LogGroupName=/vpc/flow&ResourceId.1=subnet-1&DeliverLogsPermissionArn=arn:aws:iam::123456789012:role/r" + teamSpec + "&TagSpecification.1.Tag.1.Value=axb")
	c := s.create("ResourceType=TransitGateway&MaxAggregationInterval=60&LogDestinationType=kinesis-data-firehose&LogDestination=arn:aws:firehose:us-east-1:123456789012:deliverystream/s&ResourceId.1=tgw-1")
	if err := s.store.SetDelivery(t.Context(), c, flowlogstore.Failed, "Unknown error"); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		parameters string
		want       []string
	}{
		{"", []string{a, b, c}},
		{"Filter.1.Name=flow-log-id&Filter.1.Value.1=" + b, []string{b}},
		{"Filter.1.Name=flow-log-id&Filter.1.Value.1=fl-1&Filter.1.Value.2=" + c, []string{c}},
		{"Filter.1.Name=resource-id&Filter.1.Value.1=vpc-1", []string{a}},
		{"Filter.1.Name=resource-id&Filter.1.Value.1=*-1", []string{a, b, c}},
		{"Filter.1.Name=resource-id&Filter.1.Value.1=???-1", []string{a, c}},
		{"Filter.1.Name=resource-id&Filter.1.Value.1=VPC-1", nil},
		{"Filter.1.Name=traffic-type&Filter.1.Value.1=ALL&Filter.1.Value.2=REJECT", []string{a, b}},
		{"Filter.1.Name=traffic-type&Filter.1.Value.1=*", []string{a, b}},
		{"Filter.1.Name=log-destination-type&Filter.1.Value.1=cloud-watch-logs", []string{b}},
		{"Filter.1.Name=log-group-name&Filter.1.Value.1=/vpc/*", []string{b}},
		{"Filter.1.Name=log-group-name&Filter.1.Value.1=*", []string{b}},
		{"Filter.1.Name=deliver-log-status&Filter.1.Value.1=FAILED", []string{c}},
		{"Filter.1.Name=tag-key&Filter.1.Value.1=team", []string{a, b}},
		{"Filter.1.Name=tag:team&Filter.1.Value.1=a*b", []string{a, b}},
		{`Filter.1.Name=tag:team&Filter.1.Value.1=a\*b`, []string{a}},
		{"Filter.1.Name=tag:other&Filter.1.Value.1=*", nil},
		{"Filter.1.Name=tag-key&Filter.1.Value.1=team&Filter.2.Name=traffic-type&Filter.2.Value.1=REJECT", []string{b}},
		{"FlowLogId.1=" + a + "&FlowLogId.2=" + c + "&Filter.1.Name=resource-id&Filter.1.Value.1=tgw-1", []string{c}},
		{"FlowLogId.1=" + c + "&FlowLogId.2=" + a + "&FlowLogId.3=" + a, []string{a, c}},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, s.ok("DescribeFlowLogs", tt.parameters).at("flowLogSet/item/flowLogId")); diff != "" {
			t.Errorf("%s: %s", tt.parameters, diff)
		}
	}
}

// TestPages reads all in pages, while flow logs go.
func TestPages(t *testing.T) {
	s := newServer(t, awsapitest.Anyone{})
	var want []string
	for i := range 7 {
		want = append(want, s.create(fmt.Sprintf("%svpc-%d", base, i+1)+teamSpec))
	}
	var got []string
	token := ""
	for range len(want) {
		out := s.ok("DescribeFlowLogs", "MaxResults=3"+token)
		got = append(got, out.at("flowLogSet/item/flowLogId")...)
		next := out.at("nextToken")
		if len(next) == 0 {
			break
		}
		token = "&NextToken=" + next[0]
		if len(got) == 3 { // the page goes on behind what is gone
			s.ok("DeleteFlowLogs", "FlowLogId.1="+want[2])
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	first := s.ok("DescribeTags", "MaxResults=5")
	rest := s.ok("DescribeTags", "MaxResults=5&NextToken="+first.at("nextToken")[0])
	left := slices.Concat(want[:2], want[3:])
	if diff := cmp.Diff(left, append(first.at("tagSet/item/resourceId"), rest.at("tagSet/item/resourceId")...)); diff != "" || len(rest.at("nextToken")) != 0 {
		t.Error(diff)
	}
	// A token of one operation is none of another.
	if got := s.refused("DescribeFlowLogs", "NextToken="+first.at("nextToken")[0]); !strings.HasPrefix(got, "InvalidNextToken: ") {
		t.Error(got)
	}
}

// TestTags puts, lists and takes tags.
func TestTags(t *testing.T) {
	s := newServer(t, awsapitest.Anyone{})
	a, b := s.create(base+"vpc-1"), s.create(base+"vpc-2")
	both := "&ResourceId.1=" + a + "&ResourceId.2=" + b
	list := func(parameters string) (out []string) {
		e := s.ok("DescribeTags", parameters)
		ids, keys, values, types := e.at("tagSet/item/resourceId"), e.at("tagSet/item/key"), e.at("tagSet/item/value"), e.at("tagSet/item/resourceType")
		for i := range ids {
			name := map[string]string{a: "a", b: "b"}[ids[i]]
			if types[i] != "vpc-flow-log" {
				t.Errorf("the type is %s", types[i])
			}
			out = append(out, name+" "+keys[i]+"="+values[i])
		}
		return out
	}
	if out := s.ok("CreateTags", "Tag.1.Key=x&Tag.1.Value=1&Tag.2.Key=y&Tag.2.Value="+both); out.at("return")[0] != "true" {
		t.Errorf("%v", out)
	}
	s.ok("CreateTags", "Tag.1.Key=x&Tag.1.Value=2&ResourceId.1="+b)
	for parameters, want := range map[string][]string{
		"":                                       {"a x=1", "a y=", "b x=2", "b y="},
		"Filter.1.Name=key&Filter.1.Value.1=x":   {"a x=1", "b x=2"},
		"Filter.1.Name=value&Filter.1.Value.1=2": {"b x=2"},
		"Filter.1.Name=value&Filter.1.Value.1=":  {"a y=", "b y="},
		"Filter.1.Name=resource-id&Filter.1.Value.1=" + a:           {"a x=1", "a y="},
		"Filter.1.Name=resource-type&Filter.1.Value.1=vpc-flow-log": {"a x=1", "a y=", "b x=2", "b y="},
		"Filter.1.Name=resource-type&Filter.1.Value.1=vpc":          nil,
		"Filter.1.Name=tag:x&Filter.1.Value.1=1":                    {"a x=1"},
	} {
		if diff := cmp.Diff(want, list(parameters)); diff != "" {
			t.Errorf("%s: %s", parameters, diff)
		}
	}
	s.ok("DeleteTags", "Tag.1.Key=x&Tag.1.Value=2"+both)
	if diff := cmp.Diff([]string{"a x=1", "a y=", "b y="}, list("")); diff != "" {
		t.Error(diff)
	}
	s.ok("DeleteTags", "Tag.1.Key=y&Tag.2.Key=nothing&ResourceId.1="+b)
	s.ok("DeleteTags", "ResourceId.1="+a)
	if left := list(""); left != nil {
		t.Errorf("left %v", left)
	}
}

// TestLike compares texts with patterns.
func TestLike(t *testing.T) {
	for _, tt := range []struct {
		pattern, text string
		want          bool
	}{
		{"", "", true},
		{"", "a", false},
		{"a", "a", true},
		{"a", "A", false},
		{"*", "", true},
		{"?", "", false},
		{"?", "ä", true},
		{"a*b*c", "aXbbYc", true},
		{"a*b*c", "aXbbY", false},
		{"**", "x", true},
		{`\*`, "*", true},
		{`\*`, "x", false},
		{`a\?\\`, `a?\`, true},
		{`*\?`, "ab?", true},
		{`*\?`, "abc", false},
		{`x\`, `x\`, true},
		{`*\*x*`, "a*b*xc", true},
	} {
		if got := like(tt.pattern, tt.text); got != tt.want {
			t.Errorf("%q like %q is %v", tt.text, tt.pattern, got)
		}
	}
}

// FuzzLike: a text is like itself with each character escaped, and like * in place of any part of it.
func FuzzLike(f *testing.F) {
	f.Add("a*b?", 1, 3)
	f.Fuzz(func(t *testing.T, text string, from, to int) {
		runes := []rune(text)
		if from < 0 || from > to || to > len(runes) {
			return
		}
		escape := func(part []rune) string {
			var b strings.Builder
			for _, r := range part {
				b.WriteString(`\` + string(r))
			}
			return b.String()
		}
		text = string(runes)
		if !like(escape(runes), text) || !like(escape(runes[:from])+"*"+escape(runes[to:]), text) || like(escape(runes)+"?", text) {
			t.Errorf("%q", text)
		}
	})
}
