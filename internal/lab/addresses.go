package lab

import (
	"maps"
	"net/netip"
	"slices"
)

// checkAddresses refuses addresses of network interfaces that clash: one that two have, one that is not of the subnet, and one that AWS keeps for itself, which the lab's router has.
func (d *Definition) checkAddresses(bad func(string, ...any) error) error {
	type place struct {
		vpc string // "": everywhere
		at  netip.Addr
	}
	held := map[place]string{}
	for _, id := range slices.Sorted(maps.Keys(d.Network.Interfaces)) {
		eni := d.Network.Interfaces[id]
		var all []place
		for _, a := range eni.Addresses {
			at := place{eni.VPC, a}
			if a.Is6() {
				at.vpc = ""
			}
			all = append(all, at)
			subnet := d.Network.Subnets[eni.Subnet]
			if subnet == nil {
				return bad("%s: there is no subnet %q", id, eni.Subnet)
			}
			i := slices.IndexFunc(subnet.CIDRs, func(c netip.Prefix) bool { return c.Contains(a) })
			if i < 0 {
				return bad("%s: %s is not of its subnet %s, which has %s", id, a, subnet.ID, subnet.CIDRs)
			}
			if reserved(subnet.CIDRs[i], a) {
				return bad("%s: %s is one of the addresses of %s that AWS keeps for itself, the first four and the last", id, a, subnet.CIDRs[i])
			}
		}
		for _, own := range slices.SortedFunc(maps.Keys(eni.Public), netip.Addr.Compare) {
			all = append(all, place{"", eni.Public[own]})
		}
		for _, at := range all {
			if held[at] != "" {
				return bad("%s and %s have both %s", held[at], id, at.at)
			}
			held[at] = id
		}
	}
	return nil
}

// reserved reports whether an address is one of the first four of a subnet's CIDR, or its last one. Source: VPC user guide, "Subnet CIDR blocks".
func reserved(c netip.Prefix, a netip.Addr) bool {
	first := c.Masked().Addr()
	for range 4 {
		if a == first {
			return true
		}
		first = first.Next()
	}
	return !c.Contains(a.Next())
}
