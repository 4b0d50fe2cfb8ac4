package ebpf

import (
	"net/netip"
	"testing"

	"weir/internal/netmodel"
	"weir/internal/policy"
)

// leftOut is what flow logs do not record, and what is near to it and recorded. The interface is 10.0.1.10 in 10.0.1.0/24 of a VPC 10.0.0.0/16.
//
// Source: VPC user guide, "Flow log limitations"; spec b.8, of which the source of traffic mirroring, and what an endpoint and a load balancer say to each other, are not told by addresses.
var leftOut = []struct {
	name, far      string
	protocol       byte
	ownPort, other uint16
	logged         bool
}{
	{"the Amazon DNS server, at the VPC's address plus two", "10.0.0.2", netmodel.UDP, 5000, 53, false},
	{"the Amazon DNS server by TCP", "10.0.0.2", netmodel.TCP, 5000, 53, false},
	{"the Amazon DNS server, link-local", "169.254.169.253", netmodel.UDP, 5000, 53, false},
	{"the Amazon DNS server, IPv6", "fd00:ec2::253", netmodel.UDP, 5000, 53, false},
	{"somebody's own DNS server", "10.0.2.53", netmodel.UDP, 5000, 53, true},
	{"another DNS server", "8.8.8.8", netmodel.UDP, 5000, 53, true},
	{"Windows licence activation", "169.254.169.250", netmodel.TCP, 5000, 1688, false},
	{"Windows licence activation, the other address", "169.254.169.251", netmodel.TCP, 5000, 1688, false},
	{"instance metadata", "169.254.169.254", netmodel.TCP, 5000, 80, false},
	{"instance metadata, IPv6", "fd00:ec2::254", netmodel.TCP, 5000, 80, false},
	{"Amazon Time Sync", "169.254.169.123", netmodel.UDP, 5000, 123, false},
	{"Amazon Time Sync, IPv6", "fd00:ec2::123", netmodel.UDP, 5000, 123, false},
	{"another time server", "203.0.113.123", netmodel.UDP, 123, 123, true},
	{"DHCP", "10.0.1.1", netmodel.UDP, 68, 67, false},
	{"the VPC router", "10.0.1.1", netmodel.ICMP, 0, 0, false},
	{"the router of another subnet", "10.0.2.1", netmodel.ICMP, 0, 0, true},
	{"ECS task metadata, which is not filtered and is recorded", "169.254.170.2", netmodel.TCP, 5000, 80, true},
	{"another link-local address", "169.254.169.252", netmodel.TCP, 5000, 80, true},
	{"a peer", "203.0.113.5", netmodel.TCP, 5000, 443, true},
}

// TestLeftOut has each of them leave and come in, by the program and by the Go evaluator: what is left out is counted as such, and is no flow.
func TestLeftOut(t *testing.T) {
	p := load(t, Options{Driven: true})
	at := decides(t, plainNetwork())
	for _, mode := range []Mode{Count, Shadow, Enforce} {
		for _, tc := range leftOut {
			b := newPair(t, p, at, mode)
			own, far := own4, netip.MustParseAddr(tc.far)
			if far.Is6() {
				own = own6
			}
			for way, frame := range [][]byte{
				frameOf(far, own, tc.protocol, tc.other, tc.ownPort), frameOf(own, far, tc.protocol, tc.ownPort, tc.other),
			} {
				b.feed(t, frame, way)
			}
			if b.compare(t); (len(b.got) > 0) != tc.logged {
				t.Errorf("%s in mode %d: %d flows", tc.name, mode, len(b.got))
			}
			tallies, err := p.Tallies(b.id)
			if err != nil {
				t.Fatal(err)
			}
			want := uint64(1)
			if tc.logged {
				want = 0
			}
			if tallies.Unlogged[0][0] != want || tallies.Unlogged[1][0] != want {
				t.Errorf("%s in mode %d: %v are left out", tc.name, mode, tallies.Unlogged)
			}
		}
	}
	// ARP is no packet of IP.
	b := newPair(t, p, at, Count)
	b.feed(t, append([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1, 0x08, 0x06}, make([]byte, 46)...), 1)
	if b.compare(t); len(b.got) > 0 {
		t.Errorf("ARP is %d flows", len(b.got))
	}
}

// TestMapped has packets of IPv6 from and to IPv4-mapped addresses where nothing decides: they are of no service of IPv4, and neighbour discovery is left out as any.
func TestMapped(t *testing.T) {
	p := load(t, Options{Driven: true})
	b := newPair(t, p, decides(t, plainNetwork()), Count)
	neighbour := []byte{135, 0, 0, 0, 0, 0, 0, 0}
	for _, far := range []string{"::ffff:169.254.169.254", "::ffff:10.0.0.2", "::ffff:10.0.1.1", "::ffff:255.255.255.255", "::ffff:203.0.113.5"} {
		other := netip.MustParseAddr(far)
		for way, ends := range [][2]netip.Addr{{other, own6}, {own6, other}} {
			b.feed(t, ethernet(ends[0], ends[1], netmodel.ICMPv6, neighbour), way)
			b.feed(t, frameOf(ends[0], ends[1], netmodel.UDP, 68, 67), way)
			b.feed(t, frameOf(ends[0], ends[1], netmodel.TCP, 5000, 80), way)
		}
	}
	if b.compare(t); len(b.got) != 20 || b.unlogged[0][0] != 5 || b.unlogged[1][0] != 5 {
		t.Errorf("%d flows, %v are left out", len(b.got), b.unlogged)
	}
}

// frameOf returns a frame of a packet that opens a connection.
func frameOf(src, dst netip.Addr, protocol byte, srcPort, dstPort uint16) []byte {
	switch protocol {
	case netmodel.TCP:
		return tcpFrame(src, dst, srcPort, dstPort, policy.SYN, nil)
	case netmodel.UDP:
		b := make([]byte, 16)
		big.PutUint16(b, srcPort)
		big.PutUint16(b[2:], dstPort)
		big.PutUint16(b[4:], uint16(len(b)))
		return ethernet(src, dst, protocol, b)
	}
	return ethernet(src, dst, protocol, []byte{8, 0, 0, 0, 0, 1, 0, 1})
}
