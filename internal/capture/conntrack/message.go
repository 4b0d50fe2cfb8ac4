package conntrack

import (
	"encoding/binary"
	"errors"
	"net/netip"
)

// Attributes of ctnetlink. Source: Linux, include/uapi/linux/netfilter/nfnetlink_conntrack.h.
const (
	ctaTupleOrig  = 1
	ctaTupleReply = 2
	ctaID         = 12
	ctaZone       = 18

	ctaTupleIP    = 1
	ctaTupleProto = 2
	ctaTupleZone  = 3

	ctaIPv4Src = 1
	ctaIPv4Dst = 2
	ctaIPv6Src = 3
	ctaIPv6Dst = 4

	ctaProtoNum     = 1
	ctaProtoSrcPort = 2
	ctaProtoDstPort = 3
)

// The protocols that are looked at, by IANA's numbers.
const (
	tcp = 6
	udp = 17
)

var errMessage = errors.New("a message of ctnetlink is none")

// parse reads a message about a connection, after its header of netlink. looked is false for those of protocols that are not looked at.
func parse(data []byte) (c connection, looked bool, err error) {
	const nfgenmsg = 4
	if len(data) < nfgenmsg {
		return c, false, errMessage
	}
	var zones [2]bool
	var zone uint16
	has := 0
	err = attributes(data[nfgenmsg:], func(typ uint16, value []byte) error {
		switch typ {
		case ctaTupleOrig, ctaTupleReply:
			way := &c.ways[typ-ctaTupleOrig]
			has |= int(typ)
			var err error
			zones[typ-ctaTupleOrig], err = tuple(value, &way.ends, &way.zone)
			return err
		case ctaID:
			if len(value) != 4 {
				return errMessage
			}
			c.id = binary.BigEndian.Uint32(value)
			has |= 4
		case ctaZone:
			return number(value, &zone)
		}
		return nil
	})
	if err == nil && has != 7 {
		err = errMessage
	}
	if err != nil {
		return connection{}, false, err
	}
	for i := range c.ways {
		e := &c.ways[i].ends
		if !zones[i] {
			c.ways[i].zone = zone
		}
		if e.Protocol != tcp && e.Protocol != udp {
			return c, false, nil
		}
		if !e.Src.IsValid() || !e.Dst.IsValid() || e.Src.Is4() != e.Dst.Is4() {
			return connection{}, false, errMessage
		}
	}
	return c, true, nil
}

// tuple reads one; zoned says that it has a zone of its own.
func tuple(data []byte, e *Ends, zone *uint16) (zoned bool, err error) {
	err = attributes(data, func(typ uint16, value []byte) error {
		switch typ {
		case ctaTupleIP:
			return attributes(value, func(typ uint16, value []byte) error {
				a, ok := netip.AddrFromSlice(value)
				if (typ == ctaIPv4Src || typ == ctaIPv4Dst) && !a.Is4() || (typ == ctaIPv6Src || typ == ctaIPv6Dst) && (!ok || a.Is4()) {
					return errMessage
				}
				switch typ {
				case ctaIPv4Src, ctaIPv6Src:
					e.Src = a
				case ctaIPv4Dst, ctaIPv6Dst:
					e.Dst = a
				}
				return nil
			})
		case ctaTupleProto:
			return attributes(value, func(typ uint16, value []byte) error {
				switch typ {
				case ctaProtoNum:
					if len(value) != 1 {
						return errMessage
					}
					e.Protocol = value[0]
				case ctaProtoSrcPort:
					return number(value, &e.SrcPort)
				case ctaProtoDstPort:
					return number(value, &e.DstPort)
				}
				return nil
			})
		case ctaTupleZone:
			zoned = true
			return number(value, zone)
		}
		return nil
	})
	return zoned, err
}

// number reads a number of 16 bits, the most significant byte first.
func number(value []byte, to *uint16) error {
	if len(value) != 2 {
		return errMessage
	}
	*to = binary.BigEndian.Uint16(value)
	return nil
}

// attributes calls do for each attribute. Lengths and types are in the machine's order; each begins at a multiple of 4 bytes.
func attributes(data []byte, do func(typ uint16, value []byte) error) error {
	const header, flags = 4, 0xc000 // NLA_F_NESTED, NLA_F_NET_BYTEORDER
	for len(data) >= header {
		n, typ := int(binary.NativeEndian.Uint16(data)), binary.NativeEndian.Uint16(data[2:])&^flags
		if n < header || n > len(data) {
			return errMessage
		}
		if err := do(typ, data[header:n]); err != nil {
			return err
		}
		data = data[min((n+3)&^3, len(data)):]
	}
	if len(data) > 0 {
		return errMessage
	}
	return nil
}
