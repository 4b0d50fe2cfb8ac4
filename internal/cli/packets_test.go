package cli

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// pcap writes a capture file: "pcap to.pcap from.txt". Each line of the text is a packet, as
//
//	1772445600.25 203.0.113.5:40000 10.0.1.10:443 tcp 60 S.
//	1772445601 10.0.1.10 203.0.113.5 icmp 84 8/0
//
// its time, ends, protocol (tcp, udp, icmp), the length of its IP packet, and TCP's flags in tcpdump's letters or ICMP's type and code. Lines that begin
// with # are none.
func pcap(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: pcap to.pcap from.txt")
	}
	out := binary.LittleEndian.AppendUint32(nil, 0xa1b2c3d4)
	out = binary.LittleEndian.AppendUint32(out, 4<<16|2)
	for _, v := range []uint32{0, 0, 65535, 1} {
		out = binary.LittleEndian.AppendUint32(out, v)
	}
	for line := range strings.Lines(ts.ReadFile(args[1])) {
		if w := strings.Fields(line); len(w) > 0 && w[0][0] != '#' {
			out = appendPacket(ts, out, w)
		}
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), out, 0o600))
}

// end is one side of a packet; the port is 0 where none is named.
func end(ts *testscript.TestScript, text string) (a [4]byte, port uint16) {
	host, number, _ := strings.Cut(text, ":")
	addr, err := netip.ParseAddr(host)
	ts.Check(err)
	if number != "" {
		n, err := strconv.ParseUint(number, 10, 16)
		ts.Check(err)
		port = uint16(n)
	}
	return addr.As4(), port
}

// appendPacket appends the record of a packet in Ethernet and IPv4.
func appendPacket(ts *testscript.TestScript, out []byte, w []string) []byte {
	if len(w) < 5 {
		ts.Fatalf("a packet is: time source destination protocol length")
	}
	seconds, err := strconv.ParseFloat(w[0], 64)
	ts.Check(err)
	at := time.UnixMicro(int64(seconds * 1e6))
	src, srcPort := end(ts, w[1])
	dst, dstPort := end(ts, w[2])
	length, err := strconv.ParseUint(w[4], 10, 16)
	ts.Check(err)
	var protocol byte
	var payload []byte
	switch w[3] {
	case "tcp":
		protocol = 6
		payload = binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(nil, srcPort), dstPort)
		payload = append(payload, 0, 0, 0, 0, 0, 0, 0, 0, 5<<4, flagsOf(w[5]), 0, 0, 0, 0, 0, 0)
	case "udp":
		protocol = 17
		payload = binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(nil, srcPort), dstPort)
		payload = append(payload, 0, 8, 0, 0)
	case "icmp":
		protocol = 1
		kind, code, _ := strings.Cut(w[5], "/")
		k, err := strconv.ParseUint(kind, 10, 8)
		ts.Check(err)
		c, err := strconv.ParseUint(code, 10, 8)
		ts.Check(err)
		payload = []byte{byte(k), byte(c), 0, 0, 0, 7, 0, 1}
	default:
		ts.Fatalf("no protocol %s", w[3])
	}
	ip := []byte{0x45, 0, byte(length >> 8), byte(length), 0, 1, 0, 0, 64, protocol, 0, 0}
	ip = append(append(append(ip, src[:]...), dst[:]...), payload...)
	frame := append(append(bytes.Repeat([]byte{2}, 12), 0x08, 0x00), ip...)
	for _, v := range []int64{at.Unix(), int64(at.Nanosecond() / 1000), int64(len(frame)), int64(length) + 14} { // the rest of it is cut off
		out = binary.LittleEndian.AppendUint32(out, uint32(v))
	}
	return append(out, frame...)
}

// flagsOf returns TCP's flags of tcpdump's letters.
func flagsOf(letters string) byte {
	var out byte
	for _, letter := range letters {
		out |= map[rune]byte{'F': 1, 'S': 2, 'R': 4, 'P': 8, '.': 16}[letter]
	}
	return out
}
