package lab

import (
	"maps"
	"net/netip"
	"slices"

	"weir/internal/netmodel"
)

// checkAddresses refuses addresses that clash: with each other, with what AWS keeps of a subnet, which its router is of, or with the lab's links.
func (d *Definition) checkAddresses(bad func(string, ...any) error) error {
	for _, id := range slices.Sorted(maps.Keys(d.Network.VPCs)) {
		for _, c := range d.Network.VPCs[id].CIDRs {
			if c.Overlaps(linkAddresses) {
				return bad("%s: %s overlaps %s, which is of links between routers", id, c, linkAddresses)
			}
		}
	}
	type place struct {
		vpc string // "": it is known everywhere
		at  netip.Addr
	}
	held := map[place]string{}
	for _, id := range slices.Sorted(maps.Keys(d.Network.Interfaces)) {
		eni := d.Network.Interfaces[id]
		for _, own := range eni.Addresses {
			at := place{"", own}
			if own.Is4() {
				at.vpc = eni.VPC
			}
			if held[at] != "" {
				return bad("%s is that of %s and of %s", own, held[at], id)
			}
			held[at] = id
			if err := checkInSubnet(d.Network.Subnets[eni.Subnet], id, own, bad); err != nil {
				return err
			}
		}
		for _, own := range slices.SortedFunc(maps.Keys(eni.Public), netip.Addr.Compare) {
			public := eni.Public[own]
			at := place{"", public}
			switch {
			case held[at] != "":
				return bad("%s is that of %s and of %s", public, held[at], id)
			case d.within(public), linkAddresses.Contains(public):
				return bad("%s: %s is no public address: it is of a VPC, or of links between routers", id, public)
			}
			held[at] = id
		}
	}
	return nil
}

// checkInSubnet refuses an address that no network interface of a subnet may have. Source: VPC user guide, "Subnet CIDR blocks": the first four addresses and the last one of each are AWS's.
func checkInSubnet(s *netmodel.Subnet, eni string, a netip.Addr, bad func(string, ...any) error) error {
	if s == nil {
		return bad("%s is in no subnet of its network", eni)
	}
	at := slices.IndexFunc(s.CIDRs, func(c netip.Prefix) bool { return c.Contains(a) })
	if at < 0 {
		return bad("%s: %s lies outside of %s", eni, a, s.ID)
	}
	c := s.CIDRs[at].Masked()
	if fifth := c.Addr().Next().Next().Next().Next(); a.Less(fifth) || !c.Contains(a.Next()) {
		return bad("%s: %s is not for network interfaces: AWS keeps the first four addresses and the last one of %s", eni, a, c)
	}
	return nil
}
