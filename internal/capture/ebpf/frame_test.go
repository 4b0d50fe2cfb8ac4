package ebpf

import (
	"encoding/binary"
	"net/netip"
	"slices"

	"weir/internal/netmodel"
)

var big = binary.BigEndian

// wire makes frames that belong together: replies, fragments of one datagram, errors about what was there before.
type wire struct {
	c    chance
	last [][]byte // IP packets, to reply to and to quote
	ways []int
}

// frame returns a frame and its direction.
func (w *wire) frame() ([]byte, int) {
	c := w.c
	way := c.IntN(2)
	var ip []byte
	switch n := c.IntN(10); {
	case len(w.last) > 0 && n < 4:
		at := c.IntN(len(w.last))
		ip, way = reply(w.last[at]), 1-w.ways[at]
	case len(w.last) > 0 && n == 4:
		at := c.IntN(len(w.last))
		ip, way = w.quoting(w.last[at]), 1-w.ways[at]
	case len(w.last) > 0 && n == 5:
		at := c.IntN(len(w.last))
		ip, way = slices.Clone(w.last[at]), w.ways[at]
	default:
		ip = w.packet(way)
	}
	if w.c.IntN(3) > 0 {
		setFlags(ip, byte(pick(c, 0x02, 0x12, 0x10, 0x10, 0x11, 0x14, 0x18, 0x01, 0x04)))
	}
	w.last, w.ways = append(w.last, slices.Clone(ip)), append(w.ways, way)
	if len(w.last) > 12 {
		w.last, w.ways = w.last[1:], w.ways[1:]
	}
	return w.link(ip), way
}

// ipOf returns what comes behind a packet's IPv4 header, or a plain IPv6 header, and its protocol.
func ipOf(ip []byte) (protocol int, payload []byte) {
	if len(ip) >= 20 && ip[0]>>4 == 4 && len(ip) >= int(ip[0]&15)*4 {
		return int(ip[9]), ip[int(ip[0]&15)*4:]
	}
	if len(ip) >= 40 && ip[0]>>4 == 6 {
		return int(ip[6]), ip[40:]
	}
	return -1, nil
}

func setFlags(ip []byte, flags byte) {
	if protocol, b := ipOf(ip); protocol == netmodel.TCP && len(b) >= 14 {
		b[13] = flags
	}
}

// reply returns what answers a packet: its ends changed places, and of ICMP the reply's type.
func reply(of []byte) []byte {
	ip := slices.Clone(of)
	swap := func(a, b []byte) {
		for n := range a {
			a[n], b[n] = b[n], a[n]
		}
	}
	switch {
	case len(ip) >= 20 && ip[0]>>4 == 4:
		swap(ip[12:16], ip[16:20])
	case len(ip) >= 40 && ip[0]>>4 == 6:
		swap(ip[8:24], ip[24:40])
	}
	switch protocol, b := ipOf(ip); {
	case protocol == netmodel.TCP || protocol == netmodel.UDP || protocol == 132:
		if len(b) >= 4 {
			swap(b[:2], b[2:4])
		}
	case protocol == netmodel.ICMP && len(b) > 0:
		switch b[0] {
		case 8:
			b[0] = 0
		case 13, 15, 17:
			b[0]++
		}
	case protocol == netmodel.ICMPv6 && len(b) > 0 && b[0] == 128:
		b[0] = 129
	}
	return ip
}

// quoting returns an ICMP error about a packet, mostly to where that came from.
func (w *wire) quoting(of []byte) []byte {
	c := w.c
	if len(of) < 20 {
		return slices.Clone(of)
	}
	quoted := of[:min(len(of), pick(c, 20, 28, 36, 48, 200))]
	body := append([]byte{pick[byte](c, 3, 11, 5, 12), pick[byte](c, 0, 4), 0, 0, 0, 0, 0, 0}, quoted...)
	if of[0]>>4 == 6 && len(of) >= 40 {
		body[0] = pick[byte](c, 1, 2, 3, 4)
		to := netip.AddrFrom16([16]byte(of[8:]))
		if c.IntN(5) == 0 {
			to = own6
		}
		return w.ip(c.address(true), to, netmodel.ICMPv6, body)
	}
	to := netip.AddrFrom4([4]byte(of[12:]))
	if c.IntN(5) == 0 {
		to = own4
	}
	return w.ip(c.address(false), to, netmodel.ICMP, body)
}

