package hygiene

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math"
	"net/netip"
	"slices"

	"weir/internal/netmodel"
	"weir/internal/policy"
)

// demandKey is what connections that use a rule may be told apart by, by rules.
type demandKey struct {
	protocol int
	from, to int // ports; -1 where the protocol has none
	far      netip.Addr
}

// Demand is what a rule is used for.
type Demand struct {
	Protocol int `json:"protocol"`
	// From and To are the port; a range, where the far end's is known as such alone; -1 where the
	// protocol has none.
	From int        `json:"from_port"`
	To   int        `json:"to_port"`
	Far  netip.Addr `json:"peer"`
	// Learnt and Replayed count the connections of both parts of the time, and Sole those of
	// both that no other rule allows.
	Learnt   int64 `json:"learnt"`
	Replayed int64 `json:"replayed"`
	Sole     int64 `json:"sole"`
	Bytes    int64 `json:"bytes"`
	First    int64 `json:"first"` // seconds since the epoch
	Last     int64 `json:"last"`
}

// demanded adds connections to what a rule that is followed is used for.
func (r *rule) demanded(c *Connection, p *policy.Packets, replayed, sole bool) {
	if r.demand == nil {
		return
	}
	key := demandKey{c.Protocol, -1, -1, c.Far}
	if c.Port >= 0 && (c.Protocol == netmodel.TCP || c.Protocol == netmodel.UDP) {
		key.from, key.to = int(p.From), int(p.To)
	}
	d := r.demand[key]
	if d == nil {
		d = &Demand{Protocol: key.protocol, From: key.from, To: key.to, Far: c.Far, First: c.First}
		r.demand[key] = d
	}
	if replayed {
		d.Replayed += c.Passed
	} else {
		d.Learnt += c.Passed
	}
	if sole {
		d.Sole += c.Passed
	}
	d.Bytes += c.Bytes
	d.First, d.Last = min(d.First, c.First), max(d.Last, c.Last)
}

// Proposal is what would do in place of a rule.
type Proposal struct {
	// Rule is the one that it is about.
	Rule Rule `json:"rule"`
	// Rules are the rules in its place; none where it can't be made narrower, which Why says.
	Rules []netmodel.GroupRule `json:"-"`
	Texts []string             `json:"rules"`
	Why   string               `json:"why,omitempty"`
	// Notes say how the rules were found, each a sentence.
	Notes []string `json:"notes,omitempty"`
	// Learnt and Replayed count the connections that it was made of and tried with.
	Learnt   int64 `json:"learnt"`
	Replayed int64 `json:"replayed"`
	// LearntDenied and ReplayDenied are those of them that would be refused: neither Rules nor
	// another rule of the ENI's groups allows them. Denied are they, those with most first.
	LearntDenied int64    `json:"learnt_denied"`
	ReplayDenied int64    `json:"replay_denied"`
	Denied       []Demand `json:"denied"`
	// Share is how much of what the rule allows the proposal allows: of addresses by ports.
	Share float64 `json:"share"`
	// CLI and Terraform are how it is put in force: first what comes, then what goes.
	CLI       []string `json:"cli"`
	Terraform string   `json:"terraform,omitempty"`
}

// Errors of [Uses.Tighten].
var (
	ErrNoRule = errors.New("no security group of the definition has such a rule")
	ErrEntry  = errors.New("it is an entry of a network ACL: its order decides too, so that no narrower one is proposed")
)

