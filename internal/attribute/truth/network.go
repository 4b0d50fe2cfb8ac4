package truth

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/netip"
	"slices"

	"weir/internal/netmodel"
)

// chance draws.
type chance struct{ *rand.Rand }

func pick[T any](c chance, of ...T) T { return of[c.IntN(len(of))] }

// oneIn is true once in n times.
func (c chance) oneIn(n int) bool { return c.IntN(n) == 0 }

// Ports of services, and hosts outside.
var (
	services = []uint16{22, 53, 80, 443, 500, 123, 5432, 8080}
	outside4 = []string{"198.51.100.7", "198.51.100.9", "203.0.113.40", "203.0.113.200", "172.16.5.5", "172.16.9.9"}
	outside6 = []string{"2001:db8:ffff::7", "2001:db8:ffff:1::9"}
)

func anywhere(v6 bool) netip.Prefix {
	if v6 {
		return netip.MustParsePrefix("::/0")
	}
	return netip.MustParsePrefix("0.0.0.0/0")
}

// network draws the first definition: two VPCs.
func (w *World) network() *netmodel.Network {
	n := &netmodel.Network{
		VPCs: map[string]*netmodel.VPC{}, Subnets: map[string]*netmodel.Subnet{}, Interfaces: map[string]*netmodel.Interface{},
		SecurityGroups: map[string]*netmodel.SecurityGroup{}, NetworkACLs: map[string]*netmodel.NetworkACL{}, PrefixLists: map[string]*netmodel.PrefixList{},
	}
	for _, id := range []string{"pl-1", "pl-2"} {
		n.PrefixLists[id] = &netmodel.PrefixList{ID: id, CIDRs: w.cidrs()}
	}
	for v := range 2 {
		id := fmt.Sprintf("vpc-%d", v+1)
		n.VPCs[id] = &netmodel.VPC{ID: id, CIDRs: []netip.Prefix{
			netip.MustParsePrefix(fmt.Sprintf("10.%d.0.0/16", v)), netip.MustParsePrefix(fmt.Sprintf("2001:db8:%x::/48", v)),
		}}
		for a := range 3 {
			w.addACL(n, id, fmt.Sprintf("acl-%d%d", v, a))
		}
		for s := range 3 {
			subnet := &netmodel.Subnet{
				ID: fmt.Sprintf("subnet-%d%d", v, s), VPC: id, NetworkACL: fmt.Sprintf("acl-%d%d", v, w.IntN(3)),
				CIDRs: []netip.Prefix{netip.MustParsePrefix(fmt.Sprintf("10.%d.%d.0/24", v, s)), netip.MustParsePrefix(fmt.Sprintf("2001:db8:%x:%x::/64", v, s))},
			}
			n.Subnets[subnet.ID] = subnet
		}
		for g := range 6 {
			w.addGroup(n, id, v, g)
		}
		for e := range 8 {
			w.addInterface(n, id, v, e)
		}
	}
	return n
}

func (w *World) cidrs() []netip.Prefix {
	var out []netip.Prefix
	for range 1 + w.IntN(4) {
		out = append(out, w.cidr(false))
	}
	return out
}

// cidr draws a network, of which conversations have members.
func (w *World) cidr(v6 bool) netip.Prefix {
	if v6 {
		a := netip.MustParseAddr(pick(w.chance, append([]string{"2001:db8:0:1::a", "2001:db8:1:2::b"}, outside6...)...))
		return netip.PrefixFrom(a, pick(w.chance, 0, 32, 47, 48, 64)).Masked()
	}
	a := netip.MustParseAddr(pick(w.chance, append([]string{"10.0.1.10", "10.1.2.11", "10.0.0.12"}, outside4...)...))
	return netip.PrefixFrom(a, pick(w.chance, 0, 8, 15, 16, 24, 25, 29, 32)).Masked()
}

// traffic draws what rules are about.
func (w *World) traffic() netmodel.Traffic {
	t := netmodel.Traffic{Type: -1, Code: -1, Protocol: pick(w.chance, netmodel.TCP, netmodel.TCP, netmodel.TCP, netmodel.UDP, netmodel.UDP, netmodel.ICMP, netmodel.ICMPv6, netmodel.AllProtocols, 47)}
	switch w.IntN(4) {
	case 0:
		t.From, t.To = 0, 65535
	case 1:
		t.From, t.To = pick[uint16](w.chance, 1024, 32768), pick[uint16](w.chance, 61000, 65535)
	default:
		t.From = pick(w.chance, services...)
		t.To = max(t.From, pick(w.chance, t.From, t.From, 443, 8080))
	}
	if w.oneIn(2) {
		t.Type = pick(w.chance, 0, 3, 8, 128)
		t.Code = pick(w.chance, -1, -1, 0)
	}
	return t
}

