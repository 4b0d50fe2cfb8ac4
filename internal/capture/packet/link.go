package packet

import (
	"encoding/binary"
	"strconv"
)

// LinkType says what a frame begins with.
//
// Source: tcpdump.org, "Link-layer header types".
type LinkType uint32

// The link types that are read.
const (
	Null      LinkType = 0  // BSD loopback: a protocol family in the byte order of the host that captured
	Ethernet  LinkType = 1  // and 802.3
	rawBSD    LinkType = 12 // DLT_RAW of most systems, which some writers put into files
	rawOther  LinkType = 14 // DLT_RAW of OpenBSD
	Raw       LinkType = 101
	Loop      LinkType = 108 // OpenBSD loopback: a protocol family in network byte order
	LinuxSLL  LinkType = 113 // Linux "any", cooked
	IPv4      LinkType = 228
	IPv6      LinkType = 229
	LinuxSLL2 LinkType = 276
)

// String returns the name that tcpdump gives the link type, or its number.
func (l LinkType) String() string {
	if n := l.name(); n != "" {
		return n
	}
	return "link type " + strconv.FormatUint(uint64(l), 10)
}

func (l LinkType) name() string {
	switch l {
	case Null:
		return "NULL"
	case Ethernet:
		return "EN10MB"
	case rawBSD, rawOther, Raw:
		return "RAW"
	case Loop:
		return "LOOP"
	case LinuxSLL:
		return "LINUX_SLL"
	case IPv4:
		return "IPV4"
	case IPv6:
		return "IPV6"
	case LinuxSLL2:
		return "LINUX_SLL2"
	}
	return ""
}

// network returns where the IP header of a frame begins, and of which version it should be.
func network(link LinkType, frame []byte) (start, version int, out Outcome) {
	switch link {
	case Ethernet:
		if len(frame) < 14 {
			return 0, 0, Short
		}
		return ethertype(frame, 14, binary.BigEndian.Uint16(frame[12:]))
	case LinuxSLL:
		if len(frame) < 16 {
			return 0, 0, Short
		}
		return ethertype(frame, 16, binary.BigEndian.Uint16(frame[14:]))
	case LinuxSLL2:
		if len(frame) < 20 {
			return 0, 0, Short
		}
		return ethertype(frame, 20, binary.BigEndian.Uint16(frame))
	case Null, Loop:
		if len(frame) < 4 {
			return 0, 0, Short
		}
		return family(frame)
	case IPv4:
		return 0, 4, OK
	case IPv6:
		return 0, 6, OK
	case Raw, rawBSD, rawOther:
		return nibble(frame, 0)
	}
	return 0, 0, UnknownLink
}

// family reads the protocol family of a loopback frame. Its byte order is told by its value, since
// families are small: a file from a host of the other order says the same.
//
// Source: LINKTYPE_NULL: 2 is IPv4; 24, 28 and 30 are IPv6 on the BSDs and macOS; Linux has 10.
func family(frame []byte) (start, version int, out Outcome) {
	f := binary.LittleEndian.Uint32(frame)
	if f > 0xffff {
		f = binary.BigEndian.Uint32(frame)
	}
	switch f {
	case 2:
		return 4, 4, OK
	case 10, 24, 28, 30:
		return 4, 6, OK
	}
	return 0, 0, NotIP
}

// nibble tells the version by the first half byte of the header.
func nibble(frame []byte, at int) (start, version int, out Outcome) {
	if len(frame) <= at {
		return 0, 0, Short
	}
	switch v := int(frame[at] >> 4); v {
	case 4, 6:
		return at, v, OK
	}
	return 0, 0, NotIP
}

// MaxTags is how many headers between the link's and IP's are passed over: one for each VLAN tag, MPLS
// label, PPPoE and SNAP header. A frame with more is [NotIP].
//
// BPF: the bound of the loop. What was seen in public captures has 3.
const MaxTags = 8

// The types of what can be passed over on the way to IP.
const (
	typeIPv4     = 0x0800
	typeIPv6     = 0x86dd
	typeVLAN     = 0x8100
	typeService  = 0x88a8 // 802.1ad
	typeQinQ     = 0x9100 // QinQ before it was standardised
	typeMPLS     = 0x8847
	typeMPLSMany = 0x8848 // multicast
	typePPPoE    = 0x8864 // session
	lastLength   = 1500   // up to here it is the length of an 802.3 frame
)

// ethertype follows a chain of types from one whose header ended at a place.
func ethertype(frame []byte, at int, typ uint16) (start, version int, out Outcome) {
	for range MaxTags + 1 {
		rest := frame[at:]
		switch {
		case typ == typeIPv4:
			return at, 4, OK
		case typ == typeIPv6:
			return at, 6, OK
		case typ == typeVLAN || typ == typeService || typ == typeQinQ:
			if len(rest) < 4 {
				return 0, 0, Short
			}
			typ, at = binary.BigEndian.Uint16(rest[2:]), at+4
		case typ == typePPPoE:
			// Version and type, code, session, length, then PPP's protocol.
			if len(rest) < 8 {
				return 0, 0, Short
			}
			switch binary.BigEndian.Uint16(rest[6:]) {
			case 0x0021:
				return at + 8, 4, OK
			case 0x0057:
				return at + 8, 6, OK
			}
			return 0, 0, NotIP
		case typ == typeMPLS || typ == typeMPLSMany:
			if len(rest) < 4 {
				return 0, 0, Short
			}
			at += 4
			if rest[2]&1 != 0 { // bottom of the stack
				// Nothing says what follows. IP is told by its version, as routers do; the control word of a
				// pseudowire begins with 0 (RFC 4385).
				return nibble(frame, at)
			}
		case typ <= lastLength:
			// LLC with SNAP says a type; IPv4 right behind LLC (RFC 948) was not seen anywhere.
			if len(rest) < 8 {
				return 0, 0, NotIP
			}
			if binary.BigEndian.Uint64(rest)>>16 != 0xaaaa03000000 {
				return 0, 0, NotIP
			}
			typ, at = binary.BigEndian.Uint16(rest[6:]), at+8
			if typ <= lastLength {
				return 0, 0, NotIP
			}
		default:
			return 0, 0, NotIP
		}
	}
	return 0, 0, NotIP
}
