package policy

import (
	"net/netip"

	"weir/internal/netmodel"
)

// The values of traffic-path. 2 is of hosts where AWS does not tell an internet gateway from a gateway endpoint, and 6 of Local Zones and Wavelength Zones, which definitions
// do not know.
//
// Source: VPC user guide, "Flow log records", traffic-path; spec b.5.
const (
	pathSameVPC         = 1
	pathVPNGateway      = 3
	pathPeering         = 4 // in a region
	pathInterRegion     = 5 // peering between regions
	pathGatewayEndpoint = 7
	pathInternetGateway = 8
)

// A Next says where packets go that leave a network interface.
type Next struct {
	// Path is the traffic-path of records; 0: none of AWS's, or the definition does not tell.
	Path int
	// Interface is the one that gets them next; nil: there is none, such as behind an internet gateway, or the definition does not tell.
	Interface *netmodel.Interface
}

// Next returns where packets to an address go that leave a network interface, by the route table of its subnet. It is exact: what the definition leaves open is left
// out. It is not for concurrent use with itself.
func (d *Definition) Next(eni *netmodel.Interface, dst netip.Addr) Next {
	subnet := d.network.Subnets[eni.Subnet]
	if subnet == nil || !dst.IsValid() {
		return Next{}
	}
	if contains(subnet.CIDRs, dst) {
		return Next{pathSameVPC, d.holder(eni.VPC, dst)} // no router is asked
	}
	table := d.network.RouteTables[subnet.RouteTable]
	if table == nil {
		return Next{}
	}
	r, err := d.lookup(table, dst)
	if err != nil || r == nil || r.State == "blackhole" {
		return Next{}
	}
	return d.through(eni, r, dst)
}

// through returns where a route leads to. Transit gateways, egress-only internet gateways, carrier gateways and core networks are in none of AWS's values (spec b.5).
func (d *Definition) through(eni *netmodel.Interface, r *netmodel.Route, dst netip.Addr) Next {
	n, id := d.network, r.Target.ID
	switch r.Target.Kind {
	case netmodel.TargetLocal:
		return Next{pathSameVPC, d.holder(eni.VPC, dst)}
	case netmodel.TargetInterface:
		return Next{pathSameVPC, n.Interfaces[id]}
	case netmodel.TargetInstance, netmodel.TargetLocalGateway:
		return Next{Path: pathSameVPC}
	case netmodel.TargetNATGateway:
		// Of a regional one AWS does not say: it has no network interface in the VPC.
		if g := n.NATGateways[id]; g != nil && g.Availability == "zonal" {
			return Next{pathSameVPC, d.gatewayInterface(g)}
		}
	case netmodel.TargetInternetGateway:
		if public(dst) {
			return Next{Path: pathInternetGateway}
		}
	case netmodel.TargetVPNGateway:
		return Next{Path: pathVPNGateway}
	case netmodel.TargetPeeringConnection:
		return Next{Path: d.peeringPath(id)}
	case netmodel.TargetVPCEndpoint:
		e := n.VPCEndpoints[id]
		switch {
		case e == nil:
		case e.Kind == "Gateway":
			return Next{Path: pathGatewayEndpoint}
		case len(e.Interfaces) == 1:
			return Next{pathSameVPC, n.Interfaces[e.Interfaces[0]]}
		default:
			return Next{Path: pathSameVPC}
		}
	}
	return Next{}
}

// gatewayInterface returns the network interface of a zonal NAT gateway; nil: the definition does not say.
func (d *Definition) gatewayInterface(g *netmodel.NATGateway) *netmodel.Interface {
	if len(g.Addresses) == 0 {
		return nil
	}
	return d.network.Interfaces[g.Addresses[0].Interface] // its addresses are all of one
}

// peeringPath returns the path over a VPC peering connection.
func (d *Definition) peeringPath(id string) int {
	c := d.network.PeeringConnections[id]
	switch {
	case c == nil || c.Status != "active" || c.Requester.Region == "" || c.Accepter.Region == "":
		return 0
	case c.Requester.Region == c.Accepter.Region:
		return pathPeering
	}
	return pathInterRegion
}

// From returns the interface that sent packets to an address of a network interface, as it says itself; nil: none of the VPC's, or the packets may have come through another, or the definition does
// not tell.
func (d *Definition) From(eni *netmodel.Interface, src, dst netip.Addr) *netmodel.Interface {
	sender := d.holder(eni.VPC, src)
	if sender == nil || sender == eni || d.Next(sender, dst).Interface != eni {
		return nil
	}
	return sender
}

// holder returns the one interface of a VPC that has a private or IPv6 address as its own; nil: there is none, or several.
func (d *Definition) holder(vpc string, a netip.Addr) *netmodel.Interface {
	var one *netmodel.Interface
	for _, i := range d.holding(a) {
		if i.VPC != vpc {
			continue
		}
		if one != nil {
			return nil
		}
		one = i
	}
	return one
}
