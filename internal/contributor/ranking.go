package contributor

import (
	"cmp"
	"container/heap"
	"slices"
)

// A ranking keeps the contributors that rank first. It is a heap: the one that ranks last is the first.
type ranking struct {
	most, keys int
	ranked     []ranked
}

type ranked struct {
	rank float64
	Contributor
}

func (r *ranking) Len() int { return len(r.ranked) }
func (r *ranking) Less(i, j int) bool {
	return compareRanked(&r.ranked[i], &r.ranked[j]) > 0
}
func (r *ranking) Swap(i, j int) { r.ranked[i], r.ranked[j] = r.ranked[j], r.ranked[i] }
func (r *ranking) Push(x any)    { r.ranked = append(r.ranked, x.(ranked)) }
func (r *ranking) Pop() any {
	last := len(r.ranked) - 1
	x := r.ranked[last]
	r.ranked = r.ranked[:last]
	return x
}

// compareRanked orders the greatest first, and equal ones by their keys.
func compareRanked(a, b *ranked) int {
	return cmp.Or(cmp.Compare(b.rank, a.rank), slices.Compare(a.Keys, b.Keys))
}

// offer takes a contributor in if it ranks among the first.
func (r *ranking) offer(key []byte, rank float64, make func() Contributor) {
	full := len(r.ranked) >= r.most
	if full && rank < r.ranked[0].rank {
		return
	}
	c := ranked{rank: rank}
	c.Keys = splitKey(string(key), r.keys)
	if full && compareRanked(&c, &r.ranked[0]) >= 0 {
		return
	}
	keys := c.Keys
	c.Contributor = make()
	c.Keys = keys
	if full {
		heap.Pop(r)
	}
	heap.Push(r, c)
}

// contributors returns them in their order.
func (r *ranking) contributors() []Contributor {
	slices.SortFunc(r.ranked, func(a, b ranked) int { return compareRanked(&a, &b) })
	out := make([]Contributor, len(r.ranked))
	for i := range r.ranked {
		out[i] = r.ranked[i].Contributor
	}
	return out
}
