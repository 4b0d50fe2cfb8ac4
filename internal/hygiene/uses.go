package hygiene

import (
	"maps"
	"net/netip"
	"slices"

	"weir/internal/netmodel"
	"weir/internal/policy"
)

// Uses finds the uses of rules. Spans of time are begun in their order with the definitions
// that were in force, each followed by its connections. A Uses is not for concurrent use.
type Uses struct {
	log   *Log
	last  *netmodel.Network
	rules map[string]*rule
	order []*rule
	spans []span

	// Of the span that is begun:
	network    *netmodel.Network
	definition *policy.Definition
	at         map[string]*policy.Interface
	replayed   bool

	counts    Counts
	known     map[hoursKey]map[string]Hours
	unjudged  map[string]bool                      // ENIs with connections that no rule could be asked about
	byAddress map[netip.Addr][]*netmodel.Interface // of last
}

// Counts say how connections went with definitions.
type Counts struct {
	Connections int64 `json:"connections"`
	// Guessed are those of which no record says who began.
	Guessed int64 `json:"guessed"`
	// Unexplained were accepted though no rule of the definition allows them, and Refused were
	// refused though none denies them.
	Unexplained int64 `json:"unexplained"`
	Refused     int64 `json:"refused_unexplained"`
	// Unknown are at interfaces about which the definition does not decide, which are
	// Interfaces, with the reason of each; or their peer is not known.
	Unknown    int64             `json:"unknown"`
	Interfaces map[string]string `json:"unknown_interfaces,omitempty"`
}

// rule is a rule that is told of.
type rule struct {
	Rule
	group *netmodel.GroupRule // nil of an entry
	entry *netmodel.ACLEntry
	since int // the first span of those to the last that all have it; -1: it is in none
	enis  map[string]bool
	// possible are connections that may have used it: the other way round, and where none of
	// the rules explains them.
	possible, unexplained int64
	demand                map[demandKey]*Demand // nil where it is not followed
}

// span is a span of time.
type span struct {
	from, to int64
	// counts is from when on hours are counted: the one in which the last span ended is.
	counts int64
	enis   map[string][]string // by group and network ACL, in order
}

// NewUses returns uses of the rules of a definition, the last that will be in force.
func NewUses(last *netmodel.Network, log *Log) *Uses {
	u := &Uses{log: log, last: last, rules: map[string]*rule{}, unjudged: map[string]bool{}, counts: Counts{Interfaces: map[string]string{}}}
	u.each(last, func(r *rule) {
		if u.rules[r.Name] == nil { // else it is the same rule again, which has no id
			r.since, r.enis = -1, map[string]bool{}
			u.rules[r.Name] = r
			u.order = append(u.order, r)
		}
	})
	return u
}

