package packet_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/internal/capture/packet"
	"weir/internal/policy"
)

var (
	near4, far4 = netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("203.0.113.5")
	near6, far6 = netip.MustParseAddr("fd00:1::10"), netip.MustParseAddr("fd00:2::5")
	noon        = time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
)

// is4 and is6 are packets between the addresses of the test's frames.
func is4(protocol int, src, dst uint16, bytes int) packet.Packet {
	return packet.Packet{Packet: policy.Packet{Src: near4, Dst: far4, Protocol: protocol, SrcPort: src, DstPort: dst}, Bytes: bytes}
}

func is6(protocol int, src, dst uint16, bytes int) packet.Packet {
	return packet.Packet{Packet: policy.Packet{Src: near6, Dst: far6, Protocol: protocol, SrcPort: src, DstPort: dst}, Bytes: bytes}
}

func icmp(p packet.Packet, typ, code int, id uint16) packet.Packet {
	p.Type, p.Code, p.ID = typ, code, id
	return p
}

// syn is a packet with the flag that opens a connection.
func syn(p packet.Packet) packet.Packet { p.Flags = policy.SYN; return p }

func part(p packet.Packet, f packet.Fragment, id uint32) packet.Packet {
	p.Fragment, p.Datagram = f, id
	return p
}

func quoting(p, q packet.Packet) packet.Packet { p.Quoted = &q.Packet; return p }

// frameTest is a frame and what it counts as.
type frameTest struct {
	name  string
	link  packet.LinkType
	frame []byte
	extra int // bytes on the wire that were not captured
	want  packet.Packet
	out   packet.Outcome
}