// packet returns a new packet.
func (w *wire) packet(way int) []byte {
	c := w.c
	v6 := c.IntN(3) == 0
	near, far := own4, c.address(v6)
	if v6 {
		near = own6
	}
	if c.IntN(20) == 0 {
		near = c.address(v6)
	}
	src, dst := near, far
	if way == 0 {
		src, dst = far, near
	}
	if v6 {
		switch c.IntN(60) {
		case 0:
			src = netip.MustParseAddr("::ffff:10.0.0.1")
		case 1:
			src = netip.MustParseAddr("::fffe:10.0.0.1")
		}
	}
	protocol := c.protocol()
	body := make([]byte, 4+c.IntN(60))
	for n := range body {
		body[n] = byte(c.IntN(3))
	}
	switch protocol {
	case netmodel.TCP, netmodel.UDP, 132:
		big.PutUint16(body, c.port())
		big.PutUint16(body[2:], c.port())
		if protocol == netmodel.UDP && c.IntN(10) == 0 {
			big.PutUint16(body, pick[uint16](c, 546, 547, 67, 68))
			big.PutUint16(body[2:], pick[uint16](c, 546, 547, 67, 68))
		}
	case netmodel.ICMP:
		body[0], body[1] = pick[byte](c, 8, 8, 8, 0, 3, 5, 13, 14, 15, 17, 18, 30), pick[byte](c, 0, 0, 0, 4)
	case netmodel.ICMPv6:
		body[0], body[1] = pick[byte](c, 128, 128, 128, 129, 1, 2, 135, 136, 143), pick[byte](c, 0, 0, 0, 4)
	}
	return w.ip(src, dst, protocol, body)
}

// ip puts an IP header before a body, with options, extension headers and fragments at times.
func (w *wire) ip(src, dst netip.Addr, protocol int, body []byte) []byte {
	c := w.c
	place, odd := uint16(0), c.IntN(8)
	if odd == 0 {
		place = pick[uint16](c, 0x2000, 0x2000, 1, 0x2001, 0x4000)
	}
	if src.Is4() {
		size := 20
		if odd == 1 {
			size += 4 * c.IntN(11)
		}
		b := make([]byte, size, size+len(body))
		b[0] = 0x40 | byte(size/4)
		big.PutUint16(b[2:], uint16(size+len(body)))
		big.PutUint16(b[4:], uint16(c.IntN(3)))
		big.PutUint16(b[6:], place)
		b[8], b[9] = 64, byte(protocol)
		copy(b[12:], src.AsSlice())
		copy(b[16:], dst.AsSlice())
		if c.IntN(40) == 0 {
			big.PutUint16(b[2:], pick[uint16](c, 0, 10, 20, 24, 60000))
		}
		return append(b, body...)
	}
	var chain []byte
	next := byte(protocol)
	extend := func(kind byte, header []byte) {
		header[0] = next
		chain, next = append(header, chain...), kind
	}
	if odd == 0 {
		h := make([]byte, 8)
		big.PutUint16(h[2:], pick[uint16](c, 1, 1, 8, 9, 0))
		h[7] = byte(c.IntN(3))
		extend(44, h)
	}
	if odd == 1 {
		for range 1 + c.IntN(9) {
			h := make([]byte, 8*(1+c.IntN(2)))
			h[1] = byte(len(h)/8 - 1)
			kind := pick[byte](c, 0, 43, 60, 135, 51, 139)
			if kind == 51 {
				h[1] = byte(len(h)/4 - 2)
			}
			extend(kind, h)
		}
	}
	b := make([]byte, 40, 40+len(chain)+len(body))
	b[0] = 0x60
	big.PutUint16(b[4:], uint16(len(chain)+len(body)))
	b[6], b[7] = next, 64
	a16, d16 := src.As16(), dst.As16()
	copy(b[8:], a16[:])
	copy(b[24:], d16[:])
	if c.IntN(40) == 0 {
		big.PutUint16(b[4:], pick[uint16](c, 0, 2, 8, 60000))
	}
	return append(append(b, chain...), body...)
}

// link puts an IP packet into an Ethernet frame, with tags at times, and does harm to some.
func (w *wire) link(ip []byte) []byte {
	c := w.c
	typ := []byte{0x08, 0x00}
	if len(ip) > 0 && ip[0]>>4 == 6 {
		typ = []byte{0x86, 0xdd}
	}
	frame := make([]byte, 12, 100+len(ip))
	switch c.IntN(24) {
	case 0:
		for range c.IntN(10) {
			frame = append(frame, pick(c, []byte{0x81, 0}, []byte{0x88, 0xa8}, []byte{0x91, 0})...)
			frame = append(frame, 0, 7)
		}
	case 1:
		frame = append(frame, 0x88, 0x64, 0x11, 0, 0, 1, 0, 0)
		typ = []byte{0x00, 0x21}
		if ip[0]>>4 == 6 {
			typ = []byte{0x00, 0x57}
		}
	case 2:
		frame = append(frame, 0x88, 0x47)
		for range c.IntN(3) {
			frame = append(frame, 0, 1, 0, 64)
		}
		typ = []byte{0, 1, 1, 64}
	case 3:
		frame = append(frame, 0, 100, 0xaa, 0xaa, 3, 0, 0, 0)
	case 4:
		typ = pick(c, []byte{0x08, 0x06}, []byte{0x88, 0xcc}, []byte{0, 50})
	}
	frame = append(append(frame, typ...), ip...)
	switch c.IntN(24) {
	case 0:
		frame = frame[:14+c.IntN(len(frame)-13)]
	case 1:
		for range 1 + c.IntN(3) {
			frame[12+c.IntN(len(frame)-12)] ^= 1 << c.IntN(8)
		}
	case 2:
		frame = append(frame, make([]byte, c.IntN(30))...)
	}
	return frame
}
