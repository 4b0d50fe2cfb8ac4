package app

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/internal/netmodel"
	"weir/internal/policy"
)

// TestFindEnds checks what the ends of a request mean.
func TestFindEnds(t *testing.T) {
	addr := netip.MustParseAddr
	eni := func(id, vpc string, public map[netip.Addr]netip.Addr, addresses ...string) *netmodel.Interface {
		out := &netmodel.Interface{ID: id, VPC: vpc, Public: public}
		for _, a := range addresses {
			out.Addresses = append(out.Addresses, addr(a))
		}
		return out
	}
	n := &netmodel.Network{
		Interfaces: map[string]*netmodel.Interface{
			"eni-1": eni("eni-1", "vpc-1", map[netip.Addr]netip.Addr{addr("10.0.0.1"): addr("203.0.113.9")}, "10.0.0.1", "2001:db8:1::1"),
			"eni-2": eni("eni-2", "vpc-1", nil, "10.0.0.2", "2001:db8:1::2"),
			"eni-3": eni("eni-3", "vpc-2", nil, "10.0.0.1"), // as eni-1
			"eni-4": eni("eni-4", "vpc-2", nil, "10.0.0.4"),
			"eni-6": eni("eni-6", "vpc-1", nil, "2001:db8:1::6"),
		},
		VPNGateways: map[string]*netmodel.VPNGateway{"vgw-1": {ID: "vgw-1", VPC: "vpc-1"}},
	}
	for name, tt := range map[string]struct {
		from, to, via string
		want          string // from, to, source and destination
		err           string
	}{
		"two ENIs":                          {"eni-1", "eni-2", "", "eni-1 eni-2 10.0.0.1 10.0.0.2", ""},
		"an ENI of IPv6 only":               {"eni-1", "eni-6", "", "eni-1 eni-6 2001:db8:1::1 2001:db8:1::6", ""},
		"of two families":                   {"eni-4", "eni-6", "", "", "no addresses of the same family"},
		"an address of the same VPC":        {"10.0.0.2", "10.0.0.1", "", "eni-2 * 10.0.0.2 10.0.0.1", ""},
		"a source that two have":            {"10.0.0.1", "10.0.0.2", "", "eni-1 * 10.0.0.1 10.0.0.2", ""},
		"a source that two have, far":       {"10.0.0.1", "internet", "", "", "10.0.0.1 is eni-1 in vpc-1 or eni-3 in vpc-2: name the ENI"},
		"IPv6, written as mapped":           {"::ffff:10.0.0.2", "eni-1", "", "eni-2 eni-1 10.0.0.2 10.0.0.1", ""},
		"to the internet":                   {"eni-1", "internet", "", "eni-1 internet 10.0.0.1 198.51.100.1", ""},
		"to the internet, IPv6":             {"eni-6", "Internet", "", "eni-6 internet 2001:db8:1::6 2001:db8::1", ""},
		"to an address of the internet":     {"eni-1", "8.8.8.8", "", "eni-1 * 10.0.0.1 8.8.8.8", ""},
		"to an IPv6 address":                {"eni-1", "2001:db8:9::9", "", "eni-1 * 2001:db8:1::1 2001:db8:9::9", ""},
		"to a public address of an ENI":     {"eni-2", "203.0.113.9", "", "eni-2 * 10.0.0.2 203.0.113.9", ""},
		"from a public address of an ENI":   {"203.0.113.9", "8.8.8.8", "", "eni-1 * 10.0.0.1 8.8.8.8", ""},
		"from the internet to an ENI":       {"internet", "eni-1", "", "internet eni-1 198.51.100.1 203.0.113.9", ""},
		"from the internet, a private one":  {"8.8.8.8", "eni-2", "", "internet eni-2 8.8.8.8 10.0.0.2", ""},
		"from the internet by IPv6":         {"2001:db8:9::9", "eni-2", "", "internet eni-2 2001:db8:9::9 2001:db8:1::2", ""},
		"from the internet to the internet": {"8.8.8.8", "internet", "", "", "nothing passes a VPC"},
		"from another network":              {"192.168.0.1", "eni-1", "", "vgw-1 eni-1 192.168.0.1 10.0.0.1", ""},
		"from another network, no door":     {"192.168.0.1", "eni-4", "", "", "no virtual private gateway"},
		"from another network, named":       {"192.168.0.1", "10.0.0.2", "vgw-1", "vgw-1 eni-2 192.168.0.1 10.0.0.2", ""},
		"a public address behind a gateway": {"8.8.8.8", "10.0.0.2", "vgw-1", "vgw-1 eni-2 8.8.8.8 10.0.0.2", ""},
		"to one that two have":              {"8.8.8.8", "10.0.0.1", "", "", "10.0.0.1 is eni-1 in vpc-1 or eni-3 in vpc-2: name the ENI"},
		"an ENI behind a gateway":           {"eni-1", "eni-2", "vgw-1", "", "--via is for what is in no VPC"},
		"the internet behind a gateway":     {"internet", "eni-2", "vgw-1", "", "--via vgw-1 is not for it"},
		"no address":                        {"10.0.0", "eni-2", "", "", `"10.0.0" is neither an address nor an ENI`},
		"an address with a zone":            {"fe80::1%eth0", "eni-2", "", "", `"fe80::1%eth0" is neither an address nor an ENI`},
	} {
		t.Run(name, func(t *testing.T) {
			e, err := findEnds(policy.New(n), n, &CheckRequest{From: tt.from, To: tt.to, Via: tt.via})
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Fatalf("error %v, want %q", err, tt.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if e.to == "" {
				e.to = "*"
			}
			got := strings.Join([]string{e.from, e.to, e.src.String(), e.dst.String()}, " ")
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
