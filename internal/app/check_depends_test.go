package app

import (
	"net/netip"
	"testing"

	"weir/internal/netmodel"
	"weir/internal/policy"
)

// TestDepends asks which things a verdict depends on.
func TestDepends(t *testing.T) {
	l, err := netmodel.LoadDocuments([]netmodel.Document{{Name: "net.json", Data: []byte(`{
		"Vpcs": [{"VpcId": "vpc-1", "OwnerId": "111111111111", "Region": "us-east-1", "CidrBlock": "10.0.0.0/16"}, {"VpcId": "vpc-2", "OwnerId": "222222222222", "CidrBlock": "10.0.0.0/16"}],
		"Subnets": [{"SubnetId": "subnet-1", "VpcId": "vpc-1", "OwnerId": "111111111111", "CidrBlock": "10.0.1.0/24"}, {"SubnetId": "subnet-2", "VpcId": "vpc-1", "OwnerId": "111111111111", "CidrBlock": "10.0.2.0/24"}],
		"RouteTables": [
			{"RouteTableId": "rtb-1", "VpcId": "vpc-1", "Associations": [{"SubnetId": "subnet-1"}], "Routes": [{"DestinationPrefixListId": "pl-2", "GatewayId": "igw-1"}]},
			{"RouteTableId": "rtb-2", "VpcId": "vpc-1", "Associations": [{"SubnetId": "subnet-2"}], "Routes": []},
			{"RouteTableId": "rtb-3", "VpcId": "vpc-1", "Associations": [{"GatewayId": "igw-1"}], "Routes": []}],
		"InternetGateways": [{"InternetGatewayId": "igw-1", "Attachments": [{"VpcId": "vpc-1", "State": "available"}]}],
		"NetworkAcls": [{"NetworkAclId": "acl-1", "VpcId": "vpc-1", "Associations": [{"SubnetId": "subnet-1"}]}, {"NetworkAclId": "acl-2", "VpcId": "vpc-1", "Associations": [{"SubnetId": "subnet-2"}]}],
		"Addresses": [{"AllocationId": "eipalloc-1", "PublicIp": "203.0.113.1", "NetworkInterfaceId": "eni-1", "PrivateIpAddress": "10.0.1.5"}, {"AllocationId": "eipalloc-2", "PublicIp": "203.0.113.2"}],
		"NetworkInterfaces": [
			{"NetworkInterfaceId": "eni-1", "VpcId": "vpc-1", "SubnetId": "subnet-1", "Groups": [{"GroupId": "sg-1"}], "PrivateIpAddresses": [{"PrivateIpAddress": "10.0.1.5", "Primary": true}]},
			{"NetworkInterfaceId": "eni-2", "VpcId": "vpc-1", "SubnetId": "subnet-2", "Groups": [{"GroupId": "sg-2"}], "PrivateIpAddresses": [{"PrivateIpAddress": "10.0.2.5", "Primary": true}]},
			{"NetworkInterfaceId": "eni-3", "VpcId": "vpc-2", "SubnetId": "subnet-3", "Groups": [{"GroupId": "sg-3"}], "PrivateIpAddresses": [{"PrivateIpAddress": "10.0.1.5", "Primary": true}]}],
		"LoadBalancers": [{"LoadBalancerArn": "arn:lb", "LoadBalancerName": "n", "Type": "network", "VpcId": "vpc-1", "SecurityGroups": ["sg-4"], "AvailabilityZones": []}],
		"Listeners": [{"ListenerArn": "arn:listener", "LoadBalancerArn": "arn:lb", "Port": 443, "Protocol": "TCP"}],
		"TargetGroups": [{"TargetGroupArn": "arn:targets", "TargetGroupName": "g", "LoadBalancerArns": ["arn:lb"]}],
		"SecurityGroups": [
			{"GroupId": "sg-1", "VpcId": "vpc-1", "IpPermissions": [{"IpProtocol": "-1", "PrefixListIds": [{"PrefixListId": "pl-1"}], "UserIdGroupPairs": [{"GroupId": "sg-4"}]}]},
			{"GroupId": "sg-2", "VpcId": "vpc-1"}, {"GroupId": "sg-3", "VpcId": "vpc-2"}, {"GroupId": "sg-4", "VpcId": "vpc-1"}]}`)}})
	if err != nil || len(l.Problems) > 0 {
		t.Fatal(err, l.Problems)
	}
	ends := func(src, dst string) *CheckReport {
		r := &CheckReport{Src: netip.MustParseAddr(src), Dst: netip.MustParseAddr(dst)}
		r.Forward = []policy.Step{{Interface: "eni-1", Src: r.Src, Dst: r.Dst}}
		return r
	}
	routed := ends("10.0.1.5", "198.51.100.7")
	routed.Forward = append(routed.Forward, policy.Step{Gateway: "igw-1", Src: routed.Src, Dst: routed.Dst})
	for _, tt := range []struct {
		name    string
		report  *CheckReport
		on, not []string
	}{
		{
			"between two ENIs", ends("10.0.1.5", "10.0.2.5"),
			[]string{
				"eni-1", "eni-2", "subnet-1", "subnet-2", "vpc-1", "sg-1", "sg-2", "sg-4", "pl-1", "pl-2", "rtb-1", "acl-1", "acl-2", "eipalloc-1",
				"111111111111/us-east-1", "arn:lb", "arn:listener", "arn:targets", "rtbassoc-9", "203.0.113.9", "vpcbpa-exclude-9",
			},
			[]string{"eni-3", "sg-3", "vpc-2", "rtb-3", "igw-1", "eipalloc-2", "eni-9", "i-9", "sg-9", "subnet-9"},
		},
		{"to an address that nobody has", ends("10.0.1.5", "10.0.2.9"), []string{"subnet-2", "acl-2", "rtb-2", "eni-9", "i-9"}, []string{"eni-2", "sg-2", "eni-3"}},
		{"by a gateway", routed, []string{"igw-1", "rtb-3", "eipalloc-1"}, []string{"rtb-2", "eni-2", "subnet-2", "eni-9"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := depends(l.Network, tt.report, "eni-1")
			for _, id := range tt.on {
				if !d.on(id) {
					t.Errorf("not on %s", id)
				}
			}
			for _, id := range tt.not {
				if d.on(id) {
					t.Errorf("on %s", id)
				}
			}
		})
	}
	if d := depends(l.Network, &CheckReport{}, "eni-9"); !d.on("eni-9") {
		t.Error("an end that is in no import makes no difference")
	}
}
