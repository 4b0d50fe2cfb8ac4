package ebpf

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"github.com/google/go-cmp/cmp"

	"weir/internal/aggregate"
	"weir/internal/capture/packet"
	"weir/internal/netmodel"
	"weir/internal/policy"
)

// flow is what packets are compared by.
type flow struct {
	aggregate.Flow
	refused bool
	stage   policy.Stage
}

func add(to map[flow]aggregate.Counts, f flow, c aggregate.Counts) {
	if was, ok := to[f]; ok {
		c.Packets, c.Bytes, c.Flags = c.Packets+was.Packets, c.Bytes+was.Bytes, c.Flags|was.Flags
		c.First, c.Last = min(c.First, was.First), max(c.Last, was.Last)
	}
	to[f] = c
}

// pair is the program beside the Go dissector and evaluator, at one interface.
type pair struct {
	program     *Program
	id          string
	mode        Mode
	link        packet.LinkType
	dissector   *packet.Dissector
	at          *policy.Interface
	connections *policy.Connections
	now         int64 // nanoseconds since the epoch, whole ticks
	want, got   map[flow]aggregate.Counts
	outcomes    [packet.Outcomes]uint64
	unlogged    [2][2]uint64
	refusedRuns int // frames that the kernel did not take for a test
}

// start is when the driven clock begins.
const start = (1_700_000_000 * int64(time.Second)) >> tickBits << tickBits

// loopback is the device that the kernel's test runs are of.
const loopback = 1

// newPair returns a pair at an interface that the program has not seen.
func newPair(t testing.TB, p *Program, at *policy.Interface, mode Mode) *pair {
	t.Helper()
	b := &pair{
		program: p, id: fmt.Sprint("eni-", p.word.epoch), mode: mode, link: packet.Ethernet, dissector: packet.NewDissector(), connections: policy.NewConnections(at, policy.DefaultTimeouts()),
		now: max(start, p.driven), want: map[flow]aggregate.Counts{}, got: map[flow]aggregate.Counts{},
	}
	b.swap(t, at)
	b.got = map[flow]aggregate.Counts{} // what is left of another test
	if err := p.Watch(Device{Index: loopback}, b.id); err != nil {
		t.Fatal(err)
	}
	return b
}

// swap has both use another policy.
func (b *pair) swap(t testing.TB, at *policy.Interface) {
	t.Helper()
	b.tick(t, 0)
	if err := b.program.Swap([]Interface{{ID: b.id, Mode: b.mode, Policy: at}}); err != nil {
		t.Fatal(err)
	}
	b.read(t)
	b.at = at
	b.connections.Use(at)
}

// tick has time go on by so many ticks.
func (b *pair) tick(t testing.TB, ticks int64) {
	t.Helper()
	b.now += ticks << tickBits
	if err := b.program.SetTime(b.now); err != nil {
		t.Fatal(err)
	}
}

// take adds up what the program has counted.
func (b *pair) take(r *Row) error {
	if b.at == nil {
		return nil // of what the program had before
	}
	if r.Interface != b.id || r.Mode != b.mode {
		return fmt.Errorf("a row of %s in mode %d", r.Interface, r.Mode)
	}
	f, c := r.Flow()
	add(b.got, flow{f, r.Refused, r.Stage}, c)
	return nil
}

// run gives a frame to the program, and returns whether it dropped it.
func run(t testing.TB, p *ebpf.Program, frame []byte) (dropped, ran bool) {
	t.Helper()
	code, err := p.Run(&ebpf.RunOptions{Data: frame})
	switch {
	case errors.Is(err, syscall.EINVAL):
		return false, false
	case err != nil:
		t.Fatal(err)
	case code != 2 && code != ^uint32(0):
		t.Fatalf("the program returns %d", code)
	}
	return code == 2, true
}

