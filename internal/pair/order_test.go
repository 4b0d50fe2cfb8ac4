package pair

import (
	"math/rand/v2"
	"slices"
	"testing"

	"weir/internal/sharedtest"
)

// TestArrange orders the records of parts of any size, of flows that differ in few
// bits or in bits that words do not have, and with times that an entry can't hold.
func TestArrange(t *testing.T) {
	for seed := range sharedtest.Rounds(uint64(300)) {
		r := rand.New(rand.NewPCG(seed, 3))
		h := NewHour(0, 0)
		h.interfaces = make([]iface, 1+r.IntN(300))
		for i := range h.interfaces {
			h.origins = append(h.origins, origin{iface: uint32(len(h.interfaces) - 1 - i)})
		}
		p := pairing{hour: h, origins: h.origins}
		for range 3 { // memory is used again
			flows := make([]digest, 1+r.IntN(200))
			for i := range flows {
				flows[i] = digest{r.Uint64() >> partBits, r.Uint64()}
				if i > 0 && r.IntN(4) == 0 { // as another one, but for its lowest bits
					flows[i] = flows[r.IntN(i)]
					flows[i].x ^= uint64(r.IntN(2))
					flows[i].y ^= 1
				}
			}
			times := int64(1) << r.IntN(32)
			var lists [2][]entry
			for range r.IntN(1000) {
				w := row{flow: flows[r.IntN(len(flows))], start: r.Int64N(times)}
				if seed%4 == 0 && r.IntN(50) == 0 {
					w.start -= times
				}
				list := &lists[r.IntN(2)]
				*list = append(*list, h.entry(&w, uint32(len(lists[0])+len(lists[1])), uint32(r.IntN(len(h.origins)))))
			}
			want := slices.Concat(lists[0], lists[1])
			slices.SortStableFunc(want, p.compare)
			p.arrange(lists[0], lists[1])
			if len(p.sorted) != len(want) {
				t.Fatalf("seed %d: %d records of %d", seed, len(p.sorted), len(want))
			}
			seen := map[uint32]bool{} // those that are equal have no order
			for i, e := range p.sorted {
				if p.compare(e, want[i]) != 0 || seen[e.place] {
					t.Fatalf("seed %d: record %d is %+v, want %+v", seed, i, e, want[i])
				}
				seen[e.place] = true
			}
		}
	}
}
