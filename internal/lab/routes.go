package lab

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"

	"weir/internal/netmodel"
)

// firstTable is the number of the first host's table of routes, and firstRule the priority of its rule, before that of the main table. From arrivalTable on are the tables for
// what comes by links of other routers.
const firstTable, firstRule, arrivalTable = 1000, 1000, 2000

// A way is what a table of routes is for: the VPC that packets are in, the number of the table in the VPC's router, and the Availability Zone of who has sent them, "" of what came from elsewhere.
type way struct {
	vpc    string
	number int
	zone   string
}

// arrive has what comes by a device of a router go by a table of routes, and by no other one. What no route is of is dropped, and nobody is told.
func (p *plan) arrive(name, device string, number int) {
	for _, add := range []func(string, string, ...any){p.add, p.add6} {
		add(name, "rule add priority %d iif %s lookup %d", firstRule+number-firstTable, device, number)
		if name != transit { // which loses it, and says why
			add(name, "route add table %d blackhole default metric 4000", number)
		}
	}
}

// routes have what a host sends go by the route table of its subnet. The kernel takes the longest prefix, as AWS does.
func (p *plan) routes(d *Definition, host string) error {
	eni := d.eni(host)
	table := d.tableOf(d.Network.Subnets[eni.Subnet])
	if table == nil {
		return d.refuse(inNetwork("subnets", eni.Subnet), "no route table is of %s, and the VPC has no main one", eni.Subnet)
	}
	number := firstTable + slices.Index(slices.Sorted(maps.Keys(d.Hosts)), host)
	p.arrive(d.routerOf(host), deviceOf(host), number)
	return p.table(d, way{eni.VPC, number, d.Network.Subnets[eni.Subnet].AZ}, table)
}

// table adds the routes of a route table.
func (p *plan) table(d *Definition, w way, table *netmodel.RouteTable) error {
	if table == nil {
		a := d.attachment(w.vpc).ID
		return d.refuse(inNetwork("transit-gateway-attachments", a), "no route table is of the subnets of %s", a)
	}
	for _, r := range table.Routes {
		at := inNetwork("route-tables", table.ID, "routes", item{"to", r.CIDR.String()})
		if !r.CIDR.IsValid() {
			return d.refuse(at, "%s: routes to prefix lists are not built", table.ID)
		}
		if why := p.route(d, w, &r); why != "" {
			return d.refuse(at, "%s: the route to %s: %s", table.ID, r.CIDR, why)
		}
	}
	return nil
}

// route adds a route of a route table, or says why a lab can't build it.
func (p *plan) route(d *Definition, w way, r *netmodel.Route) (why string) {
	name := d.Routers[w.vpc]
	if r.State == "blackhole" {
		p.addFor(name, r.CIDR, "route add table %d blackhole %s", w.number, r.CIDR)
		return ""
	}
	switch r.Target.Kind {
	case netmodel.TargetLocal:
		p.local(d, w, r.CIDR)
	case netmodel.TargetInternetGateway:
		if d.Network.InternetGateways[r.Target.ID] == nil {
			return "its network has no " + r.Target.ID
		}
		if d.internetGateway(w.vpc) != r.Target.ID { // it passes nothing on
			p.addFor(name, r.CIDR, "route add table %d blackhole %s", w.number, r.CIDR)
			return ""
		}
		p.addFor(name, r.CIDR, "route add table %d %s via %s dev internet", w.number, r.CIDR, hop(r.CIDR, d.internetLink(w.vpc).Next(), far6))
	case netmodel.TargetEgressOnlyInternetGateway:
		g := d.Network.EgressOnlyInternetGateways[r.Target.ID]
		if g == nil || g.VPC != w.vpc {
			return r.Target.ID + " is not attached to " + w.vpc
		}
		if r.CIDR.Addr().Is4() {
			return "egress-only internet gateways pass IPv6 only"
		}
		p.add6(name, "route add table %d %s via %s dev %s", w.number, r.CIDR, far6, egressOnly)
	case netmodel.TargetNATGateway, netmodel.TargetInterface:
		return p.byHost(d, w, r)
	case netmodel.TargetTransitGateway:
		return p.intoTransit(d, w, r)
	case netmodel.TargetPeeringConnection:
		return p.overPeering(d, w, r)
	default:
		return fmt.Sprintf("a route to a %s is not built", r.Target.Kind)
	}
	return ""
}

