package policy

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/internal/netmodel"
)

// texts returns what decided at each step: a route with what it leads to, a rule, or a
// gateway; with "!" where it refuses.
func texts(steps []Step) string {
	var out []string
	for _, s := range steps {
		what := s.Rule
		switch {
		case s.Stage == Route && what != "" && s.Gateway != "":
			what += ">" + s.Gateway
		case s.Stage == Bypass:
			what = "bypass"
		case what == "":
			what = s.Gateway
		}
		if s.Action == Reject {
			what += "!"
		}
		out = append(out, what)
	}
	return strings.Join(out, " ")
}

// walkCase is a packet to TCP port 443 in the network of routed, changed.
type walkCase struct {
	from, src, dst string
	change         func(n *netmodel.Network)
	protocol       int // instead of TCP
	forward, reply string
	to             string // where it ends
	err            string
}

func (tt *walkCase) run(t *testing.T) {
	n := routed()
	if tt.change != nil {
		tt.change(n)
	}
	p := tcp(tt.src, 50000, tt.dst, 443)
	if tt.protocol != 0 {
		p = Packet{Src: p.Src, Dst: p.Dst, Protocol: tt.protocol}
		if tt.protocol == netmodel.ICMP {
			p.Type = 8
		}
	}
	path, err := New(n).Path(tt.from, "", &p)
	if err != nil {
		if tt.err == "" || !errors.Is(err, ErrNoPath) || !strings.Contains(err.Error(), tt.err) {
			t.Fatalf("error %v, want %q", err, tt.err)
		}
		return
	}
	if tt.err != "" {
		t.Errorf("no error, want %q", tt.err)
	}
	want := []string{tt.forward, tt.reply, tt.to}
	if diff := cmp.Diff(want, []string{texts(path.Forward), texts(path.Reply), path.To}); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	refused := strings.Contains(tt.forward+tt.reply, "!")
	if refused != (path.Action == Reject) {
		t.Errorf("%s, and a step refuses: %v", path.Action, refused)
	}
}

// The ways that most cases share.
const (
	toPeer      = "rtb-1a:10.2.0.0/16>pcx-1 sgr-out acl-1a:egress:100 pcx-1 acl-2a:ingress:100 sgr-in"
	fromPeer    = "rtb-2a:10.1.0.0/16>pcx-1 sgr-out acl-2a:egress:100 pcx-1 acl-1a:ingress:100 sgr-out"
	intoTransit = "rtb-1a:10.3.0.0/16>tgw-1 sgr-out acl-1a:egress:100 acl-1t:ingress:100"
	toThree     = intoTransit + " tgw-rtb-1:10.3.0.0/16>tgw-attach-3 rtb-3t:10.3.0.0/16>local acl-3t:egress:100 acl-3a:ingress:100 sgr-in"
	backToOne   = "rtb-3a:10.0.0.0/8>tgw-1 sgr-out acl-3a:egress:100 acl-3t:ingress:100 tgw-rtb-1:10.1.0.0/16>tgw-attach-1 rtb-1t:10.1.0.0/16>local acl-1t:egress:100 acl-1a:ingress:100"
	fromThree   = backToOne + " sgr-out"
	toNAT       = "rtb-1a:0.0.0.0/0>nat-1 sgr-out acl-1a:egress:100 acl-1p:ingress:100"
	outByNAT    = toNAT + " nat-1 rtb-1p:0.0.0.0/0>igw-1 acl-1p:egress:100 igw-1"
	backToNAT   = "igw-1 acl-1p:ingress:100 nat-1 rtb-1p:10.1.0.0/16>local acl-1p:egress:100 acl-1a:ingress:100 sgr-out"
	outByIGW    = "rtb-1p:0.0.0.0/0>igw-1 sgr-out acl-1p:egress:100"
)

