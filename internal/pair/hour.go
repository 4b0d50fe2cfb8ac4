package pair

import (
	"math"
	"slices"

	"weir/flowlog"
)

// An Hour collects the records of an hour. It is for one goroutine. It holds 54
// bytes for each record.
type Hour struct {
	hour   int64
	reader reader
	n      int
	// parts are the records that may have a pair, by the upper bits of the digest
	// of their flow, so that what pairs lies together, in little memory.
	parts  [1 << partBits][]entry
	flags  []flags
	ifaces []uint32 // of each record: its place in interfaces; none for those without

	interfaces []iface
	places     map[digest]uint32 // of interfaces
	flowLogs   []flowLog
	logPlaces  map[string]uint32
	log        uint32   // of the last record: its place in flowLogs
	codes      []uint32 // by code of the batch's interface-id: its place in interfaces and 1; 0: not looked up
}

// entry is a record of the hour, or of an edge, that may have a pair.
type entry struct {
	row
	place uint32 // in the hour; foreign: of an edge
	iface uint32 // its place in interfaces
	log   uint32 // its place in flowLogs
	flags flags
}

// foreign is the place of an edge's record.
const foreign = math.MaxUint32

// partBits is how many upper bits of the digest tell the part, bucketBits how many
// behind them the bucket of the part.
const (
	partBits   = 8
	bucketBits = 11
)

func part(flow digest) int { return int(flow.x >> (64 - partBits)) }

func bucket(flow digest) int {
	return int(flow.x >> (64 - partBits - bucketBits) & (1<<bucketBits - 1))
}

// none is the place of the interface of a record that names none.
const none = math.MaxUint32

// flowLog is a flow log, and the time from which it has records: in the hour and in
// its edges, by side.
type flowLog struct {
	id    string
	cover span
	edges [2]span
}

// iface is what the records of an interface say of it.
type iface struct {
	digest digest
	long   bool     // some record spans more than 60 s
	own    [2]owner // of IPv4 and of IPv6
	skips  []span
}

// owner finds an interface's own address: one of the two of its first record. not
// says which of them some other record does not have.
type owner struct {
	met                 bool
	first, second       digest
	notFirst, notSecond bool
}

// NewHour returns an hour without records. hour is its start in seconds since the
// epoch; expect is how many records may come.
func NewHour(hour int64, expect int) *Hour {
	h := &Hour{
		hour:      hour,
		flags:     make([]flags, 0, expect),
		ifaces:    make([]uint32, 0, expect),
		places:    map[digest]uint32{},
		logPlaces: map[string]uint32{},
	}
	for i := range h.parts {
		h.parts[i] = make([]entry, 0, expect>>partBits*9/8)
	}
	return h
}

// Len returns how many records were added.
func (h *Hour) Len() int { return h.n }

// Add adds records. It keeps nothing of them.
func (h *Hour) Add(rows Rows) {
	r := &h.reader
	r.begin(rows.Batch)
	if names := r.iface.column; names != nil {
		h.codes = append(h.codes[:0], make([]uint32, len(names.Dict))...)
	}
	rows.each(h.add)
}

// add adds a record of the batch.
func (h *Hour) add(i int) {
	r := &h.reader
	at := h.interfaceAt(i)
	var name digest
	if at != none {
		name = h.interfaces[at].digest
	}
	w, f, ends := r.row(i, name, at != none)
	log := h.logAt(i)
	if w.start != flowlog.Absent && w.end != flowlog.Absent {
		l := &h.flowLogs[log]
		l.cover = l.cover.with(span{w.start, w.end})
		for _, s := range []side{head, tail} {
			if s.holds(h.hour, w) {
				l.edges[s] = l.edges[s].with(span{w.start, w.end})
			}
		}
	}
	if at != none {
		it := &h.interfaces[at]
		switch {
		case f&traffic != 0:
			it.long = it.long || w.start != flowlog.Absent && w.end != flowlog.Absent && w.end-w.start > 60
			if ends.both && ends.src.v6() == ends.dst.v6() {
				f |= it.meet(ends.src, ends.dst)
			}
		case r.skips(i) && w.start != flowlog.Absent && w.end != flowlog.Absent:
			it.skips = append(it.skips, span{w.start, w.end})
		}
	}
	if f&flowing != 0 {
		p := &h.parts[part(w.flow)]
		*p = append(*p, entry{w, uint32(h.n), at, log, f})
	}
	h.n++
	h.flags = append(h.flags, f)
	h.ifaces = append(h.ifaces, at)
}

// interfaceAt returns the place of a record's interface, or none.
func (h *Hour) interfaceAt(i int) uint32 {
	code := uint32(0)
	if c := h.reader.iface.column; c != nil {
		if code = c.At(i); code != 0 && h.codes[code] != 0 {
			return h.codes[code] - 1
		}
	}
	d, ok := h.reader.interfaceAt(i)
	if !ok {
		return none
	}
	at, ok := h.places[d]
	if !ok {
		at = uint32(len(h.interfaces))
		h.interfaces = append(h.interfaces, iface{digest: d})
		h.places[d] = at
	}
	if code != 0 {
		h.codes[code] = at + 1
	}
	return at
}

