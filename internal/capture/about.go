package capture

import (
	"slices"

	"weir/internal/aggregate"
	"weir/internal/netmodel"
)

// interfaceTypes are the types of network interfaces that records name. Source: VPC user guide, "interface-type"; spec a.2.
var interfaceTypes = []string{"nat_gateway", "network_load_balancer", "regional_nat_gateway", "transit_gateway", "vpc_endpoint"}

// About returns what records tell of a network interface of a definition; nil: it has none of that id.
func About(n *netmodel.Network, id string) *aggregate.Interface {
	eni := n.Interfaces[id]
	if eni == nil {
		return nil
	}
	out := &aggregate.Interface{Account: eni.Account, Region: eni.Region, VPC: eni.VPC, Subnet: eni.Subnet}
	if subnet := n.Subnets[eni.Subnet]; subnet != nil {
		out.AZID = subnet.AZID
	}
	if !eni.Managed {
		out.Instance = eni.Instance
	}
	if slices.Contains(interfaceTypes, eni.Type) {
		out.Type = eni.Type
	}
	for _, a := range eni.Addresses {
		if a.Is4() {
			out.Address = a
			break
		}
	}
	return out
}
