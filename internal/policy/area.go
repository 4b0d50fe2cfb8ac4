package policy

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"weir/internal/netmodel"
)

// stretch is traffic from first to last, where protocols and their keys are one row of
// numbers: the protocol above 16 bits of question.key. Protocols without keys have all.
type stretch struct{ first, last uint32 }

// everything is all traffic.
var everything = stretch{0, 1<<24 - 1}

// stretchOf returns the traffic of a protocol with keys in a range.
func stretchOf(protocol int, from, to uint16) stretch {
	return stretch{uint32(protocol)<<16 | uint32(from), uint32(protocol)<<16 | uint32(to)}
}

func (s stretch) has(t stretch) bool   { return s.first <= t.first && t.last <= s.last }
func (s stretch) meets(t stretch) bool { return s.first <= t.last && t.first <= s.last }

// area is packets: those of a stretch of traffic whose peer is one of some addresses, as
// union returns them. It is empty where there are none, or last is before first.
type area struct {
	stretch
	peers []span
}

func (a *area) empty() bool { return a.first > a.last || len(a.peers) == 0 }

// meets reports whether two areas have a packet in common.
func (a *area) meets(b *area) bool {
	return a.stretch.meets(b.stretch) && overlap(a.peers, b.peers)
}

// area returns the packets that a line is about.
func (n *line) area() area {
	a := area{everything, union(slices.Clone(n.spans))}
	if n.protocol != netmodel.AllProtocols {
		a.stretch = stretchOf(n.protocol, n.from, n.to)
	}
	return a
}

// minus returns the addresses of a that are not in b. Both are as union returns them, and so
// is the answer.
func minus(a, b []span) []span {
	var out []span
	n := 0
	if len(a) > 0 { // the lists of AWS's services are long
		n, _ = slices.BinarySearchFunc(b, a[0], func(s, t span) int {
			if s.before(&t) {
				return -1
			}
			return 1
		})
	}
	for _, s := range a {
		for n < len(b) && b[n].before(&s) {
			n++
		}
		rest := true
		for k := n; k < len(b) && !s.before(&b[k]); k++ {
			if s.first.less(b[k].first) {
				out = append(out, span{s.first, b[k].first.previous(), s.family})
			}
			if !b[k].last.less(s.last) {
				rest = false
				break
			}
			s.first = b[k].last.next()
		}
		if rest {
			out = append(out, s)
		}
	}
	return out
}

// common returns the addresses that are in both.
func common(a, b []span) []span { return minus(a, minus(a, b)) }

// overlap reports whether some address is in both.
func overlap(a, b []span) bool {
	for n, k := 0, 0; n < len(a) && k < len(b); {
		switch {
		case a[n].before(&b[k]):
			n++
		case b[k].before(&a[n]):
			k++
		default:
			return true
		}
	}
	return false
}

// before reports whether all addresses of s stand before those of t.
func (s *span) before(t *span) bool {
	return s.family < t.family || s.family == t.family && s.last.less(t.first)
}

func (a address) previous() address {
	if a.lo == 0 {
		a.hi--
	}
	a.lo--
	return a
}

// pieces cuts a stretch where areas begin and end, so that each area has all of a piece or
// nothing of it.
func pieces(of stretch, areas []area) []stretch {
	cuts := []uint32{of.first}
	for n := range areas {
		a := &areas[n]
		if a.empty() || !a.stretch.meets(of) {
			continue
		}
		if a.first > of.first {
			cuts = append(cuts, a.first)
		}
		if a.last < of.last {
			cuts = append(cuts, a.last+1)
		}
	}
	slices.Sort(cuts)
	cuts = slices.Compact(cuts)
	out := make([]stretch, len(cuts))
	for n, first := range cuts {
		out[n] = stretch{first, of.last}
		if n+1 < len(cuts) {
			out[n].last = cuts[n+1] - 1
		}
	}
	return out
}

// The members of a group, and the entries of a prefix list that the input does not hold, are
// not known. Each is a point in two families of its own: its addresses of IPv4, and of IPv6.
const (
	unknown4 family = ipv6 + 1 + iota
	unknown6
)

