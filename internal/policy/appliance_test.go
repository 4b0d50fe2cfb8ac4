package policy

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"weir/internal/netmodel"
)

// inspected adds to the network of routed a Gateway Load Balancer endpoint for each VPC that
// tests need one in: vpce-1 in subnet-1f (10.1.4.0/24), and vpce-3 in subnet-3f (10.3.4.0/24).
func inspected(n *netmodel.Network) {
	for _, vpc := range []string{"1", "3"} {
		s := *n.Subnets["subnet-"+vpc+"a"]
		s.ID, s.CIDRs, s.NetworkACL, s.RouteTable = "subnet-"+vpc+"f", []netip.Prefix{cidr("10." + vpc + ".4.0/24")}, "acl-"+vpc+"f", "rtb-"+vpc+"f"
		acl, table := *n.NetworkACLs["acl-"+vpc+"a"], *n.RouteTables["rtb-"+vpc+"t"]
		acl.ID, table.ID, table.Routes = s.NetworkACL, s.RouteTable, slices.Clone(table.Routes)
		n.Subnets[s.ID], n.NetworkACLs[acl.ID], n.RouteTables[table.ID] = &s, &acl, &table
		n.VPCEndpoints["vpce-"+vpc+"f"] = &netmodel.VPCEndpoint{
			ID: "vpce-" + vpc + "f", VPC: "vpc-" + vpc, Kind: "GatewayLoadBalancer", State: "available", Subnets: []string{s.ID},
		}
	}
}

