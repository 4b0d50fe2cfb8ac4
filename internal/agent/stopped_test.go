package agent

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"weir/internal/agent/config"
	"weir/internal/agent/spool"
)

// TestStopped gives up what an agent has left that does not run: not of a flow log that is made, and not while one runs.
func TestStopped(t *testing.T) {
	dir := t.TempDir()
	c := &config.Config{State: dir, FlowLogs: []config.FlowLog{{ID: "fl-1"}}}
	none := &config.Config{State: filepath.Join(dir, "none")}
	if _, err := OpenStopped(t.Context(), none, nil); err == nil || !strings.Contains(err.Error(), "no agent has its state in "+none.State) {
		t.Errorf("%v", err)
	}
	if _, err := os.Stat(none.State); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v: a folder is made", err)
	}
	s, err := spool.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	of := &spool.Step{Note: []byte("1")}
	for _, id := range []string{"fl-1", "fl-2", "fl-3"} {
		of.Items = append(of.Items, spool.Item{Queue: spool.Queue{FlowLog: id}, Header: []byte("{}"), Data: []byte("data"), Records: 7})
	}
	if err := s.Append(t.Context(), of); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenStopped(t.Context(), c, nil); !errors.Is(err, ErrRuns) {
		t.Errorf("%v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	p := &Policy{FlowLogs: []config.FlowLog{{ID: "fl-3"}}}
	for policy, want := range map[*Policy]string{nil: "fl-2 fl-3", p: "fl-1 fl-2"} {
		at, err := OpenStopped(t.Context(), c, policy)
		if err != nil {
			t.Fatal(err)
		}
		all, err := at.Leftovers(t.Context(), "")
		var ids []string
		for i := range all.Leftovers {
			ids = append(ids, all.Leftovers[i].FlowLog)
		}
		if err != nil || strings.Join(ids, " ") != want || all.State != dir {
			t.Errorf("%v, want %s: %v", ids, want, err)
		}
		if err := at.Close(); err != nil {
			t.Fatal(err)
		}
	}
	at, err := OpenStopped(t.Context(), c, nil)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Unix(1_700_000_400, 0)
	if _, err := at.Drop(t.Context(), "fl-1", 9, now); !errors.Is(err, errRefused) {
		t.Errorf("%v", err)
	}
	if d, err := at.Drop(t.Context(), "fl-3", 2, now); err != nil || d.Items != 0 { // what was looked at were others
		t.Errorf("%+v, %v", d, err)
	}
	d, err := at.Drop(t.Context(), "fl-2", 2, now)
	if want := (Dropped{"fl-2", now.UTC(), Amount{Items: 1, Records: 7, Bytes: 6}}); err != nil || d != want {
		t.Errorf("%+v, want %+v: %v", d, want, err)
	}
	if _, err := at.Leftovers(t.Context(), "fl-2"); !errors.Is(err, errRefused) {
		t.Errorf("%v", err)
	}
	if err := at.Close(); err != nil {
		t.Fatal(err)
	}
}