// frameTests are read each by a new dissector.
var frameTests = []frameTest{
	// What a frame begins with.
	{"TCP", packet.Ethernet, join(ethernet("0800"), v4(6, 1, 0x4000, tcpSYN...)), 0, syn(is4(6, 40001, 443, 40)), packet.OK},
	{"UDP", packet.Ethernet, join(ethernet("0800"), v4(17, 1, 0, udpDNS...)), 0, is4(17, 40007, 53, 32), packet.OK},
	{"padding of Ethernet", packet.Ethernet, join(ethernet("0800"), v4(17, 1, 0), make([]byte, 26)), 0, is4(17, 0, 0, 20), packet.ShortTransport},
	{"captured in part", packet.Ethernet, join(ethernet("0800"), v4(17, 1, 0, udpDNS...)[:24]), 8, is4(17, 40007, 53, 32), packet.OK},
	{"VLAN", packet.Ethernet, join(ethernet("8100 0007 0800"), v4(17, 1, 0, udpDNS...)), 0, is4(17, 40007, 53, 32), packet.OK},
	{"802.1ad and VLAN", packet.Ethernet, join(ethernet("88a8 0007 8100 0008 86dd"), v6(17, udpDNS...)), 0, is6(17, 40007, 53, 52), packet.OK},
	{"QinQ of old", packet.Ethernet, join(ethernet("9100 0007 8100 0008 0800"), v4(17, 1, 0, udpDNS...)), 0, is4(17, 40007, 53, 32), packet.OK},
	{"PPPoE", packet.Ethernet, join(ethernet("8864 1100 5a5a 0022 0021"), v4(17, 1, 0, udpDNS...)), 0, is4(17, 40007, 53, 32), packet.OK},
	{"PPPoE with IPv6 in a VLAN", packet.Ethernet, join(ethernet("8100 0007 8864 1100 5a5a 0036 0057"), v6(17, udpDNS...)), 0, is6(17, 40007, 53, 52), packet.OK},
	{"PPPoE with LCP", packet.Ethernet, ethernet("8864 1100 5a5a 0006 c021 01010004"), 0, packet.Packet{}, packet.NotIP},
	{"MPLS", packet.Ethernet, join(ethernet("8847 00064140"), v4(17, 1, 0, udpDNS...)), 0, is4(17, 40007, 53, 32), packet.OK},
	{"MPLS with two labels", packet.Ethernet, join(ethernet("8847 00064040 00064141"), v6(17, udpDNS...)), 0, is6(17, 40007, 53, 52), packet.OK},
	{"MPLS with a pseudowire", packet.Ethernet, join(ethernet("8847 00064141 00000000"), ethernet("0800"), v4(17, 1, 0, udpDNS...)), 0, packet.Packet{}, packet.NotIP},
	{"SNAP", packet.Ethernet, join(ethernet("0028 aaaa03 000000 0800"), v4(17, 1, 0, udpDNS...)), 0, is4(17, 40007, 53, 32), packet.OK},
	{"spanning tree", packet.Ethernet, ethernet("0026 424203 0000000000"), 0, packet.Packet{}, packet.NotIP},
	{"ARP", packet.Ethernet, ethernet("0806 0001080006040001"), 0, packet.Packet{}, packet.NotIP},
	{"8 tags", packet.Ethernet, join(ethernet("8100 00018100 00018100 00018100 00018100 00018100 00018100 00018100 0001 0800"), v4(17, 1, 0, udpDNS...)), 0, is4(17, 40007, 53, 32), packet.OK},
	{"9 tags", packet.Ethernet, join(ethernet("8100 00018100 00018100 00018100 00018100 00018100 00018100 00018100 00018100 0001 0800"), v4(17, 1, 0, udpDNS...)), 0, packet.Packet{}, packet.NotIP},
	{"an end within Ethernet", packet.Ethernet, ethernet("08"), 0, packet.Packet{}, packet.Short},
	{"an end within a tag", packet.Ethernet, ethernet("8100 0007 08"), 0, packet.Packet{}, packet.Short},
	{"loopback", packet.Null, join(octets("02000000"), v4(17, 1, 0, udpDNS...)), 0, is4(17, 40007, 53, 32), packet.OK},
	{"loopback of the other byte order", packet.Null, join(octets("0000001e"), v6(17, udpDNS...)), 0, is6(17, 40007, 53, 52), packet.OK},
	{"loopback of FreeBSD", packet.Null, join(octets("1c000000"), v6(17, udpDNS...)), 0, is6(17, 40007, 53, 52), packet.OK},
	{"loopback of OpenBSD", packet.Loop, join(octets("00000018"), v6(17, udpDNS...)), 0, is6(17, 40007, 53, 52), packet.OK},
	{"loopback without IP", packet.Null, octets("07000000 45"), 0, packet.Packet{}, packet.NotIP},
	{"raw", packet.Raw, v4(17, 1, 0, udpDNS...), 0, is4(17, 40007, 53, 32), packet.OK},
	{"raw, as BSDs call it", 12, v4(17, 1, 0, udpDNS...), 0, is4(17, 40007, 53, 32), packet.OK},
	{"raw IPv6", packet.Raw, v6(17, udpDNS...), 0, is6(17, 40007, 53, 52), packet.OK},
	{"raw and empty", packet.Raw, nil, 60, packet.Packet{}, packet.Short},
	{"IPv4", packet.IPv4, v4(17, 1, 0, udpDNS...), 0, is4(17, 40007, 53, 32), packet.OK},
	{"IPv6", packet.IPv6, v6(17, udpDNS...), 0, is6(17, 40007, 53, 52), packet.OK},
	{"IPv6 as IPv4", packet.IPv4, v6(17, udpDNS...), 0, packet.Packet{}, packet.Malformed},
	{"IPv4 as IPv6", packet.IPv6, v4(17, 1, 0, make([]byte, 20)...), 0, packet.Packet{}, packet.Malformed},
	{"Linux cooked", packet.LinuxSLL, join(octets("0000 0001 0006 020000000001 0000 0800"), v4(17, 1, 0, udpDNS...)), 0, is4(17, 40007, 53, 32), packet.OK},
	{"Linux cooked 2", packet.LinuxSLL2, join(octets("86dd 0000 00000002 0001 00 06 0200000000010000"), v6(17, udpDNS...)), 0, is6(17, 40007, 53, 52), packet.OK},
	{"an unknown link", 105, v4(17, 1, 0, udpDNS...), 0, packet.Packet{}, packet.UnknownLink},

	// IPv4.
	{"options", packet.Raw, v4Options(6, 1, 0, octets("94040000"), tcpSYN...), 0, syn(is4(6, 40001, 443, 44)), packet.OK},
	{"options that are cut off", packet.Raw, v4Options(6, 1, 0, octets("94040000"), tcpSYN...)[:20], 24, is4(6, 0, 0, 44), packet.ShortTransport},
	{"an end within the header", packet.Raw, v4(6, 1, 0)[:19], 1, packet.Packet{}, packet.Short},
	{"a header length of 16", packet.Raw, octets("44000014 00010000 40060000 0a000001 cb007105"), 0, packet.Packet{}, packet.Malformed},
	{"a total length of 19", packet.Raw, octets("45000013 00010000 40060000 0a000001 cb007105"), 0, packet.Packet{}, packet.Malformed},
	{"TSO", packet.Ethernet, join(ethernet("0800"), octets("45000000 00014000 40060000 0a000001 cb007105"), tcpSYN), 80_000, syn(is4(6, 40001, 443, 80_040)), packet.OK},
	{"GRE", packet.Raw, v4(47, 1, 0, octets("00000800 45000014")...), 0, is4(47, 0, 0, 28), packet.OK},
	{"IPIP", packet.Raw, v4(4, 1, 0, v4(6, 1, 0, tcpSYN...)...), 0, is4(4, 0, 0, 60), packet.OK},
	{"ESP", packet.Raw, v4(50, 1, 0, make([]byte, 8)...), 0, is4(50, 0, 0, 28), packet.OK},
	{"AH", packet.Raw, v4(51, 1, 0, join(octets("0604 0000 00000001 00000001 000000000000000000000000"), tcpSYN)...), 0, is4(51, 0, 0, 64), packet.OK},
	{"SCTP", packet.Raw, v4(132, 1, 0, octets("9c41 0b59 00000000 00000000")...), 0, is4(132, 40001, 2905, 32), packet.OK},
	{"DCCP", packet.Raw, v4(33, 1, 0, octets("9c41 1389 00000000")...), 0, is4(33, 40001, 5001, 28), packet.OK},
	{"protocol 0", packet.Raw, v4(0, 1, 0, 1, 2, 3, 4), 0, is4(0, 0, 0, 24), packet.OK},
	{"TCP without flags", packet.Raw, v4(6, 1, 0, tcpSYN[:13]...), 0, is4(6, 40001, 443, 33), packet.OK},

	// ICMP.
	{"echo", packet.Raw, v4(1, 1, 0, echo...), 0, icmp(is4(1, 0, 0, 28), 8, 0, 7), packet.OK},
	{"echo of IPv6", packet.Raw, v6(58, octets("8000 0000 0009 0001")...), 0, icmp(is6(58, 0, 0, 48), 128, 0, 9), packet.OK},
	{"router solicitation", packet.Raw, v6(58, octets("8500 0000 00000000")...), 0, icmp(is6(58, 0, 0, 48), 133, 0, 0), packet.OK},
	{"a message that is cut off", packet.Raw, v4(1, 1, 0, 8), 0, is4(1, 0, 0, 21), packet.ShortTransport},
	{
		"an error about UDP", packet.Raw, v4(1, 1, 0, join(octets("0303 0000 00000000"), v4(17, 9, 0, udpDNS...)[:28])...), 0,
		quoting(icmp(is4(1, 0, 0, 56), 3, 3, 0), is4(17, 40007, 53, 0)), packet.OK,
	},
	{
		"an error about an echo", packet.Raw, v4(1, 1, 0, join(octets("0b00 0000 00000000"), v4(1, 9, 0, echo...))...), 0,
		quoting(icmp(is4(1, 0, 0, 56), 11, 0, 0), icmp(is4(1, 0, 0, 0), 8, 0, 7)), packet.OK,
	},
	{
		"an error of IPv6", packet.Raw, v6(58, join(octets("0200 0000 00000500"), v6(6, tcpSYN...))...), 0,
		quoting(icmp(is6(58, 0, 0, 108), 2, 0, 0), syn(is6(6, 40001, 443, 0))), packet.OK,
	},
	{
		"an error about a later fragment", packet.Raw, v4(1, 1, 0, join(octets("0b01 0000 00000000"), v4(17, 9, 5, udpDNS...))...), 0,
		icmp(is4(1, 0, 0, 60), 11, 1, 0), packet.OK,
	},
	{
		"an error without ports", packet.Raw, v4(1, 1, 0, join(octets("0303 0000 00000000"), v4(17, 9, 0, udpDNS...)[:22])...), 0,
		icmp(is4(1, 0, 0, 50), 3, 3, 0), packet.OK,
	},
	{
		"an error about the other version", packet.Raw, v4(1, 1, 0, join(octets("0303 0000 00000000"), v6(17, udpDNS...))...), 0,
		icmp(is4(1, 0, 0, 80), 3, 3, 0), packet.OK,
	},
	{"an error without a packet", packet.Raw, v4(1, 1, 0, octets("0303 0000 00000000")...), 0, icmp(is4(1, 0, 0, 28), 3, 3, 0), packet.OK},

	// IPv6.
	{
		"hop-by-hop and destination options", packet.Raw, v6(0, join(octets("3c00 010400000000"), octets("0600 010400000000"), tcpSYN)...), 0,
		syn(is6(6, 40001, 443, 76)), packet.OK,
	},
	{"routing", packet.Raw, v6(43, join(octets("1102 0201 00000000 fd000002000000000000000000000009"), udpDNS)...), 0, is6(17, 40007, 53, 76), packet.OK},
	{"AH of IPv6", packet.Raw, v6(51, join(octets("0604 0000 00000001 00000001 000000000000000000000000"), tcpSYN)...), 0, syn(is6(6, 40001, 443, 84)), packet.OK},
	{"ESP of IPv6", packet.Raw, v6(50, make([]byte, 8)...), 0, is6(50, 0, 0, 48), packet.OK},
	{"nothing next", packet.Raw, v6(59), 0, is6(59, 0, 0, 40), packet.OK},
	{"a fragment that is whole", packet.Raw, v6(44, join(v6Fragment(17, 0, false, 5), udpDNS)...), 0, is6(17, 40007, 53, 60), packet.OK},
	{"an end within an extension", packet.Raw, v6(0, octets("0601 0104")...), 12, is6(0, 0, 0, 44), packet.ShortTransport},
	{"an extension that lies", packet.Raw, v6(60, join(octets("06ff 010400000000"), tcpSYN)...), 0, is6(60, 0, 0, 68), packet.ShortTransport},
	{"8 extensions", packet.Raw, v6(60, join(options(60, 7), options(17, 1), udpDNS)...), 0, is6(17, 40007, 53, 116), packet.OK},
	{"9 extensions", packet.Raw, v6(60, join(options(60, 8), options(17, 1), udpDNS)...), 0, is6(60, 0, 0, 124), packet.ShortTransport},
	{"TSO of IPv6", packet.Raw, func() []byte { b := v6(6, tcpSYN...); b[4], b[5] = 0, 0; return b }(), 70_000, syn(is6(6, 40001, 443, 70_060)), packet.OK},
	{"an end within the IPv6 header", packet.Raw, v6(6)[:39], 1, packet.Packet{}, packet.Short},

	// Fragments whose first was not seen.
	{"a later fragment", packet.Raw, v4(17, 77, 5, udpDNS...), 0, part(is4(17, 0, 0, 32), packet.LaterFragment, 77), packet.Orphan},
	{"a later fragment of IPv6", packet.Raw, v6(44, join(v6Fragment(17, 5, true, 70_000), udpDNS)...), 0, part(is6(17, 0, 0, 60), packet.LaterFragment, 70_000), packet.Orphan},
	{"a first fragment", packet.Raw, v4(6, 77, 0x2000, tcpSYN...), 0, syn(part(is4(6, 40001, 443, 40), packet.FirstFragment, 77)), packet.OK},
}

