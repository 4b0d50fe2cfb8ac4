package packet_test

import (
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strings"
)

// octets reads hexadecimal digits, with any white space between them.
func octets(text string) []byte {
	b, err := hex.DecodeString(strings.Join(strings.Fields(text), ""))
	if err != nil {
		panic(err)
	}
	return b
}

func join(parts ...[]byte) []byte { return slices.Concat(parts...) }

// ethernet is an Ethernet header with a type, or more where tags follow.
func ethernet(types string) []byte {
	return join(octets("020000000001 020000000002"), octets(types))
}

// v4 is an IPv4 packet from 10.0.0.1 to 203.0.113.5; place is the field of flags and fragment offset.
func v4(protocol byte, id, place uint16, payload ...byte) []byte {
	return v4Options(protocol, id, place, nil, payload...)
}

func v4Options(protocol byte, id, place uint16, options []byte, payload ...byte) []byte {
	h := join(octets("45000000 00000000 40000000 0a000001 cb007105"), options)
	h[0] = 0x40 | byte(len(h)/4)
	binary.BigEndian.PutUint16(h[2:], uint16(len(h)+len(payload)))
	binary.BigEndian.PutUint16(h[4:], id)
	binary.BigEndian.PutUint16(h[6:], place)
	h[9] = protocol
	return join(h, payload)
}

// v6 is an IPv6 packet from fd00:1::10 to fd00:2::5.
func v6(next byte, payload ...byte) []byte {
	h := octets("60000000 00000040 fd000001000000000000000000000010 fd000002000000000000000000000005")
	binary.BigEndian.PutUint16(h[4:], uint16(len(payload)))
	h[6] = next
	return join(h, payload)
}

// v6Fragment is the fragment header of IPv6.
func v6Fragment(next byte, offset uint16, more bool, id uint32) []byte {
	h := []byte{next, 0, 0, 0, 0, 0, 0, 0}
	place := offset << 3
	if more {
		place |= 1
	}
	binary.BigEndian.PutUint16(h[2:], place)
	binary.BigEndian.PutUint32(h[4:], id)
	return h
}

var (
	// tcpSYN goes from port 40001 to 443; udpDNS from 40007 to 53, with 4 bytes.
	tcpSYN = octets("9c41 01bb 00000001 00000000 5002 ffff 0000 0000")
	udpDNS = octets("9c47 0035 000c 0000 01020304")
	// echo is a request with identifier 7.
	echo = octets("0800 0000 0007 0001")
)