// TestInspection follows packets through Gateway Load Balancer endpoints.
//
// Sources: as of throughEndpoint. The first two are AWS's example of the Gateway Load Balancer
// user guide, "Getting started".
func TestInspection(t *testing.T) {
	const (
		world, elastic = "198.51.100.7", "203.0.113.10"
		outward        = "rtb-1p:0.0.0.0/0>vpce-1f sgr-out acl-1p:egress:100 acl-1f:ingress:100 vpce-1f rtb-1f:0.0.0.0/0>igw-1 acl-1f:egress:100 igw-1"
		inward         = "igw-1 rtb-igw:10.1.2.0/24>vpce-1f acl-1f:ingress:100 vpce-1f rtb-1f:10.1.0.0/16>local acl-1f:egress:100 acl-1p:ingress:100"
		across         = "rtb-1a:10.1.2.0/24>vpce-1f sgr-out acl-1a:egress:100 acl-1f:ingress:100 vpce-1f rtb-1f:10.1.0.0/16>local acl-1f:egress:100 acl-1p:ingress:100 sgr-in"
		backInspected  = "rtb-1p:10.1.1.0/24>vpce-1f sgr-out acl-1p:egress:100 acl-1f:ingress:100 vpce-1f rtb-1f:10.1.0.0/16>local"
		back           = backInspected + " acl-1f:egress:100 acl-1a:ingress:100 sgr-out"
	)
	edge := func(n *netmodel.Network) {
		n.RouteTables["rtb-igw"] = &netmodel.RouteTable{ID: "rtb-igw", VPC: "vpc-1", Gateways: []string{"igw-1"}}
		route(n, "rtb-igw", "10.1.2.0/24", netmodel.TargetVPCEndpoint, "vpce-1f")
		route(n, "rtb-1p", "0.0.0.0/0", netmodel.TargetVPCEndpoint, "vpce-1f")
		route(n, "rtb-1f", "0.0.0.0/0", netmodel.TargetInternetGateway, "igw-1")
	}
	between := func(n *netmodel.Network) {
		route(n, "rtb-1a", "10.1.2.0/24", netmodel.TargetVPCEndpoint, "vpce-1f")
		route(n, "rtb-1p", "10.1.1.0/24", netmodel.TargetVPCEndpoint, "vpce-1f")
	}
	for name, tt := range map[string]struct {
		walkCase
		change func(n *netmodel.Network)
	}{
		"in from the internet":   {walkCase{from: Internet, src: world, dst: elastic, forward: inward + " sgr-in", reply: outward, to: "eni-1p"}, edge},
		"out to the internet":    {walkCase{from: "eni-1p", src: "10.1.2.10", dst: world, forward: outward, reply: inward + " sgr-out", to: Internet}, edge},
		"out by a NAT gateway":   {walkCase{dst: world, forward: toNAT + " nat-1 " + strings.Replace(outward, " sgr-out", "", 1), reply: inward + " nat-1 rtb-1p:10.1.0.0/16>local acl-1p:egress:100 acl-1a:ingress:100 sgr-out", to: Internet}, edge},
		"without public address": {walkCase{from: "eni-1p", src: "10.1.2.10", dst: world, forward: outward + "!"}, func(n *netmodel.Network) { edge(n); n.Interfaces["eni-1p"].Public = nil }},
		"between subnets":        {walkCase{dst: "10.1.2.10", forward: across, reply: back, to: "eni-1p"}, between},
		"a reference to a group does not match through it": {
			walkCase{dst: "10.1.2.10", forward: across[:strings.LastIndex(across, " ")] + " sg:ingress:implicit-deny!"},
			func(n *netmodel.Network) {
				between(n)
				n.SecurityGroups["sg-1"].Ingress = []netmodel.GroupRule{referring(all(), "sg-1")}
			},
		},
		"nor one of what goes out": {
			walkCase{dst: "10.1.2.10", forward: "rtb-1a:10.1.2.0/24>vpce-1f sg:egress:implicit-deny!"},
			func(n *netmodel.Network) {
				between(n)
				n.SecurityGroups["sg-1"].Egress = []netmodel.GroupRule{referring(all(), "sg-1")}
			},
		},
		"the network ACL of its subnet, in": {
			walkCase{dst: "10.1.2.10", forward: "rtb-1a:10.1.2.0/24>vpce-1f sgr-out acl-1a:egress:100 acl-1f:ingress:1!"},
			func(n *netmodel.Network) {
				between(n)
				deny(n, "acl-1f", netmodel.Ingress, ports(netmodel.TCP, 443, 443))
			},
		},
		"the network ACL of its subnet, out, of the reply": {
			walkCase{dst: "10.1.2.10", forward: across, reply: backInspected + " acl-1f:egress:1!", to: "eni-1p"},
			func(n *netmodel.Network) {
				between(n)
				deny(n, "acl-1f", netmodel.Egress, ports(netmodel.TCP, 50000, 50000))
			},
		},
		"not available": {
			walkCase{dst: "10.1.2.10", forward: "rtb-1a:10.1.2.0/24>vpce-1f sgr-out acl-1a:egress:100 vpce-1f!"},
			func(n *netmodel.Network) { between(n); n.VPCEndpoints["vpce-1f"].State = "rejected" },
		},
		"the reply goes past it": {
			walkCase{dst: "10.1.2.10", forward: across, reply: "rtb-1p:10.1.0.0/16>local sgr-out acl-1p:egress:100 acl-1a:ingress:100 sgr-out", to: "eni-1p"},
			func(n *netmodel.Network) { between(n); unroute(n, "rtb-1p", "10.1.1.0/24") },
		},
		"the reply goes past a firewall": {
			walkCase{dst: "10.1.2.10", err: "the reply does not go through the firewall of vpce-1f"},
			func(n *netmodel.Network) {
				between(n)
				unroute(n, "rtb-1p", "10.1.1.0/24")
				n.VPCEndpoints["vpce-1f"].Managed = true
			},
		},
		"only the reply goes through it": {
			walkCase{dst: "10.1.2.10", err: "the reply goes through the appliances of vpce-1f, and the packet did not"},
			func(n *netmodel.Network) { between(n); unroute(n, "rtb-1a", "10.1.2.0/24") },
		},
		"it is in the sender's subnet": {
			walkCase{dst: "10.1.2.10", err: "the appliances of vpce-1f and an end of the way to them are in subnet-1a both"},
			func(n *netmodel.Network) {
				between(n)
				n.VPCEndpoints["vpce-1f"].Subnets = []string{"subnet-1a"}
			},
		},
		"it is in the receiver's subnet": {
			walkCase{dst: "10.1.2.10", err: "the appliances of vpce-1f and an end of the way to them are in subnet-1p both"},
			func(n *netmodel.Network) {
				between(n)
				n.VPCEndpoints["vpce-1f"].Subnets = []string{"subnet-1p"}
			},
		},
		"its subnet is not there": {
			walkCase{dst: "10.1.2.10", err: "the appliances of vpce-1f, in subnet-1f, which is not in the input"},
			func(n *netmodel.Network) { between(n); delete(n.Subnets, "subnet-1f") },
		},
		"it goes round": {
			walkCase{dst: "10.1.2.10", err: "it goes round"},
			func(n *netmodel.Network) {
				between(n)
				n.VPCEndpoints["vpce-2f"] = &netmodel.VPCEndpoint{ID: "vpce-2f", VPC: "vpc-1", Kind: "GatewayLoadBalancer", State: "available", Subnets: []string{"subnet-1t"}}
				route(n, "rtb-1f", "10.1.2.0/24", netmodel.TargetVPCEndpoint, "vpce-2f")
				route(n, "rtb-1t", "10.1.2.0/24", netmodel.TargetVPCEndpoint, "vpce-1f")
			},
		},
		"an inspection VPC behind a transit gateway": {
			walkCase{
				dst: "172.16.3.4", to: "tgw-attach-vpn",
				forward: "rtb-1a:172.16.0.0/12>tgw-1 sgr-out acl-1a:egress:100 acl-1t:ingress:100 tgw-rtb-1:172.16.0.0/12>tgw-attach-3 " +
					"rtb-3t:0.0.0.0/0>vpce-3f acl-3t:egress:100 acl-3f:ingress:100 vpce-3f rtb-3f:0.0.0.0/0>tgw-1 acl-3f:egress:100 acl-3t:ingress:100 tgw-rtb-2:172.16.0.0/12>tgw-attach-vpn tgw-attach-vpn",
				reply: "tgw-rtb-1:10.1.0.0/16>tgw-attach-3 rtb-3t:0.0.0.0/0>vpce-3f acl-3t:egress:100 acl-3f:ingress:100 vpce-3f rtb-3f:0.0.0.0/0>tgw-1 acl-3f:egress:100 acl-3t:ingress:100 " +
					"tgw-rtb-2:10.1.0.0/16>tgw-attach-1 rtb-1t:10.1.0.0/16>local acl-1t:egress:100 acl-1a:ingress:100 sgr-out",
			},
			func(n *netmodel.Network) {
				route(n, "rtb-3t", "0.0.0.0/0", netmodel.TargetVPCEndpoint, "vpce-3f")
				route(n, "rtb-3f", "0.0.0.0/0", netmodel.TargetTransitGateway, "tgw-1")
				one := n.TransitGatewayRouteTables["tgw-rtb-1"]
				two := *one
				two.ID, two.Routes = "tgw-rtb-2", slices.Clone(one.Routes)
				n.TransitGatewayRouteTables[two.ID], n.TransitGatewayAttachments["tgw-attach-3"].RouteTable = &two, two.ID
				one.Routes[0].Attachments, one.Routes[2].Attachments = []string{"tgw-attach-3"}, []string{"tgw-attach-3"}
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if tt.from == "" {
				tt.from, tt.src = "eni-1a", "10.1.1.10"
			}
			tt.walkCase.change = func(n *netmodel.Network) { inspected(n); tt.change(n) }
			tt.run(t)
		})
	}
}

