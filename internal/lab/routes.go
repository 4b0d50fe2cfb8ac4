package lab

import (
	"fmt"
	"maps"
	"slices"

	"weir/internal/netmodel"
)

// firstTable is the number of the first host's table of routes, and firstRule the priority of its rule, before that of the main table.
const firstTable, firstRule = 1000, 1000

// routes have what a host sends go by the route table of its subnet. The kernel takes the longest prefix, as AWS does; what no route is of is dropped, and nobody is told.
func (p *plan) routes(d *Definition, host string) error {
	eni := d.eni(host)
	table := d.tableOf(d.Network.Subnets[eni.Subnet])
	if table == nil {
		return fmt.Errorf("%w: no route table is of %s, and the VPC has no main one", ErrDefinition, eni.Subnet)
	}
	hosts := slices.Sorted(maps.Keys(d.Hosts))
	number := firstTable + slices.Index(hosts, host)
	p.add(router, "rule add priority %d iif %s lookup %d", firstRule+number-firstTable, deviceOf(host), number)
	p.add(router, "route add table %d blackhole default metric 4000", number)
	for _, r := range table.Routes {
		if err := p.route(d, number, table, &r); err != nil {
			return err
		}
	}
	return nil
}

// route adds a route of a route table.
func (p *plan) route(d *Definition, number int, table *netmodel.RouteTable, r *netmodel.Route) error {
	refuse := func(why string) error {
		return fmt.Errorf("%w: %s: the route to %s: %s", ErrDefinition, table.ID, r.CIDR, why)
	}
	if !r.CIDR.IsValid() {
		return fmt.Errorf("%w: %s: routes to prefix lists are not built", ErrDefinition, table.ID)
	}
	if !r.CIDR.Addr().Is4() {
		return refuse("IPv6 is not built")
	}
	if r.State == "blackhole" {
		p.add(router, "route add table %d blackhole %s", number, r.CIDR)
		return nil
	}
	switch r.Target.Kind {
	case netmodel.TargetLocal:
		p.add(router, "route add table %d blackhole %s", number, r.CIDR)
		for _, host := range slices.Sorted(maps.Keys(d.Hosts)) {
			if own := d.eni(host).Addresses[0]; r.CIDR.Contains(own) {
				p.add(router, "route add table %d %s/32 dev %s", number, own, deviceOf(host))
			}
		}
	case netmodel.TargetInternetGateway:
		p.add(router, "route add table %d %s via %s dev internet", number, r.CIDR, internetLink)
	case netmodel.TargetNATGateway, netmodel.TargetInterface:
		eni := r.Target.ID
		if g := d.Network.NATGateways[eni]; g != nil && len(g.Addresses) == 1 {
			eni = g.Addresses[0].Interface
		}
		for host, h := range d.Hosts {
			if h.ENI == eni {
				p.add(router, "route add table %d %s via %s dev %s onlink", number, r.CIDR, d.eni(host).Addresses[0], deviceOf(host))
				return nil
			}
		}
		return refuse(fmt.Sprintf("no host has the network interface of %s", r.Target))
	default:
		return refuse(fmt.Sprintf("a route to a %s is not built", r.Target.Kind))
	}
	return nil
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
