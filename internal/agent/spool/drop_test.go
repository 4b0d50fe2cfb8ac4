package spool

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// TestDrop gives up what waits of a flow log, in two steps that are one drop: what is gone is kept, also when it is opened again, and nothing of another flow log is.
func TestDrop(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	of := step("1")
	for i := range 5 {
		one := item("fl-1", fmt.Sprint("data", i), i)
		one.Destination = []string{"a", "b"}[i%2]
		of.Items = append(of.Items, one, item("fl-2", "x", 1))
	}
	if err := s.Append(t.Context(), of); err != nil {
		t.Fatal(err)
	}
	q := Queue{"fl-1", "a"}
	all, err := s.Headers(t.Context(), q, 0, 10, 100)
	if err != nil || len(all) != 3 || all[1].Number != 5 || string(all[1].Header) != "h" || all[1].Data != nil || all[1].Records != 2 || all[1].Bytes() != 6 {
		t.Fatalf("%+v, %v", all, err)
	}
	for _, c := range []struct {
		above, bytes int64
		most, want   int
	}{{0, 100, 2, 2}, {1, 100, 2, 2}, {5, 100, 2, 1}, {9, 100, 2, 0}, {0, 1, 9, 1}, {0, 12, 9, 2}, {0, 17, 9, 2}} {
		if got, err := s.Headers(t.Context(), q, c.above, c.most, c.bytes); err != nil || len(got) != c.want {
			t.Errorf("%+v: %d items, %v", c, len(got), err)
		}
	}
	from := time.Unix(1_700_000_400, 0).UTC()
	d := Drop{At: from.Add(time.Hour), FlowLog: "fl-1", From: from, To: from.Add(5 * time.Minute)}
	if err := s.Drop(t.Context(), &d, all[:2]...); err != nil {
		t.Fatal(err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	was := d
	if err := s.Drop(ended, &d, all[2]); err == nil || d != was || !cmp.Equal(s.Drops(), []Drop{was}, cmpopts.EquateComparable(Drop{})) {
		t.Errorf("%v, %+v", err, d)
	}
	d.To = from.Add(10 * time.Minute)
	if err := s.Drop(t.Context(), &d, all...); err != nil { // two of them are not there any more
		t.Fatal(err)
	}
	if err := s.Remove(t.Context(), all...); err != nil { // a delivery that came too late
		t.Fatal(err)
	}
	want := d
	want.Waiting = Waiting{3, 6, 18}
	for range 2 {
		if got := s.Drops(); d != want || len(got) != 1 || got[0] != want || s.Dropped() != want.Waiting {
			t.Errorf("%+v, %+v, want %+v", got, s.Dropped(), want)
		}
		if diff := cmp.Diff(map[string]Waiting{"fl-1": {2, 4, 12}, "fl-2": {5, 5, 10}}, s.Waiting()); diff != "" {
			t.Error(diff)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s = open(t, dir)
	}
}

// TestDrops gives up more often than is told: the last ten are, and all are counted.
func TestDrops(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	for i := range 12 {
		of := step(fmt.Sprint(i))
		of.Items = []Item{item("fl-1", "x", i)}
		if err := s.Append(t.Context(), of); err != nil {
			t.Fatal(err)
		}
		items, err := s.Headers(t.Context(), Queue{FlowLog: "fl-1"}, 0, 10, 100)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Drop(t.Context(), &Drop{At: time.UnixMilli(int64(i)).UTC(), FlowLog: "fl-1"}, items...); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		got := s.Drops()
		if len(got) != 10 || got[0].Records != 11 || got[9].Records != 2 || !got[0].From.IsZero() || !got[0].At.Equal(time.UnixMilli(11)) || s.Dropped() != (Waiting{12, 66, 24}) {
			t.Errorf("%+v, %+v", got, s.Dropped())
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s = open(t, dir)
	}
}

// TestThere says whether a folder has a spool, and makes none.
func TestThere(t *testing.T) {
	dir := t.TempDir()
	if there, err := There(dir + "/none"); there || err != nil {
		t.Errorf("%v %v", there, err)
	}
	open(t, dir)
	if there, err := There(dir); !there || err != nil {
		t.Errorf("%v %v", there, err)
	}
	if there, err := There("/dev/null"); there || err == nil {
		t.Errorf("%v %v", there, err)
	}
}