// TestInspectionIsAssumed checks that a path says what it takes for granted.
func TestInspectionIsAssumed(t *testing.T) {
	n := routed()
	inspected(n)
	route(n, "rtb-1a", "10.1.2.0/24", netmodel.TargetVPCEndpoint, "vpce-1f")
	p := tcp("10.1.1.10", 50000, "10.1.2.10", 443)
	path, err := New(n).Path("eni-1a", "", &p)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"assumed: what is behind vpce-1f", "the reply does not go through the appliances of vpce-1f, as the packet did: AWS does not recommend that"} {
		if !slices.ContainsFunc(path.Notes, func(s string) bool { return strings.HasPrefix(s, want) }) {
			t.Errorf("no note %q in %q", want, path.Notes)
		}
	}
}

// TestAppliance follows packets to an appliance that is a route's target: what lies behind it
// is not known, what keeps them from it is.
func TestAppliance(t *testing.T) {
	to := func(n *netmodel.Network) { route(n, "rtb-1a", "0.0.0.0/0", netmodel.TargetInterface, "eni-1p") }
	checks := func(n *netmodel.Network, yes bool) { to(n); n.Interfaces["eni-1p"].SourceDestCheck = &yes }
	const way = "rtb-1a:0.0.0.0/0>eni-1p sgr-out acl-1a:egress:100"
	for name, tt := range map[string]walkCase{
		"it checks its addresses": {change: func(n *netmodel.Network) { checks(n, true) }, forward: way + " eni-1p!"},
		"it does not":             {change: func(n *netmodel.Network) { checks(n, false) }, err: "through the appliance at eni-1p: what becomes of it there is not in the definition"},
		"it is not said":          {change: to, err: "through the appliance at eni-1p"},
		"its group lets nothing in": {
			change: func(n *netmodel.Network) {
				checks(n, false)
				n.SecurityGroups["sg-2"] = &netmodel.SecurityGroup{ID: "sg-2"}
				n.Interfaces["eni-1p"].Groups = []string{"sg-2"}
			},
			forward: way + " acl-1p:ingress:100 sg:ingress:implicit-deny!",
		},
		"the network ACL of its subnet": {
			change: func(n *netmodel.Network) {
				checks(n, false)
				deny(n, "acl-1p", netmodel.Ingress, ports(netmodel.TCP, 443, 443))
			},
			forward: way + " acl-1p:ingress:1!",
		},
		"it is not there": {change: func(n *netmodel.Network) { to(n); delete(n.Interfaces, "eni-1p") }, err: "eni-1p is not in the input"},
	} {
		t.Run(name, func(t *testing.T) {
			tt.from, tt.src, tt.dst = "eni-1a", "10.1.1.10", "198.51.100.7"
			tt.run(t)
		})
	}
}
