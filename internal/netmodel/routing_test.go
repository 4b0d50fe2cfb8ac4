package netmodel

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	routeTables = `{"RouteTables": [
		{"RouteTableId": "rtb-1", "VpcId": "vpc-1", "OwnerId": "111122223333", "Tags": [{"Key": "Name", "Value": "main"}],
			"Associations": [{"Main": true, "RouteTableAssociationId": "rtbassoc-1", "RouteTableId": "rtb-1", "AssociationState": {"State": "associated"}}],
			"PropagatingVgws": [{"GatewayId": "vgw-1"}],
			"Routes": [
				{"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local", "Origin": "CreateRouteTable", "State": "active"},
				{"DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": "nat-9", "Origin": "CreateRoute", "State": "active"},
				{"DestinationCidrBlock": "192.168.0.0/16", "GatewayId": "vgw-1", "Origin": "EnableVgwRoutePropagation", "State": "active"},
				{"DestinationPrefixListId": "pl-1", "GatewayId": "vpce-1", "Origin": "CreateRoute", "State": "active"},
				{"DestinationIpv6CidrBlock": "::/0", "EgressOnlyInternetGatewayId": "eigw-1", "Origin": "CreateRoute", "State": "active"},
				{"DestinationCidrBlock": "10.9.0.0/16", "TransitGatewayId": "tgw-1", "State": "active"},
				{"DestinationCidrBlock": "10.8.0.0/16", "VpcPeeringConnectionId": "pcx-1", "State": "blackhole"},
				{"DestinationCidrBlock": "10.7.0.0/16", "NetworkInterfaceId": "eni-1", "InstanceId": "i-1", "InstanceOwnerId": "111122223333", "State": "active"},
				{"DestinationCidrBlock": "10.6.0.0/16", "State": "blackhole"},
				{"DestinationCidrBlock": "10.5.0.0/16", "CoreNetworkArn": "arn:aws:networkmanager::111122223333:core-network/core-network-1", "State": "active"},
				{"DestinationCidrBlock": "10.4.0.0/16", "LocalGatewayId": "lgw-1", "State": "active"},
				{"DestinationCidrBlock": "10.3.0.0/16", "CarrierGatewayId": "cagw-1", "State": "active"},
				{"DestinationCidrBlock": "10.2.0.0/16", "OdbNetworkArn": "arn:aws:odb:us-east-1:111122223333:odb-network/odbnet_1", "State": "active"},
				{"DestinationCidrBlock": "10.1.0.0/16", "IpAddress": "10.0.1.9", "State": "filtered"},
				{"DestinationCidrBlock": "10.20.0.0/16", "GatewayId": "xyz-1", "State": "active"}]},
		{"RouteTableId": "rtb-2", "VpcId": "vpc-1", "Associations": [
				{"SubnetId": "subnet-1", "AssociationState": {"State": "associated"}}, {"SubnetId": "subnet-2", "AssociationState": {"State": "disassociating"}},
				{"GatewayId": "igw-1"}, {"PublicIpv4Pool": "ipv4pool-ec2-1"}],
			"Routes": []}]}`
	gateways = `{"InternetGateways": [{"InternetGatewayId": "igw-1", "OwnerId": "111122223333", "Attachments": [{"State": "available", "VpcId": "vpc-1"}]},
			{"InternetGatewayId": "igw-2", "Attachments": [{"State": "detaching", "VpcId": "vpc-1"}]}],
		"EgressOnlyInternetGateways": [{"EgressOnlyInternetGatewayId": "eigw-1", "Attachments": [{"State": "attached", "VpcId": "vpc-1"}]}],
		"VpnGateways": [{"VpnGatewayId": "vgw-1", "State": "available", "VpcAttachments": [{"State": "attached", "VpcId": "vpc-1"}]}],
		"NatGateways": [
			{"NatGatewayId": "nat-1", "VpcId": "vpc-1", "SubnetId": "subnet-1", "State": "available", "NatGatewayAddresses": [
				{"AllocationId": "eipalloc-1", "NetworkInterfaceId": "eni-2", "PrivateIp": "10.0.1.7", "PublicIp": "198.51.100.9", "IsPrimary": true, "Status": "succeeded"}]},
			{"NatGatewayId": "nat-2", "VpcId": "vpc-1", "ConnectivityType": "public", "AvailabilityMode": "regional", "RouteTableId": "rtb-2", "State": "available",
				"NatGatewayAddresses": [{"AllocationId": "eipalloc-2", "PublicIp": "198.51.100.10", "AvailabilityZone": "eu-west-1a", "AvailabilityZoneId": "euw1-az1"}]},
			{"NatGatewayId": "nat-3", "VpcId": "vpc-1", "SubnetId": "subnet-1", "ConnectivityType": "private", "State": "pending"}],
		"Addresses": [{"AllocationId": "eipalloc-1", "PublicIp": "198.51.100.9", "NetworkInterfaceId": "eni-2", "NetworkInterfaceOwnerId": "111122223333",
			"PrivateIpAddress": "10.0.1.7", "NetworkBorderGroup": "us-west-2-lax-1", "Domain": "vpc"}]}`
	peers = `{"VpcPeeringConnections": [{"VpcPeeringConnectionId": "pcx-1", "Status": {"Code": "active", "Message": "Active"},
			"RequesterVpcInfo": {"VpcId": "vpc-1", "OwnerId": "111122223333", "Region": "eu-west-1", "CidrBlock": "10.0.0.0/16",
				"CidrBlockSet": [{"CidrBlock": "10.0.0.0/16"}, {"CidrBlock": "10.1.0.0/16"}], "Ipv6CidrBlockSet": [{"Ipv6CidrBlock": "2001:db8::/56"}]},
			"AccepterVpcInfo": {"VpcId": "vpc-8", "OwnerId": "444455556666", "Region": "eu-west-2", "PeeringOptions": {"AllowDnsResolutionFromRemoteVpc": true}}}],
		"VpcEndpoints": [{"VpcEndpointId": "vpce-1", "VpcEndpointType": "Gateway", "VpcId": "vpc-1", "OwnerId": "111122223333", "State": "Available",
				"ServiceName": "com.amazonaws.eu-west-1.s3", "RouteTableIds": ["rtb-1"]},
			{"VpcEndpointId": "vpce-2", "VpcEndpointType": "Interface", "VpcId": "vpc-1", "State": "available", "ServiceName": "com.amazonaws.eu-west-1.ec2",
				"ServiceRegion": "eu-west-1", "SubnetIds": ["subnet-1"], "NetworkInterfaceIds": ["eni-3"], "Groups": [{"GroupId": "sg-1", "GroupName": "one"}],
				"PrivateDnsEnabled": true, "RequesterManaged": true}],
		"VpcBlockPublicAccessOptions": {"AwsAccountId": "111122223333", "AwsRegion": "eu-west-1", "State": "update-complete", "InternetGatewayBlockMode": "block-ingress"},
		"VpcBlockPublicAccessExclusions": [{"ExclusionId": "vpcbpa-exclude-1", "InternetGatewayExclusionMode": "allow-egress", "State": "create-complete",
			"ResourceArn": "arn:aws:ec2:eu-west-1:111122223333:subnet/subnet-1"}]}`
)

