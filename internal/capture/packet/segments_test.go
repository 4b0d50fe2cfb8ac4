package packet_test

import (
	"testing"

	"weir/internal/capture/packet"
)

// TestSegments has frames that are cut into packets behind whoever sees them, as the test of the same name has them for the BPF program.
func TestSegments(t *testing.T) {
	d := packet.NewDissector()
	data := func(n int) []byte { return make([]byte, n) }
	tcp := join(octets("9c41 01bb 00000001 00000000 5010 ffff 0000 0000"))
	options := join(octets("9c41 01bb 00000001 00000000 8010 ffff 0000 0000"), data(12))
	// Linux's own of more than 64 KiB: the IPv6 header says no length, and the header of a jumbogram is taken out where it is cut.
	big := v6(0, join(octets("0600c20400011184"), tcp, data(70_000))...)
	big[4], big[5] = 0, 0
	plain := v6(6, join(tcp, data(70_000))...)
	plain[4], plain[5] = 0, 0
	for _, tc := range []struct {
		name           string
		frame          []byte
		size           int
		packets, bytes int
		headers        int // where they end, where that is known
	}{
		{"TCP", v4(6, 1, 0x4000, join(tcp, data(3000))...), 1000, 3, 3*40 + 3000, 0},
		{"TCP, and a byte more", v4(6, 1, 0x4000, join(tcp, data(3001))...), 1000, 4, 4*40 + 3001, 0},
		{"TCP of one segment", v4(6, 1, 0x4000, join(tcp, data(1000))...), 1000, 1, 1040, 0},
		{"TCP that nothing cuts", v4(6, 1, 0x4000, join(tcp, data(3000))...), 0, 1, 3040, 0},
		{"TCP without data", v4(6, 1, 0x4000, tcp...), 1000, 1, 40, 0},
		{"TCP with options", v4(6, 1, 0x4000, join(options, data(3000))...), 1000, 3, 3*52 + 3000, 0},
		{"TCP by IPv6 with an extension header", v6(0, join(octets("0600000000000000"), tcp, data(2000))...), 1000, 2, 2*68 + 2000, 0},
		{"UDP", v4(17, 1, 0x4000, join(octets("9c47 0035 0bc0 0000"), data(3000))...), 1000, 3, 3*28 + 3000, 0},
		{"UDP by IPv6", v6(17, join(octets("9c47 0035 0bc0 0000"), data(2500))...), 1000, 3, 3*48 + 2500, 0},
		{"GRE", v4(47, 1, 0x4000, data(3000)...), 1000, 1, 3020, 0},
		{"GRE with TCP in it", v4(47, 1, 0x4000, data(4+40+3000)...), 1000, 3, 3*64 + 3000, 64},
		{"VXLAN with TCP in it", v4(17, 1, 0x4000, data(8+8+14+52+3000)...), 1000, 3, 3*102 + 3000, 102},
		{"VXLAN by IPv6 with UDP in it", v6(17, data(8+8+14+28+2500)...), 1000, 3, 3*98 + 2500, 98},
		{"VXLAN without data", v4(17, 1, 0x4000, data(8+8+14+52)...), 1000, 1, 102, 102},
		{"TCP, whose headers are its own", v4(6, 1, 0x4000, join(tcp, data(3000))...), 1000, 3, 3*40 + 3000, 39},
		{"UDP, of which the same is known", v4(17, 1, 0x4000, join(octets("9c47 0035 0bc0 0000"), data(3000))...), 1000, 3, 3*28 + 3000, 28},
		{"TCP of more than 64 KiB", big, 1000, 70, 70*60 + 70_000, 0},
		{"TCP of more than 64 KiB, without that header", plain, 1000, 70, 70*60 + 70_000, 0},
		{"a header that is cut off", v4(6, 1, 0x4000, octets("9c41 01bb")...), 1, 1, 24, 0},
		{"extension headers that are cut off", v6(0, 6), 1, 1, 41, 0},
	} {
		var p packet.Packet
		if out := d.Dissect(packet.Raw, tc.frame, len(tc.frame), noon, &p); !out.Counts() {
			t.Fatalf("%s: %v", tc.name, out)
		}
		if packets, bytes := d.Segments(&p, packet.Cut{Size: tc.size, Headers: tc.headers}); packets != tc.packets || bytes != tc.bytes {
			t.Errorf("%s: %d packets, %d bytes, want %d, %d", tc.name, packets, bytes, tc.packets, tc.bytes)
		}
	}
}
