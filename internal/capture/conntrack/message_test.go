package conntrack

import (
	"encoding/binary"
	"encoding/hex"
	"net/netip"
	"testing"
)

// recorded are messages as Linux 6.18 sent them, after their headers of netlink: a connection of IPv4 begins that is translated at both ends, one of IPv6 whose destination is, and the first ends.
var recorded = []struct {
	text string
	want *connection
}{
	{
		"020000003400018014000180080001007f000002080002007f0000091c00028005000100060000000600020087c3000006000300a70f00003400028014000180080001007f000001080002007f0000031c000280050001000600000006000200a70f00000600030087c3000008000c00067c45e108000300000001b80800070000000078300004802c0001800500010001000000050002000a000000050003000000000006000400030000000600050000000000",
		conn(108807649, ends("127.0.0.2:34755", "127.0.0.9:42767"), ends("127.0.0.1:42767", "127.0.0.3:34755")),
	},
	{
		"0a0000004c0001802c00018014000300fd00000000000000000000000000000914000400fd0000000000000000000000000000091c000280050001000600000006000200baf0000006000300992500004c0002802c000180140003000000000000000000000000000000000114000400fd0000000000000000000000000000091c0002800500010006000000060002009925000006000300baf0000008000c006f6d346f08000300000001a80800070000000078300004802c0001800500010001000000050002000a000000050003000000000006000400030000000600050000000000",
		conn(1869427823, ends("[fd00::9]:47856", "[fd00::9]:39205"), ends("[::1]:39205", "[fd00::9]:47856")),
	},
	{
		"020000003400018014000180080001007f000002080002007f0000091c00028005000100060000000600020087c3000006000300a70f00003400028014000180080001007f000001080002007f0000031c000280050001000600000006000200a70f00000600030087c3000008000c00067c45e108000300000003be0800070000000078100004800c0001800500010004000000",
		conn(108807649, ends("127.0.0.2:34755", "127.0.0.9:42767"), ends("127.0.0.1:42767", "127.0.0.3:34755")),
	},
}

func unhex(t testing.TB, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestParse(t *testing.T) {
	if binary.NativeEndian.Uint16([]byte{1, 0}) != 1 {
		t.Skip("not run: messages were recorded on a little-endian machine, and are of the machine's order")
	}
	for _, m := range recorded {
		b := unhex(t, m.text)
		if c, looked, err := parse(b); err != nil || !looked || c != *m.want {
			t.Errorf("%+v, looked at: %v, %v; want %+v", c, looked, err, m.want)
		}
		// Of a zone, and of one in a direction alone.
		zoned := append(append([]byte{}, b...), 6, 0, ctaZone, 0, 0, 7, 0, 0)
		if c, _, err := parse(zoned); err != nil || c.ways[0].zone != 7 || c.ways[1].zone != 7 {
			t.Errorf("%+v, %v", c, err)
		}
		// A part of it is no connection, or is one of the attributes that count.
		for n := range len(b) {
			if c, _, err := parse(b[:n]); err == nil && c != *m.want {
				t.Errorf("%d bytes: %+v", n, c)
			}
		}
	}
	udpLike := unhex(t, recorded[0].text)
	for _, at := range []int{36, 88} { // the protocols of both tuples
		udpLike[at] = 1
	}
	if _, looked, err := parse(udpLike); looked || err != nil {
		t.Errorf("of ICMP: looked at: %v, %v", looked, err)
	}
	var e Ends
	var zone uint16
	if zoned, err := tuple([]byte{6, 0, ctaTupleZone, 0, 0, 9, 0, 0}, &e, &zone); !zoned || zone != 9 || err != nil {
		t.Errorf("%v, %d, %v", zoned, zone, err)
	}
	for _, text := range []string{"", "0200", "02000000", "0200000003000180", "02000000ff000180", "020000000500010001", "020000000c00018008000180050001", "0200000008000c0001"} {
		if c, _, err := parse(unhex(t, text)); err == nil {
			t.Errorf("%s is taken for %+v", text, c)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, m := range recorded {
		f.Add(unhex(f, m.text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, looked, err := parse(data)
		if err != nil && (looked || c != connection{}) {
			t.Errorf("%v of what is none", c)
		}
		for _, w := range c.ways {
			if looked && (w.ends.Src.Is4() != w.ends.Dst.Is4() || w.ends.Src == netip.Addr{} || w.ends.Protocol != tcp && w.ends.Protocol != udp) {
				t.Errorf("%v", c)
			}
		}
	})
}
