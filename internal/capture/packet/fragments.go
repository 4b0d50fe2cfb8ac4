package packet

import (
	"net/netip"
	"time"

	"weir/internal/netmodel"
)

// FragmentAge is how long behind its first fragment a later one is taken for the same datagram.
//
// Source: Linux's net.ipv4.ipfrag_time, 30 s.
const FragmentAge = 30 * time.Second

// MaxDatagrams is how many datagrams the first fragment is remembered of. With more in 30 s the oldest are forgotten, and
// their later fragments are orphans.
//
// BPF: the size of its LRU map.
const MaxDatagrams = 4096

// datagram is what its fragments have in common.
type datagram struct {
	src, dst netip.Addr
	id       uint32
	// protocol is IPv4's. IPv6 reassembles without: its later fragments may say what they like (RFC 8200, 4.5).
	protocol uint8
}

// first is what is remembered of a first fragment.
type first struct {
	at               time.Time
	slot             int
	protocol         int
	srcPort, dstPort uint16
	typ, code        int
	id               uint16
}

// fragments knows the first fragments of datagrams.
type fragments struct {
	known map[datagram]first
	order []datagram // those that came in, as a ring
	next  int
}

func newFragments() fragments { return fragments{known: map[datagram]first{}} }

// remember keeps what a first fragment says of its datagram, and forgets the oldest where there are too many. One that
// comes again, or overlaps, stands for the one before: the receiver may see it otherwise, but nothing is counted twice.
func (f *fragments) remember(p *Packet, protocol uint8, at time.Time) {
	k := datagram{p.Src, p.Dst, p.Datagram, protocol}
	if len(f.order) < MaxDatagrams {
		f.order = append(f.order, k)
	} else {
		if oldest := f.order[f.next]; f.known[oldest].slot == f.next {
			delete(f.known, oldest)
		}
		f.order[f.next] = k
	}
	f.known[k] = first{at, f.next, p.Protocol, p.SrcPort, p.DstPort, p.Type, p.Code, p.ID}
	f.next = (f.next + 1) % MaxDatagrams
}

// recall fills in what the first fragment says, and reports whether it is known. Clocks step: what is up to FragmentAge
// before the first is taken too.
func (f *fragments) recall(p *Packet, protocol uint8, at time.Time) bool {
	if len(f.known) == 0 {
		return false
	}
	k, ok := f.known[datagram{p.Src, p.Dst, p.Datagram, protocol}]
	if age := at.Sub(k.at); !ok || age > FragmentAge || age < -FragmentAge {
		return false
	}
	p.Protocol, p.SrcPort, p.DstPort = k.protocol, k.srcPort, k.dstPort
	if p.Protocol == netmodel.ICMP || p.Protocol == netmodel.ICMPv6 {
		p.Type, p.Code, p.ID = k.typ, k.code, k.id
	}
	return true
}