// options are extension headers of destination options, n of them.
func options(next byte, n int) []byte {
	var b []byte
	for range n {
		b = append(b, next, 0, 1, 4, 0, 0, 0, 0)
	}
	return b
}

func TestDissect(t *testing.T) {
	for _, tt := range frameTests {
		t.Run(tt.name, func(t *testing.T) {
			got := packet.Packet{}
			out := packet.NewDissector().Dissect(tt.link, tt.frame, len(tt.frame)+tt.extra, noon, &got)
			if out != tt.out {
				t.Fatalf("%v, want %v: %+v", out, tt.out, got)
			}
			if !out.Counts() {
				return
			}
			if diff := cmp.Diff(tt.want, got, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
				t.Error(diff)
			}
			if err := got.Check(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestDissectDoesNotAllocate(t *testing.T) {
	d, p := packet.NewDissector(), packet.Packet{}
	if n := testing.AllocsPerRun(10, func() {
		for i := range frameTests {
			tt := &frameTests[i]
			if tt.want.Fragment == packet.Whole {
				d.Dissect(tt.link, tt.frame, len(tt.frame)+tt.extra, noon, &p)
			}
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestNames(t *testing.T) {
	seen := map[string]bool{}
	for o := range packet.Outcome(packet.Outcomes) {
		seen[o.String()] = true
	}
	if len(seen) != packet.Outcomes || seen["unknown"] {
		t.Errorf("outcomes are called %v", seen)
	}
	for l, want := range map[packet.LinkType]string{
		packet.Null: "NULL", packet.Ethernet: "EN10MB", packet.Raw: "RAW", packet.Loop: "LOOP", packet.LinuxSLL: "LINUX_SLL",
		packet.IPv4: "IPV4", packet.IPv6: "IPV6", packet.LinuxSLL2: "LINUX_SLL2", 105: "link type 105",
	} {
		var p packet.Packet
		out := packet.NewDissector().Dissect(l, nil, 0, time.Time{}, &p)
		if l.String() != want || (out == packet.UnknownLink) != (l == 105) {
			t.Errorf("link type %d is called %q, and an empty frame of it is %s", uint32(l), l, out)
		}
	}
}

// BenchmarkDissect reads packets of the flows that are most of all traffic.
func BenchmarkDissect(b *testing.B) {
	for _, tt := range frameTests {
		switch tt.name {
		case "TCP", "802.1ad and VLAN", "hop-by-hop and destination options", "an error about UDP":
			b.Run(tt.name, func(b *testing.B) {
				d, p := packet.NewDissector(), packet.Packet{}
				for b.Loop() {
					d.Dissect(tt.link, tt.frame, len(tt.frame), noon, &p)
				}
			})
		}
	}
}
