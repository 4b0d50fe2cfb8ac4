package versions

import (
	"errors"
	"slices"
	"testing"
	"time"

	"weir/internal/netmodel"
)

// checkMarks compares what is told of times with what is told of their marks, and the sums with
// what they are of. It returns how many marks there are.
func checkMarks(t *testing.T, s *Store, times ...time.Time) int {
	t.Helper()
	marks, err := s.Marks(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	told := map[uint64]Definition{}
	for _, at := range times {
		m := marks[0]
		for _, next := range marks[1:] {
			if !next.At.After(at) {
				m = next
			}
		}
		is, want := mustAt(t, s, at), mustAt(t, s, m.At)
		same := func(a, b Definition) bool {
			return len(netmodel.Diff(a.Network, b.Network)) == 0 && slices.EqualFunc(a.InForce, b.InForce, func(a, b InForce) bool {
				return a.ID == b.ID && slices.Equal(a.Changed, b.Changed)
			})
		}
		if !same(is, want) {
			t.Errorf("at %s it is otherwise than at the mark before it, %s", at, m.At)
		}
		if before, ok := told[m.Sum]; ok && !same(is, before) {
			t.Errorf("at %s it is otherwise than at another time with the same sum", at)
		}
		told[m.Sum] = is
	}
	return len(marks)
}

// TestMarks counts marks: what no import and no event says differs has none.
func TestMarks(t *testing.T) {
	s := create(t, t.TempDir())
	if _, err := s.Marks(t.Context()); !errors.Is(err, ErrNone) {
		t.Fatal(err)
	}
	times := []time.Time{at(-100), at(0), at(10), at(11), at(15), at(20), at(25), at(30), at(100)}
	for _, step := range []struct {
		second, network, marks int
	}{
		{10, 1, 1}, // before and after it, as far as anybody knows
		{20, 1, 1},
		{30, 2, 3}, // before, between, after
		{25, 1, 3},
	} {
		if _, err := s.Import(t.Context(), network(one, east, step.network), at(step.second)); err != nil {
			t.Fatal(err)
		}
		if n := checkMarks(t, s, times...); n != step.marks {
			t.Errorf("after the import of %d there are %d marks, want %d", step.second, n, step.marks)
		}
	}
	before, err := s.Marks(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Import(t.Context(), network(one, east, 3), at(200)); err != nil {
		t.Fatal(err)
	}
	after, err := s.Marks(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(before, after[:len(before)]) || len(after) != len(before)+2 {
		t.Errorf("a later import changes what is told of before: %v, %v", before, after)
	}
}
