package agent

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"weir/internal/agent/config"
	"weir/internal/agent/device"
)

// TestGone has a device that is no network interface come and go, as those of containers do: nothing is remembered of it, and what was counted at an interface stays.
func TestGone(t *testing.T) {
	s := newStand(t)
	at := place{index: 2}
	for _, name := range []string{"veth1", "veth2"} {
		m := &Match{Device: device.Device{Index: 2, Name: name}}
		s.attached[at], s.program.lost = m, 3
		s.program.pass(1, 1, s.now.Wall)
		s.program.pass(2, 5, s.now.Wall)
		s.program.open[2].Interface = m.id()
		s.turn()
		if n := s.counted.values[strangeOnes][name]; n != 5 {
			t.Errorf("%s: %v packets", name, n)
		}
		s.leave(at, nil)
		s.turn()
		s.pass(5 * time.Second)
	}
	found := make(chan prometheus.Metric, 100)
	s.counted.Collect(found)
	close(found)
	for m := range found {
		if text := m.Desc().String(); strings.Contains(text, "unmatched_packets") {
			t.Errorf("a device that is gone is told of: %s", text)
		}
	}
	if len(s.counted.values[flowPackets]) != 1 || len(s.counted.values[lostPackets]) != 1 {
		t.Errorf("%v, %v", s.counted.values[flowPackets], s.counted.values[lostPackets])
	}
}

// TestGoneMeanwhile has a device go while no agent runs: what it had is told, and what of it was lost, and no more of it.
func TestGoneMeanwhile(t *testing.T) {
	s := newStand(t, config.FlowLog{ID: "fl-1", Interval: time.Minute})
	s.program.pass(1, 1, s.now.Wall)
	s.turn()
	s.program.lost = 3
	s.pass(5 * time.Second)
	s.begin(t)
	s.attached, s.attachments = map[place]*Match{}, &attachments{}
	if err := s.takeOver(); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		s.pass(time.Minute)
		s.turn()
	}
	if diff := cmp.Diff([]string{"eni-1 1 1 1700000400 1700000400 OK", "eni-1 - - 1700000400 1700000460 SKIPDATA"}, s.records(t, "fl-1")); diff != "" {
		t.Error(diff)
	}
	if len(s.kept.Tallies) != 0 {
		t.Errorf("%v is kept of what is gone", s.kept.Tallies)
	}
}

// TestSaidOnce has a device that can't be counted: why is said once for as long as it is so, and again when it is so again.
func TestSaidOnce(t *testing.T) {
	s := newStand(t)
	there, none := &attachments{all: []Attachment{{Device: "no-such-device"}}}, &attachments{}
	for i, a := range []*attachments{there, there, none, there, there} {
		s.attachments = a
		if err := s.look(false); err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(s.log.String(), "there is no such device now"); n != []int{1, 1, 1, 2, 2}[i] {
			t.Errorf("look %d: said %d times", i, n)
		}
	}
	if s.attachments = none; s.look(false) != nil || len(s.said) != 0 {
		t.Errorf("%v is remembered", s.said)
	}
}
