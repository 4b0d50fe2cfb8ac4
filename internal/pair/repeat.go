package pair

import (
	"cmp"
	"math/bits"
	"net/netip"
	"slices"

	"weir/flowlog"
)

// Repeat is a record's weir-repeat.
type Repeat uint8

// The repeats, in the order of their texts. NoRepeat is a record that counts.
const (
	NoRepeat Repeat = iota
	ByFlowLog
	Leg
	Receiver
)

// Repeats are the texts of repeats that are there, in their order.
var Repeats = []string{ByFlowLog: "flow-log", Leg: "leg", Receiver: "receiver"}[1:]

func bit(f, of flags) int {
	if f&of != 0 {
		return 1
	}
	return 0
}

// fieldSet is a set of fields.
type fieldSet [(flowlog.NumFields + 63) / 64]uint64

func (s *fieldSet) add(f flowlog.FieldID)      { s[f/64] |= 1 << (f % 64) }
func (s *fieldSet) has(f flowlog.FieldID) bool { return s[f/64]>>(f%64)&1 == 1 }

func (s *fieldSet) len() int {
	n := 0
	for _, w := range s {
		n += bits.OnesCount64(w)
	}
	return n
}

// coverage is the minutes in which a flow log has records of an interface.
type coverage struct {
	log     uint32
	minutes [2]uint64 // bit 0: the minute half an hour before the hour
}

// minuteOf returns the bit of a time; times far from the hour are at the ends.
func minuteOf(hour, t int64) int { return int(min(max(t-hour+1800, 0)/60, 127)) }

func (c *coverage) at(minute int) bool { return c.minutes[minute/64]>>(minute%64)&1 == 1 }

// cover notes that a flow log has a record of the interface.
func (it *iface) cover(log uint32, hour int64, s span) {
	var c *coverage
	for i := range it.logs {
		if it.logs[i].log == log {
			c = &it.logs[i]
		}
	}
	if c == nil {
		it.logs = append(it.logs, coverage{log: log})
		c = &it.logs[len(it.logs)-1]
	}
	for m, to := minuteOf(hour, s.low), minuteOf(hour, s.high); m <= to; m++ {
		c.minutes[m/64] |= 1 << (m % 64)
	}
}

// noteFields notes which of AWS's fields the records of each flow log have.
func (h *Hour) noteFields(rows Rows) {
	first := true
	var at uint32 // of the batch's flow log
	one := true   // the batch has one
	rows.each(func(i int) {
		if log := h.logAt(i); first {
			at, first = log, false
		} else if log != at {
			one = false
		}
	})
	if first {
		return
	}
	for _, f := range flowlog.Fields(flowlog.KindVPC) {
		if f.Own() || one && h.flowLogs[at].fields.has(f.ID) {
			continue
		}
		nums, texts := rows.Batch.Nums(f.ID), rows.Batch.Texts(f.ID)
		if nums == nil && texts == nil {
			continue
		}
		for i := range rows.places() {
			if texts != nil && texts.At(i) == 0 || texts == nil && number(nums, i) == flowlog.Absent {
				continue
			}
			h.flowLogs[h.logAt(i)].fields.add(f.ID)
			if one {
				break
			}
		}
	}
}

// inner is what passes the inside of NAT gateways.
type inner struct {
	spans map[innerKey]*candidates
}

// innerKey is what the inside and the outside of a NAT gateway have in common: the
// interface, the far end, and which way it goes.
type innerKey struct {
	iface, far digest
	protocol   int64
	outward    bool
	rejected   bool
}

// add adds a record that was made on the way, and was the last that r read, if it is
// of the inside: where the gateway's own address is the one end, the packets have
// another (spec: b.6). A regional gateway shows the packets' addresses only: there
// one end of the inside is private.
func (n *inner) add(r *reader, i int, iface digest, w *row, f flags) {
	src, dst := r.translated(i)
	if iface.resource() {
		srcPrivate, dstPrivate := r.private(i)
		src, dst = dstPrivate && !srcPrivate, srcPrivate && !dstPrivate
	}
	if src == dst {
		return
	}
	key := innerKey{iface, r.ends[0], r.protocolOf, dst, f&rejected != 0}
	if dst {
		key.far = r.ends[1]
	}
	if n.spans == nil {
		n.spans = map[innerKey]*candidates{}
	}
	if n.spans[key] == nil {
		n.spans[key] = &candidates{}
	}
	*n.spans[key] = append(*n.spans[key], span{w.start, w.end})
}

// has reports whether the inside of what the outside's record shows lies within the
// window.
func (n *inner) has(key innerKey, w *row, window int64) bool {
	c := n.spans[key]
	return c != nil && c.nearest(span{w.start, w.end}, window) != NoGap
}

// sort makes all ready for has.
func (n *inner) sort() {
	for _, c := range n.spans {
		slices.SortFunc(*c, func(a, b span) int { return cmp.Or(cmp.Compare(a.low, b.low), cmp.Compare(a.high, b.high)) })
	}
}

