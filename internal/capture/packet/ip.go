package packet

import (
	"encoding/binary"
	"net/netip"
)

// header is an IP packet that is being read.
type header struct {
	packet []byte // what was captured of it, and of the frame's padding behind
	wire   int    // how long that was on the wire
	// payload is what was captured of what is behind the IP headers, up to where the header says that it ends.
	payload []byte
	// size is how long the IP headers are; 0 where they are cut off.
	size int
	// firstProtocol is what tells the datagrams of a fragment apart beside addresses and identification.
	firstProtocol uint8
}

// ipv4 reads an IPv4 header.
//
// Source: RFC 791.
func (h *header) ipv4(p *Packet) Outcome {
	b := h.packet
	// BPF: a header that is cut off is Short, whatever it says; a whole one can be Malformed.
	if len(b) < 20 {
		return Short
	}
	size := int(b[0]&15) * 4
	total := int(binary.BigEndian.Uint16(b[2:]))
	if total == 0 {
		// BPF: the card cuts a large packet and writes the lengths (TSO, BIG TCP); the program has the true
		// ones from the kernel.
		total = h.wire
	}
	if b[0]>>4 != 4 || size < 20 || total < size {
		return Malformed
	}
	p.Src, p.Dst = netip.AddrFrom4([4]byte(b[12:])), netip.AddrFrom4([4]byte(b[16:]))
	p.Protocol, p.Bytes = int(b[9]), total
	h.firstProtocol = b[9]
	place := binary.BigEndian.Uint16(b[6:])
	p.fragment(place&0x1fff != 0, place&0x2000 != 0, uint32(binary.BigEndian.Uint16(b[4:])))
	h.payload, h.size = cut(b, size, total), size
	return OK
}

// fragment says which part of a datagram a packet is, by whether it begins behind the beginning and whether more follow.
func (p *Packet) fragment(later, more bool, datagram uint32) {
	switch {
	case later:
		p.Fragment, p.Datagram = LaterFragment, datagram
	case more:
		p.Fragment, p.Datagram = FirstFragment, datagram
	}
}

// cut returns the bytes of b from one place to another, or as many of them as there are.
//
// BPF: what is behind the length that the header says is padding, and no port. Where the frame is shorter than that, the
// header is believed, and counted.
func cut(b []byte, from, to int) []byte {
	to = min(to, len(b))
	return b[min(from, to):to]
}

// The extension headers of IPv6 that are passed over.
//
// Source: RFC 8200, RFC 4302, RFC 6275, RFC 7401, RFC 5533.
const (
	hopByHop       = 0
	routing        = 43
	fragmentHeader = 44
	authentication = 51
	noNext         = 59
	destination    = 60
	mobility       = 135
	hostIdentity   = 139
	shim6          = 140
)

// MaxExtensions is how many extension headers of IPv6 are passed over. A packet with more has the protocol of the next
// extension header, and is [ShortTransport].
//
// BPF: the bound of the loop.
const MaxExtensions = 8

// ipv6 reads an IPv6 header and its extension headers.
//
// Source: RFC 8200.
func (h *header) ipv6(p *Packet) Outcome {
	b := h.packet
	if len(b) < 40 {
		return Short
	}
	if b[0]>>4 != 6 {
		return Malformed
	}
	total := 40 + int(binary.BigEndian.Uint16(b[4:]))
	if total == 40 && b[6] != noNext {
		// BPF: as with IPv4; here it is also what a jumbogram says (RFC 2675).
		total = max(h.wire, 40)
	}
	p.Src, p.Dst = netip.AddrFrom16([16]byte(b[8:])), netip.AddrFrom16([16]byte(b[24:]))
	p.Bytes = total
	next, rest, at := b[6], cut(b, 40, total), 40
	for n := 0; ; n++ {
		size, is := extension(next, rest)
		if !is {
			p.Protocol, h.payload, h.size = int(next), rest, at
			return OK
		}
		if size == 0 || n == MaxExtensions {
			p.Protocol = int(next)
			return OK
		}
		if next == fragmentHeader {
			place := binary.BigEndian.Uint16(rest[2:])
			p.fragment(place>>3 != 0, place&1 != 0, binary.BigEndian.Uint32(rest[4:]))
			if p.Fragment == LaterFragment {
				// BPF: behind the header of a later fragment is data, whatever the next header is called: the
				// first fragment knows the protocol.
				p.Protocol = int(rest[0])
				return OK
			}
		}
		next, rest, at = rest[0], rest[size:], at+size
	}
}

// extension returns how long an extension header is, or 0 where it is cut off, and whether it is one.
func extension(typ byte, b []byte) (size int, is bool) {
	unit := 8
	switch typ {
	case hopByHop, routing, destination, mobility, hostIdentity, shim6:
	case authentication:
		unit = 4
	case fragmentHeader:
		unit = 0 // its second byte is reserved
	default:
		return 0, false
	}
	if len(b) < 8 {
		return 0, true
	}
	if size = 8 + int(b[1])*unit; size > len(b) {
		return 0, true
	}
	return size, true
}
