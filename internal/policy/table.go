package policy

import (
	"cmp"
	"encoding/binary"
	"net/netip"
	"slices"

	"weir/internal/netmodel"
)

// family is an address family as an index.
type family uint8

const (
	ipv4 family = iota
	ipv6
)

func familyOf(a netip.Addr) family {
	if a.Is4() || a.Is4In6() {
		return ipv4
	}
	return ipv6
}

// address is an address as a number; of IPv4, its number in ::ffff:0:0/96. Comparing two
// words is faster than what netip.Addr offers, and it is as good as a key of a map.
type address struct{ hi, lo uint64 }

func addressOf(a netip.Addr) address {
	b := a.As16()
	return address{binary.BigEndian.Uint64(b[:8]), binary.BigEndian.Uint64(b[8:])}
}

func (a address) compare(b address) int {
	if a.hi != b.hi {
		return cmp.Compare(a.hi, b.hi)
	}
	return cmp.Compare(a.lo, b.lo)
}

func (a address) less(b address) bool {
	return a.hi < b.hi || a.hi == b.hi && a.lo < b.lo
}

func (a address) next() address {
	if a.lo++; a.lo == 0 {
		a.hi++
	}
	return a
}

// span is the addresses from first to last, of one family.
type span struct {
	first, last address
	family      family
}

func (s *span) has(a address) bool {
	return !a.less(s.first) && !s.last.less(a)
}

// spanOf returns the addresses of a prefix.
func spanOf(p netip.Prefix) span {
	p = p.Masked()
	s := span{first: addressOf(p.Addr()), family: familyOf(p.Addr())}
	host := p.Addr().BitLen() - p.Bits()
	s.last = s.first
	switch {
	case host > 64:
		s.last.lo, s.last.hi = ^uint64(0), s.last.hi|(1<<(host-64)-1)
	default:
		s.last.lo |= 1<<host - 1 // a shift by 64 gives 0, and all ones less one
	}
	return s
}

func spansOf(prefixes []netip.Prefix) []span {
	out := make([]span, 0, len(prefixes))
	for _, p := range prefixes {
		out = append(out, spanOf(p))
	}
	return out
}

// union puts spans in order and joins those that touch, so that one at most has an address.
func union(spans []span) []span {
	slices.SortFunc(spans, func(a, b span) int {
		return cmp.Or(cmp.Compare(a.family, b.family), a.first.compare(b.first))
	})
	var out []span
	for _, s := range spans {
		last := len(out) - 1
		if last < 0 || out[last].family != s.family || out[last].last.compare(s.first) < 0 && out[last].last.next() != s.first {
			out = append(out, s)
			continue
		}
		if out[last].last.compare(s.last) < 0 {
			out[last].last = s.last
		}
	}
	return out
}

// rule is a rule of a group or an entry of a network ACL, for one address family. What is
// compared first stands first, as most rules of a table are passed over by it.
type rule struct {
	from, to uint16 // of question.key
	number   int32  // the place of its name
	allow    bool
	// everywhere: its peer is 0.0.0.0/0 or ::/0, written so.
	everywhere bool
	peer       span
	more       []span // in order, of which peer is the first; nil where there is no other
}

func (r *rule) matches(q *question) bool {
	return r.from <= q.key && q.key <= r.to && r.has(q.far)
}

// has reports whether an address is one of the rule's peers.
func (r *rule) has(far address) bool {
	if r.more == nil {
		return r.peer.has(far)
	}
	n, found := slices.BinarySearchFunc(r.more, far, func(s span, a address) int { return s.first.compare(a) })
	return found || n > 0 && r.more[n-1].has(far)
}

// table is the rules of one direction, in order.
type table struct{ families [2]lists }

// lists are rules by protocol: rules[0] are those for all protocols, and rules[index[p]] are
// those for protocol p and for all of them.
type lists struct {
	index [256]uint16
	rules [][]rule
}

func (t *table) list(q *question) []rule {
	l := &t.families[q.family]
	return l.rules[l.index[q.protocol]]
}

// first returns the first rule that matches, or nil.
func (t *table) first(q *question) *rule {
	list := t.list(q)
	for n := range list {
		if list[n].matches(q) {
			return &list[n]
		}
	}
	return nil
}

// everywhere reports whether a rule with all addresses as its peer has a key.
func (t *table) everywhere(q *question) bool {
	list := t.list(q)
	for n := range list {
		if r := &list[n]; r.everywhere && r.from <= q.key && q.key <= r.to {
			return true
		}
	}
	return false
}

// line is a rule that is to be compiled.
type line struct {
	protocol int
	from, to uint16
	spans    []span // of any family
	number   int32
	allow    bool
	all      bool
}

// compile makes a table of lines, in their order.
func compile(lines []line) *table {
	t := new(table)
	for f := range t.families {
		l := &t.families[f]
		named := []int{netmodel.AllProtocols}
		for _, n := range lines {
			if n.protocol != netmodel.AllProtocols && l.index[n.protocol] == 0 {
				l.index[n.protocol] = uint16(len(named))
				named = append(named, n.protocol)
			}
		}
		l.rules = make([][]rule, len(named))
		for _, n := range lines {
			r, ok := n.rule(family(f))
			if !ok {
				continue
			}
			for at, protocol := range named {
				if n.protocol == netmodel.AllProtocols || n.protocol == protocol {
					l.rules[at] = append(l.rules[at], r)
				}
			}
		}
	}
	return t
}

// rule returns what a line says about a family, if anything.
func (n *line) rule(f family) (rule, bool) {
	r := rule{from: n.from, to: n.to, number: n.number, allow: n.allow, everywhere: n.all}
	of := slices.DeleteFunc(slices.Clone(n.spans), func(s span) bool { return s.family != f })
	if len(of) == 0 || n.from > n.to {
		return r, false
	}
	if r.peer = of[0]; len(of) > 1 {
		r.more = of
	}
	return r, true
}

// keys returns the range of question.key that a rule is about. It is empty (from > to)
// where nothing can match: ports the wrong way round, a type that no packet can have, or a
// code of all types, which EC2 does not accept ("If the type is -1, the code must be -1",
// API reference, IpPermission).
func keys(t netmodel.Traffic) (from, to uint16) {
	const none, last = 1, 0
	switch t.Protocol {
	case netmodel.TCP, netmodel.UDP:
		return t.From, t.To
	case netmodel.ICMP, netmodel.ICMPv6:
		switch {
		case t.Type < 0 && t.Code < 0:
			return 0, 0xffff
		case t.Type < 0 || t.Type > 255 || t.Code > 255:
			return none, last
		case t.Code < 0:
			return uint16(t.Type) << 8, uint16(t.Type)<<8 | 0xff
		}
		both := uint16(t.Type)<<8 | uint16(t.Code)
		return both, both
	}
	return 0, 0xffff
}