// translated reports whether a record's source, and its destination, are other
// packets' addresses than the ones beside them.
func (r *reader) translated(i int) (src, dst bool) {
	differ := func(a, b *digests) bool {
		x, y := a.at(i), b.at(i)
		return x != nil && y != nil && *x != *y
	}
	return differ(&r.src, &r.pktSrc), differ(&r.dst, &r.pktDst)
}

// shared is the range of carrier-grade NAT, which VPCs may have (VPC user guide, "VPC
// CIDR blocks").
var shared = netip.MustParsePrefix("100.64.0.0/10")

// private reports whether the addresses of a record's packets are of private ranges.
func (r *reader) private(i int) (src, dst bool) {
	is := func(list ...*digests) bool {
		for _, d := range list {
			code := d.column.At(i)
			if code == 0 {
				continue
			}
			a, err := netip.ParseAddr(d.column.Dict[code])
			return err == nil && (a.IsPrivate() || shared.Contains(a))
		}
		return false
	}
	return is(&r.pktSrc, &r.src), is(&r.pktDst, &r.dst)
}

// Passes returns how often Again must be called with all records, in the order in
// which they were added, after all were added and before Find: some may be repeats in
// a way that is only known then.
func (h *Hour) Passes() int {
	switch {
	case len(h.flowLogs) > 1:
		return 2 // what the flow logs cover, and what that covers
	case h.inner.spans != nil:
		return 1
	}
	return 0
}

// Again looks at records again.
func (h *Hour) Again(rows Rows) {
	if h.repeats == nil {
		h.repeats = make([]Repeat, h.n)
		h.inner.sort()
	}
	h.begin(rows)
	last := h.pass == h.Passes()-1
	if !last {
		h.noteFields(rows)
	}
	rows.each(func(i int) {
		if last {
			h.repeats[h.again] = h.repeatAt(i)
		} else {
			h.coverAt(i)
		}
		h.again++
	})
	if h.again == h.n {
		h.pass, h.again = h.pass+1, 0
	}
}

// coverAt notes what a record says of its flow log.
func (h *Hour) coverAt(i int) {
	at, log := h.interfaceAt(i), h.logAt(i)
	if at == none {
		return
	}
	it, l := &h.interfaces[at], &h.flowLogs[log]
	var w row
	f := h.reader.row(i, it.digest, true, &w, &addresses{})
	if f&flowing != 0 {
		l.actions[bit(f, rejected)] = true
		l.long = l.long || w.end-w.start > 60
	}
	if w.start != flowlog.Absent && w.end != flowlog.Absent && !h.reader.skips(i) {
		it.cover(log, h.hour, span{w.start, w.end})
	}
}

// repeatAt says whether another flow log, or the inside of a NAT gateway, has a
// record's traffic.
func (h *Hour) repeatAt(i int) Repeat {
	r := &h.reader
	at := h.interfaceAt(i)
	if at == none {
		return NoRepeat
	}
	it := &h.interfaces[at]
	var w row
	f := r.row(i, it.digest, true, &w, &addresses{})
	if f&traffic == 0 {
		return NoRepeat
	}
	if w.start != flowlog.Absent && w.end != flowlog.Absent && len(it.logs) > 1 && h.byFlowLog(it, h.logAt(i), &w, f) {
		return ByFlowLog
	}
	if f&flowing == 0 {
		return NoRepeat
	}
	if resource := it.digest.resource(); resource || f&onTheWay == 0 {
		if src, dst := r.private(i); resource && (src || dst) {
			return NoRepeat
		}
		window := int64(shortWindow)
		if it.long {
			window = longWindow
		}
		for end, far := range r.ends {
			if h.inner.has(innerKey{it.digest, far, r.protocolOf, end == 1, f&rejected != 0}, &w, window) {
				return Leg
			}
		}
	}
	return NoRepeat
}

// byFlowLog reports whether a flow log that goes before has records of the interface
// at the time of a record.
func (h *Hour) byFlowLog(it *iface, log uint32, w *row, f flags) bool {
	for i := range it.logs {
		c := &it.logs[i]
		other := &h.flowLogs[c.log]
		if c.log == log || f&flowing != 0 && !other.actions[bit(f, rejected)] || !other.before(&h.flowLogs[log]) {
			continue
		}
		if c.at(minuteOf(h.hour, w.start)) || c.at(minuteOf(h.hour, w.end)) {
			return true
		}
	}
	return false
}

// before reports whether a flow log's records count before those of another.
func (l *flowLog) before(m *flowLog) bool {
	one := func(b bool) int {
		if b {
			return 1
		}
		return 0
	}
	return cmp.Or(
		cmp.Compare(one(m.actions[0] && m.actions[1]), one(l.actions[0] && l.actions[1])),
		cmp.Compare(m.fields.len(), l.fields.len()),
		cmp.Compare(one(l.long), one(m.long)),
		cmp.Compare(l.id, m.id),
	) < 0
}

// sight is an interface at which records of a flow were made, of one direction and
// action.
type sight struct {
	rank    rank
	iface   digest
	window  int64
	records []entry    // of all directions and actions
	own     candidates // of the hour
	edge    candidates // of edges: what may come before what is surely further on
}

