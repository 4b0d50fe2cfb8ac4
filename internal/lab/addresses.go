package lab

import (
	"maps"
	"net/netip"
	"slices"

	"weir/internal/netmodel"
)

// unrouted are networks that the kernel of a lab's routers does not pass on, whatever the routes: "this" network, loopback, and multicast with what is reserved behind it. Source: RFC 6890.
var unrouted = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("224.0.0.0/3"),
	netip.MustParsePrefix("::/96"), netip.MustParsePrefix("fe80::/10"), netip.MustParsePrefix("ff00::/8"),
}

// unshared are networks that are not of the internet. Source: RFC 1918, RFC 6598, RFC 4193.
var unshared = []netip.Prefix{
	netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("172.16.0.0/12"), netip.MustParsePrefix("192.168.0.0/16"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("fc00::/7"), linkAddresses,
}

// public reports whether an address may be one of the internet. Addresses of documentation are: labs are of them.
func public(a netip.Addr) bool {
	contains := func(c netip.Prefix) bool { return c.Contains(a) }
	return !slices.ContainsFunc(unrouted, contains) && !slices.ContainsFunc(unshared, contains)
}

// checkAddresses refuses addresses that clash: with each other, with what AWS keeps of a subnet, which its router is of, or with the lab's links.
func (d *Definition) checkAddresses() error {
	for _, id := range slices.Sorted(maps.Keys(d.Network.VPCs)) {
		for _, c := range d.Network.VPCs[id].CIDRs {
			at := inNetwork("vpcs", id, "cidrs")
			if c.Overlaps(linkAddresses) {
				return d.refuse(at, "%s: %s overlaps %s, which is of links between routers", id, c, linkAddresses)
			}
			if i := slices.IndexFunc(unrouted, c.Overlaps); i >= 0 {
				return d.refuse(at, "%s: %s overlaps %s, which the kernel does not route", id, c, unrouted[i])
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
				return d.refuse(inNetwork("network-interfaces", id, "addresses", item{"", own.String()}), "%s is that of %s and of %s", own, held[at], id)
			}
			held[at] = id
			if err := d.checkInSubnet(eni, own); err != nil {
				return err
			}
		}
		for _, own := range slices.SortedFunc(maps.Keys(eni.Public), netip.Addr.Compare) {
			shown := eni.Public[own]
			at := place{"", shown}
			switch {
			case held[at] != "":
				return d.refuse(inNetwork("network-interfaces", id, "public"), "%s is that of %s and of %s", shown, held[at], id)
			case d.within(shown) || !public(shown):
				return d.refuse(inNetwork("network-interfaces", id, "public"), "%s: %s is no public address", id, shown)
			}
			held[at] = id
		}
	}
	return nil
}

// checkInSubnet refuses an address that no network interface of a subnet may have. Source: VPC user guide, "Subnet CIDR blocks": the first four addresses and the last one of each are AWS's.
func (d *Definition) checkInSubnet(eni *netmodel.Interface, a netip.Addr) error {
	s := d.Network.Subnets[eni.Subnet]
	if s == nil {
		return d.refuse(inNetwork("network-interfaces", eni.ID), "%s is in no subnet of its network", eni.ID)
	}
	where := inNetwork("network-interfaces", eni.ID, "addresses", item{"", a.String()})
	at := slices.IndexFunc(s.CIDRs, func(c netip.Prefix) bool { return c.Contains(a) })
	if at < 0 {
		return d.refuse(where, "%s: %s lies outside of %s", eni.ID, a, s.ID)
	}
	c := s.CIDRs[at].Masked()
	if fifth := c.Addr().Next().Next().Next().Next(); a.Less(fifth) || !c.Contains(a.Next()) {
		return d.refuse(where, "%s: %s is not for network interfaces: AWS keeps the first four addresses and the last one of %s", eni.ID, a, c)
	}
	return nil
}
