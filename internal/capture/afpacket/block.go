package afpacket

import (
	"encoding/binary"
	"fmt"
	"time"

	"weir/internal/capture/packet"
)

// What of a block of the ring is where, in bytes. All is in the byte order of the host.
//
// Source: Linux, include/uapi/linux/if_packet.h (tpacket_block_desc, tpacket3_hdr, sockaddr_ll), include/uapi/linux/virtio_net.h.
const (
	blockStatus  = 8
	blockPackets = 12
	blockFirst   = 16
	blockHeader  = 48

	frameNext    = 0
	frameSeconds = 4
	frameNanos   = 8
	frameSnaplen = 12
	frameLength  = 16
	frameStatus  = 20
	frameMAC     = 24
	frameType    = 48 + 10 // of the address behind the header
	frameHeader  = 48 + 20

	virtioHeader   = 10
	virtioFlags    = 0
	virtioKind     = 1
	virtioSize     = 4
	virtioChecksum = 6 // where what is summed begins: the header of TCP or UDP, of a tunnel the inner one
)

// What virtio_net_hdr says: that virtioChecksum is set, and what is cut.
const (
	virtioNeedsChecksum = 1
	virtioTCP4          = 1
	virtioTCP6          = 4
	virtioUDP           = 5
)

// The bit of a status that says whose a block or frame is, and the type of what goes out.
const (
	statusUser = 1
	typeOut    = 4
)

// frame is a frame of a device.
type frame struct {
	data     []byte // what was captured of it
	length   int    // on the wire, or what the card was given
	at       int64  // nanoseconds since the epoch
	outgoing bool
	cut      packet.Cut
}

// frames calls do for each frame of a block. A frame that the kernel had to give up when it had its place already (of a kind of GSO that
// virtio_net_hdr has no word for) does not belong to user space, and is passed over: it is counted as dropped.
func frames(block []byte, do func(*frame)) (read int, err error) {
	if len(block) < blockHeader {
		return 0, fmt.Errorf("a block of %d bytes", len(block))
	}
	word := binary.NativeEndian.Uint32
	var f frame
	at := int64(word(block[blockFirst:]))
	for n := range word(block[blockPackets:]) {
		if at < blockHeader || at+frameHeader > int64(len(block)) {
			return read, fmt.Errorf("frame %d of a block is at %d of %d bytes", n, at, len(block))
		}
		b := block[at:]
		next := int64(word(b[frameNext:]))
		if word(b[frameStatus:])&statusUser != 0 {
			start, captured := int64(binary.NativeEndian.Uint16(b[frameMAC:])), int64(word(b[frameSnaplen:]))
			if start < frameHeader+virtioHeader || start+captured > int64(len(b)) {
				return read, fmt.Errorf("frame %d of a block has %d bytes at %d of %d", n, captured, start, len(b))
			}
			f = frame{
				data: b[start : start+captured : start+captured], length: int(word(b[frameLength:])), outgoing: b[frameType] == typeOut,
				at: int64(word(b[frameSeconds:]))*int64(time.Second) + int64(word(b[frameNanos:])),
			}
			f.cut = cutOf(b[start-virtioHeader:start], f.data)
			do(&f)
			read++
		}
		at += next
	}
	return read, nil
}

// cutOf returns how a frame is cut, by its virtio_net_hdr. The kernel says nothing of tunnels there, but where the sum of TCP or UDP begins that the card or the stack has to
// write into each segment.
func cutOf(virtio, data []byte) packet.Cut {
	c := packet.Cut{Size: int(binary.NativeEndian.Uint16(virtio[virtioSize:]))}
	at := int(binary.NativeEndian.Uint16(virtio[virtioChecksum:]))
	if c.Size == 0 || virtio[virtioFlags]&virtioNeedsChecksum == 0 {
		return c
	}
	switch virtio[virtioKind] &^ 0x80 { // beside ECN
	case virtioTCP4, virtioTCP6:
		if at+12 < len(data) {
			c.Headers = at + int(data[at+12]>>4)*4
		}
	case virtioUDP:
		c.Headers = at + 8
	}
	return c
}
