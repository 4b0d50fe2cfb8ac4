package policy

import (
	"time"

	"weir/internal/netmodel"
)

// Timeouts are how long a connection stays open without a packet.
type Timeouts struct {
	TCPEstablished time.Duration // AWS: 432,000 s; 350 s on Nitro v6 instances
	UDP            time.Duration // AWS: 30 s
	UDPStream      time.Duration // AWS: 180 s
	// TCPOther is of TCP connections that are opening or closing. AWS documents no number;
	// Linux's nf_conntrack has 120 s for a SYN that was sent and for TIME_WAIT.
	TCPOther time.Duration
	// Other is of everything else: 600 s by the EC2 user guide, which does not say whether
	// ICMP is meant too.
	Other time.Duration
}

// DefaultTimeouts returns what AWS sets where nobody set anything.
//
// Source: EC2 user guide, "Idle connection tracking timeout"; spec e.3.
func DefaultTimeouts() Timeouts {
	return Timeouts{
		TCPEstablished: 432_000 * time.Second,
		UDP:            30 * time.Second,
		UDPStream:      180 * time.Second,
		TCPOther:       120 * time.Second,
		Other:          600 * time.Second,
	}
}

// Connections decides at an ENI with the connections that its security groups have seen.
// It is not for concurrent use. It grows with each connection: Forget what has expired.
type Connections struct {
	at       *Interface
	timeouts Timeouts
	open     map[flow]connection
	most     int // below 0: any number
	full     int64
}

// NewConnections returns an ENI without connections.
func NewConnections(at *Interface, t Timeouts) *Connections {
	return &Connections{at: at, timeouts: t, open: map[flow]connection{}, most: -1}
}

// Use takes another definition of the same ENI. Tracked connections stay open, also where no
// rule allows them any more (EC2 user guide, "Untracked connections").
func (c *Connections) Use(at *Interface) { c.at = at }

// UseTimeouts takes other timeouts: they are those of all connections, also of such that are open.
func (c *Connections) UseTimeouts(t Timeouts) { c.timeouts = t }

// Bound sets how many connections are kept at most, those that have expired and were not forgotten included. At first it is any number. One
// that is too many is not tracked, and what answers it is decided of by itself, as where AWS's connection tracking is full.
func (c *Connections) Bound(most int) { c.most = most }

// Full returns how often there was no place for a connection.
func (c *Connections) Full() int64 { return c.full }

// At returns the ENI as it is defined now.
func (c *Connections) At() *Interface { return c.at }

// Len returns how many connections are kept, those that have expired and were not forgotten
// included.
func (c *Connections) Len() int { return len(c.open) }

// Forget forgets the connections that have expired at a time.
func (c *Connections) Forget(now time.Time) {
	n := now.UnixNano()
	for f, known := range c.open {
		if !known.lives(f.protocol, &c.timeouts, n) {
			delete(c.open, f)
		}
	}
}

// Decide decides of a packet at a time, which should not be before that of the packet
// before. The packet must pass its Check.
func (c *Connections) Decide(p *Packet, d netmodel.Direction, now time.Time) Decision {
	return c.at.decide(p, directionOf(d), byAddress, c, now.UnixNano())
}

// flow is what a connection is found by. It is the same for both of its directions, and
// has no gaps between its fields, so that it is hashed at once.
type flow struct {
	near, far address
	ports     uint32 // near and far port, or an ICMP identifier
	protocol  uint8
	// request is the ICMP type of a request, and opener who sends it.
	request uint8
	opener  direction
	_       uint8
}

// connection is a tracked connection. It is small, and lies in the map itself: what takes
// time is to bring it out of memory.
type connection struct {
	opener *Interface // what allowed it
	last   int64      // when the last packet came, in nanoseconds since 1970
	key    uint16     // of the first packet
	way    direction  // of the first packet
	// seen and finished are the directions of packets that came, and of those with a FIN.
	seen, finished [2]bool
	reset          bool
	lastWay        direction
	exchanges      uint8 // replies that follow a packet of the opener, at most 2
}

// icmpRequests are the types of requests and of their replies.
//
// Source: RFC 792, RFC 950, RFC 4443.
var icmpRequests = [...]struct{ protocol, request, reply int }{
	{netmodel.ICMP, 8, 0},
	{netmodel.ICMP, 13, 14},
	{netmodel.ICMP, 15, 16},
	{netmodel.ICMP, 17, 18},
	{netmodel.ICMPv6, 128, 129},
}