// rule draws a group's rule.
func (w *World) rule(vpc int, way netmodel.Direction) netmodel.GroupRule {
	r := netmodel.GroupRule{Traffic: w.traffic()}
	if w.oneIn(3) {
		r.Protocol = netmodel.TCP
	}
	w.rules++
	if !w.oneIn(5) {
		r.ID = fmt.Sprintf("sgr-%d", w.rules)
	}
	switch w.IntN(6) {
	case 0, 1:
		r.Peer.Group = fmt.Sprintf("sg-%d%d", vpc, w.IntN(6))
	case 2:
		r.Peer.PrefixList = pick(w.chance, "pl-1", "pl-2")
	default:
		r.Peer.CIDR = w.cidr(w.oneIn(4))
	}
	if way == netmodel.Egress && w.oneIn(2) {
		r.Peer = netmodel.Peer{CIDR: anywhere(w.oneIn(3))}
	}
	return r
}

// addRule appends a rule, but none that is there: EC2 refuses these (InvalidPermission.Duplicate).
func (w *World) addRule(list []netmodel.GroupRule, vpc int, way netmodel.Direction) []netmodel.GroupRule {
	r := w.rule(vpc, way)
	same := func(o netmodel.GroupRule) bool { return o.Traffic.String() == r.Traffic.String() && o.Peer == r.Peer }
	if slices.ContainsFunc(list, same) {
		return list
	}
	return append(list, r)
}

func (w *World) addGroup(n *netmodel.Network, vpc string, v, number int) {
	g := &netmodel.SecurityGroup{ID: fmt.Sprintf("sg-%d%d", v, number), VPC: vpc}
	for range w.IntN(6) {
		g.Ingress = w.addRule(g.Ingress, v, netmodel.Ingress)
	}
	if w.oneIn(2) { // as new groups have it
		for _, v6 := range []bool{false, true} {
			w.rules++
			g.Egress = append(g.Egress, netmodel.GroupRule{
				ID: fmt.Sprintf("sgr-%d", w.rules), Traffic: netmodel.Traffic{Protocol: netmodel.AllProtocols, Type: -1, Code: -1}, Peer: netmodel.Peer{CIDR: anywhere(v6)},
			})
		}
	} else {
		for range w.IntN(5) {
			g.Egress = w.addRule(g.Egress, v, netmodel.Egress)
		}
	}
	n.SecurityGroups[g.ID] = g
}

func (w *World) entry(number int, allow bool) netmodel.ACLEntry {
	return netmodel.ACLEntry{Number: number, Allow: allow, Traffic: w.traffic(), CIDR: w.cidr(w.oneIn(4))}
}

// entries draws a network ACL's direction: as AWS makes it, with the ephemeral ports, or any.
func (w *World) entries() []netmodel.ACLEntry {
	var out []netmodel.ACLEntry
	number := 100
	add := func(e netmodel.ACLEntry) {
		e.Number = number
		number += 10
		out = append(out, e)
	}
	for range w.IntN(3) {
		add(w.entry(0, w.oneIn(2)))
	}
	all := netmodel.Traffic{Protocol: netmodel.AllProtocols, Type: -1, Code: -1}
	switch w.IntN(5) {
	case 0:
		for range w.IntN(5) {
			add(w.entry(0, !w.oneIn(3)))
		}
	case 1:
		for _, protocol := range []int{netmodel.TCP, netmodel.UDP} {
			for _, v6 := range []bool{false, true} {
				add(netmodel.ACLEntry{Allow: true, CIDR: anywhere(v6), Traffic: netmodel.Traffic{Protocol: protocol, From: 1024, To: 65535, Type: -1, Code: -1}})
				add(netmodel.ACLEntry{Allow: true, CIDR: anywhere(v6), Traffic: netmodel.Traffic{Protocol: protocol, From: 22, To: 443, Type: -1, Code: -1}})
			}
		}
	default:
		for _, v6 := range []bool{false, true} {
			add(netmodel.ACLEntry{Allow: true, CIDR: anywhere(v6), Traffic: all})
		}
	}
	return out
}

