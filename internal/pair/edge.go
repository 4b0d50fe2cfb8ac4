package pair

import (
	"cmp"
	"iter"
	"math"
	"slices"

	"weir/flowlog"
)

// hourLength is the length of an hour in seconds.
const hourLength = 3600

// The windows that two records of a pair lie in, in seconds: the aggregation
// interval and 60.
const (
	shortWindow = 60 + 60
	longWindow  = 600 + 60
)

// span is a time from and to, in seconds since the epoch, both inclusive.
type span struct{ low, high int64 }

// nowhere is the span that holds nothing.
var nowhere = span{math.MaxInt64, math.MinInt64}

func (s span) with(t span) span { return span{min(s.low, t.low), max(s.high, t.high)} }

// An Edge is what the records of an hour are for those of the hour before (its
// [Head]) or after it (its [Tail]). It is not changed; callers share it. A nil edge
// has no records.
type Edge struct {
	rows   []edgeRow             // by the part of their flow
	ends   [1 << partBits]uint32 // where the rows of each part end
	ifaces []digest              // which rows tell by place
	cover  map[string]span       // by flow log id
	skips  map[digest][]span     // by interface: where SKIPDATA says that records are lost
	sum    uint64
}

// edgeRow is a record of an edge. Its flags are those that are marks of an entry.
type edgeRow struct {
	row
	iface uint32
	flags flags
}

// Sum is a checksum of all that counts: edges with the same sum are the same,
// whatever order their records came in. That of a nil edge is 0.
func (e *Edge) Sum() uint64 {
	if e == nil {
		return 0
	}
	return e.sum
}

// Bytes estimates the memory that the edge holds, in bytes.
func (e *Edge) Bytes() int64 {
	if e == nil {
		return 0
	}
	return int64(40*len(e.rows) + 16*len(e.ifaces) + 100*len(e.cover) + 100*len(e.skips) + 1200)
}

// Side is which edge of an hour is meant.
type Side uint8

// The edges of an hour.
const (
	Head Side = iota
	Tail
)

// holds reports whether a record that is from and to a time belongs to the hour's edge.
func (s Side) holds(hour int64, t span) bool {
	if s == Head {
		return t.high < hour+longWindow
	}
	return t.low >= hour+hourLength-longWindow
}

func newEdge() *Edge { return &Edge{cover: map[string]span{}, skips: map[digest][]span{}} }

// addCover says that a flow log has records of the edge from s.
func (e *Edge) addCover(log string, s span) {
	if t, ok := e.cover[log]; ok {
		s = s.with(t)
	}
	e.cover[log] = s
}

func (e *Edge) addSkip(iface digest, s span) { e.skips[iface] = append(e.skips[iface], s) }

// done returns the edge once all is added, or nil where no record is in it.
func (e *Edge) done() *Edge {
	if len(e.cover) == 0 {
		return nil
	}
	sum := func(parts ...uint64) {
		h := uint64(saltY)
		for _, p := range parts {
			h = mix(h ^ p)
		}
		e.sum += h
	}
	for i := range e.rows {
		r := &e.rows[i]
		iface := e.ifaces[r.iface]
		sum(r.flow.x, r.flow.y, iface.x, iface.y, uint64(r.start), uint64(r.end), uint64(r.flags))
	}
	for log, s := range e.cover {
		d := digestOf(log)
		sum(d.x, d.y, uint64(s.low), uint64(s.high))
	}
	for iface, spans := range e.skips {
		e.skips[iface] = joined(spans)
		for _, s := range e.skips[iface] {
			sum(iface.x, iface.y, uint64(s.low), uint64(s.high), 1)
		}
	}
	if e.sum == 0 {
		e.sum = 1 // 0 is no edge
	}
	return e
}

// joined orders spans and joins those that meet.
func joined(spans []span) []span {
	slices.SortFunc(spans, func(a, b span) int {
		return cmp.Or(cmp.Compare(a.low, b.low), cmp.Compare(a.high, b.high))
	})
	var out []span
	for _, s := range spans {
		if n := len(out); n > 0 && s.low <= out[n-1].high {
			out[n-1].high = max(out[n-1].high, s.high)
		} else {
			out = append(out, s)
		}
	}
	return out
}

