package packetfile

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/internal/capture/packet"
)

var (
	little, big = binary.AppendByteOrder(binary.LittleEndian), binary.AppendByteOrder(binary.BigEndian)
	noon        = time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	noonUnix    = uint32(noon.Unix())
)

func TestPcap(t *testing.T) {
	for name, order := range map[string]binary.AppendByteOrder{"little endian": little, "big endian": big} {
		for magic, tick := range map[uint32]time.Duration{magicMicro: time.Microsecond, magicNano: time.Nanosecond} {
			// The upper bits of the link type say that a frame check sequence of 4 bytes is there.
			file := join(
				pcapHeader(order, magic, 4, 0x44000000|276),
				record(order, noonUnix, 999_999, 60, "abc"),
				record(order, 0, 0, 0, ""),
				record(order, 1<<32-1, 0, 1, "abcd"), // 2106, and longer than it was
			)
			want := []Frame{
				{Data: []byte("abc"), Length: 60, Time: noon.Add(999_999 * tick), Link: packet.LinuxSLL2},
				{Data: []byte{}, Time: time.Unix(0, 0).UTC(), Link: packet.LinuxSLL2},
				{Data: []byte("abcd"), Length: 4, Time: time.Unix(1<<32-1, 0).UTC(), Link: packet.LinuxSLL2},
			}
			for how, b := range map[string][]byte{"plain": file, "gzip": zip(t, file), "two members": append(zip(t, file[:50]), zip(t, file[50:])...)} {
				got, interfaces, err := all(b)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s, unit %v, %s:\n%s", name, tick, how, diff)
				}
				if diff := cmp.Diff([]Interface{{Link: packet.LinuxSLL2}}, interfaces); diff != "" {
					t.Error(diff)
				}
			}
		}
	}
}

func TestPcapng(t *testing.T) {
	for name, order := range map[string]binary.AppendByteOrder{"little endian": little, "big endian": big} {
		o := blocks{order}
		micros := uint64(noon.UnixMicro())
		eth0 := append(o.option(optionName, "eth0"), o.option(optionEnd, "")...)
		// Seconds since 2000, in units of 2^-20 s, of which 953.67 ns are one.
		binaryUnits := append(o.option(optionResolution, "\x94"), o.option(optionOffset, string(order.AppendUint64(nil, 946_684_800)))...)
		back := uint64(1) << 63
		before := append(o.option(optionResolution, "\x00"), o.option(optionOffset, string(order.AppendUint64(nil, -back)))...)
		other := blocks{little}
		if order == little {
			other = blocks{big}
		}
		file := join(
			o.section(1, 0),
			o.block(0x0bad, 1, 2, 3), // unknown
			o.iface(1, 0, eth0...),
			o.iface(101, 4, o.option(optionResolution, "\x09")...),
			o.enhanced(0, micros, 3, 60, "abc\x00\x02\x00\x04\x00\x01\x00\x00\x00\x00\x00\x00\x00"), // with an option behind
			o.enhanced(1, uint64(noon.UnixNano())+1, 4, 4, "abcd"),
			o.simple(5, "abcde"),
			o.iface(113, 0, binaryUnits...),
			o.obsolete(2, 1<<20+1, 9, "ab"),
			other.section(1, 2),
			other.iface(228, 3),
			other.simple(5, "abc"),
			other.enhanced(0, 1, 0, 0, ""),
		)
		want := []Frame{
			{Data: []byte("abc"), Length: 60, Time: noon, Link: packet.Ethernet},
			{Data: []byte("abcd"), Length: 4, Time: noon.Add(1), Link: packet.Raw, Interface: 1},
			{Data: []byte("abcde"), Length: 5, Link: packet.Ethernet},
			{Data: []byte("ab"), Length: 9, Time: time.Date(2000, 1, 1, 0, 0, 1, 953, time.UTC), Link: packet.LinuxSLL, Interface: 2},
			{Data: []byte("abc"), Length: 5, Link: packet.IPv4, Interface: 3},
			{Data: []byte{}, Time: time.Unix(0, 1000).UTC(), Link: packet.IPv4, Interface: 3},
		}
		for how, b := range map[string][]byte{"plain": file, "gzip": zip(t, file)} {
			got, interfaces, err := all(b)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s, %s:\n%s", name, how, diff)
			}
			if diff := cmp.Diff([]Interface{{"eth0", packet.Ethernet}, {"", packet.Raw}, {"", packet.LinuxSLL}, {"", packet.IPv4}}, interfaces); diff != "" {
				t.Error(diff)
			}
		}
		_, _, err := all(join(o.section(1, 0), o.iface(1, 0, before...), o.enhanced(0, 1, 0, 0, "")))
		if err == nil || !strings.Contains(err.Error(), "before 1970 or after 2261") {
			t.Errorf("a time before 1970: %v", err)
		}
	}
}

