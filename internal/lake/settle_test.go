package lake

import (
	"crypto/sha256"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/flowlog"
)

// at returns an object as it lies at another place, with another version.
func at(o object, url string) object {
	o.ref.URL, o.ref.Version = url, url+o.ref.Version
	return o
}

// withBytes returns an object's place with another one's bytes.
func withBytes(o, bytes object) object {
	o.text, o.ref.Size, o.ref.Version = bytes.text, bytes.ref.Size, bytes.ref.Version+"'"
	return o
}

// empty is an object without a byte.
func empty(url string) object {
	return object{ref: ObjectRef{Source: "s3://logs", URL: url, Version: url, Slot: noon}}
}

func begin(t *testing.T, l *Lake, o ImportOptions) *Import {
	t.Helper()
	im, err := l.Begin(o)
	if err != nil {
		t.Fatal(err)
	}
	return im
}

func closeImport(t *testing.T, im *Import) {
	t.Helper()
	if err := im.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// replaceAll takes objects with Replace as intake does: what turned out to be an
// orphan is taken again.
func replaceAll(t *testing.T, l *Lake, objects ...object) {
	t.Helper()
	im := begin(t, l, ImportOptions{Replace: true})
	for _, o := range objects {
		take(t, im, o)
	}
	if err := im.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	orphans := im.Orphans()
	for _, o := range objects {
		if slices.Contains(orphans, o.ref.URL) {
			take(t, im, o)
		}
	}
	closeImport(t, im)
}

// holds checks that the lake has the records of objects, that the ledger agrees,
// and that it does after it was opened anew.
func holds(t *testing.T, l *Lake, objects ...object) {
	t.Helper()
	if diff := cmp.Diff(expected(t, objects...), content(t, l)); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
	mustCheck(t, l)
}

func TestFailedBesideTaken(t *testing.T) {
	l := openLake(t, t.TempDir(), Options{})
	x := newObject(noon, 1, 20)
	a, b := begin(t, l, ImportOptions{}), begin(t, l, ImportOptions{})
	take(t, a, x)
	if err := b.Fail(t.Context(), x.ref, "access denied", ""); err != nil {
		t.Fatal(err)
	}
	closeImport(t, b)
	closeImport(t, a)
	holds(t, l, x)
	// The row of one that failed before goes too.
	y := newObject(noon, 2, 20)
	im := begin(t, l, ImportOptions{})
	if err := im.Fail(t.Context(), y.ref, "access denied", ""); err != nil {
		t.Fatal(err)
	}
	closeImport(t, im)
	importAll(t, l, ImportOptions{}, y)
	holds(t, l, x, y)
	if s, err := l.Status(t.Context(), 9); err != nil || s.Objects[Failed] != 0 || s.Objects[Taken] != 2 {
		t.Errorf("status %+v, %v", s, err)
	}
}

// TestRotation moves bytes to other places and puts others in their place, as log
// rotation does, in one import with Replace and in two.
func TestRotation(t *testing.T) {
	a, b, c := newObject(noon, 1, 20), newObject(noon, 2, 30), newObject(noon, 3, 25)
	old := at(a, "s3://logs/rotated")
	tests := map[string]struct {
		before, after, want []object
	}{
		"rotated":                {[]object{a}, []object{withBytes(a, c), old}, []object{withBytes(a, c), old}},
		"rotated, the old first": {[]object{a}, []object{old, withBytes(a, c)}, []object{withBytes(a, c), old}},
		"swapped":                {[]object{a, b}, []object{withBytes(a, b), withBytes(b, a)}, []object{withBytes(a, b), withBytes(b, a)}},
		"twice the same": {
			[]object{a, b}, []object{withBytes(a, c), withBytes(b, c)}, []object{withBytes(a, c)},
		},
		"moved, with two copies": {
			[]object{a}, []object{withBytes(a, c), old, at(a, "s3://logs/second")}, []object{withBytes(a, c), old},
		},
		"a copy that was known inherits": {
			[]object{a, old}, []object{withBytes(a, c)}, []object{withBytes(a, c), old},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			l := openLake(t, t.TempDir(), Options{})
			importAll(t, l, ImportOptions{}, tt.before...)
			replaceAll(t, l, tt.after...)
			holds(t, l, tt.want...)
			replaceAll(t, l, tt.after...)
			holds(t, l, tt.want...)
		})
	}
}

