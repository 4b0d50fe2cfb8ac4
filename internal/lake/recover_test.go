package lake

import (
	"crypto/sha256"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/flowlog"
)

// bothKinds is an object of VPC and transit gateway records, without a slot in
// its name, over several hours, with an unknown field.
func bothKinds() object {
	text := "action srcaddr dstaddr start end hue\n" +
		"ACCEPT 10.0.0.1 10.0.0.2 1772409600 1772409660 blue\n" +
		"REJECT 10.0.0.3 10.0.0.2 1772420400 1772420460 -\n" +
		flowlog.DefaultFormat(flowlog.KindTGW).Header() + "\n" +
		"6 TransitGateway 123456789012 tgw-0abc tgw-attach-0abc 111 222 vpc-a vpc-b subnet-a subnet-b eni-a eni-b use1-az1 use1-az2 " +
		"tgw-attach-0def 10.0.0.1 10.0.1.1 12345 443 6 10 1000 1772409600 1772409660 OK IPv4 1 2 3 4 2 us-east-1 ingress - -\n"
	return object{ref: ObjectRef{Source: "/d", URL: "/d/x.log", Size: int64(len(text)), Version: "1"}, text: text}
}

// finished returns a writer of an object as it is before its commit.
func finished(t *testing.T, im *Import, o object) *ObjectWriter {
	t.Helper()
	w, _, err := im.Start(t.Context(), o.ref, Look{}, sha256.Sum256([]byte(o.text)))
	if err != nil || w == nil {
		t.Fatalf("writer %v, error %v", w, err)
	}
	d, err := flowlog.NewDecoder(strings.NewReader(o.text), flowlog.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for {
		b, err := d.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Write(t.Context(), b); err != nil {
			t.Fatal(err)
		}
	}
	w.result = Result{State: Taken, Stats: d.Stats()}
	return w
}

// TestRecover ends the writer at each step of a commit and checks that the next
// one finds the change made whole, or not at all.
func TestRecover(t *testing.T) {
	steps := []struct {
		name  string
		until func(t *testing.T, l *Lake, c change) // what was done before the crash
		taken bool
	}{
		{"files written", func(*testing.T, *Lake, change) {}, false},
		{"noted", func(t *testing.T, l *Lake, c change) {
			if _, err := l.note(t.Context(), c); err != nil {
				t.Fatal(err)
			}
		}, true},
		{"one table of two", func(t *testing.T, l *Lake, c change) {
			batch, err := l.note(t.Context(), c)
			if err != nil {
				t.Fatal(err)
			}
			if err := l.commitTable(t.Context(), batch, flowlog.KindVPC, c.add[flowlog.KindVPC], nil); err != nil {
				t.Fatal(err)
			}
		}, true},
		{"both tables", func(t *testing.T, l *Lake, c change) {
			batch, err := l.note(t.Context(), c)
			if err != nil {
				t.Fatal(err)
			}
			for _, k := range kinds {
				if err := l.commitTable(t.Context(), batch, k, c.add[k], nil); err != nil {
					t.Fatal(err)
				}
			}
		}, true},
	}
	for _, step := range steps {
		t.Run(step.name, func(t *testing.T) {
			dir := t.TempDir()
			l := openLake(t, dir, Options{})
			before := newObject(noon, 1, 20)
			importAll(t, l, ImportOptions{}, before)
			im, err := l.Begin(ImportOptions{})
			if err != nil {
				t.Fatal(err)
			}
			crashed := bothKinds()
			w := finished(t, im, crashed)
			c := change{op: "import", add: map[flowlog.Kind][]string{}, paired: map[int64]pairedHour{}}
			writeTestHours(t, l, w, &c)
			if err := im.note(t.Context()); err != nil {
				t.Fatal(err)
			}
			c.ledger = (&ledgerEntries{importID: im.id, objects: []*ObjectWriter{w}, at: time.Now()}).write
			step.until(t, l, c)
			l.Close()

			l = openLake(t, dir, Options{})
			want := []object{before}
			if step.taken {
				want = append(want, crashed)
			}
			if diff := cmp.Diff(expected(t, want...), content(t, l)); diff != "" {
				t.Errorf("after the crash: %s", diff)
			}
			mustCheck(t, l)
			importAll(t, l, ImportOptions{}, before, crashed)
			if diff := cmp.Diff(expected(t, before, crashed), content(t, l)); diff != "" {
				t.Errorf("after the next import: %s", diff)
			}
			mustCompact(t, l)
			checkDerived(t, l)
			mustCheck(t, l)
			if unknown, err := l.UnknownFields(t.Context(), flowlog.KindVPC); err != nil || !slices.Equal(unknown, []string{"hue"}) {
				t.Errorf("unknown fields %v, %v", unknown, err)
			}
		})
	}
}

// writeTestHours writes a finished object's hours, as an import would.
func writeTestHours(t *testing.T, l *Lake, w *ObjectWriter, c *change) {
	t.Helper()
	around, err := l.around(t.Context(), w.im, w.pieces, c)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.writeHours(t.Context(), w.pieces, around, c); err != nil {
		t.Fatal(err)
	}
}

// TestRecoverReplace ends the writer in the middle of a replacement.
func TestRecoverReplace(t *testing.T) {
	dir := t.TempDir()
	l := openLake(t, dir, Options{})
	objects := []object{newObject(noon, 1, 20), newObject(noon.Add(5*time.Minute), 2, 20)}
	importAll(t, l, ImportOptions{}, objects...)
	changed := objects[0]
	changed.text = newObject(noon, 99, 15).text
	changed.ref.Size, changed.ref.Version = int64(len(changed.text)), "99"
	im, err := l.Begin(ImportOptions{Replace: true})
	if err != nil {
		t.Fatal(err)
	}
	w := finished(t, im, changed)
	c := change{op: "import", add: map[flowlog.Kind][]string{}, remove: map[flowlog.Kind][]string{}, paired: map[int64]pairedHour{}}
	writeTestHours(t, l, w, &c)
	settled, err := l.settle(t.Context(), im, []*ObjectWriter{w})
	if err != nil {
		t.Fatal(err)
	}
	moves, err := l.takeOut(t.Context(), settled.gone, &c)
	if err != nil {
		t.Fatal(err)
	}
	if err := im.note(t.Context()); err != nil {
		t.Fatal(err)
	}
	c.ledger = (&ledgerEntries{importID: im.id, objects: settled.objects, moves: moves, at: time.Now()}).write
	if _, err := l.note(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	l.Close()
	l = openLake(t, dir, Options{})
	if diff := cmp.Diff(expected(t, changed, objects[1]), content(t, l)); diff != "" {
		t.Error(diff)
	}
	mustCheck(t, l)
	mustCompact(t, l)
	checkDerived(t, l)
}

// TestLargeObject takes an object that does not fit into the memory it may use.
func TestLargeObject(t *testing.T) {
	l := openLake(t, t.TempDir(), Options{})
	o := newObject(noon, 1, 3000)
	im, err := l.Begin(ImportOptions{Memory: 30000})
	if err != nil {
		t.Fatal(err)
	}
	write := func(o object) *ObjectWriter {
		w, _, err := im.Start(t.Context(), o.ref, Look{}, sha256.Sum256([]byte(o.text)))
		if err != nil || w == nil {
			t.Fatalf("writer %v, error %v", w, err)
		}
		d, err := flowlog.NewDecoder(strings.NewReader(o.text), flowlog.Options{BatchRecords: 100})
		if err != nil {
			t.Fatal(err)
		}
		for {
			b, err := d.Next()
			if err == io.EOF {
				return w
			}
			if err != nil {
				t.Fatal(err)
			}
			if err := w.Write(t.Context(), b); err != nil {
				t.Fatal(err)
			}
		}
	}
	w := write(o)
	if len(w.spilled[flowlog.KindVPC]) < 3 {
		t.Errorf("%d files spilled", len(w.spilled[flowlog.KindVPC]))
	}
	if got := content(t, l); len(got) != 0 {
		t.Errorf("%d records of an unfinished object are visible", len(got))
	}
	if err := w.Finish(t.Context(), Result{State: Taken}); err != nil {
		t.Fatal(err)
	}
	aborted := write(newObject(noon, 2, 3000))
	aborted.Abort()
	if err := im.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(expected(t, o), content(t, l)); diff != "" {
		t.Error(diff)
	}
	mustCheck(t, l)
	if _, err := l.Compact(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(expected(t, o), content(t, l)); diff != "" {
		t.Error(diff)
	}
	files := 0
	err = filepath.WalkDir(l.Dir(), func(path string, d os.DirEntry, err error) error {
		if strings.HasSuffix(path, ".parquet") {
			files++
		}
		return err
	})
	if snap, serr := l.Snapshot(t.Context()); err != nil || serr != nil || files <= len(snap.Files(flowlog.KindVPC, Bounds{})) {
		t.Errorf("%d files on disk, %v, %v", files, err, serr)
	}
}

// TestTwins takes the same bytes from several places in one import, in which one
// place comes twice.
func TestTwins(t *testing.T) {
	l := openLake(t, t.TempDir(), Options{})
	o := newObject(noon, 1, 20)
	importAll(t, l, ImportOptions{}, o, o.below("/b"), o.below("/c"), o, o.below("/b"))
	if diff := cmp.Diff(expected(t, o), content(t, l)); diff != "" {
		t.Error(diff)
	}
	s, err := l.Status(t.Context(), 1)
	if err != nil || s.Objects[Taken] != 1 || s.Objects[Duplicate] != 2 {
		t.Errorf("status %+v, %v", s, err)
	}
}

// TestImportsSideBySide takes the same objects, and copies of them at other
// places, in several imports at a time, in different orders and with commits in
// between: every record is there once.
func TestImportsSideBySide(t *testing.T) {
	l := openLake(t, t.TempDir(), Options{})
	objects := day()
	all := slices.Clone(objects)
	for _, o := range objects {
		all = append(all, o.below("s3://copy"))
	}
	var running sync.WaitGroup
	for i := range 4 {
		running.Go(func() {
			order := slices.Clone(all)
			rng := rand.New(rand.NewPCG(uint64(i), 0))
			rng.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
			im, err := l.Begin(ImportOptions{})
			if err != nil {
				t.Error(err)
				return
			}
			for len(order) > 0 {
				var again []object
				for n, o := range order {
					state, err := tryTake(im, o)
					var inHand *InHandError
					switch {
					case errors.As(err, &inHand):
						again = append(again, o)
					case err != nil || state != Taken && state != Duplicate:
						t.Errorf("%s is %q, error %v", o.ref.URL, state, err)
					}
					if n%10 == 9 || inHand != nil {
						if err := im.Flush(t.Context()); err != nil {
							t.Error(err)
						}
					}
					if inHand != nil {
						<-inHand.Landed
					}
				}
				order = again
			}
			if err := im.Close(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	running.Wait()
	if got := mustCheck(t, l).Records; got != int64(len(expected(t, objects...))) {
		t.Errorf("%d records, want %d", got, len(expected(t, objects...)))
	}
	s, err := l.Status(t.Context(), 1)
	if err != nil || s.Objects[Taken] != int64(len(objects)) || s.Objects[Duplicate] != int64(len(objects)) {
		t.Errorf("the ledger has %v, error %v; want %d of each", s.Objects, err, len(objects))
	}
}

// TestFailedImportLeavesNothingInFlight ends an import whose commit fails: the
// next one takes its objects.
func TestFailedImportLeavesNothingInFlight(t *testing.T) {
	dir := t.TempDir()
	l := openLake(t, dir, Options{})
	objects := day()[:3]
	im, err := l.Begin(ImportOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range objects {
		take(t, im, o)
	}
	data := filepath.Join(l.paths.tableDir(flowlog.KindVPC), "data")
	if err := os.RemoveAll(data); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(data, nil, 0o600); err != nil { // no folder can be made here
		t.Fatal(err)
	}
	if err := im.Close(t.Context()); err == nil {
		t.Fatal("the commit did not fail")
	}
	if err := os.Remove(data); err != nil {
		t.Fatal(err)
	}
	importAll(t, l, ImportOptions{}, objects...)
	if diff := cmp.Diff(expected(t, objects...), content(t, l)); diff != "" {
		t.Error(diff)
	}
}

// TestDamage breaks what is on disk and checks that Check says so.
func TestDamage(t *testing.T) {
	l := openLake(t, t.TempDir(), Options{})
	importAll(t, l, ImportOptions{}, day()[:6]...)
	snap, err := l.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	files := snap.Files(flowlog.KindVPC, Bounds{})
	data, err := os.ReadFile(files[0].Path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(files[0].Path, data[:len(data)/2], 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(files[1].Path); err != nil {
		t.Fatal(err)
	}
	if _, err := l.state.Exec("UPDATE object_hours SET checksum = checksum + 1 WHERE hour = ?", files[2].Hour.Unix()); err != nil {
		t.Fatal(err)
	}
	c, err := l.Check(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	hours := map[time.Time]bool{}
	for _, d := range c.Differences {
		hours[d.Hour] = true
	}
	for _, f := range files[:3] {
		if !hours[f.Hour] {
			t.Errorf("the damage in hour %s was not found: %+v", f.Hour, c.Differences)
		}
	}
	if len(hours) != 3 {
		t.Errorf("differences in %d hours, want 3: %+v", len(hours), c.Differences)
	}
}
