package packet_test

import (
	"testing"
	"time"

	"weir/internal/capture/packet"
)

// TestFragments sends fragments, and looks at the ports that each is counted under.
func TestFragments(t *testing.T) {
	type step struct {
		after time.Duration // noon
		frame []byte
		out   packet.Outcome
		want  packet.Packet
	}
	first := part(is4(17, 40007, 53, 32), packet.FirstFragment, 7)
	later := part(is4(17, 40007, 53, 32), packet.LaterFragment, 7)
	orphan := part(is4(17, 0, 0, 32), packet.LaterFragment, 7)
	for _, tt := range []struct {
		name  string
		steps []step
	}{
		{"in order", []step{
			{0, v4(17, 7, 0x2000, udpDNS...), packet.OK, first},
			{1, v4(17, 7, 0x2001, tcpSYN[:12]...), packet.OK, later},
			{2, v4(17, 7, 0x0002, tcpSYN[:12]...), packet.OK, later},
		}},
		{"the last one first", []step{
			{0, v4(17, 7, 0x0002, udpDNS...), packet.Orphan, orphan},
			{1, v4(17, 7, 0x2000, udpDNS...), packet.OK, first},
			{2, v4(17, 7, 0x2001, udpDNS...), packet.OK, later},
		}},
		{"old", []step{
			{0, v4(17, 7, 0x2000, udpDNS...), packet.OK, first},
			{packet.FragmentAge, v4(17, 7, 1, udpDNS...), packet.OK, later},
			{packet.FragmentAge + 1, v4(17, 7, 1, udpDNS...), packet.Orphan, orphan},
		}},
		{"a clock that steps back", []step{
			{time.Minute, v4(17, 7, 0x2000, udpDNS...), packet.OK, first},
			{time.Minute - packet.FragmentAge, v4(17, 7, 1, udpDNS...), packet.OK, later},
			{0, v4(17, 7, 1, udpDNS...), packet.Orphan, orphan},
		}},
		{"another datagram", []step{
			{0, v4(17, 7, 0x2000, udpDNS...), packet.OK, first},
			{0, v4(17, 8, 1, udpDNS...), packet.Orphan, part(is4(17, 0, 0, 32), packet.LaterFragment, 8)},
			{0, v4(6, 7, 1, udpDNS...), packet.Orphan, part(is4(6, 0, 0, 32), packet.LaterFragment, 7)},
		}},
		{"a first one that comes again", []step{
			{0, v4(17, 7, 0x2000, udpDNS...), packet.OK, first},
			{0, v4(17, 7, 0x2000, tcpSYN[:12]...), packet.OK, part(is4(17, 40001, 443, 32), packet.FirstFragment, 7)},
			{0, v4(17, 7, 1, udpDNS...), packet.OK, part(is4(17, 40001, 443, 32), packet.LaterFragment, 7)},
		}},
		{"a first one without ports", []step{
			{0, v4(17, 7, 0x2000, 1, 2), packet.ShortTransport, part(is4(17, 0, 0, 22), packet.FirstFragment, 7)},
			{0, v4(17, 7, 1, udpDNS...), packet.OK, orphan},
		}},
		{"ICMP", []step{
			{0, v4(1, 7, 0x2000, echo...), packet.OK, icmp(part(is4(1, 0, 0, 28), packet.FirstFragment, 7), 8, 0, 7)},
			{0, v4(1, 7, 1, udpDNS...), packet.OK, icmp(part(is4(1, 0, 0, 32), packet.LaterFragment, 7), 8, 0, 7)},
		}},
		{"IPv6, whose first has options", []step{
			{0, v6(44, join(v6Fragment(60, 0, true, 7), options(17, 1), udpDNS)...), packet.OK, part(is6(17, 40007, 53, 68), packet.FirstFragment, 7)},
			{0, v6(44, join(v6Fragment(60, 2, false, 7), udpDNS)...), packet.OK, part(is6(17, 40007, 53, 60), packet.LaterFragment, 7)},
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := packet.NewDissector()
			for i, s := range tt.steps {
				var got packet.Packet
				if out := d.Dissect(packet.Raw, s.frame, len(s.frame), noon.Add(s.after), &got); out != s.out || got != s.want {
					t.Errorf("step %d: %v, want %v\n got %+v\nwant %+v", i, out, s.out, got, s.want)
				}
			}
		})
	}
}

// TestFragmentsAreBounded begins more datagrams than are remembered: the oldest are forgotten, one for each that is too
// many, and one that came again counts from then on.
func TestFragmentsAreBounded(t *testing.T) {
	d, p := packet.NewDissector(), packet.Packet{}
	send := func(id uint32, later bool) packet.Outcome {
		f := v6(44, join(v6Fragment(17, 0, true, id), udpDNS)...)
		if later {
			f = v6(44, join(v6Fragment(17, 2, true, id), udpDNS)...)
		}
		return d.Dissect(packet.Raw, f, len(f), noon, &p)
	}
	for id := range uint32(packet.MaxDatagrams) {
		send(id, false)
	}
	for id := range uint32(packet.MaxDatagrams) {
		if out := send(id, true); out != packet.OK {
			t.Fatalf("datagram %d: %v", id, out)
		}
	}
	send(0, false) // forgets 0, and remembers it again
	send(packet.MaxDatagrams, false)
	for id, want := range map[uint32]packet.Outcome{0: packet.OK, 1: packet.Orphan, 2: packet.OK, packet.MaxDatagrams: packet.OK} {
		if out := send(id, true); out != want {
			t.Errorf("datagram %d: %v, want %v", id, out, want)
		}
	}
}
