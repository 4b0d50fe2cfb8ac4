package capture

import (
	"cmp"
	"net/netip"

	"weir/internal/aggregate"
	"weir/internal/netmodel"
)

// AboutAttachment returns what records tell of a transit gateway attachment of a definition; nil: it has none of that id. service tells the service of AWS that has an address; nil: nobody knows.
//
// An attachment has a network interface in each Availability Zone that it is enabled in. Which of them packets passed is known where there is one.
func AboutAttachment(n *netmodel.Network, id string, service func(netip.Addr) string) *aggregate.Attachment {
	a := n.TransitGatewayAttachments[id]
	if a == nil {
		return nil
	}
	out := &aggregate.Attachment{TransitGateway: a.TransitGateway, Service: service}
	if g := n.TransitGateways[a.TransitGateway]; g != nil {
		out.Account, out.Region = g.Account, g.Region
	}
	if a.Kind != "vpc" {
		return out
	}
	out.VPC, out.VPCAccount = a.Resource, a.Account
	if v := n.VPCs[a.Resource]; v != nil {
		out.VPCAccount = cmp.Or(v.Account, a.Account)
	}
	if len(a.Subnets) != 1 {
		return out
	}
	out.Subnet = a.Subnets[0]
	if s := n.Subnets[out.Subnet]; s != nil {
		out.AZID = s.AZID
	}
	out.ENI = interfaceOf(n, id, out.Subnet)
	return out
}

// interfaceOf returns the id of the one network interface that an attachment has in a subnet, "" where the definition has none or several.
func interfaceOf(n *netmodel.Network, attachment, subnet string) string {
	found := ""
	for id, eni := range n.Interfaces {
		if eni.Role != netmodel.RoleTransitGateway || eni.Resource != attachment || eni.Subnet != subnet {
			continue
		}
		if found != "" {
			return ""
		}
		found = id
	}
	return found
}
