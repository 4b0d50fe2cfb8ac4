package query

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestIPInCIDR(t *testing.T) {
	for _, tt := range []struct {
		addr, cidr string
		in, ok     bool
	}{
		{"10.0.0.1", "10.0.0.0/8", true, true},
		{"10.255.255.255", "10.0.0.0/8", true, true},
		{"11.0.0.0", "10.0.0.0/8", false, true},
		{"9.255.255.255", "10.0.0.0/8", false, true},
		{"192.0.2.7", "192.0.2.7/32", true, true},
		{"192.0.2.8", "192.0.2.7/32", false, true},
		{"203.0.113.9", "0.0.0.0/0", true, true},
		{"10.1.2.3", "10.99.99.99/8", true, true}, // bits beyond the prefix do not count
		{"2001:db8::1", "2001:db8::/32", true, true},
		{"2001:db9::", "2001:db8::/32", false, true},
		{"2001:DB8:0:0::1", "2001:db8::/127", true, true},
		{"2001:db8::1", "0.0.0.0/0", false, true},
		{"10.0.0.1", "::/0", false, true},
		// IPv4-mapped addresses and networks are IPv4.
		{"::ffff:10.0.0.1", "10.0.0.0/8", true, true},
		{"::ffff:a00:1", "10.0.0.0/8", true, true},
		{"::ffff:10.0.0.1", "::/0", false, true},
		{"10.0.0.1", "::ffff:10.0.0.0/104", true, true},
		{"11.0.0.1", "::ffff:10.0.0.0/104", false, true},
		{"203.0.113.9", "::ffff:0:0/96", true, true},
		// No addresses.
		{"", "0.0.0.0/0", false, false},
		{"-", "0.0.0.0/0", false, false},
		{"10.0.0", "0.0.0.0/0", false, false},
		{"10.0.0.01", "0.0.0.0/0", false, false},
		{"10.0.0.1/8", "0.0.0.0/0", false, false},
		{" 10.0.0.1", "0.0.0.0/0", false, false},
		{"fe80::1%eth0", "fe80::/10", false, false},
		{"eni-0a1b", "::/0", false, false},
	} {
		t.Run(tt.addr+" in "+tt.cidr, func(t *testing.T) {
			cidr, err := ParseCIDR(tt.cidr)
			if err != nil {
				t.Fatal(err)
			}
			in, ok := IPInCIDR(tt.addr, cidr)
			if in != tt.in || ok != tt.ok {
				t.Errorf("got %v, %v, want %v, %v", in, ok, tt.in, tt.ok)
			}
		})
	}
}

func TestParseCIDR(t *testing.T) {
	for s, want := range map[string]string{
		"10.1.2.3/8":         "10.0.0.0/8",
		"2001:DB8::1/32":     "2001:db8::/32",
		"::ffff:10.0.0.0/96": "0.0.0.0/0",
		"::ffff:10.0.0.0/95": "::fffe:0:0/95",
		"0.0.0.0/0":          "0.0.0.0/0",
	} {
		p, err := ParseCIDR(s)
		if err != nil || p.String() != want {
			t.Errorf("ParseCIDR(%q) = %v, %v, want %s", s, p, err, want)
		}
	}
	for _, s := range []string{"", "10.0.0.0", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/08", "10.0.0/8", "2001:db8::/129", "fe80::%eth0/10", "x/8"} {
		if p, err := ParseCIDR(s); err == nil {
			t.Errorf("ParseCIDR(%q) = %v, want an error", s, p)
		}
	}
}

func TestIPPrefixOf(t *testing.T) {
	for _, tt := range []struct {
		addr string
		bits int
		want string // "" = false
	}{
		{"10.1.2.3", 16, "10.1.0.0/16"},
		{"10.1.2.3", 0, "0.0.0.0/0"},
		{"10.1.2.3", 32, "10.1.2.3/32"},
		{"10.1.2.3", 33, ""},
		{"10.1.2.3", -1, ""},
		{"2001:db8:ffff::1", 33, "2001:db8:8000::/33"},
		{"2001:db8::1", 128, "2001:db8::1/128"},
		{"2001:db8::1", 129, ""},
		{"2001:db8::1", 0, "::/0"},
		{"::ffff:10.1.2.3", 16, "10.1.0.0/16"},
		{"::ffff:10.1.2.3", 64, ""},
		{"-", 8, ""},
	} {
		got, ok := IPPrefixOf(tt.addr, tt.bits)
		if got != tt.want || ok != (tt.want != "") {
			t.Errorf("IPPrefixOf(%q, %d) = %q, %v, want %q", tt.addr, tt.bits, got, ok, tt.want)
		}
	}
}

