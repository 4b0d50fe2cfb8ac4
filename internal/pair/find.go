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
			edges[at] = append(edges[at], entry{r.row, foreign, p.place(r.iface), 0, r.flags})
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

	strangers []digest // interfaces of edges that the hour has no record of
	places    map[digest]uint32
}

// place returns the place of an interface: in interfaces, and behind them those of
// strangers.
func (p *pairing) place(iface digest) uint32 {
	if at, ok := p.hour.places[iface]; ok {
		return at
	}
	at, ok := p.places[iface]
	if !ok {
		at = uint32(len(p.hour.interfaces) + len(p.strangers))
		p.strangers = append(p.strangers, iface)
		if p.places == nil {
			p.places = map[digest]uint32{}
		}
		p.places[iface] = at
	}
	return at
}

// iface returns an interface by its place.
func (p *pairing) iface(place uint32) digest {
	if n := len(p.hour.interfaces); int(place) >= n {
		return p.strangers[int(place)-n]
	}
	return p.hour.interfaces[place].digest
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
	sortBucket(b)
	for from := 0; from < len(b); {
		to := from + 1
		for to < len(b) && b[to].flow == b[from].flow {
			to++
		}
		p.conversation(b[from:to])
		from = to
	}
}

// sortBucket orders records by flow, interface and start.
func sortBucket(b []entry) {
	slices.SortFunc(b, func(x, y entry) int {
		return cmp.Or(cmp.Compare(x.flow.x, y.flow.x), cmp.Compare(x.flow.y, y.flow.y), cmp.Compare(x.iface, y.iface), cmp.Compare(x.start, y.start))
	})
}

// conversation goes through the records of a flow, which are in the order of
// interfaces and starts.
func (p *pairing) conversation(records []entry) {
	for from := 0; from < len(records); {
		to := from + 1
		for to < len(records) && records[to].iface == records[from].iface {
			to++
		}
		p.flow(records[from:to])
		from = to
	}
	if records[0].iface != records[len(records)-1].iface {
		p.repeats(records)
	}
}

// candidates are the records of a flow that one could pair with: of those that
// start together, the one that ends first, since it pairs with all that any of them
// pairs with.
type candidates []span

func (c *candidates) add(w row) {
	if n := len(*c); n > 0 && (*c)[n-1].low == w.start {
		(*c)[n-1].high = min((*c)[n-1].high, w.end)
		return
	}
	*c = append(*c, span{w.start, w.end})
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
func (p *pairing) flow(records []entry) {
	var directions flags
	for i := range records {
		directions |= 1 << bit(records[i].flags, forward)
	}
	if directions != 3 {
		for i := range records {
			p.lone(&records[i])
		}
		return
	}
	for i := range p.sides {
		for j := range p.sides[i] {
			p.sides[i][j] = p.sides[i][j][:0]
		}
	}
	for i := range records {
		e := &records[i]
		p.sides[bit(e.flags, forward)][bit(e.flags, rejected)].add(e.row)
	}
	for i := range records {
		e := &records[i]
		if e.place == foreign {
			continue
		}
		other := &p.sides[1-bit(e.flags, forward)]
		s, window := span{e.start, e.end}, p.window(e)
		if gap := other[0].nearest(s, window); gap != NoGap {
			p.found.States[e.place], p.found.Gaps[e.place] = Accepted, gap
		} else if gap := other[1].nearest(s, window); gap != NoGap {
			p.found.States[e.place], p.found.Gaps[e.place] = Rejected, gap
		} else {
			p.lone(e)
		}
	}
}

func bit(f, of flags) int {
	if f&of != 0 {
		return 1
	}
	return 0
}

// window returns the window of a record, by what the hour tells of its interface.
func (p *pairing) window(e *entry) int64 {
	if int(e.iface) < len(p.hour.interfaces) && p.hour.interfaces[e.iface].long {
		return longWindow
	}
	return shortWindow
}

// lone says of a record that no record pairs with it, where that can be known.
func (p *pairing) lone(e *entry) {
	if !p.whole || e.place == foreign {
		return
	}
	window := p.window(e)
	reach := span{e.end - window, e.start + window}
	if c := p.covers[e.log]; reach.low < c.low || reach.high > c.high {
		return
	}
	if meet(p.skips[e.iface], reach) {
		return
	}
	p.found.States[e.place] = None
}
