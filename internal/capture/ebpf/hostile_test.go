package ebpf

import (
	"flag"
	"net/netip"
	"slices"
	"testing"

	"weir/internal/aggregate"
	"weir/internal/capture/capturetest"
	"weir/internal/capture/packet"
	"weir/internal/capture/packetfile"
	"weir/internal/netmodel"
)

// together packs frames into one input of FuzzHostile: each behind its length in two bytes.
func together(frames ...[]byte) []byte {
	var out []byte
	for _, f := range frames {
		out = append(big.AppendUint16(out, uint16(len(f))), f...)
	}
	return out
}

// apart unpacks frames, at most 100 of at most 2,000 bytes. The last one may be shorter than its length says.
func apart(input []byte) [][]byte {
	var out [][]byte
	for len(input) >= 2 && len(out) < 100 {
		n := min(int(big.Uint16(input))%2001, len(input)-2)
		out = append(out, input[2:2+n])
		input = input[2+n:]
	}
	return out
}

// cuts returns a frame cut off behind each of its bytes.
func cuts(frame []byte) [][]byte {
	var out [][]byte
	for n := 14; n <= len(frame); n++ {
		out = append(out, frame[:n])
	}
	return out
}

// set returns a copy of a frame with bytes at a place changed.
func set(frame []byte, at int, to ...byte) []byte {
	out := slices.Clone(frame)
	copy(out[at:], to)
	return out
}

// hostile are inputs that lie: each a way in which a frame can be other than it says.
func hostile() [][]byte {
	far4, far6 := netip.MustParseAddr("203.0.113.5"), netip.MustParseAddr("2001:db8:9::5")
	four := tcpFrame(far4, own4, 40000, 443, 0x12, []byte("data"))
	six := tcpFrame(far6, own6, 40000, 443, 0x12, []byte("data"))
	udp := ethernet(far4, own4, netmodel.UDP, []byte{0x9c, 0x47, 0, 53, 0, 12, 0, 0, 1, 2, 3, 4})
	out := [][]byte{together(cuts(four)...), together(cuts(six)...)}
	// Lengths of IPv4: the header's in words, and the total one.
	var lies [][]byte
	for words := range 16 {
		lies = append(lies, set(four, 14, 0x40|byte(words)))
	}
	for _, total := range []uint16{0, 1, 19, 20, 21, 23, 24, 33, 34, 40, 43, 44, 45, 1500, 65535} {
		lies = append(lies, set(four, 16, byte(total>>8), byte(total)), set(udp, 16, byte(total>>8), byte(total)), set(six, 18, byte(total>>8), byte(total)))
	}
	for version := range 16 {
		lies = append(lies, set(four, 14, byte(version<<4|5)), set(six, 14, byte(version<<4)))
	}
	out = append(out, together(lies...))
	// Stacks of tags, one more than is passed over, and none at their end.
	for _, tag := range [][]byte{{0x81, 0, 0, 7}, {0x88, 0xa8, 0, 7}, {0x91, 0, 0, 7}, {0x88, 0x47, 0, 1, 1, 64}, {0x88, 0x64, 0x11, 0, 0, 1, 0, 0, 0, 0x21}, {0, 100, 0xaa, 0xaa, 3, 0, 0, 0}} {
		var stacks [][]byte
		for deep := range packet.MaxTags + 3 {
			f := slices.Clone(four[:12])
			for range deep {
				f = append(f, tag...)
			}
			stacks = append(stacks, append(slices.Clone(f), four[12:]...), append(slices.Clone(f), four[14:]...), f)
		}
		out = append(out, together(stacks...))
	}
	// Chains of extension headers: one more than is passed over, longer than the packet, and cut off.
	for _, kind := range []byte{0, 43, 44, 50, 51, 59, 60, 135, 139, 140} {
		var chains [][]byte
		for deep := range packet.MaxExtensions + 3 {
			var chain []byte
			for n := range deep {
				next := kind
				if n == deep-1 {
					next = netmodel.TCP
				}
				chain = append(chain, next, 0, 0, 0, 0, 0, 0, 0)
			}
			first := kind
			if deep == 0 {
				first = netmodel.TCP
			}
			f := ethernet(far6, own6, first, append(chain, six[54:]...))
			chains = append(chains, f, f[:min(len(f), 54+8*deep)], f[:max(14, min(len(f), 54+8*deep-1))])
			if deep > 0 {
				chains = append(chains, set(f, 55, 1), set(f, 55, 255))
			}
		}
		out = append(out, together(chains...))
	}
	return append(out, overlapping(udp), overlapping(six))
}

