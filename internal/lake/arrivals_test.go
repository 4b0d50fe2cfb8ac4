package lake

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestArrivals takes objects that are live, backfilled, copies, in another's place, and without records.
func TestArrivals(t *testing.T) {
	l := openLake(t, t.TempDir(), Options{})
	a, b, c := newObject(noon, 1, 40), newObject(noon.Add(5*time.Minute), 2, 30), newObject(noon.Add(3*time.Hour), 3, 20)
	importAll(t, l, ImportOptions{}, a)
	importAll(t, l, ImportOptions{Live: true}, b, at(b, "s3://copies/b"), empty("s3://logs/empty"))
	importAll(t, l, ImportOptions{Live: true, Replace: true}, withBytes(a, c))
	arrivals := func(after int64, most int) []Arrived {
		t.Helper()
		got, err := l.Arrivals(t.Context(), after, most)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	type row struct {
		URL      string
		Arrival  Arrival
		Records  int64
		From, To int64
	}
	var got []row
	last := int64(0)
	for _, x := range arrivals(0, 10) {
		if x.ID <= last {
			t.Errorf("%d comes behind %d", x.ID, last)
		}
		last = x.ID
		got = append(got, row{x.URL, x.Arrival, x.Records, x.From, x.To})
	}
	hour := noon.Unix()
	// a is gone: its place has c's bytes, which count no more than a's did.
	want := []row{{b.ref.URL, Live, 30, hour, hour + 3600}, {a.ref.URL, Again, 20, hour, hour + 3600}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if some := arrivals(0, 1); len(some) != 1 || some[0].URL != b.ref.URL {
		t.Errorf("the first one is %v", some)
	}
	if none := arrivals(last, 10); len(none) != 0 {
		t.Errorf("behind the last one is %v", none)
	}
	hasLive := func(after, to int64, want bool) {
		t.Helper()
		if live, err := l.HasLive(t.Context(), after, to); err != nil || live != want {
			t.Errorf("live objects behind %d, up to %d: %t, %v", after, to, live, err)
		}
	}
	first := arrivals(0, 1)[0].ID // it is live
	hasLive(0, last, true)
	hasLive(0, first-1, false)
	hasLive(first, last, false)
	importAll(t, l, ImportOptions{}, newObject(noon, 9, 10))
	if more := arrivals(last, 10); len(more) != 1 || more[0].Arrival != Backfilled {
		t.Errorf("what was opened is %v", more)
	} else {
		for _, in := range []struct {
			from, to int64
			want     bool
		}{{more[0].From, more[0].To, true}, {more[0].To - 1, more[0].To, true}, {more[0].From - 10, more[0].From, false}, {more[0].To, more[0].To + 10, false}} {
			if urls, err := l.Backfilled(t.Context(), in.from, in.to); err != nil || (len(urls) == 1 && urls[0] == more[0].URL) != in.want || len(urls) > 1 {
				t.Errorf("from %d to %d, %v is backfilled, %v", in.from, in.to, urls, err)
			}
		}
	}
}

func TestFollowed(t *testing.T) {
	dir := t.TempDir()
	l := openLake(t, dir, Options{})
	followed := func(l *Lake, source string, want bool) {
		t.Helper()
		if got, err := l.Followed(t.Context(), source); err != nil || got != want {
			t.Errorf("%s: %t, %v", source, got, err)
		}
	}
	followed(l, "s3://logs", false)
	for range 2 {
		if err := l.NoteFollowed(t.Context(), "s3://logs"); err != nil {
			t.Fatal(err)
		}
	}
	followed(l, "s3://logs", true)
	followed(l, "s3://other", false)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l = openLake(t, dir, Options{})
	followed(l, "s3://logs", true)
	reader := openLake(t, dir, Options{ReadOnly: true})
	if err := reader.NoteFollowed(t.Context(), "s3://x"); err == nil {
		t.Error("a reader wrote")
	}
}
