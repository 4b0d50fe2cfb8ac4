package pair

import (
	"math/bits"

	"weir/flowlog"
)

// digest is a hash of 128 bits, which is taken for what it is the hash of. The sums
// of edges are kept in the ledger, so that neither it nor what is made of it may
// change.
type digest struct{ x, y uint64 }

const (
	saltX = 0x9e3779b97f4a7c15
	saltY = 0xd6e8feb86659fd93
)

// mix spreads the bits of x (the finalizer of splitmix64).
func mix(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}

// digestOf returns the digest of a text. Its lowest bit tells IPv6 addresses from
// others.
func digestOf(s string) digest {
	d := digest{saltX ^ uint64(len(s)), saltY + uint64(len(s))}
	colons := uint64(0)
	for rest := s; rest != ""; rest = rest[min(8, len(rest)):] {
		w := firstWord(rest)
		d.x = mix(d.x ^ w)
		d.y = mix(d.y + w*saltX)
		// A byte that is a colon becomes 0, of which less 1 is the highest bit.
		v := w ^ ones*':'
		colons |= (v - ones) &^ v & (ones << 7)
	}
	d.x &^= 1
	if colons != 0 {
		d.x |= 1
	}
	return d
}

// ones has a 1 in each byte.
const ones = 0x0101010101010101

// firstWord returns the first 8 bytes of a text, the first the lowest; those that it
// does not have are 0.
func firstWord(s string) uint64 {
	if len(s) >= 8 { // one load
		return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
			uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
	}
	w := uint64(0)
	for i := len(s) - 1; i >= 0; i-- {
		w = w<<8 | uint64(s[i])
	}
	return w
}

func (d digest) v6() bool { return d.x&1 == 1 }

// digests are the digests of the texts of a column, made when first asked for.
type digests struct {
	column *flowlog.TextColumn
	known  []digest // by code; the zero digest: not made yet
}

// of begins with a column, which may be nil.
func (d *digests) of(c *flowlog.TextColumn) {
	d.column = c
	if c == nil {
		return
	}
	if cap(d.known) < len(c.Dict) {
		d.known = make([]digest, len(c.Dict)+len(c.Dict)/2)
	}
	d.known = d.known[:len(c.Dict)]
	clear(d.known)
}

// at returns the digest of a record's text, or nil where it has none. It is valid
// until of is called.
func (d *digests) at(i int) *digest {
	code := d.column.At(i)
	if code == 0 {
		return nil
	}
	if known := &d.known[code]; *known != (digest{}) {
		return known
	}
	return d.make(code)
}

// makeAll makes the digests of all codes, which is faster than one by one as they are
// met.
func (d *digests) makeAll() {
	if d.column == nil {
		return
	}
	for code, text := range d.column.Dict {
		d.known[code] = digestOf(text)
	}
}

// make makes the digest of a code.
func (d *digests) make(code uint32) *digest {
	d.known[code] = digestOf(d.column.Dict[code])
	return &d.known[code]
}

// reader reads what counts of the records of one batch after the other.
type reader struct {
	iface, resource              digests
	src, dst, pktSrc, pktDst     digests
	sport, dport, protocol       []int64
	start, end                   []int64
	action, status, flow, logIDs *flowlog.TextColumn
	reject, nodata, skip         uint32 // codes; 0: no record has it
	ingress, egress              uint32

	// Of the last record that may have a pair: its ends, address and port.
	ends       [2]digest
	protocolOf int64
}

// begin begins with a batch.
func (r *reader) begin(b *flowlog.Batch) {
	for _, d := range []struct {
		digests *digests
		field   flowlog.FieldID
	}{
		{&r.iface, flowlog.InterfaceID},
		{&r.resource, flowlog.ResourceID},
		{&r.src, flowlog.SrcAddr},
		{&r.dst, flowlog.DstAddr},
		{&r.pktSrc, flowlog.PktSrcAddr},
		{&r.pktDst, flowlog.PktDstAddr},
	} {
		d.digests.of(b.Texts(d.field))
	}
	r.sport, r.dport, r.protocol = b.Nums(flowlog.SrcPort), b.Nums(flowlog.DstPort), b.Nums(flowlog.Protocol)
	r.start, r.end = b.Nums(flowlog.Start), b.Nums(flowlog.End)
	r.action, r.status = b.Texts(flowlog.Action), b.Texts(flowlog.LogStatus)
	r.flow, r.logIDs = b.Texts(flowlog.FlowDirection), b.Texts(flowlog.WeirFlowLogID)
	r.reject = codeOf(r.action, "REJECT")
	r.nodata, r.skip = codeOf(r.status, "NODATA"), codeOf(r.status, "SKIPDATA")
	r.ingress, r.egress = codeOf(r.flow, "ingress"), codeOf(r.flow, "egress")
}

// codeOf returns the code of a text of a small dictionary, or 0.
func codeOf(c *flowlog.TextColumn, text string) uint32 {
	if c != nil {
		for code, s := range c.Dict {
			if s == text {
				return uint32(code)
			}
		}
	}
	return 0
}

// number returns a number, or flowlog.Absent.
func number(column []int64, i int) int64 {
	if i < len(column) {
		return column[i]
	}
	return flowlog.Absent
}

// flags are what else counts of a record.
type flags uint16

