package capturetest

import (
	"fmt"
	"net/netip"
	"time"

	"weir/internal/capture/packet"
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

// Fold counts later fragments under the flow of their datagram's first fragment. It is a model that remembers each first
// fragment for ever. Packets without ports have ports 0 there.
type Fold struct {
	// Later, Orphans and Early are how many later fragments there were, of how many the first was not seen before, and of how
	// many datagrams of these it came behind.
	Later, Orphans, Early int

	firsts      map[datagram]Flow
	missed      map[datagram]bool
	moved, into Sums
}

// NewFold returns a model that has seen no fragment.
func NewFold() *Fold {
	return &Fold{firsts: map[datagram]Flow{}, missed: map[datagram]bool{}, moved: Sums{}, into: Sums{}}
}

// Add counts a packet that [packet.Outcome.Counts]. It returns its flow, and whether that is known: it is not of a later
// fragment whose first was not seen.
func (f *Fold) Add(p *packet.Packet, at time.Time) (is Flow, known bool) {
	whole := *p
	whole.Fragment = packet.Whole
	is, known = FlowOf(&whole, packet.OK), true
	switch k := datagramOf(p); p.Fragment {
	case packet.FirstFragment:
		f.firsts[k] = is
		if f.missed[k] {
			f.Early++
		}
	case packet.LaterFragment:
		f.Later++
		if is, known = f.firsts[k]; !known {
			f.Orphans++
			f.missed[k] = true
			whole.SrcPort, whole.DstPort = 0, 0
			is = FlowOf(&whole, packet.OK)
		}
		f.moved.Add(FlowOf(p, packet.OK), Of(p, at))
		f.into.Add(is, Of(p, at))
	}
	return is, known
}

// Truth returns the truth of the capture with its rows for later fragments folded into the flows that the model knows, and
// what is left of rows without ports under ports 0. The error says which row has not what the model has seen of it.
func (f *Fold) Truth(truth Sums) (Sums, error) {
	out := Sums{}
	for k, s := range truth {
		if k.Ports == "" {
			moved := f.moved[k]
			s.Packets, s.Bytes = s.Packets-moved.Packets, s.Bytes-moved.Bytes
			if s.Packets < 0 || s.Bytes < 0 || s.Packets == 0 && s.Bytes != 0 {
				return nil, fmt.Errorf("%v > %v protocol %d: %d packets of %d bytes are left of what is folded", k.Src, k.Dst, k.Protocol, s.Packets, s.Bytes)
			}
			k.Ports = "0 0"
		}
		if s.Packets > 0 {
			out.Add(k, s)
		}
	}
	for k, s := range f.into {
		out.Add(k, s)
	}
	return out, nil
}