func TestLoadRouting(t *testing.T) {
	got, err := Load(write(t, map[string]string{"routes.json": routeTables, "gateways.json": gateways, "peers.json": peers, "vpcs.json": vpcs, "subnets.json": subnets}))
	if err != nil || len(got.Problems)+len(got.Unknown)+len(got.Unused) > 0 {
		t.Fatalf("%v %+v", err, got)
	}
	cidr, addr := netip.MustParsePrefix, netip.MustParseAddr
	route := func(to string, kind TargetKind, id, state, origin string) Route {
		return Route{CIDR: cidr(to), Target: Target{Kind: kind, ID: id}, State: state, Origin: origin}
	}
	toInstance, toService := route("10.7.0.0/16", TargetInterface, "eni-1", "active", ""), route("0.0.0.0/0", TargetVPCEndpoint, "vpce-1", "active", "CreateRoute")
	toInstance.Target.Instance = "i-1"
	toService.CIDR, toService.PrefixList = netip.Prefix{}, "pl-1"
	want := newNetwork()
	want.VPCs = got.VPCs
	want.Subnets = got.Subnets
	want.RouteTables = map[string]*RouteTable{
		"rtb-1": {
			ID: "rtb-1", Name: "main", VPC: "vpc-1", Account: "111122223333", Region: "eu-west-1", Main: true, PropagatingVPNGateways: []string{"vgw-1"},
			Routes: []Route{
				route("10.0.0.0/16", TargetLocal, "", "active", "CreateRouteTable"),
				route("0.0.0.0/0", TargetNATGateway, "nat-9", "active", "CreateRoute"),
				route("192.168.0.0/16", TargetVPNGateway, "vgw-1", "active", "EnableVgwRoutePropagation"),
				toService,
				route("::/0", TargetEgressOnlyInternetGateway, "eigw-1", "active", "CreateRoute"),
				route("10.9.0.0/16", TargetTransitGateway, "tgw-1", "active", ""),
				route("10.8.0.0/16", TargetPeeringConnection, "pcx-1", "blackhole", ""),
				toInstance,
				route("10.6.0.0/16", TargetGone, "", "blackhole", ""),
				route("10.5.0.0/16", TargetCoreNetwork, "arn:aws:networkmanager::111122223333:core-network/core-network-1", "active", ""),
				route("10.4.0.0/16", TargetLocalGateway, "lgw-1", "active", ""),
				route("10.3.0.0/16", TargetCarrierGateway, "cagw-1", "active", ""),
				route("10.2.0.0/16", TargetODBNetwork, "arn:aws:odb:us-east-1:111122223333:odb-network/odbnet_1", "active", ""),
				route("10.1.0.0/16", TargetAddress, "10.0.1.9", "filtered", ""),
				route("10.20.0.0/16", TargetUnknown, "xyz-1", "active", ""),
			},
		},
		"rtb-2": {
			ID: "rtb-2", VPC: "vpc-1", Region: "eu-west-1",
			Subnets: []string{"subnet-1"}, Gateways: []string{"igw-1"}, Pools: []string{"ipv4pool-ec2-1"},
		},
	}
	want.InternetGateways = map[string]*InternetGateway{
		"igw-1": {ID: "igw-1", Account: "111122223333", Region: "eu-west-1", VPC: "vpc-1"}, "igw-2": {ID: "igw-2"},
	}
	want.EgressOnlyInternetGateways = map[string]*InternetGateway{"eigw-1": {ID: "eigw-1", Region: "eu-west-1", VPC: "vpc-1"}}
	want.VPNGateways = map[string]*VPNGateway{"vgw-1": {ID: "vgw-1", State: "available", Region: "eu-west-1", VPC: "vpc-1"}}
	want.NATGateways = map[string]*NATGateway{
		"nat-1": {
			ID: "nat-1", VPC: "vpc-1", Region: "eu-west-1", Subnet: "subnet-1", State: "available", Connectivity: "public", Availability: "zonal",
			Addresses: []NATAddress{{
				Interface: "eni-2", Private: addr("10.0.1.7"), Public: addr("198.51.100.9"), Allocation: "eipalloc-1", Primary: true, Status: "succeeded",
			}},
		},
		"nat-2": {
			ID: "nat-2", VPC: "vpc-1", Region: "eu-west-1", State: "available", Connectivity: "public", Availability: "regional", RouteTable: "rtb-2",
			Addresses: []NATAddress{{Public: addr("198.51.100.10"), Allocation: "eipalloc-2", AZ: "eu-west-1a", AZID: "euw1-az1"}},
		},
		"nat-3": {ID: "nat-3", VPC: "vpc-1", Region: "eu-west-1", Subnet: "subnet-1", State: "pending", Connectivity: "private", Availability: "zonal"},
	}
	want.ElasticIPs = map[string]*ElasticIP{"eipalloc-1": {
		ID: "eipalloc-1", Region: "us-west-2", Address: addr("198.51.100.9"), Private: addr("10.0.1.7"), Interface: "eni-2", InterfaceAccount: "111122223333",
	}}
	want.PeeringConnections = map[string]*PeeringConnection{"pcx-1": {
		ID: "pcx-1", Status: "active", Message: "Active",
		Requester: PeeringSide{
			VPC: "vpc-1", Account: "111122223333", Region: "eu-west-1",
			CIDRs: []netip.Prefix{cidr("10.0.0.0/16"), cidr("10.1.0.0/16"), cidr("2001:db8::/56")},
		},
		Accepter: PeeringSide{VPC: "vpc-8", Account: "444455556666", Region: "eu-west-2", ResolvesDNS: true},
	}}
	want.VPCEndpoints = map[string]*VPCEndpoint{
		"vpce-1": {
			ID: "vpce-1", VPC: "vpc-1", Account: "111122223333", Region: "eu-west-1", Kind: "Gateway", Service: "com.amazonaws.eu-west-1.s3",
			State: "available", RouteTables: []string{"rtb-1"},
		},
		"vpce-2": {
			ID: "vpce-2", VPC: "vpc-1", Region: "eu-west-1", Kind: "Interface", Service: "com.amazonaws.eu-west-1.ec2", ServiceRegion: "eu-west-1",
			State: "available", Subnets: []string{"subnet-1"}, Interfaces: []string{"eni-3"}, Groups: []string{"sg-1"}, PrivateDNS: true, Managed: true,
		},
	}
	want.BlockPublicAccess = map[string]*BlockPublicAccess{"111122223333/eu-west-1": {
		Account: "111122223333", Region: "eu-west-1", Mode: "block-ingress", State: "update-complete",
	}}
	want.BlockPublicAccessExclusions = map[string]*BlockPublicAccessExclusion{"vpcbpa-exclude-1": {
		ID: "vpcbpa-exclude-1", Account: "111122223333", Region: "eu-west-1", Resource: "subnet-1", Mode: "allow-egress", State: "create-complete",
	}}
	if diff := cmp.Diff(&want, got.Network, addresses); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if s, v := got.Subnets["subnet-1"], got.VPCs["vpc-1"]; s.RouteTable != "rtb-2" || v.MainRouteTable != "rtb-1" || s.Region != "eu-west-1" {
		t.Errorf("%+v, %+v", s, v)
	}
	wantMissing := []string{
		"eipalloc-1 is associated with eni-2, which is not in the input",
		"nat-1 has eni-2, which is not in the input",
		"no network ACL of the input is associated with subnet-1",
		"pcx-1 connects vpc-8, which is not in the input",
		"rtb-1 has a route to pl-1, which is not in the input",
		"rtb-1 routes to eni-1, which is not in the input",
		"rtb-1 routes to nat-9, which is not in the input",
		"rtb-1 routes to tgw-1, which is not in the input",
		"vpce-2 has eni-3, which is not in the input",
		"vpce-2 has sg-1, which is not in the input",
	}
	if diff := cmp.Diff(wantMissing, got.Missing()); diff != "" {
		t.Errorf("missing (-want +got):\n%s", diff)
	}
}

