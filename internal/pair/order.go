package pair

import (
	"cmp"
	"math"
	"math/bits"
	"slices"

	"weir/internal/radix"
)

// arrange puts the records of a part, of the hour and of edges, in the order of their
// flows, interfaces and starts, into p.sorted. Words are ordered for them, of the
// upper bits of the flow below those of the part, the interface, the start and the
// place: by counting, which does not depend on how many records a flow has.
func (p *pairing) arrange(own, edges []entry) {
	n := len(own) + len(edges)
	if cap(p.sorted) < n {
		p.sorted = make([]entry, n+n/4)
		p.order = [2][]uint64{make([]uint64, n+n/4), make([]uint64, n+n/4)}
	}
	p.sorted = p.sorted[:n]
	low, high, far := uint32(math.MaxUint32), uint32(0), uint32(0)
	for _, list := range [2][]entry{own, edges} {
		for i := range list {
			low, high = min(low, list[i].start), max(high, list[i].start)
			far |= list[i].origin & isFar
		}
	}
	if n == 0 {
		return
	}
	place, start := uint(bits.Len(uint(n-1))), uint(bits.Len32(high-low))
	iface := uint(bits.Len(uint(len(p.hour.interfaces) + len(p.beyond.digests))))
	flow := uint(bits.Len(uint(n))) + 3 // few flows have the same bits
	if far != 0 || place+start+iface+flow > 64 {
		copy(p.sorted[copy(p.sorted, own):], edges)
		slices.SortFunc(p.sorted, p.compare)
		return
	}
	words := p.order[0][:0]
	for _, list := range [2][]entry{own, edges} {
		for i := range list {
			e := &list[i]
			word := e.flow.x<<partBits>>(64-flow)<<iface | uint64(p.iface(e))
			words = append(words, (word<<start|uint64(e.start-low))<<place|uint64(len(words)))
		}
	}
	words = radix.Sort(words, p.order[1][:n], place, place+start+iface+flow)
	flowShift := place + start + iface
	for from := 0; from < n; {
		to := from
		for ; to < n && words[to]>>flowShift == words[from]>>flowShift; to++ {
			at := int(words[to] & (1<<place - 1))
			if at < len(own) {
				p.sorted[to] = own[at]
			} else {
				p.sorted[to] = edges[at-len(own)]
			}
		}
		p.apart(p.sorted[from:to])
		from = to
	}
}

// apart orders records whose flows have the same bits in words, and are different.
func (p *pairing) apart(b []entry) {
	for i := range b {
		if b[i].flow != b[0].flow {
			slices.SortFunc(b, p.compare)
			return
		}
	}
}

// compare compares flows, interfaces and starts.
func (p *pairing) compare(a, b entry) int {
	return cmp.Or(
		cmp.Compare(a.flow.x, b.flow.x), cmp.Compare(a.flow.y, b.flow.y),
		cmp.Compare(p.iface(&a), p.iface(&b)), cmp.Compare(p.hour.span(&a).low, p.hour.span(&b).low),
	)
}
