package command

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"weir/internal/agent"
	"weir/internal/agent/spool"
)

// leave makes the state of an agent that has ended, and a config that it is of: fl-1 is made, and something waits of fl-1, fl-2 and fl-3. It returns the names of the config and of a
// socket that nobody answers at.
func leave(t *testing.T) (conf, socket string) {
	t.Helper()
	dir := t.TempDir()
	conf, socket = filepath.Join(dir, "agent.yaml"), filepath.Join(dir, "agent.sock")
	text := "network: net.yaml\nstate: state\nsocket: agent.sock\ninterfaces: []\nflow-logs: {fl-1: {resource: vpc-1, traffic: ALL, destination: logs}}\n"
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := spool.Open(t.Context(), filepath.Join(dir, "state"))
	if err != nil {
		t.Fatal(err)
	}
	of := &spool.Step{Note: []byte("1")}
	for i := range 6 {
		of.Items = append(of.Items, spool.Item{
			Queue:  spool.Queue{FlowLog: fmt.Sprint("fl-", 1+i%3), Destination: fmt.Sprint(i / 3)},
			Header: fmt.Appendf(nil, `{"FlowLog":{"Destination":"s3://gone/%d"},"Slot":"2026-11-30T12:0%d:00Z"}`, i/3, 5*(i/3)), Data: []byte("data"), Records: 7,
		})
	}
	if err := s.Append(t.Context(), of); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return conf, socket
}

