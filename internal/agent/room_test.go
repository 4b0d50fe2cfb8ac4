package agent

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"weir/internal/agent/config"
)

// TestRoom has random items come and be delivered: no flow log has more than its bound, all together have no more than theirs, and one that has no more than the part that is kept for it
// always gets it.
func TestRoom(t *testing.T) {
	refused := map[string]int{}
	for seed := range uint64(20) {
		rng := rand.New(rand.NewPCG(seed, 4))
		made := make([]config.FlowLog, 1+rng.IntN(5))
		for i := range made {
			made[i].ID = fmt.Sprint("fl-", i)
		}
		r := room{each: 200 + rng.Int64N(800), all: 1000, other: rng.Int64N(100), waiting: map[string]int64{}}
		part := r.all / 2 / int64(len(made))
		for range 2000 {
			id := made[rng.IntN(len(made))].ID
			if rng.IntN(3) == 0 {
				r.waiting[id] -= rng.Int64N(r.waiting[id] + 1)
				continue
			}
			was, n := r.waiting[id], 1+rng.Int64N(100)
			full := r.take(id, n, made)
			if full != "" {
				n = 0
				refused[full]++
			}
			sum := r.other
			for _, has := range r.waiting {
				sum += has
			}
			if r.waiting[id] != was+n || sum > r.all || r.waiting[id] > r.each || full == "state-bytes" && was+n <= part && n > 0 {
				t.Fatalf("seed %d: %d more of %s are refused by %q: %+v", seed, n, id, full, r)
			}
		}
	}
	if refused["state-bytes"] == 0 || refused["spool-bytes"] == 0 {
		t.Errorf("a bound was not reached: %v", refused)
	}
}

// TestRoomKept has a flow log that takes all that it gets: the part of another one is still there, also where a third has gone and left what it had.
func TestRoomKept(t *testing.T) {
	one, two := config.FlowLog{ID: "fl-1"}, config.FlowLog{ID: "fl-2"}
	r := room{each: 1000, all: 1000, waiting: map[string]int64{"fl-gone": 100}}
	takes := func(id string) (n int) {
		for r.take(id, 10, []config.FlowLog{one, two}) == "" {
			n++
		}
		return n
	}
	if n := takes("fl-1"); n != 65 { // a quarter is kept for fl-2, and a tenth is not there
		t.Errorf("%d were taken", n)
	}
	if n := takes("fl-2"); n != 25 {
		t.Errorf("%d were taken", n)
	}
	if full := r.take("fl-3", 1, []config.FlowLog{one, two, {ID: "fl-3"}}); full != "state-bytes" { // one that comes later has to wait
		t.Errorf("%q", full)
	}
}

// busy has packets of many flows pass in a window of a minute, which is read after it.
func (s *stand) busy(t *testing.T, flows int) {
	t.Helper()
	for port := range flows {
		s.program.pass(uint16(1+port), 1, s.now.Wall)
	}
	s.pass(time.Minute)
	if !s.turn() {
		t.Fatal(s.log.String())
	}
}

// TestStateIsFull has two flow logs of which nothing is delivered reach the bound of all at once: what is on disk stays within it, what is new is given up, counted and said, and is SKIPDATA once
// there is room again. A third one, which is delivered each minute, loses nothing.
func TestStateIsFull(t *testing.T) {
	const flows, minutes, bound = 100, 60, 200_000
	s := newStand(t, config.FlowLog{ID: "fl-1", Interval: time.Minute}, config.FlowLog{ID: "fl-2", Interval: time.Minute}, config.FlowLog{ID: "fl-3", Interval: time.Minute})
	s.recorder.room.all = bound
	s.counted.bound(bound)
	got := map[string]int{}
	count := func(id string) (skipped int) {
		for _, line := range s.records(t, id) {
			switch {
			case strings.HasSuffix(line, " OK"):
				got[id]++
			case strings.HasSuffix(line, " SKIPDATA"):
				skipped++
			default:
				t.Errorf("%s: %s", id, line)
			}
		}
		return skipped
	}
	reached := 0
	for minute := range minutes {
		s.busy(t, flows)
		if skipped := count("fl-3"); skipped > 0 {
			t.Fatalf("minute %d: fl-3 has SKIPDATA", minute)
		}
		if used := s.spool.Used(); used > bound+20_000 { // what a read adds to the windows is kept in any case
			t.Fatalf("minute %d: %d bytes are used", minute, used)
		}
		if reached == 0 && len(s.counted.isFull) == 2 {
			reached = minute
		}
	}
	status := Status{State: s.counted.state()}
	lost := map[string]int{}
	for i := range s.Config.FlowLogs {
		of := s.counted.of(&s.Config.FlowLogs[i])
		lost[of.ID] = int(of.GivenUp)
		status.FlowLogs = append(status.FlowLogs, of)
	}
	said := strings.Join(s.counted.Troubles(s.Clock()), "; ")
	found := status.Examine()
	if reached == 0 || lost["fl-1"] == 0 || lost["fl-2"] == 0 || lost["fl-3"] != 0 || said != "records of fl-1 are given up: more waits than state-bytes of the config; records of fl-2 are given up: more waits than state-bytes of the config" {
		t.Errorf("reached in minute %d; %v were given up; %s", reached, lost, said)
	}
	if len(found) != 1 || !strings.Contains(found[0].Found, fmt.Sprintf("of 200000 bytes are used; given up since the agent began: %d records of fl-1, %d records of fl-2:", lost["fl-1"], lost["fl-2"])) {
		t.Errorf("%+v", found)
	}
	for _, id := range []string{"fl-1", "fl-2"} {
		if skipped := count(id); skipped != 0 {
			t.Errorf("%s has %d SKIPDATA of before there was room", id, skipped)
		}
	}
	s.busy(t, flows)
	for _, id := range []string{"fl-1", "fl-2", "fl-3"} {
		owed := map[string]int{"fl-1": 1, "fl-2": 1, "fl-3": 0}[id]
		windows := (lost[id] + owed) / (flows + 1) // that were given up: all but the first have SKIPDATA of the one before
		if skipped := count(id); skipped != owed || got[id]+windows*flows != flows*(minutes+1) {
			t.Errorf("%s has %d SKIPDATA, %d records are there and %d given up of %d", id, skipped, got[id], lost[id], flows*(minutes+1))
		}
	}
	if said := s.counted.Troubles(s.Clock()); len(said) != 0 {
		t.Errorf("%v", said)
	}
}

// TestStateIsSmall says when doctor has something to say.
func TestStateIsSmall(t *testing.T) {
	for _, c := range []struct {
		state StateStatus
		want  int
	}{{StateStatus{}, 0}, {StateStatus{89, 100}, 0}, {StateStatus{90, 100}, 1}, {StateStatus{120, 100}, 1}} {
		s := Status{State: c.state, FlowLogs: []FlowLogStatus{{ID: "fl-1", Records: 7}}}
		if found := s.Examine(); len(found) != c.want {
			t.Errorf("%+v: %+v", c.state, found)
		}
	}
}
