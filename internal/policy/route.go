package policy

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"

	"weir/internal/netmodel"
)

// lookup returns the route of a table that a packet to an address takes, or nil.
//
// The most specific route wins. Of those with one destination a route to a CIDR wins over
// one to a prefix list, and that over a propagated one. Where the VPC's local route matches,
// no propagated route does, however specific. Routes that are filtered are not used; those
// whose target is gone drop what they match.
//
// Source: VPC user guide, "Route priority".
func (d *Definition) lookup(t *netmodel.RouteTable, dst netip.Addr) (*netmodel.Route, error) {
	type candidate struct {
		route *netmodel.Route
		bits  int
		rank  int // the lower one wins
	}
	var all []candidate
	local := false
	for i := range t.Routes {
		r := &t.Routes[i]
		if r.State == "filtered" {
			continue
		}
		bits, err := d.matches(t, r, dst)
		if err != nil {
			return nil, err
		}
		if bits < 0 {
			continue
		}
		local = local || r.Target.Kind == netmodel.TargetLocal
		all = append(all, candidate{r, bits, rankOf(r)})
	}
	if local {
		all = slices.DeleteFunc(all, func(c candidate) bool { return c.rank == propagated })
	}
	if len(all) == 0 {
		return nil, nil
	}
	slices.SortStableFunc(all, func(a, b candidate) int { return cmp.Or(cmp.Compare(b.bits, a.bits), cmp.Compare(a.rank, b.rank)) })
	best := all[0]
	for _, c := range all[1:] {
		if c.bits == best.bits && c.rank == best.rank && c.route.Target != best.route.Target {
			return nil, unknown("%s has two routes for %s, %s and %s, and AWS does not say which it takes", t.ID, dst, best.route, c.route)
		}
	}
	return best.route, nil
}

// The ranks of routes with one destination.
const (
	toCIDR = iota
	toPrefixList
	propagated
)

func rankOf(r *netmodel.Route) int {
	switch {
	case r.Origin == "EnableVgwRoutePropagation" || r.Origin == "Advertisement":
		return propagated
	case r.PrefixList != "":
		return toPrefixList
	}
	return toCIDR
}

// matches returns the length of the prefix by which a route matches an address, -1 if none.
func (d *Definition) matches(t *netmodel.RouteTable, r *netmodel.Route, dst netip.Addr) (int, error) {
	if r.PrefixList == "" {
		if r.CIDR.Contains(dst) {
			return r.CIDR.Bits(), nil
		}
		return -1, nil
	}
	l := d.network.PrefixLists[r.PrefixList]
	if l == nil || l.EntriesUnknown {
		// A gateway endpoint's list is of public addresses of its service (VPC user guide,
		// "Gateway endpoints"). An endpoint that is not there may be another, with any list.
		e := d.network.VPCEndpoints[r.Target.ID]
		if r.Target.Kind == netmodel.TargetVPCEndpoint && e != nil && e.Kind == "Gateway" && !public(dst) {
			return -1, nil
		}
		return -1, unknown("%s has a route to %s, whose entries are not in the input", t.ID, r.PrefixList)
	}
	best := -1
	for _, c := range l.CIDRs {
		if c.Contains(dst) {
			best = max(best, c.Bits())
		}
	}
	return best, nil
}

// special are the networks that the internet does not route, of which those in fc00::/7,
// RFC 1918 and RFC 6598 may be in a VPC.
//
// Source: RFC 6890 (IANA special-purpose address registries), RFC 5771, RFC 4291.
var special = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"),
	netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("169.254.0.0/16"), netip.MustParsePrefix("172.16.0.0/12"),
	netip.MustParsePrefix("192.168.0.0/16"), netip.MustParsePrefix("224.0.0.0/3"),
	netip.MustParsePrefix("::/127"), netip.MustParsePrefix("fc00::/7"), netip.MustParsePrefix("fe80::/10"), netip.MustParsePrefix("ff00::/8"),
}

// public reports whether an address may be one of the internet.
func public(a netip.Addr) bool { return !contains(special, a) }

// table returns the route table of a place: of a regional NAT gateway, or of the subnet.
func (w *walk) table(at place) (*netmodel.RouteTable, string) {
	id, of := "", at.id()
	switch {
	case at.subnet != nil:
		id = at.subnet.RouteTable
	case at.nat != nil:
		id, of = at.nat.RouteTable, at.nat.ID
	}
	return w.d.network.RouteTables[id], of
}

