package pair

import (
	"cmp"
	"math"
	"slices"
)

// Direction is a record's weir-direction.
type Direction uint8

// The directions, in the order of their texts.
const (
	NoDirection Direction = iota
	Egress
	Ingress
	Undecided
)

// Directions are the texts of directions that are there, in their order.
var Directions = []string{Egress: "egress", Ingress: "ingress", Undecided: "undecided"}[1:]

// State is a record's weir-pair.
type State uint8

// The states, in the order of their texts.
const (
	NoState State = iota
	Accepted
	None
	Rejected
	Unknown
)

// States are the texts of states that are there, in their order.
var States = []string{Accepted: "accepted", None: "none", Rejected: "rejected", Unknown: "unknown"}[1:]

// NoGap is the gap of a record that no record pairs with.
const NoGap = -1

// Found is what was found out of the records of an hour, in the order in which they
// came.
type Found struct {
	Directions []Direction
	States     []State
	Gaps       []int16 // seconds, or NoGap
	Repeats    []Repeat
}

// Find finds out. before and after are the tail of the hour before and the head of
// the hour after. whole says that no record of the hour is missing; else nothing is
// said to have no pair.
func (h *Hour) Find(before, after *Edge, whole bool) Found {
	n := h.n
	out := Found{make([]Direction, n), make([]State, n), make([]int16, n), h.repeats}
	if out.Repeats == nil {
		out.Repeats = make([]Repeat, n)
	}
	for i := range n {
		out.Gaps[i] = NoGap
		out.Directions[i] = h.direction(i)
		if h.flags[i]&traffic != 0 {
			out.States[i] = Unknown
		}
	}
	p := pairing{hour: h, found: &out, whole: whole, edges: [2]*Edge{before, after}}
	p.coverage()
	var edges [1 << partBits][]entry
	for _, e := range p.edges {
		if e == nil {
			continue
		}
		for i := range e.rows {
			r := &e.rows[i]
			at := part(r.flow)
			edges[at] = append(edges[at], h.entry(&r.row, r.flags, uint32(len(p.foreign)), isForeign))
			p.foreign = append(p.foreign, stranger{p.place(r.iface), r.flags})
		}
	}
	for i := range h.parts {
		p.part(h.parts[i], edges[i])
	}
	return out
}

// pairing looks for the pairs of an hour's records.
type pairing struct {
	hour  *Hour
	edges [2]*Edge
	whole bool
	found *Found

	covers []span   // by place in flowLogs
	skips  [][]span // by place in interfaces

	sorted []entry          // the records of a part by bucket
	sides  [2][2]candidates // by direction and action
	sights []sight          // the interfaces at which a flow was recorded

	crowded bool // see the function

	foreign []stranger        // the records of edges
	beyond  []digest          // interfaces of edges that the hour has no record of
	places  map[digest]uint32 // of those: behind the hour's
}

// stranger is what else is known of a record of an edge: its interface, by its place,
// and its flags.
type stranger struct {
	iface uint32
	flags flags
}

// place returns the place of an interface: in interfaces, and behind them those that
// the hour has no record of.
func (p *pairing) place(iface digest) uint32 {
	if at, ok := p.hour.places[iface]; ok {
		return at
	}
	at, ok := p.places[iface]
	if !ok {
		at = uint32(len(p.hour.interfaces) + len(p.beyond))
		p.beyond = append(p.beyond, iface)
		if p.places == nil {
			p.places = map[digest]uint32{}
		}
		p.places[iface] = at
	}
	return at
}

// iface returns the place of a record's interface, and flags its flags.
func (p *pairing) iface(e *entry) uint32 {
	if e.foreign() {
		return p.foreign[e.place].iface
	}
	return p.hour.ifaces[e.place]
}

func (p *pairing) flags(e *entry) flags {
	if e.foreign() {
		return p.foreign[e.place].flags
	}
	return p.hour.flags[e.place]
}

// digest returns an interface by its place.
func (p *pairing) digest(place uint32) digest {
	if n := len(p.hour.interfaces); int(place) >= n {
		return p.beyond[int(place)-n]
	}
	return p.hour.interfaces[place].digest
}

