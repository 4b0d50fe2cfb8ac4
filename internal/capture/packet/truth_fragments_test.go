package packet_test

import (
	"net/netip"
	"testing"

	"weir/internal/capture/packet"
	"weir/internal/capture/packetfile"
)

// datagram is what its fragments have in common.
type datagram struct {
	src, dst netip.Addr
	protocol int // 0 with IPv6
	id       uint32
}

func datagramOf(p *packet.Packet) datagram {
	k := datagram{p.Src, p.Dst, p.Protocol, p.Datagram}
	if p.Src.Is6() {
		k.protocol = 0
	}
	return k
}

// TestFragmentsFold compares which flow each later fragment of the captures is counted under with a model that remembers
// every first fragment for ever. It holds what the page docs/reference/packet-truth.md says about orphans.
func TestFragmentsFold(t *testing.T) {
	later, orphans, early := 0, 0, 0
	for _, c := range captures(t) {
		if c.later == 0 {
			continue
		}
		got, want := map[flow]sum{}, map[flow]sum{}
		firsts, missed := map[datagram]flow{}, map[datagram]bool{}
		d, p := packet.NewDissector(), packet.Packet{}
		c.read(t, func(f *packetfile.Frame) {
			out := d.Dissect(f.Link, f.Data, f.Length, f.Time, &p)
			if !out.Counts() {
				return
			}
			is := folded(&p)
			count(got, is, &p, f.Time)
			switch k := datagramOf(&p); p.Fragment {
			case packet.FirstFragment:
				firsts[k] = is
				if missed[k] {
					early++
				}
			case packet.LaterFragment:
				later++
				first, ok := firsts[k]
				if ok {
					is = first
				} else {
					orphans++
					missed[k] = true
				}
				if ok != (out == packet.OK) {
					t.Errorf("%s: a later fragment of %v is %v, and its first was seen: %v", c.name, is, out, ok)
				}
			}
			count(want, is, &p, f.Time)
		})
		if lines := differences(got, want); len(lines) > 0 {
			t.Errorf("%s: %v", c.name, lines)
		}
	}
	if later != 9857 || orphans != 61 || early != 0 {
		t.Errorf("%d later fragments, %d of them orphans; the first of %d came behind: want 9857, 61, 0", later, orphans, early)
	}
}

func folded(p *packet.Packet) flow {
	whole := *p
	whole.Fragment = packet.Whole
	return flowOf(&whole, packet.OK)
}