// transit are answers about a transit gateway, as files. Those that do not say of which
// route table they are have it in their name, or beside the answer.
var transit = map[string]string{
	"tgw.json": `{"TransitGateways": [{"TransitGatewayId": "tgw-1", "TransitGatewayArn": "arn:aws:ec2:eu-west-1:111122223333:transit-gateway/tgw-1", "State": "available",
		"Options": {"DefaultRouteTableAssociation": "enable", "AssociationDefaultRouteTableId": "tgw-rtb-1", "DefaultRouteTablePropagation": "disable",
			"PropagationDefaultRouteTableId": "tgw-rtb-1", "TransitGatewayCidrBlocks": ["10.99.0.0/24"], "SecurityGroupReferencingSupport": "enable"}}]}`,
	"attachments.json": `{"TransitGatewayAttachments": [
		{"TransitGatewayAttachmentId": "tgw-attach-1", "TransitGatewayId": "tgw-1", "ResourceType": "vpc", "ResourceId": "vpc-1", "ResourceOwnerId": "111122223333",
			"State": "available", "Association": {"TransitGatewayRouteTableId": "tgw-rtb-1", "State": "associated"}},
		{"TransitGatewayAttachmentId": "tgw-attach-2", "TransitGatewayId": "tgw-1", "ResourceType": "peering", "ResourceId": "tgw-9", "State": "available"}]}`,
	"vpc.json": `{"TransitGatewayVpcAttachments": [{"TransitGatewayAttachmentId": "tgw-attach-1", "TransitGatewayId": "tgw-1", "VpcId": "vpc-1", "VpcOwnerId": "111122223333",
		"State": "available", "SubnetIds": ["subnet-1"], "Options": {"ApplianceModeSupport": "enable", "Ipv6Support": "disable"}}]}`,
	"peering.json": `{"TransitGatewayPeeringAttachments": [{"TransitGatewayAttachmentId": "tgw-attach-2", "State": "available",
		"RequesterTgwInfo": {"TransitGatewayId": "tgw-1", "OwnerId": "111122223333", "Region": "eu-west-1"}, "AccepterTgwInfo": {"TransitGatewayId": "tgw-9", "Region": "eu-west-2"}}]}`,
	"connects.json": `{"TransitGatewayConnects": [{"TransitGatewayAttachmentId": "tgw-attach-3", "TransportTransitGatewayAttachmentId": "tgw-attach-1", "TransitGatewayId": "tgw-1", "State": "available"}]}`,
	"tables.json": `{"TransitGatewayRouteTables": [{"TransitGatewayRouteTableId": "tgw-rtb-1", "TransitGatewayId": "tgw-1", "State": "available", "DefaultAssociationRouteTable": true},
		{"TransitGatewayRouteTableId": "tgw-rtb-0123456789abcdef0", "TransitGatewayId": "tgw-1", "State": "available"}]}`,
	"tgw-rtb-1.json": `{"Routes": [{"DestinationCidrBlock": "10.0.0.0/16", "Type": "propagated", "State": "active", "TransitGatewayAttachments": [
			{"ResourceId": "vpc-1", "TransitGatewayAttachmentId": "tgw-attach-1", "ResourceType": "vpc"}]},
		{"DestinationCidrBlock": "10.66.0.0/16", "Type": "static", "State": "blackhole"}], "AdditionalRoutesAvailable": false}`,
	"associations.json": `{"TransitGatewayRouteTableId": "tgw-rtb-1", "Associations": [{"TransitGatewayAttachmentId": "tgw-attach-2", "ResourceId": "tgw-9", "ResourceType": "peering", "State": "associated"}]}`,
	"propagations-of-tgw-rtb-0123456789abcdef0.json": `{"TransitGatewayRouteTablePropagations": [
		{"TransitGatewayAttachmentId": "tgw-attach-1", "ResourceId": "vpc-1", "ResourceType": "vpc", "State": "enabled"}]}`,
	"static.json": `{"TransitGatewayStaticRoutes": [{"TransitGatewayRouteTableId": "tgw-rtb-0123456789abcdef0", "AdditionalRoutesAvailable": true, "Routes": [
		{"PrefixListId": "pl-1", "Type": "static", "State": "active", "TransitGatewayAttachments": [{"TransitGatewayAttachmentId": "tgw-attach-7"}]}]}]}`,
	"lists.json":               `{"PrefixLists": [{"PrefixListId": "pl-1", "PrefixListName": "one", "PrefixListArn": "arn:aws:ec2:eu-west-1:111122223333:prefix-list/pl-1", "AddressFamily": "IPv4", "MaxEntries": 9, "Version": 2, "OwnerId": "111122223333", "State": "modify-complete"}, {"PrefixListId": "pl-2", "OwnerId": "AWS"}]}`,
	"pl-1.json":                `{"Entries": [{"Cidr": "10.1.0.0/16", "Description": "one"}, {"Cidr": "10.2.0.0/16"}]}`,
	"another-description.json": `{"PrefixLists": [{"PrefixListId": "pl-1", "PrefixListName": "one", "Cidrs": ["10.2.0.0/16", "10.1.0.0/16"]}]}`,
	"group.json":               `{"SecurityGroups": [{"GroupId": "sg-1", "IpPermissions": [{"IpProtocol": "-1", "PrefixListIds": [{"PrefixListId": "pl-2"}]}]}]}`,
}

