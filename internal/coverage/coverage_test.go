package coverage

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/internal/netmodel"
)

const (
	owner, guest = "111111111111", "222222222222"

	place = `"Vpcs": [{"VpcId": "vpc-1", "OwnerId": "111111111111", "CidrBlock": "10.0.0.0/16"}],
		"Subnets": [{"SubnetId": "subnet-1", "VpcId": "vpc-1", "OwnerId": "111111111111", "AvailabilityZone": "eu-west-1a", "CidrBlock": "10.0.1.0/24"}]`
	enis = `"NetworkInterfaces": [{"NetworkInterfaceId": "eni-1", "OwnerId": "111111111111", "VpcId": "vpc-1", "SubnetId": "subnet-1"}]`
)

// answer returns what an account in eu-west-1 was asked.
func answer(account string, members ...string) netmodel.Document {
	return netmodel.Document{
		Name: "answers of " + account + ".json", Data: []byte("{" + strings.Join(members, ",") + "}"), Account: account, Region: "eu-west-1",
	}
}

// flowLogs returns an answer's flow logs: each as "vpc-1 ALL", with SUCCESS or another delivery
// status behind it.
func flowLogs(list ...string) string {
	var out []string
	for i, text := range list {
		f := append(strings.Fields(text), "SUCCESS")
		out = append(out, fmt.Sprintf(`{"FlowLogId": "fl-%d", "ResourceId": %q, "TrafficType": %q, "FlowLogStatus": "ACTIVE", "DeliverLogsStatus": %q,
			"LogDestinationType": "s3", "LogDestination": "arn:aws:s3:::b"}`, i+1, f[0], f[1], f[2]))
	}
	return `"FlowLogs": [` + strings.Join(out, ",") + "]"
}

func of(t *testing.T, docs ...netmodel.Document) Report {
	t.Helper()
	loaded, err := netmodel.LoadDocuments(docs)
	if err != nil || len(loaded.Problems)+len(loaded.Unknown) > 0 {
		t.Fatalf("%v %v %v", err, loaded.Problems, loaded.Unknown)
	}
	return Of(&loaded)
}

// lines writes what is said of each resource.
func lines(r Report) []string {
	var out []string
	for _, v := range r.Resources {
		line := fmt.Sprintf("%s %s by %s", v.ID, v.State, strings.Join(v.FlowLogs, " "))
		if len(v.Twice) > 0 {
			line += ", twice " + strings.Join(v.Twice, " ")
		}
		out = append(out, strings.TrimSuffix(strings.TrimSpace(line), " by"))
		for _, why := range v.Why {
			out = append(out, "  "+why)
		}
	}
	return out
}

