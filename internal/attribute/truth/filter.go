package truth

import (
	"net/netip"
	"slices"

	"weir/internal/netmodel"
)

// packet is a packet as an ENI sees it.
type packet struct {
	src, dst     netip.Addr
	protocol     int
	sport, dport uint16
	kind, code   int    // of ICMP
	id           uint16 // of ICMP requests and replies
	flags        uint8  // of TCP
	bytes        int
	quoted       *packet // by an ICMP error
	answers      bool    // it comes from who was spoken to
}

// TCP's flags.
const (
	fin = 0x01
	syn = 0x02
	rst = 0x04
	ack = 0x10
)

func (p *packet) far(way netmodel.Direction) netip.Addr {
	if way == netmodel.Ingress {
		return p.src
	}
	return p.dst
}

// answer returns the packet that goes back.
func (p packet) answer() packet {
	p.src, p.dst, p.sport, p.dport = p.dst, p.src, p.dport, p.sport
	return p
}

func other(way netmodel.Direction) netmodel.Direction {
	if way == netmodel.Ingress {
		return netmodel.Egress
	}
	return netmodel.Ingress
}

// covers reports whether a rule is about a packet's protocol and port, or type and code.
//
// Source: EC2 API reference, IpPermission and NetworkAclEntry.
func covers(t *netmodel.Traffic, p *packet) bool {
	switch {
	case t.Protocol == netmodel.AllProtocols:
		return true
	case t.Protocol != p.protocol:
		return false
	case p.protocol == netmodel.TCP || p.protocol == netmodel.UDP:
		return t.From <= p.dport && p.dport <= t.To
	case p.protocol == netmodel.ICMP || p.protocol == netmodel.ICMPv6:
		return t.Type < 0 || t.Type == p.kind && (t.Code < 0 || t.Code == p.code)
	}
	return true
}

// denied asks a network ACL: the first entry that matches decides, and the last one denies.
func denied(n *netmodel.Network, subnet *netmodel.Subnet, p *packet, way netmodel.Direction) (entry string, denies bool) {
	acl, far := n.NetworkACLs[subnet.NetworkACL], p.far(way)
	entries := acl.Ingress
	if way == netmodel.Egress {
		entries = acl.Egress
	}
	for i := range entries {
		if entries[i].CIDR.Contains(far) && covers(&entries[i].Traffic, p) {
			return acl.EntryName(way, &entries[i]), !entries[i].Allow
		}
	}
	return acl.EntryName(way, nil), true
}

// allowing returns the rules of an ENI's groups that allow a packet as the first one.
func allowing(n *netmodel.Network, eni *netmodel.Interface, p *packet, way netmodel.Direction) []string {
	var out []string
	eachRule(n, eni, way, func(g *netmodel.SecurityGroup, r *netmodel.GroupRule) {
		if covers(&r.Traffic, p) && peers(n, eni, r, p.far(way)) {
			out = append(out, g.RuleName(way, r))
		}
	})
	slices.Sort(out)
	return slices.Compact(out)
}

func eachRule(n *netmodel.Network, eni *netmodel.Interface, way netmodel.Direction, do func(*netmodel.SecurityGroup, *netmodel.GroupRule)) {
	for _, id := range eni.Groups {
		g := n.SecurityGroups[id]
		rules := g.Ingress
		if way == netmodel.Egress {
			rules = g.Egress
		}
		for i := range rules {
			do(g, &rules[i])
		}
	}
}

// peers reports whether an address is the peer of a rule. A reference matches the private
// addresses of the ENIs in the VPC that carry the group.
//
// Source: VPC user guide, "Security group rules".
func peers(n *netmodel.Network, eni *netmodel.Interface, r *netmodel.GroupRule, far netip.Addr) bool {
	switch {
	case r.Peer.CIDR.IsValid():
		return r.Peer.CIDR.Contains(far)
	case r.Peer.PrefixList != "":
		return slices.ContainsFunc(n.PrefixLists[r.Peer.PrefixList].CIDRs, func(c netip.Prefix) bool { return c.Contains(far) })
	}
	for _, i := range n.Interfaces {
		if i.VPC == eni.VPC && slices.Contains(i.Groups, r.Peer.Group) && slices.Contains(i.Addresses, far) {
			return true
		}
	}
	return false
}

// untracked reports whether groups keep no state of a flow, of which this is a packet: a rule
// allows it for all addresses, and one of the other direction all addresses and ports.
//
// Source: EC2 user guide, "Untracked connections".
func untracked(n *netmodel.Network, eni *netmodel.Interface, p *packet, way netmodel.Direction) bool {
	if p.protocol != netmodel.TCP && p.protocol != netmodel.UDP {
		return false
	}
	everywhere := func(r *netmodel.GroupRule) bool {
		return r.Peer.CIDR.IsValid() && r.Peer.CIDR.Bits() == 0 && r.Peer.CIDR.Addr().Is4() == p.src.Is4()
	}
	var there, back bool
	eachRule(n, eni, way, func(_ *netmodel.SecurityGroup, r *netmodel.GroupRule) {
		there = there || everywhere(r) && covers(&r.Traffic, p)
	})
	eachRule(n, eni, other(way), func(_ *netmodel.SecurityGroup, r *netmodel.GroupRule) {
		all := r.Protocol == netmodel.AllProtocols || r.Protocol == p.protocol && r.From == 0 && r.To == 65535
		back = back || everywhere(r) && all
	})
	return there && back
}

// bypasses reports whether neither groups nor network ACLs are asked, and whether flow logs
// leave the packet out: services that AWS runs beside an ENI.
//
// Source: VPC user guide, "Control subnet traffic with network access control lists" and "Flow
// log limitations".
func bypasses(far netip.Addr) (unasked, unlogged bool) {
	switch far.String() {
	case "169.254.169.123", "169.254.169.253", "169.254.169.254":
		return true, true
	case "169.254.170.2": // task metadata
		return true, false
	}
	return false, false
}
