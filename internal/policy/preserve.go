package policy

import (
	"net/netip"
	"slices"

	"weir/internal/netmodel"
)

// preserve is the attribute of target groups that says whether targets see the addresses of
// clients.
const preserve = "preserve_client_ip.enabled"

// keeps reports whether a target sees the client's address, with what was assumed, and
// whether that is known. Only network load balancers can pass it on, and only to targets of the
// client's address family.
//
// Source: Network Load Balancer user guide, "Edit target group attributes", client IP
// preservation: instance targets, and ip ones with UDP or QUIC, have it by default, ip ones with
// TCP and TLS not; with UDP and QUIC, and for Application Load Balancers as targets, it can't be
// turned off.
func (n *node) keeps(t *target, addr netip.Addr) (keeps bool, assumed string, known bool) {
	if n.b.Kind != "network" || addr.Is4() != n.p.Src.Is4() {
		return false, "", true
	}
	protocol := t.group.Protocol
	switch said, ok := t.group.Attributes[preserve]; {
	case t.kind == "alb" || protocol == "UDP" || protocol == "TCP_UDP" || protocol == "QUIC" || protocol == "TCP_QUIC":
		return true, "", true
	case ok:
		return said == "true", "", said == "true" || said == "false"
	case protocol == "TCP" || protocol == "TLS":
		keeps = t.kind == "instance"
		does := map[bool]string{true: "are", false: "are not"}[keeps]
		return keeps, preserve + " of " + t.group.Name + " is not in the input: by AWS's default for targets of type " + t.kind +
			" client addresses " + does + " preserved", true
	}
	return false, "", false
}

// pass follows the client's packet from a network load balancer's ENI to a target, and its
// reply back to that ENI. Groups are those of the load balancer, which the target's may
// reference.
//
// It must go directly: within the VPC, or over peering in one region. The reply comes back to
// the load balancer whatever the target's route table says, since targets need no public
// address. Whether the network ACL of the load balancer's subnet is asked about it AWS leaves
// open: both are tried.
//
// Sources: Network Load Balancer user guide, "Edit target group attributes" (requirements and
// considerations; no loopback; loss of communication to the ENIs of others) and "Update the
// security groups for your Network Load Balancer" (what leaves is subject to outbound rules);
// Elastic Load Balancing user guide, "Load balancer scheme".
func (w *walk) pass(at place, groups string) (Path, error) {
	out := Path{From: w.from, Action: Accept, Forward: []Step{}, Reply: []Step{}}
	if err := w.asked.Check(); err != nil {
		return out, err
	}
	to, over, err := w.passTo(at, groups)
	out.Forward, out.Notes = orNone(w.steps), w.notes
	switch {
	case err != nil:
		return out, err
	case w.refused:
		out.Action = Reject
		return out, nil
	}
	out.To = to.eni.ID
	arrival, anyPort := w.p, w.anyPort
	reply, _ := w.p.reply()
	scopes := w.scopes
	w.turn(reply)
	ok, err := w.filter(to.eni, egress, crossing(at, to), scopes)
	if err == nil && ok {
		_, err = w.filter(at.eni, ingress, over, []scope{home(at.vpc)})
	}
	out.Reply, out.Notes = orNone(w.steps), w.notes
	if w.refused {
		out.Action = Reject
	}
	if err != nil || w.refused {
		return out, err
	}
	return out, w.balance(&out, arrival, anyPort)
}

// passTo brings the client's packet to a target. It returns where that is, and what border the
// packet crosses at the load balancer's ENI.
func (w *walk) passTo(at place, groups string) (to place, over border, err error) {
	if w.p.Src == w.p.Dst {
		w.refuseAt(at.eni.ID, "the client is the target, and its address is preserved: AWS does not support that, and it times out")
		return place{}, within, nil
	}
	vpc, err := w.passOver(at)
	if err != nil || w.refused {
		return place{}, within, err
	}
	if to, err = w.holder(vpc); err != nil {
		return place{}, within, err
	}
	if to.eni == nil {
		return place{}, within, unknown("%s is of a NAT gateway", w.p.Dst)
	}
	if over = crossing(at, to); over == crossed && w.fork("the readings of whether the network ACL of "+at.id()+" is asked about what keeps the client's address", 2) == 1 {
		over = within
	}
	if ok, err := w.filter(at.eni, egress, over, []scope{home(vpc)}); err != nil || !ok {
		return place{}, within, err
	}
	if r := to.eni.Role; r == netmodel.RoleVPCEndpoint || r == netmodel.RoleNLB {
		w.refuseAt(to.eni.ID, "%s is an ENI of an endpoint or a Network Load Balancer: with client addresses preserved AWS says that it is not reached", to.eni.ID)
		return place{}, within, nil
	}
	w.scopes = []scope{{balancer: groups}}
	_, err = w.enter(to, crossing(at, to))
	return to, over, err
}

// passOver returns the VPC that a packet comes to from a load balancer's ENI: its own, or one
// that is peered in the same region.
func (w *walk) passOver(at place) (string, error) {
	if at.subnet != nil && contains(at.subnet.CIDRs, w.p.Dst) {
		return at.vpc, nil
	}
	table, of := w.table(at)
	if table == nil {
		inside, err := w.has(at.vpc, w.p.Dst)
		if err == nil && !inside {
			err = unknown("%s is not in %s, and the route table of %s is not in the input", w.p.Dst, at.vpc, of)
		}
		return at.vpc, err
	}
	r, err := w.d.lookup(table, w.p.Dst)
	if err != nil || !w.routed(at, table, r, of) {
		return "", err
	}
	switch c := w.d.network.PeeringConnections[r.Target.ID]; {
	case r.Target.Kind == netmodel.TargetLocal:
		return at.vpc, nil
	case r.Target.Kind != netmodel.TargetPeeringConnection:
		return "", unknown("client addresses are preserved, which AWS supports only where nothing lies between: its route leads to %s", r.Target)
	case c == nil:
		return "", unknown("%s is not in the input", r.Target.ID)
	case c.Status != "active":
		w.refuseAt(c.ID, "%s is %s", c.ID, orUnknown(c.Status))
		return "", nil
	case c.Requester.Region == "" || c.Requester.Region != c.Accepter.Region:
		return "", unknown("client addresses are preserved, which AWS supports over peering in one region: %s is not known to be in one", c.ID)
	case !slices.Contains([]string{c.Requester.VPC, c.Accepter.VPC}, at.vpc):
		w.refuseAt(c.ID, "%s is no side of %s", at.vpc, c.ID)
		return "", nil
	case c.Requester.VPC == at.vpc:
		return c.Accepter.VPC, nil
	default:
		return c.Requester.VPC, nil
	}
}
