package lake

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/flowlog"
	"weir/internal/sharedtest"
)

// object is a delivered object of a test.
type object struct {
	ref  ObjectRef
	text string
}

// newObject returns an object of n records of one 5-minute slot, which differ by
// seed.
func newObject(slot time.Time, seed, n int) object {
	rng := rand.New(rand.NewPCG(uint64(seed), uint64(slot.Unix())))
	var b strings.Builder
	b.WriteString(flowlog.DefaultFormat(flowlog.KindVPC).Header() + "\n")
	for range n {
		end := slot.Unix() + int64(rng.IntN(300))
		if rng.IntN(20) == 0 {
			fmt.Fprintf(&b, "2 123456789012 eni-%d - - - - - - - %d %d - NODATA\n", rng.IntN(5), end-60, end)
			continue
		}
		fmt.Fprintf(&b, "2 123456789012 eni-%d 10.0.%d.%d 10.1.0.%d %d 443 6 %d %d %d %d ACCEPT OK\n", rng.IntN(5),
			rng.IntN(4), rng.IntN(250), rng.IntN(9), 1024+rng.IntN(60000), 1+rng.IntN(9), 40+rng.IntN(9000), end-int64(rng.IntN(60)), end)
	}
	key := fmt.Sprintf("AWSLogs/123456789012/vpcflowlogs/us-east-1/%s/123456789012_vpcflowlogs_us-east-1_fl-1_%s_%08x.log.gz",
		slot.Format("2006/01/02"), slot.Format("20060102T1504Z"), seed)
	return object{
		ref: ObjectRef{
			Source: "s3://logs", URL: "s3://logs/" + key, Size: int64(b.Len()), Version: fmt.Sprint(seed),
			Slot: slot, FlowLogID: "fl-1", LogOwner: "123456789012", Region: "us-east-1",
		},
		text: b.String(),
	}
}

// below returns the object as it lies at another source.
func (o object) below(source string) object {
	o.ref.URL = source + strings.TrimPrefix(o.ref.URL, o.ref.Source)
	o.ref.Source = source
	return o
}

// take reads an object into an import, as intake does.
func take(t testing.TB, im *Import, o object) ObjectState {
	t.Helper()
	state, err := tryTake(im, o)
	if err != nil {
		t.Fatal(err)
	}
	return state
}

// tryTake is take for any goroutine.
func tryTake(im *Import, o object) (ObjectState, error) {
	ctx := context.Background()
	looks, err := im.Look(ctx, []ObjectRef{o.ref})
	if err != nil {
		return "", err
	}
	if !looks[0].Fetch {
		return looks[0].State, nil
	}
	w, state, err := im.Start(ctx, o.ref, looks[0], sha256.Sum256([]byte(o.text)))
	if err != nil || w == nil {
		return state, err
	}
	d, err := flowlog.NewDecoder(strings.NewReader(o.text), flowlog.Options{})
	if errors.Is(err, flowlog.ErrNotFlowLog) {
		return Foreign, w.Finish(ctx, Result{State: Foreign, Problem: err.Error()})
	}
	if err != nil {
		return "", err
	}
	for {
		b, err := d.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return "", err
		}
		if err := w.Write(ctx, b); err != nil {
			return "", err
		}
	}
	return Taken, w.Finish(ctx, Result{State: Taken, Stats: d.Stats()})
}

// importAll takes objects in one import.
func importAll(t testing.TB, l *Lake, o ImportOptions, objects ...object) {
	t.Helper()
	im, err := l.Begin(o)
	if err != nil {
		t.Fatal(err)
	}
	for _, ob := range objects {
		take(t, im, ob)
	}
	if err := im.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
}

