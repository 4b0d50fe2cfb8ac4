package packet

import "weir/internal/netmodel"

// A Cut says how a frame is cut into packets behind whoever sees it, or that it was put together of such.
type Cut struct {
	// Size is how many bytes of data each packet has; 0: nothing cuts it. Linux calls it gso_size.
	Size int
	// Headers is where in the frame the headers end that each packet has a copy of: in a tunnel, those of the inner TCP or UDP. 0: nobody knows.
	Headers int
}

// Segments returns how many packets the frame that was dissected last, to p, is on the wire, and their bytes.
//
// BPF: what is neither TCP nor UDP behind the outer IP header is one packet where its headers are not known, as is what has no data.
func (d *Dissector) Segments(p *Packet, c Cut) (packets, bytes int) {
	headers := d.headers
	if p.Protocol != netmodel.TCP && c.Headers > d.start {
		headers = c.Headers - d.start
	}
	if c.Size <= 0 || headers == 0 || p.Bytes <= headers {
		return 1, p.Bytes
	}
	packets = (p.Bytes - headers + c.Size - 1) / c.Size
	if d.isBig { // the header of a jumbogram, which is taken out before
		return packets, p.Bytes + (packets-1)*headers - packets*jumboHeader
	}
	return packets, p.Bytes + (packets-1)*headers
}

// jumboHeader is how long the header of a jumbogram is that Linux writes into frames of more than 64 KiB.
const jumboHeader = 8

// isJumbo reports whether what is behind an IPv6 header that says no length is the header of a jumbogram, and nothing else.
//
// Source: RFC 2675; Linux, include/net/ipv6.h (ipv6_hopopt_jumbo_remove): in frames that it cuts (BIG TCP) it is Linux's own, and on no wire.
func (h *header) isJumbo() bool {
	b := h.packet
	return len(b) >= 48 && h.wire > 40+65535 && b[6] == hopByHop && b[41] == 0 && b[42] == 0xc2 && b[43] == 4
}

// headers returns how long the headers are that each segment has: of IP, and of TCP or UDP; 0 where there are none, or they are cut off.
func (h *header) headers(protocol int) int {
	switch {
	case h.size == 0:
		return 0
	case protocol == netmodel.TCP && len(h.payload) > 12:
		return h.size + int(h.payload[12]>>4)*4
	case protocol == netmodel.UDP:
		return h.size + 8
	}
	return 0
}
