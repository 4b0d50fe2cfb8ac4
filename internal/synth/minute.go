package synth

// minute makes the traffic of one minute. Its random stream depends on the seed
// and the minute only, and each step draws from it alike whatever slot is
// wanted, so the traffic of a minute is the same for both slots that can hold
// records of it.
type minute struct {
	rng
	w    *world
	plan *plan
	n    int    // minutes since the start
	at   uint32 // its first second, since the epoch
	left int64  // records of the minute that are still to be made
	// Rows whose end lies in [from, to) are kept; first and last are the first
	// and the last second that the logs cover.
	from, to, first, last uint32
	rows                  []row
	// answers is the number of the story whose question the next record answers;
	// 0 for none. Making a record resets it.
	answers uint8
	pings   int // pairs that had their ping in this minute
}

// endpoint is an address with a port.
type endpoint struct {
	addr uint32 // in the book
	port uint16
}

// volume is what goes one way.
type volume struct {
	packets uint32
	bytes   uint64
	flags   uint8
}

// conn is a connection within a minute, as an interface sees it.
type conn struct {
	at             uint32 // time of the first packet
	client, server endpoint
	protocol       uint8
	up, down       volume // client to server, server to client
	// long says that the connection was there before and stays, so that its
	// first packet in a window comes soon after the window's begin.
	long bool
	// closed says that its packets come after it was closed.
	closed bool
	// far is the packets' own server address where a NAT gateway hides it; 0
	// otherwise.
	far uint32
}

// clock returns a time within the minute.
func (m *minute) clock() uint32 { return m.at + m.below(60) }

// windowEnd returns the end of the interface's window that holds time t. The
// last windows are cut off where the logs end.
func (m *minute) windowEnd(e *eni, t uint32) uint32 {
	return min(t+(e.phase+windowSeconds-t%windowSeconds)%windowSeconds, m.last)
}

// sides says at which interfaces and ways a connection is recorded.
type sides struct {
	client, server *eni // nil where that end has no interface of the VPC
	// Next hops as the client's and the server's interface see them; nil for
	// none.
	beyondClient, beyondServer *eni
}

// both records each direction of a connection at both ends' interfaces: two
// records for each end in the VPC.
func (m *minute) both(c *conn, s sides) {
	if s.client != nil {
		m.up(c, s.client, s.beyondClient, true, false)
		m.down(c, s.client, s.beyondClient, false, false)
	}
	if s.server != nil {
		m.up(c, s.server, s.beyondServer, false, false)
		m.down(c, s.server, s.beyondServer, true, false)
	}
}

// inside records a connection of two interfaces of the VPC: four records.
func (m *minute) inside(c *conn, client, server *eni) {
	m.both(c, sides{client, server, server, client})
}

// up records the direction from client to server at interface e.
func (m *minute) up(c *conn, e, hop *eni, egress, reject bool) {
	r := row{
		src: c.client.addr, dst: c.server.addr, pktSrc: c.client.addr, pktDst: c.server.addr,
		srcPort: c.client.port, dstPort: c.server.port,
		packets: c.up.packets, bytes: c.up.bytes, tcpFlags: c.up.flags,
		egress: egress, reject: reject, late: c.closed,
	}
	if c.far != 0 {
		r.pktDst = c.far
	}
	m.record(&r, c, e, hop)
}

// down records the direction from server to client at interface e.
func (m *minute) down(c *conn, e, hop *eni, egress, reject bool) {
	r := row{
		src: c.server.addr, dst: c.client.addr, pktSrc: c.server.addr, pktDst: c.client.addr,
		srcPort: c.server.port, dstPort: c.client.port,
		packets: c.down.packets, bytes: c.down.bytes, tcpFlags: c.down.flags,
		egress: egress, reject: reject, reply: true, late: c.closed,
	}
	if c.far != 0 {
		r.pktSrc = c.far
	}
	m.record(&r, c, e, hop)
}

// record completes a row and keeps it where its end lies in the slot.
func (m *minute) record(r *row, c *conn, e, hop *eni) {
	windowEnd := m.windowEnd(e, c.at)
	r.protocol, r.story, m.answers = c.protocol, m.answers, 0
	r.start, r.end = c.at, windowEnd
	late := m.next()
	switch {
	case c.long:
		// The first packet of a busy connection comes 1, 2, 3... seconds into
		// the window, each half as often.
		quick := rng{late}
		r.start = min(max(windowEnd-windowSeconds+1+quick.few(), m.first), r.end)
	case r.packets == 1 && e.managed:
		// Interfaces of AWS's services give a lone packet's own time as its
		// end; instances' give the window's. Both are seen in real logs.
		r.end = r.start
	}
	if hop != nil {
		r.hop = uint32(hop.index + 1)
	}
	if r.egress {
		r.path = m.path(r)
	}
	m.keep(r, e.index, windowEnd, late)
}

// path returns the traffic-path of an outgoing record.
func (m *minute) path(r *row) uint8 {
	switch {
	case r.hop != 0:
		return pathVPC
	case m.w.book.entries[r.pktDst].service == "S3":
		return pathEndpoint
	}
	return pathInternet
}

// keep counts the row, and holds it where its end lies in the slot.
func (m *minute) keep(r *row, vantage int, windowEnd uint32, random uint64) {
	m.left--
	if r.end < m.from || r.end >= m.to {
		return
	}
	r.vantage, r.order = uint32(vantage), random
	// An interface's window comes in two parts.
	r.batch = uint32(hash(m.w.cfg.Seed, uint64(vantage)<<32|uint64(windowEnd), random&1))
	m.rows = append(m.rows, *r)
}

// silence records a window without traffic (NODATA) or with lost records
// (SKIPDATA). The window is that in which the minute begins.
func (m *minute) silence(e *eni, s status) {
	end := m.windowEnd(e, m.at)
	random := m.next()
	// Such windows are seen to be a second or two short.
	start := max(end-windowSeconds+uint32(random%3), m.first)
	r := row{start: start, end: end, status: s, story: m.answers}
	m.answers = 0
	m.keep(&r, e.index, end, random)
}