// TestTimes compares times of all resolutions with exact fractions.
func TestTimes(t *testing.T) {
	for _, tt := range []struct {
		resolution byte
		units      uint64
		want       time.Time
	}{
		{0, 3, time.Unix(3, 0)},
		{3, 3_250, time.Unix(3, 250_000_000)},
		{6, 1_000_001, time.Unix(1, 1000)},
		{12, 1_000_000_001_999, time.Unix(1, 1)}, // cut off, not rounded
		{19, 1<<64 - 1, time.Unix(1, 844_674_407)},
		{0x80, 5, time.Unix(5, 0)},
		{0x80 | 10, 1025, time.Unix(1, 976_562)},
		{0x80 | 63, 1<<63 + 1<<62, time.Unix(1, 500_000_000)},
	} {
		perSecond, ok := resolution(tt.resolution)
		got, inRange := (&ngInterface{perSecond: perSecond}).time(tt.units)
		if !ok || !inRange || !got.Equal(tt.want) {
			t.Errorf("%d units of resolution %#x are %v, want %v", tt.units, tt.resolution, got, tt.want.UTC())
		}
	}
	for _, v := range []byte{20, 63, 0x80 | 64, 0xff} {
		if _, ok := resolution(v); ok {
			t.Errorf("resolution %#x is taken", v)
		}
	}
}