// window returns the window of an interface's records, by what the hour tells of it.
func (p *pairing) window(iface uint32) int64 {
	if int(iface) < len(p.hour.interfaces) && p.hour.interfaces[iface].long {
		return longWindow
	}
	return shortWindow
}

// coverage joins what the hour and its neighbours say about what the records can
// tell.
func (p *pairing) coverage() {
	h := p.hour
	for _, log := range h.flowLogs {
		s := log.cover
		for _, e := range p.edges {
			if e == nil {
				continue
			}
			if t, ok := e.cover[log.id]; ok {
				s = s.with(t)
			}
		}
		p.covers = append(p.covers, s)
	}
	for _, it := range h.interfaces {
		spans := slices.Clone(it.skips)
		for _, e := range p.edges {
			if e != nil {
				spans = append(spans, e.skips[it.digest]...)
			}
		}
		p.skips = append(p.skips, joined(spans))
	}
}

// part pairs records of the hour and of edges whose flows are of the same part.
func (p *pairing) part(own, edges []entry) {
	var count [1<<bucketBits + 1]uint32
	for _, list := range [][]entry{own, edges} {
		for i := range list {
			count[bucket(list[i].flow)+1]++
		}
	}
	for i := range 1 << bucketBits {
		count[i+1] += count[i]
	}
	if n := len(own) + len(edges); cap(p.sorted) < n {
		p.sorted = make([]entry, n+n/4)
	}
	p.sorted = p.sorted[:len(own)+len(edges)]
	for _, list := range [][]entry{own, edges} {
		for i := range list {
			at := &count[bucket(list[i].flow)]
			p.sorted[*at] = list[i]
			*at++
		}
	}
	from := uint32(0)
	for _, to := range count[:1<<bucketBits] { // the ends of the buckets, now
		p.bucket(p.sorted[from:to])
		from = to
	}
}

// bucket pairs records of a bucket.
func (p *pairing) bucket(b []entry) {
	if len(b) > 1 {
		p.sortBucket(b)
	}
	for from := 0; from < len(b); {
		to := from + 1
		for to < len(b) && b[to].flow == b[from].flow {
			to++
		}
		p.conversation(b[from:to])
		from = to
	}
}

// conversation goes through the records of a flow, which are in the order of their
// starts.
func (p *pairing) conversation(records []entry) {
	first, one := p.iface(&records[0]), true
	for i := 1; i < len(records) && one; i++ {
		one = p.iface(&records[i]) == first
	}
	if one {
		p.flow(records, first)
		return
	}
	p.sortByIface(records)
	for from := 0; from < len(records); {
		iface, to := p.iface(&records[from]), from+1
		for to < len(records) && p.iface(&records[to]) == iface {
			to++
		}
		p.flow(records[from:to], iface)
		from = to
	}
	p.repeats(records)
}

// sortByIface orders records by interface; those of one keep their order.
func (p *pairing) sortByIface(records []entry) {
	if len(records) > 24 {
		slices.SortStableFunc(records, func(a, b entry) int { return cmp.Compare(p.iface(&a), p.iface(&b)) })
		return
	}
	var ifaces [24]uint32
	for i := range records {
		e, at, j := records[i], p.iface(&records[i]), i
		for ; j > 0 && ifaces[j-1] > at; j-- {
			records[j], ifaces[j] = records[j-1], ifaces[j-1]
		}
		records[j], ifaces[j] = e, at
	}
}

// sortBucket orders records by flow and start. Most buckets have very few, and those of
// a long flow come nearly in order.
func (p *pairing) sortBucket(b []entry) {
	moves := 0
	for i := 1; i < len(b); i++ {
		if p.compare(&b[i], &b[i-1]) >= 0 {
			continue
		}
		e, j := b[i], i
		for ; j > 0 && p.compare(&e, &b[j-1]) < 0; j-- {
			b[j] = b[j-1]
		}
		b[j] = e
		if moves += i - j; moves > 16*len(b) {
			slices.SortFunc(b, func(x, y entry) int { return p.compare(&x, &y) })
			return
		}
	}
}

