package radix

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestSort compares with a stable sort by comparison.
func TestSort(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for range 300 {
		n := rng.IntN(1 + []int{3, 100, 5000, 20000}[rng.IntN(4)])
		low := uint(rng.IntN(20))
		if low > 0 {
			low = 15 // of places
		}
		top := low + uint(rng.IntN(int(65-low)))
		words := make([]uint64, n)
		for i := range words {
			if top > low {
				words[i] = rng.Uint64() >> (64 - (top - low)) >> rng.IntN(int(top-low)+1) << low
			}
			if low > 0 {
				words[i] |= uint64(i)
			}
		}
		want := slices.Clone(words)
		slices.SortStableFunc(want, func(a, b uint64) int {
			switch {
			case a>>low < b>>low:
				return -1
			case a>>low > b>>low:
				return 1
			}
			return 0
		})
		if got := Sort(words, make([]uint64, n), low, top); !slices.Equal(got, want) {
			t.Fatalf("%d words from bit %d to %d are in another order", n, low, top)
		}
	}
}
