package policy

import (
	"cmp"
	"net/netip"
	"slices"

	"weir/internal/netmodel"
)

// TransitRoutes returns the routes of a transit gateway's route table, by its id: static and
// propagated ones, active or not, in no order. The error names what the definition would have to hold.
func (d *Definition) TransitRoutes(table string) ([]netmodel.TransitGatewayRoute, error) {
	t := d.network.TransitGatewayRouteTables[table]
	if t == nil {
		return nil, unknown("%s is not in the input", table)
	}
	return d.transitRoutes(t)
}

// transitLookup returns the route of a transit gateway's route table that a packet to an
// address takes, or nil.
//
// The most specific route wins; with one destination a static one, then one to a prefix list,
// then those that VPCs, Direct Connect gateways, Connect attachments and VPN connections
// propagate, in this order.
//
// Source: VPC Transit Gateways guide, "Route evaluation order".
func (d *Definition) transitLookup(t *netmodel.TransitGatewayRouteTable, dst netip.Addr) (*netmodel.TransitGatewayRoute, error) {
	routes, err := d.transitRoutes(t)
	if err != nil {
		return nil, err
	}
	type candidate struct {
		route      *netmodel.TransitGatewayRoute
		bits, rank int
	}
	var all []candidate
	for i := range routes {
		r := &routes[i]
		if r.State != "active" && r.State != "blackhole" {
			continue
		}
		prefixes := []netip.Prefix{r.CIDR}
		if r.PrefixList != "" {
			l := d.network.PrefixLists[r.PrefixList]
			if l == nil || l.EntriesUnknown {
				return nil, unknown("%s has a route to %s, whose entries are not in the input", t.ID, r.PrefixList)
			}
			prefixes = l.CIDRs
		}
		bits := -1
		for _, p := range prefixes {
			if p.Contains(dst) {
				bits = max(bits, p.Bits())
			}
		}
		if bits >= 0 {
			all = append(all, candidate{r, bits, d.transitRank(r)})
		}
	}
	if len(all) == 0 {
		return nil, nil
	}
	slices.SortStableFunc(all, func(a, b candidate) int { return cmp.Or(cmp.Compare(b.bits, a.bits), cmp.Compare(a.rank, b.rank)) })
	best := all[0]
	for _, c := range all[1:] {
		if c.bits == best.bits && c.rank == best.rank && !slices.Equal(c.route.Attachments, best.route.Attachments) {
			return nil, unknown("%s has two routes for %s, and AWS does not say which it takes", t.ID, dst)
		}
	}
	return best.route, nil
}

// propagating are the kinds of attachments in the order of their propagated routes.
var propagating = []string{"vpc", "direct-connect-gateway", "connect", "vpn", "vpn-concentrator", "peering"}

func (d *Definition) transitRank(r *netmodel.TransitGatewayRoute) int {
	switch {
	case r.Type == "static" && r.PrefixList == "":
		return 0
	case r.Type == "static":
		return 1
	}
	rank := 2 + len(propagating)
	for _, id := range r.Attachments {
		if a := d.network.TransitGatewayAttachments[id]; a != nil {
			if at := slices.Index(propagating, a.Kind); at >= 0 {
				rank = min(rank, 2+at)
			}
		}
	}
	return rank
}

// transitRoutes returns the routes of a table: those that were searched for, or the static
// ones and those of the VPCs that propagate to it, which are their CIDRs. What others
// propagate comes by BGP, and is in no answer but that of a search.
//
// Source: VPC Transit Gateways guide, "Route propagation".
func (d *Definition) transitRoutes(t *netmodel.TransitGatewayRouteTable) ([]netmodel.TransitGatewayRoute, error) {
	switch t.RoutesKnown {
	case netmodel.NoRoutes:
		return nil, unknown("the routes of %s are not in the input: search-transit-gateway-routes has them", t.ID)
	case netmodel.SomeRoutes:
		return nil, unknown("the input has a part of the routes of %s only", t.ID)
	case netmodel.SearchedRoutes:
		return t.Routes, nil
	}
	if !t.PropagationsKnown {
		return nil, unknown("the input has the static routes of %s, and does not say what propagates to it", t.ID)
	}
	out := slices.Clone(t.Routes)
	for _, p := range t.Propagations {
		if p.State != "enabled" {
			if p.State == "disabled" || p.State == "not-enabled" {
				continue
			}
			return nil, unknown("%s is %s to propagate to %s", p.Attachment, orUnknown(p.State), t.ID)
		}
		a, v := d.network.TransitGatewayAttachments[p.Attachment], d.network.VPCs[p.Resource]
		switch {
		case p.Kind != "vpc":
			return nil, unknown("%s propagates to %s what it learns by BGP, which is not in the input: search-transit-gateway-routes has it", p.Attachment, t.ID)
		case v == nil:
			return nil, unknown("%s propagates the CIDRs of %s to %s, which is not in the input", p.Attachment, p.Resource, t.ID)
		}
		for _, c := range v.CIDRs {
			if c.Addr().Is6() && (a == nil || a.IPv6 == "disable") {
				continue
			}
			out = append(out, netmodel.TransitGatewayRoute{CIDR: c, Type: "propagated", State: "active", Attachments: []string{p.Attachment}})
		}
	}
	return out, nil
}