// Tighten proposes what would do in place of a rule of a security group that was followed, by
// what it was used for in the first part of the time, in so many rules at most, besides what
// path MTU discovery needs. What was replayed tries it.
func (u *Uses) Tighten(name string, most int, share float64) (Proposal, error) {
	r := u.rules[name]
	switch {
	case r == nil || r.demand == nil:
		return Proposal{}, ErrNoRule
	case r.group == nil:
		return Proposal{}, ErrEntry
	}
	out := Proposal{Rule: u.tell(r, share), Texts: []string{}, Denied: []Demand{}, CLI: []string{}}
	var learnt []*Demand
	for _, key := range slices.SortedFunc(maps.Keys(r.demand), demandKey.compare) {
		d := r.demand[key]
		out.Learnt += d.Learnt
		out.Replayed += d.Replayed
		if d.Learnt > 0 {
			learnt = append(learnt, d)
		}
	}
	if len(learnt) == 0 {
		out.Why = "nothing used it in the part of the time that is learnt from"
		if out.Rule.Verdict == NotJudged {
			out.Why += ", and it may have been used unseen: " + out.Rule.Why
		}
		return out, nil
	}
	t := tightening{u: u, r: r, most: max(most, 1), out: &out}
	classes := t.join(t.classes(learnt))
	if len(classes) > t.most {
		out.Notes, out.Why = nil, fmt.Sprintf("it is used by %d protocols, which are more than %s", len(classes), several(t.most, "rule"))
		return out, nil
	}
	rules := t.rules(classes)
	out.Share = t.space(rules) / t.space([]netmodel.GroupRule{*r.group})
	if len(rules) == 1 && rules[0].Traffic == r.group.Traffic && rules[0].Peer == r.group.Peer || out.Share >= 1 {
		out.Share, out.Why = 1, "it is as narrow as what used it"
		return out, nil
	}
	out.Rules = rules
	for i := range rules {
		out.Texts = append(out.Texts, textOf(rules[i]))
	}
	t.replay()
	out.CLI, out.Terraform = forms(r, rules)
	return out, nil
}

func (k demandKey) compare(o demandKey) int {
	return cmp.Or(cmp.Compare(k.protocol, o.protocol), cmp.Compare(k.from, o.from), cmp.Compare(k.to, o.to), k.far.Compare(o.far))
}

// tightening is the work on a proposal.
type tightening struct {
	u    *Uses
	r    *rule
	most int
	out  *Proposal
}

// class is traffic with the peers that it was seen of.
type class struct {
	traffic netmodel.Traffic
	peers   map[netip.Addr]bool
	// What is decided of its peers: rules with these, and what is left in the cover.
	fixed []netmodel.Peer
	cover *cover
	n     int // of the cover
}

// rules returns the rules that allow what was learnt.
func (t *tightening) rules(classes []*class) []netmodel.GroupRule {
	spare := t.most - len(classes)
	for _, c := range classes {
		t.peers(c, spare > 0)
		if c.cover != nil && len(c.fixed) > 0 {
			spare-- // a group, and networks elsewhere
		}
	}
	share(classes, spare)
	var out []netmodel.GroupRule
	for _, c := range classes {
		for _, p := range c.fixed {
			out = append(out, netmodel.GroupRule{Traffic: c.traffic, Peer: p})
		}
		if c.cover != nil {
			for _, p := range c.cover.prefixes(c.n) {
				out = append(out, netmodel.GroupRule{Traffic: c.traffic, Peer: netmodel.Peer{CIDR: p}})
			}
		}
	}
	return t.pathMTU(out)
}

// share gives the covers of classes one rule each, and so many more, so that all together have the
// fewest addresses by ports. One more may spare nothing where two do, so that all ways are tried.
func share(classes []*class, spare int) {
	covers := slices.DeleteFunc(slices.Clone(classes), func(c *class) bool { return c.cover == nil })
	// least[k] is what the covers so far have with k rules more or fewer, and took those of each.
	least := make([]float64, spare+1)
	took := make([][]int, len(covers))
	for i, c := range covers {
		next := make([]float64, spare+1)
		took[i] = make([]int, spare+1)
		for k := range next {
			next[k] = math.Inf(1)
			for own := 0; own <= k && own < c.cover.most; own++ {
				if sum := least[k-own] + c.cover.size(own+1)*width(c.traffic); sum < next[k] {
					next[k], took[i][k] = sum, own
				}
			}
		}
		least = next
	}
	for i, c := range slices.Backward(covers) {
		own := took[i][spare]
		c.n = own + 1
		spare -= own
	}
}

// classes returns what was learnt by protocol and ports, in order, adjacent ports with the same
// peers as one.
func (t *tightening) classes(learnt []*Demand) []*class {
	var out []*class
	for _, d := range learnt {
		traffic := netmodel.Traffic{Protocol: d.Protocol, Type: -1, Code: -1}
		switch d.Protocol {
		case netmodel.TCP, netmodel.UDP:
			traffic.From, traffic.To = uint16(d.From), uint16(d.To)
		case netmodel.ICMP, netmodel.ICMPv6:
			if t.r.group.Protocol == d.Protocol { // records carry no type
				traffic = t.r.group.Traffic
			}
		}
		if n := len(out); n == 0 || out[n-1].traffic != traffic {
			out = append(out, &class{traffic: traffic, peers: map[netip.Addr]bool{}})
		}
		out[len(out)-1].peers[d.Far] = true
	}
	joined := out[:0]
	for _, c := range out {
		if n := len(joined); n > 0 && ported(c.traffic) && joined[n-1].traffic.Protocol == c.traffic.Protocol &&
			int(c.traffic.From) <= int(joined[n-1].traffic.To)+1 && maps.Equal(joined[n-1].peers, c.peers) {
			joined[n-1].traffic.To = max(joined[n-1].traffic.To, c.traffic.To)
			continue
		}
		joined = append(joined, c)
	}
	return joined
}

