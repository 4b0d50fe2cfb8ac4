package pair

import (
	"net/netip"
	"slices"

	"weir/flowlog"
)

// Own are addresses that an ENI has itself for some time.
type Own struct {
	Interface string // its id
	// From and To bound the time, in seconds since the epoch, From inclusive and To
	// exclusive; the least and the largest number do not bound. The times of an ENI do not
	// overlap.
	From, To  int64
	Addresses []netip.Addr
	Prefixes  []netip.Prefix
}

// Owners tell the own addresses of ENIs, as a definition of the network has them,
// where records leave them open. It is not changed; callers share it. A nil one tells
// nothing.
type Owners struct {
	spans map[uint64][]ownSpan // by the x of an interface's digest
}

// ownSpan is [Own] with a sum of its addresses.
type ownSpan struct {
	span // high is exclusive
	own  Own
	sum  uint64
}

// NewOwners returns what the list tells. It keeps the slices of its addresses.
func NewOwners(list []Own) *Owners {
	o := &Owners{spans: map[uint64][]ownSpan{}}
	for _, own := range list {
		s := ownSpan{span{own.From, own.To}, own, saltX}
		for _, a := range own.Addresses { // the order does not count
			d := digestOf(a.String())
			s.sum += mix(d.x ^ mix(d.y))
		}
		for _, p := range own.Prefixes {
			d := digestOf(p.String())
			s.sum += mix(d.x ^ mix(d.y))
		}
		x := digestOf(own.Interface).x
		o.spans[x] = append(o.spans[x], s)
	}
	return o
}

// Empty reports whether nothing is told.
func (o *Owners) Empty() bool { return o == nil || len(o.spans) == 0 }

// at returns what is told of an interface at a time, or nil.
func at(spans []ownSpan, t int64) *Own {
	for i := range spans {
		if s := &spans[i]; s.low <= t && t < s.high {
			return &s.own
		}
	}
	return nil
}

// has reports whether an address is one of them.
func (o *Own) has(a netip.Addr) bool {
	return slices.Contains(o.Addresses, a) || slices.ContainsFunc(o.Prefixes, func(p netip.Prefix) bool { return p.Contains(a) })
}

// Owns reports whether an address is one of a network interface's own at a time, in seconds since the epoch. It is not told where told is false:
// where nothing is told of the interface's addresses of that family then.
func (o *Owners) Owns(networkInterface string, a netip.Addr, t int64) (own, told bool) {
	if o.Empty() {
		return false, false
	}
	s := at(o.spans[digestOf(networkInterface).x], t)
	if s == nil {
		return false, false
	}
	told = slices.ContainsFunc(s.Addresses, func(b netip.Addr) bool { return b.Is4() == a.Is4() }) ||
		slices.ContainsFunc(s.Prefixes, func(p netip.Prefix) bool { return p.Addr().Is4() == a.Is4() })
	return s.has(a), told
}

// Sum is a checksum of what is told of interfaces, as [Hour.Open] returns them. It is 0
// where nothing is told of any.
func (o *Owners) Sum(open []uint64) uint64 {
	if o.Empty() {
		return 0
	}
	sum := uint64(0)
	for _, x := range open {
		for _, s := range o.spans[x] {
			sum += mix(x ^ mix(s.sum^mix(uint64(s.low)+saltX*uint64(s.high))))
		}
	}
	return sum
}

// Open returns the interfaces whose own address the records leave open, so that it
// counts what a definition tells of them: parts of digests of their ids, in order.
func (h *Hour) Open() []uint64 {
	var out []uint64
	for i := range h.interfaces {
		if h.interfaces[i].open() {
			out = append(out, h.interfaces[i].digest.x)
		}
	}
	slices.Sort(out)
	return out
}

// open reports whether the records, of which some have no flow-direction, leave an
// ENI's own address of IPv4 or of IPv6 open.
func (it *iface) open() bool {
	if !it.undirected || it.digest.resource() {
		return false
	}
	return slices.ContainsFunc(it.own[:], func(o owner) bool { return o.met && o.ends() == (ends{}) })
}

// Own lets owners tell what the records leave open, once all records were added. It
// reports whether they tell something: then Decide must be called with all records, in
// the order in which they were added, before Find.
func (h *Hour) Own(o *Owners) bool {
	if o.Empty() {
		return false
	}
	h.owned = make([][]ownSpan, len(h.interfaces))
	some := false
	for i := range h.interfaces {
		if it := &h.interfaces[i]; it.open() {
			h.owned[i] = o.spans[it.digest.x]
			some = some || h.owned[i] != nil
		}
	}
	return some
}

// Decide notes which end of records is the interface's own address, where owners tell it.
func (h *Hour) Decide(rows Rows) {
	src, dst := newParsed(rows.Batch.Texts(flowlog.SrcAddr)), newParsed(rows.Batch.Texts(flowlog.DstAddr))
	end := rows.Batch.Nums(flowlog.End)
	rows.each(func(i int) {
		place := h.decided
		h.decided++
		f := &h.flags[place]
		if *f&traffic == 0 || *f&(flowIngress|flowEgress) != 0 || h.ifaces[place] == none {
			return
		}
		spans := h.owned[h.ifaces[place]]
		if len(spans) == 0 {
			return
		}
		if o := &h.interfaces[h.ifaces[place]].own[bit(*f, v6)]; o.ends() != (ends{}) {
			return // the records tell
		}
		own := at(spans, number(end, i))
		a, b := src.at(i), dst.at(i)
		if own == nil || !a.IsValid() || !b.IsValid() {
			return
		}
		if own.has(a) {
			*f |= srcIsOwn
		}
		if own.has(b) {
			*f |= dstIsOwn
		}
	})
}

// parsed are the addresses of a column, parsed when first asked for.
type parsed struct {
	column *flowlog.TextColumn
	known  map[uint32]netip.Addr // by code
}

func newParsed(c *flowlog.TextColumn) parsed { return parsed{c, map[uint32]netip.Addr{}} }

// at returns a record's address, or the zero Addr where it has none.
func (p *parsed) at(i int) netip.Addr {
	if p.column == nil {
		return netip.Addr{}
	}
	code := p.column.At(i)
	if code == 0 {
		return netip.Addr{}
	}
	a, ok := p.known[code]
	if !ok {
		a, _ = netip.ParseAddr(p.column.Dict[code])
		p.known[code] = a
	}
	return a
}
