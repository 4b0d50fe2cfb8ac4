package packetfile

import (
	"encoding/binary"
	"math/bits"
	"time"

	"weir/internal/capture/packet"
)

// pcapng is what is known of the section that is being read.
type pcapng struct {
	// interfaces are those of the section; first is the index of the first of them in the file.
	interfaces []ngInterface
	first      int
}

// ngInterface is how the packets of an interface are read.
type ngInterface struct {
	link packet.LinkType
	// snap is how much of a packet was captured at most; 0: all.
	snap uint32
	// perSecond is how many units of time a second has, and offset the seconds that are added.
	perSecond uint64
	offset    int64
}

// The types of blocks that are read. Others are passed over.
const (
	blockSection   = 0x0a0d0d0a // the same in both byte orders
	blockInterface = 1
	blockPacket    = 2 // obsolete
	blockSimple    = 3
	blockEnhanced  = 6
)

const (
	byteOrderMagic = 0x1a2b3c4d
	// maxInterfaces bounds what a file can make us remember, and maxDescription what one interface is described with.
	maxInterfaces  = 65_536
	maxDescription = 1 << 20
	maxName        = 255
)

// block is a block that is being read: what is left of it.
type block struct {
	typ, length uint32
	left        int64 // bytes before the length at its end
}

func (f *Reader) firstSection() error {
	b, err := f.beginBlock()
	if err != nil {
		return err
	}
	return f.endBlock(b)
}

// nextPcapng reads blocks up to and with one that has a packet.
func (f *Reader) nextPcapng() error {
	for {
		b, err := f.beginBlock()
		if err != nil {
			return err
		}
		found := true
		switch b.typ {
		case blockEnhanced, blockPacket:
			err = f.packetBlock(&b)
		case blockSimple:
			err = f.simpleBlock(&b)
		case blockInterface:
			found, err = false, f.interfaceBlock(&b)
		default:
			found = false
		}
		if err == nil {
			err = f.endBlock(b)
		}
		if err != nil || found {
			return err
		}
	}
}

// beginBlock reads type and length of a block, and of a section's header what it says. It returns io.EOF at the end of
// the file.
func (f *Reader) beginBlock() (b block, err error) {
	h, err := f.begin(8)
	if err != nil {
		return b, err
	}
	section := binary.BigEndian.Uint32(h) == blockSection
	var s []byte
	if section {
		// Its length stands before what says its byte order.
		length := binary.BigEndian.Uint32(h[4:])
		if s, err = f.head(16); err != nil {
			return b, err
		}
		switch uint32(byteOrderMagic) {
		case binary.LittleEndian.Uint32(s):
			f.order, length = binary.LittleEndian, bits.ReverseBytes32(length)
		case binary.BigEndian.Uint32(s):
			f.order = binary.BigEndian
		default:
			return b, f.broken(nil, "a section has no mark of its byte order: it is no pcapng, or damaged here")
		}
		b.typ, b.length = blockSection, length
	} else {
		b.typ, b.length = f.order.Uint32(h), f.order.Uint32(h[4:])
	}
	b.left = int64(b.length) - 12
	if b.left < 0 || b.length%4 != 0 {
		return b, f.broken(nil, "a block is said to have %d bytes: the file is damaged here", b.length)
	}
	if section {
		if b.left -= int64(len(s)); b.left < 0 {
			return b, f.broken(nil, "the header of a section is said to have %d bytes: the file is damaged here", b.length)
		}
		// 1.2 was written by some, and is the same (draft-ietf-opsawg-pcapng, 4.1).
		if major, minor := f.order.Uint16(s[4:]), f.order.Uint16(s[6:]); major != 1 || (minor != 0 && minor != 2) {
			return b, f.broken(nil, "a section is of version %d.%d of pcapng, and only 1.0 is read", major, minor)
		}
		f.ng = pcapng{interfaces: f.ng.interfaces[:0], first: len(f.interfaces)}
	}
	return b, nil
}

// endBlock passes over the rest of a block.
func (f *Reader) endBlock(b block) error {
	if err := f.skip(b.left); err != nil {
		return err
	}
	end, err := f.head(4)
	if err != nil {
		return err
	}
	if again := f.order.Uint32(end); again != b.length {
		return f.broken(nil, "a block is said to have %d bytes at its beginning and %d at its end: the file is damaged here", b.length, again)
	}
	return nil
}

// take reads n bytes of a block's header, at most 24.
func (f *Reader) take(b *block, n int) ([]byte, error) {
	if int64(n) > b.left {
		return nil, f.broken(nil, "a block of type %d has %d bytes, too few for what is in it: the file is damaged here", b.typ, b.length)
	}
	b.left -= int64(n)
	return f.head(n)
}

// captured reads the bytes of a frame out of a block.
func (f *Reader) captured(b *block, n uint32) error {
	if int64(n) > b.left {
		return f.broken(nil, "it is said to have %d bytes, more than its block: the file is damaged here", n)
	}
	b.left -= int64(n)
	return f.data(n)
}

