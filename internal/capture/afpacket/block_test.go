package afpacket

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/internal/capture/packet"
)

// put writes a block with frames of data, as the kernel does; stray says which of them it gave up.
func put(data [][]byte, outgoing, stray map[int]bool, size map[int]uint16) []byte {
	word := binary.NativeEndian
	b := make([]byte, blockHeader)
	word.PutUint32(b[blockStatus:], statusUser)
	word.PutUint32(b[blockPackets:], uint32(len(data)))
	word.PutUint32(b[blockFirst:], blockHeader)
	for n, d := range data {
		const mac = 96
		f := make([]byte, mac+(len(d)+15)&^15)
		word.PutUint32(f[frameNext:], uint32(len(f)))
		word.PutUint32(f[frameSeconds:], 1000)
		word.PutUint32(f[frameNanos:], uint32(n))
		word.PutUint32(f[frameSnaplen:], uint32(len(d)))
		word.PutUint32(f[frameLength:], uint32(len(d))+100)
		if !stray[n] {
			word.PutUint32(f[frameStatus:], statusUser|0x50) // and two bits of a VLAN tag
		}
		word.PutUint16(f[frameMAC:], mac)
		if outgoing[n] {
			f[frameType] = typeOut
		}
		word.PutUint16(f[mac-virtioHeader+virtioSize:], size[n])
		copy(f[mac:], d)
		b = append(b, f...)
	}
	return b
}

// take reads a block.
func take(block []byte) (out []frame, err error) {
	n, err := frames(block, func(f *frame) {
		c := *f
		c.data = slices.Clone(f.data)
		out = append(out, c)
	})
	if n != len(out) {
		panic("it read others than it told of")
	}
	return out, err
}

// TestFrames has frames in both directions, one that is many packets, and one that the kernel gave up.
func TestFrames(t *testing.T) {
	block := put([][]byte{{1, 2, 3}, {}, {4}, {5, 6}}, map[int]bool{2: true}, map[int]bool{1: true}, map[int]uint16{3: 1448})
	got, err := take(block)
	const at = 1000 * 1e9
	want := []frame{{data: []byte{1, 2, 3}, length: 103, at: at}, {data: []byte{4}, length: 101, at: at + 2, outgoing: true}, {data: []byte{5, 6}, length: 102, at: at + 3, cut: packet.Cut{Size: 1448}}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(frame{})); err != nil || diff != "" {
		t.Errorf("%v: frames (-want +got):\n%s", err, diff)
	}
}

// TestCut has what the kernel says of a frame that is many packets.
func TestCut(t *testing.T) {
	data := make([]byte, 200)
	data[14+20+12] = 0x50    // TCP behind IPv4
	data[14+50+20+12] = 0x80 // and in VXLAN
	for _, tc := range []struct {
		name           string
		flags, kind    byte
		size, checksum uint16
		want           packet.Cut
	}{
		{"one packet", 1, 0, 0, 34, packet.Cut{}},
		{"TCP", 1, virtioTCP4, 1448, 34, packet.Cut{Size: 1448, Headers: 54}},
		{"TCP with ECN", 1, virtioTCP4 | 0x80, 1448, 34, packet.Cut{Size: 1448, Headers: 54}},
		{"TCP in VXLAN", 1, virtioTCP4, 1398, 84, packet.Cut{Size: 1398, Headers: 116}},
		{"TCP by IPv6", 1, virtioTCP6, 1428, 34, packet.Cut{Size: 1428, Headers: 54}},
		{"UDP", 1, virtioUDP, 1472, 34, packet.Cut{Size: 1472, Headers: 42}},
		{"no sum to write", 0, virtioTCP4, 1448, 34, packet.Cut{Size: 1448}},
		{"beyond what is captured", 1, virtioTCP4, 1448, 190, packet.Cut{Size: 1448}},
		{"fragments of UDP", 1, 3, 1480, 34, packet.Cut{Size: 1480}},
	} {
		virtio := make([]byte, virtioHeader)
		virtio[virtioFlags], virtio[virtioKind] = tc.flags, tc.kind
		binary.NativeEndian.PutUint16(virtio[virtioSize:], tc.size)
		binary.NativeEndian.PutUint16(virtio[virtioChecksum:], tc.checksum)
		if got := cutOf(virtio, data); got != tc.want {
			t.Errorf("%s: %+v, want %+v", tc.name, got, tc.want)
		}
	}
}

// TestFramesRefuses has blocks that no kernel hands out.
func TestFramesRefuses(t *testing.T) {
	for _, tc := range []struct {
		name, want string
		harm       func([]byte) []byte
	}{
		{"too short", "a block of 47 bytes", func(b []byte) []byte { return b[:47] }},
		{"cut off", "frame 1 of a block is at 160 of 200 bytes", func(b []byte) []byte { return b[:200] }},
		{"more frames than there are", "frame 2 of a block is at 272 of 272 bytes", func(b []byte) []byte { b[blockPackets] = 3; return b }},
		{"before the first", "frame 0 of a block is at 8 of 272 bytes", func(b []byte) []byte { b[blockFirst] = 8; return b }},
		{"data within the header", "frame 0 of a block has 3 bytes at 60 of 224", func(b []byte) []byte { b[blockHeader+frameMAC] = 60; return b }},
		{"more data than there is", "frame 0 of a block has 65539 bytes at 96 of 224", func(b []byte) []byte { b[blockHeader+frameSnaplen+2] = 1; return b }},
	} {
		_, err := take(tc.harm(put([][]byte{{1, 2, 3}, {4}}, nil, nil, nil)))
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, want %s", tc.name, err, tc.want)
		}
	}
}

// FuzzFrames looks for a block whose frames reach out of it.
func FuzzFrames(f *testing.F) {
	f.Add(put([][]byte{{1, 2, 3}, {}, {4}}, map[int]bool{2: true}, map[int]bool{1: true}, map[int]uint16{0: 9}))
	f.Add(make([]byte, blockHeader))
	f.Fuzz(func(t *testing.T, block []byte) {
		if len(block) > blockPackets+4 {
			block[blockPackets+2], block[blockPackets+3] = 0, 0 // as many as a block of the kernel's has room for
		}
		got, err := take(block)
		bytes := 0
		for _, f := range got {
			bytes += len(f.data)
		}
		if err == nil && len(block) < blockHeader || len(got) == 1 && bytes > len(block)-blockHeader {
			t.Errorf("%d frames with %d bytes of a block of %d", len(got), bytes, len(block))
		}
	})
}
