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
	return packets, p.Bytes + (packets-1)*headers
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
