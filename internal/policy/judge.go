package policy

import (
	"cmp"
	"net/netip"
	"slices"

	"weir/internal/netmodel"
)

// Judge tells what an ENI's network ACL and security groups say about packets, one by one,
// and what of it the definition leaves open. Unlike [Interface], which refuses an ENI about
// which anything is missing, it says what can be said: what an entry denies is denied whatever a
// group's rules are. It knows no connections. It does not change and is for concurrent use.
type Judge struct {
	network  *netmodel.Network
	eni      *netmodel.Interface
	acl      *acl     // nil: not known
	groups   *judging // nil: no group filters it
	within   []span
	services []service
	blocked  bool // VPC Block Public Access is on, for some of its traffic
	sealed   bool // the definition does not say what of the ENI's packets are asked about
}

// judging is what groups allow, and may allow.
type judging struct {
	ids    []string
	tables [2]*table
	rules  [2][]string // names, by rule.number
	doubts [2][]doubt
	// unsure says that the ENI may have had other groups.
	unsure bool
}

// doubt is a rule of which the definition does not tell which addresses it is about.
type doubt struct {
	protocol int
	from, to uint16
	name     string
	// group is the one that it refers to; "" where any address may be meant.
	group string
	// vpcs are those whose ENIs may be meant; nil: any.
	vpcs []string
	// balancer: a Network Load Balancer carries the group, whose clients may be meant.
	balancer bool
}

// Far is the other end of packets at an ENI.
type Far struct {
	Addr    netip.Addr
	at      address
	family  family
	holders []*netmodel.Interface
	public  bool
}

// Asked is what is asked about packets: their other end, protocol, and what rules compare:
// the destination port, or ICMP's type and code as [Packet] has them.
type Asked struct {
	Far      *Far
	Protocol int
	Key      uint16
	Way      netmodel.Direction
}

func (a *Asked) question() question {
	return question{far: a.Far.at, key: a.Key, protocol: uint8(a.Protocol), family: a.Far.family, way: directionOf(a.Way)}
}

// NewFar returns the other end with an address. unsure, which may be nil, says of which ENIs it
// is not known what the definition has of them: what they hold is held by nobody.
func (d *Definition) NewFar(a netip.Addr, unsure func(id string) bool) *Far {
	a = a.Unmap()
	f := &Far{Addr: a, at: addressOf(a), family: familyOf(a), public: Public(a)}
	for _, i := range d.holding(a) {
		if unsure == nil || !unsure(i.ID) {
			f.holders = append(f.holders, i)
		}
	}
	return f
}

// holding returns the ENIs that have a private or an IPv6 address.
func (d *Definition) holding(a netip.Addr) []*netmodel.Interface {
	if d.holders == nil {
		d.holders = map[netip.Addr][]*netmodel.Interface{}
		for _, i := range d.network.Interfaces {
			for _, own := range i.Addresses {
				d.holders[own] = append(d.holders[own], i)
			}
			if len(i.Prefixes) > 0 {
				d.delegated = append(d.delegated, i)
			}
		}
		for _, list := range d.holders {
			slices.SortFunc(list, func(a, b *netmodel.Interface) int { return cmp.Compare(a.ID, b.ID) })
		}
	}
	out := d.holders[a]
	for _, i := range d.delegated {
		if i.Has(a) && !slices.Contains(out, i) {
			out = append(slices.Clip(out), i)
		}
	}
	return out
}

// Judge returns what decides at an ENI; nil where the definition does not have it. unsure says
// of ids of things that the definition may have another of than was in force; it may be nil.
// It is not for concurrent use.
func (d *Definition) Judge(id string, unsure func(id string) bool) *Judge {
	eni := d.network.Interfaces[id]
	if eni == nil {
		return nil
	}
	if unsure == nil {
		unsure = func(string) bool { return false }
	}
	j := &Judge{network: d.network, eni: eni, groups: d.judging(eni, unsure)}
	subnet := d.network.Subnets[eni.Subnet]
	if subnet == nil || d.network.VPCs[subnet.VPC] == nil || eni.VPC != subnet.VPC {
		j.sealed = true
		return j
	}
	vpc := d.network.VPCs[subnet.VPC]
	j.within = slices.Concat(spansOf(subnet.CIDRs), spansOf(link))
	j.services = servicesAt(vpc, subnet)
	w := walk{d: d}
	mode, _ := w.accessMode(place{vpc: vpc.ID, subnet: subnet})
	j.blocked = mode != "" && mode != "off" || eni.DenyInternetGateways
	if !unsure(subnet.ID) && !unsure(subnet.NetworkACL) {
		if a, err := d.aclOf(subnet); err == nil {
			j.acl = a
		}
	}
	// At a transit gateway's ENIs the entries hold by where packets come from and go to, which
	// records do not say (VPC Transit Gateways guide, "Network ACLs for transit gateways").
	if eni.Role == netmodel.RoleTransitGateway {
		j.acl = nil
	}
	return j
}