// waiting returns what waits in the state of a config.
func waiting(t *testing.T, conf string) map[string]spool.Waiting {
	t.Helper()
	s, err := spool.Open(t.Context(), filepath.Join(filepath.Dir(conf), "state"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	return s.Waiting()
}

const waits = "fl-2 was taken out, and of it wait for s3://gone/0, s3://gone/1: 14 records in 2 items, 150 bytes, that end from 2026-11-30T12:00:00Z to 2026-11-30T12:10:00Z\ngive that up for good? [y/N] "

// TestDrop gives up what waits of a flow log where no agent runs: it says how much and asks, and what is not to be given up stays.
func TestDrop(t *testing.T) {
	conf, socket := leave(t)
	before := waiting(t, conf)
	for _, tc := range []struct {
		in   string
		args []string
		code int
		want string
	}{
		{"n\n", []string{"fl-2"}, exitFailed, waits + "weir-agent: nobody said yes, and nothing was given up; --yes gives it up without asking\n"},
		{"", []string{"fl-2"}, exitFailed, waits + "weir-agent: nobody said yes"},
		{"yess\n", []string{"fl-2"}, exitFailed, waits + "weir-agent: nobody said yes"},
		{"y\n", []string{"fl-1"}, exitFailed, "weir-agent: refused: fl-1 is a flow log of the config: what waits of it is delivered, and can be given up once it is taken out there\n"},
		{"y\n", []string{"fl-9", "--yes"}, exitFailed, "weir-agent: refused: nothing waits of fl-9; flow logs that were taken out and of which something waits: fl-2, fl-3\n"},
		{"", []string{}, exitUsage, "weir-agent: it takes one FLOW-LOG"},
		{"", []string{"fl-2", "fl-3"}, exitUsage, "weir-agent: it takes one FLOW-LOG"},
	} {
		var o, e strings.Builder
		code := (&command{in: strings.NewReader(tc.in), out: &o, err: &e}).run(t.Context(), append([]string{"drop", "--config", conf}, tc.args...))
		if code != tc.code || o.String() != "" || !strings.HasPrefix(e.String(), tc.want) {
			t.Errorf("%v: %d, want %d: %s%s", tc.args, code, tc.code, o.String(), e.String())
		}
	}
	if got := waiting(t, conf); len(got) != 3 || got["fl-2"] != before["fl-2"] {
		t.Errorf("%v waits", got)
	}
	var o, e strings.Builder
	if code := (&command{in: strings.NewReader("Y\n"), out: &o, err: &e}).run(t.Context(), []string{"drop", "fl-2", "--config", conf}); code != exitOK || e.String() != waits ||
		o.String() != "gave up of fl-2: 14 records in 2 items, 150 bytes, that end from 2026-11-30T12:00:00Z to 2026-11-30T12:10:00Z\n" {
		t.Errorf("%d: %s%s", code, o.String(), e.String())
	}
	code, out, said := try(t, "drop", "fl-3", "--config", conf, "--socket", socket, "--yes", "--json")
	var d agent.Dropped
	if err := json.Unmarshal([]byte(out), &d); err != nil || code != exitOK || said != "" || d.FlowLog != "fl-3" || d.Records != 14 || d.From.IsZero() || time.Since(d.At) > time.Hour {
		t.Errorf("%d: %s%s", code, out, said)
	}
	if got := waiting(t, conf); len(got) != 1 || got["fl-1"] != before["fl-1"] {
		t.Errorf("%v waits", got)
	}
}

// TestDropElsewhere has no config, no state, an agent that has the state and does not answer, and another agent at the socket of the config.
func TestDropElsewhere(t *testing.T) {
	conf, socket := leave(t)
	none := filepath.Join(t.TempDir(), "none")
	if code, _, said := try(t, "drop", "fl-2", "--yes", "--config", none, "--socket", none); code != exitFailed || !strings.Contains(said, "no agent answers at "+none) || !strings.Contains(said, "cannot read the config: ") {
		t.Errorf("%d: %s", code, said)
	}
	text, err := os.ReadFile(conf)
	if err != nil {
		t.Fatal(err)
	}
	of := func(text string) (code int, said string) { // the same agent with another config
		t.Helper()
		name := filepath.Join(filepath.Dir(conf), "other.yaml")
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		code, _, said = try(t, "drop", "fl-2", "--yes", "--config", name)
		return code, said
	}
	flowLogs := strings.Index(string(text), "flow-logs:")
	joins := strings.Replace(string(text[:flowLogs]), "network: net.yaml", "server: https://weir", 1)
	if code, said := of(joins); code != exitFailed || !strings.Contains(said, "which flow logs there are is not known: the agent has not joined a server") {
		t.Errorf("%d: %s", code, said)
	}
	if code, said := of(strings.Replace(string(text), "state: state", "state: none", 1)); code != exitFailed || !strings.Contains(said, "no agent has its state in "+filepath.Join(filepath.Dir(conf), "none")) {
		t.Errorf("%d: %s", code, said)
	}
	s, err := spool.Open(t.Context(), filepath.Join(filepath.Dir(conf), "state"))
	if err != nil {
		t.Fatal(err)
	}
	if code, _, said := try(t, "drop", "fl-2", "--yes", "--config", conf); code != exitFailed || !strings.Contains(said, "another agent has its state in ") || !strings.Contains(said, "does not answer at "+socket+": --socket FILE") {
		t.Errorf("%d: %s", code, said)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	asked := 0
	other := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet {
			asked++
		}
		_ = json.NewEncoder(w).Encode(agent.Leftovers{State: "/elsewhere", Leftovers: []agent.Leftover{{FlowLog: "fl-2", Amount: agent.Amount{Items: 1}, Through: 9}}})
	})}
	go func() { _ = other.Serve(l) }()
	defer other.Close()
	if code, out, said := try(t, "drop", "fl-2", "--yes", "--config", conf); code != exitOK || asked != 0 { // it is this config's state, which no agent has
		t.Errorf("%d: %s%s; the other agent was asked %d times", code, out, said, asked)
	}
	if got := waiting(t, conf); len(got) != 2 {
		t.Errorf("%v waits", got)
	}
	if code, out, said := try(t, "drop", "fl-2", "--yes", "--socket", socket); code != exitOK || asked != 1 { // here it is named
		t.Errorf("%d: %s%s; the other agent was asked %d times", code, out, said, asked)
	}
}
