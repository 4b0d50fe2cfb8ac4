package ebpf

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"strconv"
	"testing"

	"weir/internal/netmodel"
	"weir/internal/policy"
)

// chance makes networks and frames of few values, so that they meet often.
type chance struct{ *rand.Rand }

func pick[T any](c chance, of ...T) T { return of[c.IntN(len(of))] }

// The addresses of the interface.
var own4, own6 = netip.MustParseAddr("10.0.1.10"), netip.MustParseAddr("2001:db8:0:1::10")

func (c chance) address(v6 bool) netip.Addr {
	if v6 {
		b := netip.MustParseAddr(pick(c, "2001:db8::", "2001:db8::", "2001:db8::", "fe80::", "fd00:ec2::", "ff02::1:0")).As16()
		b[7], b[15] = byte(c.IntN(2)), byte(c.IntN(6))
		if b[0] == 0xfd {
			b[7] = 0
			binary.BigEndian.PutUint16(b[14:], pick[uint16](c, 0x253, 0x254, 0x123, 0x255))
		}
		return netip.AddrFrom16(b)
	}
	if c.IntN(12) == 0 {
		return netip.MustParseAddr(pick(c, "169.254.169.254", "169.254.170.2", "169.254.169.123", "10.0.0.2", "10.0.1.1", "255.255.255.255", "224.0.0.1"))
	}
	return netip.AddrFrom4([4]byte{10, 0, byte(c.IntN(3)), byte(c.IntN(6))})
}

func (c chance) port() uint16 { return pick[uint16](c, 22, 80, 443, 443, 40000, 65535, 67, 68, 0) }

func (c chance) protocol() int {
	return pick(c, netmodel.TCP, netmodel.TCP, netmodel.TCP, netmodel.UDP, netmodel.UDP, netmodel.ICMP, netmodel.ICMPv6, 47, 132)
}

func (c chance) traffic() netmodel.Traffic {
	t := netmodel.Traffic{Protocol: c.protocol(), Type: -1, Code: -1}
	if c.IntN(4) == 0 {
		t.Protocol = netmodel.AllProtocols
	}
	if c.IntN(3) == 0 {
		t.From, t.To = 0, 65535
	} else {
		t.From, t.To = c.port(), c.port()
		t.From, t.To = min(t.From, t.To), max(t.From, t.To)
	}
	if c.IntN(3) == 0 {
		if t.Type = pick(c, 0, 3, 8, 128, 135); c.IntN(2) == 0 {
			t.Code = pick(c, 0, 4)
		}
	}
	return t
}

func (c chance) prefix() netip.Prefix {
	if c.IntN(3) == 0 {
		return netip.MustParsePrefix(pick(c, "0.0.0.0/0", "::/0"))
	}
	v6 := c.IntN(3) == 0
	bits := pick(c, 8, 23, 24, 30, 31, 32)
	if v6 {
		bits = pick(c, 32, 56, 63, 64, 65, 125, 127, 128)
	}
	return netip.PrefixFrom(c.address(v6), bits).Masked()
}

func (c chance) rules() []netmodel.GroupRule {
	out := make([]netmodel.GroupRule, c.IntN(6))
	for n := range out {
		out[n] = netmodel.GroupRule{ID: fmt.Sprint("sgr-", c.Uint32()), Traffic: c.traffic()}
		switch c.IntN(5) {
		case 0:
			out[n].Peer.PrefixList = "pl-1"
		case 1:
			out[n].Peer.Group = "sg-2"
		default:
			out[n].Peer.CIDR = c.prefix()
		}
	}
	return out
}

func (c chance) entries() []netmodel.ACLEntry {
	out := make([]netmodel.ACLEntry, c.IntN(6))
	for n := range out {
		out[n] = netmodel.ACLEntry{Number: 10 * (n + 1), Allow: c.IntN(4) > 0, Traffic: c.traffic(), CIDR: c.prefix()}
	}
	for n, all := range []string{"0.0.0.0/0", "::/0"} {
		if c.IntN(3) > 0 {
			out = append(out, netmodel.ACLEntry{
				Number: 1000 + n, Allow: true, CIDR: netip.MustParsePrefix(all),
				Traffic: netmodel.Traffic{Protocol: netmodel.AllProtocols, Type: -1, Code: -1},
			})
		}
	}
	return out
}

