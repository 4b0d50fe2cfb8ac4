package policy

import (
	"fmt"
	"net/netip"
	"slices"

	"weir/internal/netmodel"
)

// side is one direction of a network ACL.
type side struct {
	way   netmodel.Direction
	names []string
	allow []bool
	areas []area
	// first is, by entry, the packets of which it is the first that matches.
	first [][]area
}

// newSide returns a direction of a network ACL. The entries "*", which nobody made, are left
// out: they can't be removed, and say of all that is left what no entry would say too.
func newSide(of *netmodel.NetworkACL, way netmodel.Direction) (*side, error) {
	lines, err := entryLines(of, way)
	if err != nil {
		return nil, err
	}
	s := &side{way: way}
	for n := range lines {
		e := &of.Entries(way)[n]
		if e.Number > netmodel.LastNumber {
			break
		}
		s.names = append(s.names, of.EntryName(way, e))
		s.allow = append(s.allow, lines[n].allow)
		s.areas = append(s.areas, lines[n].area())
	}
	s.first = firstMatches(s.areas)
	return s, nil
}

// firstMatches returns for each of the areas, which stand in the order of evaluation, what is
// in none before it.
func firstMatches(areas []area) [][]area {
	out := make([][]area, len(areas))
	for _, piece := range pieces(everything, areas) {
		var decided []span
		for n := range areas {
			if !areas[n].has(piece) {
				continue
			}
			if peers := minus(areas[n].peers, decided); len(peers) > 0 {
				out[n] = append(out[n], area{piece, peers})
				decided = union(slices.Concat(decided, peers))
			}
		}
	}
	return out
}

// deciders returns the entries that decide of packets that entry n would match too.
func (s *side) deciders(n int) []int {
	var out []int
	for m := range s.areas[:n] {
		if slices.ContainsFunc(s.first[m], func(a area) bool { return a.meets(&s.areas[n]) }) {
			out = append(out, m)
		}
	}
	return out
}

// acl adds the findings about a network ACL.
func (l *linter) acl(of *netmodel.NetworkACL) error {
	if !of.Default && len(of.Subnets) == 0 && !l.associated(of) {
		l.add(Finding{Kind: ACLUnused, Severity: Low, Object: of.ID, VPC: of.VPC, Reason: "no subnet is associated with " + of.ID})
	}
	var sides [2]*side
	for w := range sides {
		var err error
		if sides[w], err = newSide(of, direction(w).name()); err != nil {
			return err
		}
		l.entries(of, sides[w])
	}
	for w, s := range sides {
		l.replies(of, s, sides[direction(w).other()])
	}
	return nil
}

func (l *linter) associated(of *netmodel.NetworkACL) bool {
	for _, s := range l.network.Subnets {
		if s.NetworkACL == of.ID {
			return true
		}
	}
	return false
}

// entries adds the findings about entries that match nothing.
func (l *linter) entries(of *netmodel.NetworkACL, s *side) {
	for n, name := range s.names {
		e := &of.Entries(s.way)[n]
		f := Finding{Object: of.ID, VPC: of.VPC, Rules: []string{name}}
		switch {
		case s.areas[n].empty():
			f.Kind, f.Severity = EntryNever, Medium
			f.Reason = fmt.Sprintf("%s is of ICMP code %d of any type, which no packet has: EC2 takes a code with a type only", name, e.Code)
		case len(s.first[n]) == 0:
			s.shadowed(n, &f)
		case e.CIDR.Addr().Is6() && l.lacksIPv6(of):
			f.Kind, f.Severity = EntryNever, Low
			f.Reason = fmt.Sprintf("%s is of IPv6, and %s has no IPv6 network", name, of.VPC)
		default:
			continue
		}
		l.add(f)
	}
}

// shadowed says of a finding which entries decide of all packets of an entry.
func (s *side) shadowed(n int, f *Finding) {
	var contrary []string
	for _, m := range s.deciders(n) {
		f.By = append(f.By, s.names[m])
		if s.allow[m] != s.allow[n] {
			contrary = append(contrary, s.names[m])
		}
	}
	verb := func(allow bool, n int) string {
		if allow {
			return form(n, "allows", "allow")
		}
		return form(n, "denies", "deny")
	}
	before := fmt.Sprintf("%s matches nothing: %s before it ", s.names[n], joined(f.By))
	switch len(contrary) {
	case 0:
		f.Kind, f.Severity = EntryRedundant, Low
		f.Reason = before + verb(s.allow[n], len(f.By)) + " all its packets too"
	case len(f.By):
		f.Kind, f.Severity = EntryShadowed, Medium
		f.Reason = before + verb(!s.allow[n], len(f.By)) + " all its packets"
	default:
		f.Kind, f.Severity = EntryShadowed, Medium
		f.Reason = before + "decide of all its packets, and " + joined(contrary) + " " + verb(!s.allow[n], len(contrary)) + " what it would " + verb(s.allow[n], 2)
	}
}