// packetBlock reads an enhanced packet block, or an obsolete one, which has a smaller number of the interface.
func (f *Reader) packetBlock(b *block) error {
	h, err := f.take(b, 20)
	if err != nil {
		return err
	}
	id := f.order.Uint32(h)
	if b.typ == blockPacket {
		id = uint32(f.order.Uint16(h))
	}
	i, err := f.of(id)
	if err != nil {
		return err
	}
	at, ok := i.time(uint64(f.order.Uint32(h[4:]))<<32 | uint64(f.order.Uint32(h[8:])))
	if !ok {
		return f.broken(nil, "it is said to be from before 1970 or after 2261: the file is damaged here, or describes its interface wrongly")
	}
	f.frame = Frame{Length: int(f.order.Uint32(h[16:])), Time: at, Link: i.link, Interface: f.ng.first + int(id)}
	return f.captured(b, f.order.Uint32(h[12:]))
}

// simpleBlock reads a simple packet block: it is of the section's first interface, and says no time.
func (f *Reader) simpleBlock(b *block) error {
	h, err := f.take(b, 4)
	if err != nil {
		return err
	}
	i, err := f.of(0)
	if err != nil {
		return err
	}
	n := f.order.Uint32(h)
	f.frame = Frame{Length: int(n), Link: i.link, Interface: f.ng.first}
	if i.snap != 0 {
		n = min(n, i.snap)
	}
	return f.captured(b, n)
}

// of returns an interface of the section.
func (f *Reader) of(id uint32) (ngInterface, error) {
	if uint64(id) >= uint64(len(f.ng.interfaces)) {
		return ngInterface{}, f.broken(nil, "it is of interface %d, and its section describes %d: the file is damaged here", id, len(f.ng.interfaces))
	}
	return f.ng.interfaces[id], nil
}

// The options of an interface that are read.
const (
	optionEnd        = 0
	optionName       = 2
	optionResolution = 9
	optionOffset     = 14
)

// interfaceBlock reads the description of an interface.
func (f *Reader) interfaceBlock(b *block) error {
	if len(f.interfaces) == maxInterfaces || b.left > maxDescription {
		return f.broken(nil, "the file describes more than %d interfaces, or one with more than %d bytes: it is damaged", maxInterfaces, maxDescription)
	}
	h, err := f.take(b, 8)
	if err != nil {
		return err
	}
	i := ngInterface{link: packet.LinkType(f.order.Uint16(h)), snap: f.order.Uint32(h[4:]), perSecond: 1e6}
	options := make([]byte, b.left)
	if b.left = 0; len(options) > 0 {
		if err := f.read(options); err != nil {
			return err
		}
	}
	name := ""
	for rest := options; len(rest) >= 4; {
		code, n := f.order.Uint16(rest), int(f.order.Uint16(rest[2:]))
		if code == optionEnd {
			break
		}
		if n > len(rest)-4 {
			return f.broken(nil, "option %d of an interface is said to have %d bytes, more than the block: the file is damaged here", code, n)
		}
		value := rest[4 : 4+n]
		rest = rest[min(len(rest), 4+(n+3)&^3):]
		switch {
		case code == optionName:
			name = string(value[:min(n, maxName)])
		case code == optionResolution && n == 1:
			var ok bool
			if i.perSecond, ok = resolution(value[0]); !ok {
				return f.broken(nil, "the times of an interface have a resolution (%#x) finer than what is read", value[0])
			}
		case code == optionOffset && n == 8:
			i.offset = int64(f.order.Uint64(value))
		case code == optionResolution || code == optionOffset:
			return f.broken(nil, "option %d of an interface has %d bytes: the file is damaged here", code, n)
		}
	}
	f.ng.interfaces = append(f.ng.interfaces, i)
	f.interfaces = append(f.interfaces, Interface{Name: name, Link: i.link})
	return nil
}

// resolution returns how many units a second has: the value is n for 10^-n seconds, or with the highest bit set for 2^-n.
func resolution(v byte) (perSecond uint64, ok bool) {
	n := v & 0x7f
	if v&0x80 != 0 {
		return 1 << n, n < 64
	}
	perSecond = 1
	for range n {
		hi, lo := bits.Mul64(perSecond, 10)
		if hi != 0 {
			return 0, false
		}
		perSecond = lo
	}
	return perSecond, true
}

// time converts a time of the interface. What is finer than a nanosecond is cut off.
func (i *ngInterface) time(units uint64) (time.Time, bool) {
	const end = 9_214_646_400 // the year 2262, in which nanoseconds since the epoch no longer fit
	seconds, rest := units/i.perSecond, units%i.perSecond
	hi, lo := bits.Mul64(rest, 1e9)
	nanos, _ := bits.Div64(hi, lo, i.perSecond)
	if seconds >= end || i.offset < -end || i.offset >= end {
		return time.Time{}, false
	}
	at := int64(seconds) + i.offset
	return time.Unix(at, int64(nanos)).UTC(), 0 <= at && at < end
}