// TestIPClassOf walks along both edges of each class's networks.
func TestIPClassOf(t *testing.T) {
	for _, tt := range []struct {
		class string
		addrs []string
	}{
		{"private", []string{"10.0.0.0", "10.255.255.255", "172.16.0.0", "172.31.255.255", "192.168.0.0", "192.168.255.255", "fc00::", "fd00:ec2::254", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"}},
		{"shared", []string{"100.64.0.0", "100.127.255.255"}},
		{"loopback", []string{"127.0.0.0", "127.0.0.1", "127.255.255.255", "::1"}},
		{"link-local", []string{"169.254.0.0", "169.254.169.254", "169.254.255.255", "fe80::", "febf:ffff::1"}},
		{"multicast", []string{"224.0.0.0", "233.252.0.1", "239.255.255.255", "ff00::", "ff02::1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"}},
		{"broadcast", []string{"255.255.255.255"}},
		{"unspecified", []string{"0.0.0.0", "::"}},
		{"documentation", []string{"192.0.2.0", "192.0.2.255", "198.51.100.77", "203.0.113.255", "2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "3fff::", "3fff:fff:ffff::1"}},
		{"reserved", []string{"0.0.0.1", "0.255.255.255", "192.0.0.0", "192.0.0.8", "192.0.0.11", "192.0.0.255", "192.88.99.1", "198.18.0.0", "198.19.255.255", "240.0.0.0", "255.255.255.254", "::2", "100::1", "2001::1", "2001:2::1", "2001:10::1", "2001:1::4", "2001:1ff:ffff::", "64:ff9b:1::1", "1fff:ffff::", "4000::", "5f00::1", "fbff:ffff::", "fe00::", "fec0::", "feff:ffff::"}},
		{"public", []string{"1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0", "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "192.0.0.9", "192.0.0.10", "192.0.1.0", "192.0.1.255", "192.0.3.0", "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0", "223.255.255.255", "2000::", "2001:1::1", "2001:3::1", "2001:4:112::1", "2001:20::1", "2001:200::1", "2001:db7:ffff::", "2001:db9::", "2002:a00:1::", "2600:1f18::1", "3ffe:ffff::", "3fff:1000::", "64:ff9b::808:808"}},
	} {
		for _, addr := range tt.addrs {
			if got, ok := IPClassOf(addr); got != tt.class || !ok {
				t.Errorf("IPClassOf(%q) = %q, %v, want %q", addr, got, ok, tt.class)
			}
		}
	}
	for _, addr := range []string{"", "-", "10.0.0", "fe80::1%eth0", "10.0.0.0/8"} {
		if got, ok := IPClassOf(addr); ok {
			t.Errorf("IPClassOf(%q) = %q, want none", addr, got)
		}
	}
}

// TestClassOfOctet checks that the first octet's class is that of the first network
// that holds the address, at the edges of each network and anywhere.
func TestClassOfOctet(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 3))
	var addrs []netip.Addr
	for range 20000 {
		addrs = append(addrs, netip.AddrFrom4([4]byte{byte(rnd.Uint32()), byte(rnd.Uint32()), byte(rnd.Uint32()), byte(rnd.Uint32())}))
	}
	for _, n := range classes {
		if first := n.network.Addr(); first.Is4() && first != netip.IPv4Unspecified() {
			addrs = append(addrs, first, first.Prev())
		}
	}
	for _, a := range addrs {
		i := slices.IndexFunc(classes, func(n struct {
			network netip.Prefix
			class   string
		},
		) bool {
			return n.network.Contains(a)
		})
		if got, _ := IPClassOf(a.String()); got != classes[i].class {
			t.Errorf("%s is %s, want %s", a, got, classes[i].class)
		}
	}
}

// TestIPMapped checks that an IPv4-mapped address is the IPv4 address everywhere.
func TestIPMapped(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		a := netip.AddrFrom4([4]byte{byte(rnd.Uint32()), byte(rnd.Uint32()), byte(rnd.Uint32()), byte(rnd.Uint32())})
		mapped := netip.AddrFrom16(a.As16()).String()
		type answers struct {
			Class, Prefix string
			In            bool
		}
		ask := func(addr string) (out answers) {
			out.Class, _ = IPClassOf(addr)
			out.Prefix, _ = IPPrefixOf(addr, 11)
			out.In, _ = IPInCIDR(addr, netip.MustParsePrefix("128.0.0.0/1"))
			return out
		}
		if diff := cmp.Diff(ask(a.String()), ask(mapped)); diff != "" {
			t.Fatalf("%s and %s (-want +got):\n%s", a, mapped, diff)
		}
	}
}