func TestPeering(t *testing.T) {
	for name, tt := range map[string]walkCase{
		"both routes": {forward: toPeer, reply: fromPeer, to: "eni-2a"},
		"no route back": {
			change:  func(n *netmodel.Network) { unroute(n, "rtb-2a", "10.1.0.0/16") },
			forward: toPeer, reply: "rtb-2a!", to: "eni-2a",
		},
		"not active": {
			change:  func(n *netmodel.Network) { n.PeeringConnections["pcx-1"].Status = "deleted" },
			forward: "rtb-1a:10.2.0.0/16>pcx-1 sgr-out acl-1a:egress:100 pcx-1!",
		},
		"a blackhole": {
			change: func(n *netmodel.Network) {
				route(n, "rtb-1a", "10.2.1.0/24", netmodel.TargetPeeringConnection, "pcx-9")
				t := n.RouteTables["rtb-1a"]
				t.Routes[len(t.Routes)-1].State = "blackhole"
			},
			forward: "rtb-1a:10.2.1.0/24>pcx-9!",
		},
		"peering leads no further": {
			change: func(n *netmodel.Network) {
				route(n, "rtb-2a", "10.3.0.0/16", netmodel.TargetPeeringConnection, "pcx-1")
			},
			from: "eni-2a", src: "10.2.1.10", dst: "10.3.1.10",
			forward: "rtb-2a:10.3.0.0/16>pcx-1 sgr-out acl-2a:egress:100 pcx-1!",
		},
		"nor to the internet": {
			change: func(n *netmodel.Network) { route(n, "rtb-2a", "0.0.0.0/0", netmodel.TargetPeeringConnection, "pcx-1") },
			from:   "eni-2a", src: "10.2.1.10", dst: "198.51.100.7",
			forward: "rtb-2a:0.0.0.0/0>pcx-1 sgr-out acl-2a:egress:100 pcx-1!",
		},
		"another way back": {
			change: func(n *netmodel.Network) {
				route(n, "rtb-2a", "10.1.0.0/16", netmodel.TargetTransitGateway, "tgw-1")
				a := *n.TransitGatewayAttachments["tgw-attach-3"]
				a.ID, a.Resource, a.Subnets = "tgw-attach-2", "vpc-2", []string{"subnet-2a"}
				n.TransitGatewayAttachments[a.ID] = &a
			},
			forward: toPeer, to: "eni-2a",
			reply: "rtb-2a:10.1.0.0/16>tgw-1 sgr-out acl-2a:egress:100 acl-2a:ingress:100 tgw-rtb-1:10.1.0.0/16>tgw-attach-1 rtb-1t:10.1.0.0/16>local acl-1t:egress:100 acl-1a:ingress:100 sgr-out",
		},
		"a VPC that is not there": {
			change: func(n *netmodel.Network) { delete(n.VPCs, "vpc-2") },
			err:    "vpc-2 is not in the input",
		},
		"a connection that is not there": {
			change: func(n *netmodel.Network) { delete(n.PeeringConnections, "pcx-1") },
			err:    "pcx-1 is not in the input",
		},
		"nobody there": {dst: "10.2.1.11", err: "no ENI of the input has 10.2.1.11 in subnet-2a of vpc-2"},
	} {
		t.Run(name, func(t *testing.T) {
			if tt.from == "" {
				tt.from, tt.src = "eni-1a", "10.1.1.10"
			}
			if tt.dst == "" {
				tt.dst = "10.2.1.10"
			}
			tt.run(t)
		})
	}
}

