package command

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"weir/internal/agent"
)

// TestDropRunning has a flow log whose folder can't be made taken out: the agent that runs tells what waits of it, gives it up when it is told to, and tells of that, as the one after it does.
func TestDropRunning(t *testing.T) {
	t.Parallel()
	host, _ := wire(t)
	dir := t.TempDir()
	conf := strings.Replace(configOf("count"), "interval: 60\n    destination: logs", "interval: 60\n    destination: net.yaml/logs", 1)
	p := start(t, host, dir, conf)
	host.in(func() { ping(t, "10.0.1.10", 3) })
	if log := p.end(t); !strings.Contains(log, "records wait in the spool") {
		t.Fatal(log)
	}
	head, rest, _ := strings.Cut(conf, "  fl-0a:\n")
	_, rest, ok := strings.Cut(rest, "  fl-0b:\n")
	if !ok {
		t.Fatal("the config of the tests has another form")
	}
	p = start(t, host, dir, head+"  fl-0b:\n"+rest)
	status := func() (s agent.Status) {
		t.Helper()
		out, err, _ := host.call("status", "--json") // exit code 1 while something can't be delivered
		if e := json.Unmarshal([]byte(out), &s); e != nil {
			t.Fatalf("%v: %s%s", e, out, err)
		}
		return s
	}
	s := status()
	if len(s.FlowLogs) != 1 || len(s.TakenOut) != 1 || s.TakenOut[0].ID != "fl-0a" || s.TakenOut[0].Waiting != 2 || s.State.Bytes == 0 || s.State.Bound != 4<<30 {
		t.Fatalf("%+v", s)
	}
	if out, _, _ := host.call("status"); !strings.Contains(out, "weir-agent drop fl-0a gives up what waits\nstate: ") {
		t.Error(out)
	}
	at := []string{"--config", filepath.Join(dir, "agent.yaml"), "--socket", filepath.Join(dir, "agent.sock")}
	for id, want := range map[string]string{"fl-0b": "fl-0b is a flow log of the config", "fl-9": "nothing waits of fl-9; "} {
		if out, err, code := host.call(append([]string{"drop", id, "--yes"}, at...)...); code != exitFailed || out != "" || !strings.Contains(err, want) {
			t.Errorf("%d: %s%s", code, out, err)
		}
	}
	if out, err, code := host.call(append([]string{"__complete", "drop"}, append(at, "")...)...); code != exitOK || !strings.HasPrefix(out, "fl-0a\n") {
		t.Errorf("%d: %s%s", code, out, err)
	}
	out, err, code := host.call(append([]string{"drop", "fl-0a", "--yes", "--json"}, at...)...)
	var d agent.Dropped
	if e := json.Unmarshal([]byte(out), &d); e != nil || code != exitOK || d.Records != 2 || d.From.IsZero() {
		t.Fatalf("%d: %s%s", code, out, err)
	}
	for range 2 {
		if s = status(); len(s.TakenOut) != 0 || len(s.Dropped) != 1 || s.Dropped[0] != d || len(s.Troubles) != 0 {
			t.Errorf("%+v, want %+v", s, d)
		}
		if out, _, code := host.call("status"); code != exitOK || !strings.Contains(out, "fl-0a: given up by weir-agent drop at ") {
			t.Errorf("%d: %s", code, out)
		}
		if metrics := get(t, host, "/metrics"); !strings.Contains(metrics, "\nweir_agent_dropped_records_total 2\n") {
			t.Error(metrics)
		}
		if log := p.end(t); strings.Contains(log, "records wait in the spool") {
			t.Error(log)
		}
		p = launch(t, host, dir)
		if !p.wait("msg=counting ") {
			t.Fatal(p.log)
		}
	}
}