// fewClasses is how many classes are joined with a view to their peers; where there are more,
// those go first whose ports are next to each other.
const fewClasses = 200

// join joins the ports of classes until there are not more than rules.
func (t *tightening) join(list []*class) []*class {
	if len(list) > t.most {
		t.out.Notes = append(t.out.Notes, fmt.Sprintf("the ports are too many for %s: ports between them are allowed too", several(t.most, "rule")))
	}
	if len(list) > fewClasses {
		list = nearest(list, fewClasses)
	}
	for len(list) > t.most {
		best, least := -1, 0.0
		for i := 1; i < len(list); i++ {
			a, b := list[i-1], list[i]
			if a.traffic.Protocol != b.traffic.Protocol || !ported(a.traffic) {
				continue
			}
			if extra := joining(a, b); best < 0 || extra < least {
				best, least = i, extra
			}
		}
		if best < 0 {
			break
		}
		joinInto(list[best-1], list[best])
		list = slices.Delete(list, best, best+1)
	}
	return list
}

// nearest joins classes of neighbouring ports until there are about so many.
func nearest(list []*class, n int) []*class {
	gaps := []int{}
	gap := func(i int) int {
		if list[i].traffic.Protocol != list[i-1].traffic.Protocol || !ported(list[i].traffic) {
			return 1 << 16
		}
		return int(list[i].traffic.From) - int(list[i-1].traffic.To)
	}
	for i := 1; i < len(list); i++ {
		gaps = append(gaps, gap(i))
	}
	slices.Sort(gaps)
	limit := gaps[len(gaps)-n/2]
	out := []*class{list[0]}
	for i := 1; i < len(list); i++ {
		if g := gap(i); g >= 1<<16 || g > limit || g == limit && limit > 1 && len(out) < n/2 {
			out = append(out, list[i])
			continue
		}
		joinInto(out[len(out)-1], list[i])
	}
	return out
}

// joining returns how much more two classes allow as one, about.
func joining(a, b *class) float64 {
	both := len(a.peers)
	for p := range b.peers {
		if !a.peers[p] {
			both++
		}
	}
	to := max(a.traffic.To, b.traffic.To)
	return float64(to-a.traffic.From+1)*float64(both) - width(a.traffic)*float64(len(a.peers)) - width(b.traffic)*float64(len(b.peers))
}

func joinInto(a, b *class) {
	a.traffic.To = max(a.traffic.To, b.traffic.To)
	maps.Copy(a.peers, b.peers)
}

// The widest prefixes of public addresses that are proposed: what is wider says nothing of who
// the clients are.
const widestPublic4, widestPublic6 = 16, 32

// peers decides about the peers of a class: the rule's own where that is no network, a group
// that all of them in the VPC carry, networks else. Both together are for where that is asked for.
func (t *tightening) peers(c *class, both bool) {
	own := t.r.group.Peer
	if !own.CIDR.IsValid() {
		c.fixed = []netmodel.Peer{own}
		return
	}
	peers := slices.SortedFunc(maps.Keys(c.peers), netip.Addr.Compare)
	group, rest := t.group(peers)
	if group != "" && (both || len(rest) == 0) {
		c.fixed = append(c.fixed, netmodel.Peer{Group: group})
		t.out.Notes = append(t.out.Notes, fmt.Sprintf("all peers of %s in the VPC have %s", c.traffic, group))
	} else {
		rest = peers
	}
	if len(rest) == 0 {
		return
	}
	networks := make([]netip.Prefix, len(rest))
	for i, a := range rest {
		networks[i] = netip.PrefixFrom(a, a.BitLen())
	}
	for len(networks) > manyPeers {
		networks = shortened(networks)
	}
	cover := newCover(networks, min(t.most, len(networks)))
	for _, p := range cover.prefixes(cover.most) {
		widest := widestPublic4
		if p.Addr().Is6() {
			widest = widestPublic6
		}
		if p.Bits() < widest && slices.ContainsFunc(rest, func(a netip.Addr) bool { return p.Contains(a) && policy.Public(a) }) {
			t.out.Notes = append(t.out.Notes, fmt.Sprintf("the %d peers of %s are too far apart for %s: the rule's own peers stay", len(rest), c.traffic, several(t.most, "rule")))
			c.fixed = []netmodel.Peer{own}
			return
		}
	}
	c.cover = cover
}

