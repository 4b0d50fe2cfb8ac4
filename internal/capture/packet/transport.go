package packet

import (
	"encoding/binary"

	"weir/internal/netmodel"
	"weir/internal/policy"
)

// The protocols beside those of netmodel that begin with two ports.
//
// Source: RFC 4340, RFC 9260.
const (
	dccp = 33
	sctp = 132
)

// transport reads ports, flags, ICMP type, code and identifier. It reports whether all that tells a flow apart was there.
func transport(b []byte, p *policy.Packet) bool {
	switch p.Protocol {
	case netmodel.TCP, netmodel.UDP, dccp, sctp:
		if len(b) < 4 {
			return false
		}
		p.SrcPort, p.DstPort = binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:])
		if p.Protocol == netmodel.TCP && len(b) >= 14 {
			p.Flags = b[13]
		}
	case netmodel.ICMP, netmodel.ICMPv6:
		if len(b) < 2 {
			return false
		}
		p.Type, p.Code = int(b[0]), int(b[1])
		if hasID(p) && len(b) >= 6 {
			p.ID = binary.BigEndian.Uint16(b[4:])
		}
	default:
		// BPF: IPv6's extension headers are cut off or too many. In IPv4 these numbers are protocols as any other.
		if _, is := extension(byte(p.Protocol), nil); is {
			return p.Src.Is4()
		}
	}
	return true
}

// hasID reports whether an ICMP message has an identifier.
//
// Source: RFC 792, RFC 950, RFC 4443.
func hasID(p *policy.Packet) bool {
	if p.Protocol == netmodel.ICMPv6 {
		return p.Type == 128 || p.Type == 129
	}
	switch p.Type {
	case 0, 8, 13, 14, 15, 16, 17, 18:
		return true
	}
	return false
}

// quotes reports whether a packet is an ICMP error, which has the beginning of what it is about behind 8 bytes.
//
// Source: RFC 792 (unreachable, source quench, redirect, time exceeded, parameter problem), RFC 4443.
func quotes(p *policy.Packet) bool {
	switch p.Protocol {
	case netmodel.ICMP:
		return p.Type == 3 || p.Type == 4 || p.Type == 5 || p.Type == 11 || p.Type == 12
	case netmodel.ICMPv6:
		return p.Type >= 1 && p.Type <= 4
	}
	return false
}

// quoted reads the packet that an ICMP error of a version of IP quotes, and reports whether its flow can be told: its
// addresses, and ports or identifier where it should have them. Of a later fragment they can't.
//
// BPF: errors that quote a later fragment, or the other version of IP, belong to no connection.
func quoted(b []byte, version int, to *policy.Packet) bool {
	if len(b) < 9 {
		return false
	}
	// A router may have changed the length, and it is not counted: one of 0 is as good as any.
	h, p := header{packet: b[8:], wire: 1 << 16}, Packet{}
	var out Outcome
	if version == 4 {
		out = h.ipv4(&p)
	} else {
		out = h.ipv6(&p)
	}
	if out != OK || p.Fragment == LaterFragment || !transport(h.payload, &p.Packet) {
		return false
	}
	*to = p.Packet
	return true
}