// lacksIPv6 reports whether the VPC of a network ACL is known to have no IPv6 network.
func (l *linter) lacksIPv6(of *netmodel.NetworkACL) bool {
	vpc := l.network.VPCs[of.VPC]
	return vpc != nil && !slices.ContainsFunc(vpc.CIDRs, func(p netip.Prefix) bool { return p.Addr().Is6() })
}

// ephemeral are the ports that clients use for connections, of any system; ofOneKind are
// those of one system each. An entry for replies holds all of one kind at least, and where
// something of each kind is denied there is no client that gets all its replies.
//
// Source: VPC user guide, "Ephemeral ports"; the kernel of Linux ends at 60999.
var (
	ephemeral  = [2]uint16{1024, 65535}
	ofOneKind  = [][2]uint16{{1025, 5000}, {32768, 60999}, {49152, 65535}}
	replyPorts = []struct {
		protocol int
		name     string
		severity Severity
	}{
		{netmodel.TCP, "tcp", Medium},
		{netmodel.UDP, "udp", Low}, // which may need no reply
	}
	echoes = []struct {
		protocol, request, reply int
		name                     string
		family                   family
	}{
		{netmodel.ICMP, 8, 0, "icmp", ipv4},
		{netmodel.ICMPv6, 128, 129, "icmpv6", ipv6},
	}
)

// blocked is peers whose replies are denied, with what is denied of them, and the names of
// the entries that let pass what they are replies to.
type blocked struct {
	ports []stretch
	peers []span
	rules []string
}

// replies adds the findings about packets that one side lets pass and to which replies are
// denied by the other, whatever their ports are.
func (l *linter) replies(of *netmodel.NetworkACL, s, back *side) {
	within := l.within(of)
	for _, p := range replyPorts {
		all := stretchOf(p.protocol, 0, 0xffff)
		allowances := back.allowances(all)
		var list []*blocked
		for n, name := range s.names {
			if !s.allow[n] {
				continue
			}
			peers := minus(peersIn(s.first[n], all), within)
			if forReplies(&s.areas[n], p.protocol) {
				peers = minus(peers, back.allowed(all))
			}
			for _, b := range denied(peers, allowances) {
				at := slices.IndexFunc(list, func(c *blocked) bool { return slices.Equal(c.ports, b.ports) })
				if at < 0 {
					at, list = len(list), append(list, &blocked{ports: b.ports})
				}
				list[at].rules = append(list[at].rules, name)
				list[at].peers = union(append(list[at].peers, b.peers...))
			}
		}
		for _, b := range list {
			needed := stretchOf(p.protocol, ephemeral[0], ephemeral[1])
			if !slices.ContainsFunc(b.ports, needed.meets) {
				continue
			}
			f := Finding{Kind: BlocksReplies, Severity: p.severity, Protocol: p.name, Ports: keyNames(b.ports)}
			if slices.ContainsFunc(ofOneKind, func(r [2]uint16) bool {
				return !slices.ContainsFunc(b.ports, stretchOf(p.protocol, r[0], r[1]).meets)
			}) {
				f.Kind, f.Severity = BlocksSomeReplies, Low
			}
			l.addBlocked(of, s, back, b, f, p.name, "replies to ports "+listed(f.Ports))
		}
	}
	for _, e := range echoes {
		request, reply := stretchOf(e.protocol, uint16(e.request)<<8, uint16(e.request)<<8), stretchOf(e.protocol, uint16(e.reply)<<8, uint16(e.reply)<<8)
		b := &blocked{ports: []stretch{reply}}
		for n, name := range s.names {
			peers := minus(peersIn(s.first[n], request), within)
			peers = slices.DeleteFunc(peers, func(s span) bool { return s.family != e.family })
			if peers = minus(peers, back.allowed(reply)); s.allow[n] && len(peers) > 0 {
				b.rules, b.peers = append(b.rules, name), union(append(b.peers, peers...))
			}
		}
		if len(b.rules) > 0 {
			l.addBlocked(of, s, back, b, Finding{Kind: BlocksReplies, Severity: Low, Protocol: e.name}, e.name+" echo requests", "echo replies")
		}
	}
}

