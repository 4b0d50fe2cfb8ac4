package spool

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"weir/internal/sqlitedb"
)

// size returns how large the files of a spool are, in bytes.
func size(t *testing.T, dir string) (sum int64) {
	t.Helper()
	for _, name := range []string{"spool.db", "spool.db-wal"} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		sum += info.Size()
	}
	return sum
}

// fill appends items of a size each, in steps of a hundred.
func fill(t *testing.T, s *Spool, items, bytes int) {
	t.Helper()
	data := strings.Repeat("x", bytes)
	for i := 0; i < items; i += 100 {
		of := step(fmt.Sprint(i))
		for range 100 {
			of.Items = append(of.Items, item("fl-1", data, 1))
		}
		if err := s.Append(t.Context(), of); err != nil {
			t.Fatal(err)
		}
	}
}

// drain removes all items, eight at a time.
func drain(t *testing.T, s *Spool) {
	t.Helper()
	for {
		items, err := s.Oldest(t.Context(), Queue{FlowLog: "fl-1"}, 8, 1<<30)
		if err != nil {
			t.Fatal(err)
		}
		if len(items) == 0 {
			return
		}
		if err := s.Remove(t.Context(), items...); err != nil {
			t.Fatal(err)
		}
	}
}

// TestSpaceIsGivenBack has a spool that was large, and one that an agent of before has left so: their files are small when all is delivered.
func TestSpaceIsGivenBack(t *testing.T) {
	for _, before := range []bool{false, true} {
		dir := t.TempDir()
		if before { // as the agent of before made it
			db, err := sqlitedb.Open(t.Context(), filepath.Join(dir, "spool.db"), "the spool", migrations)
			if err != nil {
				t.Fatal(err)
			}
			old := &Spool{db: db, waiting: map[Queue]Waiting{}}
			fill(t, old, 400, 100_000)
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
		}
		s := open(t, dir)
		if !before {
			fill(t, s, 400, 100_000)
		}
		full := size(t, dir)
		if used := s.Used(); used < 40_000_000 || used > full {
			t.Errorf("of before %v: %d bytes of %d are used", before, used, full)
		}
		drain(t, s)
		if used := s.Used(); used > 1_000_000 {
			t.Errorf("of before %v: %d bytes are used, and nothing waits", before, used)
		}
		if left := size(t, dir); full < 40_000_000 || left > 2*keptFree+17_000_000 {
			t.Errorf("of before %v: %d bytes were %d", before, left, full)
		}
		if got := s.Waiting(); len(got) != 0 {
			t.Errorf("%v waits", got)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(filepath.Join(dir, "spool.db")); err != nil || info.Size() > 2*keptFree+1_000_000 {
			t.Errorf("of before %v: %d bytes when it is closed: %v", before, info.Size(), err)
		}
	}
}

// TestOldest has items of sizes: so many are returned as are asked for and as fit, and one that does not.
func TestOldest(t *testing.T) {
	s := open(t, t.TempDir())
	of := step("1")
	for _, data := range []string{"1234567", "12", "12345678901", "1"} {
		of.Items = append(of.Items, item("fl-1", data, 1), item("fl-2", "x", 1))
	}
	if err := s.Append(t.Context(), of); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		most  int
		bytes int64
		want  int
	}{{4, 100, 4}, {2, 100, 2}, {4, 7, 1}, {4, 8, 1}, {4, 11, 2}, {4, 22, 2}, {4, 23, 3}, {0, 100, 0}} {
		items, err := s.Oldest(t.Context(), Queue{FlowLog: "fl-1"}, c.most, c.bytes)
		if err != nil || len(items) != c.want {
			t.Errorf("%+v: %d items, %v", c, len(items), err)
		}
	}
}

// TestQueues has items of one flow log to two destinations, in a spool that is opened again: each queue has its own, and the flow log has both.
func TestQueues(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	of := step("1")
	for _, to := range []string{"a", "b", "a"} {
		it := item("fl-1", "at "+to, 1)
		it.Destination = to
		of.Items = append(of.Items, it)
	}
	if err := s.Append(t.Context(), of); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir)
	if got := s.Waiting()["fl-1"]; got != (Waiting{3, 3, 15}) || len(s.Queues()) != 2 {
		t.Errorf("%v in %v", got, s.Queues())
	}
	for _, but := range []int64{1, 2, 3} { // 2 is of the other queue
		items, err := s.Oldest(t.Context(), Queue{"fl-1", "a"}, 1, 100, but)
		if want := map[bool]int64{true: 3, false: 1}[but == 1]; err != nil || len(items) != 1 || items[0].Number != want {
			t.Errorf("but %d: %v, %v", but, items, err)
		}
	}
	if items, err := s.Oldest(t.Context(), Queue{"fl-1", "a"}, 8, 100, 1, 3); err != nil || len(items) != 0 {
		t.Errorf("%v, %v", items, err)
	}
	if items, err := s.Newest(t.Context(), Queue{"fl-1", "a"}); err != nil || len(items) != 1 || items[0].Number != 3 || string(items[0].Data) != "at a" {
		t.Errorf("%v, %v", items, err)
	}
	if items, err := s.Newest(t.Context(), Queue{"fl-1", "c"}); err != nil || len(items) != 0 {
		t.Errorf("%v, %v", items, err)
	}
	for _, q := range s.Queues() {
		items, err := s.Oldest(t.Context(), q, 8, 100)
		if want := map[string]int{"a": 2, "b": 1}[q.Destination]; err != nil || len(items) != want || string(items[0].Data) != "at "+q.Destination {
			t.Errorf("%v has %v, %v", q, items, err)
		}
		if err := s.Remove(t.Context(), items...); err != nil {
			t.Fatal(err)
		}
	}
	if len(s.Queues()) != 0 || len(s.Waiting()) != 0 {
		t.Errorf("%v", s.Queues())
	}
}