// overlapping returns fragments of one datagram in orders and with offsets that no sender has: the first one twice with other
// ports, later ones before it and within its headers, and of another protocol.
func overlapping(whole []byte) []byte {
	fragment := func(offset uint16, more bool, protocol byte, body []byte) []byte {
		place := offset
		if more {
			place |= 0x2000
		}
		if whole[12] == 0x08 {
			f := ethernet(netip.MustParseAddr("203.0.113.5"), own4, protocol, body)
			return set(f, 20, byte(place>>8), byte(place))
		}
		place = offset << 3
		if more {
			place |= 1
		}
		h := append([]byte{protocol, 0, byte(place >> 8), byte(place), 0, 0, 0, 9}, body...)
		return ethernet(netip.MustParseAddr("2001:db8:9::5"), own6, 44, h)
	}
	body := slices.Clone(whole[34:])
	other := set(body, 0, 1, 2, 3, 4)
	return together(
		fragment(1, true, netmodel.UDP, body), fragment(0, true, netmodel.UDP, body), fragment(1, true, netmodel.UDP, body), fragment(0, true, netmodel.UDP, other),
		fragment(1, false, netmodel.UDP, body), fragment(8191, false, netmodel.UDP, body), fragment(1, false, netmodel.TCP, body), fragment(0, false, netmodel.UDP, body),
		fragment(0, true, netmodel.UDP, body[:3]), fragment(1, false, netmodel.UDP, body), fragment(0, true, 60, body), fragment(1, false, 60, body),
	)
}

// odd returns frames of the captures that are no ordinary packets, where the captures are there: some of each.
func odd(t testing.TB) [][]byte {
	t.Helper()
	type kind struct {
		outcome  packet.Outcome
		fragment packet.Fragment
		protocol int
	}
	have := map[kind]int{}
	var out [][]byte
	for _, c := range capturetest.Seeds(t) {
		d, p := packet.NewDissector(), packet.Packet{}
		c.Read(t, func(f *packetfile.Frame) {
			if f.Link != packet.Ethernet || len(f.Data) > 500 {
				return
			}
			k := kind{outcome: d.Dissect(f.Link, f.Data, f.Length, f.Time, &p)}
			if k.outcome.Counts() {
				k.fragment, k.protocol = p.Fragment, p.Protocol
			}
			if have[k]++; have[k] <= 2 {
				out = append(out, slices.Clone(f.Data))
			}
		})
	}
	return out
}

// FuzzHostile gives frames that follow one another, of a device with or without link headers, to the program and to the Go dissector:
// each must have the same outcome and be counted under the same flow.
func FuzzHostile(f *testing.F) {
	for _, input := range hostile() {
		f.Add(false, input)
		f.Add(true, input)
	}
	if flag.Lookup("test.fuzz").Value.String() != "" { // TestCaptures has all
		for _, frame := range odd(f) {
			f.Add(false, together(frame))
			f.Add(true, together(frame[min(len(frame), 14):]))
		}
	}
	p := load(f, Options{Driven: true, Connections: 1 << 14, Asides: 1 << 14})
	b := newPair(f, p, decides(f, plainNetwork()), Count)
	f.Fuzz(func(t *testing.T, raw bool, input []byte) {
		b.link = packet.Ethernet
		if raw {
			b.link = packet.Raw
		}
		if err := p.Watch(Device{Index: loopback, Raw: raw}, b.id); err != nil {
			t.Fatal(err)
		}
		b.tick(t, 2*28610) // no fragment of before is remembered
		for n, frame := range apart(input) {
			b.feed(t, frame, n&1)
		}
		b.compare(t)
		b.want, b.got = map[flow]aggregate.Counts{}, map[flow]aggregate.Counts{}
	})
}