// judging compiles the groups of an ENI; nil where it has none.
func (d *Definition) judging(eni *netmodel.Interface, unsure func(string) bool) *judging {
	ids := slices.Compact(slices.Sorted(slices.Values(eni.Groups)))
	g := &judging{ids: ids, unsure: unsure(eni.ID)}
	anything := func() {
		for w := range g.doubts {
			g.doubts[w] = append(g.doubts[w], doubt{protocol: netmodel.AllProtocols, to: 0xffff})
		}
	}
	switch {
	case len(ids) == 0 && eni.Type != "" && eni.Type != "interface":
		return nil // as [Definition.groupsOf] has it
	case len(ids) == 0, g.unsure:
		anything()
	}
	for w := range g.tables {
		var lines []line
		for _, id := range ids {
			group := d.network.SecurityGroups[id]
			if group == nil || unsure(id) || g.unsure {
				if w == 0 {
					anything()
				}
				continue
			}
			rules := group.Rules(direction(w).name())
			for n := range rules {
				name := group.RuleName(direction(w).name(), &rules[n])
				l, doubtful := d.judged(eni, name, &rules[n], unsure)
				if doubtful != nil {
					g.doubts[w] = append(g.doubts[w], *doubtful)
				}
				if len(l.spans) > 0 {
					l.number, l.allow = int32(len(g.rules[w])), true
					g.rules[w] = append(g.rules[w], name)
					lines = append(lines, l)
				}
			}
		}
		g.tables[w] = compile(lines)
	}
	return g
}

// judged returns the line of a group's rule, as far as its peers are known, and what is not.
func (d *Definition) judged(eni *netmodel.Interface, name string, r *netmodel.GroupRule, unsure func(string) bool) (line, *doubt) {
	l, err := newLine(name, r.Traffic, 0)
	if err != nil {
		return line{}, &doubt{protocol: netmodel.AllProtocols, to: 0xffff, name: name}
	}
	open := doubt{protocol: r.Protocol, from: l.from, to: l.to, name: name}
	switch p := r.Peer; {
	case p.CIDR.IsValid():
		l.spans, l.all = []span{spanOf(p.CIDR)}, p.CIDR.Bits() == 0
		return l, nil
	case p.PrefixList != "":
		list, ok := d.lists[p.PrefixList]
		if !ok || unsure(p.PrefixList) {
			return l, &open
		}
		l.spans = list
		return l, nil
	case p.Group == "":
		return l, &open
	}
	if status := r.Reference.PeeringStatus; status != "" && status != "active" {
		return l, nil // stale
	}
	open.group = r.Peer.Group
	open.balancer = d.balanced(open.group)
	at := eni.VPC
	if far := r.Reference.VPC; far != "" && far != at {
		at = far
	} else if of := d.network.SecurityGroups[open.group]; of != nil && of.VPC != "" && of.VPC != at && !d.carries(at, open.group) {
		// A group of another VPC, which a transit gateway lets reference.
		open.vpcs = []string{of.VPC}
		return l, &open
	}
	open.vpcs = []string{at}
	if at == eni.VPC || d.peered(eni.VPC, at, r.Reference.PeeringConnection) {
		l.spans = d.sureMembers(groupIn{at, open.group}, unsure)
	}
	return l, &open
}

// carries reports whether an ENI of a VPC carries a group.
func (d *Definition) carries(vpc, group string) bool { return len(d.members[groupIn{vpc, group}]) > 0 }

