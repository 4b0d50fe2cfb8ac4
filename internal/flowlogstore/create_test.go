package flowlogstore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"weir/flowlog"
)

const (
	testRole   = "arn:aws:iam::123456789012:role/flow"
	testGroup  = "arn:aws:logs:us-east-1:123456789012:log-group:/vpc/flow"
	testStream = "arn:aws:firehose:us-east-1:123456789012:deliverystream:s"
)

// clock is a clock that stands until it is set.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

// open opens a store in a folder with a clock.
func open(t *testing.T, data string, missing func(context.Context, ResourceType, []string) ([]string, error)) (*Store, *clock) {
	t.Helper()
	c := &clock{time.UnixMilli(1_790_000_000_123)}
	s, err := Open(t.Context(), data, Options{Place: Place{"123456789012", "us-east-1"}, Missing: missing, Now: c.now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s, c
}

// toBucket is a request that is right.
func toBucket(ids ...string) Request {
	return Request{ResourceIDs: ids, Config: Config{ResourceType: VPC, TrafficType: "ALL", DestinationType: S3, Destination: "arn:aws:s3:::bkt"}}
}

func toGroup(ids ...string) Request {
	return Request{ResourceIDs: ids, Config: Config{ResourceType: VPC, TrafficType: "ALL", LogGroup: "/vpc/flow", DeliverLogsPermissionARN: testRole}}
}

func transit(t ResourceType, id string) Request {
	return Request{ResourceIDs: []string{id}, Config: Config{ResourceType: t, DestinationType: Firehose, Destination: testStream, MaxAggregationInterval: 60}}
}

// said returns the code and text of an *Error, or fails.
func said(t *testing.T, err error) string {
	t.Helper()
	if err == nil {
		return ""
	}
	e := new(Error)
	if !errors.As(err, &e) {
		t.Fatalf("an error of another kind: %v", err)
	}
	return e.Error()
}

// TestCreateRefuses asks for what is wrong. Texts that AWS is known to use are whole here; of own ones, what matters.
func TestCreateRefuses(t *testing.T) {
	s, _ := open(t, t.TempDir(), nil)
	many := make([]string, 301)
	for i := range many {
		many[i] = fmt.Sprintf("tgw-%x", i)
	}
	vpcs := make([]string, len(many))
	for i := range vpcs {
		vpcs[i] = "vpc-" + many[i][4:]
	}
	tests := []struct {
		name   string
		from   Request
		change func(r *Request)
		want   string
	}{
		{"no resource", toBucket(), nil, "MissingParameter: The request must contain the parameter ResourceId"},
		{"no resource type", toBucket("vpc-1"), func(r *Request) { r.ResourceType = "" }, "MissingParameter: The request must contain the parameter ResourceType"},
		{"resource type", toBucket("vpc-1"), func(r *Request) { r.ResourceType = "Vpc" }, "InvalidParameterValue: Value (Vpc) for parameter ResourceType is invalid."},
		{"too many", toBucket(vpcs...), nil, "InvalidParameter: The request has 301 resources; 300 are allowed for the resource type VPC."},
		{"too many gateways", transit(TransitGateway, ""), func(r *Request) { r.ResourceIDs = many[:26] }, "InvalidParameter: The request has 26 resources; 25"},
		{"id of another type", toBucket("vpc-1", "subnet-1"), nil, "InvalidParameterValue: Value (subnet-1) for parameter ResourceId is invalid. Ids of the resource type VPC begin with vpc-."},
		{"no id", toBucket("vpc-"), nil, "InvalidParameterValue: Value (vpc-)"},
		{"odd id", toBucket("vpc-1 2"), nil, "InvalidParameterValue: Value (vpc-1 2)"},
		{"attachment as gateway", transit(TransitGateway, "tgw-attach-1"), nil, "InvalidParameterValue: Value (tgw-attach-1)"},
		{"id twice", toBucket("vpc-1", "vpc-2", "vpc-1"), nil, "InvalidParameter: The resource vpc-1 is in the request twice."},
		{"token", toBucket("vpc-1"), func(r *Request) { r.Token = strings.Repeat("x", 65) }, "InvalidParameterValue: Invalid value for ClientToken"},
		{"no traffic type", toBucket("vpc-1"), func(r *Request) { r.TrafficType = "" }, "MissingParameter: The request must contain the parameter TrafficType"},
		{"traffic type", toBucket("vpc-1"), func(r *Request) { r.TrafficType = "all" }, "InvalidParameterValue: Value (all) for parameter TrafficType is invalid. It can be ACCEPT, REJECT, ALL."},
		{"traffic type of a gateway", transit(TransitGateway, "tgw-1"), func(r *Request) { r.TrafficType = "ALL" }, "InvalidParameter: TrafficType is not supported for the resource type TransitGateway"},
		{"interval", toBucket("vpc-1"), func(r *Request) { r.MaxAggregationInterval = 61 }, "InvalidParameter: Invalid Flow Log Max Aggregation Interval"},
		{"interval of a gateway", transit(TransitGatewayAttachment, "tgw-attach-1"), func(r *Request) { r.MaxAggregationInterval = 600 }, "InvalidParameter: Invalid Flow Log Max Aggregation Interval: it must be 60"},
		{"no interval of a gateway", transit(TransitGateway, "tgw-1"), func(r *Request) { r.MaxAggregationInterval = 0 }, "InvalidParameter: Invalid Flow Log Max Aggregation Interval: it must be 60"},
		{"both destinations", toGroup("vpc-1"), func(r *Request) { r.Destination = testGroup }, "InvalidParameter: Please only provide LogGroupName or only provide LogDestination."},
		{"no destination", toBucket("vpc-1"), func(r *Request) { r.Destination = "" }, "InvalidParameter: LogDestination can't be empty if LogGroupName is not provided."},
		{"group and bucket", toGroup("vpc-1"), func(r *Request) { r.DestinationType = S3 }, "InvalidParameter: LogDestination type must be cloud-watch-logs if LogGroupName is provided."},
		{"no role", toGroup("vpc-1"), func(r *Request) { r.DeliverLogsPermissionARN = "" }, "InvalidParameter: DeliverLogsPermissionArn can't be empty if LogDestinationType is cloud-watch-logs."},
		{"role of a bucket", toBucket("vpc-1"), func(r *Request) { r.DeliverLogsPermissionARN = testRole }, "InvalidParameter: DeliverLogsPermissionArn is not applicable for s3 delivery"},
		{"cross-account role of a bucket", toBucket("vpc-1"), func(r *Request) { r.DeliverCrossAccountRole = testRole }, "InvalidParameter: DeliverCrossAccountRole is not applicable"},
		{"cross-account role of a group", toGroup("vpc-1"), func(r *Request) { r.DeliverCrossAccountRole = testRole }, "InvalidParameter: DeliverCrossAccountRole is only"},
		{
			"one role of two", transit(TransitGateway, "tgw-1"), func(r *Request) { r.DeliverCrossAccountRole = testRole },
			"InvalidParameter: When providing a role for cross-account delivery, both the DeliverLogsPermissionArn and DeliverCrossAccountRole fields must be set.",
		},
		{"odd role", toGroup("vpc-1"), func(r *Request) { r.DeliverLogsPermissionARN = "flow" }, "InvalidParameter: DeliverLogsPermissionArn: flow is not the ARN of a role"},
		{"odd cross-account role", transit(TransitGateway, "tgw-1"), func(r *Request) { r.DeliverCrossAccountRole, r.DeliverLogsPermissionARN = "x", testRole }, "InvalidParameter: DeliverCrossAccountRole: x is not the ARN of a role"},
		{"destination type", toBucket("vpc-1"), func(r *Request) { r.DestinationType = "S3" }, "InvalidParameterValue: Value (S3) for parameter LogDestinationType is invalid."},
		{"group name", toGroup("vpc-1"), func(r *Request) { r.LogGroup = "a b" }, "InvalidParameter: LogGroupName: a b is not valid"},
		{"group as bucket", toBucket("vpc-1"), func(r *Request) { r.Destination = testGroup }, "InvalidParameter: LogDestination: " + testGroup + " is not valid: the ARN of a bucket is"},
		{"bucket as group", toGroup("vpc-1"), func(r *Request) { r.LogGroup, r.Destination = "", "arn:aws:s3:::bkt" }, "InvalidParameter: LogDestination: arn:aws:s3:::bkt is not valid: the ARN of a log group is"},
		{"stream", transit(TransitGateway, "tgw-1"), func(r *Request) { r.Destination = "s" }, "InvalidParameter: LogDestination: s is not valid: the ARN of a delivery stream is"},
		{"AWS's folder", toBucket("vpc-1"), func(r *Request) { r.Destination += "/a/AWSLogs/" }, "InvalidParameter: LogDestination: arn:aws:s3:::bkt/a/AWSLogs/ is not valid: AWSLogs is no name"},
		{"long folder", toBucket("vpc-1"), func(r *Request) { r.Destination += "/" + strings.Repeat("x", 1100) }, "InvalidParameter: LogDestination: arn:aws:s3:::bkt/xxx"},
		{"file format", toBucket("vpc-1"), func(r *Request) { r.FileFormat = "csv" }, "InvalidParameterValue: Value (csv) for parameter DestinationOptions.FileFormat is invalid."},
		{"options of a group", toGroup("vpc-1"), func(r *Request) { r.PerHour = true }, "InvalidParameter: DestinationOptions are only for the destination type s3."},
		{
			"format with a space at its end", toBucket("vpc-1"), func(r *Request) { r.LogFormat = "${version} ${log-status} " },
			"InvalidParameterValue: 1 validation error detected: Value '${version} ${log-status} ' at 'logFormat' has an invalid format",
		},
		{"format of plain names", toBucket("vpc-1"), func(r *Request) { r.LogFormat = "version start" }, "InvalidParameterValue: 1 validation error detected: Value 'version start' at 'logFormat' has an invalid format"},
		{"format without a brace", toBucket("vpc-1"), func(r *Request) { r.LogFormat = "${version" }, "InvalidParameterValue: 1 validation error"},
		{"unknown field", toBucket("vpc-1"), func(r *Request) { r.LogFormat = "${version} ${nothing}" }, "InvalidParameter: LogFormat: flow logs of the resource type VPC have no field ${nothing}"},
		{"weir's own field", toBucket("vpc-1"), func(r *Request) { r.LogFormat = "${version} ${" + ownField(t) + "}" }, "InvalidParameter: LogFormat: flow logs of the resource type VPC have no field"},
		{"field of gateways", toBucket("vpc-1"), func(r *Request) { r.LogFormat = "${tgw-id}" }, "InvalidParameter: LogFormat: flow logs of the resource type VPC have no field ${tgw-id}"},
		{"field of networks", transit(TransitGateway, "tgw-1"), func(r *Request) { r.LogFormat = "${action}" }, "InvalidParameter: LogFormat: flow logs of the resource type TransitGateway have no field ${action}"},
		{"column in place of a field", toBucket("vpc-1"), func(r *Request) { r.LogFormat = "${account_id}" }, "InvalidParameter: LogFormat: fields have lower case letters and hyphens"},
		{"field twice", toBucket("vpc-1"), func(r *Request) { r.LogFormat = "${start} ${end} ${start}" }, "InvalidParameter: LogFormat: field start stands there twice"},
		{"tag field without a key", toBucket("vpc-1"), func(r *Request) { r.LogFormat = "${interface-tag}" }, "InvalidParameter: LogFormat: ${interface-tag} needs a TagFieldSpecification with the ResourceType network-interface and at least 1 TagKey"},
		{"second tag field with one key", toBucket("vpc-1"), func(r *Request) {
			r.LogFormat, r.TagFields = "${asg-tag} ${asg-tag-2}", []TagField{{"auto-scaling-group", []string{"a"}}}
		}, "InvalidParameter: LogFormat: ${asg-tag-2} needs a TagFieldSpecification with the ResourceType auto-scaling-group and at least 2 TagKey"},
		{"tag field of a type", toBucket("vpc-1"), func(r *Request) { r.TagFields = []TagField{{"vpc", []string{"a"}}} }, "InvalidParameterValue: Value (vpc) for parameter TagFieldSpecification.ResourceType is invalid."},
		{"tag field of no type", toBucket("vpc-1"), func(r *Request) { r.TagFields = []TagField{{"", []string{"a"}}} }, "MissingParameter: The request must contain the parameter TagFieldSpecification.ResourceType"},
		{"tag fields of a type twice", toBucket("vpc-1"), func(r *Request) { r.TagFields = []TagField{{"instance", []string{"a"}}, {"instance", []string{"b"}}} }, "InvalidParameter: There are two TagFieldSpecifications with the ResourceType instance."},
		{"four tag fields", toBucket("vpc-1"), func(r *Request) { r.TagFields = make([]TagField, 4) }, "InvalidParameter: The request has 4 TagFieldSpecifications; 3 are allowed."},
		{"tag field without keys", toBucket("vpc-1"), func(r *Request) { r.TagFields = []TagField{{"instance", nil}} }, "MissingParameter: The request must contain the parameter TagFieldSpecification.TagKey"},
		{"tag field with three keys", toBucket("vpc-1"), func(r *Request) { r.TagFields = []TagField{{"instance", []string{"a", "b", "c"}}} }, "InvalidParameter: The TagFieldSpecification of instance has 3 TagKeys; 2 are allowed."},
		{"tag field with a key twice", toBucket("vpc-1"), func(r *Request) { r.TagFields = []TagField{{"instance", []string{"a", "a"}}} }, "InvalidParameter: The TagFieldSpecification of instance has the TagKey a twice."},
		{"tag field with an empty key", toBucket("vpc-1"), func(r *Request) { r.TagFields = []TagField{{"instance", []string{""}}} }, "MissingParameter: The request must contain the parameter Tag.Key"},
		{"tag of AWS", toBucket("vpc-1"), func(r *Request) { r.Tags = map[string]string{"AWS:x": "y"} }, "InvalidParameterValue: Tag keys starting with 'aws:' are reserved for internal use"},
		{"long tag key", toBucket("vpc-1"), func(r *Request) { r.Tags = map[string]string{strings.Repeat("ä", 129): ""} }, "InvalidParameterValue: Tag key exceeds the maximum length of 128 characters"},
		{"long tag value", toBucket("vpc-1"), func(r *Request) { r.Tags = map[string]string{"a": strings.Repeat("ä", 257)} }, "InvalidParameterValue: Tag value exceeds the maximum length of 256 characters"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := tt.from
			if tt.change != nil {
				tt.change(&r)
			}
			_, err := s.Create(t.Context(), r)
			if got := said(t, err); !strings.HasPrefix(got, tt.want) || got == "" {
				t.Errorf("%s\nwant %s", got, tt.want)
			}
		})
	}
	if all, generation, err := s.List(t.Context()); err != nil || len(all) != 0 || generation != 0 {
		t.Errorf("what was refused left %d flow logs and generation %d: %v", len(all), generation, err)
	}
}

// ownField returns a field that no flow log of AWS has.
func ownField(t *testing.T) string {
	t.Helper()
	for _, f := range flowlog.Fields(flowlog.KindVPC) {
		if f.Own() && f.Name == strings.ToLower(f.Name) && !strings.Contains(f.Name, "_") {
			return f.Name
		}
	}
	t.Fatal("there is no own field")
	return ""
}

// TestCreate makes flow logs of each type and reads what became of them, over a restart.
func TestCreate(t *testing.T) {
	dir := t.TempDir()
	s, _ := open(t, dir, nil)
	var every strings.Builder
	for i, f := range flowlog.Fields(flowlog.KindVPC) {
		if !f.Own() {
			if i > 0 {
				every.WriteByte(' ')
			}
			every.WriteString("${" + f.Name + "}")
		}
	}
	custom := Request{
		ResourceIDs: []string{"eni-2", "eni-1"},
		Config: Config{
			ResourceType: NetworkInterface, TrafficType: "REJECT", DestinationType: S3, Destination: "arn:aws-cn:s3:::my-bucket/a/b/", MaxAggregationInterval: 60, LogFormat: every.String(),
			FileFormat: Parquet, Hive: true, PerHour: true,
			TagFields: []TagField{{"instance", []string{"Name", "team"}}, {"network-interface", []string{"a", "b"}}, {"auto-scaling-group", []string{"c", "d"}}},
		},
		Tags: map[string]string{"a": "b", "empty": ""},
	}
	streamed := Request{
		ResourceIDs: []string{"nat-0123456789abcdef0"},
		Config: Config{
			ResourceType: RegionalNATGateway, TrafficType: "ACCEPT", DestinationType: Firehose, Destination: "arn:aws:firehose:us-east-1:123456789012:deliverystream/s",
			DeliverLogsPermissionARN: testRole, DeliverCrossAccountRole: testRole,
		},
	}
	byARN := toGroup("subnet-1")
	byARN.ResourceType, byARN.LogGroup, byARN.Destination, byARN.DestinationType = Subnet, "", "arn:aws:logs:eu-west-1:444455556666:log-group:other", CloudWatchLogs
	var want []FlowLog
	for _, r := range []Request{toGroup("vpc-1"), byARN, custom, streamed, transit(TransitGateway, "tgw-1"), transit(TransitGatewayAttachment, "tgw-attach-1")} {
		out, err := s.Create(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		if len(out.IDs) != len(r.ResourceIDs) || out.Unsuccessful != nil || len(out.Token) != 44 {
			t.Errorf("made %+v", out)
		}
		for i, id := range out.IDs {
			if len(id) != 20 || CheckIDs([]string{id}) != nil {
				t.Errorf("%s is no id", id)
			}
			f := FlowLog{ID: id, Number: int64(len(want) + 1), ResourceID: r.ResourceIDs[i], Config: r.Config, Created: 1_790_000_000_123, Delivery: Success, Tags: r.Tags}
			f.MaxAggregationInterval = cmp.Or(f.MaxAggregationInterval, 600)
			switch f.ResourceType {
			case VPC:
				f.DestinationType, f.Destination = CloudWatchLogs, testGroup
			case Subnet:
				f.LogGroup = "other"
			}
			if f.LogFormat == "" {
				f.LogFormat = "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} ${packets} ${bytes} ${start} ${end} ${action} ${log-status}"
			}
			if strings.HasPrefix(f.ResourceID, "tgw-") {
				f.LogFormat = "${version} ${resource-type} ${account-id} ${tgw-id} ${tgw-attachment-id} ${tgw-src-vpc-account-id} ${tgw-dst-vpc-account-id} ${tgw-src-vpc-id} ${tgw-dst-vpc-id} ${tgw-src-subnet-id} ${tgw-dst-subnet-id} ${tgw-src-eni} ${tgw-dst-eni} ${tgw-src-az-id} ${tgw-dst-az-id} ${tgw-pair-attachment-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} ${packets} ${bytes} ${start} ${end} ${log-status} ${type} ${packets-lost-no-route} ${packets-lost-blackhole} ${packets-lost-mtu-exceeded} ${packets-lost-ttl-expired} ${tcp-flags} ${region} ${flow-direction} ${pkt-src-aws-service} ${pkt-dst-aws-service}"
			}
			want = append(want, f)
		}
	}
	for _, store := range []*Store{s, func() *Store { s, _ := open(t, dir, nil); return s }()} {
		got, generation, err := store.List(t.Context())
		if err != nil || generation != 6 {
			t.Errorf("generation %d, %v", generation, err)
		}
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
}

// TestCreateAgain asks for what there is: the same of the same resource is refused, with all else that is in the request; what differs is not.
func TestCreateAgain(t *testing.T) {
	s, _ := open(t, t.TempDir(), nil)
	base := toGroup("vpc-1")
	if _, err := s.Create(t.Context(), base); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(r *Request){
		"another resource": func(r *Request) { r.ResourceIDs = []string{"vpc-3"} },
		"traffic type":     func(r *Request) { r.TrafficType = "REJECT" },
		"interval":         func(r *Request) { r.MaxAggregationInterval = 60 },
		"format":           func(r *Request) { r.LogFormat = "${version}" },
		"destination":      func(r *Request) { r.LogGroup = "other" },
	} {
		r := base
		change(&r)
		if _, err := s.Create(t.Context(), r); err != nil {
			t.Errorf("with another %s: %v", name, err)
		}
	}
	all, before, err := s.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(r *Request){
		"itself":      func(*Request) {},
		"with others": func(r *Request) { r.ResourceIDs = []string{"vpc-2", "vpc-1"} },
		"the same in words": func(r *Request) {
			r.MaxAggregationInterval, r.DestinationType, r.LogFormat = 600, CloudWatchLogs, flowlog.DefaultFormat(flowlog.KindVPC).String()
		},
		"by the group's ARN":     func(r *Request) { r.LogGroup, r.Destination = "", testGroup },
		"with another role":      func(r *Request) { r.DeliverLogsPermissionARN += "2" },
		"with a tag and a token": func(r *Request) { r.Tags, r.Token = map[string]string{"a": "b"}, "t" },
	} {
		r := base
		change(&r)
		_, err := s.Create(t.Context(), r)
		if got := said(t, err); got != "FlowLogAlreadyExists: Error. There is an existing Flow Log with the same configuration and log destination." {
			t.Errorf("%s: %q", name, got)
		}
	}
	if left, generation, err := s.List(t.Context()); err != nil || len(left) != len(all) || generation != before {
		t.Errorf("%d flow logs of %d, generation %d after %d: %v", len(left), len(all), generation, before, err)
	}
}

// TestLimit fills a resource with flow logs.
func TestLimit(t *testing.T) {
	s, _ := open(t, t.TempDir(), nil)
	ctx := t.Context()
	for i := range perResource { // not by Create, of which each is synced
		if _, err := s.db.ExecContext(ctx, "INSERT INTO flow_logs (id, resource, config, same, created, delivery, delivery_error) VALUES (?, 'vpc-1', '{}', ?, 0, 'SUCCESS', '')", i, i); err != nil {
			t.Fatal(err)
		}
	}
	_, err := s.Create(ctx, toBucket("vpc-2", "vpc-1"))
	if got := said(t, err); got != "FlowLogsLimitExceeded: The resource vpc-1 has 250 flow logs, which is the limit." {
		t.Error(got)
	}
}

// TestTokens sends requests again.
func TestTokens(t *testing.T) {
	s, clock := open(t, t.TempDir(), nil)
	r := toBucket("vpc-1", "vpc-2")
	r.Token, r.Tags = "terraform-1", map[string]string{"a": "b", "c": "d"}
	first, err := s.Create(t.Context(), r)
	if err != nil || first.Token != r.Token {
		t.Fatalf("%+v %v", first, err)
	}
	clock.at = clock.at.Add(remembered - time.Millisecond)
	again, err := s.Create(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(first, again); diff != "" {
		t.Error(diff)
	}
	other := r
	other.TrafficType = "REJECT"
	if _, err := s.Create(t.Context(), other); !strings.HasPrefix(said(t, err), "IdempotentParameterMismatch: ") {
		t.Errorf("other parameters: %v", err)
	}
	clock.at = clock.at.Add(time.Millisecond)
	if made, err := s.Create(t.Context(), other); err != nil || len(made.IDs) != 2 {
		t.Errorf("a token that is too old: %+v %v", made, err)
	}
	// What failed is not remembered: the same token works once the cause is gone.
	bad := toGroup("vpc-9")
	bad.Token, bad.LogGroup, bad.Destination = "t2", "", testGroup+":*"
	out, err := s.Create(t.Context(), bad)
	if err != nil {
		t.Fatal(err)
	}
	want := &Created{Token: "t2", Unsuccessful: []Unsuccessful{{"vpc-9", "400", "Access Denied for LogDestination: " + testGroup + ":*. Please check LogDestination permission"}}}
	if diff := gocmp.Diff(want, out); diff != "" {
		t.Error(diff)
	}
	bad.Destination = testGroup
	if out, err := s.Create(t.Context(), bad); err != nil || len(out.IDs) != 1 {
		t.Errorf("%+v %v", out, err)
	}
}

// TestTokenRace sends one request many times at once: one flow log is made, and all get the same answer.
func TestTokenRace(t *testing.T) {
	s, _ := open(t, t.TempDir(), nil)
	r := toBucket("vpc-1")
	r.Token = "t"
	const n = 8
	ids := make(chan string, n)
	for range n {
		go func() {
			out, err := s.Create(t.Context(), r)
			if err != nil {
				ids <- err.Error()
				return
			}
			ids <- out.IDs[0]
		}()
	}
	var all []string
	for range n {
		all = append(all, <-ids)
	}
	slices.Sort(all)
	if got := slices.Compact(all); len(got) != 1 || CheckIDs(got) != nil {
		t.Error(got)
	}
}

// TestMissing asks for resources of which some are not there.
func TestMissing(t *testing.T) {
	broken := errors.New("broken")
	s, _ := open(t, t.TempDir(), func(_ context.Context, of ResourceType, ids []string) ([]string, error) {
		if of == TransitGateway {
			return nil, broken
		}
		return slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return strings.HasSuffix(id, "-1") }), nil
	})
	for id, want := range map[string]string{
		"vpc-2":        "InvalidVpcID.NotFound: The vpc ID 'vpc-2' does not exist",
		"subnet-2":     "InvalidSubnetID.NotFound: The subnet ID 'subnet-2' does not exist",
		"eni-2":        "InvalidNetworkInterfaceID.NotFound: The networkInterface ID 'eni-2' does not exist",
		"tgw-attach-2": "InvalidTransitGatewayAttachmentID.NotFound: The transitGatewayAttachment ID 'tgw-attach-2' does not exist",
		"nat-2":        "NatGatewayNotFound: The natGateway ID 'nat-2' does not exist",
		"vpc-1":        "",
	} {
		r := toBucket(id)
		for t, of := range resources {
			if strings.TrimRight(id, "0123456789") == of.prefix+"-" {
				r.ResourceType = t
			}
		}
		if r.ResourceType == TransitGatewayAttachment {
			r.TrafficType, r.MaxAggregationInterval = "", 60
		}
		_, err := s.Create(t.Context(), r)
		if got := said(t, err); !strings.HasPrefix(got, want) || (got == "") != (want == "") {
			t.Errorf("%s: %s", id, got)
		}
	}
	if _, err := s.Create(t.Context(), transit(TransitGateway, "tgw-1")); !errors.Is(err, broken) {
		t.Error(err)
	}
}
