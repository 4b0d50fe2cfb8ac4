package pair

import (
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

// Answer is what was found out of a record. Its parts share a word, since going to a
// record's place in memory is most of the work.
type Answer uint32

// Where the parts of an answer begin: the direction is the lowest, the gap and 1 the
// highest.
const (
	stateShift  = 2
	repeatShift = 5
	gapShift    = 7
)

// NewAnswer returns the answer that has the parts; gap is in seconds, or NoGap.
func NewAnswer(d Direction, s State, r Repeat, gap int) Answer {
	return Answer(d) | Answer(s)<<stateShift | Answer(r)<<repeatShift | Answer(gap+1)<<gapShift
}

// Direction returns the record's weir-direction.
func (a Answer) Direction() Direction { return Direction(a & 3) }

// State returns the record's weir-pair.
func (a Answer) State() State { return State(a >> stateShift & 7) }

// Repeat returns the record's weir-repeat.
func (a Answer) Repeat() Repeat { return Repeat(a >> repeatShift & 3) }

// Gap returns the record's weir-pair-gap in seconds, or NoGap.
func (a Answer) Gap() int { return int(a>>gapShift) - 1 }

// with returns the answer with a state, and a gap if there was none.
func (a Answer) with(s State, gap int) Answer {
	return a&^(7<<stateShift) | Answer(s)<<stateShift | Answer(gap+1)<<gapShift
}

// Find finds out: the answers are in the order in which the records came. before and
// after are the tail of the hour before and the head of the hour after. whole says
// that no record of the hour is missing; else nothing is said to have no pair.
func (h *Hour) Find(before, after *Edge, whole bool) []Answer {
	p := pairing{hour: h, found: make([]Answer, h.n), whole: whole, edges: [2]*Edge{before, after}}
	p.directions()
	for i, r := range h.repeats {
		p.found[i] |= Answer(r) << repeatShift
	}
	p.coverage()
	p.places()
	for i := range h.parts {
		p.part(i)
	}
	return p.found
}

// pairing looks for the pairs of an hour's records.
type pairing struct {
	hour  *Hour
	edges [2]*Edge
	whole bool
	found []Answer

	covers  []span    // by place in flowLogs
	skips   [][]span  // by place in interfaces
	origins []origin  // the hour's, and behind them those of edges' records
	first   [2]uint32 // where those of an edge begin
	beyond  names     // interfaces of edges that the hour has no record of; their places are behind the hour's

	flows   flowSet          // of the hour's records of a part
	foreign []entry          // the records of edges of a part
	order   [2][]uint64      // see arrange
	sorted  []entry          // the records of a part in order
	sides   [2][2]candidates // by direction and action
	sights  []sight          // the interfaces at which a flow was recorded

	crowded bool // see the function
}

// directions finds the directions. The state of a record with traffic is unknown for
// now.
func (p *pairing) directions() {
	h := p.hour
	known := make([][2]ends, len(h.interfaces)) // of IPv4 and of IPv6
	for i := range known {
		known[i] = [2]ends{h.interfaces[i].own[0].ends(), h.interfaces[i].own[1].ends()}
	}
	// By whether the own address is that of the source, and twice whether it is that of
	// the destination: a table, as a branch would mostly be foreseen wrong.
	byEnds := [4]Direction{Undecided, Egress, Ingress, Undecided}
	for i, f := range h.flags {
		d := Undecided
		switch {
		case f&traffic == 0:
			continue
		case f&flowIngress != 0:
			d = Ingress
		case f&flowEgress != 0:
			d = Egress
		case h.ifaces[i] != none:
			e := &known[h.ifaces[i]][bit(f, v6)]
			d = byEnds[bit(f, e.src|srcIsOwn)|bit(f, e.dst|dstIsOwn)<<1]
		}
		p.found[i] = Answer(d) | Answer(Unknown)<<stateShift
	}
}

// flowSet is a set of flows of a part, by some bits of theirs: it may have others too.
// Most records of an edge are of flows that the hour has no record of.
type flowSet [1 << flowSetBits / 64]uint64

const flowSetBits = 16

func (s *flowSet) add(flow digest) {
	at := flow.x << partBits >> (64 - flowSetBits)
	s[at/64] |= 1 << (at % 64)
}

func (s *flowSet) has(flow digest) bool {
	at := flow.x << partBits >> (64 - flowSetBits)
	return s[at/64]>>(at%64)&1 == 1
}

// places finds the places of the edges' interfaces.
func (p *pairing) places() {
	h := p.hour
	p.origins = slices.Clip(h.origins)
	for i, e := range p.edges {
		if p.first[i] = uint32(len(p.origins)); e == nil {
			continue
		}
		for _, d := range e.ifaces {
			at, ok := h.names.places[d]
			if !ok {
				at = uint32(len(h.interfaces)) + p.beyond.place(d)
			}
			p.origins = append(p.origins, origin{iface: at})
		}
	}
}

// iface returns the place of a record's interface.
func (p *pairing) iface(e *entry) uint32 { return p.origins[e.origin&originMask].iface }

// digest returns an interface by its place.
func (p *pairing) digest(place uint32) digest {
	if n := len(p.hour.interfaces); int(place) >= n {
		return p.beyond.digests[int(place)-n]
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

// part pairs records of the hour and of edges whose flows are of a part.
func (p *pairing) part(i int) {
	own := p.hour.entries(i)
	clear(p.flows[:])
	for j := range own {
		p.flows.add(own[j].flow)
	}
	p.foreign = p.foreign[:0]
	for side, e := range p.edges {
		rows := e.part(i)
		for j := range rows {
			if r := &rows[j]; p.flows.has(r.flow) {
				p.foreign = append(p.foreign, p.hour.entry(&r.row, 0, marksOf(r.flags)|isForeign|(p.first[side]+r.iface)))
			}
		}
	}
	p.arrange(own, p.foreign)
	b := p.sorted
	for from := 0; from < len(b); {
		to := from + 1
		for to < len(b) && b[to].flow == b[from].flow {
			to++
		}
		p.conversation(b[from:to])
		from = to
	}
}

// conversation goes through the records of a flow, which are in the order of
// interfaces and starts.
func (p *pairing) conversation(records []entry) {
	ifaces := 0
	for from := 0; from < len(records); ifaces++ {
		iface, to := p.iface(&records[from]), from+1
		for to < len(records) && p.iface(&records[to]) == iface {
			to++
		}
		p.flow(records[from:to], iface)
		from = to
	}
	if ifaces > 1 {
		p.repeats(records)
	}
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
func (c candidates) nearest(s span, window int64) int {
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
			return int(min(l, r))
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
		marks[records[i].origin>>wayShift&1]++
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
	gap := int(t.low - s.low)
	p.pair(a, b.origin, gap)
	p.pair(b, a.origin, gap)
}

// pair notes that a record pairs with one that has the marks.
func (p *pairing) pair(e *entry, marks uint32, gap int) {
	if e.foreign() {
		return
	}
	s := Accepted
	if marks&isRejected != 0 {
		s = Rejected
	}
	p.found[e.place] = p.found[e.place].with(s, gap)
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
		p.sides[e.origin>>wayShift&1][e.origin>>wayShift>>1].add(p.hour.span(e))
	}
	for i := range records {
		e := &records[i]
		if e.foreign() {
			continue
		}
		other := &p.sides[1-e.origin>>wayShift&1]
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
	if c := p.covers[p.origins[e.origin&originMask].log]; reach.low < c.low || reach.high > c.high {
		return
	}
	if skips := p.skips[iface]; len(skips) > 0 && meet(skips, reach) {
		return
	}
	p.found[e.place] = p.found[e.place].with(None, NoGap)
}
