package capture

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/internal/aggregate"
	"weir/internal/netmodel"
	"weir/internal/policy"
)

const routed = `
account: "111122223333"
region: eu-west-1
vpcs:
  vpc-1: {cidrs: [10.0.0.0/16, "2001:db8:1::/56"]}
  vpc-2: {cidrs: [10.1.0.0/16]}
subnets:
  subnet-a: {vpc: vpc-1, az: eu-west-1a, az-id: euw1-az1, cidrs: [10.0.1.0/24, "2001:db8:1::/64"]}
  subnet-b: {vpc: vpc-1, az: eu-west-1b, az-id: euw1-az2, cidrs: [10.0.2.0/24]}
  subnet-c: {vpc: vpc-2, az: eu-west-1b, az-id: euw1-az2, cidrs: [10.1.9.0/24]}
network-interfaces:
  eni-a: {subnet: subnet-a, addresses: [10.0.1.10, 10.0.1.11, "2001:db8:1::10"], prefixes: [10.0.1.128/28]}
  eni-near: {subnet: subnet-a, addresses: [10.0.1.20]}
  eni-b: {subnet: subnet-b, addresses: [10.0.2.10]}
  eni-nat: {subnet: subnet-b, addresses: [10.0.2.20], type: nat_gateway, managed: true}
  eni-tgw: {subnet: subnet-b, addresses: [10.0.2.30], type: transit_gateway, managed: true}
  eni-fw: {subnet: subnet-b, addresses: [10.0.2.40]}
  eni-other: {subnet: subnet-b, addresses: [10.0.2.50], account: "444455556666"}
  eni-far: {subnet: subnet-c, addresses: [10.1.9.9]}
  eni-twice: {subnet: subnet-b, addresses: [10.0.2.60]}
  eni-twice2: {subnet: subnet-b, addresses: [10.0.2.60]}
internet-gateways:
  igw-1: {vpc: vpc-1}
egress-only-internet-gateways:
  eigw-1: {vpc: vpc-1}
vpn-gateways:
  vgw-1: {vpc: vpc-1}
nat-gateways:
  nat-1: {vpc: vpc-1, subnet: subnet-b, availability: zonal, addresses: [{interface: eni-nat, private: 10.0.2.20}]}
  nat-2: {vpc: vpc-1, availability: regional}
vpc-peering-connections:
  pcx-1:
    requester: {vpc: vpc-1, account: "111122223333", region: eu-west-1}
    accepter: {vpc: vpc-2, account: "111122223333", region: eu-west-1}
  pcx-2:
    requester: {vpc: vpc-1, account: "111122223333", region: eu-west-1}
    accepter: {vpc: vpc-9, account: "111122223333", region: us-east-1}
vpc-endpoints:
  vpce-1: {vpc: vpc-1, kind: Gateway, service: com.amazonaws.eu-west-1.s3, route-tables: [rtb-1]}
prefix-lists:
  pl-1: {cidrs: [52.218.0.0/17]}
route-tables:
  rtb-1:
    vpc: vpc-1
    main: true
    routes:
      - {to: 10.0.0.0/16, via: local}
      - {to: "2001:db8:1::/56", via: local}
      - {to: 10.0.2.70/32, via: eni-fw}
      - {to: 0.0.0.0/0, via: igw-1}
      - {to: "::/0", via: eigw-1}
      - {to: 192.168.0.0/16, via: vgw-1}
      - {to: 10.1.0.0/16, via: pcx-1}
      - {to: 10.2.0.0/16, via: pcx-2}
      - {to: 10.3.0.0/16, via: tgw-1}
      - {to: 198.51.100.0/24, via: nat-1}
      - {to: 198.51.101.0/24, via: nat-2}
      - {to: 198.51.102.0/24, via: eni-fw}
      - {to: 198.51.103.0/24, via: igw-1, state: blackhole}
      - {to: pl-1, via: vpce-1}
`

