package packet_test

import (
	"testing"
	"time"

	"weir/internal/capture/packet"
)

// FuzzDissect gives a dissector frames that follow one another, cut from one input: hostile ones say the wrong lengths, end
// anywhere, and overlap. What is counted must stay within what a packet can be, and a frame that is cut must not be counted
// under other ports.
func FuzzDissect(f *testing.F) {
	for _, tt := range frameTests {
		f.Add(uint32(tt.link), tt.frame, len(tt.frame)+tt.extra, uint8(len(tt.frame)))
	}
	f.Add(uint32(packet.Raw), join(v4(17, 7, 0x2000, udpDNS...), v4(17, 7, 1, udpDNS...)), 64, uint8(32))
	f.Fuzz(func(t *testing.T, link uint32, input []byte, length int, size uint8) {
		d, p := packet.NewDissector(), packet.Packet{}
		length = int(uint32(length))
		at := noon
		for range 100 {
			frame := input[:min(len(input), int(size))]
			input = input[len(frame):]
			out := d.Dissect(packet.LinkType(link), frame, length, at, &p)
			check(t, out, &p, max(length, len(frame)))
			if out == packet.OK && p.Fragment == packet.Whole {
				cutOff(t, packet.LinkType(link), frame, length, &p)
			}
			at = at.Add(time.Second)
			if len(frame) == 0 {
				return
			}
		}
	})
}

func check(t *testing.T, out packet.Outcome, p *packet.Packet, wire int) {
	t.Helper()
	if int(out) >= packet.Outcomes {
		t.Fatalf("outcome %d", out)
	}
	if !out.Counts() {
		return
	}
	least, most := 20, 65_535
	if p.Src.Is6() {
		least, most = 40, 65_575
	}
	ported := p.Protocol == 6 || p.Protocol == 17 || p.Protocol == 33 || p.Protocol == 132
	isICMP := p.Protocol == 1 || p.Protocol == 58
	switch {
	case p.Src.Is4() != p.Dst.Is4() || !p.Src.IsValid():
		t.Errorf("from %v to %v", p.Src, p.Dst)
	case p.Bytes < least || p.Bytes > max(most, wire):
		t.Errorf("%d bytes, %d on the wire", p.Bytes, wire)
	case !ported && (p.SrcPort != 0 || p.DstPort != 0):
		t.Errorf("protocol %d with ports %d, %d", p.Protocol, p.SrcPort, p.DstPort)
	case p.Protocol != 6 && p.Flags != 0 || p.Fragment == packet.LaterFragment && p.Flags != 0:
		t.Errorf("protocol %d, fragment %d with flags %d", p.Protocol, p.Fragment, p.Flags)
	case !isICMP && (p.Type != 0 || p.Code != 0 || p.ID != 0 || p.Quoted != nil):
		t.Errorf("protocol %d with what ICMP has: %+v", p.Protocol, p)
	case p.Protocol < 0 || p.Protocol > 255 || p.Type < 0 || p.Type > 255 || p.Code < 0 || p.Code > 255:
		t.Errorf("more than a byte: %+v", p)
	case (p.Fragment == packet.Whole) && p.Datagram != 0:
		t.Errorf("a whole packet of datagram %d", p.Datagram)
	case out == packet.Orphan && (p.Fragment != packet.LaterFragment || p.SrcPort != 0 || p.DstPort != 0):
		t.Errorf("an orphan with ports, or that is none: %+v", p)
	case p.Quoted != nil && (p.Quoted.Quoted != nil || !p.Quoted.Src.IsValid()):
		t.Errorf("quotes %+v", p.Quoted)
	}
}

// cutOff dissects what is left of a frame where fewer bytes were captured of it.
func cutOff(t *testing.T, link packet.LinkType, frame []byte, length int, whole *packet.Packet) {
	t.Helper()
	want := whole.Packet
	for n := range frame {
		var p packet.Packet
		out := packet.NewDissector().Dissect(link, frame[:n], max(length, len(frame)), noon, &p)
		if !out.Counts() {
			continue
		}
		if p.Src != want.Src || p.Dst != want.Dst || p.Bytes != whole.Bytes {
			t.Fatalf("cut at %d: %+v, want %+v", n, p, want)
		}
		if out == packet.OK && (p.Protocol != want.Protocol || p.SrcPort != want.SrcPort || p.DstPort != want.DstPort || p.Type != want.Type || p.Code != want.Code) {
			t.Fatalf("cut at %d: %+v, want %+v", n, p, want)
		}
	}
}
