package policy

import (
	"cmp"
	"slices"

	"weir/internal/netmodel"
)

// zone is an Availability Zone: by its id, which is the same for all accounts, or by the
// name that it has for one.
type zone struct{ account, name, id string }

func zoneOf(s *netmodel.Subnet) zone { return zone{s.Account, s.AZ, s.AZID} }

// is reports whether two zones are the same, and whether that is known.
func (z zone) is(o zone) (same, known bool) {
	switch {
	case z.id != "" && o.id != "":
		return z.id == o.id, true
	case z.name != "" && o.name != "" && z.account == o.account:
		return z.name == o.name, true
	}
	return false, false
}

// intoTransit sends the packet into a transit gateway, by the VPC's attachment.
//
// Traffic is forwarded only from a Zone in which the attachment has a subnet. The network ACL
// of that subnet is asked inbound, also if the sender is in it; its outbound entries are not.
//
// Sources: VPC Transit Gateways guide, "How Amazon VPC Transit Gateways works" and "Network
// ACLs for transit gateways".
func (w *walk) intoTransit(at place, id string) (end, error) {
	if ok, err := w.leave(at, crossed, scope{}); err != nil || !ok {
		return end{}, err
	}
	var a *netmodel.TransitGatewayAttachment
	for one := range inOrder(w.d.network.TransitGatewayAttachments) {
		if one.TransitGateway == id && one.Kind == "vpc" && one.Resource == at.vpc && (a == nil || passes(one)) {
			a = one
		}
	}
	switch {
	case a == nil:
		return end{}, unknown("no attachment of %s to %s is in the input", at.vpc, id)
	case !passes(a):
		w.refuseAt(a.ID, "%s is %s", a.ID, orUnknown(a.State))
		return end{}, nil
	}
	if ok, err := w.family(a); err != nil || !ok {
		return end{}, err
	}
	all, err := w.subnetsOf(a)
	if err != nil {
		return end{}, err
	}
	if at.subnet != nil {
		for i, s := range all {
			if same, known := zoneOf(s).is(zoneOf(at.subnet)); !known && s.ID != at.subnet.ID {
				return end{}, unknown("the Availability Zones of %s and %s are not in the input", s.ID, at.subnet.ID)
			} else if !same && s.ID != at.subnet.ID {
				all[i] = nil
			}
		}
		all = slices.DeleteFunc(all, func(s *netmodel.Subnet) bool { return s == nil })
	}
	if len(all) == 0 {
		w.refuseAt(a.ID, "%s has no subnet in the Availability Zone of %s, so that nothing goes from there to %s", a.ID, at.id(), id)
		return end{}, nil
	}
	s := w.pick(a, all)
	if ok, err := w.border(place{vpc: at.vpc, subnet: s, attachment: a}, ingress); err != nil || !ok {
		return end{}, err
	}
	w.origin = zoneOf(s)
	direct := at.eni != nil && len(w.sessions) == 0
	return w.transit(a, direct)
}

// passes reports whether traffic passes an attachment.
func passes(a *netmodel.TransitGatewayAttachment) bool {
	return a.State == "available" || a.State == "modifying"
}

// family reports whether a VPC's attachment passes the packet's address family.
func (w *walk) family(a *netmodel.TransitGatewayAttachment) (bool, error) {
	switch {
	case w.p.Dst.Is4() || a.IPv6 == "enable":
		return true, nil
	case a.IPv6 == "":
		return false, unknown("the input does not say whether %s passes IPv6", a.ID)
	}
	w.refuseAt(a.ID, "%s does not pass IPv6", a.ID)
	return false, nil
}

// subnetsOf returns the subnets of a VPC's attachment, in order.
func (w *walk) subnetsOf(a *netmodel.TransitGatewayAttachment) ([]*netmodel.Subnet, error) {
	var out []*netmodel.Subnet
	for _, id := range slices.Sorted(slices.Values(a.Subnets)) {
		s := w.d.network.Subnets[id]
		if s == nil {
			return nil, unknown("%s is in %s, which is not in the input", a.ID, id)
		}
		out = append(out, s)
	}
	if len(out) == 0 {
		return nil, unknown("the input does not say the subnets of %s: describe-transit-gateway-vpc-attachments does", a.ID)
	}
	return out, nil
}

// pick returns one of an attachment's subnets.
func (w *walk) pick(a *netmodel.TransitGatewayAttachment, all []*netmodel.Subnet) *netmodel.Subnet {
	var names []string
	for _, s := range all {
		names = append(names, s.ID)
	}
	return all[w.choose("the subnets of "+a.ID, names)]
}