// feed gives both a frame, and compares what they do with it.
func (b *pair) feed(t testing.TB, frame []byte, way int) {
	t.Helper()
	programs := [2]*ebpf.Program{b.program.objects.Ingress, b.program.objects.Egress}
	dropped, ran := run(t, programs[way], frame)
	if !ran {
		b.refusedRuns++
		return
	}
	if want, why := b.expect(frame, way); dropped != want {
		t.Errorf("%s: dropped: %v\n%x", why, dropped, frame)
	}
}

// expect is what the Go side does with a frame: whether it is dropped, and why.
func (b *pair) expect(frame []byte, way int) (dropped bool, why string) {
	var p packet.Packet
	enforce := b.mode == Enforce
	out := b.dissector.Dissect(b.link, frame, len(frame), time.Unix(0, b.now), &p)
	if out.Counts() && (isOdd(p.Src, b.mode) || isOdd(p.Dst, b.mode)) {
		out = packet.Malformed
	}
	if out != packet.OK {
		b.outcomes[out]++
	}
	if !out.Counts() {
		return enforce && out != packet.NotIP, out.String()
	}
	d := direction(way)
	if logged, why := b.at.Logged(&p.Packet, d); !logged {
		b.unlogged[way][0]++
		b.unlogged[way][1] += uint64(p.Bytes)
		return false, why
	}
	f := flow{Flow: aggregate.Flow{
		Interface: b.id, Egress: way == 1, Directed: true, Src: p.Src, Dst: p.Dst, SrcPort: p.SrcPort, DstPort: p.DstPort, Protocol: uint8(p.Protocol),
	}}
	f.Action = "ACCEPT"
	if b.mode != Count {
		decision := b.connections.Decide(&p.Packet, d, time.Unix(0, b.now))
		v := decision.Verdict()
		f.refused, f.stage = v.Action == policy.Reject, v.Stage
		rules := v.Rules
		if e := decision.Entry(); e != "" {
			rules = append(rules, e)
		}
		switch {
		case !f.refused:
			f.AllowRules = strings.Join(rules, " ")
		case v.Stage == policy.NetworkACL:
			f.Judgement.Stage, f.RejectRule = "nacl", v.Rule
		default:
			f.Judgement.Stage, f.RejectRule = "sg", strings.Join(v.Groups, ",")+":"+string(d)+":implicit-deny"
		}
		switch {
		case b.mode == Shadow:
			f.WouldAction = string(v.Action)
		case f.refused:
			f.Action = "REJECT"
		}
		why = v.Why
	}
	c := aggregate.Counts{Packets: 1, Bytes: int64(p.Bytes), First: b.now, Last: b.now}
	if p.Protocol == netmodel.TCP {
		c.Flags = aggregate.PacketFlags(p.Flags)
	}
	add(b.want, f, c)
	return f.refused && enforce, why
}

// isOdd reports whether an address makes a packet malformed to the program.
func isOdd(a netip.Addr, mode Mode) bool {
	return a.Is4In6() && mode != Count || netip.MustParsePrefix("::fffe:0:0/96").Contains(a)
}

// read reads what the program has counted.
func (b *pair) read(t testing.TB) {
	t.Helper()
	if err := b.program.Read(b.take); err != nil {
		t.Fatal(err)
	}
}

// compare reads, and compares all that was counted.
func (b *pair) compare(t testing.TB) {
	t.Helper()
	b.read(t)
	compare := cmp.Options{cmp.AllowUnexported(flow{}), cmp.Comparer(func(a, b netip.Addr) bool { return a == b })}
	if diff := cmp.Diff(b.want, b.got, compare); diff != "" {
		t.Errorf("flows (-Go +BPF):\n%s", diff)
	}
	got, err := b.program.Tallies(b.id)
	if err != nil {
		t.Fatal(err)
	}
	want := Tallies{Unlogged: b.unlogged, Outcomes: b.outcomes}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("beside flows (-Go +BPF):\n%s", diff)
	}
}
