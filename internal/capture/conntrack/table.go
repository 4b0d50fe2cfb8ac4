package conntrack

import (
	"net/netip"
	"time"
)

// Ends are the addresses and ports of packets, as they are in them.
type Ends struct {
	Src, Dst         netip.Addr
	SrcPort, DstPort uint16
	Protocol         uint8 // IANA's number
}

// reversed returns those of the replies.
func (e Ends) reversed() Ends {
	return Ends{e.Dst, e.Src, e.DstPort, e.SrcPort, e.Protocol}
}

// A connection is what ctnetlink tells of one: the packets of who opened it before they are translated, and the replies before they are.
type connection struct {
	id   uint32
	ways [2]struct {
		ends Ends
		zone uint16
	}
}

// The kernel has both tuples of a connection in one table, each there once (in a zone). Packets that come in are looked up as they are, and what they are translated to is the reverse of the
// connection's other tuple: their destination becomes the other tuple's source. Packets that leave are translated already: they are the reverse of one tuple, and before
// that had the source of the other. So for both, what is behind the translation is the source of the other tuple.

// side is one tuple of a connection.
type side struct {
	// near is the source of the other tuple.
	near netip.Addr
	id   uint32
	zone uint16
	// turn is the last dump that it was seen in or after.
	turn uint32
	// ended is when it was told that it has ended, in nanoseconds since the epoch; 0: it has not.
	ended int64
}

// ending is a side that has ended.
type ending struct {
	of Ends
	id uint32
	at int64
}

const (
	// keepFor is how long a connection that has ended is known: its packets are asked for some seconds later.
	keepFor = 30 * time.Second
	// mostSides bounds the memory: some 200 bytes each, two of a connection.
	mostSides = 1 << 20
	// slack is how far the clock of what is counted may be from this one. It has steps of 10 ms (see package ebpf), so that a first packet may seem to be earlier than it was, which only
	// makes more unknown; later by what clocks drift between two reads.
	slack = int64(100 * time.Millisecond)
)

// table are the connections. Of those that are not translated it has only the ones that took the place of another, or ended a moment ago.
type table struct {
	sides map[Ends][]side
	open  int // sides that have not ended
	ended []ending
	most  int
	// since is from when on all is known, in nanoseconds since the epoch; whole says that it is: a dump has ended, and nothing was lost since it began.
	since int64
	whole bool
	turn  uint32
	// full says that there was no place for a connection, and refused that there was none since the last dump began, at began.
	full, refused bool
	began         int64
	// older says that some have begun before anybody listened: the kernel may not tell their end (net.netfilter.nf_conntrack_events=2).
	older bool
}

func newTable(most int) *table { return &table{sides: map[Ends][]side{}, most: most} }

// begin says that a dump begins: what it does not have has ended.
func (t *table) begin(now int64) {
	t.turn++
	t.began, t.refused, t.older = now, false, false
}

// lost says that messages were lost, or that a dump has to be waited for.
func (t *table) lost() { t.whole = false }

// finish says that the dump has ended.
func (t *table) finish(now int64) {
	for of, all := range t.sides {
		for i := range all {
			if all[i].ended == 0 && all[i].turn != t.turn {
				t.end(of, &all[i], now)
			}
		}
	}
	if !t.whole || t.full {
		t.since = max(t.since, t.began)
	}
	t.whole, t.full = true, t.refused
	t.forget(now)
}

// restart says that the clock was set: what is known of times is not any more.
func (t *table) restart(now int64) {
	for _, e := range t.ended {
		t.remove(&e)
	}
	t.ended = nil
	t.since, t.began = now, now
}

func (t *table) end(of Ends, s *side, now int64) {
	s.ended = now
	t.open--
	t.ended = append(t.ended, ending{of, s.id, now})
}

// add takes a connection that has begun, or that a dump has.
func (t *table) add(c *connection, now int64) {
	for i := range c.ways {
		of, near, zone := c.ways[i].ends, c.ways[1-i].ends.Src, c.ways[i].zone
		all, known := t.sides[of], false
		for i := range all {
			s := &all[i]
			switch {
			case s.ended != 0 || s.zone != zone:
			case s.id == c.id:
				s.near, s.turn, known = near, t.turn, true
			default: // it is in the other's place, whose end was not told
				t.end(of, s, now)
			}
		}
		if known || near == of.Dst && len(all) == 0 {
			continue
		}
		if t.open+len(t.ended) >= t.most {
			t.drop()
		}
		if t.open >= t.most {
			t.full, t.refused = true, true
			continue
		}
		t.sides[of] = append(t.sides[of], side{near: near, id: c.id, zone: zone, turn: t.turn})
		t.open++
	}
	t.forget(now)
}

// close takes a connection that has ended.
func (t *table) close(c *connection, now int64) {
	for i := range c.ways {
		of, known := c.ways[i].ends, false
		all := t.sides[of]
		for i := range all {
			if s := &all[i]; s.id == c.id && s.ended == 0 {
				t.end(of, s, now)
				known = true
			}
		}
		if !known { // packets of it may have been counted together with those of what takes its place
			if t.open+len(t.ended) >= t.most {
				t.drop()
			}
			t.sides[of] = append(all, side{near: c.ways[1-i].ends.Src, id: c.id, zone: c.ways[i].zone, ended: now})
			t.ended = append(t.ended, ending{of, c.id, now})
		}
	}
	t.forget(now)
}

// forget forgets what ended long ago.
func (t *table) forget(now int64) {
	for len(t.ended) > 0 && t.ended[0].at < now-int64(keepFor) {
		t.drop()
	}
}

// drop forgets what ended first: nothing is known of times before.
func (t *table) drop() {
	if len(t.ended) == 0 {
		return
	}
	e := t.ended[0]
	t.ended = t.ended[1:]
	t.since = max(t.since, e.at+1)
	t.remove(&e)
}

func (t *table) remove(e *ending) {
	all := t.sides[e.of]
	for i := range all {
		if all[i].id == e.id && all[i].ended == e.at {
			all[i] = all[len(all)-1]
			all = all[:len(all)-1]
			break
		}
	}
	if len(all) == 0 {
		delete(t.sides, e.of)
		return
	}
	t.sides[e.of] = all
}

// near returns what is behind the translation of packets, of which the first passed at a time in nanoseconds since the epoch: their destination where they come in, their
// source where they leave. It is that of the packets where nothing is translated, and not known where it may be one of two.
func (t *table) near(e Ends, egress bool, first int64) (a netip.Addr, known bool) {
	of := e
	if egress {
		of = e.reversed()
	}
	a = of.Dst
	if !t.whole || first < t.since {
		return a, false
	}
	found := false
	for i := range t.sides[of] {
		s := &t.sides[of][i]
		if s.ended != 0 && s.ended+slack < first {
			continue
		}
		if found && s.near != a {
			return of.Dst, false
		}
		a, found = s.near, true
	}
	return a, found || !t.full
}
