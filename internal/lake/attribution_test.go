package lake

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/flowlog"
	"weir/internal/pair"
	"weir/internal/sharedtest"
)

// rules is an Attribution that tells of records by their ports and pairs, in the hours from one
// to another. Nothing it tells depends on other records than through the pairs.
type rules struct {
	version  uint64
	from, to int64
	asked    *[]int64 // hours of which Tell was asked, where it is not nil; for one goroutine
	broken   error
}

func (r *rules) Sum(hour int64) uint64 {
	if hour < r.from || hour >= r.to {
		return 0
	}
	return r.version
}

func (r *rules) Tell(hour int64, rows []pair.Rows, found []pair.Answer) (of []uint32, told []Told, err error) {
	if r.asked != nil {
		*r.asked = append(*r.asked, hour)
	}
	places := map[Told]uint32{}
	for _, p := range rows {
		at := p.At
		if at == nil {
			for i := range p.Batch.Len() {
				at = append(at, uint32(i))
			}
		}
		for _, i := range at {
			t := r.tell(p.Batch, int(i), found[len(of)])
			if t == (Told{}) {
				of = append(of, 0)
				continue
			}
			if places[t] == 0 {
				told = append(told, t)
				places[t] = uint32(len(told))
			}
			of = append(of, places[t])
		}
	}
	return of, told, r.broken
}

func (r *rules) tell(b *flowlog.Batch, i int, a pair.Answer) Told {
	action := textAt(b, flowlog.Action, i)
	if action == "" {
		return Told{}
	}
	port := int64(0)
	if ports := b.Nums(flowlog.SrcPort); i < len(ports) {
		port = ports[i]
	}
	t := Told{Ruleset: fmt.Sprint(r.version)}
	t.Attribution = flowlog.FieldByID(flowlog.WeirAttribution).Values[int(a.State())%4]
	rule := fmt.Sprintf("acl-%d:%d:%d", uint64(port)%(r.version%5+1), a.Direction(), a.Gap()/100)
	if action == "REJECT" {
		t.Stage, t.Rule = "nacl", rule
	} else {
		t.Allow = "sg-1 " + rule
	}
	return t
}

// always is rules that tell of every hour.
func always(version uint64) *rules {
	return &rules{version: version, from: math.MinInt64, to: math.MaxInt64}
}

// textAt returns a text of a record, "" where it has none.
func textAt(b *flowlog.Batch, id flowlog.FieldID, i int) string {
	c := b.Texts(id)
	if c == nil || c.At(i) == 0 {
		return ""
	}
	return c.Dict[c.At(i)]
}

// toldOf returns what a batch says that was told of a record.
func toldOf(b *flowlog.Batch, i int) Told {
	text := func(id flowlog.FieldID) string { return textAt(b, id, i) }
	return Told{text(flowlog.WeirRejectStage), text(flowlog.WeirRejectRule), text(flowlog.WeirAllowRules), text(flowlog.WeirAttribution), text(flowlog.WeirRuleset)}
}

// answerOf returns what a batch says of the pairs of a record.
func answerOf(t testing.TB, b *flowlog.Batch, i int) pair.Answer {
	t.Helper()
	code := func(id flowlog.FieldID, texts []string) int {
		return slices.Index(texts, textAt(b, id, i)) + 1
	}
	gap := int64(pair.NoGap)
	if gaps := b.Nums(flowlog.WeirPairGap); i < len(gaps) && gaps[i] != flowlog.Absent {
		gap = gaps[i]
	}
	a := pair.NewAnswer(pair.Direction(code(flowlog.WeirDirection, pair.Directions)), pair.State(code(flowlog.WeirPair, pair.States)),
		pair.Repeat(code(flowlog.WeirRepeat, pair.Repeats)), int(gap))
	if a.Gap() != int(gap) {
		t.Fatalf("the answer has gap %d, want %d", a.Gap(), gap)
	}
	return a
}

