package sourcetest

import (
	"context"
	"errors"
	"io"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/internal/source"
)

// Run tests a source. open puts the objects, by key, where the source finds
// them, and returns it; it is called once.
func Run(t *testing.T, open func(t *testing.T, objects map[string]string) source.Source) {
	t.Helper()
	all := objects()
	contents := map[string]string{}
	for _, o := range all {
		contents[o.key] = o.content()
	}
	s := open(t, contents)
	for _, c := range selections {
		t.Run("list "+c.name, func(t *testing.T) { testList(t, s, all, c.sel) })
	}
	t.Run("newest", func(t *testing.T) { testNewest(t, s, all) })
	t.Run("open", func(t *testing.T) { testOpen(t, s, contents) })
	t.Run("stop", func(t *testing.T) { testStop(t, s) })
	t.Run("cancel", func(t *testing.T) { testCancel(t, s) })
}

// selections are what the suite asks for.
var selections = []struct {
	name string
	sel  source.Selection
}{
	{"everything", source.Selection{}},
	{"one moment before midnight", source.Selection{From: at("2026-03-01T23:55"), To: at("2026-03-01T23:56")}},
	{"one moment after midnight", source.Selection{From: at("2026-03-02T00:00"), To: at("2026-03-02T00:01")}},
	{"across midnight", source.Selection{From: at("2026-03-01T23:52"), To: at("2026-03-02T00:04")}},
	{"to a midnight", source.Selection{From: at("2026-03-01T00:00"), To: at("2026-03-02T00:00")}},
	{"across the new year", source.Selection{From: at("2025-12-31T23:00"), To: at("2025-12-31T23:30")}},
	{"open end", source.Selection{From: at("2026-03-02T00:40")}},
	{"open beginning", source.Selection{To: at("2026-01-01T00:00")}},
	{"a zone that is not UTC", source.Selection{
		From: at("2026-03-01T23:52").In(time.FixedZone("", 5*3600)), To: at("2026-03-02T00:04").In(time.FixedZone("", -8*3600)),
	}},
	{"one region", source.Selection{Regions: regions[1:]}},
	{"one log owner", source.Selection{LogOwners: owners[:1]}},
	{"one of all", source.Selection{
		Regions: regions[:1], LogOwners: owners[1:], From: at("2026-03-02T00:00"), To: at("2026-03-02T13:00"),
	}},
	{"nothing", source.Selection{Regions: []string{"ap-south-1"}}},
}

// wanted says, by the maker's knowledge, whether a selection takes an object:
// slots from 5 minutes before From up to 10 and 30 minutes after To; what tells
// nothing always.
func wanted(o object, sel source.Selection) bool {
	if o.foreign != "" {
		return false
	}
	if len(sel.Regions) > 0 && o.region != "" && !slices.Contains(sel.Regions, o.region) {
		return false
	}
	if len(sel.LogOwners) > 0 && o.owner != "" && !slices.Contains(sel.LogOwners, o.owner) {
		return false
	}
	if o.slot.IsZero() {
		// The renamed object lies in the folder of 2 March.
		day := at("2026-03-02T00:00")
		return o.region == "" ||
			(sel.From.IsZero() || sel.From.Add(-5*time.Minute).Before(day.AddDate(0, 0, 1))) &&
				(sel.To.IsZero() || !sel.To.Add(40*time.Minute).Before(day))
	}
	return (sel.From.IsZero() || !o.slot.Before(sel.From.Add(-5*time.Minute))) &&
		(sel.To.IsZero() || !o.slot.After(sel.To.Add(40*time.Minute)))
}

// list collects the objects of a selection.
func list(t *testing.T, s source.Source, sel source.Selection) ([]source.Object, source.Listing) {
	t.Helper()
	var got []source.Object
	l, err := s.List(t.Context(), sel, func(o source.Object) error {
		got = append(got, o)
		return nil
	})
	if err != nil {
		t.Fatalf("List(%+v): %v", sel, err)
	}
	return got, l
}

// keys returns the sorted keys of objects.
func keys(objects []source.Object) []string {
	out := make([]string, 0, len(objects))
	for _, o := range objects {
		out = append(out, o.Key)
	}
	slices.Sort(out)
	return out
}