// meet reports whether one of joined spans meets s.
func meet(spans []span, s span) bool {
	i, _ := slices.BinarySearchFunc(spans, s.low, func(t span, low int64) int {
		if t.high < low {
			return -1
		}
		return 1
	})
	return i < len(spans) && spans[i].low <= s.high
}

// Rows are records of a batch: those at the places, or all where At is nil.
type Rows struct {
	Batch *flowlog.Batch
	At    []uint32
}

// places yields the place of each record.
func (r Rows) places() iter.Seq[int] {
	return func(yield func(int) bool) {
		if r.At == nil {
			for i := range r.Batch.Len() {
				if !yield(i) {
					return
				}
			}
			return
		}
		for _, i := range r.At {
			if !yield(int(i)) {
				return
			}
		}
	}
}

// each calls do with the place of each record.
func (r Rows) each(do func(i int)) {
	for i := range r.places() {
		do(i)
	}
}

// EdgeOf returns an edge of an hour, in seconds since the epoch, whose records are
// all given.
func EdgeOf(hour int64, s Side, all iter.Seq[Rows]) *Edge {
	e := newEdge()
	var r reader
	var n names
	var found [][]edgeRow // of batches, so that none is copied while more come
	var held []uint32     // places in the batch
	for rows := range all {
		if held = s.held(hour, rows, held[:0]); len(held) == 0 {
			continue
		}
		r.begin(rows.Batch)
		n.begin(&r)
		some := make([]edgeRow, 0, len(held))
		for _, place := range held {
			i := int(place)
			t := span{r.start[i], r.end[i]}
			at := n.at(&r, i)
			var iface digest
			if at != none {
				iface = n.digests[at]
			}
			var w row
			f := r.row(i, iface, at != none, &w, &addresses{})
			if f&flowing != 0 {
				some = append(some, edgeRow{w, at, f & (forward | rejected | onTheWay | flowIngress)})
			}
			e.addCover(r.logID(i), t)
			if at != none && r.skips(i) {
				e.addSkip(iface, t)
			}
		}
		found = append(found, some)
	}
	e.ifaces = n.digests
	e.arrange(found)
	return e.done()
}

// held appends the places of the records that the edge holds.
func (s Side) held(hour int64, rows Rows, to []uint32) []uint32 {
	start, end := rows.Batch.Nums(flowlog.Start), rows.Batch.Nums(flowlog.End)
	for i := range rows.places() {
		t := span{number(start, i), number(end, i)}
		if t.low != flowlog.Absent && t.high != flowlog.Absent && s.holds(hour, t) {
			to = append(to, uint32(i))
		}
	}
	return to
}

// arrange puts rows into the edge by the part of their flow.
func (e *Edge) arrange(rows [][]edgeRow) {
	for _, some := range rows {
		for i := range some {
			e.ends[part(some[i].flow)]++
		}
	}
	n := uint32(0)
	for i, records := range e.ends { // where each part begins, for now
		e.ends[i] = n
		n += records
	}
	e.rows = make([]edgeRow, n)
	for _, some := range rows {
		for i := range some {
			at := &e.ends[part(some[i].flow)]
			e.rows[*at] = some[i]
			*at++
		}
	}
}

// part returns the rows of a part.
func (e *Edge) part(i int) []edgeRow {
	if e == nil {
		return nil
	}
	from := uint32(0)
	if i > 0 {
		from = e.ends[i-1]
	}
	return e.rows[from:e.ends[i]]
}

// logID returns the record's flow log id, or "".
func (r *reader) logID(i int) string {
	if r.logIDs == nil {
		return ""
	}
	return r.logIDs.Dict[r.logIDs.At(i)]
}

// skips reports whether the record says SKIPDATA.
func (r *reader) skips(i int) bool { return r.skip != 0 && r.status.At(i) == r.skip }
