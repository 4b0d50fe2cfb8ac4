package agent

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/internal/agent/config"
)

// TestOthersStayWhole has flow logs come, change and go within a window: a flow of another interval, or of an interface that they do not cover, has one record of it in the others.
func TestOthersStayWhole(t *testing.T) {
	b := newBench(t, config.FlowLog{ID: "fl-1", Resource: "eni-1"}, config.FlowLog{ID: "fl-2", Resource: "eni-2"}, config.FlowLog{ID: "fl-3", Resource: "vpc-1", Interval: 10 * time.Minute})
	one, two, three := b.logs[0], b.logs[1], b.logs[2]
	record := func(logs ...config.FlowLog) {
		t.Helper()
		others := append(otherThan(b.logs, logs), otherThan(logs, b.logs)...)
		b.do(t, &change{At: b.now.Wall.UnixNano(), Told: b.openOf(others)})
		b.record(logs)
	}
	both := []string{"eni-1:1:ACCEPT", "eni-2:1:ACCEPT"}
	b.pass(t, 5*time.Second, both...)
	four := one
	four.ID = "fl-4"
	record(one, two, three, four) // one more of eni-1 and a minute
	b.pass(t, 5*time.Second, both...)
	moved := one
	moved.Line, moved.Column = 7, 3
	record(three, four, two, moved) // in another order, and elsewhere in the file
	b.pass(t, 5*time.Second, both...)
	record(one, two, three)
	b.pass(t, 5*time.Second, both...)
	b.pass(t, 10*time.Minute)
	want := map[string][]string{
		"fl-1 2220": {"eni-1 1 1 1700000405 1700000405 ACCEPT OK", "eni-1 1 2 1700000410 1700000415 ACCEPT OK", "eni-1 1 1 1700000420 1700000420 ACCEPT OK"},
		"fl-2 2220": {"eni-2 1 4 1700000405 1700000420 ACCEPT OK"},
		"fl-3 2220": {"eni-1 1 4 1700000405 1700000420 ACCEPT OK", "eni-2 1 4 1700000405 1700000420 ACCEPT OK"},
		"fl-4 2220": {"eni-1 1 2 1700000410 1700000415 ACCEPT OK"},
	}
	got := map[string][]string{}
	for name, lines := range objects(t, b.dir) {
		for _, line := range lines {
			if strings.HasSuffix(line, " OK") {
				got[name] = append(got[name], line)
			}
		}
		slices.Sort(got[name])
	}
	for _, lines := range want {
		slices.Sort(lines)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestOthersStayWholeKilled does so with an agent that is killed after each step: what is open is the same when it is done again.
func TestOthersStayWholeKilled(t *testing.T) {
	s := newStand(t, config.FlowLog{ID: "fl-1", Interval: time.Minute}, config.FlowLog{ID: "fl-2", Interval: 10 * time.Minute})
	one, two := s.Config.FlowLogs[0], s.Config.FlowLogs[1]
	three := one
	three.ID = "fl-3"
	kill := func() {
		t.Helper()
		s.begin(t)
		if !s.turn() {
			t.Fatal(s.log.String())
		}
	}
	for i, logs := range [][]config.FlowLog{{one, two}, {one, two, three}, {two}, {two, one}} {
		if i > 0 {
			s.told(t, logs...)
			kill()
		}
		s.pass(5 * time.Second)
		s.program.pass(1, 1, s.now.Wall)
		if i == 1 {
			s.snapshot = -mostEntryBytes // the next is soon
		}
		if !s.turn() {
			t.Fatal(s.log.String())
		}
		kill()
	}
	s.pass(10 * time.Minute)
	s.turn()
	for id, want := range map[string][]string{
		"fl-1": {"eni-1 1 1 1700000405 1700000405 OK", "eni-1 1 1 1700000410 1700000410 OK", "eni-1 1 1 1700000420 1700000420 OK"},
		"fl-2": {"eni-1 1 4 1700000405 1700000420 OK"},
		"fl-3": {"eni-1 1 1 1700000410 1700000410 OK"},
	} {
		got := slices.DeleteFunc(s.records(t, id), func(line string) bool { return strings.HasSuffix(line, " NODATA") })
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", id, diff)
		}
	}
}

// TestTouches has flow logs of a transit gateway and of one attachment: both touch all its attachments, since pairs are told by all, and no other interface.
func TestTouches(t *testing.T) {
	r := &recorder{network: networkOf(t)}
	for resource, want := range map[string]string{
		"tgw-1": "tgw-attach-a tgw-attach-b tgw-attach-d", "tgw-attach-b": "tgw-attach-a tgw-attach-b tgw-attach-d", "tgw-9": "tgw-attach-e", "tgw-2": "", "vpc-1": "eni-1", "eni-1": "eni-1", "eni-9": "",
	} {
		var got []string
		for _, id := range []string{"eni-1", "tgw-attach-a", "tgw-attach-b", "tgw-attach-d", "tgw-attach-e", "tgw-attach-none"} {
			if r.touches(&config.FlowLog{Resource: resource}, id) {
				got = append(got, id)
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s touches %v, want %s", resource, got, want)
		}
	}
}