func (p *pairing) compare(x, y *entry) int {
	if x.flow.x != y.flow.x {
		if x.flow.x < y.flow.x {
			return -1
		}
		return 1
	}
	if x.flow.y != y.flow.y {
		return cmp.Compare(x.flow.y, y.flow.y)
	}
	return cmp.Compare(p.hour.span(x).low, p.hour.span(y).low)
}

// candidates are the records of a flow that one could pair with: of those that
// start together, the one that ends first, since it pairs with all that any of them
// pairs with.
type candidates []span

func (c *candidates) add(s span) {
	if n := len(*c); n > 0 && (*c)[n-1].low == s.low {
		(*c)[n-1].high = min((*c)[n-1].high, s.high)
		return
	}
	*c = append(*c, s)
}

// nearest returns the distance of the starts to the nearest candidate that lies with
// s in a window, or NoGap.
func (c candidates) nearest(s span, window int64) int16 {
	right, _ := slices.BinarySearchFunc(c, s.low, func(t span, low int64) int {
		if t.low < low {
			return -1
		}
		return 1
	})
	left := right - 1
	for {
		l, r := int64(math.MaxInt64), int64(math.MaxInt64)
		if left >= 0 {
			l = s.low - c[left].low
		}
		if right < len(c) {
			r = c[right].low - s.low
		}
		if min(l, r) > window {
			return NoGap
		}
		var t span
		if l < r {
			t = c[left]
			left--
		} else {
			t = c[right]
			right++
		}
		if both := s.with(t); both.high-both.low <= window {
			return int16(min(l, r))
		}
	}
}

// flow pairs the records of a flow at an interface, which are in the order of their
// starts.
func (p *pairing) flow(records []entry, iface uint32) {
	if int(iface) >= len(p.hour.interfaces) {
		return // of edges only
	}
	marks := [2]uint32{} // how many go which way
	for i := range records {
		marks[records[i].log>>31]++
	}
	window := p.window(iface)
	switch {
	case marks[0] == 0 || marks[1] == 0:
		for i := range records {
			p.lone(&records[i], iface, window)
		}
	case len(records) == 2:
		p.two(&records[0], &records[1], iface, window)
	default:
		p.many(records, iface, window)
	}
}

// two pairs a flow's only two records, which go opposite ways.
func (p *pairing) two(a, b *entry, iface uint32, window int64) {
	s, t := p.hour.span(a), p.hour.span(b)
	if both := s.with(t); both.high-both.low > window {
		p.lone(a, iface, window)
		p.lone(b, iface, window)
		return
	}
	p.pair(a, b.log, int16(t.low-s.low))
	p.pair(b, a.log, int16(t.low-s.low))
}

// pair notes that a record pairs with one that has the marks.
func (p *pairing) pair(e *entry, marks uint32, gap int16) {
	if e.foreign() {
		return
	}
	p.found.Gaps[e.place] = gap
	if marks&isRejected != 0 {
		p.found.States[e.place] = Rejected
	} else {
		p.found.States[e.place] = Accepted
	}
}

// many pairs the records of any flow.
func (p *pairing) many(records []entry, iface uint32, window int64) {
	for i := range p.sides {
		for j := range p.sides[i] {
			p.sides[i][j] = p.sides[i][j][:0]
		}
	}
	for i := range records {
		e := &records[i]
		p.sides[e.log>>31][e.log>>30&1].add(p.hour.span(e))
	}
	for i := range records {
		e := &records[i]
		if e.foreign() {
			continue
		}
		other := &p.sides[1-e.log>>31]
		s := p.hour.span(e)
		if gap := other[0].nearest(s, window); gap != NoGap {
			p.pair(e, 0, gap)
		} else if gap := other[1].nearest(s, window); gap != NoGap {
			p.pair(e, isRejected, gap)
		} else {
			p.lone(e, iface, window)
		}
	}
}

// lone says of a record that no record pairs with it, where that can be known.
func (p *pairing) lone(e *entry, iface uint32, window int64) {
	if !p.whole || e.foreign() {
		return
	}
	s := p.hour.span(e)
	reach := span{s.high - window, s.low + window}
	if c := p.covers[e.log&logMask]; reach.low < c.low || reach.high > c.high {
		return
	}
	if skips := p.skips[iface]; len(skips) > 0 && meet(skips, reach) {
		return
	}
	p.found.States[e.place] = None
}
