package policy

import (
	"cmp"
	"encoding/binary"
	"net/netip"
	"slices"

	"weir/internal/netmodel"
)

// List is what of an [Interface] a data path of another language is given, to decide as
// Connections does.
type List int

// The lists.
const (
	// Services are what nothing filters; Allow says that flow logs record it. DHCP by broadcast and
	// multicast is not in it, because a Line has no source port.
	Services List = iota
	// Within are the addresses that are reached without leaving the subnet.
	Within
	// Entries are those of the network ACL; the first that matches decides.
	Entries
	// Rules are those of the security groups; any that matches allows.
	Rules
)

// Line is a range of addresses of a rule, with what else the rule compares.
type Line struct {
	First, Last netip.Addr
	Protocol    int // netmodel.AllProtocols: any
	// From and To are of destination ports, or of ICMP's type and code as one number.
	From, To uint16
	// Number is that of the rule, for EntryName: lines of one rule have the same.
	Number int
	Allow  bool
	// Everywhere: the rule's peer is 0.0.0.0/0 or ::/0, written so.
	Everywhere bool
}

// Lines returns a list for a direction, in its order. Lines of IPv4 and IPv6 are apart: a line
// is about one family.
func (i *Interface) Lines(l List, d netmodel.Direction) []Line {
	whole := Line{Protocol: netmodel.AllProtocols, To: 0xffff}
	var out []Line
	switch l {
	case Services:
		for _, s := range i.services {
			if !s.filtered {
				n := whole
				n.First, n.Last, n.Allow = s.at.addr(), s.at.addr(), s.logged
				out = append(out, n)
			}
		}
		n := span{first: address{}, last: address{^uint64(0), ^uint64(0)}, family: ipv6}.line(whole)
		n.Protocol, n.From, n.To, n.Allow = netmodel.ICMPv6, firstNeighbourType<<8, lastNeighbourType<<8|0xff, theNeighbours.logged
		out = append(out, n)
	case Within:
		for _, s := range i.within {
			out = append(out, s.line(whole))
		}
	case Entries:
		out = i.acl.tables[directionOf(d)].lines()
	case Rules:
		if i.groups != nil {
			out = i.groups.tables[directionOf(d)].lines()
		}
	}
	return out
}

// Groups returns the ids of the security groups that filter the ENI, in order; nil where none does.
func (i *Interface) Groups() []string {
	if i.groups == nil {
		return nil
	}
	return slices.Clone(i.groups.ids)
}

// EntryName returns the name of the network ACL's entry that a Line of Entries is of; of a number
// below 0, that of the last, "*".
func (i *Interface) EntryName(d netmodel.Direction, number int) string {
	if number < 0 {
		return i.acl.of.EntryName(d, nil)
	}
	return i.acl.of.EntryName(d, &i.acl.of.Entries(d)[number])
}

// RuleName returns the name of the security groups' rule that a Line of Rules is of.
func (i *Interface) RuleName(d netmodel.Direction, number int) string {
	return i.groups.rules[directionOf(d)][number].name
}

// Allowing returns the names of the groups' rules that allow what opens a connection: from or to
// an address, with a destination port or an ICMP type and code as a Line has them.
func (i *Interface) Allowing(far netip.Addr, protocol uint8, key uint16, d netmodel.Direction) []string {
	if i.groups == nil {
		return nil
	}
	of := Decision{opener: i, opening: question{far: addressOf(far), key: key, protocol: protocol, family: familyOf(far), way: directionOf(d)}}
	names, _ := of.allowing()
	return names
}

// lines returns the rules of a table, by their numbers, those of IPv4 first.
func (t *table) lines() []Line {
	var out []Line
	for f := range t.families {
		l := &t.families[f]
		var of []Line
		add := func(rules []rule, protocol int, but []rule) {
			for _, r := range rules {
				if slices.ContainsFunc(but, func(b rule) bool { return b.number == r.number }) {
					continue
				}
				spans := r.more
				if spans == nil {
					spans = []span{r.peer}
				}
				for _, s := range spans {
					of = append(of, s.line(Line{Protocol: protocol, From: r.from, To: r.to, Number: int(r.number), Allow: r.allow, Everywhere: r.everywhere}))
				}
			}
		}
		add(l.rules[0], netmodel.AllProtocols, nil)
		for protocol, at := range l.index {
			if at != 0 {
				add(l.rules[at], protocol, l.rules[0])
			}
		}
		slices.SortStableFunc(of, func(a, b Line) int { return cmp.Compare(a.Number, b.Number) })
		out = append(out, of...)
	}
	return out
}

func (s span) line(n Line) Line {
	n.First, n.Last = s.first.addr(), s.last.addr()
	return n
}

// addr returns the address; IPv4's as such.
func (a address) addr() netip.Addr {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], a.hi)
	binary.BigEndian.PutUint64(b[8:], a.lo)
	return netip.AddrFrom16(b).Unmap()
}