// before reports whether a sight's records go before those of another.
func (s *sight) before(t *sight) bool {
	if s.rank != t.rank {
		return s.rank < t.rank
	}
	return s.iface.x < t.iface.x || s.iface.x == t.iface.x && s.iface.y < t.iface.y
}

// rank tells which records of the same traffic go before others.
type rank uint8

const (
	sender rank = iota
	unclear
	receiver
	wayOut // on the way: sent on
	wayUnclear
	wayIn    // on the way: received
	unranked // no record of the hour
)

// maxSights is how many interfaces at which a flow was recorded are looked at for
// each other one, which bounds the work.
const maxSights = 16

// rankOf returns the rank of a record of the hour.
func (p *pairing) rankOf(e *entry) rank {
	r := unclear
	switch p.found[e.place].Direction() {
	case Egress:
		r = sender
	case Ingress:
		r = receiver
	}
	if e.origin&isOnTheWay != 0 {
		r += wayOut
	}
	return r
}

// repeats finds the repeats among records of a flow, of several interfaces, in the
// order of interfaces and starts.
func (p *pairing) repeats(records []entry) {
	there := 0 // which ways there are: most flows have no refused records
	for i := range records {
		there |= 1 << (records[i].way() >> wayShift)
	}
	for w := range uint32(4) {
		way := w << wayShift
		if there>>w&1 == 0 {
			continue
		}
		p.sights = p.sights[:0]
		for from := 0; from < len(records); {
			iface, to := p.iface(&records[from]), from+1
			for to < len(records) && p.iface(&records[to]) == iface {
				to++
			}
			p.addSight(records[from:to], iface, way)
			from = to
		}
		if len(p.sights) < 2 {
			continue
		}
		if len(p.sights) > 32 {
			slices.SortFunc(p.sights, func(a, b sight) int {
				if a.before(&b) {
					return -1
				}
				return 1
			})
		}
		for i := 1; i < len(p.sights); i++ { // they are few, and large
			for j := i; j > 0 && p.sights[j].before(&p.sights[j-1]); j-- {
				p.sights[j], p.sights[j-1] = p.sights[j-1], p.sights[j]
			}
		}
		p.crowded = crowded(p.sights)
		for at := range p.sights {
			for i := range p.sights[at].records {
				e := &p.sights[at].records[i]
				if e.foreign() || e.way() != way || p.found[e.place].Repeat() != NoRepeat || !p.seenBefore(e, at) {
					continue
				}
				if e.origin&isOnTheWay != 0 {
					p.found[e.place] |= Answer(Leg) << repeatShift
				} else {
					p.found[e.place] |= Answer(Receiver) << repeatShift
				}
			}
		}
	}
}

// addSight adds what an interface has of the flow, if it has any of the direction and
// action.
func (p *pairing) addSight(records []entry, iface, way uint32) {
	p.sights = slices.Grow(p.sights, 1)
	s := &p.sights[:len(p.sights)+1][len(p.sights)]
	*s = sight{unranked, p.digest(iface), p.window(iface), records, s.own[:0], s.edge[:0]}
	for i := range records {
		e := &records[i]
		switch {
		case e.way() != way:
		case !e.foreign():
			s.rank = min(s.rank, p.rankOf(e))
			s.own.add(p.hour.span(e))
		case e.origin&(isOnTheWay|isIngress) == 0:
			s.edge.add(p.hour.span(e))
		}
	}
	if len(s.own)+len(s.edge) > 0 {
		p.sights = p.sights[:len(p.sights)+1]
	}
}

// crowded reports whether more interfaces received a flow than others can have sent it:
// there are networks with the same addresses then, and some sender is not recorded.
func crowded(sights []sight) bool {
	received, sent := 0, 0
	for i := range sights {
		switch s := &sights[i]; {
		case s.rank == receiver:
			received++
		case s.rank < receiver, s.rank == unranked && len(s.edge) > 0:
			sent++
		}
	}
	return received > sent
}

// seenBefore reports whether another interface has a record of what e, a record of
// the sight at a place, shows, and goes before it. What goes before must do so in
// the hour of the other record too, or both could be left out: of an edge it is only
// known that a record at the flow's end, or on the way to it, is not the first.
func (p *pairing) seenBefore(e *entry, at int) bool {
	s := p.hour.span(e)
	mine := p.sights[at].rank
	for i := range p.sights[:min(at, maxSights)] {
		other := &p.sights[i]
		if other.rank == mine && (mine == sender || mine == receiver) || mine == receiver && p.crowded {
			continue // other packets, of a network with the same addresses
		}
		if other.own.nearest(s, max(other.window, p.sights[at].window)) != NoGap {
			return true
		}
	}
	r := p.rankOf(e)
	if r != receiver && r < wayOut || r == receiver && p.crowded {
		return false
	}
	looked := 0
	for i := range p.sights {
		other := &p.sights[i]
		if i == at || len(other.edge) == 0 || r == receiver && other.rank == receiver {
			continue
		}
		if other.edge.nearest(s, max(other.window, p.sights[at].window)) != NoGap {
			return true
		}
		if looked++; looked == maxSights {
			break
		}
	}
	return false
}