// transit sends the packet on from an attachment, by the route table that it is associated
// with. Direct: from an ENI of the VPC, by nothing else.
func (w *walk) transit(from *netmodel.TransitGatewayAttachment, direct bool) (end, error) {
	switch {
	case from.RouteTable == "":
		return end{}, unknown("the input does not say which route table %s is associated with", from.ID)
	case from.Association != "" && from.Association != "associated":
		return end{}, unknown("%s is %s with %s", from.ID, from.Association, from.RouteTable)
	}
	t := w.d.network.TransitGatewayRouteTables[from.RouteTable]
	if t == nil {
		return end{}, unknown("%s, the route table of %s, is not in the input", from.RouteTable, from.ID)
	}
	r, err := w.d.transitLookup(t, w.p.Dst)
	if err != nil {
		return end{}, err
	}
	s := Step{TransitGateway: t.TransitGateway, Verdict: Verdict{Action: Accept, Stage: Route, Rule: t.ID}}
	switch {
	case r == nil:
		s.Why = t.ID + ", the route table of " + from.ID + ", has no route to " + w.p.Dst.String()
		w.refuse(s)
		return end{}, nil
	case r.State == "blackhole":
		s.Rule = routeName(t.ID, r.CIDR, r.PrefixList)
		s.Why = s.Rule + " is a blackhole"
		w.refuse(s)
		return end{}, nil
	case len(r.Attachments) == 0:
		return end{}, unknown("%s does not say where its route %s leads", t.ID, routeName(t.ID, r.CIDR, r.PrefixList))
	}
	id := r.Attachments[w.choose("the attachments that "+t.ID+" leads to", r.Attachments)]
	s.Rule = routeName(t.ID, r.CIDR, r.PrefixList)
	s.Gateway, s.Why = id, s.Rule+" leads to "+id
	w.step(s)
	to := w.d.network.TransitGatewayAttachments[id]
	if to != nil {
		to = to.SeenFrom(t.TransitGateway)
	}
	switch {
	case to == nil:
		return end{}, unknown("%s is not in the input", id)
	case !passes(to):
		w.refuseAt(id, "%s is %s", id, orUnknown(to.State))
		return end{}, nil
	}
	switch {
	case to.Kind == "vpc":
		return w.outOfTransit(from, to, direct)
	case leavesBy(to.Kind):
		w.gateway(id, "it leaves, to what is connected there")
		return end{kind: outside, id: id}, nil
	case to.Peers():
		return w.overTransitPeering(to)
	}
	return end{}, unknown("a route leads to %s, of a kind that weir does not follow: %q", id, to.Kind)
}

// overTransitPeering brings the packet from a peering attachment into the other transit
// gateway, where the route table of that one's attachment leads it on. That has the same id, or
// another one, as in one region: then answers say which two are of one peering by their transit
// gateways only. Groups are not referenced over it.
//
// Source: VPC Transit Gateways guide, "Transit gateway peering attachments" (static routes lead
// to it, on both sides) and "Security group referencing".
func (w *walk) overTransitPeering(a *netmodel.TransitGatewayAttachment) (end, error) {
	var found []*netmodel.TransitGatewayAttachment
	if a.Far.TransitGateway != "" && a.Far.TransitGateway == a.Resource {
		found = append(found, a.SeenFrom(a.Resource))
	}
	for b := range inOrder(w.d.network.TransitGatewayAttachments) {
		if b.ID != a.ID && b.Peers() && a.Resource != "" && b.TransitGateway == a.Resource && b.Resource == a.TransitGateway {
			found = append(found, b)
		}
	}
	switch {
	case len(found) == 0:
		return end{}, unknown("a route leads to the peering %s, whose attachment to %s is not in the input", a.ID, cmp.Or(a.Resource, "the other transit gateway"))
	case len(found) > 1:
		return end{}, unknown("%s and %s have several peerings, and the input does not say which attachment is the other one of %s", a.TransitGateway, a.Resource, a.ID)
	case !passes(found[0]):
		w.refuseAt(found[0].ID, "%s is %s", found[0].ID, orUnknown(found[0].State))
		return end{}, nil
	}
	w.gateway(found[0].ID, "it comes into %s", a.Resource)
	return w.transit(found[0], false)
}

// outOfTransit brings the packet into a VPC, at a subnet of its attachment, whose route table
// leads it on. It stays in the Zone that it came from if the attachment has a subnet there;
// which one it is else, and in appliance mode, AWS does not say.
//
// Source: VPC Transit Gateways guide, "Appliance mode".
func (w *walk) outOfTransit(from, to *netmodel.TransitGatewayAttachment, direct bool) (end, error) {
	if ok, err := w.family(to); err != nil || !ok {
		return end{}, err
	}
	all, err := w.subnetsOf(to)
	if err != nil {
		return end{}, err
	}
	if from.ApplianceMode == "disable" && to.ApplianceMode == "disable" {
		for _, s := range all {
			if same, _ := zoneOf(s).is(w.origin); same {
				all = []*netmodel.Subnet{s}
				break
			}
		}
	}
	w.scopes = []scope{{}}
	if direct {
		w.scopes = w.referencing(from, to)
	}
	return w.route(place{vpc: to.Resource, subnet: w.pick(to, all), attachment: to})
}

// referencing returns the scopes of what comes from one VPC's attachment to another's:
// inbound rules may reference groups of the other VPC where the transit gateway and both
// attachments allow it, outbound ones never.
//
// Source: VPC Transit Gateways guide, "Security group referencing".
func (w *walk) referencing(from, to *netmodel.TransitGatewayAttachment) []scope {
	matches := scope{vpc: from.Resource}
	matches.ways[ingress] = true
	said := []string{from.SecurityGroupReferencing, to.SecurityGroupReferencing, ""}
	if t := w.d.network.TransitGateways[from.TransitGateway]; t != nil {
		said[2] = t.SecurityGroupReferencing
	}
	switch {
	case slices.Contains(said, "disable"):
		return []scope{{}}
	case slices.Contains(said, ""):
		return []scope{matches, {}}
	}
	return []scope{matches}
}

// fromAttachment brings a packet from behind an attachment that is no VPC's into its transit
// gateway.
func (w *walk) fromAttachment(a *netmodel.TransitGatewayAttachment) (end, error) {
	switch {
	case !leavesBy(a.Kind):
		return end{}, unknown("%s is of kind %s: what is behind it begins at its own ENIs", a.ID, cmp.Or(a.Kind, "unknown"))
	case !passes(a):
		w.refuseAt(a.ID, "%s is %s", a.ID, orUnknown(a.State))
		return end{}, nil
	}
	w.scopes = []scope{{}}
	return w.transit(a, false)
}
