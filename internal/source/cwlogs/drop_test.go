package cwlogs

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"weir/internal/source"
)

// TestDrop removes objects whose events nobody needs any more: none of these events
// comes a second time, also where a process dies in the middle.
func TestDrop(t *testing.T) {
	p := newPlace(t)
	s := p.open(t, "cwl:/vpc")
	var names []string // of the objects in order
	for n, after := range []time.Duration{0, time.Hour, 2 * time.Hour, 3 * time.Hour} {
		p.add(record(n+1, after))
		objects, err := list(t, s, source.Selection{})
		if err != nil || len(objects) != n+1 {
			t.Fatalf("%v, %v", objects, err)
		}
		for _, o := range objects {
			if !slices.Contains(names, o.Key) {
				names = append(names, o.Key)
			}
		}
	}
	drop := func(before time.Duration, spent ...string) int {
		t.Helper()
		n, size, err := s.tail.Drop(t.Context(), base.Add(before), func(name string) (bool, error) { return slices.Contains(spent, name), nil })
		if err != nil || (n > 0) != (size > 0) {
			t.Fatalf("%d objects of %d bytes, %v", n, size, err)
		}
		return n
	}
	if n := drop(2*time.Hour, names[2], names[3]); n != 0 {
		t.Errorf("%d dropped that are newer or not spent", n)
	}
	check(t, s, source.Selection{}, "[1][2][3][4]")
	away := errors.New("away")
	if _, _, err := s.tail.Drop(t.Context(), base.Add(24*time.Hour), func(string) (bool, error) { return true, away }); !errors.Is(err, away) {
		t.Errorf("spent fails: %v", err)
	}
	kept := filepath.Join(p.dir, names[1])
	text, err := os.ReadFile(kept)
	if err != nil {
		t.Fatal(err)
	}
	// The first is not spent and stays; of the time before the second nothing is read.
	if n := drop(150*time.Minute, names[1]); n != 1 {
		t.Errorf("%d dropped, want 1", n)
	}
	p.add(record(5, 30*time.Minute), record(6, time.Hour), record(7, time.Hour+time.Second)) // late
	check(t, s, source.Selection{}, "[1][3][4][7]")
	want := "[1][7][3][4]" // in order of the names
	s = p.open(t, "cwl:/vpc")
	p.asked = nil
	check(t, s, source.Selection{}, want)
	floor := base.Add(time.Hour + time.Millisecond)
	if len(p.asked) == 0 || p.asked[0].StartTime != floor.UnixMilli() {
		t.Errorf("asked %+v, want from %s", p.asked, floor)
	}
	if !s.tail.Has(names[1]) || s.tail.Has("20260302T130000.000Z-20260302T130000.000Z-00000000000000000000000000000000.json.gz") {
		t.Error("what was dropped is missed, or what is missing is not")
	}
	p.asked = nil
	l, err := s.List(t.Context(), source.Selection{To: base.Add(30 * time.Minute)}, func(source.Object) error { return nil })
	if err != nil || len(p.asked) != 0 || len(l.Skipped) != 1 {
		t.Errorf("a time before all that is read: asked %+v, %+v, %v", p.asked, l, err)
	}
	if l, err := s.List(t.Context(), source.Selection{From: floor}, func(source.Object) error { return nil }); err != nil || len(l.Skipped) != 0 {
		t.Errorf("a time that is read: %+v, %v", l, err)
	}
	// A process that died before it removed the object.
	if err := os.WriteFile(kept, text, 0o600); err != nil {
		t.Fatal(err)
	}
	s = p.open(t, "cwl:/vpc")
	check(t, s, source.Selection{}, "[1][2][7][3][4]")
	if n := drop(150*time.Minute, names[1]); n != 1 {
		t.Errorf("%d dropped again, want 1", n)
	}
	check(t, s, source.Selection{}, want)
	if err := errors.Join(s.tail.Lift(t.Context()), s.tail.Lift(t.Context())); err != nil {
		t.Error(err)
	}
	check(t, s, source.Selection{}, "[1][7][3][4][2 5 6]")
	check(t, p.open(t, "cwl:/vpc"), source.Selection{}, "[1][2 5 6][7][3][4]")
}

// TestChangedFloor refuses to read where nobody can say from when on.
func TestChangedFloor(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, floorName), []byte("once\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := OpenTail(dir)
	if fault, ok := errors.AsType[*source.Fault](err); !ok || fault.Code != source.Changed || fault.Hint == "" {
		t.Errorf("%v", err)
	}
}
