package spool

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func open(t *testing.T, dir string) *Spool {
	t.Helper()
	s, err := Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// entries returns the note and the entries, as text.
func entries(t *testing.T, s *Spool) (note string, all []string) {
	t.Helper()
	b, err := s.Restore(t.Context(), func(e []byte) error {
		all = append(all, string(e))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return string(b), all
}

func step(note string, entries ...string) *Step {
	out := &Step{Note: []byte(note)}
	for _, e := range entries {
		out.Entries = append(out.Entries, []byte(e))
	}
	return out
}

func item(flowLog, data string, records int) Item {
	return Item{Queue: Queue{FlowLog: flowLog}, Header: []byte("h"), Data: []byte(data), Records: records}
}

// TestSpool keeps steps and delivers items, and opens it again after each.
func TestSpool(t *testing.T) {
	t.Chdir(t.TempDir())
	dir := filepath.Join("state", "agent")
	s := open(t, dir)
	if note, all := entries(t, s); note != "" || all != nil || len(s.Waiting()) != 0 {
		t.Errorf("a new one has %q, %q, %v", note, all, s.Waiting())
	}
	again := func() {
		t.Helper()
		size, waiting, used := s.Entries(), s.Waiting(), s.Used()
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s = open(t, dir)
		if s.Entries() != size || !cmp.Equal(waiting, s.Waiting()) || s.Used() != used {
			t.Errorf("%v, %v and %d are %v, %v and %d when it is opened again", size, waiting, used, s.Entries(), s.Waiting(), s.Used())
		}
	}
	keep := func(of *Step, wantNote string, want ...string) {
		t.Helper()
		if err := s.Append(t.Context(), of); err != nil {
			t.Fatal(err)
		}
		again()
		if note, all := entries(t, s); note != wantNote || !cmp.Equal(all, want) {
			t.Errorf("%q %q, want %q %q", note, all, wantNote, want)
		}
	}
	keep(step("1", "a", "bb"), "1", "a", "bb")
	with := step("2", "c")
	with.Items = []Item{item("fl-1", "one", 3), item("fl-2", "two", 4), item("fl-1", "three", 5)}
	keep(with, "2", "a", "bb", "c")
	if got := s.Entries(); got != (Size{3, 4}) {
		t.Errorf("entries have %v", got)
	}
	if diff := cmp.Diff(map[string]Waiting{"fl-1": {2, 8, 10}, "fl-2": {1, 4, 4}}, s.Waiting()); diff != "" {
		t.Error(diff)
	}
	whole := step("3", "snapshot")
	whole.Snapshot = true
	keep(whole, "3", "snapshot")
	for _, want := range []string{"one", "three"} {
		items, err := s.Oldest(t.Context(), Queue{FlowLog: "fl-1"}, 1, 100)
		if err != nil || len(items) != 1 || string(items[0].Data) != want || string(items[0].Header) != "h" {
			t.Fatalf("%v %+v, want %s", err, items, want)
		}
		for range 2 { // the second time it is not there
			if err := s.Remove(t.Context(), items...); err != nil {
				t.Fatal(err)
			}
		}
		again()
	}
	if items, err := s.Oldest(t.Context(), Queue{FlowLog: "fl-1"}, 1, 100); len(items) != 0 || err != nil {
		t.Errorf("%v %v", items, err)
	}
	if diff := cmp.Diff(map[string]Waiting{"fl-2": {1, 4, 4}}, s.Waiting()); diff != "" {
		t.Error(diff)
	}
}

// TestOne opens a spool that another has.
func TestOne(t *testing.T) {
	dir := t.TempDir()
	open(t, dir)
	if _, err := Open(t.Context(), dir); err == nil || !strings.Contains(err.Error(), "another agent has its state in "+dir) {
		t.Errorf("%v", err)
	}
}

// TestAppendAgain has steps that fail: one that nothing is kept of, and one that is kept though its caller was told otherwise. Both are appended again, and are there once.
func TestAppendAgain(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	a := step("1", "a")
	a.Items = []Item{item("fl-1", "one", 1)}
	if err := s.Append(ended, a); err == nil || !strings.Contains(err.Error(), "cannot keep what was counted") {
		t.Fatalf("%v", err)
	}
	if _, all := entries(t, s); all != nil || len(s.Waiting()) != 0 {
		t.Errorf("%v is kept", all)
	}
	if err := s.Append(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	b := step("2", "b")
	b.Items = []Item{item("fl-1", "two", 2)}
	if err := s.Append(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	s.doubted = true
	s.waiting[Queue{FlowLog: "fl-1"}] = Waiting{1, 1, 4} // as before b
	s.entries = Size{1, 1}
	if err := s.Append(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	if note, all := entries(t, s); note != "2" || !cmp.Equal(all, []string{"a", "b"}) {
		t.Errorf("%q %q", note, all)
	}
	if s.Entries() != (Size{2, 2}) || s.Waiting()["fl-1"] != (Waiting{2, 3, 8}) {
		t.Errorf("%v %v", s.Entries(), s.Waiting())
	}
}

// TestFull has no room: nothing is kept, and when there is room, all is.
func TestFull(t *testing.T) {
	s := open(t, t.TempDir())
	if err := s.Append(t.Context(), step("1", "a")); err != nil {
		t.Fatal(err)
	}
	s.db.SetMaxOpenConns(1) // the pragma is a connection's
	room := func(pages int) {
		if _, err := s.db.ExecContext(t.Context(), fmt.Sprintf("PRAGMA max_page_count = %d", pages)); err != nil {
			t.Fatal(err)
		}
	}
	room(1) // as many as there are
	big := step("2", strings.Repeat("b", 1<<20))
	for range 3 {
		if err := s.Append(t.Context(), big); err == nil || !strings.Contains(err.Error(), "full") {
			t.Fatalf("%v", err)
		}
	}
	room(1 << 20)
	if err := s.Append(t.Context(), big); err != nil {
		t.Fatal(err)
	}
	if note, all := entries(t, s); note != "2" || len(all) != 2 {
		t.Errorf("%q, %d entries", note, len(all))
	}
}
