package policy

import (
	"net/netip"

	"weir/internal/netmodel"
)

// routed returns three VPCs of one region. vpc-1 (10.1.0.0/16) is peered with vpc-2 and, as
// vpc-3 is, attached to tgw-1; it has an internet gateway, an egress-only one, a NAT gateway,
// a virtual private gateway and a gateway endpoint. Subnets, their network ACLs, which allow
// everything, and route tables are named alike: subnet-1a, acl-1a and rtb-1a.
//
//   - 1a: eni-1a (10.1.1.10), which leaves by nat-1 and eigw-1
//   - 1p: eni-1p (10.1.2.10, 203.0.113.10), nat-1 (10.1.2.99, 203.0.113.99), and igw-1
//   - 1t and 3t: of the attachments to tgw-1
//   - 2a: eni-2a (10.2.1.10), 3a: eni-3a (10.3.1.10)
//
// All ENIs carry sg-1, which lets TCP port 443 in from everywhere and everything out.
func routed() *netmodel.Network {
	n := &netmodel.Network{
		VPCs:           map[string]*netmodel.VPC{},
		Subnets:        map[string]*netmodel.Subnet{},
		Interfaces:     map[string]*netmodel.Interface{},
		NetworkACLs:    map[string]*netmodel.NetworkACL{},
		RouteTables:    map[string]*netmodel.RouteTable{},
		SecurityGroups: map[string]*netmodel.SecurityGroup{},
		PrefixLists:    map[string]*netmodel.PrefixList{"pl-s3": {ID: "pl-s3", CIDRs: []netip.Prefix{cidr("52.216.0.0/15")}}},
		InternetGateways: map[string]*netmodel.InternetGateway{
			"igw-1": {ID: "igw-1", VPC: "vpc-1"},
		},
		EgressOnlyInternetGateways: map[string]*netmodel.InternetGateway{"eigw-1": {ID: "eigw-1", VPC: "vpc-1"}},
		VPNGateways:                map[string]*netmodel.VPNGateway{"vgw-1": {ID: "vgw-1", VPC: "vpc-1"}},
		NATGateways: map[string]*netmodel.NATGateway{"nat-1": {
			ID: "nat-1", VPC: "vpc-1", Subnet: "subnet-1p", Availability: "zonal", Connectivity: "public", State: "available",
			Addresses: []netmodel.NATAddress{{Interface: "eni-nat", Private: addr("10.1.2.99"), Public: addr("203.0.113.99"), Primary: true}},
		}},
		PeeringConnections: map[string]*netmodel.PeeringConnection{"pcx-1": {
			ID: "pcx-1", Status: "active",
			Requester: netmodel.PeeringSide{VPC: "vpc-1", Region: "eu-west-1"}, Accepter: netmodel.PeeringSide{VPC: "vpc-2", Region: "eu-west-1"},
		}},
		VPCEndpoints: map[string]*netmodel.VPCEndpoint{"vpce-1": {
			ID: "vpce-1", VPC: "vpc-1", Kind: "Gateway", Service: "com.amazonaws.eu-west-1.s3", State: "available",
		}},
		TransitGateways: map[string]*netmodel.TransitGateway{"tgw-1": {ID: "tgw-1", SecurityGroupReferencing: "enable"}},
		TransitGatewayAttachments: map[string]*netmodel.TransitGatewayAttachment{
			"tgw-attach-vpn": {ID: "tgw-attach-vpn", TransitGateway: "tgw-1", Kind: "vpn", State: "available", RouteTable: "tgw-rtb-1", Association: "associated"},
		},
		TransitGatewayRouteTables: map[string]*netmodel.TransitGatewayRouteTable{"tgw-rtb-1": {
			ID: "tgw-rtb-1", TransitGateway: "tgw-1", RoutesKnown: netmodel.SearchedRoutes,
			Routes: []netmodel.TransitGatewayRoute{
				{CIDR: cidr("10.1.0.0/16"), Type: "propagated", State: "active", Attachments: []string{"tgw-attach-1"}},
				{CIDR: cidr("10.3.0.0/16"), Type: "propagated", State: "active", Attachments: []string{"tgw-attach-3"}},
				{CIDR: cidr("172.16.0.0/12"), Type: "propagated", State: "active", Attachments: []string{"tgw-attach-vpn"}},
			},
		}},
	}
	everything := []netmodel.ACLEntry{
		{Number: 100, Allow: true, Traffic: all(), CIDR: cidr("0.0.0.0/0")}, {Number: 101, Allow: true, Traffic: all(), CIDR: cidr("::/0")},
	}
	for _, s := range []struct{ name, vpc, cidr string }{
		{"1a", "vpc-1", "10.1.1.0/24"},
		{"1p", "vpc-1", "10.1.2.0/24"},
		{"1t", "vpc-1", "10.1.3.0/24"},
		{"2a", "vpc-2", "10.2.1.0/24"},
		{"3a", "vpc-3", "10.3.1.0/24"},
		{"3t", "vpc-3", "10.3.3.0/24"},
	} {
		four := netip.MustParsePrefix("10." + s.vpc[4:] + ".0.0/16")
		n.VPCs[s.vpc] = &netmodel.VPC{ID: s.vpc, CIDRs: []netip.Prefix{four, cidr("2001:db8:" + s.vpc[4:] + "::/56")}, Region: "eu-west-1", Account: "111122223333"}
		n.Subnets["subnet-"+s.name] = &netmodel.Subnet{
			ID: "subnet-" + s.name, VPC: s.vpc, CIDRs: []netip.Prefix{cidr(s.cidr)}, AZ: "eu-west-1a", AZID: "euw1-az1",
			NetworkACL: "acl-" + s.name, RouteTable: "rtb-" + s.name,
		}
		n.NetworkACLs["acl-"+s.name] = &netmodel.NetworkACL{ID: "acl-" + s.name, VPC: s.vpc, Ingress: everything, Egress: everything}
		n.RouteTables["rtb-"+s.name] = &netmodel.RouteTable{ID: "rtb-" + s.name, VPC: s.vpc, Routes: []netmodel.Route{
			{CIDR: four, Target: netmodel.Target{Kind: netmodel.TargetLocal}, State: "active"},
			{CIDR: n.VPCs[s.vpc].CIDRs[1], Target: netmodel.Target{Kind: netmodel.TargetLocal}, State: "active"},
		}}
	}
	n.Subnets["subnet-1a"].CIDRs = append(n.Subnets["subnet-1a"].CIDRs, cidr("2001:db8:1:1::/64"))
	for id, at := range map[string]struct{ subnet, addr string }{
		"eni-1a": {"1a", "10.1.1.10"}, "eni-1p": {"1p", "10.1.2.10"}, "eni-2a": {"2a", "10.2.1.10"}, "eni-3a": {"3a", "10.3.1.10"},
	} {
		n.Interfaces[id] = &netmodel.Interface{
			ID: id, VPC: "vpc-" + at.subnet[:1], Subnet: "subnet-" + at.subnet, Type: "interface", Groups: []string{"sg-1"}, Addresses: []netip.Addr{addr(at.addr)},
		}
	}
	n.Interfaces["eni-1a"].Addresses = append(n.Interfaces["eni-1a"].Addresses, addr("2001:db8:1:1::10"))
	n.Interfaces["eni-1p"].Public = map[netip.Addr]netip.Addr{addr("10.1.2.10"): addr("203.0.113.10")}
	n.SecurityGroups["sg-1"] = &netmodel.SecurityGroup{
		ID:      "sg-1",
		Ingress: []netmodel.GroupRule{from("sgr-in", ports(netmodel.TCP, 443, 443), "0.0.0.0/0")},
		Egress:  []netmodel.GroupRule{from("sgr-out", all(), "0.0.0.0/0"), from("sgr-out6", all(), "::/0")},
	}
	for id, vpc := range map[string]string{"tgw-attach-1": "1", "tgw-attach-3": "3"} {
		n.TransitGatewayAttachments[id] = &netmodel.TransitGatewayAttachment{
			ID: id, TransitGateway: "tgw-1", Kind: "vpc", Resource: "vpc-" + vpc, State: "available", RouteTable: "tgw-rtb-1", Association: "associated",
			Subnets: []string{"subnet-" + vpc + "t"}, ApplianceMode: "disable", IPv6: "disable", SecurityGroupReferencing: "enable",
		}
	}
	for _, r := range []struct {
		table, to string
		kind      netmodel.TargetKind
		id        string
	}{
		{"rtb-1a", "10.2.0.0/16", netmodel.TargetPeeringConnection, "pcx-1"},
		{"rtb-1p", "10.2.0.0/16", netmodel.TargetPeeringConnection, "pcx-1"},
		{"rtb-2a", "10.1.0.0/16", netmodel.TargetPeeringConnection, "pcx-1"},
		{"rtb-1a", "10.3.0.0/16", netmodel.TargetTransitGateway, "tgw-1"},
		{"rtb-1a", "172.16.0.0/12", netmodel.TargetTransitGateway, "tgw-1"},
		{"rtb-3a", "10.0.0.0/8", netmodel.TargetTransitGateway, "tgw-1"},
		{"rtb-1a", "192.168.0.0/16", netmodel.TargetVPNGateway, "vgw-1"},
		{"rtb-1a", "0.0.0.0/0", netmodel.TargetNATGateway, "nat-1"},
		{"rtb-1a", "::/0", netmodel.TargetEgressOnlyInternetGateway, "eigw-1"},
		{"rtb-1p", "0.0.0.0/0", netmodel.TargetInternetGateway, "igw-1"},
	} {
		route(n, r.table, r.to, r.kind, r.id)
	}
	t := n.RouteTables["rtb-1a"]
	t.Routes = append(t.Routes, netmodel.Route{PrefixList: "pl-s3", State: "active", Target: netmodel.Target{Kind: netmodel.TargetVPCEndpoint, ID: "vpce-1"}})
	return n
}

// route adds a route, or changes it.
func route(n *netmodel.Network, table, to string, kind netmodel.TargetKind, id string) {
	t := n.RouteTables[table]
	r := netmodel.Route{CIDR: cidr(to), State: "active", Origin: "CreateRoute", Target: netmodel.Target{Kind: kind, ID: id}}
	for i := range t.Routes {
		if t.Routes[i].CIDR == r.CIDR {
			t.Routes[i] = r
			return
		}
	}
	t.Routes = append(t.Routes, r)
}

// unroute removes a route.
func unroute(n *netmodel.Network, table, to string) {
	t := n.RouteTables[table]
	var left []netmodel.Route
	for _, r := range t.Routes {
		if r.CIDR != cidr(to) {
			left = append(left, r)
		}
	}
	t.Routes = left
}
