package value

import (
	"encoding/binary"
	"net/netip"
	"slices"
)

var ipFuncs = []*Func{
	{
		Name: "isValidIp", Signature: "isValidIp(text)", Min: 1, Max: 1, Result: BoolKind, Source: sourceIP,
		Doc:  "Whether the text is an IPv4 or IPv6 address.",
		Call: ofText(func(s string) Value { _, ok := ParseAddr(s); return Bool(ok) }),
	},
	{
		Name: "isValidIpV4", Signature: "isValidIpV4(text)", Min: 1, Max: 1, Result: BoolKind, Source: sourceIP,
		Doc:  "Whether the text is an IPv4 address.",
		Call: ofText(func(s string) Value { a, ok := ParseAddr(s); return Bool(ok && a.Is4()) }),
	},
	{
		Name: "isValidIpV6", Signature: "isValidIpV6(text)", Min: 1, Max: 1, Result: BoolKind, Source: sourceIP,
		Doc:  "Whether the text is an IPv6 address.",
		Call: ofText(func(s string) Value { a, ok := ParseAddr(s); return Bool(ok && a.Is6()) }),
	},
	{
		Name: "isIpInSubnet", Signature: "isIpInSubnet(text, cidr)", Min: 2, Max: 2, Result: BoolKind, Source: sourceIP,
		Doc:   "Whether the text is an address in a network; false where it is none, or of the other family.",
		Check: checkCIDR,
		Call:  ofTexts(func(s []string) Value { return Bool(inSubnet(s[0], s[1])) }),
	},
	{
		Name: "isIpv4InSubnet", Signature: "isIpv4InSubnet(text, cidr)", Min: 2, Max: 2, Result: BoolKind, Source: sourceIP,
		Doc:   "Whether the text is an IPv4 address in a network.",
		Check: checkCIDR,
		Call: ofTexts(func(s []string) Value {
			a, ok := ParseAddr(s[0])
			return Bool(ok && a.Is4() && inSubnet(s[0], s[1]))
		}),
	},
	{
		Name: "isIpv6InSubnet", Signature: "isIpv6InSubnet(text, cidr)", Min: 2, Max: 2, Result: BoolKind, Source: sourceIP,
		Doc:   "Whether the text is an IPv6 address in a network.",
		Check: checkCIDR,
		Call: ofTexts(func(s []string) Value {
			a, ok := ParseAddr(s[0])
			return Bool(ok && a.Is6() && inSubnet(s[0], s[1]))
		}),
	},
	{
		Name: "ipv4ToNumber", Signature: "ipv4ToNumber(text)", Min: 1, Max: 1, Result: NumberKind, Source: sourceIP,
		Doc: "An IPv4 address as a number.",
		Call: ofText(func(s string) Value {
			a, ok := ParseAddr(s)
			if !ok || !a.Is4() {
				return Absent
			}
			b := a.As4()
			return Number(float64(binary.BigEndian.Uint32(b[:])))
		}),
	},
	{
		Name: "isPrivateIP", Signature: "isPrivateIP(text)", Min: 1, Max: 1, Result: BoolKind, Source: sourceIP + "; RFC 1918",
		Doc:  "Whether the text is an IPv4 address in 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16.",
		Call: ofText(func(s string) Value { a, ok := ParseAddr(s); return Bool(ok && within(privateNetworks, a)) }),
	},
	{
		Name: "isPublicIP", Signature: "isPublicIP(text)", Min: 1, Max: 1, Result: BoolKind, Source: sourceIP,
		Doc: "Whether the text is an address that is neither private nor reserved.",
		Call: ofText(func(s string) Value {
			a, ok := ParseAddr(s)
			return Bool(ok && !within(privateNetworks, a) && !isReserved(a))
		}),
	},
	{
		Name: "isReservedIP", Signature: "isReservedIP(text)", Min: 1, Max: 1, Result: BoolKind,
		Source: sourceIP + "; IANA's special-purpose address registries",
		Doc:    "Whether the text is an address of a network that is set aside: loopback, link-local, multicast, documentation and the like, but not the private ones.",
		Call:   ofText(func(s string) Value { a, ok := ParseAddr(s); return Bool(ok && isReserved(a)) }),
	},
}

// ParseAddr reads an IPv4 or IPv6 address without a zone. An IPv4-mapped IPv6 address is an IPv6 address.
func ParseAddr(s string) (netip.Addr, bool) {
	a, err := netip.ParseAddr(s)
	return a, err == nil && a.Zone() == ""
}

// ParseCIDR reads a network. Bits behind its length are masked: AWS asks that they are 0, and does not say what it
// does otherwise.
func ParseCIDR(s string) (netip.Prefix, bool) {
	p, err := netip.ParsePrefix(s)
	return p.Masked(), err == nil
}

func checkCIDR(args []*Value) error {
	s, ok := constant(args, 1)
	if !ok {
		return nil
	}
	if _, is := ParseCIDR(s); is {
		return nil
	}
	hint := "such as 10.0.0.0/8 or 2001:db8::/32"
	if a, is := ParseAddr(s); is {
		hint = netip.PrefixFrom(a, a.BitLen()).String() + " is the network of that address alone"
	}
	return argError(1, hint, "%q is no network in CIDR form", s)
}

func inSubnet(addr, cidr string) bool {
	a, ok := ParseAddr(addr)
	p, is := ParseCIDR(cidr)
	return ok && is && p.Contains(a)
}

func networks(cidrs ...string) []netip.Prefix {
	out := make([]netip.Prefix, len(cidrs))
	for i, c := range cidrs {
		out[i] = netip.MustParsePrefix(c)
	}
	return out
}

var (
	privateNetworks  = networks("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
	reservedNetworks = networks("0.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "192.0.0.0/24", "192.0.2.0/24",
		"192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
		"2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")
	// Global unicast addresses are in these; the rest of IPv6 is reserved, local or multicast.
	globalNetworks = networks("2000::/3", "64:ff9b::/96")
)

func within(networks []netip.Prefix, a netip.Addr) bool {
	return slices.ContainsFunc(networks, func(p netip.Prefix) bool { return p.Contains(a) })
}

func isReserved(a netip.Addr) bool {
	return within(reservedNetworks, a) || a.Is6() && !within(globalNetworks, a)
}
