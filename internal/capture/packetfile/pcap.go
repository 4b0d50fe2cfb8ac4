package packetfile

import (
	"encoding/binary"
	"time"

	"weir/internal/capture/packet"
)

// pcap is what the header of a pcap file says.
type pcap struct {
	link packet.LinkType
	// tick is the unit of the fractions of seconds, in nanoseconds.
	tick int64
}

// The first four bytes of a pcap file, in the order of bytes of the host that wrote it.
const (
	magicMicro    = 0xa1b2c3d4
	magicNano     = 0xa1b23c4d
	magicModified = 0xa1b2cd34 // Alexey Kuznetzov's, of Linux distributions about 1999
)

// packed are the first bytes of what people put captures into.
var packed = map[string]string{"\x28\xb5\x2f\xfd": "zstd", "\x04\x22\x4d\x18": "lz4", "\xfd7zX": "xz", "BZh9": "bzip2", "PK\x03\x04": "zip"}

// openPcap reads the header of the file.
func (f *Reader) openPcap() error {
	magic, _ := f.in.Peek(4)
	switch {
	case packed[string(magic)] != "":
		return f.broken(nil, "it is packed with %s: only gzip is unpacked here", packed[string(magic)])
	case known(binary.LittleEndian.Uint32(magic)):
		f.order = binary.LittleEndian
	case known(binary.BigEndian.Uint32(magic)):
		f.order = binary.BigEndian
	default:
		return f.broken(nil, "it is neither pcap nor pcapng: it begins with the bytes % x", magic)
	}
	b, err := f.head(24)
	if err != nil {
		return err
	}
	major, minor := f.order.Uint16(b[4:]), f.order.Uint16(b[6:])
	switch f.order.Uint32(b) {
	case magicModified:
		return f.broken(nil, "it is of a variant of pcap that is not read (Kuznetzov's, magic a1b2cd34): `editcap -F pcap IN OUT` makes an ordinary one of it")
	case magicNano:
		f.pcap.tick = 1
	case magicMicro:
		f.pcap.tick = 1000
	}
	if major != 2 || minor != 4 {
		return f.broken(nil, "it is pcap of version %d.%d, and only 2.4 is read: `editcap -F pcap IN OUT` makes one of it", major, minor)
	}
	// Above are flags and the length of the frame check sequence.
	f.pcap.link = packet.LinkType(f.order.Uint32(b[20:]) & 0x03ffffff)
	f.interfaces = []Interface{{Link: f.pcap.link}}
	return nil
}

func known(magic uint32) bool {
	return magic == magicMicro || magic == magicNano || magic == magicModified
}

// nextPcap reads a record.
func (f *Reader) nextPcap() error {
	b, err := f.begin(16)
	if err != nil {
		return err
	}
	f.frame = Frame{
		Length: int(f.order.Uint32(b[12:])),
		Time:   time.Unix(int64(f.order.Uint32(b)), int64(f.order.Uint32(b[4:]))*f.pcap.tick).UTC(),
		Link:   f.pcap.link,
	}
	return f.data(f.order.Uint32(b[8:]))
}