func TestStates(t *testing.T) {
	tests := []struct {
		name string
		logs []string
		want []string
	}{
		{"none", nil, []string{"eni-1 none", "  no flow log covers it"}},
		{"of the VPC", []string{"vpc-1 ALL"}, []string{"eni-1 covered by fl-1"}},
		{"of the subnet", []string{"subnet-1 ALL"}, []string{"eni-1 covered by fl-1"}},
		{"of the ENI", []string{"eni-1 ALL"}, []string{"eni-1 covered by fl-1"}},
		{"of others", []string{"vpc-2 ALL", "subnet-2 ALL", "eni-2 ALL"}, []string{"eni-1 none", "  no flow log covers it"}},
		{"two halves are no double", []string{"vpc-1 ACCEPT", "eni-1 REJECT"}, []string{"eni-1 covered by fl-1 fl-2"}},
		{"all of it twice", []string{"vpc-1 ALL", "subnet-1 ALL"}, []string{"eni-1 covered by fl-1 fl-2, twice ACCEPT REJECT"}},
		{"a half twice", []string{"vpc-1 ALL", "subnet-1 REJECT"}, []string{"eni-1 covered by fl-1 fl-2, twice REJECT"}},
		{"a half twice, the other not", []string{"vpc-1 REJECT", "subnet-1 REJECT"}, []string{"eni-1 reject-only by fl-1 fl-2, twice REJECT", "  what is accepted is not recorded"}},
		{"accepted", []string{"vpc-1 ACCEPT"}, []string{"eni-1 accept-only by fl-1", "  what is refused is not recorded"}},
		{"refused", []string{"subnet-1 REJECT"}, []string{"eni-1 reject-only by fl-1", "  what is accepted is not recorded"}},
		{"fails", []string{"vpc-1 ALL FAILED"}, []string{"eni-1 failed by fl-1", "  fl-1 can't deliver"}},
		{"a half fails", []string{"vpc-1 ACCEPT", "vpc-1 REJECT FAILED"}, []string{"eni-1 failed by fl-1 fl-2", "  fl-2 can't deliver"}},
		{"the only half fails", []string{"vpc-1 REJECT FAILED"}, []string{"eni-1 failed by fl-1", "  fl-1 can't deliver, and records a part only"}},
		{"one of two fails", []string{"vpc-1 ALL FAILED", "eni-1 ALL"}, []string{"eni-1 covered by fl-1 fl-2"}},
		{"fails beside a half", []string{"vpc-1 ACCEPT FAILED", "eni-1 ACCEPT"}, []string{"eni-1 accept-only by fl-1 fl-2", "  what is refused is not recorded"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := of(t, answer(owner, place, enis, flowLogs(test.logs...)))
			if diff := cmp.Diff(test.want, lines(r)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			fails := strings.Contains(strings.Join(test.logs, " "), "FAILED")
			if want := fails || r.Resources[0].State != Covered; r.Amiss() != want {
				t.Errorf("amiss: %v", r.Amiss())
			}
		})
	}
}

// TestCannotSee checks what is said where flow logs may be that nobody saw: of what is shared,
// each side asked alone, and both.
func TestCannotSee(t *testing.T) {
	guests := strings.ReplaceAll(enis, `"OwnerId": "111111111111"`, `"OwnerId": "222222222222"`)
	tests := []struct {
		name string
		docs []netmodel.Document
		want []string
	}{
		{"flow logs were not asked for", []netmodel.Document{answer(owner, place, enis)}, []string{
			"eni-1 cannot-see", "  no answer of describe-flow-logs is in the input",
		}},
		{"of another account alone", []netmodel.Document{answer(owner, place, enis), answer(guest, flowLogs())}, []string{
			"eni-1 cannot-see", "  no answer of describe-flow-logs of 111111111111 eu-west-1 is in the input",
		}},
		{"a page is missing", []netmodel.Document{answer(owner, place, enis, flowLogs(), `"NextToken": "more"`)}, []string{
			"eni-1 cannot-see", "  answers of 111111111111.json has another page of flow logs (NextToken)",
		}},
		{"what is on the first page may do", []netmodel.Document{answer(owner, place, enis, flowLogs("vpc-1 ALL"), `"NextToken": "more"`)}, []string{
			"eni-1 covered by fl-1",
		}},
		{"the participant was asked", []netmodel.Document{answer(guest, place, guests, flowLogs())}, []string{
			"eni-1 cannot-see", "  vpc-1 is of account 111111111111, which was not asked: others can't describe its flow logs",
		}},
		{"the participant logs a half", []netmodel.Document{answer(guest, place, guests, flowLogs("eni-1 REJECT"))}, []string{
			"eni-1 cannot-see by fl-1", "  vpc-1 is of account 111111111111, which was not asked: others can't describe its flow logs",
		}},
		{"the participant logs all", []netmodel.Document{answer(guest, place, guests, flowLogs("eni-1 ALL"))}, []string{"eni-1 covered by fl-1"}},
		{"the owner was asked", []netmodel.Document{answer(owner, place, guests, flowLogs())}, []string{
			"eni-1 cannot-see", "  eni-1 is of account 222222222222, which was not asked: others can't describe its flow logs",
		}},
		{"the owner logs it", []netmodel.Document{answer(owner, place, guests, flowLogs("vpc-1 ALL"))}, []string{"eni-1 covered by fl-1"}},
		{"both were asked", []netmodel.Document{answer(owner, place, flowLogs()), answer(guest, guests, flowLogs())}, []string{
			"eni-1 none", "  no flow log covers it",
		}},
		{"another region was asked", []netmodel.Document{
			answer(owner, place, enis),
			{Name: "us.json", Data: []byte(`{"FlowLogs": []}`), Account: owner, Region: "us-east-1"},
		}, []string{"eni-1 cannot-see", "  no answer of describe-flow-logs of 111111111111 eu-west-1 is in the input"}},
		{"the VPC is not there", []netmodel.Document{answer(owner, enis, flowLogs())}, []string{
			"eni-1 cannot-see", "  vpc-1 is not in the input: nothing says whose it is",
		}},
		{"nothing says an owner", []netmodel.Document{{
			Name: "old.json", Data: []byte(strings.NewReplacer(`"OwnerId": "111111111111", `, "").Replace("{" + strings.Join([]string{place, enis, flowLogs()}, ",") + "}")),
		}}, []string{"eni-1 none", "  no flow log covers it"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := of(t, test.docs...)
			if diff := cmp.Diff(test.want, lines(r)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if want := r.Resources[0].State == CannotSee; r.Unseen() != want || want && (r.Amiss() || len(r.Mend) > 0) {
				t.Errorf("unseen %v, amiss %v, mend %v", r.Unseen(), r.Amiss(), r.Mend)
			}
		})
	}
}

// TestOtherResources covers what is no ENI.
func TestOtherResources(t *testing.T) {
	gateways := `"TransitGateways": [{"TransitGatewayId": "tgw-1", "OwnerId": "111111111111"}, {"TransitGatewayId": "tgw-2", "OwnerId": "111111111111"}],
		"TransitGatewayAttachments": [
			{"TransitGatewayAttachmentId": "tgw-attach-1", "TransitGatewayId": "tgw-1", "ResourceType": "vpc", "ResourceId": "vpc-1", "State": "available"},
			{"TransitGatewayAttachmentId": "tgw-attach-2", "TransitGatewayId": "tgw-1", "ResourceType": "connect", "ResourceId": "tgw-attach-1", "State": "available"},
			{"TransitGatewayAttachmentId": "tgw-attach-3", "TransitGatewayId": "tgw-1", "ResourceType": "vpc", "ResourceId": "vpc-2", "State": "deleted"},
			{"TransitGatewayAttachmentId": "tgw-attach-4", "TransitGatewayId": "tgw-1", "ResourceType": "vpn", "ResourceId": "vpn-1", "State": "available"},
			{"TransitGatewayAttachmentId": "tgw-attach-5", "TransitGatewayId": "tgw-9", "ResourceType": "vpc", "ResourceId": "vpc-1", "State": "available"}]`
	transit := func(resource string) string {
		return `"FlowLogs": [{"FlowLogId": "fl-1", "ResourceId": "` + resource + `", "FlowLogStatus": "ACTIVE", "DeliverLogsStatus": "SUCCESS", "LogDestinationType": "s3", "LogDestination": "arn:aws:s3:::b"}]`
	}
	nat := `"NatGateways": [{"NatGatewayId": "nat-1", "VpcId": "vpc-1", "State": "available", "AvailabilityMode": "regional"},
		{"NatGatewayId": "nat-2", "VpcId": "vpc-1", "State": "deleted", "AvailabilityMode": "regional"},
		{"NatGatewayId": "nat-3", "VpcId": "vpc-1", "SubnetId": "subnet-1", "State": "available"}]`
	seen := []string{"tgw-attach-5 cannot-see", "  tgw-9 is not in the input: nothing says whose it is", "tgw-2 none", "  no flow log covers it"}
	tests := []struct {
		name    string
		members []string
		want    []string
	}{
		{"of a transit gateway", []string{gateways, transit("tgw-1")}, append([]string{"tgw-attach-1 covered by fl-1", "tgw-attach-4 covered by fl-1"}, seen...)},
		{"of an attachment", []string{gateways, transit("tgw-attach-1")}, append([]string{"tgw-attach-1 covered by fl-1", "tgw-attach-4 none", "  no flow log covers it"}, seen...)},
		{"a regional NAT gateway", []string{place, nat, flowLogs("nat-1 ALL", "vpc-1 ALL")}, []string{"subnet-1 covered by fl-2", "nat-1 covered by fl-1"}},
		{"of its VPC", []string{place, nat, flowLogs("vpc-1 ALL")}, []string{
			"subnet-1 covered by fl-1", "nat-1 cannot-see", "  whether the flow log of vpc-1 covers its regional NAT gateways is not documented",
		}},
		{"no flow log", []string{place, nat, flowLogs()}, []string{"subnet-1 none", "  no flow log covers it", "nat-1 none", "  no flow log covers it"}},
		{"a VPC without ENIs", []string{place, flowLogs("subnet-1 ALL")}, []string{"subnet-1 covered by fl-1"}},
		{"a VPC without subnets", []string{strings.Split(place, ",\n")[0], flowLogs("vpc-1 REJECT")}, []string{"vpc-1 reject-only by fl-1", "  what is accepted is not recorded"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, lines(of(t, answer(owner, test.members...)))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestFlowLogProblems checks that a flow log which is not as AWS documents it counts as
// nothing, and is said.
func TestFlowLogProblems(t *testing.T) {
	logs := `"FlowLogs": [
		{"FlowLogId": "fl-1", "ResourceId": "vpc-1", "TrafficType": "ALL", "FlowLogStatus": "BROKEN"},
		{"FlowLogId": "fl-2", "ResourceId": "eni-1", "TrafficType": "SOME", "FlowLogStatus": "ACTIVE"},
		{"FlowLogId": "fl-3", "ResourceId": "lattice-1", "TrafficType": "ALL", "FlowLogStatus": "ACTIVE"},
		{"FlowLogId": "fl-4", "ResourceId": "vpc-2", "TrafficType": "ALL", "FlowLogStatus": "ACTIVE", "LogFormat": "${version"},
		{"FlowLogId": "fl-5", "ResourceId": "vpc-2", "TrafficType": "ALL", "FlowLogStatus": "ACTIVE", "LogFormat": "${version} ${tgw-id}"}]`
	r := of(t, answer(owner, place, enis, logs))
	got := map[string][]string{}
	for _, l := range r.FlowLogs {
		got[l.ID] = l.Problems
	}
	want := map[string][]string{
		"fl-1": {"its state is BROKEN, not ACTIVE: it counts as not there"},
		"fl-2": {`its traffic type "SOME" is none that is known: it counts as recording nothing`},
		"fl-3": {"lattice-1 is no resource that is known"},
		"fl-4": {`its fields are not known: field 1 of the log format: "${version" has no closing brace`},
		"fl-5": {"its fields are not known: no vpc flow log has the field tgw-id"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if r.Resources[0].State != None || !r.Unseen() {
		t.Errorf("%v", r.Resources[0])
	}
}

// TestCauses checks that AWS's errors have causes by destination, and others none.
func TestCauses(t *testing.T) {
	tests := []struct {
		destination, text string
		want              []string // words of each cause
	}{
		{toLogs, "Access error", []string{"logs:PutLogEvents", "vpc-flow-logs.amazonaws.com"}},
		{toS3, "Access error", []string{"s3:PutObject", "20 KB", "kms:GenerateDataKey*"}},
		{toFirehose, "Access error", []string{"LogDeliveryEnabled", "another account"}},
		{toS3, "Access Denied for LogDestination: b. Please check LogDestination permission", []string{"s3:PutObject", "20 KB", "kms:GenerateDataKey*"}},
		{toS3, "LogDestination b is undeliverable", []string{"key's ARN"}},
		{toLogs, "Rate limited", []string{"throttles", "quota"}},
		{toS3, "Unknown error.", []string{"internal error"}},
		{toS3, "Something new", nil},
		{toS3, "", nil},
		{"", "Access error", nil},
	}
	for _, test := range tests {
		l := &netmodel.FlowLog{DestinationType: test.destination, DeliveryError: test.text}
		got := causes(l)
		if len(got) != len(test.want) {
			t.Errorf("%s %q: %v", test.destination, test.text, got)
			continue
		}
		for i, words := range test.want {
			if !strings.Contains(got[i].Cause, words) || got[i].Source == "" {
				t.Errorf("%s %q: %v; want %s", test.destination, test.text, got[i], words)
			}
		}
	}
}
