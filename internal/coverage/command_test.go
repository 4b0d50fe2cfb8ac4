package coverage

import (
	"fmt"
	"math/rand/v2"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/flowlog"
	"weir/internal/netmodel"
)

func TestCommands(t *testing.T) {
	log := func(members string) string {
		return `{"FlowLogId": "fl-1", "ResourceId": "vpc-2", "TrafficType": "ALL", "FlowLogStatus": "ACTIVE", ` + members + `}`
	}
	two := `"Vpcs": [{"VpcId": "vpc-1", "OwnerId": "111111111111", "CidrBlock": "10.0.0.0/16"}, {"VpcId": "vpc-2", "OwnerId": "111111111111", "CidrBlock": "10.0.0.0/16"}],
		"Subnets": [{"SubnetId": "subnet-1", "VpcId": "vpc-1", "OwnerId": "111111111111", "AvailabilityZone": "eu-west-1a", "CidrBlock": "10.0.1.0/24"},
			{"SubnetId": "subnet-2", "VpcId": "vpc-2", "OwnerId": "111111111111", "AvailabilityZone": "eu-west-1a", "CidrBlock": "10.0.1.0/24"}]`
	const lead = "aws ec2 create-flow-logs --region eu-west-1 --resource-type VPC --resource-ids vpc-1 --traffic-type ALL "
	tests := []struct {
		name, log string
		want      string
		needs     int
	}{
		{
			"S3", log(`"LogDestinationType": "s3", "LogDestination": "arn:aws:s3:::b/p/", "MaxAggregationInterval": 60, "LogFormat": "${version} ${start}",
				"DestinationOptions": {"FileFormat": "plain-text", "HiveCompatiblePartitions": false, "PerHourPartition": false}`),
			lead + "--log-destination-type s3 --log-destination arn:aws:s3:::b/p/ --max-aggregation-interval 60 --log-format '${version} ${start}'", 0,
		},
		{
			"S3 with options, and a role that old ones have", log(`"LogDestinationType": "s3", "LogDestination": "arn:aws:s3:::b", "DeliverLogsPermissionArn": "arn:aws:iam::1:role/r",
				"MaxAggregationInterval": 600, "DestinationOptions": {"FileFormat": "parquet", "HiveCompatiblePartitions": true, "PerHourPartition": false}`),
			lead + "--log-destination-type s3 --log-destination arn:aws:s3:::b " +
				"--destination-options FileFormat=parquet,HiveCompatiblePartitions=true,PerHourPartition=false --max-aggregation-interval 600", 0,
		},
		{
			"a log group by name", log(`"LogDestinationType": "cloud-watch-logs", "LogGroupName": "/vpc/flow logs", "LogDestination": "arn:aws:logs:eu-west-1:111111111111:log-group:x:*",
				"DeliverLogsPermissionArn": "arn:aws:iam::111111111111:role/r"`),
			lead + "--log-destination-type cloud-watch-logs --log-group-name '/vpc/flow logs' --deliver-logs-permission-arn arn:aws:iam::111111111111:role/r", 0,
		},
		{
			"a log group by ARN, without a role", log(`"LogDestinationType": "cloud-watch-logs", "LogDestination": "arn:aws:logs:eu-west-1:111111111111:log-group:x:*"`),
			lead + "--log-destination-type cloud-watch-logs --log-destination arn:aws:logs:eu-west-1:111111111111:log-group:x --deliver-logs-permission-arn ROLE-ARN", 1,
		},
		{
			"a log group of before 2018", log(`"LogGroupName": "g", "DeliverLogsPermissionArn": "arn:aws:iam::111111111111:role/r"`),
			lead + "--log-destination-type cloud-watch-logs --log-group-name g --deliver-logs-permission-arn arn:aws:iam::111111111111:role/r", 0,
		},
		{
			"Firehose in another account", log(`"LogDestinationType": "kinesis-data-firehose", "LogDestination": "arn:aws:firehose:eu-west-1:9:deliverystream/s",
				"DeliverLogsPermissionArn": "arn:aws:iam::1:role/r", "DeliverCrossAccountRole": "arn:aws:iam::9:role/x"`),
			lead + "--log-destination-type kinesis-data-firehose --log-destination arn:aws:firehose:eu-west-1:9:deliverystream/s " +
				"--deliver-logs-permission-arn arn:aws:iam::1:role/r --deliver-cross-account-role arn:aws:iam::9:role/x", 0,
		},
		{
			"tags", log(`"LogDestinationType": "s3", "LogDestination": "arn:aws:s3:::b", "LogFormat": "${instance-tag} ${instance-tag-2}",
				"TagFieldSpecifications": [{"ResourceType": "instance", "TagKeys": ["Name", "team"]}]`),
			lead + "--log-destination-type s3 --log-destination arn:aws:s3:::b --log-format '${instance-tag} ${instance-tag-2}' " +
				"--tag-field-specifications ResourceType=instance,TagKeys=Name,team", 0,
		},
		{
			"tags with signs of the short form", log(`"LogDestinationType": "s3", "LogDestination": "arn:aws:s3:::b", "LogFormat": "${interface-tag}",
				"TagFieldSpecifications": [{"ResourceType": "network-interface", "TagKeys": ["a, b"]}]`),
			lead + "--log-destination-type s3 --log-destination arn:aws:s3:::b --log-format '${interface-tag}' " +
				`--tag-field-specifications '{"ResourceType":"network-interface","TagKeys":["a, b"]}'`, 0,
		},
		{
			"tags that are not said", log(`"LogDestinationType": "s3", "LogDestination": "arn:aws:s3:::b", "LogFormat": "${asg-tag}"`),
			lead + "--log-destination-type s3 --log-destination arn:aws:s3:::b --log-format '${asg-tag}' " +
				"--tag-field-specifications ResourceType=auto-scaling-group,TagKeys=TAG-KEY", 1,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := of(t, answer(owner, two, `"FlowLogs": [`+test.log+`]`))
			if len(r.Mend) != 1 {
				t.Fatalf("%v", r.Mend)
			}
			if diff := cmp.Diff(test.want, r.Mend[0].Command); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if got := r.Mend[0]; got.Like != "fl-1" || got.Account != owner || len(got.Needs) != test.needs {
				t.Errorf("%+v", got)
			}
			// The lines are the same command.
			out, err := exec.CommandContext(t.Context(), "sh", "-c", strings.Join(append([]string{"aws() { printf '%s\\n' aws \"$@\"; }"}, r.Mend[0].Lines()...), "\n")).Output()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(r.Mend[0].args, strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")); diff != "" {
				t.Errorf("the shell reads (-want +got):\n%s", diff)
			}
		})
	}
}

