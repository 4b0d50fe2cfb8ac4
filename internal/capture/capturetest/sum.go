package capturetest

import (
	"fmt"
	"net/netip"
	"slices"
	"time"

	"weir/internal/capture/packet"
)

// Flow is what the truth tells flows apart by. Ports is "source destination", or empty for what has none to read: later
// fragments, and packets that are cut off before them.
type Flow struct {
	Src, Dst netip.Addr
	Ports    string
	Protocol int
}

// FlowOf returns what the truth counts a packet under: it has rows of their own for what has no ports to read.
func FlowOf(p *packet.Packet, out packet.Outcome) Flow {
	f := Flow{p.Src, p.Dst, fmt.Sprintf("%d %d", p.SrcPort, p.DstPort), p.Protocol}
	ported := p.Protocol == 6 || p.Protocol == 17 || p.Protocol == 33 || p.Protocol == 132
	if p.Fragment == packet.LaterFragment || (out == packet.ShortTransport && ported) {
		f.Ports = ""
	}
	return f
}

// Sum is what is counted of a flow: packets, bytes of IP, all flags of TCP joined, and the times of the first and last packet in
// microseconds since the epoch.
type Sum struct {
	Packets, Bytes int
	Flags          uint8
	First, Last    int64
}

// Of returns the sum of one packet.
func Of(p *packet.Packet, at time.Time) Sum {
	return Sum{1, p.Bytes, p.Flags, at.UnixMicro(), at.UnixMicro()}
}

func (s Sum) String() string {
	return fmt.Sprintf("%d packets, %d bytes, flags %d, from %d to %d", s.Packets, s.Bytes, s.Flags, s.First, s.Last)
}

// Add adds another sum of the flow.
func (s *Sum) Add(o Sum) {
	if s.Packets == 0 {
		s.First, s.Last = o.First, o.Last
	}
	s.Packets, s.Bytes, s.Flags = s.Packets+o.Packets, s.Bytes+o.Bytes, s.Flags|o.Flags
	s.First, s.Last = min(s.First, o.First), max(s.Last, o.Last)
}

// same reports whether two sums are equal. The truth was taken from the originals, whose nanoseconds were rounded, while the
// copies have them cut off: their times differ by up to a microsecond.
func (s Sum) same(o Sum) bool {
	near := func(a, b int64) bool { return -1 <= a-b && a-b <= 1 }
	return s.Packets == o.Packets && s.Bytes == o.Bytes && s.Flags == o.Flags && near(s.First, o.First) && near(s.Last, o.Last)
}

// Sums are what is counted of flows.
type Sums map[Flow]Sum

// Add adds to a flow.
func (s Sums) Add(f Flow, of Sum) {
	is := s[f]
	is.Add(of)
	s[f] = is
}

// Differences returns a line for each flow that is not equal in the truth, or is not there.
func (s Sums) Differences(truth Sums) []string {
	var lines []string
	for f, is := range truth {
		if !s[f].same(is) {
			lines = append(lines, fmt.Sprintf("%v > %v ports %q protocol %d: %v, and in truth %v", f.Src, f.Dst, f.Ports, f.Protocol, s[f], is))
		}
	}
	for f, is := range s {
		if _, ok := truth[f]; !ok {
			lines = append(lines, fmt.Sprintf("%v > %v ports %q protocol %d: %v, and not in truth", f.Src, f.Dst, f.Ports, f.Protocol, is))
		}
	}
	slices.Sort(lines)
	return lines
}