func TestErrors(t *testing.T) {
	o := blocks{little}
	head := pcapHeader(little, magicMicro, 4, 1)
	one := join(head, record(little, 1, 2, 3, "abc"))
	section, iface := o.section(1, 0), o.iface(1, 0)
	ng := join(section, iface)
	resolutionOf := func(v string) []byte { return o.option(optionResolution, v) }
	for _, tt := range []struct {
		name   string
		file   []byte
		frames int
		want   string
		cut    bool // it is io.ErrUnexpectedEOF
	}{
		{"empty", nil, 0, "packet 1, byte 0: it has 0 bytes", true},
		{"three bytes", head[:3], 0, "packet 1, byte 0: it has 3 bytes", true},
		{"a cut header", head[:20], 0, "packet 1, byte 0: the file is cut off here", true},
		{"text", []byte("Frame 1: 60 bytes on wire"), 0, "neither pcap nor pcapng: it begins with the bytes 46 72 61 6d", false},
		{"zstd", []byte("\x28\xb5\x2f\xfd...."), 0, "packed with zstd", false},
		{"a bad gzip", []byte("\x1f\x8b\x07\x00\x00\x00\x00\x00\x00\x00"), 0, "can't be unpacked", false},
		{"Kuznetzov's", pcapHeader(little, magicModified, 4, 1), 0, "editcap", false},
		{"version 2.3", pcapHeader(big, magicMicro, 3, 1), 0, "version 2.3", false},
		{"a cut record header", join(one, make([]byte, 7)), 1, "packet 2, byte 43: the file is cut off here; what is before was read", true},
		{"a cut record", join(one, record(little, 1, 2, 3, "abc")[:18]), 1, "packet 2, byte 43: the file is cut off here", true},
		{"a cut gzip", zip(t, one)[:30], 0, "packet 1, byte 24: the file is cut off", true},
		{"a huge record", join(one, []byte("\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff")), 1, "packet 2, byte 43: it is said to have 4294967295 bytes", false},
		{"a section of version 2", o.section(2, 0), 0, "version 2.0 of pcapng", false},
		{"no byte order", append(section[:8:8], make([]byte, 20)...), 0, "no mark of its byte order", false},
		{"a cut section", section[:20], 0, "byte 0: the file is cut off", true},
		{"a short block", join(ng, []byte("\x01\x00\x00\x00\x08\x00\x00\x00")), 0, "byte 48: a block is said to have 8 bytes", false},
		{"an odd block", join(ng, []byte("\x05\x00\x00\x00\x0d\x00\x00\x00")), 0, "byte 48: a block is said to have 13 bytes", false},
		{"two lengths", append(join(ng, o.enhanced(0, 1, 0, 0, ""))[:76:76], 9, 0, 0, 0), 0, "said to have 32 bytes at its beginning and 9 at its end", false},
		{"a cut block", join(ng, o.enhanced(0, 1, 4, 4, "abcd"), o.enhanced(0, 1, 4, 4, "abcd")[:30]), 1, "packet 2, byte 84: the file is cut off", true},
		{"more than its block", join(ng, o.enhanced(0, 1, 5, 5, "abcd")), 0, "said to have 5 bytes, more than its block", false},
		{"a simple one, more than its block", join(ng, o.simple(9, "abcd")), 0, "said to have 9 bytes, more than its block", false},
		{"too short for a packet", join(ng, o.block(blockEnhanced, 1, 2, 3, 4)), 0, "too few for what is in it", false},
		{"an unknown interface", join(ng, o.enhanced(1, 1, 0, 0, "")), 0, "is of interface 1, and its section describes 1", false},
		{"no interface", join(section, o.simple(0, "")), 0, "is of interface 0, and its section describes 0", false},
		{"interfaces of the section before", join(ng, section, o.simple(0, "")), 0, "its section describes 0", false},
		{"a fine resolution", join(section, o.iface(1, 0, resolutionOf("\x14")...)), 0, "resolution (0x14) finer", false},
		{"a long resolution", join(section, o.iface(1, 0, resolutionOf("\x06\x06")...)), 0, "option 9 of an interface has 2 bytes", false},
		{"an option that lies", join(section, o.iface(1, 0, 2, 0, 9, 0)), 0, "option 2 of an interface is said to have 9 bytes", false},
		{"a time in the far future", join(section, o.iface(1, 0, resolutionOf("\x00")...), o.enhanced(0, 1<<40, 0, 0, "")), 0, "after 2261", false},
		{"an interface of 1 GiB", join(section, []byte("\x01\x00\x00\x00\x00\x00\x00\x40")), 0, "it is damaged", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			frames, _, err := all(tt.file)
			e := (*Error)(nil)
			if !errors.As(err, &e) || !strings.HasPrefix(err.Error(), "it: packet ") || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("%v\nwant %s", err, tt.want)
			}
			if len(frames) != tt.frames || e.Packet != tt.frames+1 || errors.Is(err, io.ErrUnexpectedEOF) != tt.cut {
				t.Errorf("%d frames, want %d; cut off: %v\n%v", len(frames), tt.frames, errors.Is(err, io.ErrUnexpectedEOF), err)
			}
		})
	}
}

// TestErrorsStay calls Next again behind an error, and behind the end.
func TestErrorsStay(t *testing.T) {
	whole := join(pcapHeader(little, magicMicro, 4, 1), record(little, 1, 2, 3, "abc"))
	for _, file := range [][]byte{whole, whole[:len(whole)-1]} {
		r, err := Open("it", iotest.OneByteReader(bytes.NewReader(file)))
		if err != nil {
			t.Fatal(err)
		}
		for err == nil {
			_, err = r.Next()
		}
		if _, again := r.Next(); again != err {
			t.Errorf("%v, and then %v", err, again)
		}
	}
}

// TestReadErrors has a reader that fails.
func TestReadErrors(t *testing.T) {
	broken := errors.New("the disk is gone")
	whole := join(pcapHeader(little, magicMicro, 4, 1), record(little, 1, 2, 3, "abc"))
	for n := range len(whole) {
		r, err := Open("it", io.MultiReader(bytes.NewReader(whole[:n]), iotest.ErrReader(broken)))
		if err == nil {
			_, err = r.Next()
		}
		if !errors.Is(err, broken) || !strings.Contains(err.Error(), "the disk is gone") {
			t.Errorf("behind %d bytes: %v", n, err)
		}
	}
}
