package metricfilter

import (
	"slices"
	"sort"
)

// State is what is known of the minutes of filters with a default value, of live and of backfilled events, by the names of the
// filters. It is kept as JSON.
type State map[string][2]Minutes

func (s State) clone() State {
	out := State{}
	for name, m := range s {
		out[name] = [2]Minutes{m[0].clone(), m[1].clone()}
	}
	return out
}

// Minutes says of which minutes events came. Both members are ranges of minutes since the epoch, ascending, the end exclusive.
type Minutes struct {
	// Done are those in which an event matched, or of which the default value was published.
	Done ranges `json:"done,omitempty"`
	// Open are those in which events came, and no match yet.
	Open ranges `json:"open,omitempty"`
}

// mostRanges bounds what is remembered: of minutes that lie so far apart, the oldest are forgotten first.
const mostRanges = 2000

func (m *Minutes) empty() bool { return len(m.Done) == 0 && len(m.Open) == 0 }

func (m *Minutes) clone() Minutes { return Minutes{slices.Clone(m.Done), slices.Clone(m.Open)} }

// came notes an event that did not match.
func (m *Minutes) came(minute int64) {
	if !m.Done.has(minute) {
		m.Open.add(minute)
	}
}

// answered notes an event that matched.
func (m *Minutes) answered(minute int64) { m.Done.add(minute) }

// due returns the minutes up to one in which events came and none matched, and notes that they have their value now.
func (m *Minutes) due(until int64) []int64 {
	var out []int64
	var left ranges
	for _, r := range m.Open {
		for minute := r[0]; minute < r[1] && minute <= until; minute++ {
			if !m.Done.has(minute) {
				out = append(out, minute)
			}
		}
		if until < r[1]-1 {
			left = append(left, [2]int64{max(r[0], until+1), r[1]})
		}
	}
	m.Open = left
	for _, minute := range out {
		m.Done.add(minute)
	}
	return out
}

// ranges are numbers: from the first of each pair to before the second. Pairs ascend and do not touch.
type ranges [][2]int64

// at returns the place of the first pair that ends at or behind a number.
func (r ranges) at(n int64) int { return sort.Search(len(r), func(i int) bool { return r[i][1] >= n }) }

func (r ranges) has(n int64) bool {
	if k := len(r); k > 0 && r[k-1][0] <= n {
		return n < r[k-1][1] // mostly it is one of the last
	}
	i := r.at(n + 1)
	return i < len(r) && r[i][0] <= n
}

func (r *ranges) add(n int64) {
	if r.has(n) {
		return
	}
	i := r.at(n)
	switch s := *r; {
	case i < len(s) && s[i][1] == n: // it grows at its end
		s[i][1]++
		if i+1 < len(s) && s[i+1][0] == n+1 {
			s[i][1] = s[i+1][1]
			*r = slices.Delete(s, i+1, i+2)
		}
	case i < len(s) && s[i][0] == n+1:
		s[i][0]--
	default:
		*r = slices.Insert(s, i, [2]int64{n, n + 1})
		if len(*r) > mostRanges {
			*r = slices.Delete(*r, 0, 1)
		}
	}
}
