package agent

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/internal/agent/config"
)

// TestNextRead has moments at which something else was done: the next read is the first that is due after them.
func TestNextRead(t *testing.T) {
	at := func(ms int64) time.Time { return time.UnixMilli(1_700_000_400_000 + ms) }
	for _, c := range []struct{ now, want int64 }{{-1, 20}, {0, 20}, {19, 20}, {20, 5020}, {4999, 5020}, {5000, 5020}, {5010, 5020}, {5020, 10_020}} {
		if got := nextRead(at(c.now)); !got.Equal(at(c.want)) {
			t.Errorf("at %d ms: %v, want %v", c.now, got, at(c.want))
		}
	}
}

// TestReadIsLate has reads that fail for minutes while packets pass: nobody knows in which of the windows these were, so none of the interface is NODATA up to the last of them.
// SKIPDATA has the first, and is of one of all.
func TestReadIsLate(t *testing.T) {
	s := newStand(t, config.FlowLog{ID: "fl-1", Interval: time.Minute})
	s.program.pass(1, 1, s.now.Wall)
	s.turn()
	s.pass(50 * time.Second) // 450
	s.program.pass(1, 1, s.now.Wall)
	for range 4 {
		s.pass(50 * time.Second)
		s.program.pass(1, 1, s.now.Wall)
		s.program.failing = "turn"
		s.turn()
	}
	s.turn() // 650
	s.pass(2 * time.Minute)
	s.turn()
	want := []string{"eni-1 1 6 1700000400 1700000650 OK", "eni-1 - - 1700000700 1700000760 NODATA"}
	if diff := cmp.Diff(want, s.records(t, "fl-1")); diff != "" {
		t.Error(diff)
	}
	s.turn() // 770
	s.program.lost = 1
	s.pass(150 * time.Second)
	s.turn() // 920: it may have been in any
	s.pass(time.Minute)
	s.turn()
	s.pass(time.Minute)
	s.turn()
	want = []string{"eni-1 - - 1700000760 1700000820 SKIPDATA", "eni-1 - - 1700000940 1700001000 NODATA"}
	if diff := cmp.Diff(want, s.records(t, "fl-1")); diff != "" {
		t.Error(diff)
	}
}

// TestBadRow has a flow of which no record can be made: the records of its object are given up, which is SKIPDATA, and those of other flow logs and windows are there.
func TestBadRow(t *testing.T) {
	b := newBench(t, config.FlowLog{ID: "fl-1", Resource: "subnet-1"}, config.FlowLog{ID: "fl-2", Resource: "subnet-2"})
	b.pass(t, 30*time.Second, "eni-1:1:NEITHER", "eni-1:2:ACCEPT", "eni-2:1:ACCEPT")
	b.pass(t, 30*time.Second)
	b.pass(t, 30*time.Second, "eni-1:3:ACCEPT")
	b.pass(t, 30*time.Second)
	b.expect(t, map[string][]string{
		"fl-1 2220": {"eni-1 3 1 1700000490 1700000490 ACCEPT OK", "eni-1 - - 1700000460 1700000520 - SKIPDATA"},
		"fl-2 2220": {"eni-2 1 1 1700000430 1700000430 ACCEPT OK", "eni-2 - - 1700000460 1700000520 - NODATA"},
	})
	if n := b.counted.values[givenUp]["fl-1"]; n != 2 || !strings.Contains(b.log.String(), "NEITHER") {
		t.Errorf("%v records were given up: %s", n, b.log.String())
	}
}

// TestLongSilence has nobody look for more than a day, without a step of the clock: no NODATA is told of that time, which is said.
func TestLongSilence(t *testing.T) {
	b := newBench(t, config.FlowLog{ID: "fl-1", Resource: "vpc-1"})
	b.pass(t, 30*time.Second, "eni-1:1:ACCEPT")
	b.pass(t, 48*time.Hour)
	b.expect(t, map[string][]string{"fl-1 2220": {"eni-1 1 1 1700000430 1700000430 ACCEPT OK"}})
	if !strings.Contains(b.log.String(), "too many to be told as NODATA\" windows=2879 interval=1m0s") {
		t.Error(b.log.String())
	}
}
