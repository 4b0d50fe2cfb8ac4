package policy

import (
	"errors"
	"fmt"
	"time"

	"weir/internal/netmodel"
)

// Path is what becomes of the first packet of a connection from one ENI to another of the
// same VPC, and of the reply to it.
type Path struct {
	// From and To are the ids of the ENIs.
	From string `json:"from"`
	To   string `json:"to"`
	// Action is REJECT where any step refuses, of the packet or of its reply.
	Action Action `json:"action"`
	// Forward are the decisions on the packet, in order, up to the first that refuses; Reply
	// those on the reply, where the packet arrives and has one.
	Forward []Step `json:"forward"`
	Reply   []Step `json:"reply"`
}

// Step is what one security group set or network ACL decides.
type Step struct {
	Interface string             `json:"interface"`
	Subnet    string             `json:"subnet"`
	Direction netmodel.Direction `json:"direction"`
	Verdict
}

// ErrNoPath says that it is not known which way a packet takes.
var ErrNoPath = errors.New("its way is not known")

// Path decides of a packet at both ENIs, as the first of its connection, and of the reply.
// Within a VPC the way is known without routes: out of one ENI and into the other. It fails
// with [ErrNoPath] for ENIs of different VPCs, and as [Definition.At] does.
func (d *Definition) Path(from, to string, p *Packet) (Path, error) {
	out := Path{From: from, To: to, Action: Accept, Forward: []Step{}, Reply: []Step{}}
	if err := p.Check(); err != nil {
		return out, err
	}
	var ends [2]*Connections
	var places [2]*netmodel.Interface
	for i, id := range []string{from, to} {
		at, err := d.At(id)
		if err != nil {
			return out, err
		}
		ends[i], places[i] = NewConnections(at, DefaultTimeouts()), d.network.Interfaces[id]
	}
	if places[0].VPC != places[1].VPC {
		return out, fmt.Errorf("%w: %s is in %s and %s in %s", ErrNoPath, from, places[0].VPC, to, places[1].VPC)
	}
	pass := func(steps *[]Step, i int, p *Packet, way netmodel.Direction) bool {
		decision := ends[i].Decide(p, way, time.Time{})
		*steps = append(*steps, decision.steps(places[i])...)
		if decision.Action == Reject {
			out.Action = Reject
		}
		return decision.Action == Accept
	}
	if !pass(&out.Forward, 0, p, netmodel.Egress) || !pass(&out.Forward, 1, p, netmodel.Ingress) {
		return out, nil
	}
	if reply, ok := p.reply(); ok && pass(&out.Reply, 1, &reply, netmodel.Egress) {
		pass(&out.Reply, 0, &reply, netmodel.Ingress)
	}
	return out, nil
}

// reply returns the packet that answers one, and whether there is one: of ICMP, requests
// are answered only.
func (p *Packet) reply() (Packet, bool) {
	out := Packet{Src: p.Dst, Dst: p.Src, Protocol: p.Protocol, SrcPort: p.DstPort, DstPort: p.SrcPort, ID: p.ID}
	if !p.icmp() {
		return out, true
	}
	for _, r := range icmpRequests {
		if r.protocol == p.Protocol && r.request == p.Type {
			out.Type = r.reply
			return out, true
		}
	}
	return out, false
}

// steps returns what network ACL and security groups decided, in their order, up to what
// refused.
func (d Decision) steps(at *netmodel.Interface) []Step {
	v := d.Verdict()
	step := func(v Verdict) Step { return Step{at.ID, at.Subnet, d.asked.way.name(), v} }
	// The decision names the last that was asked; the other, if there was one, let it pass.
	switch way := d.asked.way; {
	case d.Stage == SecurityGroup && d.entry != notAsked && (way == ingress || d.Action == Accept):
		rule := d.entryName()
		acl := Verdict{Action: Accept, Stage: NetworkACL, Rule: rule, Rules: []string{}, Groups: []string{}, Why: rule + " allows it"}
		if way == ingress {
			return []Step{step(acl), step(v)}
		}
		return []Step{step(v), step(acl)}
	case d.Stage == NetworkACL && way == egress && d.Action == Reject && d.at.groups != nil:
		groups := d
		groups.Action, groups.Stage, groups.entry = Accept, SecurityGroup, notAsked
		return []Step{step(groups.Verdict()), step(v)}
	}
	return []Step{step(v)}
}
