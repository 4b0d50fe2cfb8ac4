package policy

import (
	"net/netip"
	"strings"
	"testing"

	"weir/internal/netmodel"
)

func TestInternet(t *testing.T) {
	const world, elastic = "198.51.100.7", "203.0.113.10"
	access := func(mode string) func(n *netmodel.Network) {
		return func(n *netmodel.Network) { n.VPCs["vpc-1"].BlockPublicAccess = mode }
	}
	exclude := func(mode, exclusion string) func(n *netmodel.Network) {
		return func(n *netmodel.Network) {
			access(mode)(n)
			n.BlockPublicAccessExclusions = map[string]*netmodel.BlockPublicAccessExclusion{"vpcbpa-exclude-1": {
				ID: "vpcbpa-exclude-1", Resource: "subnet-1p", Mode: exclusion, State: "create-complete",
			}}
		}
	}
	inward := "igw-1 acl-1p:ingress:100 sgr-in"
	for name, tt := range map[string]walkCase{
		"by a NAT gateway":       {forward: outByNAT, reply: backToNAT, to: Internet},
		"by a NAT gateway, ICMP": {protocol: netmodel.ICMP, forward: outByNAT, reply: backToNAT, to: Internet},
		"by a NAT gateway, GRE":  {protocol: 47, forward: toNAT + " nat-1!"},
		"a NAT gateway that is gone": {
			change: func(n *netmodel.Network) { n.NATGateways["nat-1"].State = "deleted" }, forward: toNAT + " nat-1!",
		},
		"a NAT gateway without a public address": {
			change:  func(n *netmodel.Network) { n.NATGateways["nat-1"].Addresses[0].Public = netip.Addr{} },
			forward: outByNAT + "!",
		},
		"a network ACL that lets a part of the ports of a NAT gateway in": {
			change: func(n *netmodel.Network) {
				deny(n, "acl-1p", netmodel.Ingress, ports(netmodel.TCP, 1024, 32767))
			},
			forward: outByNAT, reply: "igw-1 acl-1p:ingress:1!", to: Internet,
		},
		"a NAT gateway whose subnet leads to itself": {
			change: func(n *netmodel.Network) { route(n, "rtb-1p", "0.0.0.0/0", netmodel.TargetNATGateway, "nat-1") }, err: "it goes round",
		},
		"to a NAT gateway of which only the ENI is there": {
			from: "eni-1p", src: "10.1.2.10", dst: "10.1.2.99", change: func(n *netmodel.Network) {
				delete(n.NATGateways, "nat-1")
				i := *n.Interfaces["eni-1p"]
				i.ID, i.Type, i.Role, i.Groups, i.Addresses = "eni-nat", "nat_gateway", netmodel.RoleNATGateway, nil, []netip.Addr{addr("10.1.2.99")}
				n.Interfaces[i.ID] = &i
			},
			forward: "sgr-out bypass eni-nat!",
		},
		"a regional NAT gateway": {
			change: func(n *netmodel.Network) {
				g := n.NATGateways["nat-1"]
				g.Availability, g.Subnet, g.RouteTable = "regional", "", "rtb-1p"
				g.Addresses = []netmodel.NATAddress{{Public: addr("203.0.113.98"), AZ: "eu-west-1b"}, {Public: addr("203.0.113.99"), AZ: "eu-west-1a"}}
			},
			forward: "rtb-1a:0.0.0.0/0>nat-1 sgr-out acl-1a:egress:100 nat-1 rtb-1p:0.0.0.0/0>igw-1 igw-1",
			reply:   "igw-1 nat-1 rtb-1p:10.1.0.0/16>local acl-1a:ingress:100 sgr-out", to: Internet,
		},
		"with a public address":    {from: "eni-1p", src: "10.1.2.10", forward: outByIGW + " igw-1", reply: "igw-1 acl-1p:ingress:100 sgr-out", to: Internet},
		"without a public address": {from: "eni-1p", src: "10.1.2.10", change: func(n *netmodel.Network) { n.Interfaces["eni-1p"].Public = nil }, forward: outByIGW + " igw-1!"},
		"a private address by an internet gateway": {
			from: "eni-1p", src: "10.1.2.10", dst: "10.3.1.10", forward: outByIGW + " igw-1!",
		},
		"from the internet": {
			from: Internet, src: world, dst: elastic, forward: inward, reply: "rtb-1p:0.0.0.0/0>igw-1 sgr-out acl-1p:egress:100 igw-1", to: "eni-1p",
		},
		"from the internet, no route back": {
			from: Internet, src: world, dst: elastic, change: func(n *netmodel.Network) { unroute(n, "rtb-1p", "0.0.0.0/0") },
			forward: inward, reply: "rtb-1p!", to: "eni-1p",
		},
		"from the internet, back by a NAT gateway": {
			from: Internet, src: world, dst: elastic, change: func(n *netmodel.Network) {
				route(n, "rtb-1p", "0.0.0.0/0", netmodel.TargetNATGateway, "nat-1")
			},
			forward: inward, reply: "rtb-1p:0.0.0.0/0>nat-1 sgr-out nat-1!", to: "eni-1p",
		},
		"from the internet, back by a virtual private gateway": {
			from: Internet, src: world, dst: elastic, change: func(n *netmodel.Network) {
				route(n, "rtb-1p", "0.0.0.0/0", netmodel.TargetVPNGateway, "vgw-1")
			},
			forward: inward, reply: "rtb-1p:0.0.0.0/0>vgw-1 sgr-out acl-1p:egress:100 vgw-1 vgw-1!", to: "eni-1p",
		},
		"from the internet to a NAT gateway":     {from: Internet, src: world, dst: "203.0.113.99", forward: "igw-1 acl-1p:ingress:100 nat-1!"},
		"from the internet to a private address": {from: Internet, src: world, dst: "10.1.2.10", forward: "internet!"},
		"to a public address of the VPC": {
			dst: elastic, forward: outByNAT + " " + inward, reply: outByIGW + " igw-1 " + backToNAT, to: "eni-1p",
		},
		"IPv6 by an egress-only internet gateway": {
			src: "2001:db8:1:1::10", dst: "2001:db8:9::1",
			forward: "rtb-1a:::/0>eigw-1 sgr-out6 acl-1a:egress:101 eigw-1", reply: "eigw-1 acl-1a:ingress:101 sgr-out6", to: Internet,
		},
		"IPv6 in, and out by an internet gateway": {
			from: Internet, src: "2001:db8:9::1", dst: "2001:db8:1:1::10",
			change: func(n *netmodel.Network) {
				route(n, "rtb-1a", "::/0", netmodel.TargetInternetGateway, "igw-1")
				g := n.SecurityGroups["sg-1"]
				g.Ingress = append(g.Ingress, from("sgr-in6", all(), "::/0"))
			},
			// All is open both ways for IPv6, so that groups do not track it: rules answer.
			forward: "igw-1 acl-1a:ingress:101 sgr-in6", reply: "rtb-1a:::/0>igw-1 sgr-out6 acl-1a:egress:101 igw-1", to: "eni-1a",
		},
		"IPv6 of an ENI's own network": {
			src: "2001:db8:1:1::10", dst: "fd00::1", forward: "rtb-1a:::/0>eigw-1 sgr-out6 acl-1a:egress:101 eigw-1!",
		},
		"IPv6 in, and out by an egress-only one": {
			from: Internet, src: "2001:db8:9::1", dst: "2001:db8:1:1::10",
			change: func(n *netmodel.Network) {
				g := n.SecurityGroups["sg-1"]
				g.Ingress = append(g.Ingress, from("sgr-in6", all(), "::/0"))
			},
			err: "the reply leaves by eigw-1, which did not see the packet",
		},
		"a gateway endpoint": {
			dst: "52.216.0.1", forward: "rtb-1a:pl-s3>vpce-1 sgr-out acl-1a:egress:100 vpce-1", reply: "acl-1a:ingress:100 sgr-out", to: "vpce-1",
		},
		"a prefix list without its entries": {
			dst: "52.216.0.1", change: func(n *netmodel.Network) { n.PrefixLists["pl-s3"].EntriesUnknown = true }, err: "pl-s3, whose entries are not in the input",
		},
		"a virtual private gateway": {
			dst: "192.168.3.4", forward: "rtb-1a:192.168.0.0/16>vgw-1 sgr-out acl-1a:egress:100 vgw-1", reply: "vgw-1 acl-1a:ingress:100 sgr-out", to: "vgw-1",
		},
		"from behind a virtual private gateway": {
			from: "vgw-1", src: "192.168.3.4", dst: "10.1.1.10",
			forward: "vgw-1 acl-1a:ingress:100 sgr-in", reply: "rtb-1a:192.168.0.0/16>vgw-1 sgr-out acl-1a:egress:100 vgw-1", to: "eni-1a",
		},
		"through a virtual private gateway to another VPC": {from: "vgw-1", src: "192.168.3.4", dst: "10.2.1.10", forward: "vgw-1!"},
		"a service that nothing filters":                   {dst: "169.254.169.254", forward: "bypass", to: metadata},
		"public access blocked":                            {change: access("block-bidirectional"), forward: outByNAT[:strings.LastIndex(outByNAT, " ")] + " block-bidirectional!"},
		"public access blocked inward, out by a NAT gateway": {
			change: access("block-ingress"), forward: outByNAT, reply: backToNAT, to: Internet,
		},
		"public access blocked inward": {from: Internet, src: world, dst: elastic, change: access("block-ingress"), forward: "block-ingress!"},
		"public access blocked inward, out of an ENI": {
			from: "eni-1p", src: "10.1.2.10", change: access("block-ingress"), forward: outByIGW + " block-ingress!",
		},
		"excluded both ways": {
			from: Internet, src: world, dst: elastic, change: exclude("block-bidirectional", "allow-bidirectional"),
			forward: inward, reply: "rtb-1p:0.0.0.0/0>igw-1 sgr-out acl-1p:egress:100 igw-1", to: "eni-1p",
		},
		"excluded outward": {change: exclude("block-bidirectional", "allow-egress"), forward: outByNAT, reply: backToNAT, to: Internet},
		"excluded outward, from the internet": {
			from: Internet, src: world, dst: elastic, change: exclude("block-bidirectional", "allow-egress"), forward: "block-bidirectional!",
		},
	} {
		t.Run(name, func(t *testing.T) {
			if tt.from == "" {
				tt.from = "eni-1a"
			}
			if tt.src == "" {
				tt.src = "10.1.1.10"
			}
			if tt.dst == "" {
				tt.dst = world
			}
			tt.run(t)
		})
	}
}
