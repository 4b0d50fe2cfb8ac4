package query

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"weir/flowlog"
)

// An IPv4-mapped IPv6 address (::ffff:10.0.0.1, RFC 4291 section 2.5.5.2) is the
// IPv4 address that it holds, for each of the functions here and for the CIDR
// too: ::ffff:10.0.0.0/104 is 10.0.0.0/8, and ::/0 holds no IPv4 address.
// Equality of texts does not know that.

// ParseCIDR returns the network that s names: "10.0.0.0/8", "2001:db8::/32". Bits
// beyond the prefix are cleared, as EC2 does with rules of security groups.
func ParseCIDR(s string) (netip.Prefix, error) {
	p, err := netip.ParsePrefix(s)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("%q is no CIDR, such as 10.0.0.0/8 or 2001:db8::/32", s)
	}
	if a := p.Addr(); a.Is4In6() && p.Bits() >= 96 {
		p = netip.PrefixFrom(a.Unmap(), p.Bits()-96)
	}
	return p.Masked(), nil
}

// parseAddr returns the address that a text is. An address with a zone is none
// here, since flow logs have no zones.
func parseAddr(s string) (netip.Addr, bool) {
	a, ok := flowlog.ParseAddr(s)
	return a.Unmap(), ok
}

// IPInCIDR reports whether an address lies in a network from [ParseCIDR], where ok
// says that addr is an address. An address is in no network of the other family.
func IPInCIDR(addr string, cidr netip.Prefix) (in, ok bool) {
	a, ok := parseAddr(addr)
	return ok && cidr.Contains(a), ok
}

// Networks are several networks, for [Networks.Has].
type Networks struct {
	list []netip.Prefix
	// octets tell of IPv4 addresses by their first octet: 'y' and 'n', 0 where it does not tell. Most addresses need no look through the list.
	octets [256]byte
}

// ParseNetworks reads networks as [ParseCIDR] does, with commas between them.
func ParseNetworks(text string) (*Networks, error) {
	out := &Networks{}
	for part := range strings.SplitSeq(text, ",") {
		n, err := ParseCIDR(part)
		if err != nil {
			return nil, err
		}
		out.list = append(out.list, n)
	}
	for i := range out.octets {
		of := netip.PrefixFrom(netip.AddrFrom4([4]byte{byte(i)}), 8)
		out.octets[i] = 'n'
		for _, n := range out.list {
			switch {
			case !n.Overlaps(of):
			case n.Bits() <= 8:
				out.octets[i] = 'y'
			case out.octets[i] == 'n':
				out.octets[i] = 0
			}
		}
	}
	return out, nil
}

// Has is [IPInCIDR] of any of the networks.
func (n *Networks) Has(addr string) (in, ok bool) {
	a, ok := parseAddr(addr)
	if !ok {
		return false, false
	}
	if a.Is4() {
		if tells := n.octets[a.As4()[0]]; tells != 0 {
			return tells == 'y', true
		}
	}
	return slices.ContainsFunc(n.list, func(p netip.Prefix) bool { return p.Contains(a) }), true
}

// IPPrefixOf returns the network of an address with the given number of leading
// bits, as text: ("10.1.2.3", 16) gives "10.1.0.0/16". It reports false where
// addr is no address, or bits is negative or more than the family has (32 or
// 128).
func IPPrefixOf(addr string, bits int) (string, bool) {
	a, ok := parseAddr(addr)
	if !ok {
		return "", false
	}
	p, err := a.Prefix(bits)
	if err != nil {
		return "", false
	}
	return p.String(), true
}

// IPClassOf returns the class of an address. Each address has exactly one:
//
//   - private: networks of one's own (RFC 1918; unique local, RFC 4193)
//   - shared: carrier-grade NAT (RFC 6598)
//   - loopback (RFC 1122, RFC 4291)
//   - link-local (RFC 3927, RFC 4291), the instance metadata service among them
//   - multicast (RFC 5771, RFC 4291)
//   - broadcast: 255.255.255.255 only (RFC 919)
//   - unspecified: 0.0.0.0 and :: only (RFC 1122, RFC 4291)
//   - documentation (RFC 5737, RFC 3849, RFC 9637)
//   - reserved: what the IANA special-purpose registries (RFC 6890) hold
//     besides and do not call globally reachable, and what is not assigned
//   - public: everything else
//
// It reports false where addr is no address.
func IPClassOf(addr string) (string, bool) {
	a, ok := parseAddr(addr)
	if !ok {
		return "", false
	}
	if a.Is4() {
		if class := classOfOctet[a.As4()[0]]; class != "" {
			return class, true
		}
	}
	for _, n := range classes {
		if n.network.Contains(a) {
			return n.class, true
		}
	}
	panic("query: the classes do not hold " + addr)
}