// logAt returns the place of a record's flow log.
func (h *Hour) logAt(i int) uint32 {
	id := h.reader.logID(i)
	if h.n > 0 && h.flowLogs[h.log].id == id {
		return h.log
	}
	at, ok := h.logPlaces[id]
	if !ok {
		at = uint32(len(h.flowLogs))
		h.flowLogs = append(h.flowLogs, flowLog{id, nowhere, [2]span{nowhere, nowhere}})
		h.logPlaces[id] = at
	}
	h.log = at
	return at
}

// meet notes the addresses of a record, and returns the flags that tell which of
// them could be the interface's own.
func (it *iface) meet(src, dst digest) flags {
	own, f := &it.own[0], flags(0)
	if src.v6() {
		own, f = &it.own[1], v6
	}
	if !own.met {
		*own = owner{met: true, first: src, second: dst, notSecond: src == dst}
	}
	if src == own.first {
		f |= srcIsFirst
	}
	if src == own.second {
		f |= srcIsSecond
	}
	if dst == own.first {
		f |= dstIsFirst
	}
	if dst == own.second {
		f |= dstIsSecond
	}
	own.notFirst = own.notFirst || f&(srcIsFirst|dstIsFirst) == 0
	own.notSecond = own.notSecond || f&(srcIsSecond|dstIsSecond) == 0
	return f
}

// direction returns a record's direction.
func (h *Hour) direction(i int) Direction {
	f := h.flags[i]
	switch {
	case f&traffic == 0:
		return NoDirection
	case f&flowIngress != 0:
		return Ingress
	case f&flowEgress != 0:
		return Egress
	case h.ifaces[i] == none || f&(srcIsFirst|srcIsSecond|dstIsFirst|dstIsSecond) == 0:
		return Undecided
	}
	own := &h.interfaces[h.ifaces[i]].own[0]
	if f&v6 != 0 {
		own = &h.interfaces[h.ifaces[i]].own[1]
	}
	src, dst := f&srcIsFirst != 0, f&dstIsFirst != 0
	if own.notFirst {
		src, dst = f&srcIsSecond != 0, f&dstIsSecond != 0
	}
	if own.notFirst == own.notSecond || src == dst {
		return Undecided
	}
	if src {
		return Egress
	}
	return Ingress
}

// Head returns what the hour is for the hour before it; nil where it has nothing
// for it.
func (h *Hour) Head() *Edge { return h.edge(head) }

// Tail returns what the hour is for the hour after it.
func (h *Hour) Tail() *Edge { return h.edge(tail) }

func (h *Hour) edge(s side) *Edge {
	m := newEdgeMaker(h.hour, s)
	for _, l := range h.flowLogs {
		if l.edges[s] != nowhere {
			m.cover(l.id, l.edges[s])
		}
	}
	for _, part := range h.parts {
		for i := range part {
			if e := &part[i]; s.holds(h.hour, e.row) {
				m.add(e.row, e.flags)
			}
		}
	}
	for _, it := range h.interfaces {
		for _, t := range it.skips {
			if s.holds(h.hour, row{start: t.low, end: t.high}) {
				m.skip(it.digest, t)
			}
		}
	}
	return m.done()
}

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
}

// Find finds out. before and after are the tail of the hour before and the head of
// the hour after. whole says that no record of the hour is missing; else nothing is
// said to have no pair.
func (h *Hour) Find(before, after *Edge, whole bool) Found {
	n := h.n
	out := Found{make([]Direction, n), make([]State, n), make([]int16, n)}
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
		for i, r := range e.rows {
			at := part(r.flow)
			edges[at] = append(edges[at], entry{r, foreign, 0, 0, e.flags[i]})
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
		p.flow(b[from:to])
		from = to
	}
}

// sortBucket orders records by flow and start.
func sortBucket(b []entry) {
	if len(b) > 16 {
		slices.SortFunc(b, func(x, y entry) int {
			switch {
			case x.before(&y):
				return -1
			case y.before(&x):
				return 1
			}
			return 0
		})
		return
	}
	for i := 1; i < len(b); i++ {
		for j := i; j > 0 && b[j].before(&b[j-1]); j-- {
			b[j], b[j-1] = b[j-1], b[j]
		}
	}
}

func (e *entry) before(f *entry) bool {
	switch {
	case e.flow.x != f.flow.x:
		return e.flow.x < f.flow.x
	case e.flow.y != f.flow.y:
		return e.flow.y < f.flow.y
	}
	return e.start < f.start
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
		near, gap := c, l
		var t span
		switch {
		case min(l, r) > window:
			return NoGap
		case l < r:
			t = near[left]
			left--
		default:
			t, gap = near[right], r
			right++
		}
		if both := s.with(t); both.high-both.low <= window {
			return int16(gap)
		}
	}
}

// flow pairs the records of a flow, which are in the order of their starts.
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

// window returns the window of a record of the hour.
func (p *pairing) window(e *entry) int64 {
	if p.hour.interfaces[e.iface].long {
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
