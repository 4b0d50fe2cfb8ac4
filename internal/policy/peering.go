package policy

import (
	"weir/internal/netmodel"
)

// overPeering sends the packet over a VPC peering connection: from an address of the one VPC
// to one of the other, and no further.
//
// Source: VPC peering guide, "How VPC peering connections work" (not transitive, no edge to
// edge routing) and "Update your security groups to reference peer security groups" (in the
// same region).
func (w *walk) overPeering(at place, c *netmodel.PeeringConnection) (end, error) {
	near, far := c.Requester, c.Accepter
	if far.VPC == at.vpc {
		near, far = far, near
	}
	scopes := func(of string) []scope {
		switch {
		case near.Region == "" || far.Region == "":
			return []scope{home(of), {}}
		case near.Region != far.Region:
			return []scope{{}}
		}
		return []scope{home(of)}
	}
	if ok, err := w.leave(at, crossed, scopes(far.VPC)...); err != nil || !ok {
		return end{}, err
	}
	switch {
	case near.VPC != at.vpc:
		w.refuseAt(c.ID, "%s is no side of %s", at.vpc, c.ID)
		return end{}, nil
	case c.Status != "active":
		w.refuseAt(c.ID, "%s is %s", c.ID, orUnknown(c.Status))
		return end{}, nil
	}
	inside, err := w.has(at.vpc, w.p.Src)
	if err != nil {
		return end{}, err
	}
	if !inside {
		w.refuseAt(c.ID, "%s is no address of %s, and peering passes on no other", w.p.Src, at.vpc)
		return end{}, nil
	}
	if w.d.network.VPCs[far.VPC] == nil && len(far.CIDRs) > 0 && !contains(far.CIDRs, w.p.Dst) {
		inside = false
	} else if inside, err = w.has(far.VPC, w.p.Dst); err != nil {
		return end{}, err
	}
	if !inside {
		w.refuseAt(c.ID, "%s is no address of %s, and peering leads no further", w.p.Dst, far.VPC)
		return end{}, nil
	}
	w.gateway(c.ID, "it comes into %s", far.VPC)
	if at.eni != nil {
		w.scopes = scopes(at.vpc)
	} else {
		w.scopes = []scope{{}}
	}
	return w.deliver(place{vpc: far.VPC})
}

// toVPNGateway sends the packet out by a virtual private gateway.
func (w *walk) toVPNGateway(at place, g *netmodel.VPNGateway, r *netmodel.Route) (end, error) {
	if ok, err := w.leave(at, crossed, scope{}); err != nil || !ok {
		return end{}, err
	}
	if g.VPC != at.vpc {
		w.refuseAt(g.ID, "%s is not attached to %s", g.ID, at.vpc)
		return end{}, nil
	}
	inside, err := w.has(at.vpc, w.p.Src)
	switch {
	case err != nil:
		return end{}, err
	case !inside:
		return end{}, unknown("it came into %s from elsewhere and leaves by %s: AWS does not say whether that passes", at.vpc, g.ID)
	}
	if rankOf(r) != propagated {
		w.note("the route to %s is static: whether the gateway has one to %s is not in the definition", g.ID, w.p.Dst)
	}
	w.gateway(g.ID, "it leaves %s, to what is connected there", at.vpc)
	return end{kind: outside, id: g.ID}, nil
}

// fromVPNGateway brings a packet from behind a virtual private gateway into its VPC, and
// nowhere else (VPC peering guide, edge to edge routing).
func (w *walk) fromVPNGateway(g *netmodel.VPNGateway) (end, error) {
	if g.VPC == "" {
		w.refuseAt(g.ID, "%s is attached to no VPC", g.ID)
		return end{}, nil
	}
	inside, err := w.has(g.VPC, w.p.Dst)
	if err != nil {
		return end{}, err
	}
	if !inside {
		w.refuseAt(g.ID, "%s is no address of %s, and %s leads nowhere else", w.p.Dst, g.VPC, g.ID)
		return end{}, nil
	}
	w.scopes = []scope{{}}
	w.gateway(g.ID, "it comes into %s", g.VPC)
	return w.fromGateway(place{vpc: g.VPC}, g.ID)
}

// toEndpoint sends the packet to a service by a gateway endpoint.
//
// Source: VPC user guide (PrivateLink), "Gateway endpoints": not out of other networks.
func (w *walk) toEndpoint(at place, e *netmodel.VPCEndpoint) (end, error) {
	if e.Kind == "GatewayLoadBalancer" {
		return w.throughEndpoint(at, e)
	}
	if e.Kind != "Gateway" {
		return end{}, unknown("a route leads to %s, of kind %q", e.ID, e.Kind)
	}
	if ok, err := w.leave(at, crossed, scope{}); err != nil || !ok {
		return end{}, err
	}
	inside, err := w.has(at.vpc, w.p.Src)
	switch {
	case err != nil:
		return end{}, err
	case e.VPC != at.vpc || e.State != "available" && e.State != "Available":
		w.refuseAt(e.ID, "%s is in %s, and %s", e.ID, e.VPC, orUnknown(e.State))
		return end{}, nil
	case !inside:
		w.refuseAt(e.ID, "%s is no address of %s, and %s takes no others", w.p.Src, at.vpc, e.ID)
		return end{}, nil
	}
	w.gateway(e.ID, "it leaves %s for %s; the endpoint's policy is not looked at", at.vpc, e.Service)
	return end{kind: atService, id: e.ID, at: place{vpc: at.vpc}}, nil
}