func TestLoadTransit(t *testing.T) {
	got, err := Load(write(t, transit))
	if err != nil || len(got.Problems)+len(got.Unknown)+len(got.Unused) > 0 {
		t.Fatalf("%v %+v", err, got)
	}
	cidr := netip.MustParsePrefix
	want := newNetwork()
	want.SecurityGroups = got.SecurityGroups
	want.TransitGateways = map[string]*TransitGateway{"tgw-1": {
		ID: "tgw-1", Account: "111122223333", Region: "eu-west-1", State: "available", CIDRs: []netip.Prefix{cidr("10.99.0.0/24")},
		AssociationRouteTable: "tgw-rtb-1", SecurityGroupReferencing: "enable",
	}}
	want.TransitGatewayAttachments = map[string]*TransitGatewayAttachment{
		"tgw-attach-1": {
			ID: "tgw-attach-1", Account: "111122223333", TransitGateway: "tgw-1", Kind: "vpc", Resource: "vpc-1", State: "available",
			RouteTable: "tgw-rtb-1", Association: "associated", Subnets: []string{"subnet-1"}, ApplianceMode: "enable", IPv6: "disable",
		},
		"tgw-attach-2": {
			ID: "tgw-attach-2", TransitGateway: "tgw-1", Kind: "peering", Resource: "tgw-9", State: "available", RouteTable: "tgw-rtb-1", Association: "associated",
			Requester: TransitGatewaySide{"tgw-1", "111122223333", "eu-west-1"}, Accepter: TransitGatewaySide{"tgw-9", "", "eu-west-2"},
		},
		"tgw-attach-3": {ID: "tgw-attach-3", TransitGateway: "tgw-1", Kind: "connect", State: "available", Transport: "tgw-attach-1"},
	}
	want.TransitGatewayRouteTables = map[string]*TransitGatewayRouteTable{
		"tgw-rtb-1": {
			ID: "tgw-rtb-1", TransitGateway: "tgw-1", State: "available", DefaultAssociation: true, RoutesKnown: SearchedRoutes,
			Routes: []TransitGatewayRoute{
				{CIDR: cidr("10.0.0.0/16"), Type: "propagated", State: "active", Attachments: []string{"tgw-attach-1"}},
				{CIDR: cidr("10.66.0.0/16"), Type: "static", State: "blackhole"},
			},
		},
		"tgw-rtb-0123456789abcdef0": {
			ID: "tgw-rtb-0123456789abcdef0", TransitGateway: "tgw-1", State: "available", RoutesKnown: SomeRoutes,
			Routes:       []TransitGatewayRoute{{PrefixList: "pl-1", Type: "static", State: "active", Attachments: []string{"tgw-attach-7"}}},
			Propagations: []Propagation{{"tgw-attach-1", "vpc", "vpc-1", "enabled"}}, PropagationsKnown: true,
		},
	}
	want.PrefixLists = map[string]*PrefixList{
		"pl-1": {
			ID: "pl-1", Name: "one", Account: "111122223333", Region: "eu-west-1", Family: "IPv4", MaxEntries: 9, Version: 2, State: "modify-complete",
			CIDRs: []netip.Prefix{cidr("10.2.0.0/16"), cidr("10.1.0.0/16")},
		},
		"pl-2": {ID: "pl-2", Account: "AWS", EntriesUnknown: true},
	}
	if diff := cmp.Diff(&want, got.Network, addresses); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	wantMissing := []string{
		"sg-1 references pl-2, whose entries are not in the input",
		"tgw-attach-1 attaches vpc-1, which is not in the input",
		"tgw-attach-1 is in subnet-1, which is not in the input",
		"tgw-rtb-0123456789abcdef0 routes to tgw-attach-7, which is not in the input",
	}
	if diff := cmp.Diff(wantMissing, got.Missing()); diff != "" {
		t.Errorf("missing (-want +got):\n%s", diff)
	}
}

