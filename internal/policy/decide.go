package policy

import (
	"weir/internal/netmodel"
)

// Action is what becomes of a packet, as flow logs name it.
type Action string

// The actions.
const (
	Accept Action = "ACCEPT"
	Reject Action = "REJECT"
)

// Stage is what decided.
type Stage string

// The stages.
const (
	NetworkACL    Stage = "network-acl"
	SecurityGroup Stage = "security-group"
	// Bypass: nothing filters the packet.
	Bypass Stage = "bypass"
	// Route: a route table, of a VPC or of a transit gateway.
	Route Stage = "route"
	// Gateway: what the packet passes between subnets, VPCs and the internet.
	Gateway Stage = "gateway"
	// BlockPublicAccess: VPC Block Public Access.
	BlockPublicAccess Stage = "block-public-access"
)

// Decision is what became of a packet. Its names cost something, so that they are made by
// Verdict, when they are asked for.
type Decision struct {
	Action Action
	Stage  Stage
	// Known: the packet is of a connection that was open.
	Known bool

	at, opener *Interface // opener: what decided of the connection's first packet
	asked      question   // of the network ACL
	opening    question   // of the groups
	service    *service
	entry      int32 // of the network ACL: its place, or one of these
}

// What Decision.entry says where no entry decided.
const (
	notAsked int32 = -1
	lastDeny int32 = -2 // the entry "*"
)

// Decide decides of a packet as the first of its connection: what the rules say. The packet
// must pass its Check.
func (i *Interface) Decide(p *Packet, d netmodel.Direction) Decision {
	return i.decide(p, directionOf(d), byAddress, nil, 0)
}

// border says whether a packet crosses the border of the ENI's subnet.
type border uint8

const (
	byAddress border = iota // as the address of the other end tells
	crossed
	within
)

// decide decides of a packet with the connections that are known, if c is not nil.
func (i *Interface) decide(p *Packet, way direction, at border, c *Connections, now int64) Decision {
	q := ask(p, way)
	d := Decision{Action: Accept, Stage: Bypass, at: i, opener: i, asked: q, opening: q, entry: notAsked}
	if d.service = i.service(p, &q); d.service != nil && !d.service.filtered {
		return d
	}
	entryAllows := true
	if at == crossed || at == byAddress && i.leaves(q.far) {
		d.Stage = NetworkACL
		d.entry, entryAllows = i.acl.decide(&q)
	}
	if way == ingress && !entryAllows {
		d.Action = Reject
		return d
	}
	var of flow
	var known connection
	if i.groups != nil {
		if c != nil {
			of, known = c.find(p, way, now)
		}
		if known.opener != nil {
			d.Known, d.opener, d.opening = true, known.opener, known.opening(&of, q.family)
		} else if i.groups.tables[way].first(&q) == nil {
			d.Action, d.Stage = Reject, SecurityGroup
			return d
		}
	}
	switch {
	case !entryAllows:
		d.Action = Reject
	case i.groups != nil:
		d.Stage = SecurityGroup
		if c != nil {
			c.accepted(p, &q, &of, &known, now)
		}
	}
	return d
}

// leaves reports whether an address is outside the ENI's subnet.
func (i *Interface) leaves(far address) bool {
	for n := range i.within {
		if i.within[n].has(far) {
			return false
		}
	}
	return true
}

// decide returns the place of the entry that decides, and whether it allows.
func (a *acl) decide(q *question) (entry int32, allows bool) {
	r := a.tables[q.way].first(q)
	if r == nil {
		return lastDeny, false
	}
	return r.number, r.allow
}

// untracked reports whether a flow is one that groups do not track: a rule allows it for all
// addresses, and the other direction has a rule for all addresses and all ports.
//
// Source: EC2 user guide, "Untracked connections"; spec e.3. The families are apart.
func (g *groups) untracked(p *Packet, q *question) bool {
	var of int
	switch p.Protocol {
	case netmodel.TCP:
	case netmodel.UDP:
		of = 1
	default:
		return false
	}
	way, back := q.way, q.way.other()
	if g.open[back][q.family][of] && g.tables[way].everywhere(q) {
		return true
	}
	reply := *q
	reply.way, reply.key = back, p.SrcPort
	return g.open[way][q.family][of] && g.tables[back].everywhere(&reply)
}