func (w *World) addACL(n *netmodel.Network, vpc, id string) {
	n.NetworkACLs[id] = &netmodel.NetworkACL{ID: id, VPC: vpc, Ingress: w.entries(), Egress: w.entries()}
}

// addInterface adds an ENI: the first of each VPC is a NAT gateway's, the second a load balancer's.
func (w *World) addInterface(n *netmodel.Network, vpc string, v, number int) {
	subnet := w.IntN(3)
	i := &netmodel.Interface{
		ID: fmt.Sprintf("eni-%d%d", v, number), VPC: vpc, Subnet: fmt.Sprintf("subnet-%d%d", v, subnet), Type: "interface",
		Addresses: []netip.Addr{netip.AddrFrom4([4]byte{10, byte(v), byte(subnet), byte(10 + number)})},
	}
	switch {
	case number == 0:
		i.Type = "nat_gateway"
	case number == 1 && w.oneIn(2):
		i.Type = "network_load_balancer"
	default:
		for _, g := range w.Perm(6)[:1+w.IntN(2)] {
			i.Groups = append(i.Groups, fmt.Sprintf("sg-%d%d", v, g))
		}
		if w.oneIn(3) { // a secondary address
			i.Addresses = append(i.Addresses, netip.AddrFrom4([4]byte{10, byte(v), byte(subnet), byte(110 + number)}))
		}
		if number == 2 || w.oneIn(2) { // some must have one
			i.Addresses = append(i.Addresses, netip.MustParseAddr(fmt.Sprintf("2001:db8:%x:%x::%x", v, subnet, 10+number)))
		}
		if w.tcpEstablished < 432_000 {
			i.ConnectionTracking.TCPEstablished = int(w.tcpEstablished)
		}
	}
	n.Interfaces[i.ID] = i
}

// change returns a definition in which one thing is otherwise, and what.
func (w *World) change(n *netmodel.Network) (changed *netmodel.Network, ids []string) {
	next := *n
	v := w.IntN(2)
	switch w.IntN(8) {
	case 0, 1, 2:
		g := *n.SecurityGroups[fmt.Sprintf("sg-%d%d", v, w.IntN(6))]
		way := pick(w.chance, netmodel.Ingress, netmodel.Ingress, netmodel.Egress)
		list := &g.Ingress
		if way == netmodel.Egress {
			list = &g.Egress
		}
		*list = slices.Clone(*list)
		if k := len(*list); k > 0 && !w.oneIn(3) {
			at := w.IntN(k)
			*list = slices.Delete(*list, at, at+1)
		} else {
			*list = w.addRule(*list, v, way)
		}
		next.SecurityGroups = with(n.SecurityGroups, g.ID, &g)
		ids = []string{g.ID}
	case 3, 4:
		i := *n.Interfaces[fmt.Sprintf("eni-%d%d", v, 2+w.IntN(6))]
		i.Groups = nil
		for _, g := range w.Perm(6)[:1+w.IntN(2)] {
			i.Groups = append(i.Groups, fmt.Sprintf("sg-%d%d", v, g))
		}
		next.Interfaces = with(n.Interfaces, i.ID, &i)
		ids = []string{i.ID}
	case 5:
		l := *n.PrefixLists[pick(w.chance, "pl-1", "pl-2")]
		l.CIDRs = w.cidrs()
		next.PrefixLists = with(n.PrefixLists, l.ID, &l)
		ids = []string{l.ID}
	default:
		a := *n.NetworkACLs[fmt.Sprintf("acl-%d%d", v, w.IntN(3))]
		list := &a.Ingress
		if w.oneIn(2) {
			list = &a.Egress
		}
		*list = slices.Clone(*list)
		if k := len(*list); k > 0 && w.oneIn(3) {
			at := w.IntN(k)
			*list = slices.Delete(*list, at, at+1)
		} else {
			*list = slices.Insert(*list, 0, w.entry(max(1, first(*list)-1), w.oneIn(2)))
		}
		next.NetworkACLs = with(n.NetworkACLs, a.ID, &a)
		ids = []string{a.ID}
	}
	return &next, ids
}

func first(list []netmodel.ACLEntry) int {
	if len(list) == 0 {
		return 100
	}
	return list[0].Number
}

func with[T any](m map[string]*T, id string, x *T) map[string]*T {
	m = maps.Clone(m)
	m[id] = x
	return m
}