const (
	forward  flags = 1 << iota // the end that compares less is the source
	rejected                   // REJECT, not ACCEPT
	flowing                    // it can have a pair
	traffic                    // it has traffic: the fields are there
	// What the interface's own address says, while it is not known: which ends are
	// the addresses of the interface's first record.
	srcIsFirst
	srcIsSecond
	dstIsFirst
	dstIsSecond
	v6
	flowIngress // flow-direction
	flowEgress
	onTheWay // an end is not the interface's own address, or the interface is not known
	// What owners say, where the records do not: which ends are the interface's own
	// addresses.
	srcIsOwn
	dstIsOwn
)

// row is a record by what counts for pairs and repeats. The flow is what all
// interfaces know of it: protocol, addresses and ports, of both directions.
type row struct {
	flow       digest
	start, end int64 // flowlog.Absent where the record has none
}

// interfaceAt returns the record's interface: the digest of a resource is odd, that
// of an interface even.
func (r *reader) interfaceAt(i int) (digest, bool) {
	if d := r.iface.at(i); d != nil {
		return digest{d.x, d.y &^ 1}, true
	}
	d := r.resource.at(i)
	if d == nil {
		return digest{}, false
	}
	return digest{d.x, d.y | 1}, true
}

// names are interfaces by their digests, in the order in which they are met.
type names struct {
	digests []digest
	places  map[digest]uint32
	codes   []uint32 // by code of the batch's interface-id: its place and 1; 0: not looked up
}

// begin begins with the batch that the reader began with.
func (n *names) begin(r *reader) {
	if c := r.iface.column; c != nil {
		n.codes = append(n.codes[:0], make([]uint32, len(c.Dict))...)
	}
}

// at returns the place of a record's interface, or none.
func (n *names) at(r *reader, i int) uint32 {
	code := uint32(0)
	if c := r.iface.column; c != nil {
		if code = c.At(i); code != 0 && n.codes[code] != 0 {
			return n.codes[code] - 1
		}
	}
	d, ok := r.interfaceAt(i)
	if !ok {
		return none
	}
	at := n.place(d)
	if code != 0 {
		n.codes[code] = at + 1
	}
	return at
}

// place returns the place of an interface.
func (n *names) place(d digest) uint32 {
	at, ok := n.places[d]
	if !ok {
		at = uint32(len(n.digests))
		n.digests = append(n.digests, d)
		if n.places == nil {
			n.places = map[digest]uint32{}
		}
		n.places[d] = at
	}
	return at
}

// resource reports whether an interface's digest is that of a resource, which has
// interfaces that are not known.
func (d digest) resource() bool { return d.y&1 == 1 }

// addresses are a record's srcaddr and dstaddr.
type addresses struct {
	src, dst digest
	both     bool // it has both
}

// row reads a record's row, its addresses, and its flags but for those of addresses.
// named says that it has an interface, which is iface.
func (r *reader) row(i int, iface digest, named bool, w *row, a *addresses) (f flags) {
	w.start, w.end = number(r.start, i), number(r.end, i)
	if code := r.status.At(i); code != 0 && (code == r.nodata || code == r.skip) {
		return 0
	}
	f = traffic
	if r.flow != nil {
		code := r.flow.At(i)
		if code != 0 && code == r.ingress {
			f |= flowIngress
		}
		if code != 0 && code == r.egress {
			f |= flowEgress
		}
	}
	src, dst := r.src.at(i), r.dst.at(i)
	a.both = src != nil && dst != nil
	if a.both {
		a.src, a.dst = *src, *dst
	}
	protocol, action := number(r.protocol, i), r.action.At(i)
	if !named || protocol == flowlog.Absent || w.start == flowlog.Absent || w.end == flowlog.Absent || action == 0 {
		return f
	}
	if action == r.reject {
		f |= rejected
	}
	if iface.resource() {
		f |= onTheWay
	}
	if pktSrc, pktDst := r.pktSrc.at(i), r.pktDst.at(i); pktSrc != nil && pktDst != nil {
		if a.both && (*src != *pktSrc || *dst != *pktDst) {
			f |= onTheWay
		}
		src, dst = pktSrc, pktDst
	} else if !a.both {
		return f
	}
	sport, dport := number(r.sport, i), number(r.dport, i)
	if sport == flowlog.Absent || dport == flowlog.Absent {
		if hasPorts(protocol) {
			return f
		}
		sport, dport = 0, 0
	}
	from, to := src.with(sport), dst.with(dport)
	if from == to {
		return f // the opposite direction looks the same
	}
	// As half of the records are forward, a branch would mostly be foreseen wrong.
	_, less := bits.Sub64(from.y, to.y, 0)
	_, less = bits.Sub64(from.x, to.x, less)
	f |= flags(less) * forward
	r.ends, r.protocolOf = [2]digest{from, to}, protocol
	w.flow = digest{
		mix(uint64(protocol)*saltY + from.x + to.x),
		mix(uint64(protocol)*saltX + from.y + to.y),
	}
	return f | flowing
}

// with returns the digest of an address and a port.
func (d digest) with(port int64) digest {
	return digest{mix(d.x + uint64(port)*saltX), mix(d.y + uint64(port)*saltY)}
}

// hasPorts reports whether a protocol's ends are told by ports: TCP, UDP, DCCP, SCTP
// and UDP-Lite (IANA protocol numbers).
func hasPorts(protocol int64) bool {
	switch protocol {
	case 6, 17, 33, 132, 136:
		return true
	}
	return false
}
