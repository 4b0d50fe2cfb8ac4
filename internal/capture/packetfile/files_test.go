package packetfile

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"io"
	"testing"
)

// pcapHeader is the header of a pcap file, of version 2 and a minor one.
func pcapHeader(order binary.AppendByteOrder, magic uint32, minor uint16, link uint32) []byte {
	b := order.AppendUint32(nil, magic)
	b = order.AppendUint16(order.AppendUint16(b, 2), minor)
	for _, v := range []uint32{0, 0, 65535, link} {
		b = order.AppendUint32(b, v)
	}
	return b
}

// record is a packet of a pcap file.
func record(order binary.AppendByteOrder, seconds, fraction, length uint32, data string) []byte {
	var b []byte
	for _, v := range []uint32{seconds, fraction, uint32(len(data)), length} {
		b = order.AppendUint32(b, v)
	}
	return append(b, data...)
}

// blocks makes blocks of pcapng in a byte order.
type blocks struct{ binary.AppendByteOrder }

func (o blocks) block(typ uint32, body ...byte) []byte {
	body = append(body, make([]byte, (4-len(body)%4)%4)...)
	n := uint32(12 + len(body))
	b := o.AppendUint32(o.AppendUint32(nil, typ), n)
	return o.AppendUint32(append(b, body...), n)
}

func (o blocks) section(major, minor uint16) []byte {
	b := o.AppendUint32(nil, byteOrderMagic)
	b = o.AppendUint16(o.AppendUint16(b, major), minor)
	return o.block(blockSection, o.AppendUint64(b, 1<<64-1)...)
}

func (o blocks) iface(link uint16, snap uint32, options ...byte) []byte {
	b := o.AppendUint32(o.AppendUint16(o.AppendUint16(nil, link), 0), snap)
	return o.block(blockInterface, append(b, options...)...)
}

func (o blocks) option(code uint16, value string) []byte {
	b := append(o.AppendUint16(o.AppendUint16(nil, code), uint16(len(value))), value...)
	return append(b, make([]byte, (4-len(value)%4)%4)...)
}

func (o blocks) enhanced(id uint32, at uint64, captured, length uint32, data string) []byte {
	var b []byte
	for _, v := range []uint32{id, uint32(at >> 32), uint32(at), captured, length} {
		b = o.AppendUint32(b, v)
	}
	return o.block(blockEnhanced, append(b, data...)...)
}

func (o blocks) obsolete(id uint16, at uint64, length uint32, data string) []byte {
	b := o.AppendUint16(o.AppendUint16(nil, id), 0xffff)
	for _, v := range []uint32{uint32(at >> 32), uint32(at), uint32(len(data)), length} {
		b = o.AppendUint32(b, v)
	}
	return o.block(blockPacket, append(b, data...)...)
}

func (o blocks) simple(length uint32, data string) []byte {
	return o.block(blockSimple, append(o.AppendUint32(nil, length), data...)...)
}

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

func zip(t testing.TB, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// all reads a file to its end. The frames' data is copied.
func all(b []byte) (frames []Frame, interfaces []Interface, err error) {
	r, err := Open("it", bytes.NewReader(b))
	if err != nil {
		return nil, nil, err
	}
	for {
		f, err := r.Next()
		if err == io.EOF {
			return frames, r.Interfaces(), nil
		}
		if err != nil {
			return frames, r.Interfaces(), err
		}
		frames = append(frames, *f)
		frames[len(frames)-1].Data = bytes.Clone(f.Data)
	}
}
