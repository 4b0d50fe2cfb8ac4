package lake

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/flowlog"
)

// rollupFiles returns what the files of rollups hold, by path.
func rollupFiles(t testing.TB, l *Lake) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	paths, err := filepath.Glob(filepath.Join(l.paths.lake, "rollups", "*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		if out[path], err = os.ReadFile(path); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// TestRollupsLieBesideData follows the rollups of data files: they come with the files,
// are made again where they are missing, and go when the files go.
func TestRollupsLieBesideData(t *testing.T) {
	now := noon.Add(12 * time.Hour)
	l := openLake(t, t.TempDir(), Options{RollupRecords: 100, Now: func() time.Time { return now }})
	importAll(t, l, ImportOptions{}, newObject(noon, 1, 300), newObject(noon.Add(time.Hour), 1, 200), newObject(noon.Add(2*time.Hour), 1, 20))
	mustCompact(t, l)
	rolled := func() map[string]bool { // of the data files that have records enough
		t.Helper()
		snap, err := l.Snapshot(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		out := map[string]bool{}
		for _, f := range snap.Files(flowlog.KindVPC, Bounds{}) {
			if f.Records < 100 {
				if f.Rollups != "" {
					t.Errorf("%d records have rollups", f.Records)
				}
				continue
			}
			info, err := os.Stat(f.Rollups)
			if err != nil || info.Size() != f.RollupBytes {
				t.Fatalf("the rollups of %d records: %v", f.Records, err)
			}
			out[f.Rollups] = true
		}
		return out
	}
	if n := len(rolled()); n != 2 {
		t.Fatalf("%d files have rollups", n)
	}
	files := rollupFiles(t, l)
	for path := range files {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	l.snap = nil
	mustCompact(t, l)
	rolled()
	for path, got := range rollupFiles(t, l) {
		if !bytes.Equal(got, files[path]) {
			t.Errorf("%s is not as it was", path)
		}
	}

	// One hour goes, and what a crash left goes too.
	if _, err := l.Forget(t.Context(), newObject(noon, 1, 300).ref.URL); err != nil {
		t.Fatal(err)
	}
	left := filepath.Join(l.paths.lake, "rollups", "1.new")
	if err := os.WriteFile(left, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Expire(t.Context(), ExpireOptions{}); err != nil {
		t.Fatal(err)
	}
	if n := len(rollupFiles(t, l)); n != 2 {
		t.Errorf("%d files of rollups lie there while a reader may have their snapshot", n)
	}
	now = time.Now().Add(time.Hour)
	for range 2 { // the data files first, then what belongs to them
		if _, err := l.Expire(t.Context(), ExpireOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(rollupFiles(t, l)); n != 1 || n != len(rolled()) {
		t.Errorf("%d files of rollups lie there", n)
	}
	if _, err := os.Stat(left); err == nil {
		t.Error("what a crash left lies there")
	}
}

// TestRollupSums sums up to the end of 64 bits. Beyond it there are no rollups, and the
// query sums the records up.
func TestRollupSums(t *testing.T) {
	for _, tt := range []struct {
		bytes []int64
		ok    bool
	}{
		{[]int64{1<<63 - 2, 1}, true},
		{[]int64{1<<63 - 1, 1}, false},
		{[]int64{1<<63 - 1, 1<<63 - 1, 5}, false},
	} {
		b := flowlog.NewBatch(flowlog.KindVPC)
		for _, n := range tt.bytes {
			r := b.Append()
			for id, v := range map[flowlog.FieldID]int64{flowlog.Bytes: n, flowlog.WeirHour: noon.Unix(), flowlog.DstPort: 22} {
				if err := r.SetInt(id, v); err != nil {
					t.Fatal(err)
				}
			}
		}
		c := merge(flowlog.KindVPC, []piece{{batch: b}})
		sums := c.newSums()
		sums.add(c.words, c.n)
		if sums.none == tt.ok {
			t.Errorf("%d: %v", tt.bytes, !sums.none)
		}
		if sums.none {
			continue
		}
		for i := range sums.rollups {
			want := &rolled{
				keys: []uint64{0}, records: []int64{2},
				sums: [2][]int64{{0}, {1<<63 - 1}}, has: [2][]bool{{false}, {true}},
			}
			if diff := cmp.Diff(want, sums.rollups[i].rolled(), cmp.AllowUnexported(rolled{})); diff != "" {
				t.Errorf("%d: %s", tt.bytes, diff)
			}
		}
	}
}

// TestNoRollups reads records that have no rollups once, and not with each compaction.
func TestNoRollups(t *testing.T) {
	l := openLake(t, t.TempDir(), Options{RollupRecords: 2})
	o := newObject(noon, 1, 0)
	for range 2 {
		o.text += "2 123456789012 eni-1 10.0.0.1 10.0.0.2 1 22 6 1 9223372036854775807 1772452800 1772452801 ACCEPT OK\n"
	}
	o.ref.Size = int64(len(o.text))
	importAll(t, l, ImportOptions{}, o)
	before := rollupFiles(t, l)
	if len(before) != 1 {
		t.Fatalf("%d files", len(before))
	}
	for path, text := range before {
		if len(text) != 0 {
			t.Errorf("%s has %d bytes", path, len(text))
		}
		if err := os.Chtimes(path, noon, noon); err != nil {
			t.Fatal(err)
		}
	}
	mustCompact(t, l)
	for path := range before {
		if info, err := os.Stat(path); err != nil || !info.ModTime().Equal(noon) {
			t.Errorf("%s was written again: %v", path, err)
		}
	}
	snap, err := l.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range snap.Files(flowlog.KindVPC, Bounds{}) {
		if f.Records != 2 || f.Rollups != "" {
			t.Errorf("%d records with rollups %q", f.Records, f.Rollups)
		}
	}
}
