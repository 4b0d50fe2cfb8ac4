package policy

import (
	"net/netip"
	"slices"
	"testing"

	"weir/internal/netmodel"
)

func TestAnywhere(t *testing.T) {
	names := func(cidrs ...string) *netmodel.Network {
		n := &netmodel.Network{SecurityGroups: map[string]*netmodel.SecurityGroup{"sg-1": {}}}
		for _, one := range cidrs {
			n.SecurityGroups["sg-1"].Egress = append(n.SecurityGroups["sg-1"].Egress, from("", all(), one))
		}
		return n
	}
	for name, tt := range map[string]struct {
		n    *netmodel.Network
		v6   bool
		want string // "" for none
	}{
		"nothing is named":               {names("0.0.0.0/0"), false, "198.51.100.1"},
		"the first example is":           {names("198.51.100.0/24"), false, "203.0.113.1"},
		"all examples are":               {names("198.51.100.0/24", "203.0.113.0/24", "192.0.2.0/24", "1.0.0.0/8"), false, "2.0.0.0"},
		"a half":                         {names("128.0.0.0/1"), false, "1.0.0.0"},
		"both halves":                    {names("0.0.0.0/1", "128.0.0.0/1"), false, ""},
		"IPv6":                           {names("::/0"), true, "2001:db8::1"},
		"IPv6, the example is":           {names("2001:db8::/32"), true, "2000::"},
		"IPv6, the first of all too":     {names("2001:db8::/32", "2000::/4"), true, "3000::"},
		"IPv6, all are":                  {names("2000::/4", "3000::/4"), true, ""},
		"the other family is no matter":  {names("2001:db8::/32"), false, "198.51.100.1"},
		"an ENI's public address counts": {&netmodel.Network{Interfaces: map[string]*netmodel.Interface{"eni-1": {Public: map[netip.Addr]netip.Addr{addr("10.0.0.1"): addr("198.51.100.1")}}}}, false, "203.0.113.1"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := New(tt.n).Anywhere(tt.v6)
			switch {
			case tt.want == "":
				if err == nil {
					t.Errorf("%s, want none", got)
				}
			case err != nil || got != addr(tt.want):
				t.Errorf("%s, %v, want %s", got, err, tt.want)
			}
		})
	}
}

// TestAnywhereFree checks that the address is public, and named by nothing, where networks
// are drawn.
func TestAnywhereFree(t *testing.T) {
	found := 0
	rounds(t, 500, func(t *testing.T, c chance) {
		n := &netmodel.Network{NetworkACLs: map[string]*netmodel.NetworkACL{"acl-1": {}}}
		var all []netip.Prefix
		for range c.IntN(12) {
			p := netip.PrefixFrom(netip.AddrFrom4([4]byte{byte(c.IntN(256)), byte(c.IntN(256)), 0, 0}), pick(c, 1, 2, 3, 8, 16)).Masked()
			all = append(all, p)
			n.NetworkACLs["acl-1"].Ingress = append(n.NetworkACLs["acl-1"].Ingress, netmodel.ACLEntry{CIDR: p})
		}
		a, err := New(n).Anywhere(false)
		if err != nil {
			return
		}
		found++
		if !Public(a) || slices.ContainsFunc(all, func(p netip.Prefix) bool { return p.Contains(a) }) {
			t.Errorf("%s is named by %v", a, all)
		}
	})
	if found < 100 {
		t.Errorf("found %d", found)
	}
}

func TestDoors(t *testing.T) {
	n := routed()
	if got := New(n).Doors("vpc-1"); !slices.Equal(got, []string{"tgw-attach-vpn", "vgw-1"}) {
		t.Error(got)
	}
	n.TransitGatewayAttachments["tgw-attach-vpn"].State = "deleted"
	if got := New(n).Doors("vpc-3"); len(got) != 0 {
		t.Error(got)
	}
}
