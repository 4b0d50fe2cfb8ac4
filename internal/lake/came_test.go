package lake

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestCame tells what came to sources that are followed: objects with and without records and copies, and not what can't be read, was opened, or is known by now.
func TestCame(t *testing.T) {
	now := noon
	l := openLake(t, t.TempDir(), Options{Now: func() time.Time { return now }})
	last := int64(0)
	came := func(want ...Came) {
		t.Helper()
		got, id, err := l.Came(t.Context(), last)
		if err != nil || id < last {
			t.Fatalf("behind %d comes %d, %v", last, id, err)
		}
		last = id
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
	a, b := newObject(noon, 1, 40), newObject(noon, 2, 30)
	came()
	followed := ImportOptions{Live: true, Followed: "s3://logs/"}
	importAll(t, l, ImportOptions{}, a)
	came()
	importAll(t, l, followed, a) // known
	came()
	now = noon.Add(time.Minute)
	importAll(t, l, followed, b)
	here := func(at time.Time) Came {
		return Came{Followed: "s3://logs/", Source: "s3://logs", FlowLogID: "fl-1", Last: at}
	}
	came(here(now))
	came()
	now = noon.Add(2 * time.Minute)
	importAll(t, l, followed, at(b, "s3://logs/copy"))
	came(here(now))
	now = noon.Add(3 * time.Minute)
	importAll(t, l, followed, empty("s3://logs/empty"))
	came(Came{Followed: "s3://logs/", Source: "s3://logs", Last: now})
	im := begin(t, l, followed)
	if err := im.Fail(t.Context(), empty("s3://logs/broken").ref, "it is broken", ""); err != nil {
		t.Fatal(err)
	}
	closeImport(t, im)
	came()
	importAll(t, l, ImportOptions{Live: true}, newObject(noon, 3, 20)) // events of the store
	own := newObject(noon, 4, 20)
	own.ref.FlowLogID = "fl-2"
	importAll(t, l, followed, own)
	came(Came{Source: "s3://logs", FlowLogID: "fl-1", Last: now}, Came{Followed: "s3://logs/", Source: "s3://logs", FlowLogID: "fl-2", Last: now})
}
