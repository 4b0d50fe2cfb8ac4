package agent

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/internal/agent/config"
	"weir/internal/netmodel"
)

// TestRecord has flow logs come and go: none has a packet of before it was there, or of after.
func TestRecord(t *testing.T) {
	b := newBench(t, config.FlowLog{ID: "fl-1", Resource: "vpc-1"}, config.FlowLog{ID: "fl-2", Resource: "eni-1"})
	one, two := b.logs[0], b.logs[1]
	three := two
	three.ID, three.Interval = "fl-3", 10*time.Minute
	record := func(logs ...config.FlowLog) {
		b.end(t)
		b.record(logs)
	}
	b.pass(t, 10*time.Second, "eni-1:1:ACCEPT")
	b.pass(t, 10*time.Second, "eni-1:1:ACCEPT")
	b.owed = map[string]map[string]bool{"fl-1": {"eni-2": true}, "fl-2": {"eni-2": true}}
	record(three, one)
	b.pass(t, 10*time.Second, "eni-1:1:ACCEPT")
	b.pass(t, time.Minute)
	record()
	b.pass(t, 10*time.Second, "eni-1:1:ACCEPT")
	b.end(t)
	if len(b.owed) != 0 || len(b.windows) != 0 {
		t.Errorf("%v of what is not there any more, %d windows", b.owed, len(b.windows))
	}
	want := map[string][]string{
		"fl-1 2220": {"eni-1 1 1 1700000430 1700000430 ACCEPT OK", "eni-1 1 2 1700000410 1700000420 ACCEPT OK", "eni-2 - - 1700000400 1700000460 - SKIPDATA"},
		"fl-2 2220": {"eni-1 1 2 1700000410 1700000420 ACCEPT OK", "eni-2 - - 1700000400 1700000460 - SKIPDATA"},
		"fl-3 2220": {"eni-1 1 1 1700000430 1700000430 ACCEPT OK"},
	}
	got := objects(t, b.dir)
	for _, lines := range got {
		slices.Sort(lines)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestCheckPolicy(t *testing.T) {
	conf := &config.Config{File: "a.yaml", Interfaces: []config.Interface{{Place: config.Place{Line: 3, Column: 5}, Device: "eth0", ENI: "eni-1", Mode: "shadow"}}}
	log := config.FlowLog{ID: "fl-1", Resource: "vpc-1", Traffic: "ALL"}
	for _, tc := range []struct {
		network string
		log     config.FlowLog
		want    string
	}{
		{definition, log, ""},
		{strings.ReplaceAll(definition, "eni-1", "eni-9"), log, "a.yaml:3:5: there is no network interface eni-1 in the definition"},
		{strings.ReplaceAll(definition, "groups: [sg-1]", "groups: [sg-none]"), log, "a.yaml:3:5: can't decide at eni-1: its security group sg-none is not in the input"},
		{definition, config.FlowLog{ID: "fl-1", Resource: "vpc-9"}, "a.yaml: fl-1: there is no VPC, subnet or network interface vpc-9 in the definition"},
		{"vpcs: 7\n", log, "7"},
		{"{}", log, "no network definition"},
	} {
		p := &Policy{Documents: []netmodel.Document{{Name: "net.yaml", Data: []byte(tc.network)}}, FlowLogs: []config.FlowLog{tc.log}}
		err := CheckPolicy(conf, p)
		if (err == nil) != (tc.want == "") || err != nil && !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%v, want %s", err, tc.want)
		}
		if p.FlowLogs[0].Account != "" {
			t.Error("a check changes the policy")
		}
	}
}

func TestServerLine(t *testing.T) {
	now := time.Unix(1_700_000_400, 0)
	for want, s := range map[string]ServerStatus{
		"policy 7 of https://weir, since 1m0s ago":                                                             {Server: "https://weir", Generation: 7, Since: now.Add(-time.Minute), Heard: now},
		"policy 7 of https://weir, since 1m0s ago; the server last answered 5s ago: refused":                   {Server: "https://weir", Generation: 7, Since: now.Add(-time.Minute), Heard: now.Add(-5 * time.Second), Unheard: "refused"},
		"policy 7 of https://weir, since 1m0s ago; the server has not answered since the agent began: refused": {Server: "https://weir", Generation: 7, Since: now.Add(-time.Minute), Unheard: "refused"},
	} {
		if got := s.Line(now); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

// TestReloadKeeps has another definition in the agent's file while a device is counted: one by which nothing can be decided there, or that the kernel does not take, is not put in
// force, and the program stays at the device.
func TestReloadKeeps(t *testing.T) {
	for name, tc := range map[string]struct {
		network, failing, want string
		inForce                bool
	}{
		"a group that is not there":       {strings.ReplaceAll(definition, "groups: [sg-1]", "groups: [sg-none]"), "", "can't decide at eni-1: its security group sg-none is not in the input", false},
		"no definition":                   {"vpcs: 7\n", "", "net.yaml", false},
		"one that the kernel refuses":     {definition + "# another\n", "swap", "the rules can't be put in force: no swap", false},
		"another one, without the device": {definition + "# another\n", "", "another definition is in force", true},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStand(t)
			s.Config.Network = []string{filepath.Join(t.TempDir(), "net.yaml")}
			if err := os.WriteFile(s.Config.Network[0], []byte(tc.network), 0o600); err != nil {
				t.Fatal(err)
			}
			s.attachments = &attachments{}
			was := s.network
			s.program.failing = tc.failing
			s.reload()
			if inForce := s.network != was; inForce != tc.inForce || !strings.Contains(s.log.String(), tc.want) {
				t.Errorf("in force: %v: %s", inForce, s.log.String())
			}
			if tc.failing == "" && (len(s.attached) == 1) == tc.inForce {
				t.Errorf("%d devices are counted", len(s.attached))
			}
		})
	}
}

// TestReloadTells has another definition within a window. What was counted of an interface that it has no more, or has elsewhere, is told as it was; where nothing is different of those that are
// counted, no record is cut in two.
func TestReloadTells(t *testing.T) {
	for name, tc := range map[string]struct {
		network string
		want    []string
	}{
		"without the interface":     {strings.ReplaceAll(definition, "eni-1:", "eni-8:"), []string{"eni-1 1 1 1700000405 1700000405 OK"}},
		"with it in another subnet": {strings.ReplaceAll(definition, "eni-1: {subnet: subnet-1", "eni-1: {subnet: subnet-2"), []string{"eni-1 1 1 1700000405 1700000405 OK", "eni-1 1 1 1700000410 1700000410 OK"}},
		"with another beside it":    {strings.ReplaceAll(definition, "eni-2:", "eni-7:"), []string{"eni-1 1 2 1700000405 1700000410 OK"}},
		"that the kernel refuses":   {"", []string{"eni-1 1 2 1700000405 1700000410 OK"}},
		"and the device was gone":   {strings.ReplaceAll(definition, "eni-1:", "eni-8:"), []string{"eni-1 1 1 1700000405 1700000405 OK"}},
		"while packets pass":        {strings.ReplaceAll(definition, "eni-1:", "eni-8:"), []string{"eni-1 1 2 1700000405 1700000405 OK"}},
		"and flows of it were lost": {strings.ReplaceAll(definition, "eni-1:", "eni-8:"), []string{"eni-1 1 1 1700000405 1700000405 OK", "eni-1 - - 1700000400 1700000460 SKIPDATA"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStand(t, config.FlowLog{ID: "fl-1", Interval: time.Minute})
			s.Config.Network = []string{filepath.Join(t.TempDir(), "net.yaml")}
			if err := os.WriteFile(s.Config.Network[0], []byte(tc.network), 0o600); err != nil {
				t.Fatal(err)
			}
			s.attachments = &attachments{}
			s.pass(5 * time.Second)
			s.program.pass(1, 1, s.now.Wall)
			switch name {
			case "and the device was gone":
				s.leave(place{index: 1}, nil)
			case "and flows of it were lost":
				s.program.lost = 1
			case "while packets pass":
				s.program.swapping = func() { s.program.pass(1, 1, s.now.Wall) }
			}
			s.turn()
			s.reload()
			s.program.swapping = nil
			s.pass(5 * time.Second)
			s.program.pass(1, 1, s.now.Wall)
			s.pass(time.Minute)
			s.turn()
			if diff := cmp.Diff(tc.want, s.records(t, "fl-1")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestReloadOwner has another account of the VPC in the definition: flow logs whose config says none have it from then on, with what was counted since, and what the config says stays.
func TestReloadOwner(t *testing.T) {
	said := config.FlowLog{ID: "fl-2", Interval: time.Minute}
	s := newStand(t, config.FlowLog{ID: "fl-1", Interval: time.Minute}, said)
	s.read.FlowLogs[0].Account = ""
	s.read.Network = []string{filepath.Join(t.TempDir(), "net.yaml")}
	s.attachments = &attachments{}
	reload := func(account string) {
		t.Helper()
		text := strings.ReplaceAll(definition, `"123456789012"`, `"`+account+`"`)
		if account != "123456789012" && text == definition {
			t.Fatal("the definition has no account")
		}
		if err := os.WriteFile(s.read.Network[0], []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		s.reload()
	}
	reload("123456789012")
	s.program.pass(1, 1, s.now.Wall)
	s.pass(5 * time.Second)
	reload("210987654321")
	s.program.pass(1, 2, s.now.Wall)
	s.pass(5 * time.Second)
	if err := s.end(); err != nil {
		t.Fatal(err)
	}
	got := map[string][]string{}
	for _, q := range s.spool.Queues() {
		items, err := s.spool.Oldest(t.Context(), q, 8, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		for i := range items {
			h, err := headerOf(&items[i])
			if err != nil {
				t.Fatal(err)
			}
			got[q.FlowLog] = append(got[q.FlowLog], h.FlowLog.Account)
		}
	}
	want := map[string][]string{"fl-1": {"123456789012", "210987654321"}, "fl-2": {"123456789012", "123456789012"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s%s", diff, s.log.String())
	}
}
