package notify

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"time"
)

// A guard keeps deliveries from addresses that are not for them: of this machine, of private networks, and of the services of clouds that tell machines their
// secrets. It looks at the address that is about to be connected to, so that a name that means another address the second time gains nothing.
type guard struct {
	networks []netip.Prefix
	hosts    []string
}

func newGuard(allow []string) (*guard, error) {
	g := &guard{}
	for _, text := range allow {
		if p, err := netip.ParsePrefix(text); err == nil {
			g.networks = append(g.networks, p.Masked())
		} else if a, err := netip.ParseAddr(text); err == nil {
			g.networks = append(g.networks, netip.PrefixFrom(a, a.BitLen()))
		} else if text != "" && !strings.ContainsAny(text, "/:*[] ") {
			g.hosts = append(g.hosts, strings.ToLower(text))
		} else {
			return nil, fmt.Errorf("%q is no network (10.0.0.0/8), address or host that notifications may go to", text)
		}
	}
	return g, nil
}

// closed are the networks that are not for deliveries, beside what netip tells. Those that carry an IPv4 address in themselves are opened by embedded.
//
// Source: IANA, IPv4 and IPv6 Special-Purpose Address Registries.
var closed = func() []netip.Prefix {
	var out []netip.Prefix
	for _, text := range []string{
		"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4",
		"::/96", "100::/64", "2001::/23", "2001:db8::/32", "3fff::/20", "5f00::/16", "64:ff9b:1::/48", "fec0::/10",
	} {
		out = append(out, netip.MustParsePrefix(text))
	}
	return out
}()

var (
	nat64     = netip.MustParsePrefix("64:ff9b::/96")
	sixToFour = netip.MustParsePrefix("2002::/16")
)

// embedded returns the IPv4 address that an IPv6 address leads to, else the address.
func embedded(a netip.Addr) netip.Addr {
	a = a.Unmap()
	b := a.As16()
	switch {
	case nat64.Contains(a):
		return netip.AddrFrom4([4]byte(b[12:16]))
	case sixToFour.Contains(a):
		return netip.AddrFrom4([4]byte(b[2:6]))
	}
	return a
}

// check refuses an address.
func (g *guard) check(a netip.Addr) error {
	a = a.WithZone("").Unmap()
	for _, n := range g.networks {
		if n.Contains(a) {
			return nil
		}
	}
	to := embedded(a)
	if to.IsPrivate() || to.IsLoopback() || to.IsLinkLocalUnicast() || to.IsMulticast() || to.IsUnspecified() || slices.ContainsFunc(closed, func(n netip.Prefix) bool { return n.Contains(to) }) {
		return &refusedAddress{a}
	}
	return nil
}

// allowsHost says whether any address of a name may be connected to.
func (g *guard) allowsHost(host string) bool {
	return slices.Contains(g.hosts, strings.ToLower(strings.TrimSuffix(host, ".")))
}

// refusedAddress says that an address is not for deliveries.
type refusedAddress struct{ a netip.Addr }

func (r *refusedAddress) Error() string {
	return "the address " + r.a.String() + " is of this machine, a private network, or reserved; --notify-allow lets it through"
}

// dial connects to an address, which the guard has to let through.
func (g *guard) dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	d := &net.Dialer{Timeout: sendTimeout, KeepAlive: 15 * time.Second}
	if !g.allowsHost(host) {
		d.Control = func(_, address string, _ syscall.RawConn) error {
			at, err := netip.ParseAddrPort(address)
			if err != nil {
				return err
			}
			return g.check(at.Addr())
		}
	}
	return d.DialContext(ctx, network, address)
}

// checkHost refuses the host of an endpoint where it is an address that the guard would refuse, so that who subscribes is told.
func (g *guard) checkHost(host string) error {
	a, err := netip.ParseAddr(host)
	if err != nil || g.allowsHost(host) {
		return nil
	}
	return g.check(a)
}

// refusal returns the guard's words in an error, "" where it was not the guard's.
func refusal(err error) string {
	r := new(refusedAddress)
	if errors.As(err, &r) {
		return r.Error()
	}
	return ""
}
