package policy

import (
	"net/netip"
	"slices"

	"weir/internal/netmodel"
)

// Packets are packets at an ENI that differ in what rules may tell apart by their key alone.
type Packets struct {
	Direction netmodel.Direction
	Far       netip.Addr // the other end's
	Protocol  int
	// From and To bound the ports that they go to, both inclusive; of ICMP, which flow logs
	// record without a type, they do not count: it may be any.
	From, To uint16
}

// Use is what a rule of a security group or an entry of a network ACL has to do with packets.
type Use struct {
	Rule   string // netmodel's RuleName or EntryName
	Allows bool
	// Sure says that it matches all of the packets, and else some of them.
	Sure bool
	// Sole says that, without it, some would be decided otherwise.
	Sole bool
}

// GroupUses returns the rules of the ENI's groups that allow packets as the first ones of
// their connections, whatever the network ACL says, by group and name. There are none where no
// group filters them.
func (i *Interface) GroupUses(p *Packets) []Use {
	q, from, to := p.question()
	if i.groups == nil || i.bypasses(&q) {
		return nil
	}
	var out []Use
	list := i.groups.tables[q.way].list(&q)
	for n := range list {
		r := &list[n]
		if !r.has(q.far) || r.to < from || r.from > to {
			continue
		}
		u := Use{Rule: i.groups.rules[q.way][r.number].name, Allows: true, Sure: r.from <= from && to <= r.to}
		// A rule may be there twice, where its name has no id.
		if n := slices.IndexFunc(out, func(o Use) bool { return o.Rule == u.Rule }); n >= 0 {
			out[n].Sure = out[n].Sure || u.Sure
			continue
		}
		out = append(out, u)
	}
	if len(out) == 1 {
		out[0].Sole = true
	}
	return out
}

// EntryUses returns the entries of the network ACL that decide about packets, in their order,
// up to the one, perhaps the entry "*", that decides about all that are left. There are none where
// the network ACL is not asked.
func (i *Interface) EntryUses(p *Packets) []Use {
	q, from, to := p.question()
	if i.bypasses(&q) || !i.leaves(q.far) {
		return nil
	}
	of, way := i.acl.of, q.way.name()
	list := i.acl.tables[q.way].list(&q)
	var out []Use
	left := []keyRange{{from, to}}
	for n := range list {
		r := &list[n]
		if !r.has(q.far) {
			continue
		}
		rest := except(left, keyRange{r.from, r.to})
		if slices.Equal(rest, left) {
			continue
		}
		out = append(out, Use{
			Rule: of.EntryName(way, &of.Entries(way)[r.number]), Allows: r.allow, Sure: len(out) == 0 && len(rest) == 0,
			Sole: decidesOtherwise(list[n+1:], q.far, both(left, keyRange{r.from, r.to}), r.allow),
		})
		if left = rest; len(left) == 0 {
			return out
		}
	}
	return append(out, Use{Rule: of.EntryName(way, nil), Sure: len(out) == 0})
}

// decidesOtherwise reports whether entries decide about some of the keys otherwise.
func decidesOtherwise(list []rule, far address, keys []keyRange, allows bool) bool {
	for n := range list {
		r := &list[n]
		if !r.has(far) {
			continue
		}
		rest := except(keys, keyRange{r.from, r.to})
		if r.allow != allows && !slices.Equal(rest, keys) {
			return true
		}
		keys = rest
	}
	return len(keys) > 0 && allows
}

// bypasses reports whether nothing filters packets: they are of one of AWS's services, but of
// DHCP, which their addresses do not tell.
func (i *Interface) bypasses(q *question) bool {
	return slices.ContainsFunc(i.services, func(s service) bool { return !s.filtered && s.at == q.far })
}

func (p *Packets) question() (q question, from, to uint16) {
	q = question{far: addressOf(p.Far), protocol: uint8(p.Protocol), family: familyOf(p.Far), way: directionOf(p.Direction)}
	switch p.Protocol {
	case netmodel.TCP, netmodel.UDP:
		return q, p.From, p.To
	case netmodel.ICMP, netmodel.ICMPv6:
		return q, 0, 0xffff
	}
	return q, 0, 0
}

// keyRange are keys of questions, both ends inclusive.
type keyRange struct{ from, to uint16 }

// both returns what of keys, which are in order, is in r.
func both(keys []keyRange, r keyRange) []keyRange {
	var out []keyRange
	for _, k := range keys {
		if k.from <= r.to && r.from <= k.to {
			out = append(out, keyRange{max(k.from, r.from), min(k.to, r.to)})
		}
	}
	return out
}

// except returns what of keys, which are in order, is not in r.
func except(keys []keyRange, r keyRange) []keyRange {
	var out []keyRange
	for _, k := range keys {
		if k.to < r.from || r.to < k.from {
			out = append(out, k)
			continue
		}
		if k.from < r.from {
			out = append(out, keyRange{k.from, r.from - 1})
		}
		if k.to > r.to {
			out = append(out, keyRange{r.to + 1, k.to})
		}
	}
	return out
}
