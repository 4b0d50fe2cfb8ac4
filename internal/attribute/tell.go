package attribute

import (
	"context"
	"net/netip"
	"slices"
	"strings"

	"weir/flowlog"
	"weir/internal/netmodel"
	"weir/internal/pair"
	"weir/internal/policy"
)

// Told is what is told of a record, as the fields are named; "" for what is not.
type Told struct {
	Stage, Rule, Allow, Attribution, Ruleset string
}

// Tell tells of records of an hour, which begins at a second since the epoch: for each, in the
// order of rows, 0 for nothing, else 1 and a place in told. found are their directions and
// pairs, in the same order. It fails where a definition can't be read.
func (r *Rules) Tell(ctx context.Context, hour int64, rows []pair.Rows, found []pair.Answer) (of []uint32, told []Told, err error) {
	of = make([]uint32, len(found))
	if len(r.spans) == 0 {
		return of, nil, nil
	}
	t := teller{ctx: ctx, rules: r, hour: hour, places: map[Told]uint32{}, verdicts: map[verdictKey]uint32{}, fars: map[farKey]*policy.Far{}, opened: map[flow]opened{}}
	flagged := slices.ContainsFunc(rows, func(some pair.Rows) bool { return len(some.Batch.Nums(flowlog.TCPFlags)) > 0 })
	if flagged { // else no record says who opened anything
		t.each(rows, func(row, at int) bool { t.open(row, found[at]); return true })
	}
	t.each(rows, func(row, at int) bool {
		of[at], err = t.tell(row, found[at])
		return err == nil
	})
	if err != nil {
		return nil, nil, err
	}
	return of, t.told, nil
}

// each calls do with the row in its batch and the place of each record, until it says no.
func (t *teller) each(rows []pair.Rows, do func(row, at int) bool) {
	at := 0
	for _, some := range rows {
		t.begin(some.Batch)
		n := some.Batch.Len()
		if some.At != nil {
			n = len(some.At)
		}
		for i := range n {
			row := i
			if some.At != nil {
				row = int(some.At[i])
			}
			if !do(row, at) {
				return
			}
			at++
		}
	}
}

// flow is connections of TCP with the same ends, at an ENI.
type flow struct {
	iface      string
	far        netip.Addr
	near, port uint16
}

// opened is the first SYN without ACK of a flow that was accepted.
type opened struct {
	way  netmodel.Direction
	at   int64 // the record's start
	span int   // of the definitions, -1 where there are several
	both bool  // the other end opened one too
}

// maxOpened bounds the flows that are kept; records of others tell by themselves.
const maxOpened = 1 << 20

// open notes who opened a connection, if the record says it, for those of its records that do
// not.
func (t *teller) open(i int, found pair.Answer) {
	if flags := number(t.flags, i); flags == flowlog.Absent || flags&18 != 2 || t.action(i) != "ACCEPT" {
		return
	}
	var q question
	id := t.ifaces.at(i)
	from, to, timed := t.time(i)
	far, read := t.read(&q, i, found)
	if id == "" || !timed || !read || q.opening != opens {
		return
	}
	key := flow{id, far, q.near, q.port}
	o, known := t.opened[key]
	if !known && len(t.opened) == maxOpened {
		return
	}
	first, last := t.rules.between(from-slack, to+slack)
	switch {
	case !known:
		o = opened{way: q.way, at: from, span: first}
	case o.way != q.way:
		o.both = true
	case from < o.at:
		o.at, o.span = from, first
	}
	if first != last {
		o.span = -1
	}
	t.opened[key] = o
}

// began returns who opened a record's connection, as another record of the hour says, since
// when no definition changed.
func (t *teller) began(q *question, id string, far netip.Addr, from, to int64, span int) side {
	o, known := t.opened[flow{id, far, q.near, q.port}]
	switch {
	case !known || o.both || o.span != span:
	case o.way == q.way && o.at <= from:
		return sender
	case o.way != q.way && o.at <= to:
		return receiver
	}
	return nobody
}

// teller tells of the records of an hour.
type teller struct {
	ctx   context.Context
	rules *Rules
	hour  int64

	told     []Told
	places   map[Told]uint32 // 1 and the place in told
	verdicts map[verdictKey]uint32
	fars     map[farKey]*policy.Far
	last     [2]*loaded // the definitions that were asked last
	opened   map[flow]opened

	// Of the batch.
	ifaces, actions, woulds, reasons, src, dst, pktSrc, pktDst text
	start, end, protocol, srcPort, dstPort, flags              []int64
}

// verdictKey is what a text of a verdict depends on.
type verdictKey struct {
	judge *policy.Judge
	way   netmodel.Direction
	verdict
}

type farKey struct {
	of   *loaded
	addr netip.Addr
}

// text is a text column of a batch, with what was made of its codes.
type text struct {
	column *flowlog.TextColumn
	addrs  []netip.Addr // parsed once; the zero Addr where it is none, or was not asked yet
	asked  []bool
}