// manyPeers is how many peers a cover is made of; of more, it is made of the networks of 256 that
// they are in, and so on, which are in the rule's network, since there are so many.
const manyPeers = 20_000

// shortened returns the networks, each once, that are shorter by 8 bits, of networks in order.
func shortened(networks []netip.Prefix) []netip.Prefix {
	out := networks[:0]
	for _, p := range networks {
		p = netip.PrefixFrom(p.Addr(), p.Bits()-8).Masked()
		if len(out) == 0 || out[len(out)-1] != p {
			out = append(out, p)
		}
	}
	return out
}

// group returns the group with the fewest members which all peers in the VPC carry, and the
// peers that are elsewhere. There is none for a single peer, and where it would let more in than
// the rule does.
func (t *tightening) group(peers []netip.Addr) (id string, elsewhere []netip.Addr) {
	var of []string
	inside := 0
	for _, a := range peers {
		var groups []string
		found := false
		for _, i := range t.u.having(t.r.VPC, a) {
			found = true
			groups = append(groups, i.Groups...)
		}
		if !found {
			elsewhere = append(elsewhere, a)
			continue
		}
		if inside++; inside == 1 {
			of = groups
		}
		of = slices.DeleteFunc(slices.Clone(of), func(g string) bool { return !slices.Contains(groups, g) })
	}
	if inside < 2 {
		return "", nil
	}
	best := 0
	for _, g := range slices.Compact(slices.Sorted(slices.Values(of))) {
		members := addressesOf(t.u.last, t.r.VPC, g)
		wider := slices.ContainsFunc(members, func(p netip.Prefix) bool {
			cidr := t.r.group.Peer.CIDR
			return p.Addr().Is4() == cidr.Addr().Is4() && (!cidr.Contains(p.Addr()) || p.Bits() < cidr.Bits())
		})
		// Members of the other family would be let in by none of the rule's.
		other := slices.ContainsFunc(members, func(p netip.Prefix) bool { return p.Addr().Is4() != t.r.group.Peer.CIDR.Addr().Is4() })
		if t.u.last.SecurityGroups[g] != nil && !wider && !other && (id == "" || len(members) < best) {
			id, best = g, len(members)
		}
	}
	return id, elsewhere
}

// having returns the ENIs of a VPC that have an address.
func (u *Uses) having(vpc string, a netip.Addr) []*netmodel.Interface {
	if u.byAddress == nil {
		u.byAddress = map[netip.Addr][]*netmodel.Interface{}
		for _, i := range u.last.Interfaces {
			for _, a := range i.Addresses {
				u.byAddress[a] = append(u.byAddress[a], i)
			}
		}
	}
	var out []*netmodel.Interface
	for _, i := range u.byAddress[a] {
		if i.VPC == vpc {
			out = append(out, i)
		}
	}
	return out
}

// pathMTU adds what path MTU discovery needs, where the rule allows it and the others don't:
// records do not carry types, and few connections ever need it.
//
// Source: VPC user guide, "Path MTU Discovery"; RFC 4443 has type 2 for IPv6.
func (t *tightening) pathMTU(rules []netmodel.GroupRule) []netmodel.GroupRule {
	own := t.r.group
	v4, v6 := own.Peer.CIDR.Addr().Is4(), own.Peer.CIDR.Addr().Is6()
	if !own.Peer.CIDR.IsValid() {
		v4, v6 = true, true
	}
	for _, need := range []struct {
		traffic netmodel.Traffic
		family  bool
	}{
		{netmodel.Traffic{Protocol: netmodel.ICMP, Type: 3, Code: 4}, v4},
		{netmodel.Traffic{Protocol: netmodel.ICMPv6, Type: 2, Code: 0}, v6},
	} {
		if !need.family || !holds(own.Traffic, need.traffic) {
			continue
		}
		if !slices.ContainsFunc(rules, func(r netmodel.GroupRule) bool { return r.Peer == own.Peer && holds(r.Traffic, need.traffic) }) {
			rules = append(rules, netmodel.GroupRule{Traffic: need.traffic, Peer: own.Peer})
			t.out.Notes = append(t.out.Notes, fmt.Sprintf("%s stays, for path MTU discovery", need.traffic))
		}
	}
	return rules
}