func openLake(t testing.TB, dir string, o Options) *Lake {
	t.Helper()
	l, err := Open(context.Background(), dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// content returns all records of the lake as sorted lines: AWS's fields, then
// the object.
func content(t testing.TB, l *Lake) []string {
	t.Helper()
	snap, err := l.Snapshot(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, k := range kinds {
		for _, f := range snap.Files(k, Bounds{}) {
			batches, err := readFile(context.Background(), f.Path)
			if err != nil {
				t.Fatal(err)
			}
			n := int64(0)
			for _, b := range batches {
				n += int64(b.Len())
				for _, field := range flowlog.Fields(k) {
					switch {
					case field.Derived && field.Numeric():
						b.SetNums(field.ID, nil)
					case field.Derived:
						b.SetTexts(field.ID, nil)
					}
				}
				for r := range b.Records() {
					out = append(out, string(flowlog.AppendJSON(nil, r)))
				}
			}
			if n != f.Records {
				t.Errorf("%s holds %d records, its statistics say %d", f.Path, n, f.Records)
			}
		}
	}
	slices.Sort(out)
	return out
}

// expected returns what content must return for objects.
func expected(t testing.TB, objects ...object) []string {
	t.Helper()
	var out []string
	for _, o := range objects {
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
			b.FillText(flowlog.WeirObject, o.ref.URL)
			b.FillText(flowlog.WeirFlowLogID, o.ref.FlowLogID)
			b.FillText(flowlog.WeirLogOwner, o.ref.LogOwner)
			b.FillText(flowlog.WeirRegion, o.ref.Region)
			for i := range b.Len() {
				r := b.At(i)
				if region, ok := r.Text(flowlog.Region); ok {
					if err := r.SetText(flowlog.WeirRegion, region); err != nil {
						t.Fatal(err)
					}
				}
				hour := o.ref.Slot.Unix()
				if o.ref.Slot.IsZero() {
					hour, _ = r.Int(flowlog.End)
				}
				if err := r.SetInt(flowlog.WeirHour, hour); err != nil {
					t.Fatal(err)
				}
				out = append(out, string(flowlog.AppendJSON(nil, r)))
			}
		}
	}
	slices.Sort(out)
	return out
}

// mustCheck runs the check and fails on a difference.
func mustCheck(t testing.TB, l *Lake) Checked {
	t.Helper()
	c, err := l.Check(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Differences) > 0 {
		t.Errorf("lake and ledger differ: %+v", c.Differences)
	}
	return c
}

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// day returns objects of several hours.
func day() []object {
	var out []object
	for i := range 30 {
		out = append(out, newObject(noon.Add(time.Duration(i)*25*time.Minute).Truncate(5*time.Minute), i, 40))
	}
	return out
}

func TestImport(t *testing.T) {
	l := openLake(t, t.TempDir(), Options{})
	objects := day()
	importAll(t, l, ImportOptions{}, objects...)
	if diff := cmp.Diff(expected(t, objects...), content(t, l)); diff != "" {
		t.Fatal(diff)
	}
	if c := mustCheck(t, l); c.Records != 1200 || c.Objects != 30 {
		t.Errorf("checked %+v", c)
	}
	before, err := l.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	// Again, and from another place: no change.
	importAll(t, l, ImportOptions{}, objects...)
	elsewhere := slices.Clone(objects)
	for i := range elsewhere {
		elsewhere[i] = elsewhere[i].below("/copy")
	}
	importAll(t, l, ImportOptions{}, elsewhere...)
	after, err := l.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !before.Same(after) {
		t.Error("taking the same objects again changed the lake")
	}
	s, err := l.Status(t.Context(), 10)
	if err != nil {
		t.Fatal(err)
	}
	if s.Objects[Taken] != 30 || s.Objects[Duplicate] != 30 || s.Tables[0].Records != 1200 {
		t.Errorf("status %+v", s)
	}
}

// TestAnyOrder takes objects in random orders, split over imports, with
// repetitions, and compacts in between.
func TestAnyOrder(t *testing.T) {
	objects := day()
	want := expected(t, objects...)
	for seed := range sharedtest.Rounds(uint64(5)) {
		l := openLake(t, t.TempDir(), Options{})
		rng := rand.New(rand.NewPCG(seed, 1))
		order := append(slices.Clone(objects), objects[:10]...)
		rng.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		for len(order) > 0 {
			n := min(len(order), 1+rng.IntN(12))
			importAll(t, l, ImportOptions{Memory: int64(1 + rng.IntN(40000))}, order[:n]...)
			order = order[n:]
			if rng.IntN(3) == 0 {
				if _, err := l.Compact(t.Context(), nil); err != nil {
					t.Fatal(err)
				}
			}
		}
		if _, err := l.Compact(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, content(t, l)); diff != "" {
			t.Fatalf("seed %d: %s", seed, diff)
		}
		mustCheck(t, l)
		snap, err := l.Snapshot(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		hours := map[time.Time]int{}
		for _, f := range snap.Files(flowlog.KindVPC, Bounds{}) {
			hours[f.Hour]++
		}
		for hour, n := range hours {
			if n != 1 {
				t.Errorf("seed %d: %d files in hour %s after compaction", seed, n, hour)
			}
		}
	}
}

func TestChangedObject(t *testing.T) {
	l := openLake(t, t.TempDir(), Options{})
	objects := day()[:6]
	importAll(t, l, ImportOptions{}, objects...)
	changed := objects[2]
	changed.text = newObject(changed.ref.Slot, 99, 25).text
	changed.ref.Size, changed.ref.Version = int64(len(changed.text)), "other"

	im, err := l.Begin(ImportOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time it is not fetched either
		if state := take(t, im, changed); state != Changed {
			t.Errorf("state %s, want changed", state)
		}
	}
	if err := im.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(expected(t, objects...), content(t, l)); diff != "" {
		t.Errorf("a changed object must not be taken: %s", diff)
	}
	problems, err := l.Status(t.Context(), 10)
	if err != nil || len(problems.Problems) != 1 || problems.Problems[0].State != Changed {
		t.Errorf("status %+v, %v", problems.Problems, err)
	}

	importAll(t, l, ImportOptions{Replace: true}, changed)
	want := append(slices.Clone(objects[:2]), changed)
	want = append(want, objects[3:]...)
	if diff := cmp.Diff(expected(t, want...), content(t, l)); diff != "" {
		t.Errorf("after replacement: %s", diff)
	}
	mustCheck(t, l)
	if s, err := l.Status(t.Context(), 10); err != nil || s.Objects[Taken] != 6 || len(s.Problems) != 0 {
		t.Errorf("status %+v, %v", s, err)
	}
}

func TestForget(t *testing.T) {
	l := openLake(t, t.TempDir(), Options{})
	objects := day()[:8]
	importAll(t, l, ImportOptions{}, objects...)
	other := []object{objects[0], objects[1], newObject(noon.Add(time.Hour), 77, 30)}
	for i := range other {
		other[i] = other[i].below("/other")
	}
	importAll(t, l, ImportOptions{}, other...)

	got, err := l.Forget(t.Context(), "/other")
	if err != nil {
		t.Fatal(err)
	}
	if want := (Forgotten{Objects: 3, Records: 30}); got != want {
		t.Errorf("forgot %+v, want %+v", got, want)
	}
	if diff := cmp.Diff(expected(t, objects...), content(t, l)); diff != "" {
		t.Error(diff)
	}
	mustCheck(t, l)

	// What lies at another place too stays, and is that place's from then on.
	importAll(t, l, ImportOptions{}, other...)
	got, err = l.Forget(t.Context(), "s3://logs")
	if err != nil {
		t.Fatal(err)
	}
	if want := (Forgotten{Objects: 8, Records: 240, Kept: 80}); got != want {
		t.Errorf("forgot %+v, want %+v", got, want)
	}
	if diff := cmp.Diff(expected(t, other...), content(t, l)); diff != "" {
		t.Error(diff)
	}
	mustCheck(t, l)
	if _, err := l.Forget(t.Context(), "s3://logs"); !errors.Is(err, ErrNothingTaken) {
		t.Errorf("error %v", err)
	}
	// And can be taken again.
	importAll(t, l, ImportOptions{}, objects...)
	want := append(slices.Clone(objects[2:]), other...)
	if diff := cmp.Diff(expected(t, want...), content(t, l)); diff != "" {
		t.Error(diff)
	}
	mustCheck(t, l)
}

func TestDuplicateRecords(t *testing.T) {
	l := openLake(t, t.TempDir(), Options{})
	a, b := newObject(noon, 1, 50), newObject(noon, 2, 50)
	lines := strings.SplitAfter(a.text, "\n")
	b.text += strings.Join(lines[1:8], "") // seven records of a
	importAll(t, l, ImportOptions{}, a, b)
	got, err := l.Duplicates(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 1 || got[0].Records != 7 || got[0].First != a.ref.URL || got[0].Second != b.ref.URL || !got[0].From.Equal(noon) {
		t.Errorf("overlaps %+v", got)
	}
}

func TestExpire(t *testing.T) {
	now := time.Now()
	l := openLake(t, t.TempDir(), Options{Now: func() time.Time { return now }})
	old := newObject(now.Add(-50*time.Hour).Truncate(time.Hour).UTC(), 1, 30)
	recent := newObject(now.Add(-2*time.Hour).Truncate(time.Hour).UTC(), 2, 30)
	late := newObject(recent.ref.Slot.Add(5*time.Minute), 3, 30)
	importAll(t, l, ImportOptions{}, old, recent)
	importAll(t, l, ImportOptions{}, late)
	pinned, err := l.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Compact(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	dry, err := l.Expire(t.Context(), ExpireOptions{OlderThan: 24 * time.Hour, DryRun: true})
	if err != nil || dry.Records != 30 || dry.Hours != 1 {
		t.Fatalf("dry run %+v, %v", dry, err)
	}
	got, err := l.Expire(t.Context(), ExpireOptions{OlderThan: 24 * time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	if got.Records != 30 || got.Hours != 1 || got.Files != 0 {
		t.Errorf("expired %+v", got)
	}
	if diff := cmp.Diff(expected(t, recent, late), content(t, l)); diff != "" {
		t.Error(diff)
	}
	mustCheck(t, l)
	for _, f := range pinned.Files(flowlog.KindVPC, Bounds{}) {
		if _, err := readFile(t.Context(), f.Path); err != nil {
			t.Errorf("a pinned snapshot's file is gone: %v", err)
		}
	}
	now = now.Add(16 * time.Minute)
	got, err = l.Expire(t.Context(), ExpireOptions{OlderThan: 24 * time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	if got.Files < 3 || got.Snapshots < 2 || got.Records != 0 {
		t.Errorf("after the grace time expired %+v", got)
	}
	for _, f := range pinned.Files(flowlog.KindVPC, Bounds{}) {
		if _, err := readFile(t.Context(), f.Path); err == nil {
			t.Errorf("%s is still there", f.Path)
		}
	}
	if diff := cmp.Diff(expected(t, recent, late), content(t, l)); diff != "" {
		t.Error(diff)
	}
	// What expired is known, and not taken again.
	importAll(t, l, ImportOptions{}, old)
	if diff := cmp.Diff(expected(t, recent, late), content(t, l)); diff != "" {
		t.Error(diff)
	}
	mustCheck(t, l)
}

func TestLock(t *testing.T) {
	dir := t.TempDir()
	if _, err := Open(t.Context(), dir, Options{ReadOnly: true}); !errors.Is(err, ErrNoLake) {
		t.Errorf("error %v, want ErrNoLake", err)
	}
	l := openLake(t, dir, Options{})
	if _, err := Open(t.Context(), dir, Options{}); !errors.Is(err, ErrLocked) {
		t.Errorf("error %v, want ErrLocked", err)
	}
	reader := openLake(t, dir, Options{ReadOnly: true})
	objects := day()[:3]
	importAll(t, l, ImportOptions{}, objects...)
	if diff := cmp.Diff(expected(t, objects...), content(t, reader)); diff != "" {
		t.Errorf("a reader beside the writer: %s", diff)
	}
	mustCheck(t, reader)
	if _, err := reader.Begin(ImportOptions{}); !errors.Is(err, ErrReadOnly) {
		t.Errorf("error %v, want ErrReadOnly", err)
	}
}

// TestPruning checks that bounds on start leave just the files that may match.
func TestPruning(t *testing.T) {
	l := openLake(t, t.TempDir(), Options{})
	importAll(t, l, ImportOptions{}, day()...)
	snap, err := l.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range []Bounds{
		{From: noon.Add(3 * time.Hour), To: noon.Add(4 * time.Hour)},
		{From: noon.Add(9*time.Hour + time.Minute)},
		{To: noon.Add(90 * time.Minute)},
		{From: noon.Add(-time.Hour), To: noon.Add(-time.Minute)},
	} {
		in := map[string]bool{}
		for _, f := range snap.Files(flowlog.KindVPC, b) {
			in[f.Path] = true
		}
		for _, f := range snap.Files(flowlog.KindVPC, Bounds{}) {
			batches, err := readFile(t.Context(), f.Path)
			if err != nil {
				t.Fatal(err)
			}
			low, high := int64(1<<62), int64(0)
			for _, batch := range batches {
				for _, s := range batch.Nums(flowlog.Start) {
					low, high = min(low, s), max(high, s)
				}
			}
			match := (b.From.IsZero() || high >= b.From.Unix()) && (b.To.IsZero() || low < b.To.Unix())
			if match != in[f.Path] {
				t.Errorf("bounds %v: file with start %d to %d: listed %v", b, low, high, in[f.Path])
			}
		}
	}
}

func TestOddDirectory(t *testing.T) {
	l := openLake(t, t.TempDir()+"/a b%20c#ü?", Options{})
	objects := day()[:4]
	importAll(t, l, ImportOptions{}, objects...)
	if diff := cmp.Diff(expected(t, objects...), content(t, l)); diff != "" {
		t.Error(diff)
	}
	if _, err := l.Compact(t.Context(), nil); err != nil {
		t.Error(err)
	}
	if _, err := l.Expire(t.Context(), ExpireOptions{}); err != nil {
		t.Error(err)
	}
	mustCheck(t, l)
}

// TestSpan puts records with and without start and end into one file.
func TestSpan(t *testing.T) {
	without := object{ref: ObjectRef{URL: "/d/a.log", Version: "1", Slot: noon.Add(5 * time.Minute)}, text: "action srcaddr\nACCEPT 10.0.0.1\n"}
	with := object{
		ref: ObjectRef{URL: "/d/b.log", Version: "1", Slot: noon.Add(55 * time.Minute)},
		text: fmt.Sprintf("srcaddr start end\n10.0.0.2 %d %d\n10.0.0.2 %d %d\n", noon.Unix(), noon.Unix()+60,
			noon.Unix()+3300, noon.Unix()+3360),
	}
	late := object{ref: ObjectRef{URL: "/d/c.log", Version: "1", Slot: noon.Add(59 * time.Minute)}, text: without.text + "REJECT 10.0.0.1\n"}
	tests := map[string]struct {
		objects  []object
		from, to time.Time
	}{
		"without": {[]object{without}, without.ref.Slot, without.ref.Slot},
		"both":    {[]object{without, with}, noon, noon.Add(56 * time.Minute)},
		"late":    {[]object{without, with, late}, noon, noon.Add(59 * time.Minute)},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			l := openLake(t, t.TempDir(), Options{})
			importAll(t, l, ImportOptions{}, tt.objects...)
			s, err := l.Status(t.Context(), 1)
			if err != nil || !s.Tables[0].Oldest.Equal(tt.from) || !s.Tables[0].Newest.Equal(tt.to) {
				t.Errorf("from %v to %v, want %v to %v; error %v", s.Tables[0].Oldest, s.Tables[0].Newest, tt.from, tt.to, err)
			}
		})
	}
}
