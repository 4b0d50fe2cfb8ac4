package lake

import (
	"context"
	"fmt"
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

// conversations returns the objects of some hours from noon on: flows between few
// ends, whose opposite directions are accepted, refused or missing. An interface has
// windows of 60 s, or of 600 s, which end anywhere. Some flows are recorded at both
// ends.
func conversations(seed uint64, hours int) []object {
	rng := rand.New(rand.NewPCG(seed, 7))
	lines := map[time.Time][]string{}
	for range 200 * hours {
		iface := rng.IntN(4)
		interval := []int64{60, 60, 600, 60}[iface]
		window := noon.Unix() + rng.Int64N(int64(hours)*3600)
		window -= window%interval + int64(iface)*7
		src, dst, sport, dport := fmt.Sprintf("10.0.0.%d", iface), fmt.Sprintf("10.1.0.%d", rng.IntN(4)), 1000+rng.IntN(4), 443
		other := -1
		if rng.IntN(3) == 0 {
			other = rng.IntN(4)
			dst = fmt.Sprintf("10.0.0.%d", other)
		}
		for range 1 + rng.IntN(4) {
			if rng.IntN(2) == 0 {
				src, dst, sport, dport = dst, src, dport, sport
			}
			start := window + rng.Int64N(interval)
			end := start + rng.Int64N(window+interval-start)
			line := fmt.Sprintf("2 123456789012 eni-%d %s %s %d %d 6 1 40 %d %d %s OK", iface, src, dst, sport, dport, start, end,
				[]string{"ACCEPT", "ACCEPT", "REJECT"}[rng.IntN(3)])
			switch rng.IntN(60) {
			case 0:
				line = fmt.Sprintf("2 123456789012 eni-%d - - - - - - - %d %d - SKIPDATA", iface, start, end)
			case 1, 2, 3:
				line = fmt.Sprintf("2 123456789012 eni-%d - - - - - - - %d %d - NODATA", iface, start, end)
			}
			slot := time.Unix(end, 0).UTC().Truncate(5 * time.Minute)
			if rng.IntN(3) == 0 {
				window += interval
			}
			if slot.Before(noon) || !slot.Before(noon.Add(time.Duration(hours)*time.Hour)) {
				continue
			}
			lines[slot] = append(lines[slot], line)
			if other >= 0 && rng.IntN(5) > 0 {
				lines[slot] = append(lines[slot], strings.Replace(line, fmt.Sprintf("eni-%d", iface), fmt.Sprintf("eni-%d", other), 1))
			}
		}
	}
	var out []object
	for slot, list := range lines {
		// Two objects for each slot, as of a slot with much traffic.
		for n, part := range [][]string{list[:len(list)/2], list[len(list)/2:]} {
			o := newObject(slot, 2*int(seed)+n, 0)
			o.text += strings.Join(part, "\n") + "\n"
			o.ref.Size = int64(len(o.text))
			if n == 1 && slot.Minute()%15 == 0 {
				o.ref.FlowLogID = "fl-2" // another flow log over the same interfaces
			}
			out = append(out, o)
		}
	}
	slices.SortFunc(out, func(a, b object) int { return strings.Compare(a.ref.URL, b.ref.URL) })
	return out
}

// derived returns the records of the lake as sorted lines, with what the lake
// derived.
func derived(t testing.TB, l *Lake) []string {
	t.Helper()
	var out []string
	for _, batches := range vpcHours(t, l) {
		for _, b := range batches {
			for r := range b.Records() {
				out = append(out, string(flowlog.AppendJSON(nil, r)))
			}
		}
	}
	slices.Sort(out)
	return out
}

// vpcHours reads the VPC records of the lake, by hour.
func vpcHours(t testing.TB, l *Lake) map[int64][]*flowlog.Batch {
	t.Helper()
	snap, err := l.Snapshot(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	out := map[int64][]*flowlog.Batch{}
	for hour, files := range snap.vpcHours() {
		for _, f := range files {
			batches, err := readFile(context.Background(), f.Path)
			if err != nil {
				t.Fatal(err)
			}
			out[hour] = append(out[hour], batches...)
		}
	}
	return out
}

// checkDerived checks that each record of the lake has what package pair finds with
// all records around.
func checkDerived(t testing.TB, l *Lake) map[string]int {
	t.Helper()
	owners, err := l.owners(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	hours := vpcHours(t, l)
	rows := func(hour int64) (out []pair.Rows) {
		for _, b := range hours[hour] {
			out = append(out, pair.Rows{Batch: b})
		}
		return out
	}
	seen := map[string]int{}
	for hour := range hours {
		h := pair.NewHour(hour, 0)
		for _, r := range rows(hour) {
			h.Add(r)
		}
		for range h.Passes() {
			for _, r := range rows(hour) {
				h.Again(r)
			}
		}
		if h.Own(owners) {
			for _, r := range rows(hour) {
				h.Decide(r)
			}
		}
		found := h.Find(pair.EdgeOf(hour-3600, pair.Tail, slices.Values(rows(hour-3600))), pair.EdgeOf(hour+3600, pair.Head, slices.Values(rows(hour+3600))), true)
		i := 0
		for _, r := range rows(hour) {
			for record := range r.Batch.Records() {
				var want [3]string
				if d := found[i].Direction(); d != pair.NoDirection {
					want[0] = pair.Directions[d-1]
				}
				if s := found[i].State(); s != pair.NoState {
					want[1] = pair.States[s-1]
				}
				if s := found[i].Repeat(); s != pair.NoRepeat {
					want[2] = pair.Repeats[s-1]
				}
				direction, _ := record.Text(flowlog.WeirDirection)
				repeat, _ := record.Text(flowlog.WeirRepeat)
				state, _ := record.Text(flowlog.WeirPair)
				gap, ok := record.Int(flowlog.WeirPairGap)
				if !ok {
					gap = pair.NoGap
				}
				if [3]string{direction, state, repeat} != want || gap != int64(found[i].Gap()) {
					t.Fatalf("%s: has %s, %s, %s and %d, want %s and %d", flowlog.AppendJSON(nil, record), direction, state, repeat, gap, want, found[i].Gap())
				}
				seen[state]++
				seen["repeat "+repeat]++
				seen[direction]++
				i++
			}
		}
	}
	return seen
}

func mustCompact(t testing.TB, l *Lake) Compacted {
	t.Helper()
	c, err := l.Compact(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := l.Unpaired(context.Background()); err != nil || n != 0 {
		t.Fatalf("%d hours are not paired: %v", n, err)
	}
	return c
}

// TestPairsInAnyOrder takes the same objects in any order, split over imports, with
// repetitions, little memory and compaction between, and reopens the lake at any
// time: the pairs are the same in the end, and those of all records around.
func TestPairsInAnyOrder(t *testing.T) {
	for seed := range sharedtest.Rounds(uint64(3)) {
		objects := conversations(seed, 3)
		l := openLake(t, t.TempDir(), Options{})
		importAll(t, l, ImportOptions{}, objects...)
		mustCompact(t, l)
		want := derived(t, l)
		seen := checkDerived(t, l)
		for _, state := range append(slices.Clone(pair.States), "repeat receiver", "repeat flow-log") {
			if seen[state] < 20 {
				t.Errorf("%s is met %d times", state, seen[state])
			}
		}
		dir := t.TempDir()
		l = openLake(t, dir, Options{})
		rng := rand.New(rand.NewPCG(seed, 1))
		order := append(slices.Clone(objects), objects[:10]...)
		l.heldRecords = int64(50 + rng.IntN(1000)) // hours of more are put aside
		if seed%3 > 0 {
			rng.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		}
		for len(order) > 0 {
			n := min(len(order), 1+rng.IntN(30))
			importAll(t, l, ImportOptions{Memory: int64(1 + rng.IntN(100_000))}, order[:n]...)
			order = order[n:]
			switch rng.IntN(4) {
			case 0:
				mustCompact(t, l)
				checkDerived(t, l)
			case 1: // what was kept of edges is gone
				held := l.heldRecords
				l.Close()
				l = openLake(t, dir, Options{})
				l.heldRecords = held
			}
		}
		mustCompact(t, l)
		mustCheck(t, l)
		if diff := cmp.Diff(want, derived(t, l)); diff != "" {
			t.Fatalf("seed %d: %s", seed, diff)
		}
	}
}

// TestPairsOfOneImport takes objects in the order of their slots: what the import
// writes needs no second writing, but for hours whose next one was not at hand.
func TestPairsOfOneImport(t *testing.T) {
	objects := conversations(1, 6)
	l := openLake(t, t.TempDir(), Options{})
	importAll(t, l, ImportOptions{}, objects...)
	if n, err := l.Unpaired(t.Context()); err != nil || n != 0 {
		t.Errorf("%d hours are not paired: %v", n, err)
	}
	checkDerived(t, l)
	if c := mustCompact(t, l); c.Paired != 0 {
		t.Errorf("hours were paired again: %+v", c)
	}

	// In many small commits an hour is written when the next one has begun.
	l = openLake(t, t.TempDir(), Options{})
	importAll(t, l, ImportOptions{Memory: 500_000}, objects...)
	table, err := loadTable(t.Context(), l.cat, l.paths, flowlog.KindVPC)
	if err != nil {
		t.Fatal(err)
	}
	if commits := len(table.Metadata().Snapshots()); commits < 3 {
		t.Errorf("%d commits", commits)
	}
	n, err := l.Unpaired(t.Context())
	if err != nil || n > 2 {
		t.Errorf("%d of 6 hours are not paired: %v", n, err)
	}
	mustCompact(t, l)
	checkDerived(t, l)
}

// TestPairsAfterForget takes records out: those that paired with them have no pair
// any more.
func TestPairsAfterForget(t *testing.T) {
	objects := conversations(2, 3)
	l := openLake(t, t.TempDir(), Options{})
	var kept []object
	for i, o := range objects {
		if i%2 == 0 {
			o = o.below("s3://other")
		} else {
			kept = append(kept, o)
		}
		importAll(t, l, ImportOptions{}, o)
	}
	mustCompact(t, l)
	if _, err := l.Forget(t.Context(), "s3://other"); err != nil {
		t.Fatal(err)
	}
	mustCompact(t, l)
	checkDerived(t, l)
	want := openLake(t, t.TempDir(), Options{})
	importAll(t, want, ImportOptions{}, kept...)
	if diff := cmp.Diff(derived(t, want), derived(t, l)); diff != "" {
		t.Error(diff)
	}
	// The hour between goes whole.
	for _, o := range kept {
		if o.ref.Slot.Hour() != noon.Hour()+1 {
			continue
		}
		if _, err := l.Forget(t.Context(), o.ref.URL); err != nil {
			t.Fatal(err)
		}
	}
	if c := mustCompact(t, l); c.Paired != 2 {
		t.Errorf("%+v", c)
	}
	checkDerived(t, l)
	for _, o := range kept {
		if o.ref.Slot.Hour() == noon.Hour()+1 {
			continue
		}
		if _, err := l.Forget(t.Context(), o.ref.URL); err != nil {
			t.Fatal(err)
		}
	}
	importAll(t, l, ImportOptions{}, objects[0])
	mustCompact(t, l)
	if paired, err := l.pairedHours(t.Context(), allTime); err != nil || len(paired) != 1 {
		t.Errorf("the ledger knows of %d hours: %v", len(paired), err)
	}
}

// TestPairsAfterExpiry lets an hour expire: the records that paired with its records
// know it still, also when a late object comes for them.
func TestPairsAfterExpiry(t *testing.T) {
	objects := conversations(4, 3)
	late := slices.IndexFunc(objects, func(o object) bool { return o.ref.Slot.Equal(noon.Add(90 * time.Minute)) })
	l := openLake(t, t.TempDir(), Options{Now: func() time.Time { return noon.Add(3 * time.Hour) }})
	importAll(t, l, ImportOptions{}, slices.Delete(slices.Clone(objects), late, late+1)...)
	mustCompact(t, l)
	before := derived(t, l)
	x, err := l.Expire(t.Context(), ExpireOptions{OlderThan: 2 * time.Hour})
	if err != nil || x.Hours != 1 {
		t.Fatalf("%+v: %v", x, err)
	}
	if c := mustCompact(t, l); c.Paired != 0 {
		t.Errorf("%+v", c)
	}
	for _, record := range derived(t, l) {
		if _, ok := slices.BinarySearch(before, record); !ok {
			t.Fatalf("%s is new", record)
		}
	}
	importAll(t, l, ImportOptions{}, objects[late])
	if c := mustCompact(t, l); c.Paired == 0 {
		t.Errorf("%+v", c)
	}
	if c := mustCompact(t, l); c.Paired != 0 {
		t.Errorf("an hour beside an expired one is paired again and again: %+v", c)
	}
}

// TestPairsOfLargeHour takes an hour of more records than are paired: it tells of no
// record that it has no pair, and its neighbours are paired once.
func TestPairsOfLargeHour(t *testing.T) {
	objects := conversations(5, 3)
	perHour := map[int]int64{}
	for _, o := range objects {
		perHour[o.ref.Slot.Hour()] += int64(strings.Count(o.text, "\n")) - 1
	}
	large := newObject(noon.Add(90*time.Minute), 77, 3000)
	for _, alone := range []bool{true, false} { // in one commit and in several
		l := openLake(t, t.TempDir(), Options{})
		l.pairRecords = max(perHour[noon.Hour()], perHour[noon.Hour()+2])
		l.heldRecords = l.pairRecords
		if alone {
			importAll(t, l, ImportOptions{}, append(slices.Clone(objects), large)...)
		} else {
			importAll(t, l, ImportOptions{}, objects...)
			if checkDerived(t, l)["none"] == 0 {
				t.Error("nothing has no pair")
			}
			importAll(t, l, ImportOptions{}, large)
		}
		mustCompact(t, l)
		if c := mustCompact(t, l); c.Paired != 0 {
			t.Errorf("paired again: %+v", c)
		}
		for _, b := range vpcHours(t, l)[noon.Add(time.Hour).Unix()] {
			for r := range b.Records() {
				if state, _ := r.Text(flowlog.WeirPair); state == "none" {
					t.Fatalf("%s", flowlog.AppendJSON(nil, r))
				}
			}
		}
	}
}

// TestPairsOfOldLake finds the pairs of a lake that was made before there were any.
func TestPairsOfOldLake(t *testing.T) {
	objects := conversations(3, 2)
	l := openLake(t, t.TempDir(), Options{})
	importAll(t, l, ImportOptions{}, objects...)
	if _, err := l.state.ExecContext(t.Context(), "DELETE FROM paired"); err != nil {
		t.Fatal(err)
	}
	l.edges = edges{}
	if c := mustCompact(t, l); c.Paired != 2 {
		t.Errorf("%+v", c)
	}
	checkDerived(t, l)

	// One of before there were repeats.
	if _, err := l.state.ExecContext(t.Context(), migrations[2]); err != nil {
		t.Fatal(err)
	}
	l.edges = edges{}
	if c := mustCompact(t, l); c.Paired < 2 {
		t.Errorf("%+v", c)
	}
	checkDerived(t, l)
}
