package synth

import "math/bits"

// quota spreads a total over minutes in proportion to weights, so that the parts
// are whole numbers and add up to the total exactly.
type quota struct {
	first int      // the minute of the first weight
	sums  []uint64 // sums[i] is the sum of the first i weights
	total int64
}

// newQuota returns a quota of total over n minutes from first on; weight gives
// the weight of the i-th of them. At least one weight must not be 0.
func newQuota(total int64, first, n int, weight func(i int) uint64) quota {
	sums := make([]uint64, n+1)
	for i := range n {
		sums[i+1] = sums[i] + weight(i)
	}
	return quota{first, sums, total}
}

// with returns the quota of another total with the same weights, which are
// shared.
func (q quota) with(total int64) quota { return quota{q.first, q.sums, total} }

// before returns the sum of the parts of all minutes before the given one.
func (q quota) before(minute int) int64 {
	i := min(max(minute-q.first, 0), len(q.sums)-1)
	hi, lo := bits.Mul64(uint64(q.total), q.sums[i])
	part, _ := bits.Div64(hi, lo, q.sums[len(q.sums)-1])
	return int64(part)
}

// at returns a minute's part.
func (q quota) at(minute int) int64 { return q.before(minute+1) - q.before(minute) }

// flat weighs all minutes alike.
func flat(int) uint64 { return 1 }

// triangle rises to the middle of n minutes and falls again.
func triangle(n int) func(i int) uint64 {
	return func(i int) uint64 { return uint64(min(i+1, n-i)) }
}

// load is the traffic of each hour of the day, UTC, in percent of the average:
// the company's users live in western Europe and eastern America.
var load = [24]uint64{64, 55, 48, 44, 43, 46, 56, 73, 95, 112, 124, 130, 133, 132, 135, 138, 135, 130, 123, 118, 113, 104, 89, 75}

// daily weighs minutes by the hour of the day, going evenly from each hour's
// load to the next; start is the first minute's time in seconds since the
// epoch.
func daily(start int64) func(i int) uint64 {
	return func(i int) uint64 {
		minute := (start/60 + int64(i)) % (24 * 60)
		hour, past := minute/60, uint64(minute%60)
		return load[hour]*(60-past) + load[(hour+1)%24]*past
	}
}
