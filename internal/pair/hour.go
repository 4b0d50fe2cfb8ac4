package pair

import (
	"math"
	"slices"
	"sync"

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
	parts   [1 << partBits][]entry
	spilled spilled
	far     []span // times of records of the parts that an entry can't hold
	flags   []flags
	ifaces  []uint32 // of each record: its place in interfaces; none for those without

	names      names
	interfaces []iface // as many as there are names
	origins    []origin
	originAt   map[origin]uint32 // their places
	flowLogs   []flowLog
	logPlaces  map[string]uint32
	log        uint32   // of the last record: its place in flowLogs
	inner      inner    // what passes NAT gateways, as seen on their inside
	repeats    []Repeat // of all records, once Again was called for them
	pass       int      // the pass of Again
	again      int      // how many records it has seen in the pass
	held       [2]int   // how many records of the parts are of the edges, by side

	owned   [][]ownSpan // by place in interfaces: what owners tell of those that are open
	decided int         // how many records Decide has seen

	room *room // whose memory parts, flags and ifaces are
}

// room is memory that one hour after the other uses.
type room struct {
	parts  [1 << partBits][]entry
	flags  []flags
	ifaces []uint32
}

// rooms are free: memory that nobody used before costs more than what is done with it.
var rooms = sync.Pool{New: func() any { return new(room) }}

// entry is a record of the hour, or of an edge, that may have a pair: two of them lie
// in a cache line, since going through them is most of the work.
type entry struct {
	flow       digest
	start, end uint32 // seconds since the epoch; where it is isFar, start is a place in Hour.far
	place      uint32 // in the hour; of an edge's record not used
	origin     uint32 // its place in origins, and marks
}

// origin is where records come from: an interface, by its place, and a flow log.
type origin struct{ iface, log uint32 }

// The marks of an entry, above the place of its origin: the flags forward and
// rejected, which are its way, onTheWay and flowIngress, and two more.
const (
	wayShift   = 30
	otherShift = 18 // of onTheWay and flowIngress
	isForward  = uint32(forward) << wayShift
	isRejected = uint32(rejected) << wayShift
	isOnTheWay = uint32(onTheWay) << otherShift
	isIngress  = uint32(flowIngress) << otherShift
	isFar      = 1 << 28       // a time is not one of the years 1970 to 2106
	isForeign  = 1 << 26       // of an edge
	originMask = isForeign - 1 // more than an hour has interfaces
)

// marksOf returns the marks of flags.
func marksOf(f flags) uint32 {
	return uint32(f&(forward|rejected))<<wayShift | uint32(f&(onTheWay|flowIngress))<<otherShift
}

// marked returns the flags that are marks.
func (e *entry) marked() flags {
	return flags(e.origin>>wayShift) | flags(e.origin>>otherShift)&(onTheWay|flowIngress)
}

// entry returns the entry of a record that may have a pair. origin has its marks.
func (h *Hour) entry(w *row, place, origin uint32) entry {
	if uint64(w.start) > math.MaxUint32 || uint64(w.end) > math.MaxUint32 {
		h.far = append(h.far, span{w.start, w.end})
		return entry{w.flow, uint32(len(h.far) - 1), 0, place, origin | isFar}
	}
	return entry{w.flow, uint32(w.start), uint32(w.end), place, origin}
}

// span returns the time of a record.
func (h *Hour) span(e *entry) span {
	if e.origin&isFar != 0 {
		return h.far[e.start]
	}
	return span{int64(e.start), int64(e.end)}
}

// foreign reports whether the record is of an edge.
func (e *entry) foreign() bool { return e.origin&isForeign != 0 }

// way returns the marks of its direction and action.
func (e *entry) way() uint32 { return e.origin & (isForward | isRejected) }

// partBits is how many upper bits of the digest tell the part.
const partBits = 8

func part(flow digest) int { return int(flow.x >> (64 - partBits)) }

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
	origin uint32   // of its last record: a place in origins
	long   bool     // some record spans more than 60 s
	own    [2]owner // of IPv4 and of IPv6
	skips  []span
	logs   []coverage // by flow log

	undirected bool // some record of traffic has no flow-direction
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
func NewHour(hour int64, expect int) *Hour { return newHour(hour, expect, expect) }

// newHour is NewHour; some records' entries are held in memory.
func newHour(hour int64, expect, some int) *Hour {
	r := rooms.Get().(*room)
	h := &Hour{
		hour:      hour,
		flags:     slices.Grow(r.flags, expect),
		ifaces:    slices.Grow(r.ifaces, expect),
		originAt:  map[origin]uint32{},
		logPlaces: map[string]uint32{},
		room:      r,
	}
	for i := range h.parts {
		h.parts[i] = slices.Grow(r.parts[i], some>>partBits*9/8)
	}
	return h
}

