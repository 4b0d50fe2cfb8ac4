package pair

import (
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

// An Edge is what the records of an hour are for those of the hour before
// ([Hour.Head]) or after it ([Hour.Tail]). It is not changed; callers share it. A nil
// edge is one of an hour without records.
type Edge struct {
	rows  []row
	flags []flags
	cover map[string]span   // by flow log id
	skips map[digest][]span // by interface: where SKIPDATA says that records are lost
	sum   uint64
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
	return int64(34*len(e.rows) + 100*len(e.cover) + 100*len(e.skips) + 200)
}

// side is which edge of an hour is meant.
type side uint8

const (
	head side = iota
	tail
)

// holds reports whether a record of the hour belongs to its edge.
func (s side) holds(hour int64, r row) bool {
	if r.start == flowlog.Absent || r.end == flowlog.Absent {
		return false
	}
	if s == head {
		return r.end < hour+longWindow
	}
	return r.start >= hour+hourLength-longWindow
}

// edgeMaker collects an edge.
type edgeMaker struct {
	hour int64
	side side
	edge *Edge
}

func newEdgeMaker(hour int64, s side) edgeMaker {
	return edgeMaker{hour, s, &Edge{cover: map[string]span{}, skips: map[digest][]span{}}}
}

// add adds a record that the edge holds and that may have a pair.
func (m *edgeMaker) add(r row, f flags) {
	m.edge.rows = append(m.edge.rows, r)
	m.edge.flags = append(m.edge.flags, f&(forward|rejected))
}

// cover says that a flow log has records of the edge from s.
func (m *edgeMaker) cover(log string, s span) {
	if t, ok := m.edge.cover[log]; ok {
		s = s.with(t)
	}
	m.edge.cover[log] = s
}

func (m *edgeMaker) skip(iface digest, s span) { m.edge.skips[iface] = append(m.edge.skips[iface], s) }

// done returns the edge, or nil where no record is in it.
func (m *edgeMaker) done() *Edge {
	e := m.edge
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
	for i, r := range e.rows {
		sum(r.flow.x, r.flow.y, uint64(r.start), uint64(r.end), uint64(e.flags[i]))
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
		if a.low != b.low {
			return int(max(-1, min(1, a.low-b.low)))
		}
		return int(max(-1, min(1, a.high-b.high)))
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

// each calls do with the place of each record.
func (r Rows) each(do func(i int)) {
	if r.At == nil {
		for i := range r.Batch.Len() {
			do(i)
		}
		return
	}
	for _, i := range r.At {
		do(int(i))
	}
}

// HeadOf returns the head of an hour, in seconds since the epoch, whose records are
// all given.
func HeadOf(hour int64, all iter.Seq[Rows]) *Edge { return edgeOf(hour, head, all) }

// TailOf returns the tail of an hour.
func TailOf(hour int64, all iter.Seq[Rows]) *Edge { return edgeOf(hour, tail, all) }

func edgeOf(hour int64, s side, all iter.Seq[Rows]) *Edge {
	m := newEdgeMaker(hour, s)
	var r reader
	for rows := range all {
		r.begin(rows.Batch)
		rows.each(func(i int) {
			if !s.holds(hour, row{start: number(r.start, i), end: number(r.end, i)}) {
				return
			}
			iface, named := r.interfaceAt(i)
			w, f, _ := r.row(i, iface, named)
			if f&flowing != 0 {
				m.add(w, f)
			}
			m.cover(r.logID(i), span{w.start, w.end})
			if named && r.skips(i) {
				m.skip(iface, span{w.start, w.end})
			}
		})
	}
	return m.done()
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
