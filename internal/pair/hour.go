package pair

import (
	"math"

	"weir/flowlog"
)

// An Hour collects the records of an hour. It is for one goroutine. It holds 42
// bytes for each record.
type Hour struct {
	hour   int64
	reader reader
	n      int
	// parts are the records that may have a pair, by the upper bits of the digest
	// of their flow, so that what pairs lies together, in little memory.
	parts  [1 << partBits][]entry
	far    []span // times of records of the parts that an entry can't hold
	flags  []flags
	ifaces []uint32 // of each record: its place in interfaces; none for those without

	interfaces []iface
	places     map[digest]uint32 // of interfaces
	flowLogs   []flowLog
	logPlaces  map[string]uint32
	log        uint32   // of the last record: its place in flowLogs
	inner      inner    // what passes NAT gateways, as seen on their inside
	repeats    []Repeat // of all records, once Again was called for them
	pass       int      // the pass of Again
	again      int      // how many records it has seen in the pass
	codes      []uint32 // by code of the batch's interface-id: its place in interfaces and 1; 0: not looked up
}

// entry is a record of the hour, or of an edge, that may have a pair: two of them lie
// in a cache line, since going through them is most of the work.
type entry struct {
	flow       digest
	start, end uint32 // seconds since the epoch; where it is isFar, start is a place in Hour.far
	place      uint32 // in the hour; of an edge's record its place in pairing.foreign
	log        uint32 // its place in flowLogs, and marks
}

// The marks of an entry, above the place of its flow log.
const (
	isForward  = 1 << 31
	isRejected = 1 << 30
	isFar      = 1 << 29 // a time is not one of the years 1970 to 2106
	isForeign  = 1 << 28 // of an edge
	logMask    = isForeign - 1
	wayShift   = 30 // isForward and isRejected are the bits from here on
)

// entry returns the entry of a record that may have a pair.
func (h *Hour) entry(w *row, f flags, place, log uint32) entry {
	if f&forward != 0 {
		log |= isForward
	}
	if f&rejected != 0 {
		log |= isRejected
	}
	if uint64(w.start) > math.MaxUint32 || uint64(w.end) > math.MaxUint32 {
		h.far = append(h.far, span{w.start, w.end})
		return entry{w.flow, uint32(len(h.far) - 1), 0, place, log | isFar}
	}
	return entry{w.flow, uint32(w.start), uint32(w.end), place, log}
}

// span returns the time of a record.
func (h *Hour) span(e *entry) span {
	if e.log&isFar != 0 {
		return h.far[e.start]
	}
	return span{int64(e.start), int64(e.end)}
}

// foreign reports whether the record is of an edge.
func (e *entry) foreign() bool { return e.log&isForeign != 0 }

// way returns the marks of its direction and action.
func (e *entry) way() uint32 { return e.log & (isForward | isRejected) }

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

	actions [2]bool // it has records with ACCEPT, with REJECT
	long    bool    // some record spans more than 60 s
	fields  fieldSet
}

// iface is what the records of an interface say of it.
type iface struct {
	digest digest
	long   bool     // some record spans more than 60 s
	own    [2]owner // of IPv4 and of IPv6
	skips  []span
	logs   []coverage // by flow log
}

// owner finds an interface's own address: one of the two of its first record.
// notFirst and notSecond say that some other record does not have it.
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
	if rows.At == nil {
		for i := range rows.Batch.Len() {
			h.add(i)
		}
		return
	}
	for _, i := range rows.At {
		h.add(int(i))
	}
}

// add adds a record of the batch.
func (h *Hour) add(i int) {
	r := &h.reader
	at := h.interfaceAt(i)
	var name digest
	if at != none {
		name = h.interfaces[at].digest
	}
	var w row
	var ends addresses
	f := r.row(i, name, at != none, &w, &ends)
	log := h.logAt(i)
	timed := w.start != flowlog.Absent && w.end != flowlog.Absent
	if timed {
		l, t := &h.flowLogs[log], span{w.start, w.end}
		l.cover = l.cover.with(t)
		if Head.holds(h.hour, &w) {
			l.edges[Head] = l.edges[Head].with(t)
		}
		if Tail.holds(h.hour, &w) {
			l.edges[Tail] = l.edges[Tail].with(t)
		}
	}
	if at != none {
		it := &h.interfaces[at]
		switch {
		case f&traffic != 0:
			it.long = it.long || timed && w.end-w.start > 60
			if ends.both && ends.src.v6() == ends.dst.v6() {
				f |= it.meet(ends.src, ends.dst)
			}
		case timed && r.skips(i):
			it.skips = append(it.skips, span{w.start, w.end})
		}
	}
	if f&flowing != 0 {
		if f&onTheWay != 0 {
			h.inner.add(r, i, name, &w, f)
		}
		p := &h.parts[part(w.flow)]
		*p = append(*p, h.entry(&w, f, uint32(h.n), log))
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
	if len(h.flowLogs) > 0 && h.flowLogs[h.log].id == id {
		return h.log
	}
	at, ok := h.logPlaces[id]
	if !ok {
		at = uint32(len(h.flowLogs))
		h.flowLogs = append(h.flowLogs, flowLog{id: id, cover: nowhere, edges: [2]span{nowhere, nowhere}})
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

// Edge returns an edge of the hour, or nil where it has nothing in it.
func (h *Hour) Edge(s Side) *Edge {
	e := newEdge()
	for _, l := range h.flowLogs {
		if l.edges[s] != nowhere {
			e.addCover(l.id, l.edges[s])
		}
	}
	for _, part := range h.parts {
		for i := range part {
			t := h.span(&part[i])
			if w := (row{part[i].flow, t.low, t.high}); s.holds(h.hour, &w) {
				place := part[i].place
				e.add(w, h.flags[place], h.interfaces[h.ifaces[place]].digest)
			}
		}
	}
	for _, it := range h.interfaces {
		for _, t := range it.skips {
			if s.holds(h.hour, &row{start: t.low, end: t.high}) {
				e.addSkip(it.digest, t)
			}
		}
	}
	return e.done()
}