// each calls do with each rule of groups and entry of network ACLs, in the order of ids and of
// the definition. The entries "*", which nobody can remove, are none.
func (u *Uses) each(n *netmodel.Network, do func(*rule)) {
	directions := []netmodel.Direction{netmodel.Ingress, netmodel.Egress}
	for _, id := range slices.Sorted(maps.Keys(n.SecurityGroups)) {
		g := n.SecurityGroups[id]
		for _, d := range directions {
			rules := g.Rules(d)
			for i := range rules {
				do(&rule{Rule: Rule{
					Name: g.RuleName(d, &rules[i]), Control: policy.SecurityGroup, Object: id, ObjectName: g.Name, VPC: g.VPC,
					Direction: d, Allows: true, Text: textOf(rules[i]),
				}, group: &rules[i]})
			}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(n.NetworkACLs)) {
		a := n.NetworkACLs[id]
		for _, d := range directions {
			entries := a.Entries(d)
			for i := range entries {
				if entries[i].Number <= netmodel.LastNumber {
					do(&rule{Rule: Rule{
						Name: a.EntryName(d, &entries[i]), Control: policy.NetworkACL, Object: id, ObjectName: a.Name, VPC: a.VPC,
						Direction: d, Allows: entries[i].Allow, Text: netmodel.Text(entries[i]),
					}, entry: &entries[i]})
				}
			}
		}
	}
}

// same reports whether two rules of a name say the same. Whether a peering connection of the
// reference is active does not count.
func (r *rule) same(o *rule) bool {
	if r.group != nil && o.group != nil {
		return r.group.Traffic == o.group.Traffic && r.group.Peer == o.group.Peer
	}
	return r.entry != nil && o.entry != nil && *r.entry == *o.entry
}

// Span begins a span of time, in seconds since the epoch, with the definition that was in force
// in it. What is replayed is told apart in what rules that are followed are used for.
func (u *Uses) Span(n *netmodel.Network, from, to int64, replayed bool) {
	u.network, u.definition, u.at, u.replayed = n, policy.New(n), map[string]*policy.Interface{}, replayed
	s := span{from: from, to: to, counts: from, enis: map[string][]string{}}
	if len(u.spans) > 0 {
		s.counts = (from + 3599) / 3600 * 3600
	}
	for _, id := range slices.Sorted(maps.Keys(n.Interfaces)) {
		i := n.Interfaces[id]
		if i.Status == "available" && u.log.Seen(id) == 0 {
			continue // it is attached to nothing
		}
		for _, g := range i.Groups {
			s.enis[g] = append(s.enis[g], id)
		}
		if subnet := n.Subnets[i.Subnet]; subnet != nil && subnet.NetworkACL != "" {
			s.enis[subnet.NetworkACL] = append(s.enis[subnet.NetworkACL], id)
		}
	}
	u.spans = append(u.spans, s)
	u.known = map[hoursKey]map[string]Hours{}
	now := map[string]*rule{}
	u.each(n, func(r *rule) { now[r.Name] = r })
	for _, r := range u.order {
		is := now[r.Name]
		switch {
		case is == nil || !is.same(r):
			r.since = -1
			r.Use = Use{}
			r.possible, r.unexplained = 0, 0
			clear(r.enis)
			clear(r.demand)
		case r.since < 0:
			r.since = len(u.spans) - 1
		}
	}
}

// Follow keeps what a rule is used for, for [Uses.Tighten]. It reports whether there is such a
// rule.
func (u *Uses) Follow(name string) bool {
	r := u.rules[name]
	if r == nil {
		return false
	}
	r.demand = map[demandKey]*Demand{}
	return true
}

// Add adds connections of the span that is begun.
func (u *Uses) Add(c *Connection) {
	u.counts.Connections += c.Connections
	u.counts.Guessed += c.Guessed
	at, known := u.at[c.Interface]
	if !known {
		var err error
		if at, err = u.definition.At(c.Interface); err != nil {
			u.counts.Interfaces[c.Interface] = err.Error()
		}
		u.at[c.Interface] = at
	}
	if at == nil || !c.Far.IsValid() {
		u.counts.Unknown += c.Connections
		u.unjudged[c.Interface] = true
		return
	}
	if c.Passed > 0 {
		u.accepted(at, c)
	}
	if c.RequestDenied > 0 {
		u.denied(at, c)
	}
	reply := c.reply()
	if c.Replies > 0 {
		u.entries(at, c, &reply, true, c.Passed)
	}
	if c.ReplyDenied > 0 {
		u.entries(at, c, &reply, false, c.ReplyDenied)
	}
}

// accepted adds connections whose requests passed.
func (u *Uses) accepted(at *policy.Interface, c *Connection) {
	request := c.request()
	if c.Requests > 0 {
		u.entries(at, c, &request, true, c.Passed)
	}
	eni := u.network.Interfaces[c.Interface]
	if len(eni.Groups) == 0 {
		return
	}
	uses := at.GroupUses(&request)
	if c.doubtful() {
		other := c.reply()
		turned := at.GroupUses(&other)
		if len(uses) == 0 || u.named(turned) && !u.named(uses) { // the rules tell who began
			uses, turned, request = turned, uses, other
		}
		for i := range turned {
			if r := u.rules[turned[i].Rule]; r != nil && r.since >= 0 {
				r.possible += c.Guessed
			}
		}
	}
	if len(uses) == 0 {
		u.unexplained(eni, c)
		return
	}
	for i := range uses {
		if r := u.rules[uses[i].Rule]; r != nil && r.since >= 0 {
			if uses[i].Sure {
				r.used(c, c.Passed, uses[i].Sole)
			} else {
				r.possible += c.Passed
			}
			r.demanded(c, &request, u.replayed, uses[i].Sole)
		}
	}
}

// named reports whether one of the rules names the port: somebody listens there.
func (u *Uses) named(uses []policy.Use) bool {
	return slices.ContainsFunc(uses, func(use policy.Use) bool {
		r := u.rules[use.Rule]
		return use.Sure && r != nil && named(r.traffic())
	})
}

// used adds connections to a rule.
func (r *rule) used(c *Connection, n int64, sole bool) {
	if r.Connections == 0 || c.First < r.First {
		r.First = c.First
	}
	r.Last = max(r.Last, c.Last)
	r.Connections += n
	r.Bytes += c.Bytes
	r.Guessed += min(c.Guessed, n)
	r.enis[c.Interface] = true
	if sole {
		r.Sole += n
	}
}

// unexplained adds connections that passed though no rule of an ENI's groups allows them: it
// may be by a rule whose peers are not known, or not all.
func (u *Uses) unexplained(eni *netmodel.Interface, c *Connection) {
	u.counts.Unexplained += c.Passed
	ways := []policy.Packets{c.request()}
	if c.doubtful() {
		ways = append(ways, c.reply())
	}
	for _, p := range ways {
		for _, id := range eni.Groups {
			g := u.network.SecurityGroups[id]
			if g == nil {
				continue
			}
			rules := g.Rules(p.Direction)
			for i := range rules {
				if rules[i].Peer.CIDR.IsValid() || !meets(rules[i].Traffic, &p) {
					continue
				}
				if r := u.rules[g.RuleName(p.Direction, &rules[i])]; r != nil {
					r.unexplained += c.Passed
				}
			}
		}
	}
}

// denied adds connections whose requests were refused: what comes in passes the network ACL
// first, what goes out the groups.
func (u *Uses) denied(at *policy.Interface, c *Connection) {
	request := c.request()
	grouped := len(u.network.Interfaces[c.Interface].Groups) > 0
	refuses := grouped && len(at.GroupUses(&request)) == 0
	entries := at.EntryUses(&request)
	denies := slices.ContainsFunc(entries, func(e policy.Use) bool { return !e.Allows })
	switch {
	case refuses && !c.Inbound && c.doubtful():
		u.possible(entries, c.RequestDenied) // it may be a reply, of which groups refuse none
		return
	case refuses && !c.Inbound:
		return
	case denies:
		u.entries(at, c, &request, false, c.RequestDenied)
		return
	}
	if !refuses {
		u.counts.Refused += c.RequestDenied
	}
}

// possible adds connections to entries that may have denied them.
func (u *Uses) possible(entries []policy.Use, n int64) {
	for _, e := range entries {
		if r := u.rules[e.Rule]; r != nil && r.since >= 0 && !e.Allows {
			r.possible += n
		}
	}
}

// entries adds packets that passed, or were refused, to the network ACL's entries.
func (u *Uses) entries(at *policy.Interface, c *Connection, p *policy.Packets, passed bool, n int64) {
	uses := at.EntryUses(p)
	if len(uses) > 0 && !slices.ContainsFunc(uses, func(e policy.Use) bool { return e.Allows == passed }) {
		u.contradicted(c, p, passed)
		return
	}
	for _, e := range uses {
		r := u.rules[e.Rule]
		if e.Allows != passed || r == nil || r.since < 0 {
			continue
		}
		if e.Sure {
			r.used(c, n, e.Sole)
		} else {
			r.possible += n
		}
	}
}

// contradicted adds packets of which the entries say the opposite of what became of them: the
// definition may have been another one.
func (u *Uses) contradicted(c *Connection, p *policy.Packets, passed bool) {
	if passed {
		u.counts.Unexplained += c.Passed
	}
	subnet := u.network.Subnets[u.network.Interfaces[c.Interface].Subnet]
	acl := u.network.NetworkACLs[subnet.NetworkACL]
	entries := acl.Entries(p.Direction)
	for i := range entries {
		if entries[i].Allow == passed && entries[i].CIDR.Contains(p.Far) && meets(entries[i].Traffic, p) {
			if r := u.rules[acl.EntryName(p.Direction, &entries[i])]; r != nil {
				r.unexplained += c.Connections
			}
		}
	}
}

// meets reports whether traffic has some of the packets, whatever their peer.
func meets(t netmodel.Traffic, p *policy.Packets) bool {
	switch {
	case t.Protocol == netmodel.AllProtocols:
		return true
	case t.Protocol != p.Protocol:
		return false
	case t.Protocol == netmodel.TCP || t.Protocol == netmodel.UDP:
		return t.From <= p.To && p.From <= t.To
	}
	return true
}

// Counts returns how connections went with the definitions.
func (u *Uses) Counts() Counts { return u.counts }

// addressesOf returns the addresses of the ENIs of a VPC that carry a group.
func addressesOf(n *netmodel.Network, vpc, group string) []netip.Prefix {
	var out []netip.Prefix
	for _, i := range n.Interfaces {
		if i.VPC != vpc || !slices.Contains(i.Groups, group) {
			continue
		}
		for _, a := range i.Addresses {
			out = append(out, netip.PrefixFrom(a, a.BitLen()))
		}
		out = append(out, i.Prefixes...)
	}
	return out
}

// textOf returns a rule's text without its id, which is its name.
func textOf(r netmodel.GroupRule) string {
	r.ID = ""
	return netmodel.Text(r)
}