// classOfOctet holds the classes of IPv4 addresses by their first octet, "" where it
// does not tell: most addresses need no look through all networks.
var classOfOctet = func() (out [256]string) {
	for i := range out {
		of := netip.PrefixFrom(netip.AddrFrom4([4]byte{byte(i)}), 8)
		for _, n := range classes {
			if n.network.Overlaps(of) {
				if n.network.Bits() <= 8 {
					out[i] = n.class
				}
				break
			}
		}
	}
	return out
}()

// classes holds the classes' networks; the first that holds an address decides,
// so that exceptions stand before what they are exceptions from. The last two
// are all there is.
var classes = []struct {
	network netip.Prefix
	class   string
}{
	{netip.MustParsePrefix("10.0.0.0/8"), "private"},         // RFC 1918
	{netip.MustParsePrefix("172.16.0.0/12"), "private"},      // RFC 1918
	{netip.MustParsePrefix("192.168.0.0/16"), "private"},     // RFC 1918
	{netip.MustParsePrefix("100.64.0.0/10"), "shared"},       // RFC 6598
	{netip.MustParsePrefix("127.0.0.0/8"), "loopback"},       // RFC 1122
	{netip.MustParsePrefix("169.254.0.0/16"), "link-local"},  // RFC 3927
	{netip.MustParsePrefix("0.0.0.0/32"), "unspecified"},     // RFC 1122
	{netip.MustParsePrefix("0.0.0.0/8"), "reserved"},         // RFC 1122, "this network"
	{netip.MustParsePrefix("192.0.0.9/32"), "public"},        // RFC 7723, anycast
	{netip.MustParsePrefix("192.0.0.10/32"), "public"},       // RFC 8155, anycast
	{netip.MustParsePrefix("192.0.0.0/24"), "reserved"},      // RFC 6890
	{netip.MustParsePrefix("192.0.2.0/24"), "documentation"}, // RFC 5737
	{netip.MustParsePrefix("198.51.100.0/24"), "documentation"},
	{netip.MustParsePrefix("203.0.113.0/24"), "documentation"},
	{netip.MustParsePrefix("192.88.99.0/24"), "reserved"}, // RFC 7526, was 6to4 relays
	{netip.MustParsePrefix("198.18.0.0/15"), "reserved"},  // RFC 2544, benchmarks
	{netip.MustParsePrefix("224.0.0.0/4"), "multicast"},   // RFC 5771
	{netip.MustParsePrefix("255.255.255.255/32"), "broadcast"},
	{netip.MustParsePrefix("240.0.0.0/4"), "reserved"}, // RFC 1112

	{netip.MustParsePrefix("::/128"), "unspecified"},          // RFC 4291
	{netip.MustParsePrefix("::1/128"), "loopback"},            // RFC 4291
	{netip.MustParsePrefix("64:ff9b::/96"), "public"},         // RFC 6052, NAT64: stands for an IPv4 host
	{netip.MustParsePrefix("fc00::/7"), "private"},            // RFC 4193
	{netip.MustParsePrefix("fe80::/10"), "link-local"},        // RFC 4291
	{netip.MustParsePrefix("ff00::/8"), "multicast"},          // RFC 4291
	{netip.MustParsePrefix("2001:db8::/32"), "documentation"}, // RFC 3849
	{netip.MustParsePrefix("3fff::/20"), "documentation"},     // RFC 9637
	{netip.MustParsePrefix("2001:1::1/128"), "public"},        // RFC 7723, anycast
	{netip.MustParsePrefix("2001:1::2/128"), "public"},        // RFC 8155, anycast
	{netip.MustParsePrefix("2001:1::3/128"), "public"},        // RFC 9665, anycast
	{netip.MustParsePrefix("2001:3::/32"), "public"},          // RFC 7450
	{netip.MustParsePrefix("2001:4:112::/48"), "public"},      // RFC 7535
	{netip.MustParsePrefix("2001:20::/28"), "public"},         // RFC 7343
	{netip.MustParsePrefix("2001:30::/28"), "public"},         // RFC 9374
	{netip.MustParsePrefix("2001::/23"), "reserved"},          // RFC 2928, Teredo among them
	{netip.MustParsePrefix("2000::/3"), "public"},             // RFC 4291, global unicast

	{netip.MustParsePrefix("0.0.0.0/0"), "public"},
	{netip.MustParsePrefix("::/0"), "reserved"}, // RFC 4291: not assigned
}
