package lake

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"weir/flowlog"
)

// TestOrder compares the order of records with that of a plain sort.
func TestOrder(t *testing.T) {
	for name, spread := range map[string]int64{"an hour": 3600, "years": 1 << 33, "everything": 0} {
		t.Run(name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(1, uint64(spread)))
			c := &columns{n: 5000, nums: map[flowlog.FieldID]*numbers{}, texts: map[flowlog.FieldID]*ranked{}}
			for _, id := range []flowlog.FieldID{flowlog.SrcAddr, flowlog.DstAddr} {
				r := &ranked{c.newCodes(3000), make([]string, 3000)}
				for i := range c.n {
					r.set(i, uint32(rng.IntN(3001)/(1+rng.IntN(900))))
				}
				c.texts[id] = r
			}
			var start []int64
			for range c.n {
				v := 1700000000 + rng.Int64N(max(spread, 1))
				switch {
				case rng.IntN(30) == 0:
					v = flowlog.Absent
				case spread == 0:
					v = rng.Int64() - rng.Int64()
				}
				start = append(start, v)
			}
			if spread == 0 {
				start[7], start[8] = math.MaxInt64, math.MinInt64+1
			}
			b := flowlog.NewBatch(flowlog.KindVPC)
			for range c.n {
				b.Append()
			}
			b.SetNums(flowlog.Start, start)
			c.nums[flowlog.Start] = c.mergeNums([]piece{{batch: b}}, flowlog.Start)
			want := make([]uint32, c.n)
			for i := range want {
				want[i] = uint32(i)
			}
			slices.SortStableFunc(want, func(a, b uint32) int {
				return cmp.Or(
					cmp.Compare(c.texts[flowlog.SrcAddr].at(int(a)), c.texts[flowlog.SrcAddr].at(int(b))),
					cmp.Compare(c.texts[flowlog.DstAddr].at(int(a)), c.texts[flowlog.DstAddr].at(int(b))),
					cmp.Compare(start[a], start[b]), // Absent is the smallest number
				)
			})
			var room ordering
			if got := c.order(&room); !slices.Equal(got, want) {
				t.Error("the order differs from that of a plain sort")
			}
			src, dst := c.texts[flowlog.SrcAddr], c.texts[flowlog.DstAddr]
			keys := []sortKey{{&src.codes, 32}, {&dst.codes, 32}, {&c.nums[flowlog.Start].codes, 32}}
			if got := room.orderBy(c.n, keys); !slices.Equal(got, want) {
				t.Error("the order of keys too wide for a word differs from that of a plain sort")
			}
		})
	}
}

// TestCodes puts columns of many widths into words and takes them out again.
func TestCodes(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	c := &columns{n: 300}
	var all []codes
	want := map[int][]uint32{}
	for i, top := range []uint32{1, 7, 1 << 20, 1 << 16, math.MaxUint32, 2, 1 << 30, math.MaxUint32, math.MaxUint32, 1} {
		all = append(all, c.newCodes(top))
		for at := range c.n {
			code := uint32(rng.Uint64N(uint64(top) + 1))
			all[i].set(at, code)
			want[i] = append(want[i], code)
		}
	}
	for i := range all {
		if got := all[i].all(c.n); !slices.Equal(got, want[i]) {
			t.Errorf("column %d differs", i)
		}
	}
	if len(c.words) != 4 {
		t.Errorf("%d words for each record, want 4", len(c.words))
	}
}
