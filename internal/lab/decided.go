package lab

import (
	"maps"
	"net/netip"
	"slices"

	"weir/internal/netmodel"
	"weir/internal/policy"
)

// checkDecided refuses a network in which the agent could not decide at a host's network interface, such as one with a security group that is not there.
func (d *Definition) checkDecided() error {
	decides := policy.New(d.Network)
	for _, host := range slices.Sorted(maps.Keys(d.Hosts)) {
		eni := d.eni(host)
		if _, err := decides.At(eni.ID); err != nil {
			return d.refuse(inNetwork("network-interfaces", eni.ID), "%v", err)
		}
	}
	return nil
}

// checkGateways refuses what the lab's gateways would pass over: VPC Block Public Access, route tables for what comes in by a gateway, and NAT gateways that are not as their network interfaces are.
func (d *Definition) checkGateways() error {
	n := d.Network
	const blocked = "%s: VPC Block Public Access is not built"
	for _, of := range slices.Sorted(maps.Keys(n.BlockPublicAccess)) {
		if n.BlockPublicAccess[of].Mode != "off" {
			return d.refuse(inNetwork("block-public-access", of), blocked, of)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(n.VPCs)) {
		if mode := n.VPCs[id].BlockPublicAccess; mode != "" && mode != "off" {
			return d.refuse(inNetwork("vpcs", id, "block-public-access"), blocked, id)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(n.Subnets)) {
		if mode := n.Subnets[id].BlockPublicAccess; mode != "" && mode != "off" {
			return d.refuse(inNetwork("subnets", id, "block-public-access"), blocked, id)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(n.Interfaces)) {
		if n.Interfaces[id].DenyInternetGateways {
			return d.refuse(inNetwork("network-interfaces", id, "deny-internet-gateways"), blocked, id)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(n.RouteTables)) {
		if len(n.RouteTables[id].Gateways) > 0 {
			return d.refuse(inNetwork("route-tables", id, "gateways"), "%s: a route table of a gateway is not built", id)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(n.NATGateways)) {
		if err := d.checkNAT(n.NATGateways[id]); err != nil {
			return err
		}
	}
	return nil
}

// checkNAT refuses a NAT gateway of which its network interface says another thing: traffic goes by what that has.
func (d *Definition) checkNAT(g *netmodel.NATGateway) error {
	at := inNetwork("nat-gateways", g.ID)
	if g.State != "available" {
		return d.refuse(at, "%s: a NAT gateway that is %s is not built", g.ID, g.State)
	}
	for _, a := range g.Addresses {
		eni := d.Network.Interfaces[a.Interface]
		switch {
		case eni == nil:
			return d.refuse(at, "%s: its network has no network interface %q", g.ID, a.Interface)
		case a.Private.IsValid() && !slices.Contains(eni.Addresses, a.Private):
			return d.refuse(at, "%s: %s has no address %s", g.ID, eni.ID, a.Private)
		case g.Connectivity == "private" && len(eni.Public) > 0:
			return d.refuse(at, "%s: it is private, and %s has a public address", g.ID, eni.ID)
		case a.Public != eni.Public[a.Private] && a.Private.IsValid():
			return d.refuse(at, "%s: its public address is %s, and %s has %s", g.ID, orNone(a.Public), eni.ID, orNone(eni.Public[a.Private]))
		}
	}
	return nil
}

// orNone writes an address that may not be there.
func orNone(a netip.Addr) string {
	if !a.IsValid() {
		return "none"
	}
	return a.String()
}
