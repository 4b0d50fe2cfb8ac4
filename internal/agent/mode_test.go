package agent

import (
	"errors"
	"testing"

	"weir/internal/agent/config"
	"weir/internal/capture/ebpf"
)

// TestModeChanges has a device that is counted get another mode: the program stays there, and does the other thing from one packet to the next. Where that can't be put in force, the mode of before
// is, and who asked for it is told.
func TestModeChanges(t *testing.T) {
	s := newStand(t, config.FlowLog{ID: "fl-1"})
	s.attached = map[place]*Match{}
	var err error
	if s.attachments, err = readAttachments(t.TempDir() + "/attachments.json"); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		mode, failing string
		want          ebpf.Mode
	}{{"shadow", "", ebpf.Shadow}, {"enforce", "", ebpf.Enforce}, {"count", "swap", ebpf.Enforce}, {"count", "", ebpf.Count}} {
		s.program.failing = step.failing
		m, err := s.attachBy(&Attachment{Device: "lo", ENI: "eni-1", Mode: step.mode})
		if (err == nil) != (step.failing == "") || step.failing != "" && !errors.Is(err, errPolicy) {
			t.Fatalf("%s: %+v, %v", step.mode, m, err)
		}
		if all := s.program.force; len(all) != 1 || all[0].ID != "eni-1" || all[0].Mode != step.want || s.program.detached > 0 {
			t.Errorf("%s: %+v is in force, and a device was left %d times", step.mode, all, s.program.detached)
		}
		for _, w := range s.attached {
			if modes[w.Mode] != step.want {
				t.Errorf("%s: the agent takes its mode for %s", step.mode, w.Mode)
			}
		}
	}
}
