package app

import (
	"maps"
	"net/netip"
	"slices"
	"strings"

	"weir/internal/netmodel"
	"weir/internal/versions"
)

// dependence is what a path's verdict depends on: whatever else is not known of the network
// makes no difference to it.
type dependence struct {
	n   *netmodel.Network
	ids map[string]bool
	// nobody says that an end is an address in one of the VPCs which no ENI has: one that is
	// not in the definition may have had it.
	nobody bool
}

// depends returns the ids of the things that a path passes, and of what decides about it
// there: the groups of its ENIs with the groups and prefix lists that their rules name, its
// subnets' network ACLs and route tables, what is behind its gateways, and who has the
// addresses of its packets. The ends may be ENIs which are not in the definition.
func depends(n *netmodel.Network, r *CheckReport, ends ...string) *dependence {
	d := &dependence{n: n, ids: map[string]bool{}}
	d.add(ends...)
	for id := range passes(n, r) {
		d.add(id)
	}
	var addrs []netip.Addr
	for _, s := range slices.Concat(r.Forward, r.Reply) {
		addrs = append(addrs, s.Src, s.Dst)
	}
	addrs = append(addrs, r.Src, r.Dst)
	slices.SortFunc(addrs, netip.Addr.Compare)
	for _, a := range slices.Compact(addrs) {
		d.address(a)
	}
	d.balancers()
	return d
}

// address adds who has an address in the VPCs on the way. A rule that names a group is met by
// its members' addresses.
func (d *dependence) address(a netip.Addr) {
	if !a.IsValid() {
		return
	}
	found := false
	for _, i := range d.n.At(a) {
		if d.ids[i.VPC] {
			d.add(i.ID)
			found = true
		}
	}
	if found {
		return
	}
	for id, s := range d.n.Subnets {
		if d.ids[s.VPC] && slices.ContainsFunc(s.CIDRs, func(c netip.Prefix) bool { return c.Contains(a) }) {
			d.add(id)
			d.nobody = true
		}
	}
}

// add adds a thing and what it hangs on.
func (d *dependence) add(ids ...string) {
	for _, id := range ids {
		if id == "" || d.ids[id] {
			continue
		}
		d.ids[id] = true
		switch _, thing := d.n.Kind(id); v := thing.(type) {
		case *netmodel.Interface:
			d.add(v.VPC, v.Subnet)
			d.add(v.Groups...)
			for ip, e := range d.n.ElasticIPs {
				if e.Interface == id {
					d.add(ip)
				}
			}
		case *netmodel.Subnet:
			d.add(v.VPC, v.NetworkACL, v.RouteTable)
		case *netmodel.VPC:
			d.add(v.Account + "/" + v.Region) // VPC Block Public Access
		case *netmodel.SecurityGroup:
			for _, r := range slices.Concat(v.Ingress, v.Egress) {
				d.add(r.Peer.Group, r.Peer.PrefixList, r.Reference.PeeringConnection)
			}
		case *netmodel.RouteTable:
			for _, r := range v.Routes {
				d.add(r.PrefixList)
			}
		case *netmodel.InternetGateway, *netmodel.VPNGateway:
			d.edge(id)
		case *netmodel.NATGateway:
			d.add(v.Subnet, v.RouteTable)
			for _, a := range v.Addresses {
				d.add(a.Interface, a.Allocation)
			}
			d.edge(id)
		case *netmodel.TransitGatewayAttachment:
			d.add(v.TransitGateway, v.RouteTable)
			d.add(v.Subnets...)
		case *netmodel.TransitGateway:
			d.transit(id)
		case *netmodel.TransitGatewayRouteTable:
			for _, r := range v.Routes {
				d.add(r.PrefixList)
			}
		}
	}
}

// edge adds the route tables of a gateway.
func (d *dependence) edge(gateway string) {
	for id, t := range d.n.RouteTables {
		if slices.Contains(t.Gateways, gateway) {
			d.add(id)
		}
	}
}

// transit adds the route tables and attachments of a transit gateway. Their subnets and VPCs
// are on the way only where they are passed.
func (d *dependence) transit(gateway string) {
	for id, t := range d.n.TransitGatewayRouteTables {
		if t.TransitGateway == gateway {
			d.add(id)
		}
	}
	for id, a := range d.n.TransitGatewayAttachments {
		if a.TransitGateway == gateway || a.Far.TransitGateway == gateway {
			d.ids[id] = true
		}
	}
}

// balancers adds the load balancers whose groups rules name, and what they send to: a Network
// Load Balancer's clients can be members of its groups.
func (d *dependence) balancers() {
	for id, b := range d.n.LoadBalancers {
		if !slices.ContainsFunc(b.Groups, func(g string) bool { return d.ids[g] }) {
			continue
		}
		d.add(id)
		for listener, l := range d.n.Listeners {
			if l.LoadBalancer == id {
				d.add(listener)
			}
		}
		for group, t := range d.n.TargetGroups {
			if slices.Contains(t.LoadBalancers, id) {
				d.add(group)
			}
		}
	}
}

// on reports whether the verdict depends on a thing, which the definition may not have.
func (d *dependence) on(id string) bool {
	switch {
	case d.ids[id] || versions.Loose(id): // which may be about anything on the way
		return true
	case strings.HasPrefix(id, "vpcbpa-exclude-"): // of any VPC or subnet
		e := d.n.BlockPublicAccessExclusions[id]
		return e == nil || d.ids[e.Resource]
	case strings.HasPrefix(id, "eni-"), strings.HasPrefix(id, "i-"): // as an instance's ENI that no import has
		return d.nobody && d.n.Interfaces[id] == nil
	}
	return false
}

// checked returns what is known of the versions that have what a path depends on, as far as it
// does.
func checked(kept *versions.Definition, on *dependence) *CheckedDefinition {
	holding := map[netmodel.Place]bool{}
	for _, v := range kept.Holding(slices.Collect(maps.Keys(on.ids))...) {
		holding[v.Place] = true
	}
	out := &CheckedDefinition{At: kept.At}
	for _, v := range kept.InForce {
		v.Changed = slices.DeleteFunc(slices.Clone(v.Changed), func(id string) bool { return !on.on(id) })
		v.Moments = slices.DeleteFunc(slices.Clone(v.Moments), func(m versions.Moment) bool { return !on.ids[m.ID] })
		if holding[v.Place] || len(v.Changed) > 0 {
			out.Versions = append(out.Versions, v)
		}
	}
	return out
}