// TestForgottenMeanwhile takes out, between the start of an object and its commit,
// what the import saw in the ledger.
func TestForgottenMeanwhile(t *testing.T) {
	x, y, z := newObject(noon, 1, 20), newObject(noon, 2, 20), newObject(noon, 3, 20)
	copied := at(x, "s3://copies/x")
	forget := func(t *testing.T, l *Lake) {
		t.Helper()
		if _, err := l.Forget(t.Context(), x.ref.URL); err != nil {
			t.Fatal(err)
		}
	}
	for name, order := range map[string][]object{"the copy first": {copied, y}, "the copy last": {y, copied}} {
		t.Run(name, func(t *testing.T) {
			l := openLake(t, t.TempDir(), Options{})
			importAll(t, l, ImportOptions{}, x)
			im := begin(t, l, ImportOptions{})
			for _, o := range order {
				take(t, im, o)
			}
			forget(t, l)
			if err := im.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]string{copied.ref.URL}, im.Orphans()); diff != "" {
				t.Errorf("orphans: %s", diff)
			}
			holds(t, l, y)
			if state := take(t, im, copied); state != Taken {
				t.Errorf("the copy is %s", state)
			}
			closeImport(t, im)
			holds(t, l, copied, y)
		})
	}
	t.Run("what is replaced", func(t *testing.T) {
		l := openLake(t, t.TempDir(), Options{})
		importAll(t, l, ImportOptions{}, x)
		im := begin(t, l, ImportOptions{Replace: true})
		take(t, im, withBytes(x, z))
		take(t, im, y)
		forget(t, l)
		closeImport(t, im)
		holds(t, l, withBytes(x, z), y)
	})
	t.Run("replaced by another import", func(t *testing.T) {
		l := openLake(t, t.TempDir(), Options{})
		importAll(t, l, ImportOptions{}, x)
		a, b := begin(t, l, ImportOptions{Replace: true}), begin(t, l, ImportOptions{})
		take(t, a, withBytes(x, z))
		take(t, b, copied)
		take(t, b, y)
		closeImport(t, a)
		closeImport(t, b)
		importAll(t, l, ImportOptions{}, copied)
		holds(t, l, withBytes(x, z), y, copied)
	})
}

// TestKnownPlaceMeetsBytesInHand comes to a place that is known with bytes that
// another object of the import has.
func TestKnownPlaceMeetsBytesInHand(t *testing.T) {
	x, a := newObject(noon, 1, 20), newObject(noon, 2, 30)
	l := openLake(t, t.TempDir(), Options{})
	importAll(t, l, ImportOptions{}, x)
	im := begin(t, l, ImportOptions{})
	take(t, im, a)
	if state := take(t, im, withBytes(x, a)); state != Changed {
		t.Errorf("the changed one is %s", state)
	}
	closeImport(t, im)
	holds(t, l, x, a)

	// The same without any change of its bytes.
	im = begin(t, l, ImportOptions{})
	take(t, im, at(x, "s3://logs/a copy"))
	if state := take(t, im, withBytes(x, x)); state != Taken {
		t.Errorf("the known one is %s", state)
	}
	closeImport(t, im)
	holds(t, l, x, a)

	replaceAll(t, l, withBytes(x, a))
	holds(t, l, at(x, "s3://logs/a copy"), a)
}