// checkTold checks that each file that is not stale has what is told of its records as they
// are, and counts the records of which something is told.
func checkTold(t testing.TB, l *Lake) (told int) {
	t.Helper()
	snap, err := l.Snapshot(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	sums, err := l.attributedFiles(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	a, err := l.attribution(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for hour, files := range snap.vpcHours() {
		stale := l.staleFiles(hour, files, sums, a)
		for _, f := range files {
			if slices.ContainsFunc(stale, func(s DataFile) bool { return s.Path == f.Path }) {
				continue
			}
			batches, err := readFile(context.Background(), f.Path)
			if err != nil {
				t.Fatal(err)
			}
			for _, b := range batches {
				for i := range b.Len() {
					var want Told
					if a != nil && a.Sum(hour) != 0 {
						want = a.(*rules).tell(b, i, answerOf(t, b, i))
					}
					got := toldOf(b, i)
					if got.Attribution == recordedText {
						continue // which is what the test of it looks at
					}
					if got != want {
						t.Fatalf("%s record %d: %+v is told, want %+v", f.Path, i, got, want)
					}
					if got != (Told{}) {
						told++
					}
				}
			}
		}
	}
	return told
}

func staleHours(t testing.TB, l *Lake, want ...time.Time) {
	t.Helper()
	got, err := l.Stale(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatal(diff)
	}
}

func mustAttribute(t testing.TB, l *Lake) Attributed {
	t.Helper()
	done, err := l.Attribute(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	staleHours(t, l)
	return done
}

// defined is options with what definitions tell, which a test may change.
type defined struct {
	now    Attribution
	broken error
}

func (d *defined) options() Options {
	return Options{RollupRecords: 1, Attribution: func(context.Context) (Attribution, error) { return d.now, d.broken }}
}

// TestAttributionInAnyOrder takes objects in any order, with definitions that come, change and
// go between, records that go, compaction and reopening: what is told of each record is what
// the definition of the end tells, and before that each file that is not stale says what is
// told of it.
func TestAttributionInAnyOrder(t *testing.T) {
	for seed := range sharedtest.Rounds(uint64(4)) {
		rng := rand.New(rand.NewPCG(seed, 3))
		objects := conversations(seed, 3)
		last := always(9)
		want := openLake(t, t.TempDir(), (&defined{now: last}).options())
		importAll(t, want, ImportOptions{}, objects...)
		mustCompact(t, want)
		if n := checkTold(t, want); n < 500 {
			t.Errorf("seed %d: of %d records something is told", seed, n)
		}

		var d defined
		dir := t.TempDir()
		l := openLake(t, dir, d.options())
		gone := newObject(noon.Add(time.Hour), 77, 30).below("s3://other")
		order := append(slices.Clone(objects), gone)
		rng.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		for len(order) > 0 {
			n := min(len(order), 1+rng.IntN(20))
			importAll(t, l, ImportOptions{Memory: int64(1 + rng.IntN(100_000))}, order[:n]...)
			order = order[n:]
			switch rng.IntN(7) {
			case 0:
				mustCompact(t, l)
				staleHours(t, l)
			case 1:
				mustAttribute(t, l)
			case 2:
				l.Close()
				l = openLake(t, dir, d.options())
			case 3:
				d.now = nil
			case 4:
				d.now = always(1 + rng.Uint64N(9))
			case 5:
				d.now = &rules{version: 1 + rng.Uint64N(3), from: noon.Unix() + 3600*rng.Int64N(2), to: noon.Unix() + 3600*(1+rng.Int64N(3))}
			case 6:
				d.now = &rules{version: 3, from: math.MinInt64, to: math.MaxInt64, broken: errors.New("can't be read")}
			}
			if a, ok := d.now.(*rules); !ok || a.broken == nil {
				checkTold(t, l)
			} else {
				d.now = last
			}
		}
		if _, err := l.Forget(t.Context(), "s3://other"); err != nil {
			t.Fatal(err)
		}
		d.now = last
		mustCompact(t, l)
		staleHours(t, l)
		mustCheck(t, l)
		checkTold(t, l)
		checkDerived(t, l)
		if diff := cmp.Diff(derived(t, want), derived(t, l)); diff != "" {
			t.Fatalf("seed %d: %s", seed, diff)
		}
	}
}

// inFiles returns the records of each file in their order, without what is told of them, by hour.
func inFiles(t testing.TB, l *Lake) map[string][]string {
	t.Helper()
	snap, err := l.Snapshot(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]string{}
	for _, f := range snap.Files(flowlog.KindVPC, Bounds{}) {
		batches, err := readFile(context.Background(), f.Path)
		if err != nil {
			t.Fatal(err)
		}
		if f.RollupBytes == 0 {
			t.Errorf("%s has no rollups", f.Path)
		}
		hour := f.Hour.Format(hourForm)
		for _, b := range batches {
			for _, id := range AttributionFields() {
				b.SetTexts(id, nil)
			}
			for r := range b.Records() {
				out[hour] = append(out[hour], string(flowlog.AppendJSON(nil, r)))
			}
		}
	}
	return out
}

// filesOf returns the paths of the files by hour.
func filesOf(t testing.TB, l *Lake) map[time.Time][]string {
	t.Helper()
	snap, err := l.Snapshot(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	out := map[time.Time][]string{}
	for _, f := range snap.Files(flowlog.KindVPC, Bounds{}) {
		out[f.Hour] = append(out[f.Hour], f.Path)
	}
	return out
}

// TestStaleHours lets definitions come, of some hours, and go: just those hours are stale, they
// are written newest first, and nothing else of them changes.
func TestStaleHours(t *testing.T) {
	var d defined
	dir := t.TempDir()
	l := openLake(t, dir, d.options())
	hour := func(n int) time.Time { return noon.Add(time.Duration(n) * time.Hour) }
	importAll(t, l, ImportOptions{}, append(conversations(5, 4), newObject(noon.Add(6*time.Hour), 1, 50))...)
	mustCompact(t, l)
	staleHours(t, l)
	before, files := inFiles(t, l), filesOf(t, l)

	var asked []int64
	d.now = &rules{version: 1, from: hour(1).Unix(), to: hour(3).Unix(), asked: &asked}
	staleHours(t, l, hour(2), hour(1))
	if st, err := l.Status(t.Context(), 0); err != nil || st.StaleHours != 2 || st.UnpairedHours != 0 {
		t.Errorf("status %+v: %v", st, err)
	}
	reader := openLake(t, dir, Options{ReadOnly: true, Attribution: d.options().Attribution})
	staleHours(t, reader, hour(2), hour(1))
	pinned, err := reader.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	done := mustAttribute(t, l)
	if done.Hours != 2 || done.Files != 2 || done.Records == 0 || done.Bytes == 0 {
		t.Errorf("done: %+v", done)
	}
	if want := []int64{hour(2).Unix(), hour(1).Unix()}; !slices.Equal(asked, want) {
		t.Errorf("asked of the hours %v, want %v", asked, want)
	}
	if diff := cmp.Diff(before, inFiles(t, l)); diff != "" {
		t.Error(diff)
	}
	for h, was := range files {
		if now := filesOf(t, l)[h]; slices.Equal(now, was) == (h.Equal(hour(1)) || h.Equal(hour(2))) {
			t.Errorf("the files of %v were %v and are %v", h, was, now)
		}
	}
	if checkTold(t, l) == 0 {
		t.Error("nothing is told")
	}
	mustCheck(t, l)
	staleHours(t, reader)
	if stale, err := reader.StaleIn(t.Context(), pinned); err != nil || len(stale) != 2 {
		t.Errorf("in the snapshot of before %v are stale: %v", stale, err)
	}

	// Nothing is done twice, and what says the same is not written.
	asked = nil
	files = filesOf(t, l)
	if done := mustAttribute(t, l); done != (Attributed{}) || asked != nil {
		t.Errorf("done: %+v, asked of %v", done, asked)
	}
	d.now = &rules{version: 6, from: hour(5).Unix(), to: hour(6).Unix()} // of an hour without records
	staleHours(t, l, hour(2), hour(1))
	d.now = &sameRules{rules{version: 1, from: hour(1).Unix(), to: hour(3).Unix()}}
	staleHours(t, l, hour(2), hour(1))
	if done := mustAttribute(t, l); done.Hours != 2 || done.Files != 0 {
		t.Errorf("done: %+v", done)
	}
	if diff := cmp.Diff(files, filesOf(t, l)); diff != "" {
		t.Error(diff)
	}

	// A definition that goes takes along what it told, also after reopening.
	l.Close()
	d.now = nil
	l = openLake(t, dir, d.options())
	staleHours(t, l, hour(2), hour(1))
	if c := mustCompact(t, l); c.Attributed != 2 || c.Paired != 0 {
		t.Errorf("compacted: %+v", c)
	}
	if checkTold(t, l) != 0 {
		t.Error("something is told without a definition")
	}
	if diff := cmp.Diff(before, inFiles(t, l)); diff != "" {
		t.Error(diff)
	}
	if told, err := l.attributedFiles(t.Context()); err != nil || len(told) == 0 {
		t.Errorf("what a snapshot of before has is forgotten: %v, %v", told, err)
	}

	// What no snapshot names any more is forgotten with its file.
	l.now = func() time.Time { return time.Now().Add(time.Hour) }
	if _, err := l.Expire(t.Context(), ExpireOptions{}); err != nil {
		t.Fatal(err)
	}
	if told, err := l.attributedFiles(t.Context()); err != nil || len(told) != 0 {
		t.Errorf("the ledger has %v, %v", told, err)
	}
}

// sameRules tells what rules tell, under another sum.
type sameRules struct{ rules }

func (r *sameRules) Sum(hour int64) uint64 { return r.rules.Sum(hour) * 100 }

// TestPairingAttributes lets a definition and records come at once: an hour whose pairs are
// found again is attributed with that, and not once more.
func TestPairingAttributes(t *testing.T) {
	objects := conversations(2, 3)
	for _, how := range []string{"compact", "attribute"} {
		var d defined
		l := openLake(t, t.TempDir(), d.options())
		var halves [2][]object
		for i, o := range objects {
			halves[i%2] = append(halves[i%2], o)
		}
		importAll(t, l, ImportOptions{}, halves[0]...)
		mustCompact(t, l)
		importAll(t, l, ImportOptions{}, halves[1]...)
		unpaired, err := l.unpaired(t.Context())
		if err != nil || len(unpaired) < 2 {
			t.Fatalf("the hours %v are not paired: %v", unpaired, err)
		}
		var asked []int64
		a := always(4)
		a.asked = &asked
		d.now = a
		if how == "compact" {
			mustCompact(t, l)
		} else if done := mustAttribute(t, l); done.Hours != 3 {
			t.Errorf("done: %+v", done)
		}
		staleHours(t, l)
		slices.Sort(asked)
		if how == "compact" && len(slices.Compact(slices.Clone(asked))) != 3 || how == "attribute" && len(asked) != 3 {
			t.Errorf("%s: asked of the hours %v", how, asked)
		}
		if checkTold(t, l) == 0 {
			t.Error("nothing is told")
		}
	}
}

// TestBrokenAttribution lets what tells of records fail in every way: no record is kept out, and
// compaction says what is wrong and does it later.
func TestBrokenAttribution(t *testing.T) {
	objects := conversations(3, 2)
	broken := errors.New("the definition is damaged")
	badRules := always(2)
	badRules.broken = broken
	for _, test := range []struct {
		name string
		d    defined
		says string
	}{
		{"no definition", defined{broken: broken}, broken.Error()},
		{"no answer", defined{now: badRules}, broken.Error()},
		{"an answer for other records", defined{now: otherRecords{}}, "0 of "},
		{"a place that is none", defined{now: noPlace{}}, "at place 2 of 1"},
		{"a value that is none", defined{now: noValue{}}, `weir-reject-stage can't be "wall"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := test.d
			l := openLake(t, t.TempDir(), d.options())
			importAll(t, l, ImportOptions{}, objects...)
			if diff := cmp.Diff(expected(t, objects...), content(t, l)); diff != "" {
				t.Error(diff)
			}
			_, err := l.Compact(t.Context(), nil)
			if err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("compaction says %v", err)
			}
			if _, err = l.Attribute(t.Context(), nil); err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("attributing says %v", err)
			}
			st, err := l.Status(t.Context(), 0)
			if err != nil || st.DefinitionProblem == "" == (test.d.broken != nil) || st.StaleHours == 0 == (test.d.broken == nil) {
				t.Errorf("status %+v: %v", st, err)
			}
			mustCheck(t, l)
			d.now, d.broken = always(1), nil
			mustCompact(t, l)
			staleHours(t, l)
			if checkTold(t, l) == 0 {
				t.Error("nothing is told")
			}
		})
	}
}

type otherRecords struct{}

func (otherRecords) Sum(int64) uint64 { return 1 }
func (otherRecords) Tell(int64, []pair.Rows, []pair.Answer) ([]uint32, []Told, error) {
	return nil, nil, nil
}

type noPlace struct{ otherRecords }

func (noPlace) Tell(_ int64, _ []pair.Rows, found []pair.Answer) ([]uint32, []Told, error) {
	of := make([]uint32, len(found))
	of[len(of)-1] = 2
	return of, []Told{{Attribution: "exact"}}, nil
}

type noValue struct{ otherRecords }

func (noValue) Tell(_ int64, _ []pair.Rows, found []pair.Answer) ([]uint32, []Told, error) {
	return make([]uint32, len(found)), []Told{{Stage: "wall"}}, nil
}

// TestAttributionOfLargeHour attributes the several files of an hour that is not paired, since
// it is too large, and takes back what was told when pairs are.
func TestAttributionOfLargeHour(t *testing.T) {
	var d defined
	l := openLake(t, t.TempDir(), d.options())
	d.now = always(1)
	objects := conversations(1, 1)
	importAll(t, l, ImportOptions{}, objects[:len(objects)/2]...)
	mustCompact(t, l)
	staleHours(t, l)
	l.pairRecords = 100 // the hour grows too large
	importAll(t, l, ImportOptions{}, objects[len(objects)/2:]...)
	d.now = always(2)
	staleHours(t, l, noon)
	if n := len(filesOf(t, l)[noon]); n < 2 {
		t.Fatalf("%d files", n)
	}
	mustAttribute(t, l)
	if seen := stateCounts(t, l); seen["none"] > 0 || seen["unknown"] == 0 {
		t.Errorf("pairs are %v", seen)
	}
	if checkTold(t, l) == 0 {
		t.Error("nothing is told")
	}
	mustCheck(t, l)
}

// stateCounts counts the records by weir-pair.
func stateCounts(t testing.TB, l *Lake) map[string]int {
	t.Helper()
	out := map[string]int{}
	for _, batches := range vpcHours(t, l) {
		for _, b := range batches {
			for i := range b.Len() {
				out[textAt(b, flowlog.WeirPair, i)]++
			}
		}
	}
	return out
}

// TestAttributionRecover ends the writer at each step of writing an hour anew: it is attributed
// then, or still stale.
func TestAttributionRecover(t *testing.T) {
	steps := []struct {
		name  string
		until func(t *testing.T, l *Lake, c change)
		done  bool
	}{
		{"file written", func(*testing.T, *Lake, change) {}, false},
		{"noted", func(t *testing.T, l *Lake, c change) {
			if _, err := l.note(t.Context(), c); err != nil {
				t.Fatal(err)
			}
		}, true},
		{"committed", func(t *testing.T, l *Lake, c change) {
			batch, err := l.note(t.Context(), c)
			if err != nil {
				t.Fatal(err)
			}
			if err := l.commitTable(t.Context(), batch, flowlog.KindVPC, c.add[flowlog.KindVPC], c.remove[flowlog.KindVPC]); err != nil {
				t.Fatal(err)
			}
		}, true},
		{"taken back", func(t *testing.T, l *Lake, c change) {
			batch, err := l.note(t.Context(), c)
			if err != nil {
				t.Fatal(err)
			}
			if err := l.undo(t.Context(), batch, c); err != nil {
				t.Fatal(err)
			}
		}, false},
	}
	for _, step := range steps {
		t.Run(step.name, func(t *testing.T) {
			var d defined
			dir := t.TempDir()
			l := openLake(t, dir, d.options())
			importAll(t, l, ImportOptions{}, conversations(4, 2)...)
			mustCompact(t, l)
			before := inFiles(t, l)
			d.now = always(3)
			s, err := l.hourState(t.Context(), noon.Unix())
			if err != nil {
				t.Fatal(err)
			}
			c, _, err := l.attributed(t.Context(), &s)
			if err != nil || len(c.add[flowlog.KindVPC]) != 1 {
				t.Fatalf("change %+v: %v", c, err)
			}
			step.until(t, l, c)
			// A reader meets the lake before the next writer.
			reader := openLake(t, dir, Options{ReadOnly: true, Attribution: d.options().Attribution})
			if _, err := reader.Stale(t.Context()); err != nil {
				t.Error(err)
			}
			l.Close()
			l = openLake(t, dir, d.options())
			if step.done {
				staleHours(t, l, noon.Add(time.Hour))
			} else {
				staleHours(t, l, noon.Add(time.Hour), noon)
			}
			checkTold(t, l)
			if told, err := l.attributedFiles(t.Context()); err != nil || len(told) > 0 != step.done {
				t.Errorf("the ledger has %v, %v", told, err)
			}
			mustAttribute(t, l)
			checkTold(t, l)
			if n, err := l.Unpaired(t.Context()); err != nil || n > 0 {
				t.Errorf("%d hours are not paired: %v", n, err)
			}
			if diff := cmp.Diff(before, inFiles(t, l)); diff != "" {
				t.Error(diff)
			}
			mustCheck(t, l)
		})
	}
}

// TestAttributionOfOldLedger opens a lake whose ledger is of before there was attribution.
func TestAttributionOfOldLedger(t *testing.T) {
	d := defined{now: always(1)}
	dir := t.TempDir()
	l := openLake(t, dir, (&defined{}).options())
	importAll(t, l, ImportOptions{}, conversations(4, 1)...)
	mustCompact(t, l)
	if _, err := l.state.ExecContext(t.Context(), "DROP TABLE attributed; DROP TABLE followed; ALTER TABLE objects DROP COLUMN arrival; ALTER TABLE imports DROP COLUMN followed; PRAGMA user_version = 4"); err != nil {
		t.Fatal(err)
	}
	l.Close()
	staleHours(t, openLake(t, dir, Options{ReadOnly: true}))
	staleHours(t, openLake(t, dir, Options{ReadOnly: true, Attribution: d.options().Attribution}), noon)
	l = openLake(t, dir, d.options())
	staleHours(t, l, noon)
	mustCompact(t, l)
	staleHours(t, l)
	checkTold(t, l)
}

// TestGivenAttribution takes columns as they are given: they are not what is told.
func TestGivenAttribution(t *testing.T) {
	var d defined
	l := openLake(t, t.TempDir(), d.options())
	o := newObject(noon, 1, 0)
	o.text = "action srcaddr dstaddr start end weir-attribution weir-reject-rule\nREJECT 10.0.0.1 10.0.0.2 1772452800 1772452860 exact acl-1:ingress:*\n"
	o.ref.Size, o.ref.Slot = int64(len(o.text)), noon
	importAll(t, l, ImportOptions{AsGiven: true}, o)
	if n := len(vpcHours(t, l)[noon.Unix()]); n != 1 {
		t.Fatalf("%d batches", n)
	}
	staleHours(t, l, noon)
	mustAttribute(t, l)
	if checkTold(t, l) != 0 {
		t.Error("it is told what was given")
	}
	// And where they are not kept, they are not there.
	o.ref.URL += "x"
	o.text += " "
	importAll(t, l, ImportOptions{}, o)
	staleHours(t, l)
	checkTold(t, l)
}
