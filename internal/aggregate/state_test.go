package aggregate

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestStates does random things to windows, and to ones that are made anew of their state before each: both tell the same.
func TestStates(t *testing.T) {
	for seed := range uint64(50) {
		r := rand.New(rand.NewPCG(seed, 1))
		interval := time.Minute
		a, b := NewWindows(interval), NewWindows(interval)
		now := int64(1000)
		ids := []string{"eni-a", "eni-b", "eni-c"}
		for range 40 {
			anew, parts := NewWindows(interval), 0
			for s := range b.States(1 + r.IntN(4)) {
				anew.Restore(s)
				parts++
			}
			if parts == 0 {
				t.Fatal("there is no state")
			}
			b = anew
			id := ids[r.IntN(len(ids))]
			if a.Len() != b.Len() || !slices.Equal(a.Known(), b.Known()) {
				t.Fatalf("seed %d: %d flows of %v, and %d of %v", seed, a.Len(), a.Known(), b.Len(), b.Known())
			}
			var do func(w *Windows) []string
			switch r.IntN(7) {
			default:
				f, c := flow(id, uint16(r.IntN(3))), packet(float64(now-int64(r.IntN(90))), 40, byte(r.IntN(32)))
				c.Last += int64(r.IntN(2)*r.IntN(200)) * second
				do = func(w *Windows) []string { w.Add(&f, c); return nil }
			case 3:
				at := (now - int64(r.IntN(90))) * second
				do = func(w *Windows) []string { w.Skip(id, at); return nil }
			case 4:
				now += int64(r.IntN(150))
				do = func(w *Windows) []string {
					records, over := closed(t, w, now)
					return append(records, fmt.Sprint(over))
				}
			case 5:
				do = func(w *Windows) []string { w.Forget(id); return nil }
			case 6:
				do = func(w *Windows) []string { w.Restart(now * second); return nil }
			}
			if diff := cmp.Diff(do(a), do(b)); diff != "" {
				t.Fatalf("seed %d: %s", seed, diff)
			}
		}
	}
}