func textOf(b *flowlog.Batch, f flowlog.FieldID) text {
	c := b.Texts(f)
	if c == nil {
		return text{}
	}
	return text{c, make([]netip.Addr, len(c.Dict)), make([]bool, len(c.Dict))}
}

// at returns a record's text, "" where it has none.
func (t *text) at(i int) string {
	if t.column != nil {
		if code := t.column.At(i); code != 0 { // a column that nobody filled has no Dict
			return t.column.Dict[code]
		}
	}
	return ""
}

// addr returns a record's address, which is not valid where it has none.
func (t *text) addr(i int) netip.Addr {
	if t.column == nil {
		return netip.Addr{}
	}
	code := t.column.At(i)
	if code == 0 {
		return netip.Addr{}
	}
	if !t.asked[code] {
		t.asked[code] = true
		if a, err := netip.ParseAddr(t.column.Dict[code]); err == nil {
			t.addrs[code] = a.Unmap()
		}
	}
	return t.addrs[code]
}

func number(column []int64, i int) int64 {
	if i < len(column) {
		return column[i]
	}
	return flowlog.Absent
}

func (t *teller) begin(b *flowlog.Batch) {
	t.ifaces, t.reasons = textOf(b, flowlog.InterfaceID), textOf(b, flowlog.RejectReason)
	t.actions, t.woulds = textOf(b, flowlog.Action), textOf(b, flowlog.WeirWouldAction)
	t.src, t.dst = textOf(b, flowlog.SrcAddr), textOf(b, flowlog.DstAddr)
	t.pktSrc, t.pktDst = textOf(b, flowlog.PktSrcAddr), textOf(b, flowlog.PktDstAddr)
	t.start, t.end, t.protocol = b.Nums(flowlog.Start), b.Nums(flowlog.End), b.Nums(flowlog.Protocol)
	t.srcPort, t.dstPort, t.flags = b.Nums(flowlog.SrcPort), b.Nums(flowlog.DstPort), b.Nums(flowlog.TCPFlags)
}

// action returns what the rules that decided at the interface said of a record's packets: where nothing
// enforced them, that is not what happened to these.
func (t *teller) action(i int) string {
	if would := t.woulds.at(i); would != "" {
		return would
	}
	return t.actions.at(i)
}

// tell tells of a record.
func (t *teller) tell(i int, found pair.Answer) (uint32, error) {
	var q question
	switch t.action(i) {
	case "ACCEPT":
		q.accepted = true
	case "REJECT":
	default:
		return 0, nil
	}
	switch t.reasons.at(i) {
	case "BPA":
		q.reason = bpa
	case "EC":
		q.reason = ec
	}
	id := t.ifaces.at(i)
	from, to, timed := t.time(i)
	far, read := t.read(&q, i, found)
	if id == "" || !timed || !read {
		a := answer{attribution: unknown}
		if !q.accepted {
			a.stage = q.reason
		}
		return t.place(a.told(q.accepted, "")), nil
	}
	first, last := t.rules.between(from-slack, to+slack)
	q.settled = first == 0
	if first == last {
		if q.opening == neither || q.opening == answers {
			q.began = t.began(&q, id, far, from, to, first)
		}
		return t.by(first, &q, id, far)
	}
	return t.bySeveral(first, last, &q, id, far)
}

// time returns the time of a record, and whether it is one that is told of.
func (t *teller) time(i int) (from, to int64, ok bool) {
	from, to = number(t.start, i), number(t.end, i)
	switch {
	case from == flowlog.Absent && to == flowlog.Absent:
		from, to = t.hour, t.hour+3600
	case from == flowlog.Absent:
		from = to - 600 // the longest aggregation interval
	case to == flowlog.Absent:
		to = from + 600
	}
	return from, to, t.hour-around <= from && from <= to && to <= t.hour+3600+around
}

// read reads the record's packets: the address of their other end. It reports whether it tells
// what is asked.
func (t *teller) read(q *question, i int, found pair.Answer) (far netip.Addr, ok bool) {
	src, dst := number(t.srcPort, i), number(t.dstPort, i)
	switch found.Direction() {
	case pair.Ingress:
		q.way = netmodel.Ingress
		if far = t.pktSrc.addr(i); !far.IsValid() {
			far = t.src.addr(i)
		}
		q.near, q.port = uint16(dst), uint16(src)
	case pair.Egress:
		q.way = netmodel.Egress
		if far = t.pktDst.addr(i); !far.IsValid() {
			far = t.dst.addr(i)
		}
		q.near, q.port = uint16(src), uint16(dst)
	default:
		return far, false
	}
	protocol := number(t.protocol, i)
	q.protocol = int(protocol)
	if !far.IsValid() || protocol < 0 || protocol > 255 {
		return far, false
	}
	if q.protocol == netmodel.TCP || q.protocol == netmodel.UDP {
		if src < 0 || src > 0xffff || dst < 0 || dst > 0xffff {
			return far, false
		}
	} else {
		q.near, q.port = 0, 0
	}
	if flags := number(t.flags, i); q.protocol == netmodel.TCP && flags != flowlog.Absent {
		q.opening = neither
		switch flags & 18 {
		case 2:
			q.opening = opens
		case 18:
			q.opening = answers
		}
	}
	return far, true
}

