package ebpf

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"weir/internal/aggregate"
	"weir/internal/capture/capturetest"
	"weir/internal/capture/packet"
	"weir/internal/capture/packetfile"
	"weir/internal/netmodel"
	"weir/internal/policy"
)

// longest is how long a frame a test run is given: the kernel takes not more than a page, of which it needs a part itself.
// Longer ones pass a tap.
const longest = 3500

// onDevice returns a frame as a device has it, and whether it has no link header. Linux has no device of which frames are of
// cooked or loopback link types: what these say of the packet is put into an Ethernet header. Where its headers are whole, what
// was not captured is there as zeros: a device has all of a frame.
func onDevice(f *packetfile.Frame, whole bool) (frame []byte, raw bool) {
	header := make([]byte, 12, 14)
	frame = f.Data
	if whole && f.Length > len(frame) {
		frame = append(slices.Clone(frame), make([]byte, f.Length-len(frame))...)
	}
	switch f.Link {
	case packet.Ethernet:
	case packet.LinuxSLL:
		if len(frame) >= 16 {
			frame = slices.Concat(header, frame[14:])
		}
	case packet.LinuxSLL2:
		if len(frame) >= 20 {
			frame = slices.Concat(header, frame[:2], frame[20:])
		}
	case packet.Null, packet.Loop:
		if len(frame) > 4 {
			frame, raw = frame[4:], true
		}
	default:
		raw = true
	}
	return frame, raw
}

// replay is a capture that is given to the program.
type replay struct {
	*feeder
	id      string
	watched map[int]Device // what devices are said to be
	now     time.Time      // of the last frame
	got     capturetest.Sums
	// What the Go dissector sees of the frames.
	dissector *packet.Dissector
	fold      *capturetest.Fold
	seen      capturetest.Sums
	outcomes  [packet.Outcomes]uint64
	notTaken  []string // frames that are no test to the kernel, and have a packet
}

// take adds a row.
func (r *replay) take(row *Row) error {
	if row.Interface != r.id {
		return nil // what is left of the capture before
	}
	f := capturetest.Flow{Src: row.Src, Dst: row.Dst, Ports: fmt.Sprintf("%d %d", row.SrcPort, row.DstPort), Protocol: int(row.Protocol)}
	r.got.Add(f, capturetest.Sum{Packets: int(row.Packets), Bytes: int(row.Bytes), Flags: row.Flags, First: row.First, Last: row.Last})
	return nil
}

// frame gives a frame to both, in the direction that its addresses have.
func (r *replay) frame(t *testing.T, f *packetfile.Frame) {
	t.Helper()
	var p packet.Packet
	out := r.dissector.Dissect(f.Link, f.Data, f.Length, f.Time, &p)
	way := 0
	if out.Counts() && p.Src.Compare(p.Dst) > 0 {
		way = 1
	}
	frame, raw := onDevice(f, out == packet.OK)
	if n := f.Time.Sub(r.now); n < 0 || n > 24*time.Hour {
		r.read(t)
	}
	r.now = f.Time
	if err := r.SetTime(f.Time.UnixNano()); err != nil {
		t.Fatal(err)
	}
	if !r.give(t, frame, raw, way) {
		if out.Counts() {
			r.notTaken = append(r.notTaken, fmt.Sprintf("%v: %x", out, frame))
		}
		return
	}
	if out != packet.OK {
		r.outcomes[out]++
	}
	if out.Counts() {
		is, _ := r.fold.Add(&p, f.Time)
		of := capturetest.Of(&p, f.Time)
		of.Flags = aggregate.PacketFlags(of.Flags)
		r.seen.Add(is, of)
	}
}

// give gives a frame to the program, and reports whether the kernel took it.
func (r *replay) give(t *testing.T, frame []byte, raw bool, way int) bool {
	t.Helper()
	if len(frame) <= longest {
		r.watch(t, Device{Index: loopback, Raw: raw})
		_, ran := run(t, r.program(way), frame)
		return ran
	}
	to := r.feeder.taps[0]
	if raw {
		to = r.feeder.taps[1]
	}
	r.watch(t, Device{Index: to.index, Raw: raw, Flipped: way == 1})
	if _, err := to.file.Write(frame); err != nil {
		t.Fatal(err)
	}
	return true
}

// watch says what a device is, where that is not known.
func (r *replay) watch(t *testing.T, d Device) {
	t.Helper()
	if r.watched[d.Index] == d {
		return
	}
	if err := r.Watch(d, r.id); err != nil {
		t.Fatal(err)
	}
	r.watched[d.Index] = d
}

