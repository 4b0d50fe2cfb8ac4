package policy

import (
	"slices"
	"strings"

	"weir/internal/netmodel"
)

// throughEndpoint sends the packet through what is behind a Gateway Load Balancer endpoint:
// appliances, or the firewall of AWS Network Firewall. What they do with it is not in the
// definition; that they let it pass is assumed, and said. It comes back as it was, at the
// endpoint's subnet, whose route table leads it on. No security group is at the endpoint; the
// network ACL of its subnet is asked on both ways.
//
// Sources: Gateway Load Balancer user guide, "Getting started" (routing); PrivateLink guide,
// "Access virtual appliances"; VPC user guide, "Routing to a Gateway Load Balancer endpoint" and
// "Middlebox scenarios", which names AWS Network Firewall's endpoints with these.
func (w *walk) throughEndpoint(at place, e *netmodel.VPCEndpoint) (end, error) {
	if len(e.Subnets) != 1 {
		return end{}, unknown("it goes through the appliances of %s, whose subnet the input does not say", e.ID)
	}
	to := place{vpc: e.VPC, subnet: w.d.network.Subnets[e.Subnets[0]], endpoint: e}
	if to.subnet == nil {
		return end{}, unknown("it goes through the appliances of %s, in %s, which is not in the input", e.ID, e.Subnets[0])
	}
	if at.id() == to.id() {
		return end{}, sameSubnet(e, to.subnet)
	}
	if ok, err := w.leave(at, crossed, scope{}); err != nil || !ok {
		return end{}, err
	}
	if e.VPC != at.vpc || e.State != "available" {
		w.refuseAt(e.ID, "%s is in %s, and %s", e.ID, e.VPC, orUnknown(e.State))
		return end{}, nil
	}
	if ok, err := w.border(to, ingress); err != nil || !ok {
		return end{}, err
	}
	switch {
	case !w.replying:
		w.inspected = append(w.inspected, e)
	case !slices.Contains(w.inspected, e):
		// Gateway Load Balancer user guide, "Asymmetric flows": such a one is not supported.
		return end{}, unknown("the reply goes through the appliances of %s, and the packet did not: AWS does not support that", e.ID)
	default:
		w.again = append(w.again, e)
	}
	w.note("assumed: what is behind %s (appliances or a firewall, whose rules are not looked at) lets it and its reply pass", e.ID)
	w.gateway(e.ID, "it comes back unchanged, if what is behind %s lets it pass", e.ID)
	w.scopes = []scope{{}}
	return w.route(to)
}

// sameSubnet says why the way between an endpoint and another place of its subnet is not
// known.
//
// Source: Gateway Load Balancer user guide, "What is a Gateway Load Balancer?": endpoint and
// application servers must be in different subnets.
func sameSubnet(e *netmodel.VPCEndpoint, s *netmodel.Subnet) error {
	return unknown("the appliances of %s and an end of the way to them are in %s both: AWS asks for different subnets", e.ID, s.ID)
}

// symmetric checks that the reply went through the appliances that the packet went through.
//
// Sources: Gateway Load Balancer user guide, "Asymmetric flows" (a response may take another
// way, which is not recommended); Network Firewall developer guide, which says that asymmetric
// routing is not supported. Its endpoints are made by a service.
func (w *walk) symmetric() error {
	for _, e := range w.inspected {
		switch {
		case slices.Contains(w.again, e):
		case e.Managed:
			return unknown("the reply does not go through the firewall of %s, as the packet did: AWS does not support that", e.ID)
		default:
			w.note("the reply does not go through the appliances of %s, as the packet did: AWS does not recommend that", e.ID)
		}
	}
	return nil
}

// sender returns the place of a VPC that has the packet's source: an internet gateway sees what
// comes through an endpoint as if it came from there.
//
// Source: VPC user guide, "Inspect traffic using appliances in a security VPC" and alike, whose
// packets leave with the public address of their sender.
func (w *walk) sender(at place) (place, error) {
	asked := w.p
	w.p.Dst = w.p.Src
	inside, err := w.has(at.vpc, w.p.Dst)
	from := at
	if err == nil && inside {
		from, err = w.holder(at.vpc)
	}
	w.p = asked
	if err != nil {
		return place{}, err
	}
	mode, exclusion := w.accessMode(at)
	if m, x := w.accessMode(from); m != mode || x != exclusion {
		return place{}, unknown("VPC Block Public Access differs for %s and for %s, which it passed", from.id(), at.id())
	}
	return from, nil
}

// toInterface sends the packet to an ENI that is not its destination: to an appliance. What
// that does with it is not in the definition; what keeps the packet from it is.
//
// Source: EC2 user guide, "Elastic network interfaces", source/destination checking; VPC user
// guide, "Routing for a middlebox appliance" (references to groups match nothing through one).
func (w *walk) toInterface(at place, id string) (end, error) {
	eni := w.d.network.Interfaces[id]
	switch {
	case eni == nil:
		return end{}, unknown("%s is not in the input", id)
	case eni.Has(w.p.Dst):
		return w.deliver(at)
	}
	to, err := w.placeOf(eni)
	if err != nil {
		return end{}, err
	}
	if ok, err := w.leave(at, crossing(at, to), scope{}); err != nil || !ok {
		return end{}, err
	}
	if eni.SourceDestCheck != nil && *eni.SourceDestCheck {
		w.refuseAt(id, "%s checks source and destination, and %s is not its address", id, w.p.Dst)
		return end{}, nil
	}
	if ok, err := w.filter(eni, ingress, crossing(at, to), []scope{{}}); err != nil || !ok {
		return end{}, err
	}
	return end{}, unknown("it goes through the appliance at %s: what becomes of it there is not in the definition", strings.TrimSpace(id+" "+eni.Name))
}