// sureMembers are the addresses of ENIs in a VPC that are known to carry a group.
func (d *Definition) sureMembers(at groupIn, unsure func(string) bool) []span {
	var out []span
	again := false
	for _, i := range d.carriers(at) {
		if unsure(i.ID) {
			again = true
			continue
		}
		for _, a := range i.Addresses {
			out = append(out, spanOf(netip.PrefixFrom(a, a.BitLen())))
		}
		out = append(out, spansOf(i.Prefixes)...)
	}
	if !again {
		return d.members[at]
	}
	return union(out)
}

// carriers returns the ENIs of a VPC that carry a group.
func (d *Definition) carriers(at groupIn) []*netmodel.Interface {
	if d.carrying == nil {
		d.carrying = map[groupIn][]*netmodel.Interface{}
		for _, i := range d.network.Interfaces {
			for _, g := range i.Groups {
				key := groupIn{i.VPC, g}
				d.carrying[key] = append(d.carrying[key], i)
			}
		}
	}
	return d.carrying[at]
}

// peered reports whether a rule of a VPC can match ENIs of another by a peering connection: it
// is active and of one region.
//
// Source: VPC peering guide, "Update your security groups to reference peer security groups".
func (d *Definition) peered(near, far, id string) bool {
	for _, c := range d.network.PeeringConnections {
		if id != "" && c.ID != id {
			continue
		}
		a, b := c.Requester, c.Accepter
		if a.VPC == far {
			a, b = b, a
		}
		if a.VPC == near && b.VPC == far && c.Status == "active" && a.Region != "" && a.Region == b.Region {
			return true
		}
	}
	return false
}

// balanced reports whether a Network Load Balancer carries a group.
func (d *Definition) balanced(group string) bool {
	for _, b := range d.network.LoadBalancers {
		if b.Kind == "network" && slices.Contains(b.Groups, group) {
			return true
		}
	}
	return false
}

// may reports whether an address may be one that the rule is about, as far as the
// definition leaves that open.
func (t *doubt) may(n *netmodel.Network, far *Far) bool {
	if t.group == "" || t.balancer {
		return true
	}
	for _, id := range t.vpcs {
		held := false
		for _, i := range far.holders {
			if i.VPC != id {
				continue
			}
			if slices.Contains(i.Groups, t.group) {
				return true // one of the VPC; by which way the packet came is not told
			}
			held = true
		}
		vpc := n.VPCs[id]
		switch {
		case held:
		case vpc == nil && (!far.public || far.family == ipv6): // references match private addresses
			return true
		case vpc != nil && contains(vpc.CIDRs, far.Addr):
			return true
		}
	}
	return false
}

// ID returns the ENI's id.
func (j *Judge) ID() string { return j.eni.ID }

// Blocked reports whether VPC Block Public Access may refuse packets to or from an address.
func (j *Judge) Blocked(far *Far) bool { return j.blocked && far.public }

// Bypasses reports whether neither network ACLs nor groups are asked about a packet.
func (j *Judge) Bypasses(a *Asked, p *Packet) bool {
	q := a.question()
	at := Interface{services: j.services}
	s := at.service(p, &q)
	return s != nil && !s.filtered
}

// Entry is what a network ACL says about a packet.
type Entry struct {
	// Asked says that the packet crosses the subnet's border, Known that the network ACL is
	// known. Allows holds where both are set.
	Asked, Known, Allows bool
	// Number tells entries of a network ACL and direction apart.
	Number int32
}

// Entry asks the network ACL.
func (j *Judge) Entry(a *Asked) Entry {
	if j.sealed {
		return Entry{Asked: true}
	}
	q := a.question()
	at := Interface{within: j.within}
	if !at.leaves(q.far) {
		return Entry{}
	}
	if j.acl == nil {
		return Entry{Asked: true}
	}
	number, allows := j.acl.decide(&q)
	return Entry{true, true, allows, number}
}

// EntryName names an entry of a direction.
func (j *Judge) EntryName(e Entry, way netmodel.Direction) string {
	if !e.Known {
		return ""
	}
	var of *netmodel.ACLEntry
	if e.Number >= 0 {
		of = &j.acl.of.Entries(way)[e.Number]
	}
	return j.acl.of.EntryName(way, of)
}

// Allowed is what groups say about a packet as the first of its connection.
type Allowed struct {
	// Filtered says that groups are asked.
	Filtered bool
	// Rules is how many rules allow it, and Sum tells them, and those that may, from others.
	Rules int
	Sum   uint64
	// Doubtful says that rules may allow it of which the definition does not tell, Unnamed that
	// it does not even name all of them.
	Doubtful, Unnamed bool
}

