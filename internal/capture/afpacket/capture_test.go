package afpacket

import (
	"encoding/binary"
	"errors"
	"strings"
	"testing"
	"time"

	"weir/internal/aggregate"
	"weir/internal/capture/packet"
)

// datagram is a frame from a port of the host's to one of the instance's.
func datagram(from, to uint16) []byte {
	b := []byte("\x02\x00\x00\x00\x00\x02\x02\x00\x00\x00\x00\x01\x08\x00\x45\x00\x00\x1c\x00\x07\x00\x00\x40\x11\x00\x00\xcb\x00\x71\x05\x0a\x00\x01\x0a\x00\x00\x00\x00\x00\x08\x00\x00")
	binary.BigEndian.PutUint16(b[34:], from)
	binary.BigEndian.PutUint16(b[36:], to)
	return b
}

// back is the answer.
func back(frame []byte) []byte {
	b := append([]byte{}, frame...)
	copy(b[26:], frame[30:34])
	copy(b[30:], frame[26:30])
	copy(b[34:], frame[36:38])
	copy(b[36:], frame[34:36])
	return b
}

// driven is a capture whose interface is given frames by the test.
type driven struct {
	*Capture
	now  time.Duration
	wall time.Time
}

func newDriven(t *testing.T, o Options) *driven {
	t.Helper()
	d := &driven{wall: time.Unix(1_800_000_000, 0)}
	o.Clock = func() time.Duration { return d.now }
	var err error
	if d.Capture, err = Open(o); err != nil {
		t.Fatal(err)
	}
	if err := d.Swap([]Interface{{ID: "eni-web", Shadow: true, Policy: policyOf(t, definition)}}); err != nil {
		t.Fatal(err)
	}
	if err := d.Settle(); err != nil {
		t.Fatal(err)
	}
	return d
}

// see gives a frame, at a time after the beginning.
func (d *driven) see(data []byte, egress bool, after time.Duration) {
	d.now = after
	w := d.interfaces["eni-web"]
	w.age(d.now)
	w.see(packet.Ethernet, &frame{data: data, length: len(data), at: d.wall.Add(after).UnixNano()}, egress, d.now)
}

// rows returns what rows say: "port>port verdict packets".
func (d *driven) rows(t *testing.T) (out []aggregate.Counts, actions string) {
	t.Helper()
	if _, err := d.Turn(); err != nil {
		t.Fatal(err)
	}
	take := func() (out []aggregate.Counts, actions string) {
		if err := d.Rows(func(f *aggregate.Flow, c aggregate.Counts) error {
			out, actions = append(out, c), actions+" "+f.WouldAction
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		return out, strings.TrimSpace(actions)
	}
	out, actions = take()
	if again, _ := take(); len(again) != len(out) {
		t.Errorf("%d rows, and then %d", len(out), len(again))
	}
	if err := d.Settle(); err != nil {
		t.Fatal(err)
	}
	return out, actions
}

// TestRowLength has packets of one flow on both sides of a multiple of the length of rows: they are in rows of their own, with the times of their packets.
func TestRowLength(t *testing.T) {
	d := newDriven(t, Options{})
	for _, at := range []time.Duration{4 * time.Second, 5*time.Second - 1, 5 * time.Second, 6 * time.Second} {
		d.see(datagram(40000, 53), false, at)
	}
	got, _ := d.rows(t)
	ns := func(at time.Duration) int64 { return d.wall.Add(at).UnixNano() }
	if len(got) != 2 || got[0] != (aggregate.Counts{Packets: 2, Bytes: 56, First: ns(4 * time.Second), Last: ns(5*time.Second - 1)}) ||
		got[1] != (aggregate.Counts{Packets: 2, Bytes: 56, First: ns(5 * time.Second), Last: ns(6 * time.Second)}) {
		t.Errorf("%+v", got)
	}
}

// TestClocks sets the wall's clock an hour forward: a connection is open all the same, until its time is over by the clock that goes on.
func TestClocks(t *testing.T) {
	d := newDriven(t, Options{})
	d.see(datagram(40000, 53), false, time.Second)
	d.wall = d.wall.Add(time.Hour)
	d.see(back(datagram(40000, 53)), true, 2*time.Second)
	d.see(back(datagram(40000, 53)), true, 40*time.Second)
	if _, actions := d.rows(t); actions != "ACCEPT ACCEPT REJECT" {
		t.Error(actions)
	}
}

// TestFull has no place for flows and connections: totals stay right.
func TestFull(t *testing.T) {
	d := newDriven(t, Options{Connections: 2, Flows: 3})
	for port := range uint16(5) {
		d.see(datagram(40000+port, 53), false, time.Second)
	}
	d.see(datagram(40000, 5353), false, time.Second) // refused
	d.see(datagram(40000, 53), false, time.Second)   // has its place
	got, actions := d.rows(t)
	d.see(back(datagram(40000, 53)), true, time.Second)
	d.see(back(datagram(40004, 53)), true, time.Second) // of a connection that had no place
	_, later := d.rows(t)
	tallies, err := d.Tallies("eni-web")
	want := Tallies{FullConnections: 3, FullFlows: 3}
	want.Lost[0][0], want.Lost[0][1] = [2]uint64{2, 56}, [2]uint64{1, 28}
	if err != nil || len(got) != 3 || got[0].Packets != 2 || actions != "ACCEPT ACCEPT ACCEPT" || later != "ACCEPT REJECT" || tallies != want {
		t.Errorf("%v: %+v, %s, then %s: %+v", err, got, actions, later, tallies)
	}
	// Those that have expired make place.
	d.see(datagram(40004, 53), false, time.Minute)
	d.see(back(datagram(40004, 53)), true, time.Minute)
	if _, actions := d.rows(t); actions != "ACCEPT ACCEPT" {
		t.Error(actions)
	}
}

// TestSwap has interfaces that can't be put in force, and one that goes.
func TestSwap(t *testing.T) {
	d := newDriven(t, Options{})
	at := policyOf(t, definition)
	for want, interfaces := range map[string][]Interface{
		"an interface has no id":           {{}},
		"eni-1 is there twice":             {{ID: "eni-1"}, {ID: "eni-1"}},
		"eni-1 has no policy to decide by": {{ID: "eni-1", Shadow: true}},
	} {
		if err := d.Swap(interfaces); err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
	if err := d.Swap(nil, Change{Device{Index: 7}, "eni-web"}); err == nil || err.Error() != "device 7, which is to be eni-web, is not watched" {
		t.Error(err)
	}
	if err := d.Settle(); err == nil {
		t.Error("an epoch is settled that is not closed")
	}
	d.see(datagram(40000, 53), false, time.Second)
	if err := d.Swap([]Interface{{ID: "eni-9", Policy: at}}); err != nil {
		t.Fatal(err)
	}
	closed, ok := d.Closed()
	if again, err := d.Turn(); err != nil || !ok || again != closed {
		t.Errorf("%v and %v: %v", closed, again, err)
	}
	if err := d.Swap(nil); err == nil {
		t.Error("rows that are not settled are given up")
	}
	if rows, actions := d.rows(t); len(rows) != 1 || actions != "ACCEPT" {
		t.Errorf("%v: %s", rows, actions)
	}
	if _, err := d.Tallies("eni-web"); err != nil {
		t.Errorf("nobody says what was in no flow until now: %v", err)
	}
	if err := errors.Join(d.Swap(nil), d.Settle()); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Tallies("eni-web"); err == nil {
		t.Error("there are tallies of an interface that is off")
	}
	if err := d.Rows(nil); err == nil {
		t.Error("there are rows of no epoch")
	}
}
