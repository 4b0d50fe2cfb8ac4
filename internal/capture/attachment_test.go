package capture

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/internal/aggregate"
	"weir/internal/netmodel"
)

// TestAboutAttachment has what a definition tells of attachments, and what it leaves open.
func TestAboutAttachment(t *testing.T) {
	const text = `account: "111122223333"
region: eu-west-1
vpcs:
  vpc-1: {cidrs: [10.0.0.0/16], account: "444455556666"}
subnets:
  subnet-1: {vpc: vpc-1, az-id: euw1-az1, cidrs: [10.0.1.0/24]}
  subnet-2: {vpc: vpc-1, az-id: euw1-az2, cidrs: [10.0.2.0/24]}
network-interfaces:
  eni-1: {subnet: subnet-1, addresses: [10.0.1.4], type: transit_gateway, managed: true, description: Network Interface for Transit Gateway Attachment tgw-attach-1}
  eni-2: {subnet: subnet-2, addresses: [10.0.2.4], type: transit_gateway, managed: true, description: Network Interface for Transit Gateway Attachment tgw-attach-2}
  eni-3: {subnet: subnet-2, addresses: [10.0.2.5], type: transit_gateway, managed: true, description: Network Interface for Transit Gateway Attachment tgw-attach-5}
  eni-4: {subnet: subnet-2, addresses: [10.0.2.6], type: transit_gateway, managed: true, description: Network Interface for Transit Gateway Attachment tgw-attach-5}
transit-gateways:
  tgw-1: {}
transit-gateway-attachments:
  tgw-attach-1: {transit-gateway: tgw-1, resource: vpc-1, subnets: [subnet-1]}
  tgw-attach-2: {transit-gateway: tgw-1, resource: vpc-1, subnets: [subnet-1, subnet-2]}
  tgw-attach-3: {transit-gateway: tgw-1, resource: vpn-1, kind: vpn}
  tgw-attach-4: {transit-gateway: tgw-elsewhere, resource: vpc-9, kind: vpc, account: "777788889999", subnets: [subnet-9]}
  tgw-attach-5: {transit-gateway: tgw-1, resource: vpc-1, subnets: [subnet-2]}
`
	loaded, err := netmodel.LoadDocuments([]netmodel.Document{{Name: "net.yaml", Data: []byte(text)}})
	if err != nil || len(loaded.Problems) > 0 {
		t.Fatal(err, loaded.Problems)
	}
	own := aggregate.Attachment{TransitGateway: "tgw-1", Account: "111122223333", Region: "eu-west-1"}
	vpc := own
	vpc.VPC, vpc.VPCAccount = "vpc-1", "444455556666"
	one, two := vpc, vpc
	one.Subnet, one.ENI, one.AZID = "subnet-1", "eni-1", "euw1-az1"
	two.Subnet, two.AZID = "subnet-2", "euw1-az2"
	for id, want := range map[string]*aggregate.Attachment{
		"tgw-attach-1": &one,
		"tgw-attach-2": &vpc, // of two zones
		"tgw-attach-3": &own,
		"tgw-attach-4": {TransitGateway: "tgw-elsewhere", VPC: "vpc-9", VPCAccount: "777788889999", Subnet: "subnet-9"},
		"tgw-attach-5": &two, // it has two network interfaces there
		"tgw-attach-6": nil,
	} {
		if diff := cmp.Diff(want, AboutAttachment(loaded.Network, id, nil)); diff != "" {
			t.Errorf("%s: %s", id, diff)
		}
	}
}
