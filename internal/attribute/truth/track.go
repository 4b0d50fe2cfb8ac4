package truth

import (
	"net/netip"

	"weir/internal/netmodel"
)

// tuple finds a connection at an ENI, whichever way a packet of it goes.
type tuple struct {
	protocol            int
	near, far           netip.Addr
	nearPort, farPort   uint16
	request, identifier int // of ICMP
}

// connection is an entry of an ENI's connection table.
type connection struct {
	first   packet
	way     netmodel.Direction // of the first packet
	last    int64              // when the last packet came, in milliseconds
	both    bool               // packets came of both directions
	turns   int                // packets of the one that answers, which follow one of the other
	lastWay netmodel.Direction
	fins    map[netmodel.Direction]bool
	closed  bool
}

// table is the connections of an ENI, as its groups know them.
//
// Source: EC2 user guide, "Security group connection tracking".
type table struct {
	open map[tuple]*connection
	// ended are connections that were open, and are not any more.
	ended map[tuple]*connection
}

// requests are the types of ICMP that are answered, by the answer's type.
var requests = map[[2]int]int{
	{netmodel.ICMP, 0}: 8, {netmodel.ICMP, 14}: 13, {netmodel.ICMPv6, 129}: 128,
}

// tupleOf returns the connection that a packet is of: none for ICMP that nothing answers.
// starts says that such a packet can be the first.
func tupleOf(p *packet, way netmodel.Direction) (t tuple, is, starts bool) {
	t = tuple{protocol: p.protocol, near: p.src, far: p.dst, nearPort: p.sport, farPort: p.dport}
	if way == netmodel.Ingress {
		t = tuple{protocol: p.protocol, near: p.dst, far: p.src, nearPort: p.dport, farPort: p.sport}
	}
	if p.protocol != netmodel.ICMP && p.protocol != netmodel.ICMPv6 {
		return t, true, true
	}
	t.identifier = int(p.id)
	for answer, request := range requests {
		switch {
		case answer[0] != p.protocol:
		case request == p.kind:
			t.request = request
			return t, true, true
		case answer[1] == p.kind:
			t.request = request
			return t, true, false
		}
	}
	return t, false, false
}

// find returns the connection that a packet, or what an ICMP error quotes, belongs to.
func (t *table) find(p *packet, way netmodel.Direction, now int64, w *World) *connection {
	if p.quoted != nil {
		return t.find(p.quoted, other(way), now, w)
	}
	of, is, _ := tupleOf(p, way)
	c := t.open[of]
	if !is || c == nil {
		return nil
	}
	if now-c.last > c.timeout(of.protocol, w) {
		delete(t.open, of)
		t.ended[of] = c
		return nil
	}
	if c.closed && p.flags&syn != 0 && p.flags&ack == 0 {
		return nil // another connection with the same ports
	}
	if c.closed && w.refusesLate && w.forgetsAtClose {
		return nil
	}
	return c
}

// timeout returns how many milliseconds a connection is kept without packets.
func (c *connection) timeout(protocol int, w *World) int64 {
	seconds := int64(600)
	switch protocol {
	case netmodel.TCP:
		seconds = w.tcpEstablished
		if !c.both || c.closed {
			seconds = w.tcpOther
		}
	case netmodel.UDP:
		seconds = 30
		if c.turns > 1 {
			seconds = 180
		}
	}
	return seconds * 1000
}

// note enters an accepted packet.
func (t *table) note(c *connection, p *packet, way netmodel.Direction, now int64) {
	of, is, starts := tupleOf(p, way)
	if p.quoted != nil || !is {
		return
	}
	if c == nil {
		if !starts || late(p) && t.ended[of] != nil {
			return
		}
		c = &connection{first: *p, way: way, fins: map[netmodel.Direction]bool{}, lastWay: way}
		t.open[of] = c
		delete(t.ended, of)
	}
	c.last, c.both = now, c.both || way != c.way
	if way != c.way && c.lastWay == c.way {
		c.turns++
	}
	c.lastWay = way
	if p.flags&fin != 0 {
		c.fins[way] = true
	}
	if p.flags&rst != 0 || len(c.fins) == 2 {
		c.closed = true
		t.ended[of] = c
	}
}

// late reports whether a packet, of which no connection is known, begins none: one of TCP
// without SYN.
func late(p *packet) bool { return p.protocol == netmodel.TCP && p.flags&syn == 0 }
