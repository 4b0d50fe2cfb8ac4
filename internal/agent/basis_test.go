package agent

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/internal/agent/config"
)

// TestToldAnother has an agent killed within a window, and the next one told another definition, or other flow logs: what was counted before is recorded by what it was counted by, also what
// the kernel counted while no agent was there.
func TestToldAnother(t *testing.T) {
	var none []string
	const before = "eni-1 1 2 1700000400 1700000410 OK"
	for name, tc := range map[string]struct {
		tell func(s *stand)
		want map[string][]string
	}{
		"the same":              {func(*stand) {}, map[string][]string{"fl-1": {"eni-1 1 3 1700000400 1700000415 OK"}, "fl-2": none}},
		"without the interface": {func(s *stand) { s.defined = strings.ReplaceAll(definition, "eni-1:", "eni-8:") }, map[string][]string{"fl-1": {before}, "fl-2": none}},
		"with it in another subnet": {
			func(s *stand) {
				s.defined = strings.ReplaceAll(definition, "eni-1: {subnet: subnet-1", "eni-1: {subnet: subnet-2")
			},
			map[string][]string{"fl-1": {before, "eni-1 1 1 1700000415 1700000415 OK"}, "fl-2": none},
		},
		"another flow log": {
			func(s *stand) {
				s.Config.FlowLogs = slices.Clone(s.Config.FlowLogs)
				s.Config.FlowLogs[0].ID = "fl-2"
			},
			map[string][]string{"fl-1": {before}, "fl-2": {"eni-1 1 1 1700000415 1700000415 OK"}},
		},
	} {
		for _, snapshot := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				s := newStand(t, config.FlowLog{ID: "fl-1", Interval: time.Minute})
				s.program.pass(1, 1, s.now.Wall)
				s.pass(5 * time.Second)
				if snapshot {
					s.snapshot = -mostEntryBytes
				}
				s.turn()
				s.pass(5 * time.Second)
				s.program.pass(1, 1, s.now.Wall) // nobody reads it before the agent is killed
				tc.tell(s)
				s.begin(t)
				if !s.turn() {
					t.Fatal(s.log.String())
				}
				s.pass(5 * time.Second)
				s.program.pass(1, 1, s.now.Wall)
				s.turn()
				s.begin(t) // and once more, told the same
				if !s.turn() {
					t.Fatal(s.log.String())
				}
				s.pass(time.Minute)
				s.turn()
				for id, want := range tc.want {
					if diff := cmp.Diff(want, s.records(t, id)); diff != "" {
						t.Errorf("%s (snapshot: %v): %s\n%s", id, snapshot, diff, s.log.String())
					}
				}
			})
		}
	}
}

// TestReloadKilled has an agent killed at each moment after the kernel took another definition, which has another interface in place of one that is counted: what was counted of either is recorded,
// once, by the definition that has it.
func TestReloadKilled(t *testing.T) {
	for _, point := range []string{"none", "turn", "turned", "row", "rows", "settle", "settled"} {
		t.Run(point, func(t *testing.T) {
			s := newStand(t, config.FlowLog{ID: "fl-1", Interval: time.Minute})
			s.attachments = &attachments{}
			s.program.pass(1, 1, s.now.Wall)
			s.pass(5 * time.Second)
			s.turn()
			s.defined = strings.ReplaceAll(definition, "eni-1:", "eni-8:")
			s.Config.Network = []string{filepath.Join(t.TempDir(), "net.yaml")}
			if err := os.WriteFile(s.Config.Network[0], []byte(s.defined), 0o600); err != nil {
				t.Fatal(err)
			}
			s.program.swapping = func() {
				s.program.pass(1, 1, s.now.Wall)
				s.program.swapping, s.program.ends = nil, point
			}
			if err := s.killed(func() error { s.reload(); return nil }); (err != nil) != (point != "none") {
				t.Fatal(err)
			}
			s.program.pass(2, 1, s.now.Wall)
			s.program.open[2].Interface = "eni-8"
			s.program.ends = ""
			s.begin(t)
			s.attached, s.attachments = map[place]*Match{}, &attachments{}
			if err := s.takeOver(); err != nil {
				t.Fatal(err)
			}
			s.pass(time.Minute)
			s.turn()
			if diff := cmp.Diff([]string{"eni-1 1 2 1700000400 1700000405 OK", "eni-8 2 1 1700000405 1700000405 OK"}, joined(t, s.records(t, "fl-1"))); diff != "" {
				t.Errorf("%s\n%s", diff, s.log.String())
			}
		})
	}
}

// joined adds up the packets of records that tell a flow in parts, in order of their interfaces.
func joined(t *testing.T, lines []string) (out []string) {
	t.Helper()
	by := map[string][]string{}
	for _, line := range lines {
		f := strings.Fields(line)
		key := f[0] + " " + f[1]
		was := by[key]
		if was == nil {
			by[key] = f
			continue
		}
		was[2] = strconv.FormatInt(number(t, was[2])+number(t, f[2]), 10)
		was[3], was[4] = min(was[3], f[3]), max(was[4], f[4])
	}
	for _, key := range slices.Sorted(maps.Keys(by)) {
		out = append(out, strings.Join(by[key], " "))
	}
	return out
}

// TestToldNothing goes on where what windows were open by can't be read: it is said, and what is open is recorded by what the agent is told.
func TestToldNothing(t *testing.T) {
	s := newStand(t, config.FlowLog{ID: "fl-1", Interval: time.Minute})
	s.program.pass(1, 1, s.now.Wall)
	s.network.documents[0].Data = []byte("vpcs: [")
	s.pass(5 * time.Second)
	s.turn()
	s.begin(t)
	if !s.turn() {
		t.Fatal(s.log.String())
	}
	s.pass(time.Minute)
	s.turn()
	if diff := cmp.Diff([]string{"eni-1 1 1 1700000400 1700000400 OK"}, s.records(t, "fl-1")); diff != "" {
		t.Error(diff)
	}
	if !strings.Contains(s.log.String(), "what windows were open by can't be read") {
		t.Error(s.log.String())
	}
}