// local adds the addresses that hosts of the VPC have of one of its networks.
func (p *plan) local(d *Definition, w way, network netip.Prefix) {
	name := d.Routers[w.vpc]
	p.addFor(name, network, "route add table %d blackhole %s", w.number, network)
	for _, host := range slices.Sorted(maps.Keys(d.Hosts)) {
		if d.eni(host).VPC != w.vpc {
			continue
		}
		for _, own := range d.eni(host).Addresses {
			if network.Contains(own) {
				p.addFor(name, network, "route add table %d %s/%d dev %s", w.number, own, own.BitLen(), deviceOf(host))
			}
		}
	}
}

// byHost adds a route to a host's network interface, or to a NAT gateway's.
func (p *plan) byHost(d *Definition, w way, r *netmodel.Route) (why string) {
	eni := r.Target.ID
	if g := d.Network.NATGateways[eni]; g != nil && len(g.Addresses) == 1 {
		eni = g.Addresses[0].Interface
	}
	for host, h := range d.Hosts {
		if h.ENI != eni || d.eni(host).VPC != w.vpc {
			continue
		}
		if r.CIDR.Addr().Is6() {
			return fmt.Sprintf("a route of IPv6 to %s is not built", r.Target)
		}
		p.add(d.Routers[w.vpc], "route add table %d %s via %s dev %s onlink", w.number, r.CIDR, d.eni(host).Addresses[0], deviceOf(host))
		return ""
	}
	return fmt.Sprintf("no host has the network interface of %s", r.Target)
}

// intoTransit adds a route to the transit gateway. Nothing goes there from an Availability Zone in which the attachment has no subnet, nor IPv6 where it does not pass that.
//
// Source: VPC Transit Gateways guide, "How Amazon VPC Transit Gateways works".
func (p *plan) intoTransit(d *Definition, w way, r *netmodel.Route) (why string) {
	a := d.attachment(w.vpc)
	if a == nil || a.TransitGateway != r.Target.ID {
		return w.vpc + " has no attachment to " + r.Target.ID
	}
	zone := func(subnet string) bool { return d.Network.Subnets[subnet].AZ == w.zone }
	if w.zone != "" && !slices.ContainsFunc(a.Subnets, zone) || r.CIDR.Addr().Is6() && a.IPv6 != "enable" {
		p.addFor(d.Routers[w.vpc], r.CIDR, "route add table %d blackhole %s", w.number, r.CIDR)
		return ""
	}
	_, gateway := transitLink(slices.Index(d.attached(), w.vpc))
	p.addFor(d.Routers[w.vpc], r.CIDR, "route add table %d %s via %s dev %s", w.number, r.CIDR, hop(r.CIDR, gateway, gateway6), transit)
	return ""
}

// hop returns the next hop of a route, by its family.
func hop(network netip.Prefix, four netip.Addr, six string) string {
	if network.Addr().Is4() {
		return four.String()
	}
	return six
}

// tableOf returns the route table of a subnet; nil: there is none.
func (d *Definition) tableOf(s *netmodel.Subnet) *netmodel.RouteTable {
	var main *netmodel.RouteTable
	for _, id := range slices.Sorted(maps.Keys(d.Network.RouteTables)) {
		t := d.Network.RouteTables[id]
		if slices.Contains(t.Subnets, s.ID) {
			return t
		}
		if t.Main && t.VPC == s.VPC {
			main = t
		}
	}
	return main
}