// loaded returns the definition of a span.
func (t *teller) loaded(span int) (*loaded, error) {
	for _, l := range t.last {
		if l != nil && l.span == span {
			return l, nil
		}
	}
	l, err := t.rules.at(t.ctx, span)
	if err != nil {
		return nil, err
	}
	t.last[0], t.last[1] = l, t.last[0]
	return l, nil
}

// far returns the other end.
func (t *teller) far(l *loaded, a netip.Addr) *policy.Far {
	key := farKey{l, a}
	f := t.fars[key]
	if f == nil {
		l.mu.Lock()
		f = l.definition.NewFar(a, l.Unsure)
		l.mu.Unlock()
		t.fars[key] = f
	}
	return f
}

// by tells of a record by the definition of one span.
func (t *teller) by(span int, q *question, id string, far netip.Addr) (uint32, error) {
	l, err := t.loaded(span)
	if err != nil {
		return 0, err
	}
	q.far = t.far(l, far)
	j := l.judge(id)
	if q.protocol == netmodel.ICMP || q.protocol == netmodel.ICMPv6 {
		a := t.icmp(l, j, q)
		return t.place(a.told(q.accepted, l.ruleset(j))), nil
	}
	v := decide(j, q)
	key := verdictKey{j, q.way, v}
	at := t.verdicts[key]
	if at == 0 || j == nil {
		var a answer
		if j == nil {
			a = answer{attribution: v.attribution, stage: v.stage}
		} else {
			a = v.answer(j, q)
		}
		at = t.place(a.told(q.accepted, l.ruleset(j)))
		t.verdicts[key] = at
	}
	return at, nil
}

// bySeveral tells of a record by the definitions of several spans.
func (t *teller) bySeveral(first, last int, q *question, id string, far netip.Addr) (uint32, error) {
	var all answer
	var rulesets []string
	for span := first; span <= last; span++ {
		l, err := t.loaded(span)
		if err != nil {
			return 0, err
		}
		q.far = t.far(l, far)
		j := l.judge(id)
		var a answer
		switch {
		case q.protocol == netmodel.ICMP || q.protocol == netmodel.ICMPv6:
			a = t.icmp(l, j, q)
		case j == nil:
			v := decide(j, q)
			a = answer{attribution: v.attribution, stage: v.stage}
		default:
			v := decide(j, q)
			a = v.answer(j, q)
		}
		if span == first {
			all = a
		} else {
			all = all.with(a)
		}
		if s := l.ruleset(j); s != "" && (len(rulesets) == 0 || rulesets[len(rulesets)-1] != s) {
			rulesets = append(rulesets, s)
		}
	}
	return t.place(all.told(q.accepted, strings.Join(rulesets, " "))), nil
}

// icmpKey is what is told of records of ICMP by.
type icmpKey struct {
	judge *policy.Judge
	far   netip.Addr
	way   netmodel.Direction

	protocol          int
	accepted, settled bool
	reason            stage
}

// icmp tells of a record of ICMP.
func (t *teller) icmp(l *loaded, j *policy.Judge, q *question) answer {
	key := icmpKey{j, q.far.Addr, q.way, q.protocol, q.accepted, q.settled, q.reason}
	l.mu.Lock()
	a, known := l.icmp[key]
	l.mu.Unlock()
	if known {
		return a
	}
	a = icmp(j, q)
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.icmp) >= maxICMP {
		clear(l.icmp)
	}
	l.icmp[key] = a
	return a
}

// maxICMP is how many answers about ICMP are kept of a definition.
const maxICMP = 1 << 16

// ruleset names the definition that has an ENI.
func (l *loaded) ruleset(j *policy.Judge) string {
	if j == nil || l.Ruleset == nil {
		return ""
	}
	return l.Ruleset(j.ID())
}

// told puts an answer into the fields.
func (a answer) told(accepted bool, ruleset string) Told {
	out := Told{Attribution: attributions[a.attribution], Stage: stages[a.stage], Ruleset: ruleset}
	if accepted {
		out.Allow = strings.Join(a.rules, " ")
	} else {
		out.Rule = strings.Join(a.rules, " ")
	}
	return out
}

// place returns 1 and the place of what is told.
func (t *teller) place(told Told) uint32 {
	at, known := t.places[told]
	if !known {
		t.told = append(t.told, told)
		at = uint32(len(t.told))
		t.places[told] = at
	}
	return at
}
