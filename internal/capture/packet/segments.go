package packet

import "weir/internal/netmodel"

// Segments returns how many packets the frame that was dissected last, to p, is on the wire, and their bytes, where the card or the stack cuts it
// into segments with so many bytes of data; 0: nothing cuts it. The kernel says that number of a frame (gso_size), also of what it has put together.
//
// BPF: what is neither TCP nor UDP behind the outer IP header is one packet, as is what has no data.
func (d *Dissector) Segments(p *Packet, size int) (packets, bytes int) {
	if size <= 0 || d.headers == 0 || p.Bytes <= d.headers {
		return 1, p.Bytes
	}
	packets = (p.Bytes - d.headers + size - 1) / size
	return packets, p.Bytes + (packets-1)*d.headers
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