// Allowed asks the groups.
func (j *Judge) Allowed(a *Asked) Allowed {
	if j.groups == nil {
		return Allowed{}
	}
	q := a.question()
	out := Allowed{Filtered: true}
	list := j.groups.tables[q.way].list(&q)
	for n := range list {
		if list[n].matches(&q) {
			out.Rules++
			out.Sum = (out.Sum ^ uint64(list[n].number+1)) * 0x9e3779b97f4a7c15
		}
	}
	for n := range j.groups.doubts[q.way] {
		if t := &j.groups.doubts[q.way][n]; j.doubts(t, list, a, &q) {
			out.Doubtful, out.Unnamed = true, out.Unnamed || t.name == ""
			out.Sum = (out.Sum ^ uint64(n+1)<<32) * 0x9e3779b97f4a7c15
		}
	}
	return out
}

// doubts reports whether a rule may allow a packet that is not known to. list are rules that may
// be known to.
func (j *Judge) doubts(t *doubt, list []rule, a *Asked, q *question) bool {
	return t.about(q) && t.may(j.network, a.Far) && !j.matchedBy(list, q, t.name)
}

func (t *doubt) about(q *question) bool {
	return (t.protocol == netmodel.AllProtocols || t.protocol == int(q.protocol)) && t.from <= q.key && q.key <= t.to
}

// matchedBy reports whether a rule of a name is known to match.
func (j *Judge) matchedBy(list []rule, q *question, name string) bool {
	if name == "" {
		return false
	}
	for n := range list {
		if j.groups.rules[q.way][list[n].number] == name && list[n].matches(q) {
			return true
		}
	}
	return false
}

// Rules returns the names of the groups' rules that allow a packet, or may, in order.
func (j *Judge) Rules(a *Asked) []string {
	if j.groups == nil {
		return nil
	}
	q := a.question()
	var out []string
	list := j.groups.tables[q.way].list(&q)
	for n := range list {
		if list[n].matches(&q) {
			out = append(out, j.groups.rules[q.way][list[n].number])
		}
	}
	for n := range j.groups.doubts[q.way] {
		if t := &j.groups.doubts[q.way][n]; t.name != "" && j.doubts(t, list, a, &q) {
			out = append(out, t.name)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Regrouped reports whether the ENI may have had other groups than the definition has.
func (j *Judge) Regrouped() bool { return j.groups != nil && j.groups.unsure }

// Groups returns the ids of the ENI's groups, in order.
func (j *Judge) Groups() []string {
	if j.groups == nil {
		return nil
	}
	return j.groups.ids
}

// Keys returns keys of ICMP or ICMPv6, one of each stretch that none of the ENI's rules tells
// apart, and the types of requests and replies that are tracked: for packets of which the type is
// not known.
func (j *Judge) Keys(protocol int, v6 bool) []uint16 {
	f := ipv4
	if v6 {
		f = ipv6
	}
	out := []uint16{0}
	add := func(from, to uint16) {
		out = append(out, from)
		if to < 0xffff {
			out = append(out, to+1)
		}
	}
	for w := range 2 {
		q := question{protocol: uint8(protocol), family: f, way: direction(w)}
		if j.acl != nil {
			for _, r := range j.acl.tables[w].list(&q) {
				add(r.from, r.to)
			}
		}
		if j.groups != nil {
			for _, r := range j.groups.tables[w].list(&q) {
				add(r.from, r.to)
			}
			for _, t := range j.groups.doubts[w] {
				add(t.from, t.to)
			}
		}
	}
	for t := range 256 { // each type by itself: requests, replies and errors differ
		out = append(out, uint16(t)<<8)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// ReplyTo returns the type of the ICMP or ICMPv6 request that a type answers.
func ReplyTo(protocol, kind int) (request int, ok bool) {
	for _, r := range icmpRequests {
		if r.protocol == protocol && r.reply == kind {
			return r.request, true
		}
	}
	return 0, false
}

// QuotesPackets reports whether an ICMP or ICMPv6 type is of errors, which pass with the
// connection that they are about.
func QuotesPackets(protocol, kind int) bool {
	return isICMPError(&Packet{Protocol: protocol, Type: kind})
}