// flowOf returns the flow of a packet, whether there can be a connection of it, and whether
// the packet can open one.
func flowOf(p *Packet, way direction) (f flow, tracked, opens bool) {
	near, far := p.ends(way)
	f = flow{near: addressOf(near), far: addressOf(far), protocol: uint8(p.Protocol)}
	switch {
	case p.Protocol == netmodel.TCP || p.Protocol == netmodel.UDP:
		f.ports = uint32(p.SrcPort)<<16 | uint32(p.DstPort)
		if way == ingress {
			f.ports = uint32(p.DstPort)<<16 | uint32(p.SrcPort)
		}
	case p.icmp():
		f.ports = uint32(p.ID)
		for _, r := range icmpRequests {
			switch {
			case r.protocol == p.Protocol && r.request == p.Type:
				f.request, f.opener = uint8(r.request), way
				return f, true, true
			case r.protocol == p.Protocol && r.reply == p.Type:
				f.request, f.opener = uint8(r.request), way.other()
				return f, true, false
			}
		}
		return f, false, false
	}
	return f, true, true
}

// isICMPError reports whether a packet is an ICMP error, which quotes what it is about.
//
// Source: RFC 792 (unreachable, source quench, time exceeded, parameter problem), RFC 4443.
func isICMPError(p *Packet) bool {
	switch p.Protocol {
	case netmodel.ICMP:
		return p.Type == 3 || p.Type == 4 || p.Type == 11 || p.Type == 12
	case netmodel.ICMPv6:
		return p.Type >= 1 && p.Type <= 4
	}
	return false
}

// find returns the flow that a packet is of, or that the packet which it quotes is of, and
// its connection. It is not there if its opener is nil.
func (c *Connections) find(p *Packet, way direction, now int64) (f flow, known connection) {
	if p.Quoted != nil && isICMPError(p) {
		// What it is about went the other way, from or to the address that it comes to or from.
		to, _ := p.ends(way)
		from, _ := p.Quoted.ends(way.other())
		if addressOf(to) != addressOf(from) {
			return flow{}, connection{}
		}
		p, way = p.Quoted, way.other()
	}
	f, tracked, _ := flowOf(p, way)
	if !tracked {
		return f, connection{}
	}
	known = c.open[f]
	if known.opener == nil || !known.lives(f.protocol, &c.timeouts, now) {
		return f, connection{}
	}
	if known.closing() && p.Flags&(SYN|ACK) == SYN {
		return f, connection{} // another connection with the same ports
	}
	return f, known
}

// accepted enters an accepted packet into its connection, which is known, or else opens one,
// if it is to be tracked.
func (c *Connections) accepted(p *Packet, q *question, f *flow, known *connection, now int64) {
	if isICMPError(p) {
		return
	}
	if known.opener == nil {
		_, tracked, opens := flowOf(p, q.way)
		if !tracked || !opens || c.at.groups.untracked(p, q) {
			return
		}
		if c.most >= 0 && len(c.open) >= c.most {
			if _, again := c.open[*f]; !again {
				c.full++
				return
			}
		}
		*known = connection{opener: c.at, last: now, key: q.key, way: q.way}
	}
	known.last = max(known.last, now)
	known.seen[q.way] = true
	if q.way != known.way && known.lastWay != q.way {
		known.exchanges = min(known.exchanges+1, 2)
	}
	known.lastWay = q.way
	if p.Protocol == netmodel.TCP {
		known.finished[q.way] = known.finished[q.way] || p.Flags&FIN != 0
		known.reset = known.reset || p.Flags&RST != 0
	}
	c.open[*f] = *known
}

// opening returns what the groups were asked about the connection's first packet.
func (c *connection) opening(f *flow, of family) question {
	return question{far: f.far, key: c.key, protocol: f.protocol, family: of, way: c.way}
}

func (c *connection) closing() bool { return c.reset || c.finished == [2]bool{true, true} }

// lives reports whether a connection is open at a time.
func (c *connection) lives(protocol uint8, t *Timeouts, now int64) bool {
	return now-c.last <= int64(c.timeout(protocol, t))
}

func (c *connection) timeout(protocol uint8, t *Timeouts) time.Duration {
	switch protocol {
	case netmodel.TCP:
		if c.seen == [2]bool{true, true} && !c.closing() {
			return t.TCPEstablished
		}
		return t.TCPOther
	case netmodel.UDP:
		if c.exchanges > 1 {
			return t.UDPStream
		}
		return t.UDP
	}
	return t.Other
}