func testList(t *testing.T, s source.Source, all []object, sel source.Selection) {
	t.Helper()
	want, bytes := []string{}, int64(0)
	for _, o := range all {
		if wanted(o, sel) {
			want = append(want, o.key)
			bytes += int64(len(o.content()))
		}
	}
	slices.Sort(want)
	got, l := list(t, s, sel)
	if diff := cmp.Diff(want, keys(got)); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
	if l.Objects != int64(len(want)) || l.Bytes != bytes {
		t.Errorf("listing counts %d objects, %d bytes; want %d, %d", l.Objects, l.Bytes, len(want), bytes)
	}
	if len(l.Faults) > 0 {
		t.Errorf("faults: %v", l.Faults)
	}
	known := map[string]object{}
	for _, o := range all {
		known[o.key] = o
	}
	for _, o := range got {
		checkObject(t, o, known[o.Key])
	}
	if len(sel.LogOwners) == 0 || slices.Contains(sel.LogOwners, owners[0]) {
		if len(l.Skipped) != 3 {
			t.Errorf("skipped: %+v; want three services' folders", l.Skipped)
		}
	}
}

// checkObject compares an object with what its maker knows.
func checkObject(t *testing.T, got source.Object, want object) {
	t.Helper()
	type facts struct {
		Slot                    time.Time
		Owner, Region, Conflict string
		Size                    int64
		ModTime                 bool
	}
	g := facts{got.Info.Slot, got.Info.LogOwner, got.Info.Region, got.Info.Conflict, got.Size, !got.ModTime.IsZero()}
	w := facts{want.slot, want.owner, want.region, "", int64(len(want.content())), true}
	if diff := cmp.Diff(w, g); diff != "" {
		t.Errorf("%s (-want +got):\n%s", got.Key, diff)
	}
	if got.Source == "" || got.URL == "" || got.Revision() == "" {
		t.Errorf("%s: source %q, URL %q, revision %q", got.Key, got.Source, got.URL, got.Revision())
	}
}

// testNewest asks for the newest hours: the newest slot is alone in its last
// days, and the objects whose names tell nothing were all written now.
func testNewest(t *testing.T, s source.Source, all []object) {
	sel := source.Selection{To: at("2026-03-02T00:10"), Newest: time.Hour}
	newest := at("2026-03-02T00:45") // To and 40 minutes are 00:50
	var want []string
	for _, o := range all {
		if wanted(o, sel) && (o.slot.IsZero() || o.slot.After(newest.Add(-time.Hour))) {
			want = append(want, o.key)
		}
	}
	slices.Sort(want)
	got, l := list(t, s, sel)
	if diff := cmp.Diff(want, keys(got)); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
	sorted := slices.Clone(got)
	source.Sort(sorted)
	if diff := cmp.Diff(keysInOrder(sorted), keysInOrder(got)); diff != "" {
		t.Errorf("order (-sorted +got):\n%s", diff)
	}
	if l.Objects != int64(len(want)) || l.Pruned == 0 {
		t.Errorf("listing counts %d objects and %d pruned; want %d, and some", l.Objects, l.Pruned, len(want))
	}
}

func keysInOrder(objects []source.Object) []string {
	out := make([]string, 0, len(objects))
	for _, o := range objects {
		out = append(out, o.Key)
	}
	return out
}

// testOpen reads every object, as a stream and at a place.
func testOpen(t *testing.T, s source.Source, contents map[string]string) {
	got, _ := list(t, s, source.Selection{From: at("2026-03-02T00:40")})
	for _, o := range got {
		c, err := s.Open(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		want := contents[o.Key]
		data, err := io.ReadAll(c)
		if err != nil || string(data) != want {
			t.Errorf("%s: read %q, %v; want %q", o.Key, data, err, want)
		}
		tail := make([]byte, 5)
		if _, err := c.ReadAt(tail, c.Size()-5); err != nil && err != io.EOF || string(tail) != want[len(want)-5:] {
			t.Errorf("%s: read at the end %q, %v", o.Key, tail, err)
		}
		if c.Size() != o.Size || o.Size != int64(len(want)) {
			t.Errorf("%s: size %d, listed %d, want %d", o.Key, c.Size(), o.Size, len(want))
		}
		if err := c.Close(); err != nil {
			t.Errorf("%s: close: %v", o.Key, err)
		}
	}
	if len(got) == 0 {
		t.Error("no objects")
	}
}

// testStop ends a listing by the caller's error.
func testStop(t *testing.T, s source.Source) {
	enough := errors.New("enough")
	calls := 0
	_, err := s.List(t.Context(), source.Selection{}, func(source.Object) error {
		calls++
		return enough
	})
	if !errors.Is(err, enough) || calls != 1 {
		t.Errorf("%d calls, error %v; want one call and its error", calls, err)
	}
}

// testCancel ends a listing by its context.
func testCancel(t *testing.T, s source.Source) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.List(ctx, source.Selection{}, func(source.Object) error { return nil })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v; want %v", err, context.Canceled)
	}
}