// TestMendLikeNothing writes a whole command where no flow log says where to.
func TestMendLikeNothing(t *testing.T) {
	r := of(t, answer(owner, place, enis, flowLogs("vpc-1 ALL FAILED", "vpc-9 ALL")))
	if len(r.Mend) != 0 { // what fails is mended where it goes to
		t.Errorf("%v", r.Mend)
	}
	r = of(t, answer(owner, place, enis, flowLogs()))
	want := "aws ec2 create-flow-logs --region eu-west-1 --resource-type VPC --resource-ids vpc-1 --traffic-type ALL --log-destination-type s3 --log-destination arn:aws:s3:::BUCKET " +
		"--max-aggregation-interval 60 --log-format '${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} ${packets} ${bytes} ${start} ${end} " +
		"${action} ${log-status} ${vpc-id} ${subnet-id} ${instance-id} ${tcp-flags} ${type} ${pkt-srcaddr} ${pkt-dstaddr} ${region} ${az-id} ${sublocation-type} ${sublocation-id} " +
		"${pkt-src-aws-service} ${pkt-dst-aws-service} ${flow-direction} ${traffic-path} ${reject-reason} ${resource-id} ${encryption-status} ${interface-type} " +
		"${next-hop-interface-id} ${next-hop-subnet-id} ${next-hop-az-id} ${next-hop-vpc-id} ${next-hop-interface-type}'"
	if len(r.Mend) != 1 || len(r.Mend[0].Needs) != 1 || r.Mend[0].Like != "" {
		t.Fatalf("%+v", r.Mend)
	}
	if diff := cmp.Diff(want, r.Mend[0].Command); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestReplace puts a flow log with more fields in place of one, and ends that.
func TestReplace(t *testing.T) {
	log := func(id, resource, format string) string {
		return `{"FlowLogId": "` + id + `", "ResourceId": "` + resource + `", "TrafficType": "REJECT", "FlowLogStatus": "ACTIVE", "LogDestinationType": "s3",
			"LogDestination": "arn:aws:s3:::b", "LogFormat": "` + format + `"}`
	}
	subnet2 := strings.Replace(place, `"Subnets": [`, `"Subnets": [{"SubnetId": "subnet-2", "VpcId": "vpc-1", "OwnerId": "111111111111", "CidrBlock": "10.0.2.0/24"}, `, 1)
	all := fuller(flowlog.DefaultFormat(flowlog.KindVPC)).String()
	r := of(t, answer(owner, subnet2, enis, `"FlowLogs": [`+strings.Join([]string{
		log("fl-1", "subnet-1", "${start} ${new-field}"), log("fl-2", "subnet-2", "${start} ${new-field}"), log("fl-3", "subnet-1", all),
	}, ",")+`]`))
	var got []string
	for _, c := range r.Replace {
		got = append(got, c.Command)
	}
	rest := strings.Replace(all, "${start} ", "", 1)
	want := []string{
		"aws ec2 create-flow-logs --region eu-west-1 --resource-type Subnet --resource-ids subnet-1 subnet-2 --traffic-type REJECT --log-destination-type s3 " +
			"--log-destination arn:aws:s3:::b --log-format '${start} ${new-field} " + rest + "'",
		"aws ec2 delete-flow-logs --region eu-west-1 --flow-log-ids fl-1 fl-2",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestMendCovers checks on random definitions that what the commands make covers all that is
// known to lack something, and records nothing twice that was not before.
func TestMendCovers(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	levels := map[string]int{}
	for range 2000 {
		loaded := randomDefinition(rng)
		before := Of(&loaded)
		for i, c := range before.Mend {
			at := slices.Index(c.args, "--resource-ids")
			levels[c.args[slices.Index(c.args, "--resource-type")+1]]++
			for _, id := range c.args[at+1:] {
				if strings.HasPrefix(id, "--") {
					break
				}
				l := &netmodel.FlowLog{ID: fmt.Sprintf("fl-new-%d-%s", i, id), Resource: id, Status: "ACTIVE"}
				if n := slices.Index(c.args, "--traffic-type"); n > 0 {
					l.Traffic = c.args[n+1]
				}
				loaded.FlowLogs[l.ID] = l
			}
		}
		after := Of(&loaded)
		if len(after.Mend) > 0 {
			t.Fatalf("%v\nis left after %v", after.Mend, before.Mend)
		}
		for i, v := range after.Resources {
			was := before.Resources[i]
			if (was.State == None || was.State == AcceptOnly || was.State == RejectOnly) && v.State != Covered {
				t.Fatalf("%+v is %s after %v", was, v.State, before.Mend)
			}
			if diff := cmp.Diff(was.Twice, v.Twice); diff != "" {
				t.Fatalf("%s is recorded twice (-before +after) by %v:\n%s", v.ID, before.Mend, diff)
			}
		}
	}
	for _, level := range []string{"VPC", "Subnet", "NetworkInterface", "TransitGateway", "TransitGatewayAttachment"} {
		if levels[level] < 50 {
			t.Errorf("only %d commands are of a %s", levels[level], level)
		}
	}
}

// randomDefinition makes a definition of two accounts, one of which may have been asked.
func randomDefinition(rng *rand.Rand) netmodel.Loaded {
	n := &netmodel.Network{
		VPCs: map[string]*netmodel.VPC{}, Subnets: map[string]*netmodel.Subnet{}, Interfaces: map[string]*netmodel.Interface{},
		TransitGateways: map[string]*netmodel.TransitGateway{}, TransitGatewayAttachments: map[string]*netmodel.TransitGatewayAttachment{},
		FlowLogs: map[string]*netmodel.FlowLog{},
	}
	accounts := []string{owner, owner, guest}
	var ids []string
	for v := range 1 + rng.IntN(2) {
		vpc := &netmodel.VPC{ID: fmt.Sprintf("vpc-%d", v), Account: accounts[rng.IntN(3)]}
		n.VPCs[vpc.ID] = vpc
		ids = append(ids, vpc.ID)
		for s := range rng.IntN(3) {
			subnet := &netmodel.Subnet{ID: fmt.Sprintf("subnet-%d-%d", v, s), VPC: vpc.ID, Account: vpc.Account}
			n.Subnets[subnet.ID] = subnet
			ids = append(ids, subnet.ID)
			for e := range rng.IntN(3) {
				eni := &netmodel.Interface{ID: fmt.Sprintf("eni-%d-%d-%d", v, s, e), VPC: vpc.ID, Subnet: subnet.ID, Account: vpc.Account}
				if rng.IntN(4) == 0 {
					eni.Account = accounts[rng.IntN(3)]
				}
				n.Interfaces[eni.ID] = eni
				ids = append(ids, eni.ID)
			}
		}
	}
	for range rng.IntN(4) {
		l := &netmodel.FlowLog{
			ID: fmt.Sprintf("fl-%d", len(n.FlowLogs)), Resource: ids[rng.IntN(len(ids))], Status: "ACTIVE",
			Traffic: []string{all, accept, reject}[rng.IntN(3)], DeliveryStatus: []string{"SUCCESS", "SUCCESS", failed}[rng.IntN(3)],
		}
		n.FlowLogs[l.ID] = l
	}
	n.TransitGateways["tgw-0"] = &netmodel.TransitGateway{ID: "tgw-0", Account: owner}
	for a := range rng.IntN(3) {
		id := fmt.Sprintf("tgw-attach-%d", a)
		n.TransitGatewayAttachments[id] = &netmodel.TransitGatewayAttachment{ID: id, TransitGateway: "tgw-0", Kind: "vpc", State: "available"}
		if rng.IntN(3) == 0 {
			n.FlowLogs["fl-of-"+id] = &netmodel.FlowLog{ID: "fl-of-" + id, Resource: id, Status: "ACTIVE"}
		}
	}
	out := netmodel.Loaded{Network: n}
	for _, account := range []string{owner, guest} {
		if rng.IntN(5) > 0 {
			out.Answers = append(out.Answers, netmodel.Answer{Key: "flowlogs", Place: netmodel.Place{Account: account}})
		}
	}
	return out
}

// BenchmarkOf looks at 10,000 ENIs, of which each fifth has a flow log of its own.
func BenchmarkOf(b *testing.B) {
	n := &netmodel.Network{
		VPCs: map[string]*netmodel.VPC{}, Subnets: map[string]*netmodel.Subnet{}, Interfaces: map[string]*netmodel.Interface{}, FlowLogs: map[string]*netmodel.FlowLog{},
	}
	for i := range 10_000 {
		vpc, subnet := fmt.Sprintf("vpc-%d", i/500), fmt.Sprintf("subnet-%d", i/50)
		n.VPCs[vpc] = &netmodel.VPC{ID: vpc, Account: owner}
		n.Subnets[subnet] = &netmodel.Subnet{ID: subnet, VPC: vpc, Account: owner}
		eni := fmt.Sprintf("eni-%d", i)
		n.Interfaces[eni] = &netmodel.Interface{ID: eni, VPC: vpc, Subnet: subnet, Account: owner}
		if i%5 == 0 {
			id := fmt.Sprintf("fl-%d", i)
			n.FlowLogs[id] = &netmodel.FlowLog{
				ID: id, Resource: eni, Traffic: all, Status: "ACTIVE", DestinationType: toLogs, LogGroup: "group of " + eni, DeliveryRole: "role",
				Format: flowlog.DefaultFormat(flowlog.KindVPC).String(),
			}
		}
	}
	loaded := netmodel.Loaded{Network: n, Answers: []netmodel.Answer{{Key: "flowlogs", Place: netmodel.Place{Account: owner}}}}
	for b.Loop() {
		if r := Of(&loaded); len(r.Resources) != 10_000 || len(r.Mend) == 0 {
			b.Fatal(len(r.Mend))
		}
	}
}
