package policy

import (
	"net/netip"
	"slices"
	"testing"

	"weir/internal/netmodel"
)

// What most tests use: eni-1 at 10.0.1.10 (and IPv6), with sg-1, in a subnet with acl-1.
const (
	subnet4, subnet6 = "10.0.1.0/24", "2001:db8:0:1::/64"
	own4, own6       = "10.0.1.10", "2001:db8:0:1::10"
)

// network returns that network, with groups that have no rules and a network ACL that
// allows everything.
func network() *netmodel.Network {
	everything := []netmodel.ACLEntry{
		{Number: 100, Allow: true, Traffic: all(), CIDR: cidr("0.0.0.0/0")},
		{Number: 101, Allow: true, Traffic: all(), CIDR: cidr("::/0")},
	}
	return &netmodel.Network{
		VPCs: map[string]*netmodel.VPC{"vpc-1": {
			ID: "vpc-1", CIDRs: []netip.Prefix{cidr("10.0.0.0/16"), cidr("100.64.0.0/16"), cidr("2001:db8::/56")},
		}},
		Subnets: map[string]*netmodel.Subnet{"subnet-1": {
			ID: "subnet-1", VPC: "vpc-1", CIDRs: []netip.Prefix{cidr(subnet4), cidr(subnet6)}, NetworkACL: "acl-1",
		}},
		Interfaces: map[string]*netmodel.Interface{"eni-1": {
			ID: "eni-1", VPC: "vpc-1", Subnet: "subnet-1", Type: "interface", Groups: []string{"sg-1"},
			Addresses: []netip.Addr{addr(own4), addr(own6)},
		}},
		SecurityGroups: map[string]*netmodel.SecurityGroup{"sg-1": {ID: "sg-1", VPC: "vpc-1"}},
		NetworkACLs: map[string]*netmodel.NetworkACL{"acl-1": {
			ID: "acl-1", VPC: "vpc-1", Ingress: everything, Egress: slices.Clone(everything),
		}},
		PrefixLists: map[string]*netmodel.PrefixList{},
	}
}

// at returns what decides at eni-1.
func at(t testing.TB, n *netmodel.Network) *Interface {
	t.Helper()
	i, err := New(n).At("eni-1")
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func cidr(s string) netip.Prefix { return netip.MustParsePrefix(s) }
func addr(s string) netip.Addr   { return netip.MustParseAddr(s) }

func all() netmodel.Traffic {
	return netmodel.Traffic{Protocol: netmodel.AllProtocols, Type: -1, Code: -1}
}

func ports(protocol int, from, to uint16) netmodel.Traffic {
	return netmodel.Traffic{Protocol: protocol, From: from, To: to, Type: -1, Code: -1}
}

func icmp(protocol, kind, code int) netmodel.Traffic {
	return netmodel.Traffic{Protocol: protocol, Type: kind, Code: code}
}

// from returns a rule whose peer is a network.
func from(id string, t netmodel.Traffic, peer string) netmodel.GroupRule {
	return netmodel.GroupRule{ID: id, Traffic: t, Peer: netmodel.Peer{CIDR: cidr(peer)}}
}

// tcp and udp return a packet from one end to another, as "address port".
func tcp(src string, srcPort uint16, dst string, dstPort uint16) Packet {
	return Packet{Src: addr(src), Dst: addr(dst), Protocol: netmodel.TCP, SrcPort: srcPort, DstPort: dstPort}
}

func udp(src string, srcPort uint16, dst string, dstPort uint16) Packet {
	p := tcp(src, srcPort, dst, dstPort)
	p.Protocol = netmodel.UDP
	return p
}

// back returns a packet's reply.
func back(p Packet) Packet {
	p.Src, p.Dst, p.SrcPort, p.DstPort = p.Dst, p.Src, p.DstPort, p.SrcPort
	for _, r := range icmpRequests {
		if r.protocol == p.Protocol && r.request == p.Type {
			p.Type = r.reply
			break
		}
	}
	return p
}

func opposite(d netmodel.Direction) netmodel.Direction { return directionOf(d).other().name() }