// policy returns what decides at eni-1 of a network.
func (c chance) policy(t testing.TB) *policy.Interface {
	t.Helper()
	prefixes := func(of ...string) (out []netip.Prefix) {
		for _, s := range of {
			out = append(out, netip.MustParsePrefix(s))
		}
		return out
	}
	n := &netmodel.Network{
		VPCs:    map[string]*netmodel.VPC{"vpc-1": {ID: "vpc-1", CIDRs: prefixes("10.0.0.0/16", "2001:db8::/56")}},
		Subnets: map[string]*netmodel.Subnet{"subnet-1": {ID: "subnet-1", VPC: "vpc-1", CIDRs: prefixes("10.0.1.0/24", "2001:db8:0:1::/64"), NetworkACL: "acl-1"}},
		Interfaces: map[string]*netmodel.Interface{
			"eni-1": {ID: "eni-1", VPC: "vpc-1", Subnet: "subnet-1", Type: "interface", Groups: []string{"sg-1", "sg-3"}, Addresses: []netip.Addr{own4, own6}},
			"eni-2": {ID: "eni-2", VPC: "vpc-1", Groups: []string{"sg-2"}, Addresses: []netip.Addr{c.address(false), c.address(true), c.address(false)}},
		},
		SecurityGroups: map[string]*netmodel.SecurityGroup{
			"sg-1": {ID: "sg-1", VPC: "vpc-1", Ingress: c.rules(), Egress: c.rules()}, "sg-2": {ID: "sg-2", VPC: "vpc-1"},
			"sg-3": {ID: "sg-3", VPC: "vpc-1", Ingress: c.rules()},
		},
		NetworkACLs: map[string]*netmodel.NetworkACL{"acl-1": {ID: "acl-1", VPC: "vpc-1", Ingress: c.entries(), Egress: c.entries()}},
		PrefixLists: map[string]*netmodel.PrefixList{"pl-1": {ID: "pl-1", CIDRs: []netip.Prefix{c.prefix(), c.prefix(), c.prefix()}}},
	}
	if c.IntN(8) == 0 {
		n.Interfaces["eni-1"].Groups, n.Interfaces["eni-1"].Type = nil, "nat_gateway"
	}
	i, err := policy.New(n).At("eni-1")
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// TestDifferential gives random frames under random policies to the program and to the Go evaluator. WEIR_ROUNDS is how
// many policies.
func TestDifferential(t *testing.T) {
	n := 12
	if testing.Short() {
		n = 6
	}
	if s := os.Getenv("WEIR_ROUNDS"); s != "" {
		var err error
		if n, err = strconv.Atoi(s); err != nil {
			t.Fatal(err)
		}
	}
	var fed, not int
	p := load(t, Options{Driven: true, Connections: 1 << 14, Asides: 1 << 14})
	for seed := range n {
		c := chance{rand.New(rand.NewPCG(uint64(seed), 7))}
		b := newPair(t, p, c.policy(t), pick(c, Enforce, Enforce, Enforce, Shadow, Count))
		w := wire{c: c}
		for range 1500 {
			switch c.IntN(150) {
			case 0:
				b.tick(t, pick[int64](c, 1, 28610, 28611, 114440, 114441, 171661, 171662, 572204, 572205, 411987304, 411987305))
			case 1:
				b.read(t)
			case 2:
				if c.IntN(2) == 0 {
					b.swap(t, c.policy(t))
				}
			}
			frame, way := w.frame()
			b.feed(t, frame, way)
			fed++
		}
		b.compare(t)
		not += b.refusedRuns
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
	if not*10 > fed {
		t.Errorf("the kernel refused %d of %d frames", not, fed)
	}
}

// FuzzFrame gives any two frames under a random policy to the program and to the Go evaluator.
func FuzzFrame(f *testing.F) {
	w := wire{c: chance{rand.New(rand.NewPCG(1, 7))}}
	for n := range 20 {
		first, _ := w.frame()
		second, way := w.frame()
		f.Add(uint64(n), first, second, way == 1)
	}
	p := load(f, Options{Driven: true, Connections: 1 << 14, Asides: 1 << 14})
	interfaces := 0
	f.Fuzz(func(t *testing.T, seed uint64, first, second []byte, out bool) {
		// Frames that end before the link header, or are longer than a page, are nothing that the kernel tests.
		if min(len(first), len(second)) < 14 || max(len(first), len(second)) > 2000 {
			return
		}
		if interfaces++; interfaces >= maxInterfaces {
			// It stays open for the runs that follow.
			fresh, err := Load(Options{Driven: true, Connections: 1 << 14, Asides: 1 << 14})
			if err != nil {
				t.Fatal(err)
			}
			p, interfaces = fresh, 0
		}
		c := chance{rand.New(rand.NewPCG(seed, 7))}
		b := newPair(t, p, c.policy(t), Enforce)
		way := 0
		if out {
			way = 1
		}
		b.feed(t, first, 1-way)
		b.feed(t, second, way)
		b.compare(t)
	})
}
