package netmodel

import (
	"fmt"
	"net/netip"
	"strings"
)

type prefix = netip.Prefix

// bad returns an error at a place.
func bad(at, format string, args ...any) error {
	return &badPlace{at, fmt.Errorf(format, args...), false}
}

// note notes where a thing stands; it must have an id.
func (p *part) note(at, key, id string) error {
	if id == "" {
		return bad(at, "no %s", key)
	}
	p.at[id] = at
	return nil
}

type tags []struct{ Key, Value string }

func (t tags) name() string {
	for _, tag := range t {
		if tag.Key == "Name" {
			return tag.Value
		}
	}
	return ""
}

// parseCIDR returns a network of one family, its bits beyond the prefix cleared, as EC2
// does.
func parseCIDR(at, text string, v6 bool) (prefix, error) {
	c, err := netip.ParsePrefix(text)
	family := map[bool]string{false: "IPv4", true: "IPv6"}
	switch {
	case err != nil:
		return prefix{}, bad(at, "%q is no CIDR", text)
	case c.Addr().Is6() != v6:
		return prefix{}, bad(at, "%s is not %s", text, family[v6])
	}
	return c.Masked(), nil
}

// parseAnyCIDR is parseCIDR for either family.
func parseAnyCIDR(at, text string) (prefix, error) {
	c, err := netip.ParsePrefix(text)
	if err != nil {
		return prefix{}, bad(at, "%q is no CIDR", text)
	}
	return c.Masked(), nil
}

// optionalAddr returns an address that may be absent.
func optionalAddr(at, text string) (netip.Addr, error) {
	if text == "" {
		return netip.Addr{}, nil
	}
	return parseAddr(at, text)
}

// lowerFirst returns a state as EC2 prints it: its API reference writes some of them
// otherwise.
func lowerFirst(text string) string {
	if text == "" {
		return ""
	}
	return strings.ToLower(text[:1]) + text[1:]
}

func parseAddr(at, text string) (netip.Addr, error) {
	a, err := netip.ParseAddr(text)
	if err != nil || a.Zone() != "" {
		return netip.Addr{}, bad(at, "%q is no address", text)
	}
	return a, nil
}