// TestEmptyCopies has objects without bytes, which get some.
func TestEmptyCopies(t *testing.T) {
	a, b, c := empty("s3://logs/a"), empty("s3://logs/b"), empty("s3://logs/c")
	l := openLake(t, t.TempDir(), Options{})
	importAll(t, l, ImportOptions{}, a, b, c)
	if s, err := l.Status(t.Context(), 9); err != nil || s.Objects[Empty] != 3 {
		t.Errorf("status %+v, %v", s, err)
	}
	full := newObject(noon, 1, 20)
	filled := withBytes(a, full)
	importAll(t, l, ImportOptions{}, filled)
	holds(t, l, filled)
	if _, err := l.Forget(t.Context(), "s3://logs"); err != nil {
		t.Fatal(err)
	}
	holds(t, l)
}

// TestForgetAfterRetention forgets an object whose records are gone, and of which
// there is a copy.
func TestForgetAfterRetention(t *testing.T) {
	x := newObject(noon, 1, 20)
	copied := at(x, "s3://copies/x")
	l := openLake(t, t.TempDir(), Options{})
	importAll(t, l, ImportOptions{}, x, copied)
	if _, err := l.Expire(t.Context(), ExpireOptions{OlderThan: time.Hour}); err != nil {
		t.Fatal(err)
	}
	got, err := l.Forget(t.Context(), x.ref.URL)
	if err != nil {
		t.Fatal(err)
	}
	if want := (Forgotten{Objects: 1}); got != want {
		t.Errorf("forgot %+v, want %+v", got, want)
	}
	list, err := l.Objects(t.Context(), "")
	if err != nil || len(list) != 1 || list[0].URL != copied.ref.URL || list[0].State != Taken || list[0].Records != 0 {
		t.Errorf("objects %+v, %v", list, err)
	}
}

// TestLateCopy takes a copy while its original is being committed.
func TestLateCopy(t *testing.T) {
	x := newObject(noon, 1, 20)
	copied := at(x, "s3://copies/x")
	l := openLake(t, t.TempDir(), Options{})
	im := begin(t, l, ImportOptions{})
	take(t, im, x)
	l.write.Lock()
	im.mu.Lock()
	im.flush(t.Context(), im.waiting.objects)
	im.mu.Unlock()
	take(t, im, copied)
	l.write.Unlock()
	closeImport(t, im)
	holds(t, l, x)
	if s, err := l.Status(t.Context(), 9); err != nil || s.Objects[Taken] != 1 || s.Objects[Duplicate] != 1 {
		t.Errorf("status %+v, %v", s, err)
	}
}

// TestForeignReplacement puts bytes that are no flow log in the place of records.
func TestForeignReplacement(t *testing.T) {
	x := newObject(noon, 1, 20)
	l := openLake(t, t.TempDir(), Options{})
	importAll(t, l, ImportOptions{}, x)
	im := begin(t, l, ImportOptions{Replace: true})
	changed := x
	changed.ref.Version, changed.ref.Size = "other", 4
	w, _, err := im.Start(t.Context(), changed.ref, Look{}, sha256.Sum256([]byte("text")))
	if err != nil || w == nil {
		t.Fatalf("writer %v, error %v", w, err)
	}
	if err := w.Finish(t.Context(), Result{State: Foreign, Problem: flowlog.ErrNotFlowLog.Error()}); err != nil {
		t.Fatal(err)
	}
	closeImport(t, im)
	holds(t, l, x)
	if s, err := l.Status(t.Context(), 9); err != nil || s.Objects[Changed] != 1 {
		t.Errorf("status %+v, %v", s, err)
	}
}

// TestUnfinishedCheck checks beside a writer that ended in the middle.
func TestUnfinishedCheck(t *testing.T) {
	dir := t.TempDir()
	l := openLake(t, dir, Options{})
	importAll(t, l, ImportOptions{}, newObject(noon, 1, 20))
	if _, err := l.note(t.Context(), change{op: "import"}); err != nil {
		t.Fatal(err)
	}
	l.Close()
	reader := openLake(t, dir, Options{ReadOnly: true})
	if _, err := reader.Check(t.Context(), nil); !errors.Is(err, ErrUnfinished) {
		t.Errorf("error %v", err)
	}
	holds(t, openLake(t, dir, Options{}), newObject(noon, 1, 20))
}
