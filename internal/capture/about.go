package capture

import (
	"net/netip"
	"slices"

	"weir/internal/aggregate"
	"weir/internal/netmodel"
	"weir/internal/policy"
)

// interfaceTypes are the types of network interfaces that records name. Source: VPC user guide, "interface-type"; spec a.2.
var interfaceTypes = []string{"nat_gateway", "network_load_balancer", "regional_nat_gateway", "transit_gateway", "vpc_endpoint"}

// typeOf returns the interface-type of records; "" of others, such as an instance's.
func typeOf(eni *netmodel.Interface) string {
	if slices.Contains(interfaceTypes, eni.Type) {
		return eni.Type
	}
	return ""
}

// About returns what records tell of a network interface of a definition; nil: it has none of that id. service tells the service of AWS that has an address; nil: nobody knows.
func About(d *policy.Definition, n *netmodel.Network, id string, service func(netip.Addr) string) *aggregate.Interface {
	eni := n.Interfaces[id]
	if eni == nil {
		return nil
	}
	out := &aggregate.Interface{Account: eni.Account, Region: eni.Region, VPC: eni.VPC, Subnet: eni.Subnet, AZID: zoneOf(n, eni), Type: typeOf(eni), Service: service}
	if !eni.Managed {
		out.Instance = eni.Instance
	}
	for _, a := range eni.Addresses {
		if a.Is4() {
			out.Address = a
			break
		}
	}
	out.Next = func(egress bool, src, dst netip.Addr) aggregate.Next { return next(d, n, eni, egress, src, dst) }
	return out
}

// zoneOf returns the id of an interface's Availability Zone.
func zoneOf(n *netmodel.Network, eni *netmodel.Interface) string {
	if subnet := n.Subnets[eni.Subnet]; subnet != nil {
		return subnet.AZID
	}
	return ""
}

// next returns what records tell of the interface to which packets go next, or from which they came: of one of another owner its Availability Zone alone, and of packets from
// a transit gateway or a Network Load Balancer nothing.
//
// Source: VPC user guide, "Flow log records", next hop fields; spec a.4. That those of transit gateways and Network Load Balancers are all that the guide means by "some services" is not sure; of NAT
// gateways and endpoints they are told.
func next(d *policy.Definition, n *netmodel.Network, eni *netmodel.Interface, egress bool, src, dst netip.Addr) (out aggregate.Next) {
	var to *netmodel.Interface
	if egress {
		way := d.Next(eni, dst)
		out.Path, to = way.Path, way.Interface
	} else if to = d.From(eni, src, dst); to != nil && (to.Type == "transit_gateway" || to.Type == "network_load_balancer") {
		to = nil
	}
	if to == nil {
		return out
	}
	out.AZID = zoneOf(n, to)
	if to.Account != "" && to.Account == eni.Account {
		out.Interface, out.Subnet, out.VPC, out.Type = to.ID, to.Subnet, to.VPC, typeOf(to)
	}
	return out
}
