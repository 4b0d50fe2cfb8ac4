package afpacket

import (
	"net/netip"
	"time"

	"weir/internal/aggregate"
	"weir/internal/capture/packet"
	"weir/internal/policy"
)

// RowLength is what of time a row is of: none reaches over a multiple of it since the epoch, and so none over the end of a window.
const RowLength = 5 * time.Second

// key is what packets are counted by, beside what was decided. It has no gaps, so that it is hashed at once.
type key struct {
	src, dst         [16]byte // of IPv4 those of ::ffff:0:0/96, which an IPv6 header may have too
	srcPort, dstPort uint16
	protocol         uint8
	egress           bool
	family           uint16 // 4 or 6
	when             uint32 // time by RowLength
}

// row is what was decided alike of a flow.
type row struct {
	key      key
	decision policy.Decision
	counts   aggregate.Counts
	other    int32 // the row of the same key with another decision; -1: none
}

// flows are the rows of an interface in an epoch.
type flows struct {
	by   map[key]int32
	rows []row
}

func newFlows(like *flows) flows {
	return flows{by: make(map[key]int32, len(like.by)), rows: make([]row, 0, len(like.rows))}
}

// keyOf returns what a packet is counted by.
func keyOf(p *packet.Packet, egress bool, at int64) key {
	return key{
		src: p.Src.As16(), dst: p.Dst.As16(), srcPort: p.SrcPort, dstPort: p.DstPort, protocol: uint8(p.Protocol), egress: egress,
		family: familyOf(p.Src, p.Dst), when: uint32(at / int64(RowLength)),
	}
}

func familyOf(src, dst netip.Addr) uint16 {
	if src.Is4() && dst.Is4() {
		return 4
	}
	return 6
}

// addresses returns the addresses of the packets.
func (k *key) addresses() (src, dst netip.Addr) {
	src, dst = netip.AddrFrom16(k.src), netip.AddrFrom16(k.dst)
	if k.family == 4 {
		src, dst = src.Unmap(), dst.Unmap()
	}
	return src, dst
}

// find returns the row of a key and a decision, nil where there is none, and the last one of the key, or -1.
func (f *flows) find(k *key, d *policy.Decision) (r *row, last int32) {
	n, ok := f.by[*k]
	if !ok {
		return nil, -1
	}
	for {
		r := &f.rows[n]
		if r.decision == *d {
			return r, n
		}
		if r.other < 0 {
			return nil, n
		}
		n = r.other
	}
}

// enter makes a row behind the last one of its key.
func (f *flows) enter(k *key, d *policy.Decision, last int32, c aggregate.Counts) {
	n := int32(len(f.rows))
	f.rows = append(f.rows, row{*k, *d, c, -1})
	if last < 0 {
		f.by[*k] = n
	} else {
		f.rows[last].other = n
	}
}

// add adds counts.
func (r *row) add(c *aggregate.Counts) {
	r.counts.Packets += c.Packets
	r.counts.Bytes += c.Bytes
	r.counts.First, r.counts.Last = min(r.counts.First, c.First), max(r.counts.Last, c.Last)
	r.counts.Flags |= c.Flags
}