// TestNext has where packets of eni-a go and come from: a row of spec b.5 each, and of a.4.
func TestNext(t *testing.T) {
	loaded, err := netmodel.LoadDocuments([]netmodel.Document{{Name: "net.yaml", Data: []byte(routed)}})
	if err != nil || len(loaded.Problems) > 0 {
		t.Fatal(err, loaded.Problems)
	}
	n := loaded.Network
	about := About(policy.New(n), n, "eni-a", nil)
	hop := func(path int, id, subnet, az, typ string) aggregate.Next {
		return aggregate.Next{Path: path, Interface: id, Subnet: subnet, AZID: az, VPC: "vpc-1", Type: typ}
	}
	path := func(p int) aggregate.Next { return aggregate.Next{Path: p} }
	for _, tc := range []struct {
		name, dst string
		want      aggregate.Next
	}{
		{"in the subnet", "10.0.1.20", hop(1, "eni-near", "subnet-a", "euw1-az1", "")},
		{"in the VPC", "10.0.2.10", hop(1, "eni-b", "subnet-b", "euw1-az2", "")},
		{"to an interface of a transit gateway", "10.0.2.30", hop(1, "eni-tgw", "subnet-b", "euw1-az2", "transit_gateway")},
		{"to one of another account", "10.0.2.50", aggregate.Next{Path: 1, AZID: "euw1-az2"}},
		{"to an address that two have", "10.0.2.60", path(1)},
		{"to nobody in the VPC", "10.0.2.99", path(1)},
		{"through an appliance within the VPC", "10.0.2.70", hop(1, "eni-fw", "subnet-b", "euw1-az2", "")},
		{"through an appliance", "198.51.102.1", hop(1, "eni-fw", "subnet-b", "euw1-az2", "")},
		{"through a NAT gateway", "198.51.100.1", hop(1, "eni-nat", "subnet-b", "euw1-az2", "nat_gateway")},
		{"through a regional NAT gateway", "198.51.101.1", path(0)},
		{"through a virtual private gateway", "192.168.1.1", path(3)},
		{"over peering", "10.1.9.9", path(4)},
		{"over peering to another region", "10.2.9.9", path(5)},
		{"through a gateway endpoint", "52.218.0.1", path(7)},
		{"through an internet gateway", "203.0.113.5", path(8)},
		{"multicast, which no gateway takes", "224.0.0.5", path(0)},
		{"through an egress-only internet gateway", "2001:db8:ff::1", path(0)},
		{"through a transit gateway", "10.3.9.9", path(0)},
		{"into a blackhole", "198.51.103.1", path(0)},
	} {
		if diff := cmp.Diff(tc.want, about.Next(true, about.Address, netip.MustParseAddr(tc.dst))); diff != "" {
			t.Errorf("%s: %s", tc.name, diff)
		}
	}
	for _, tc := range []struct {
		name, src, dst string
		want           aggregate.Next
	}{
		{"from the subnet", "10.0.1.20", "10.0.1.10", hop(0, "eni-near", "subnet-a", "euw1-az1", "")},
		{"from the VPC, to a secondary address", "10.0.2.10", "10.0.1.11", hop(0, "eni-b", "subnet-b", "euw1-az2", "")},
		{"to a delegated prefix", "10.0.2.10", "10.0.1.130", hop(0, "eni-b", "subnet-b", "euw1-az2", "")},
		{"from a NAT gateway itself", "10.0.2.20", "10.0.1.10", hop(0, "eni-nat", "subnet-b", "euw1-az2", "nat_gateway")},
		{"from a transit gateway", "10.0.2.30", "10.0.1.10", path(0)},
		{"from another account", "10.0.2.50", "10.0.1.10", aggregate.Next{AZID: "euw1-az2"}},
		{"to what is forwarded", "10.0.2.10", "172.17.0.2", path(0)},
		{"from the internet", "203.0.113.5", "10.0.1.10", path(0)},
		{"from a peer VPC", "10.1.9.9", "10.0.1.10", path(0)},
	} {
		if diff := cmp.Diff(tc.want, about.Next(false, netip.MustParseAddr(tc.src), netip.MustParseAddr(tc.dst))); diff != "" {
			t.Errorf("%s: %s", tc.name, diff)
		}
	}
	n.Subnets["subnet-a"].RouteTable = ""
	if got := about.Next(true, about.Address, netip.MustParseAddr("10.0.2.10")); got != path(0) {
		t.Errorf("without its route table: %+v", got)
	}
	if got := about.Next(true, about.Address, netip.MustParseAddr("10.0.1.20")); got.Path != 1 || got.Interface != "eni-near" {
		t.Errorf("in the subnet no route table is asked: %+v", got)
	}
}