func TestTransit(t *testing.T) {
	table := func(n *netmodel.Network) *netmodel.TransitGatewayRouteTable {
		return n.TransitGatewayRouteTables["tgw-rtb-1"]
	}
	for name, tt := range map[string]walkCase{
		"between VPCs": {forward: toThree, reply: fromThree, to: "eni-3a"},
		"no route": {
			change:  func(n *netmodel.Network) { table(n).Routes = nil },
			forward: intoTransit + " tgw-rtb-1!",
		},
		"a static blackhole before a propagated route": {
			change: func(n *netmodel.Network) {
				table(n).Routes = append(table(n).Routes, netmodel.TransitGatewayRoute{CIDR: cidr("10.3.0.0/16"), Type: "static", State: "blackhole"})
			},
			forward: intoTransit + " tgw-rtb-1:10.3.0.0/16!",
		},
		"a more specific one before a static one": {
			change: func(n *netmodel.Network) {
				table(n).Routes = append(table(n).Routes, netmodel.TransitGatewayRoute{CIDR: cidr("10.0.0.0/8"), Type: "static", State: "blackhole"})
			},
			forward: toThree, reply: fromThree, to: "eni-3a",
		},
		"routes that were not described": {
			change: func(n *netmodel.Network) { table(n).RoutesKnown = netmodel.NoRoutes },
			err:    "the routes of tgw-rtb-1 are not in the input",
		},
		"a part of the routes": {
			change: func(n *netmodel.Network) { table(n).RoutesKnown = netmodel.SomeRoutes },
			err:    "a part of the routes of tgw-rtb-1",
		},
		"static routes and who propagates": {
			change: func(n *netmodel.Network) {
				table(n).Routes, table(n).RoutesKnown, table(n).PropagationsKnown = nil, netmodel.StaticRoutes, true
				table(n).Propagations = []netmodel.Propagation{
					{Attachment: "tgw-attach-1", Kind: "vpc", Resource: "vpc-1", State: "enabled"}, {Attachment: "tgw-attach-3", Kind: "vpc", Resource: "vpc-3", State: "enabled"},
				}
			},
			forward: toThree, reply: fromThree, to: "eni-3a",
		},
		"static routes, and a VPN that propagates": {
			change: func(n *netmodel.Network) {
				table(n).RoutesKnown, table(n).PropagationsKnown = netmodel.StaticRoutes, true
				table(n).Propagations = []netmodel.Propagation{{Attachment: "tgw-attach-vpn", Kind: "vpn", Resource: "vpn-1", State: "enabled"}}
			},
			err: "tgw-attach-vpn propagates to tgw-rtb-1 what it learns by BGP",
		},
		"a table that is not there": {
			change: func(n *netmodel.Network) { delete(n.TransitGatewayRouteTables, "tgw-rtb-1") },
			err:    "tgw-rtb-1, the route table of tgw-attach-1, is not in the input",
		},
		"an association that is not said": {
			change: func(n *netmodel.Network) { n.TransitGatewayAttachments["tgw-attach-1"].RouteTable = "" },
			err:    "which route table tgw-attach-1 is associated with",
		},
		"a Zone without the attachment": {
			change: func(n *netmodel.Network) {
				n.Subnets["subnet-1a"].AZ, n.Subnets["subnet-1a"].AZID = "eu-west-1b", "euw1-az2"
			},
			forward: "rtb-1a:10.3.0.0/16>tgw-1 sgr-out acl-1a:egress:100 tgw-attach-1!",
		},
		"the subnet of the attachment": {
			change: func(n *netmodel.Network) {
				n.TransitGatewayAttachments["tgw-attach-1"].Subnets = []string{"subnet-1a"}
				// What comes from the transit gateway is not asked.
				deny(n, "acl-1a", netmodel.Ingress, ports(netmodel.TCP, 1024, 65535))
			},
			forward: "rtb-1a:10.3.0.0/16>tgw-1 sgr-out acl-1a:egress:100 acl-1a:ingress:100 tgw-rtb-1:10.3.0.0/16>tgw-attach-3 rtb-3t:10.3.0.0/16>local acl-3t:egress:100 acl-3a:ingress:100 sgr-in",
			reply:   "rtb-3a:10.0.0.0/8>tgw-1 sgr-out acl-3a:egress:100 acl-3t:ingress:100 tgw-rtb-1:10.1.0.0/16>tgw-attach-1 sgr-out",
			to:      "eni-3a",
		},
		"the network ACL of the attachment's subnet, in": {
			change:  func(n *netmodel.Network) { deny(n, "acl-1t", netmodel.Ingress, ports(netmodel.TCP, 443, 443)) },
			forward: "rtb-1a:10.3.0.0/16>tgw-1 sgr-out acl-1a:egress:100 acl-1t:ingress:1!",
		},
		"the network ACL of the attachment's subnet, out": {
			change:  func(n *netmodel.Network) { deny(n, "acl-3t", netmodel.Egress, ports(netmodel.TCP, 443, 443)) },
			forward: intoTransit + " tgw-rtb-1:10.3.0.0/16>tgw-attach-3 rtb-3t:10.3.0.0/16>local acl-3t:egress:1!",
		},
		"two subnets that differ": {
			change: func(n *netmodel.Network) {
				a := n.TransitGatewayAttachments["tgw-attach-3"]
				a.Subnets, a.ApplianceMode = []string{"subnet-3a", "subnet-3t"}, "enable"
				deny(n, "acl-3t", netmodel.Egress, ports(netmodel.TCP, 443, 443))
			},
			err: "the subnets of tgw-attach-3 (subnet-3a, subnet-3t)",
		},
		"to a VPN connection": {
			dst:     "172.16.3.4",
			forward: "rtb-1a:172.16.0.0/12>tgw-1 sgr-out acl-1a:egress:100 acl-1t:ingress:100 tgw-rtb-1:172.16.0.0/12>tgw-attach-vpn tgw-attach-vpn",
			reply:   "tgw-rtb-1:10.1.0.0/16>tgw-attach-1 rtb-1t:10.1.0.0/16>local acl-1t:egress:100 acl-1a:ingress:100 sgr-out", to: "tgw-attach-vpn",
		},
		"from a VPN connection": {
			from: "tgw-attach-vpn", src: "172.16.3.4", dst: "10.1.1.10",
			forward: "tgw-rtb-1:10.1.0.0/16>tgw-attach-1 rtb-1t:10.1.0.0/16>local acl-1t:egress:100 acl-1a:ingress:100 sgr-in",
			reply:   "rtb-1a:172.16.0.0/12>tgw-1 sgr-out acl-1a:egress:100 acl-1t:ingress:100 tgw-rtb-1:172.16.0.0/12>tgw-attach-vpn tgw-attach-vpn", to: "eni-1a",
		},
		"out by another VPC's NAT gateway": {
			from: "eni-3a", src: "10.3.1.10", dst: "198.51.100.7",
			change: func(n *netmodel.Network) {
				route(n, "rtb-3a", "0.0.0.0/0", netmodel.TargetTransitGateway, "tgw-1")
				route(n, "rtb-1t", "0.0.0.0/0", netmodel.TargetNATGateway, "nat-1")
				route(n, "rtb-1p", "10.3.0.0/16", netmodel.TargetTransitGateway, "tgw-1")
				table(n).Routes = append(table(n).Routes, netmodel.TransitGatewayRoute{CIDR: cidr("0.0.0.0/0"), Type: "static", State: "active", Attachments: []string{"tgw-attach-1"}})
			},
			forward: "rtb-3a:0.0.0.0/0>tgw-1 sgr-out acl-3a:egress:100 acl-3t:ingress:100 tgw-rtb-1:0.0.0.0/0>tgw-attach-1 rtb-1t:0.0.0.0/0>nat-1 acl-1t:egress:100 acl-1p:ingress:100 nat-1 rtb-1p:0.0.0.0/0>igw-1 acl-1p:egress:100 igw-1",
			reply:   "igw-1 acl-1p:ingress:100 nat-1 rtb-1p:10.3.0.0/16>tgw-1 acl-1p:egress:100 acl-1t:ingress:100 tgw-rtb-1:10.3.0.0/16>tgw-attach-3 rtb-3t:10.3.0.0/16>local acl-3t:egress:100 acl-3a:ingress:100 sgr-out",
			to:      "internet",
		},
		"by a private NAT gateway": {
			change: func(n *netmodel.Network) {
				route(n, "rtb-1a", "10.3.0.0/16", netmodel.TargetNATGateway, "nat-1")
				route(n, "rtb-1p", "10.3.0.0/16", netmodel.TargetTransitGateway, "tgw-1")
				g := n.NATGateways["nat-1"]
				g.Connectivity, g.Addresses[0].Public = "private", netip.Addr{}
			},
			forward: "rtb-1a:10.3.0.0/16>nat-1 sgr-out acl-1a:egress:100 acl-1p:ingress:100 nat-1 rtb-1p:10.3.0.0/16>tgw-1 acl-1p:egress:100 acl-1t:ingress:100 tgw-rtb-1:10.3.0.0/16>tgw-attach-3 rtb-3t:10.3.0.0/16>local acl-3t:egress:100 acl-3a:ingress:100 sgr-in",
			reply:   "rtb-3a:10.0.0.0/8>tgw-1 sgr-out acl-3a:egress:100 acl-3t:ingress:100 tgw-rtb-1:10.1.0.0/16>tgw-attach-1 rtb-1t:10.1.0.0/16>local acl-1t:egress:100 acl-1p:ingress:100 nat-1 rtb-1p:10.1.0.0/16>local acl-1p:egress:100 acl-1a:ingress:100 sgr-out",
			to:      "eni-3a",
		},
		"by a private NAT gateway, some of whose ports the other end does not answer": {
			change: func(n *netmodel.Network) {
				route(n, "rtb-1a", "10.3.0.0/16", netmodel.TargetNATGateway, "nat-1")
				route(n, "rtb-1p", "10.3.0.0/16", netmodel.TargetTransitGateway, "tgw-1")
				deny(n, "acl-3a", netmodel.Egress, ports(netmodel.TCP, 60000, 65535))
			},
			forward: "rtb-1a:10.3.0.0/16>nat-1 sgr-out acl-1a:egress:100 acl-1p:ingress:100 nat-1 rtb-1p:10.3.0.0/16>tgw-1 acl-1p:egress:100 acl-1t:ingress:100 tgw-rtb-1:10.3.0.0/16>tgw-attach-3 rtb-3t:10.3.0.0/16>local acl-3t:egress:100 acl-3a:ingress:100 sgr-in",
			reply:   "rtb-3a:10.0.0.0/8>tgw-1 sgr-out acl-3a:egress:1!", to: "eni-3a",
		},
		"a reply to another ENI with the same address": {
			change: func(n *netmodel.Network) {
				v := *n.VPCs["vpc-1"]
				v.ID = "vpc-4"
				s := *n.Subnets["subnet-1a"]
				s.ID, s.VPC = "subnet-4a", "vpc-4"
				i := *n.Interfaces["eni-1a"]
				i.ID, i.VPC, i.Subnet = "eni-4a", "vpc-4", "subnet-4a"
				a := *n.TransitGatewayAttachments["tgw-attach-1"]
				a.ID, a.Resource, a.Subnets = "tgw-attach-4", "vpc-4", []string{"subnet-4a"}
				n.VPCs[v.ID], n.Subnets[s.ID], n.Interfaces[i.ID], n.TransitGatewayAttachments[a.ID] = &v, &s, &i, &a
				table(n).Routes[0].Attachments = []string{a.ID}
				n.SecurityGroups["sg-1"].Ingress[0].Traffic = all()
			},
			forward: toThree, to: "eni-3a",
			reply: "rtb-3a:10.0.0.0/8>tgw-1 sgr-out acl-3a:egress:100 acl-3t:ingress:100 tgw-rtb-1:10.1.0.0/16>tgw-attach-4 sgr-in eni-4a!",
		},
		"to the ENI of an attachment": {
			dst: "10.1.3.5", change: func(n *netmodel.Network) {
				i := *n.Interfaces["eni-1a"]
				i.ID, i.Subnet, i.Type, i.Role, i.Groups, i.Addresses = "eni-1t", "subnet-1t", "transit_gateway", netmodel.RoleTransitGateway, nil, []netip.Addr{addr("10.1.3.5")}
				n.Interfaces[i.ID] = &i
			},
			err: "eni-1t is of a transit gateway",
		},
		"out by another VPC without a NAT gateway": {
			from: "eni-3a", src: "10.3.1.10", dst: "198.51.100.7",
			change: func(n *netmodel.Network) {
				route(n, "rtb-3a", "0.0.0.0/0", netmodel.TargetTransitGateway, "tgw-1")
				route(n, "rtb-1t", "0.0.0.0/0", netmodel.TargetInternetGateway, "igw-1")
				table(n).Routes = append(table(n).Routes, netmodel.TransitGatewayRoute{CIDR: cidr("0.0.0.0/0"), Type: "static", State: "active", Attachments: []string{"tgw-attach-1"}})
			},
			forward: "rtb-3a:0.0.0.0/0>tgw-1 sgr-out acl-3a:egress:100 acl-3t:ingress:100 tgw-rtb-1:0.0.0.0/0>tgw-attach-1 rtb-1t:0.0.0.0/0>igw-1 acl-1t:egress:100 igw-1!",
		},
	} {
		t.Run(name, func(t *testing.T) {
			if tt.from == "" {
				tt.from, tt.src = "eni-1a", "10.1.1.10"
			}
			if tt.dst == "" {
				tt.dst = "10.3.1.10"
			}
			tt.run(t)
		})
	}
}

// TestChoices checks that ways which AWS leaves open are all tried, and noted.
func TestChoices(t *testing.T) {
	n := routed()
	a := n.TransitGatewayAttachments["tgw-attach-3"]
	a.Subnets, a.ApplianceMode = []string{"subnet-3a", "subnet-3t"}, "enable"
	p := tcp("10.1.1.10", 50000, "10.3.1.10", 443)
	path, err := New(n).Path("eni-1a", "eni-3a", &p)
	if err != nil {
		t.Fatal(err)
	}
	noted := slices.ContainsFunc(path.Notes, func(s string) bool { return strings.Contains(s, "the subnets of tgw-attach-3 (subnet-3a, subnet-3t)") })
	if path.Action != Accept || !noted {
		t.Errorf("%s, notes %q", path.Action, path.Notes)
	}
	// The packet must come to who was named.
	path, err = New(n).Path("eni-1a", "eni-2a", &p)
	if last := path.Forward[len(path.Forward)-1]; err != nil || path.Action != Reject || last.Stage != Route || path.To != "" {
		t.Errorf("%s to %q, %v: %+v", path.Action, path.To, err, last)
	}
}
