package agent

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/internal/agent/config"
	"weir/internal/agent/device"
	"weir/internal/capture/ebpf"
)

// TestBecomes has a device become another network interface, and the other side of it: the program stays there, what the first one counted until then is told of it, and where the kernel does
// not take it the device stays what it was.
func TestBecomes(t *testing.T) {
	s := newStand(t, config.FlowLog{ID: "fl-1", Interval: time.Minute})
	lo := device.Device{Index: 1, Name: "lo"}
	s.attached[place{index: 1}] = &Match{Device: lo, Interface: "eni-1", Mode: "count"}
	s.program.is, s.attachments = []int{1}, &attachments{}
	s.pass(5 * time.Second)
	s.program.pass(1, 1, s.now.Wall)
	s.program.swapping = func() { s.program.pass(1, 1, s.now.Wall); s.program.swapping = nil }
	for _, step := range []struct {
		to      Match
		failing string
		want    ebpf.Change
		logs    string
	}{
		{Match{Interface: "eni-2", Mode: "count"}, "swap", ebpf.Change{}, ""},
		{Match{Interface: "eni-2", Mode: "count"}, "", ebpf.Change{Device: ebpf.Device{Index: 1}, ID: "eni-2"}, "was=eni-1 interface=eni-2"},
		{Match{Interface: "eni-2", Mode: "count", Flipped: true}, "", ebpf.Change{Device: ebpf.Device{Index: 1, Flipped: true}, ID: "eni-2"}, "was=eni-2 interface=eni-2"},
		{Match{}, "", ebpf.Change{Device: ebpf.Device{Index: 1}, ID: "device:lo"}, "it is not recorded"},
	} {
		step.to.Device = lo
		s.program.failing, s.program.changes = step.failing, nil
		was := *s.attached[place{index: 1}]
		err := s.follow([]Match{step.to})
		now := s.attached[place{index: 1}]
		if step.failing != "" {
			if err == nil || now.becomes(&was) || !s.anew {
				t.Errorf("it is %+v: %v", now, err)
			}
			continue
		}
		if err != nil || now.becomes(&step.to) || !strings.Contains(s.log.String(), step.logs) {
			t.Errorf("it is %+v: %v: %s", now, err, s.log.String())
		}
		if diff := cmp.Diff([]ebpf.Change{step.want}, s.program.changes); diff != "" {
			t.Error(diff)
		}
	}
	if s.program.detached > 0 {
		t.Errorf("the program was taken away %d times", s.program.detached)
	}
	for range 3 {
		s.pass(time.Minute)
		s.turn()
	}
	// eni-1 is forgotten: there is no NODATA of it.
	if diff := cmp.Diff([]string{"eni-1 1 2 1700000405 1700000405 OK"}, s.records(t, "fl-1")); diff != "" {
		t.Error(diff)
	}
	// A device whose frames begin otherwise is another device.
	s.program.changes = nil
	if err := s.follow([]Match{{Device: device.Device{Index: 1, Name: "lo", Raw: true}}}); err != nil || s.program.detached != 1 {
		t.Errorf("the program was taken away %d times: %v", s.program.detached, err)
	}
}
