package policy

import (
	"errors"
	"net/netip"
	"slices"

	"weir/internal/netmodel"
)

// Public reports whether the internet may route an address: it is in no special network.
func Public(a netip.Addr) bool { return public(a) }

// examples are tried first as addresses of the internet, since nobody has them.
//
// Source: RFC 5737, RFC 3849.
var examples = []netip.Addr{
	netip.MustParseAddr("198.51.100.1"), netip.MustParseAddr("203.0.113.1"), netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1"),
}

// Anywhere returns a public address that nothing in the definition names: no rule, entry,
// prefix list, route, network or ENI, but those of all addresses. It fails where there is
// none, so that the definition tells all of the internet apart.
func (d *Definition) Anywhere(v6 bool) (netip.Addr, error) {
	of := ipv4
	if v6 {
		of = ipv6
	}
	var named []span
	for _, p := range slices.Concat(special, d.named()) {
		if s := spanOf(p); p.Bits() > 0 && s.family == of {
			named = append(named, s)
		}
	}
	named = union(named)
	free := func(a address) bool {
		return !slices.ContainsFunc(named, func(s span) bool { return s.has(a) })
	}
	for _, a := range examples {
		if familyOf(a) == of && free(addressOf(a)) {
			return a, nil
		}
	}
	// Behind each stretch that is named, another begins; IPv6's public ones are in 2000::/3.
	whole := spanOf(netip.MustParsePrefix("0.0.0.0/0"))
	if v6 {
		whole = spanOf(netip.MustParsePrefix("2000::/3"))
	}
	for _, s := range append([]span{{last: before(whole.first)}}, named...) {
		if a := s.last.next(); whole.has(a) && free(a) {
			return a.netip(of), nil
		}
	}
	return netip.Addr{}, errors.New("the definition names all addresses of the internet by parts: name the one that is meant")
}

// before returns the address before one.
func before(a address) address {
	if a.lo == 0 {
		a.hi--
	}
	a.lo--
	return a
}

// netip returns an address as the library has it.
func (a address) netip(of family) netip.Addr {
	var b [16]byte
	for i := range 8 {
		b[i], b[8+i] = byte(a.hi>>(56-8*i)), byte(a.lo>>(56-8*i))
	}
	out := netip.AddrFrom16(b)
	if of == ipv4 {
		out = out.Unmap()
	}
	return out
}

// named returns the networks that a definition names.
func (d *Definition) named() []netip.Prefix {
	n := d.network
	var out []netip.Prefix
	host := func(a netip.Addr) {
		if a.IsValid() {
			out = append(out, netip.PrefixFrom(a, a.BitLen()))
		}
	}
	add := func(all ...netip.Prefix) {
		for _, p := range all {
			if p.IsValid() {
				out = append(out, p)
			}
		}
	}
	for _, g := range n.SecurityGroups {
		for _, r := range slices.Concat(g.Ingress, g.Egress) {
			add(r.Peer.CIDR)
		}
	}
	for _, a := range n.NetworkACLs {
		for _, e := range slices.Concat(a.Ingress, a.Egress) {
			add(e.CIDR)
		}
	}
	for _, l := range n.PrefixLists {
		add(l.CIDRs...)
	}
	for _, v := range n.VPCs {
		add(v.CIDRs...)
	}
	for _, t := range n.RouteTables {
		for _, r := range t.Routes {
			add(r.CIDR)
		}
	}
	for _, t := range n.TransitGatewayRouteTables {
		for _, r := range t.Routes {
			add(r.CIDR)
		}
	}
	for _, i := range n.Interfaces {
		for _, a := range i.Addresses {
			host(a)
		}
		for _, a := range i.Public {
			host(a)
		}
		add(i.Prefixes...)
	}
	for _, g := range n.NATGateways {
		for _, a := range g.Addresses {
			host(a.Public)
		}
	}
	for _, a := range n.ElasticIPs {
		host(a.Address)
	}
	return out
}

// PublicOf returns the public address by which the internet reaches an ENI's address: itself
// where it is a public IPv6 one, else the one that stands for it. There is none if it is not
// valid.
func (d *Definition) PublicOf(eni *netmodel.Interface, a netip.Addr) netip.Addr {
	if a.Is6() {
		if public(a) {
			return a
		}
		return netip.Addr{}
	}
	w := walk{d: d}
	return w.publicOf(eni, a)
}

// Doors returns the ids of the gateways by which a VPC is connected to networks that are
// not in the definition: virtual private gateways, and attachments to its transit gateways
// that are no VPC's. In order.
func (d *Definition) Doors(vpc string) []string {
	var out []string
	for _, g := range d.network.VPNGateways {
		if g.VPC == vpc {
			out = append(out, g.ID)
		}
	}
	for _, a := range d.network.TransitGatewayAttachments {
		if a.Kind != "vpc" || a.Resource != vpc || !passes(a) {
			continue
		}
		for _, b := range d.network.TransitGatewayAttachments {
			if b.TransitGateway == a.TransitGateway && passes(b) && leavesBy(b.Kind) && !slices.Contains(out, b.ID) {
				out = append(out, b.ID)
			}
		}
	}
	slices.Sort(out)
	return out
}

// leavesBy reports whether attachments of a kind lead out of AWS.
func leavesBy(kind string) bool {
	return slices.Contains([]string{"vpn", "vpn-concentrator", "direct-connect-gateway", "connect", "client-vpn"}, kind)
}