// unknownPeers returns the peers of which only a number is known.
func unknownPeers(number int) []span {
	at := address{lo: uint64(number)}
	return []span{{at, at, unknown4}, {at, at, unknown6}}
}

// families are all addresses of each family, and those of it that are not known.
var families = [2]struct{ all, unknown span }{
	{spanOf(netip.MustParsePrefix("0.0.0.0/0")), span{last: address{^uint64(0), ^uint64(0)}, family: unknown4}},
	{spanOf(netip.MustParsePrefix("::/0")), span{last: address{^uint64(0), ^uint64(0)}, family: unknown6}},
}

// peersOf returns the peers that areas have for a piece of traffic. Whoever has all addresses
// of a family has those that are not known too.
func peersOf(piece stretch, areas []area) []span {
	var all []span
	for n := range areas {
		if areas[n].has(piece) {
			all = append(all, areas[n].peers...)
		}
	}
	all = union(all)
	for _, f := range families {
		if slices.Contains(all, f.all) {
			all = union(append(all, f.unknown))
		}
	}
	return all
}

// covered reports whether each packet of an area is in one of others at least, whatever the
// peers are that are not known.
func (a *area) covered(by []area) bool {
	var near []area
	for n := range by {
		if !a.near(&by[n]) {
			continue
		}
		if by[n].has(a.stretch) && len(minus(a.peers, by[n].peers)) == 0 {
			return true
		}
		near = append(near, by[n])
	}
	for _, piece := range pieces(a.stretch, near) {
		rest := a.peers
		for n := range near {
			if len(rest) > 0 && near[n].has(piece) {
				rest = minus(rest, near[n].peers)
			}
		}
		// What is left may be unknown, and in what several have together.
		if len(rest) > 0 && (rest[0].family <= ipv6 || len(minus(rest, peersOf(piece, near))) > 0) {
			return false
		}
	}
	return true
}

// near reports whether b may count for covering a.
func (a *area) near(b *area) bool {
	if b.empty() || !a.stretch.meets(b.stretch) {
		return false
	}
	// All addresses of a family are those of any group too, whatever has them.
	return len(a.peers) > 0 && a.peers[len(a.peers)-1].family > ipv6 || overlap(a.peers, b.peers)
}

// String returns the addresses as a CIDR, or as the first and the last of them.
func (s span) String() string {
	first, last := s.first.netip(s.family), s.last.netip(s.family)
	for bits := first.BitLen(); bits >= 0; bits-- {
		if p := netip.PrefixFrom(first, bits).Masked(); spanOf(p) == s {
			return p.String()
		}
	}
	return first.String() + "-" + last.String()
}

func spanNames(spans []span) []string {
	out := make([]string, len(spans))
	for n := range spans {
		out[n] = spans[n].String()
	}
	return out
}

// keyNames returns the keys of stretches of one protocol, as "80" or "1024-65535".
func keyNames(list []stretch) []string {
	out := make([]string, len(list))
	for n, s := range list {
		if out[n] = strconv.Itoa(int(uint16(s.first))); s.last > s.first {
			out[n] += "-" + strconv.Itoa(int(uint16(s.last)))
		}
	}
	return out
}

// joinStretches joins those that touch, of stretches in order.
func joinStretches(list []stretch) []stretch {
	var out []stretch
	for _, s := range list {
		if last := len(out) - 1; last >= 0 && out[last].last+1 == s.first {
			out[last].last = s.last
			continue
		}
		out = append(out, s)
	}
	return out
}

// mostNamed is how many of a list stand in a sentence.
const mostNamed = 4

// listed returns a list for a sentence.
func listed(list []string) string {
	if len(list) > mostNamed {
		return fmt.Sprintf("%s and %d more", strings.Join(list[:mostNamed], ", "), len(list)-mostNamed)
	}
	return strings.Join(list, ", ")
}

// compareSpans orders sets of addresses.
func compareSpans(a, b []span) int {
	return slices.CompareFunc(a, b, func(a, b span) int {
		return cmp.Or(cmp.Compare(a.family, b.family), a.first.compare(b.first), a.last.compare(b.last))
	})
}
