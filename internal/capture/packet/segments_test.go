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
	for _, tc := range []struct {
		name           string
		frame          []byte
		size           int
		packets, bytes int
	}{
		{"TCP", v4(6, 1, 0x4000, join(tcp, data(3000))...), 1000, 3, 3*40 + 3000},
		{"TCP, and a byte more", v4(6, 1, 0x4000, join(tcp, data(3001))...), 1000, 4, 4*40 + 3001},
		{"TCP of one segment", v4(6, 1, 0x4000, join(tcp, data(1000))...), 1000, 1, 1040},
		{"TCP that nothing cuts", v4(6, 1, 0x4000, join(tcp, data(3000))...), 0, 1, 3040},
		{"TCP without data", v4(6, 1, 0x4000, tcp...), 1000, 1, 40},
		{"TCP with options", v4(6, 1, 0x4000, join(options, data(3000))...), 1000, 3, 3*52 + 3000},
		{"TCP by IPv6 with an extension header", v6(0, join(octets("0600000000000000"), tcp, data(2000))...), 1000, 2, 2*68 + 2000},
		{"UDP", v4(17, 1, 0x4000, join(octets("9c47 0035 0bc0 0000"), data(3000))...), 1000, 3, 3*28 + 3000},
		{"UDP by IPv6", v6(17, join(octets("9c47 0035 0bc0 0000"), data(2500))...), 1000, 3, 3*48 + 2500},
		{"GRE", v4(47, 1, 0x4000, data(3000)...), 1000, 1, 3020},
		{"a header that is cut off", v4(6, 1, 0x4000, octets("9c41 01bb")...), 1, 1, 24},
		{"extension headers that are cut off", v6(0, 6), 1, 1, 41},
	} {
		var p packet.Packet
		if out := d.Dissect(packet.Raw, tc.frame, len(tc.frame), noon, &p); !out.Counts() {
			t.Fatalf("%s: %v", tc.name, out)
		}
		if packets, bytes := d.Segments(&p, tc.size); packets != tc.packets || bytes != tc.bytes {
			t.Errorf("%s: %d packets, %d bytes, want %d, %d", tc.name, packets, bytes, tc.packets, tc.bytes)
		}
	}
}
