package packet

import (
	"time"

	"weir/internal/policy"
)

// Packet is one packet as a flow log counts it.
type Packet struct {
	// Packet is what decides of it. Beside TCP and UDP, DCCP and SCTP have ports: all four are read alike. Flags is the byte
	// of the TCP header, without AWS's mask. Quoted belongs to the Dissector, and is valid until its next Dissect.
	//
	// An IPv6 header may hold ::ffff:0:0/96 on one side only, which [policy.Packet.Check] refuses: check before deciding.
	policy.Packet
	// Bytes is the length of the IP packet: IPv4's total length; IPv6's payload length and 40.
	Bytes int
	// Fragment says whether it is a fragment. A later one has protocol, ports, ICMP type, code and identifier of the first
	// where that is known, and no flags.
	Fragment Fragment
	// Datagram is the identification of a fragment's datagram; 0 for a whole one.
	Datagram uint32
}

// Fragment is which part of a datagram a packet is.
type Fragment uint8

// The parts of a datagram. The last one is a later one too.
const (
	Whole Fragment = iota
	FirstFragment
	LaterFragment
)

// Dissector reads frames. It remembers the first fragments of at most [MaxDatagrams] datagrams, so that there is one for
// each interface; its memory is bounded, by about 1 MB. It is not for concurrent use.
type Dissector struct {
	fragments fragments
	quoted    policy.Packet
	// Of the last packet, for Segments: where its IP header begins, and how long its headers are.
	start, headers int
	isBig          bool
}

// NewDissector returns a dissector that has seen no fragment.
func NewDissector() *Dissector { return &Dissector{fragments: newFragments()} }

// Dissect reads a frame. length is its length on the wire in bytes, which is what was captured of it or more, and at is
// when it was seen: only fragments are compared by it. It fills p where the outcome [Outcome.Counts], and leaves p's
// fields undefined otherwise. It keeps nothing of the frame, and does not allocate but for what it remembers of fragments.
func (d *Dissector) Dissect(link LinkType, frame []byte, length int, at time.Time, p *Packet) Outcome {
	start, v, out := network(link, frame)
	d.start, d.headers, d.isBig = start, 0, false
	if out != OK {
		return out
	}
	*p = Packet{}
	h := header{packet: frame[start:], wire: max(length, len(frame)) - start}
	switch v {
	case 4:
		out = h.ipv4(p)
	case 6:
		out = h.ipv6(p)
	}
	if out != OK {
		return out
	}
	if p.Fragment == LaterFragment {
		if !d.fragments.recall(p, h.firstProtocol, at) {
			return Orphan
		}
		return OK
	}
	whole := transport(h.payload, &p.Packet)
	d.headers, d.isBig = h.headers(p.Protocol), v == 6 && h.isJumbo()
	if p.Fragment == FirstFragment {
		// BPF: a first fragment that is too short for its ports is remembered without them: its later ones go where it went.
		d.fragments.remember(p, h.firstProtocol, at)
	}
	if !whole {
		return ShortTransport
	}
	if quotes(&p.Packet) && quoted(h.payload, v, &d.quoted) {
		p.Quoted = &d.quoted
	}
	return OK
}