// Release gives the memory of the hour back for later ones. Nothing of it may be used
// after that; its edges and answers may. An hour need not be released.
func (h *Hour) Release() {
	const most = 1 << 22 // records: ten times as many as are usual
	r := h.room
	if cap(h.flags) > most {
		*h = Hour{}
		return
	}
	r.flags, r.ifaces = h.flags[:0], h.ifaces[:0]
	for i, part := range h.parts {
		r.parts[i] = part[:0]
	}
	*h = Hour{}
	rooms.Put(r)
}

// Len returns how many records were added.
func (h *Hour) Len() int { return h.n }

// Add adds records. It keeps nothing of them.
func (h *Hour) Add(rows Rows) {
	h.begin(rows)
	if rows.At == nil {
		for i := range rows.Batch.Len() {
			h.add(i)
		}
	}
	for _, i := range rows.At {
		h.add(int(i))
	}
	h.spill()
}

// begin begins with a batch.
func (h *Hour) begin(rows Rows) {
	r := &h.reader
	r.begin(rows.Batch)
	h.names.begin(r)
	if rows.At == nil {
		for _, d := range []*digests{&r.src, &r.dst, &r.pktSrc, &r.pktDst} {
			d.makeAll()
		}
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
		for s := Head; s <= Tail; s++ {
			if s.holds(h.hour, t) {
				l.edges[s] = l.edges[s].with(t)
				h.held[s] += bit(f, flowing)
			}
		}
	}
	if at != none {
		it := &h.interfaces[at]
		switch {
		case f&traffic != 0:
			it.long = it.long || timed && w.end-w.start > 60
			it.undirected = it.undirected || f&(flowIngress|flowEgress) == 0
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
		*p = append(*p, h.entry(&w, uint32(h.n), marksOf(f)|h.origin(at, log)))
	}
	h.n++
	h.flags = append(h.flags, f)
	h.ifaces = append(h.ifaces, at)
}

// interfaceAt returns the place of a record's interface, or none.
func (h *Hour) interfaceAt(i int) uint32 {
	at := h.names.at(&h.reader, i)
	if at != none && int(at) == len(h.interfaces) {
		h.interfaces = append(h.interfaces, iface{digest: h.names.digests[at]})
	}
	return at
}

// origin returns the place of the origin of an interface's records in a flow log.
func (h *Hour) origin(at, log uint32) uint32 {
	o, last := origin{at, log}, &h.interfaces[at].origin
	if int(*last) < len(h.origins) && h.origins[*last] == o {
		return *last
	}
	place, ok := h.originAt[o]
	if !ok {
		place = uint32(len(h.origins))
		h.origins = append(h.origins, o)
		h.originAt[o] = place
	}
	*last = place
	return place
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

// ends are the flags that say of which end an interface's own address is; none where
// that is not known.
type ends struct{ src, dst flags }

// ends returns those of the addresses of IPv4 or IPv6.
func (o *owner) ends() ends {
	switch {
	case o.notFirst == o.notSecond:
		return ends{}
	case o.notFirst:
		return ends{srcIsSecond, dstIsSecond}
	}
	return ends{srcIsFirst, dstIsFirst}
}

// Edges returns the edges of the hour, by side: each nil where it has nothing in it.
func (h *Hour) Edges() [2]*Edge { return h.edges(Head, Tail) }

// Edge returns one of [Hour.Edges].
func (h *Hour) Edge(s Side) *Edge { return h.edges(s)[s] }

func (h *Hour) edges(sides ...Side) (edges [2]*Edge) {
	for _, s := range sides {
		e := newEdge()
		for _, l := range h.flowLogs {
			if l.edges[s] != nowhere {
				e.addCover(l.id, l.edges[s])
			}
		}
		for _, it := range h.interfaces {
			for _, t := range it.skips {
				if s.holds(h.hour, t) {
					e.addSkip(it.digest, t)
				}
			}
		}
		e.rows, e.ifaces = make([]edgeRow, 0, h.held[s]), h.names.digests
		edges[s] = e
	}
	for i := range h.parts {
		part := h.entries(i)
		for j := range part {
			r := &part[j]
			t := h.span(r)
			for _, s := range sides {
				if e := edges[s]; s.holds(h.hour, t) {
					e.rows = append(e.rows, edgeRow{row{r.flow, t.low, t.high}, h.origins[r.origin&originMask].iface, r.marked()})
				}
			}
		}
		for _, s := range sides {
			edges[s].ends[i] = uint32(len(edges[s].rows))
		}
	}
	for _, s := range sides {
		edges[s] = edges[s].done()
	}
	return edges
}