func (l *linter) addBlocked(of *netmodel.NetworkACL, s, back *side, b *blocked, f Finding, what, replies string) {
	f.Object, f.VPC, f.Rules, f.Peers = of.ID, of.VPC, b.rules, spanNames(b.peers)
	for m, name := range back.names {
		if !back.allow[m] && slices.ContainsFunc(back.first[m], func(a area) bool {
			return slices.ContainsFunc(b.ports, a.stretch.meets) && overlap(a.peers, b.peers)
		}) {
			f.By = append(f.By, name)
		}
	}
	if slices.ContainsFunc(b.ports, func(t stretch) bool { return !(&area{t, b.peers}).covered(back.areas) }) {
		f.By = append(f.By, of.EntryName(back.way, nil))
	}
	if len(f.Ports) > 0 && b.ports[0].last-b.ports[0].first == 0xffff && !slices.Contains(f.By, of.EntryName(back.way, nil)) {
		f.Severity = Low // the peers are blocked, and somebody wanted that
	}
	let := form(len(b.rules), "lets", "let")
	pass, came := " in from ", "going out"
	if s.way == netmodel.Egress {
		pass, came = " out to ", "coming in"
	}
	deny := form(len(f.By), " denies ", " deny ")
	f.Reason = joined(b.rules) + " " + let + " " + what + pass + listed(f.Peers) + ", and " + joined(f.By) + deny + replies + " " + came
	l.add(f)
}

// within returns the addresses that no packet across the border of any subnet of a network
// ACL has at its other end: those of its only subnet, and IPv6 where there is none.
func (l *linter) within(of *netmodel.NetworkACL) []span {
	var out []span
	if len(of.Subnets) == 1 && l.network.Subnets[of.Subnets[0]] != nil {
		out = spansOf(l.network.Subnets[of.Subnets[0]].CIDRs)
	}
	if l.lacksIPv6(of) {
		out = append(out, families[ipv6].all)
	}
	return union(out)
}

// peersIn returns the peers of areas of which a part is in a stretch.
func peersIn(areas []area, of stretch) []span {
	var out []span
	for n := range areas {
		if areas[n].stretch.meets(of) {
			out = append(out, areas[n].peers...)
		}
	}
	return union(out)
}

// forReplies reports whether an entry is taken for one that lets replies pass: of this
// protocol it has no other ports than ephemeral ones, and all those of a system.
func forReplies(a *area, protocol int) bool {
	if !stretchOf(protocol, ephemeral[0], ephemeral[1]).has(a.stretch) {
		return false
	}
	return slices.ContainsFunc(ofOneKind, func(r [2]uint16) bool { return a.has(stretchOf(protocol, r[0], r[1])) })
}

// allowed returns the peers that an entry allows for some of a stretch.
func (s *side) allowed(of stretch) []span {
	var out []span
	for n := range s.first {
		if s.allow[n] {
			out = append(out, peersIn(s.first[n], of)...)
		}
	}
	return union(out)
}

// allowances returns the pieces of a stretch, in order, each with the peers that are allowed
// for all of it.
func (s *side) allowances(of stretch) []area {
	var allowing []area
	for n := range s.first {
		if s.allow[n] {
			allowing = append(allowing, s.first[n]...)
		}
	}
	var out []area
	for _, piece := range pieces(of, allowing) {
		out = append(out, area{piece, peersOf(piece, allowing)})
	}
	return out
}

// denied returns of which peers what is not allowed. Each peer for which something is denied
// is in one of the answers.
func denied(peers []span, allowances []area) []blocked {
	deny := make([][]span, len(allowances))
	parts := [][]span{peers}
	for n := range allowances {
		deny[n] = minus(peers, allowances[n].peers)
		if n > 0 && slices.Equal(deny[n], deny[n-1]) {
			continue // what this would part is parted
		}
		var next [][]span
		for _, part := range parts {
			for _, p := range [][]span{common(part, deny[n]), minus(part, deny[n])} {
				if len(p) > 0 {
					next = append(next, p)
				}
			}
		}
		parts = next
	}
	slices.SortFunc(parts, compareSpans)
	var out []blocked
	for _, part := range parts {
		b := blocked{peers: part}
		for n := range allowances {
			if overlap(part, deny[n]) {
				b.ports = append(b.ports, allowances[n].stretch)
			}
		}
		if b.ports = joinStretches(b.ports); len(b.ports) > 0 {
			out = append(out, b)
		}
	}
	return out
}
