package policy

import (
	"slices"

	"weir/internal/netmodel"
)

// The ports that a NAT gateway gives connections, and that load balancers make theirs from.
//
// Source: VPC user guide, "NAT gateway basics" and "Ephemeral ports".
const firstNATPort, lastNATPort = 1024, 65535

// filter asks what decides at an ENI, and adds its steps. It reports whether the packet
// passes. Where several scopes may hold they must decide alike.
func (w *walk) filter(eni *netmodel.Interface, way direction, over border, scopes []scope) (bool, error) {
	var decided *Decision
	for _, s := range scopes {
		v := visit{p: w.p, way: way, border: over}
		seen, known := w.visits[eni.ID]
		if w.replying && known {
			v.at = seen.at
		} else {
			at, err := w.d.seeing(eni.ID, s)
			if err != nil {
				return false, err
			}
			v.at = at
		}
		d := w.decide(&v, &seen)
		switch {
		case decided == nil:
			decided = &d
		case decided.Action != d.Action:
			return false, unknown("references to groups of %s at %s: the input does not say whether they match (its region, or security group referencing of transit gateway and attachments)", scopes[0].vpc, eni.ID)
		}
		if !w.replying {
			if w.visits == nil {
				w.visits = map[string]visit{}
			}
			w.visits[eni.ID] = v
		}
	}
	for _, s := range decided.steps(eni) {
		w.step(s)
	}
	w.refused = decided.Action == Reject
	w.bypassed = decided.Stage == Bypass && decided.service != nil
	return !w.refused, nil
}

// decide decides of the packet at an ENI. The groups of an ENI that the packet passed know
// its reply. Of a reply to a NAT gateway or load balancer the first port that is refused decides.
func (w *walk) decide(v *visit, seen *visit) Decision {
	var out Decision
	for i, port := range w.ports(v.at.acl, v.way) {
		c := NewConnections(v.at, DefaultTimeouts())
		p := v.p
		if w.replying && w.anyPort {
			p.DstPort = port
		}
		if w.replying && seen.at != nil {
			before := seen.p
			if w.anyPort {
				before.SrcPort = port
			}
			seen.at.decide(&before, seen.way, seen.border, c, 0)
		}
		d := v.at.decide(&p, v.way, v.border, c, 0)
		if i == 0 || d.Action == Reject {
			out = d
		}
		if d.Action == Reject {
			break
		}
	}
	return out
}

// border asks the network ACL of a place's subnet.
func (w *walk) border(at place, way direction) (bool, error) {
	a, err := w.d.aclOf(at.subnet)
	if err != nil {
		return false, unknown("%w", err)
	}
	d := Decision{Action: Accept, Stage: NetworkACL, at: &Interface{acl: a}}
	for i, port := range w.ports(a, way) {
		p := w.p
		if w.replying && w.anyPort {
			p.DstPort = port
		}
		q := ask(&p, way)
		entry, allows := a.decide(&q)
		if i == 0 || !allows {
			d.asked, d.entry = q, entry
		}
		if !allows {
			d.Action = Reject
			break
		}
	}
	s := Step{Subnet: at.subnet.ID, Direction: way.name(), Verdict: Verdict{Action: d.Action, Stage: NetworkACL, Rule: d.entryName()}}
	if at.nat != nil {
		s.Gateway = at.nat.ID
	}
	if at.attachment != nil {
		s.Gateway = at.attachment.ID
	}
	if at.endpoint != nil {
		s.Gateway = at.endpoint.ID
	}
	if s.Why = s.Rule + " allows it"; d.Action == Reject {
		s.Why, w.refused = s.Rule+" denies it", true
		if w.replying && w.anyPort {
			s.Why += ": NAT gateways and load balancers use all ports from 1024 to 65535"
		}
	}
	w.step(s)
	return !w.refused, nil
}

// ports returns the ports that the packet may be to, one of each stretch that a network ACL
// does not tell apart.
func (w *walk) ports(a *acl, way direction) []uint16 {
	if !w.replying || !w.anyPort || w.p.Protocol != netmodel.TCP && w.p.Protocol != netmodel.UDP {
		return []uint16{0}
	}
	out := []uint16{firstNATPort}
	q := ask(&w.p, way)
	for _, r := range a.tables[way].list(&q) {
		for _, port := range []int{int(r.from), int(r.to) + 1} {
			if port > firstNATPort && port <= lastNATPort {
				out = append(out, uint16(port))
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