// route sends the packet on from a place, by its route table.
func (w *walk) route(at place) (end, error) {
	if w.hops++; w.hops > 32 {
		return end{}, unknown("it goes round: its routes lead back to %s", at.id())
	}
	if at.eni != nil {
		i, err := w.d.At(at.eni.ID)
		if err != nil {
			return end{}, err
		}
		q := ask(&w.p, egress)
		if s := i.service(&w.p, &q); s != nil && !s.filtered {
			_, err := w.leave(at, within, home(at.vpc))
			return end{kind: atService, id: s.name}, err
		}
	}
	if at.subnet != nil && contains(at.subnet.CIDRs, w.p.Dst) {
		if at.endpoint != nil {
			return end{}, sameSubnet(at.endpoint, at.subnet)
		}
		return w.deliver(at) // on the link: no router is asked
	}
	table, of := w.table(at)
	if table == nil {
		inside, err := w.has(at.vpc, w.p.Dst)
		if err != nil {
			return end{}, err
		}
		if !inside {
			return end{}, unknown("%s is not in %s, and the route table of %s is not in the input", w.p.Dst, at.vpc, of)
		}
		// Each route table has it, and it can't be removed (VPC user guide, "Route tables").
		w.note("the route table of %s is not in the input: the local route was taken, which a route to an appliance may take the place of", of)
		return w.deliver(at)
	}
	r, err := w.d.lookup(table, w.p.Dst)
	if err != nil {
		return end{}, err
	}
	if !w.routed(at, table, r, of) {
		return end{}, nil
	}
	return w.forward(at, r)
}

// routed adds the step of a route, and reports whether the packet goes on by it.
func (w *walk) routed(at place, t *netmodel.RouteTable, r *netmodel.Route, of string) bool {
	s := Step{Subnet: at.id(), Verdict: Verdict{Action: Accept, Stage: Route}}
	if at.eni != nil {
		s.Interface = at.eni.ID
	}
	if r == nil {
		s.Rule = t.ID
		s.Why = fmt.Sprintf("%s, the route table of %s, has no route to %s", t.ID, of, w.p.Dst)
		w.refuse(s)
		return false
	}
	s.Gateway, s.Rule, s.Why = r.Target.String(), routeName(t.ID, r.CIDR, r.PrefixList), "its route is "+r.String()
	if r.State == "blackhole" {
		s.Why = fmt.Sprintf("its route is %s, a blackhole: the target is not there", r)
		w.refuse(s)
		return false
	}
	w.step(s)
	return true
}

// routeName names a route.
func routeName(table string, to netip.Prefix, list string) string {
	if list != "" {
		return table + ":" + list
	}
	return table + ":" + to.String()
}

// forward sends the packet to what its route leads to.
func (w *walk) forward(at place, r *netmodel.Route) (end, error) {
	n, id := w.d.network, r.Target.ID
	lacks := func() (end, error) { return end{}, unknown("%s is not in the input", id) }
	switch r.Target.Kind {
	case netmodel.TargetLocal:
		return w.deliver(at)
	case netmodel.TargetInterface:
		return w.toInterface(at, id)
	case netmodel.TargetNATGateway:
		if g := n.NATGateways[id]; g != nil {
			return w.throughNAT(at, g)
		}
		return lacks()
	case netmodel.TargetInternetGateway, netmodel.TargetEgressOnlyInternetGateway:
		gateways := n.InternetGateways
		if r.Target.Kind == netmodel.TargetEgressOnlyInternetGateway {
			gateways = n.EgressOnlyInternetGateways
		}
		if g := gateways[id]; g != nil {
			return w.toInternet(at, g, r.Target.Kind == netmodel.TargetEgressOnlyInternetGateway)
		}
		return lacks()
	case netmodel.TargetPeeringConnection:
		if c := n.PeeringConnections[id]; c != nil {
			return w.overPeering(at, c)
		}
		return lacks()
	case netmodel.TargetTransitGateway:
		return w.intoTransit(at, id)
	case netmodel.TargetVPNGateway:
		if g := n.VPNGateways[id]; g != nil {
			return w.toVPNGateway(at, g, r)
		}
		return lacks()
	case netmodel.TargetVPCEndpoint:
		if e := n.VPCEndpoints[id]; e != nil {
			return w.toEndpoint(at, e)
		}
		return lacks()
	}
	return end{}, unknown("a route leads to %s, of a kind that weir does not follow: %s", r.Target, r.Target.Kind)
}