// feeder is a program, with what frames are given to it by.
type feeder struct {
	*Program
	taps [2]*tap // with Ethernet headers, and without
}

// manyInterfaces is how many captures a feeder is for: each is of an interface of its own.
const manyInterfaces = 500

func numbered(n int) string { return fmt.Sprint("eni-", n) }

// newFeeder loads a program.
func newFeeder(t *testing.T) *feeder {
	t.Helper()
	f := &feeder{Program: load(t, Options{Driven: true, Connections: 1 << 14, Asides: 1 << 14})}
	at := newNamespace(t)
	f.taps = [2]*tap{newTap(t, at, "ethernet", false), newTap(t, at, "raw", true)}
	interfaces := make([]Interface, manyInterfaces)
	for n := range interfaces {
		interfaces[n] = Interface{ID: numbered(n), Mode: Count}
	}
	swap(t, f.Program, interfaces)
	var err error
	at.in(func() {
		for _, to := range f.taps {
			if err == nil {
				err = f.Attach(Device{Index: to.index}, numbered(0))
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// isDHCP reports whether a flow is of DHCP, which no flow log has.
func isDHCP(f capturetest.Flow) bool {
	far := f.Src
	if f.Src.Compare(f.Dst) > 0 {
		far = f.Dst
	}
	switch {
	case f.Protocol != netmodel.UDP:
		return false
	case f.Ports == "68 67" || f.Ports == "67 68":
		return f.Dst == netip.AddrFrom4([4]byte{255, 255, 255, 255})
	case f.Ports == "546 547" || f.Ports == "547 546":
		return far.Is6() && far.IsLinkLocalUnicast() || far == netip.MustParseAddr("ff02::1:2")
	}
	return false
}

// compare returns what differs between what the program counted, and sums of the truth or of the Go dissector. Flags are those
// that records have, and times are those of ticks.
func (r *replay) compare(sums capturetest.Sums) []string {
	var lines []string
	for f, want := range sums {
		if isDHCP(f) {
			continue
		}
		got := r.got[f]
		if got.Packets != want.Packets || got.Bytes != want.Bytes || got.Flags != want.Flags || !isTickOf(got.First, want.First) || !isTickOf(got.Last, want.Last) {
			lines = append(lines, fmt.Sprintf("%v: %v, not %v", f, got, want))
		}
	}
	for f, got := range r.got {
		if _, ok := sums[f]; !ok {
			lines = append(lines, fmt.Sprintf("%v: %v, not any", f, got))
		}
	}
	slices.Sort(lines)
	return lines
}

// fromTruth returns what differs from the truth. That tells no packet with SYN and ACK from one with SYN and another with ACK: this
// one flag is the Go dissector's.
func (r *replay) fromTruth(c *capturetest.Capture) []string {
	truth, err := r.fold.Truth(c.Truth)
	if err != nil {
		return []string{err.Error()}
	}
	for f, s := range truth {
		s.Flags = s.Flags&(policy.FIN|policy.SYN|policy.RST) | r.seen[f].Flags&policy.ACK
		truth[f] = s
	}
	return append(r.compare(truth), r.notTaken...)
}

// fromGo returns what differs from the Go dissector: flows, outcomes, and what is left out of flow logs.
func (r *replay) fromGo(t *testing.T) []string {
	t.Helper()
	lines := r.compare(r.seen)
	tallies, err := r.Tallies(r.id)
	if err != nil {
		t.Fatal(err)
	}
	unlogged := [2]uint64{}
	for f, s := range r.seen {
		if isDHCP(f) {
			unlogged[0] += uint64(s.Packets)
			unlogged[1] += uint64(s.Bytes)
		}
	}
	for what, want := range unlogged {
		if got := tallies.Unlogged[0][what] + tallies.Unlogged[1][what]; got != want {
			lines = append(lines, fmt.Sprintf("%d packets or bytes are left out, not %d", got, want))
		}
	}
	if tallies.Outcomes != r.outcomes {
		lines = append(lines, fmt.Sprintf("outcomes %v, not %v", tallies.Outcomes, r.outcomes))
	}
	return lines
}

// isTickOf reports whether a time in nanoseconds is the tick of one in microseconds, which is up to a microsecond wrong.
func isTickOf(ns, micros int64) bool {
	for _, off := range []int64{-1000, 0, 999, 1999} {
		if (micros*1000+off)>>tickBits == ns>>tickBits {
			return true
		}
	}
	return false
}

// explained are the captures of which the program counts other than the truth, and unlike those of which it counts other than the
// Go dissector, and why. The page docs/reference/packet-truth.md has the same lists.
var (
	explained = map[string]string{
		"arkime/arkime_synthetic.pcap":             "as above",
		"ndpi/dns.pcap":                            "as above",
		"tcpdump/ipv4_invalid_total_length_2.pcap": "as above",
		"tcpdump/time_2106_overflow.pcap":          "as above",
		"tcpdump/time_2107.pcap":                   "as above",
		"zeek/mixed-vlan-mpls.pcap":                "as above",
		"tcpdump/ipv6_frag6_negative_len.pcap":     "its header says no length, and 62 of its 32,896 bytes were captured: the program is given these, and a device has all",
	}
	unlike = map[string]string{
		"tcpdump/LINKTYPE_IPV4_invalid.pcap":   "a device without link headers has packets of both versions, and the header tells: it counts as the truth",
		"tcpdump/LINKTYPE_IPV6_invalid.pcap":   "likewise",
		"tcpdump/beep-oobr.pcap":               "likewise: the link type says IPv6, the header says version 3, and is cut off: `not_ip`, and to Go `short`",
		"tcpdump/ipv6_frag6_negative_len.pcap": "as it is unlike the truth",
	}
)

// TestCaptures gives the captures of seven projects to the program, and compares what it counts with the truth beside them, and
// with the Go dissector. One in ten is taken, and those that are explained; all with WEIR_CAPTURES=all.
func TestCaptures(t *testing.T) {
	t.Parallel()
	needLoad(t)
	needIP(t)
	all := os.Getenv("WEIR_CAPTURES") == "all"
	differ, alike, taken, others := map[string]bool{}, map[string]bool{}, 0, 0
	var p *feeder
	for n, c := range capturetest.Captures(t) {
		if !all && n%10 != 0 && explained[c.Name] == "" && unlike[c.Name] == "" {
			continue
		}
		if taken%manyInterfaces == 0 {
			p = newFeeder(t)
		}
		r := p.replay(t, c, numbered(taken%manyInterfaces))
		taken++
		if !c.Strict {
			others++
		}
		lines := r.fromTruth(c)
		differ[c.Name] = len(lines) > 0
		if len(lines) > 0 && (c.Strict || explained[c.Name] == "") {
			t.Errorf("%s (strict: %v):\n%s", c.Name, c.Strict, strings.Join(lines[:min(len(lines), 5)], "\n"))
		}
		lines = r.fromGo(t)
		alike[c.Name] = len(lines) == 0
		if len(lines) > 0 && unlike[c.Name] == "" {
			t.Errorf("%s, beside Go:\n%s", c.Name, strings.Join(lines[:min(len(lines), 5)], "\n"))
		}
	}
	for name := range explained {
		if !differ[name] {
			t.Errorf("%s is explained, and equal", name)
		}
	}
	for name := range unlike {
		if alike[name] {
			t.Errorf("%s is explained, and Go counts alike", name)
		}
	}
	if all && (taken != 1931 || others != 281 || 100*len(explained) > 3*others) {
		t.Errorf("%d captures, %d of them without tshark's word, %d explained; want 1931, 281, at most 3 of 100", taken, others, len(explained))
	}
	t.Logf("%d captures", taken)
}

// TestPageExplains checks that docs/reference/packet-truth.md lists what is explained, in the same words.
func TestPageExplains(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "reference", "packet-truth.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, text, ok := strings.Cut(string(page), "\n## The program in the kernel\n")
	if n := strings.Count(text, ".pcap` |"); !ok || n != len(explained)+len(unlike) {
		t.Errorf("the page explains %d captures, want %d", n, len(explained)+len(unlike))
	}
	for _, list := range []map[string]string{explained, unlike} {
		for name, why := range list {
			if row := "| `" + name + "` | " + why + " |"; !strings.Contains(text, row) {
				t.Errorf("the page does not have the row\n%s", row)
			}
		}
	}
}

// replay gives a capture to the program, at an interface that it has not seen.
func (p *feeder) replay(t *testing.T, c *capturetest.Capture, id string) *replay {
	t.Helper()
	r := &replay{
		feeder: p, id: id, watched: map[int]Device{}, got: capturetest.Sums{}, seen: capturetest.Sums{}, dissector: packet.NewDissector(), fold: capturetest.NewFold(),
	}
	frames := 0
	c.Read(t, func(f *packetfile.Frame) {
		r.frame(t, f)
		if frames++; frames%1000 == 0 {
			r.read(t)
		}
	})
	r.read(t)
	return r
}

// read closes a window.
func (r *replay) read(t *testing.T) {
	t.Helper()
	if err := r.SetTime(r.now.UnixNano()); err != nil {
		t.Fatal(err)
	}
	if err := r.Read(r.take); err != nil {
		t.Fatal(err)
	}
}