func TestLoadRoutingBad(t *testing.T) {
	table := func(route string) string {
		return `{"RouteTables": [{"RouteTableId": "rtb-1", "Routes": [` + route + `]}]}`
	}
	for name, tt := range map[string]struct{ file, text, want string }{
		"no destination":   {"a.json", table(`{"GatewayId": "local"}`), "RouteTables[0].Routes[0]: just one of DestinationCidrBlock, DestinationIpv6CidrBlock and DestinationPrefixListId is expected"},
		"two destinations": {"a.json", table(`{"GatewayId": "local", "DestinationCidrBlock": "10.0.0.0/8", "DestinationPrefixListId": "pl-1"}`), "RouteTables[0].Routes[0]: just one of DestinationCidrBlock, DestinationIpv6CidrBlock and DestinationPrefixListId is expected"},
		"IPv6 in IPv4":     {"a.json", table(`{"GatewayId": "local", "DestinationCidrBlock": "::/0"}`), "RouteTables[0].Routes[0].DestinationCidrBlock: ::/0 is not IPv4"},
		"two targets":      {"a.json", table(`{"GatewayId": "igw-1", "NatGatewayId": "nat-1", "DestinationCidrBlock": "0.0.0.0/0"}`), "RouteTables[0].Routes[0]: two targets, igw-1 and nat-1"},
		"no target":        {"a.json", table(`{"DestinationCidrBlock": "0.0.0.0/0", "State": "active"}`), "RouteTables[0].Routes[0]: no target that is known: GatewayId, NatGatewayId, TransitGatewayId, VpcPeeringConnectionId, NetworkInterfaceId..."},
		"another state":    {"a.json", table(`{"DestinationCidrBlock": "0.0.0.0/0", "State": "odd"}`), `RouteTables[0].Routes[0].State: "odd" is no state of a route that is known: active, blackhole, filtered`},
		"two main":         {"a.json", `{"RouteTables": [{"RouteTableId": "rtb-1", "VpcId": "vpc-1", "Associations": [{"Main": true}]}, {"RouteTableId": "rtb-2", "VpcId": "vpc-1", "Associations": [{"Main": true}]}]}`, "RouteTables[1]: rtb-2 is the main route table of vpc-1, and so is rtb-1"},
		"entries of none":  {"lists.json", `{"Entries": [{"Cidr": "10.0.0.0/8"}]}`, `Entries: the answer does not say of what it is: name the file pl-....json, or put "PrefixListId" beside it`},
		"entries of two":   {"pl-01234567-pl-89abcdef.json", `{"Entries": [{"Cidr": "10.0.0.0/8"}]}`, `Entries: the answer does not say of what it is: name the file pl-....json, or put "PrefixListId" beside it`},
		"no CIDR":          {"pl-1.json", `{"Entries": [{"Cidr": "10.0.0.0"}]}`, `Entries[0].Cidr: "10.0.0.0" is no CIDR`},
		"routes of none":   {"a.json", `{"Routes": []}`, `Routes: the answer does not say of what it is: name the file tgw-rtb-....json, or put "TransitGatewayRouteTableId" beside it`},
		"no type":          {"tgw-rtb-1.json", `{"Routes": [{"DestinationCidrBlock": "10.0.0.0/8"}]}`, `Routes[0].Type: "" is neither static nor propagated`},
		"a second NAT":     {"a.json", `{"NatGateways": [{"NatGatewayId": "nat-1", "State": "failed"}, {"NatGatewayId": "nat-1", "State": "available"}]}`, "NatGateways[1]: nat-1 is described before, and otherwise"},
		"no address":       {"a.json", `{"NatGateways": [{"NatGatewayId": "nat-1", "NatGatewayAddresses": [{"PrivateIp": "10.0.0"}]}]}`, `NatGateways[0].NatGatewayAddresses[0].PrivateIp: "10.0.0" is no address`},
		"a list":           {"a.json", `{"VpcBlockPublicAccessOptions": []}`, "VpcBlockPublicAccessOptions: array where object is expected"},
		"no account":       {"a.json", `{"VpcBlockPublicAccessOptions": {"AwsRegion": "eu-west-1"}}`, "VpcBlockPublicAccessOptions: no AwsAccountId"},
		"two entry lists":  {"pl-1.json", `{"PrefixLists": [{"PrefixListId": "pl-1", "Cidrs": ["10.0.0.0/9"]}], "Entries": [{"Cidr": "10.0.0.0/8"}]}`, "PrefixLists[0]: pl-1 is described before, and otherwise"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Load(write(t, map[string]string{tt.file: tt.text, "z.json": vpcs}))
			if len(got.Problems) != 1 || !strings.Contains(got.Problems[0].String(), tt.file+": "+tt.want) {
				t.Errorf("%v %v, want %s", err, got.Problems, tt.want)
			}
		})
	}
}