// holds reports whether traffic has all of other traffic.
func holds(t, o netmodel.Traffic) bool {
	switch {
	case t.Protocol == netmodel.AllProtocols:
		return true
	case t.Protocol != o.Protocol:
		return false
	case ported(t):
		return t.From <= o.From && o.To <= t.To
	case t.Protocol == netmodel.ICMP || t.Protocol == netmodel.ICMPv6:
		return t.Type < 0 || t.Type == o.Type && (t.Code < 0 || t.Code == o.Code)
	}
	return true
}

func ported(t netmodel.Traffic) bool {
	return t.Protocol == netmodel.TCP || t.Protocol == netmodel.UDP
}

// width is how many ports, types or protocols traffic has.
func width(t netmodel.Traffic) float64 {
	switch {
	case t.Protocol == netmodel.AllProtocols:
		return 2*65536 + 2*256 + 252
	case ported(t):
		return float64(int(t.To) - int(t.From) + 1)
	case (t.Protocol == netmodel.ICMP || t.Protocol == netmodel.ICMPv6) && t.Type < 0:
		return 256
	}
	return 1
}

// space is how much rules allow: addresses by ports. What two allow counts twice.
func (t *tightening) space(rules []netmodel.GroupRule) float64 {
	sum := 0.0
	for i := range rules {
		addresses := 0.0
		for _, p := range t.u.networks(t.r.VPC, rules[i].Peer) {
			addresses += addressesIn(p)
		}
		sum += max(addresses, 1) * width(rules[i].Traffic)
	}
	return sum
}

// networks returns the networks of a peer, as rules of a VPC see it.
func (u *Uses) networks(vpc string, p netmodel.Peer) []netip.Prefix {
	switch {
	case p.CIDR.IsValid():
		return []netip.Prefix{p.CIDR}
	case p.PrefixList != "":
		if l := u.last.PrefixLists[p.PrefixList]; l != nil {
			return l.CIDRs
		}
		return nil
	}
	return addressesOf(u.last, vpc, p.Group)
}

// mostDenied is how many of what would be refused are told.
const mostDenied = 20

// replay tries the proposal with all that used the rule.
func (t *tightening) replay() {
	out := t.out
	networks := make([][]netip.Prefix, len(out.Rules))
	for i := range out.Rules {
		networks[i] = t.u.networks(t.r.VPC, out.Rules[i].Peer)
	}
	for _, key := range slices.SortedFunc(maps.Keys(t.r.demand), demandKey.compare) {
		d := t.r.demand[key]
		if d.Sole == 0 || t.allows(d, networks) {
			continue
		}
		if d.Learnt > 0 {
			out.LearntDenied += d.Sole
		} else {
			out.ReplayDenied += d.Sole
		}
		out.Denied = append(out.Denied, *d)
	}
	slices.SortStableFunc(out.Denied, func(a, b Demand) int { return cmp.Compare(b.Sole, a.Sole) })
	out.Denied = out.Denied[:min(len(out.Denied), mostDenied)]
}

// allows reports whether the proposal allows what is demanded. A rule whose peer is the old one's
// has the same peers as ever.
func (t *tightening) allows(d *Demand, networks [][]netip.Prefix) bool {
	traffic := netmodel.Traffic{Protocol: d.Protocol, Type: -1, Code: -1}
	if ported(traffic) {
		traffic.From, traffic.To = uint16(d.From), uint16(d.To)
	}
	for i := range t.out.Rules {
		r := &t.out.Rules[i]
		// Of ICMP the rule's own type is the one that there is.
		if !holds(r.Traffic, traffic) && r.Traffic != t.r.group.Traffic {
			continue
		}
		if r.Peer == t.r.group.Peer || slices.ContainsFunc(networks[i], func(p netip.Prefix) bool { return p.Contains(d.Far) }) {
			return true
		}
	}
	return false
}
