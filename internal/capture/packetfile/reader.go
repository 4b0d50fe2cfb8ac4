package packetfile

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/klauspost/compress/gzip"

	"weir/internal/capture/packet"
)

// maxFrame is how many bytes of a frame can be captured. Linux makes packets of up to 512 KiB (BIG TCP), and tcpdump
// captures 256 KiB of each: a length beyond is a sign of a damaged file.
const maxFrame = 4 << 20

// Frame is a frame of a capture file.
type Frame struct {
	// Data is what was captured of it. It is valid until the next call of Next.
	Data []byte
	// Length is its length on the wire, as the file says, but not less than len(Data).
	Length int
	// Time is when it was captured, in UTC. It is zero of a simple packet block of pcapng, which has none.
	Time time.Time
	Link packet.LinkType
	// Interface is an index of [Reader.Interfaces].
	Interface int
}

// Interface is where frames were captured.
type Interface struct {
	Name string // empty where the file has none, as in pcap; not more than 255 bytes
	Link packet.LinkType
}

// Error is what is wrong with a capture file, and where.
type Error struct {
	File string
	// Packet is which packet it was found at, from 1. Before it all was read.
	Packet int
	// Offset is the byte from which on the file can't be read, of what gzip packed.
	Offset int64
	Reason string
	// Err is what caused it, or nil: [io.ErrUnexpectedEOF] where the file is cut off.
	Err error
}

// Error says it in one line.
func (e *Error) Error() string {
	return fmt.Sprintf("%s: packet %d, byte %d: %s", e.File, e.Packet, e.Offset, e.Reason)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Reader reads a capture file. It is not for concurrent use.
type Reader struct {
	name string
	in   *bufio.Reader
	// offset is how many bytes were taken from in, and start where the record or block began that is being read.
	offset, start int64
	packets       int // that were returned
	order         binary.ByteOrder
	next          func() error // of the file's format: fills frame
	err           error        // that was returned, and is again
	frame         Frame
	buf           []byte
	scratch       [24]byte // what headers are read into
	interfaces    []Interface
	pcap          pcap
	ng            pcapng
}

// Open reads the beginning of a capture file. The name is what errors call it; r stays the caller's to close.
func Open(name string, r io.Reader) (*Reader, error) {
	f := &Reader{name: name, in: bufio.NewReaderSize(r, 1<<16)}
	if magic, _ := f.in.Peek(2); len(magic) == 2 && magic[0] == 0x1f && magic[1] == 0x8b {
		z, err := gzip.NewReader(f.in)
		if err != nil {
			return nil, f.broken(err, "it can't be unpacked: %v", err)
		}
		f.in = bufio.NewReaderSize(z, 1<<16)
	}
	magic, err := f.in.Peek(4)
	if len(magic) < 4 {
		if err != io.EOF {
			return nil, f.broken(err, "%s", cause(err))
		}
		return nil, f.broken(io.ErrUnexpectedEOF, "it has %d bytes, and a capture file begins with 24 or more", len(magic))
	}
	if binary.BigEndian.Uint32(magic) == blockSection {
		f.next = f.nextPcapng
		// The section's header is read at once, for what is no pcapng after all.
		if err := f.firstSection(); err != nil {
			return nil, err
		}
		return f, nil
	}
	if err := f.openPcap(); err != nil {
		return nil, err
	}
	f.next = f.nextPcap
	return f, nil
}

// Next returns the next frame. It returns [io.EOF] at the end of the file, or an [*Error], and the same again when it is
// called again. The frame is valid until the next call.
func (f *Reader) Next() (*Frame, error) {
	if f.err == nil {
		f.err = f.next()
	}
	if f.err != nil {
		return nil, f.err
	}
	f.packets++
	f.frame.Length = max(f.frame.Length, len(f.frame.Data))
	return &f.frame, nil
}

// Interfaces returns the interfaces that were seen so far, of all sections of the file. A pcap file has one.
func (f *Reader) Interfaces() []Interface { return f.interfaces }

// broken is an error at the record or block that is being read.
func (f *Reader) broken(cause error, format string, args ...any) *Error {
	return &Error{File: f.name, Packet: f.packets + 1, Offset: f.start, Reason: fmt.Sprintf(format, args...), Err: cause}
}

// cause says why nothing can be read.
func cause(err error) string {
	if err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF) {
		return "the file is cut off here; what is before was read"
	}
	return err.Error()
}

// head reads the n bytes of a header, at most 24. They are valid until the next one. What it returns is as with read.
func (f *Reader) head(n int) ([]byte, error) {
	b := f.scratch[:n]
	return b, f.read(b)
}

// read fills b. What it returns is an [*Error], also at the end of the file.
func (f *Reader) read(b []byte) error {
	n, err := io.ReadFull(f.in, b)
	f.offset += int64(n)
	return f.ended(err)
}

// skip passes over n bytes.
func (f *Reader) skip(n int64) error {
	for n > 0 {
		done, err := f.in.Discard(int(min(n, 1<<20)))
		f.offset, n = f.offset+int64(done), n-int64(done)
		if err != nil {
			return f.ended(err)
		}
	}
	return nil
}

func (f *Reader) ended(err error) error {
	if err == nil {
		return nil
	}
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return f.broken(err, "%s", cause(err))
}

// begin reads the n bytes that a record or block begins with. At the end of the file it returns io.EOF.
func (f *Reader) begin(n int) ([]byte, error) {
	f.start = f.offset
	b := f.scratch[:n]
	n, err := io.ReadFull(f.in, b)
	f.offset += int64(n)
	if err == io.EOF {
		return nil, io.EOF
	}
	return b, f.ended(err)
}

// data reads n bytes of a frame.
func (f *Reader) data(n uint32) error {
	if n > maxFrame {
		return f.broken(nil, "it is said to have %d bytes, more than the %d that a frame can have: the file is damaged here or before", n, maxFrame)
	}
	if f.buf == nil || int(n) > cap(f.buf) {
		f.buf = make([]byte, max(int(n), 2048))
	}
	f.frame.Data = f.buf[:n]
	return f.read(f.frame.Data)
}
