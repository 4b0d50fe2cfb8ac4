package ebpf

import (
	"errors"
	"fmt"
	"time"

	"github.com/cilium/ebpf"
)

// Epoch names an epoch of a program's tables. Tables that are made anew, after the machine was started again or with another
// layout, are others, and numbers begin anew after 8,388,606.
type Epoch struct {
	Tables string
	Number uint32
}

// Turn closes the epoch that counts, and begins another. While the rows of a closed epoch are not settled it turns nothing, and
// returns that one.
//
// An epoch should be as short as the windows of records are. It may last as long as nobody is there to read: packets are
// counted in 44 bits, bytes in 52.
func (p *Program) Turn() (Epoch, error) {
	if !p.isClosed {
		// Where the rows of the epoch before were settled unread: what still counts in that one must not count in the place of the next.
		if err := p.wait(); err != nil {
			return Epoch{}, fmt.Errorf("can't wait for the epoch to end: %w", err)
		}
		if err := p.turn(p.word); err != nil {
			return Epoch{}, err
		}
	}
	return p.epoch(), nil
}

func (p *Program) epoch() Epoch { return Epoch{p.tables(), p.old.epoch} }

// Closed returns the epoch that is closed and not settled, if there is one. After [Load], it is what a process before has
// closed: if its rows are known to be kept, they are to be settled without reading them again.
func (p *Program) Closed() (Epoch, bool) {
	if !p.isClosed {
		return Epoch{}, false
	}
	return p.epoch(), true
}

// Rows calls do for each flow that had packets in the closed epoch. The row is do's until it returns. It may be called again
// before the epoch is settled, by this process or one after it: the rows are the same, but for their order, and but for times where
// the wall clock was set. Entries that are idle are removed.
func (p *Program) Rows(do func(*Row) error) error {
	if !p.isClosed {
		return errors.New("no epoch is closed")
	}
	if err := p.wait(); err != nil {
		return fmt.Errorf("can't wait for the epoch to end: %w", err)
	}
	return p.read(do)
}

// Settle says that the rows of the closed epoch are kept elsewhere. Their counts are given up: the next turn counts over them.
// Whoever keeps rows keeps the epoch with them, in one step: then a process that ends between that and Settle is not
// followed by one that counts them twice.
func (p *Program) Settle() error {
	if !p.isClosed {
		return errors.New("no epoch is closed")
	}
	s := p.state
	s.Settled = p.old.epoch
	if err := p.objects.States.Put(uint32(0), s); err != nil {
		return err
	}
	p.state, p.isClosed = s, false
	return nil
}

// Read turns the epoch, calls do for each of its rows, and settles it: for those who keep rows no longer than the process is
// there. Where do fails, nothing is settled, and the next Read begins anew with the same rows.
func (p *Program) Read(do func(*Row) error) error {
	if _, err := p.Turn(); err != nil {
		return err
	}
	if err := p.Rows(do); err != nil {
		return err
	}
	return p.Settle()
}

// maxBatch is how many entries are read, and how many removed, at once.
const maxBatch = 4096

// batch is memory for reading.
type batch struct {
	flows       []weirFlow
	connections []weirConnection
	keys        []weirAsideKey
	asides      []weirAside
	idle        []weirAsideKey
	row         Row
}

// turning is a read of one epoch.
type turning struct {
	old    word
	offset int64      // of the wall clock, to that of the program
	now    uint64     // of the program
	by     []judged   // what was in force, by slot
	heads  []weirHead // of what is in force now, by slot
	used   [maxGeneration + 1]bool
	seen   []bool // slots that are in a table
	do     func(*Row) error
}

// turn begins another epoch with a control word.
func (p *Program) turn(next word) error {
	next.epoch = after(p.word.epoch)
	s := p.state
	s.Gens[next.epoch&1] = next.gen
	err := p.objects.States.Put(uint32(0), s)
	if err == nil {
		err = p.objects.Control.Put(uint32(0), weirClock{Word: next.bits(), Now: uint64(p.driven)})
	}
	if err != nil {
		return fmt.Errorf("can't turn the epoch: %w", err)
	}
	p.state, p.old, p.word, p.isClosed, p.waits = s, p.word, next, true, true
	return nil
}

// read reads the closed epoch.
func (p *Program) read(do func(*Row) error) error {
	t := turning{old: p.old, by: p.generations[p.old.gen], seen: make([]bool, len(p.ids)), do: do}
	if err := p.setOff(&t); err != nil {
		return err
	}
	if p.batch.flows == nil {
		p.batch.flows, p.batch.connections = make([]weirFlow, maxBatch), make([]weirConnection, maxBatch)
		p.batch.keys, p.batch.asides = make([]weirAsideKey, maxBatch), make([]weirAside, maxBatch)
	}
	p.batch.idle = p.batch.idle[:0] // what is left of a read that failed
	if err := p.readConnections(&t); err != nil {
		return fmt.Errorf("can't read what was counted: %w", err)
	}
	if err := p.readAsides(&t); err != nil {
		return fmt.Errorf("can't read what was counted: %w", err)
	}
	p.release(&t)
	return p.retire(&t.used)
}

// release finds the slots that nothing is in any more, and no device is.
func (p *Program) release(t *turning) {
	clear(p.free)
	now := p.generations[p.word.gen]
	for slot := 1; slot < min(len(t.by), len(now)); slot++ {
		if now[slot].Mode == Off && t.by[slot].Mode == Off && !t.seen[slot] {
			p.free[uint16(slot)] = true
		}
	}
	for _, l := range p.links {
		delete(p.free, uint16(l.Is[p.word.parity]))
	}
	for _, n := range p.others {
		for _, l := range n.links {
			delete(p.free, uint16(l.Is[p.word.parity]))
		}
	}
}

// setOff asks for the program's clock and its heads.
func (p *Program) setOff(t *turning) error {
	o, err := p.reap(nil, false)
	if err != nil {
		return fmt.Errorf("can't ask for the clock: %w", err)
	}
	if t.now = o.Now; !p.isDriven {
		t.offset = time.Now().UnixNano() - int64(o.Now)
	}
	t.heads = make([]weirHead, len(p.ids))
	for slot := range t.heads {
		if err := p.objects.Heads.Lookup(uint32(slot)<<1|uint32(p.word.parity), &t.heads[slot]); err != nil {
			return err
		}
	}
	return nil
}

// mostAhead is by how many ticks an observed packet's time may be after now: it is not of the coarse clock, which steps by 10 ms at most.
const mostAhead = 16

// time returns the time of a tick, which is not after now but for mostAhead, in nanoseconds since the epoch.
func (t *turning) time(tick uint32) int64 {
	now := t.now >> tickBits
	if ahead := tick - uint32(now); ahead <= mostAhead {
		return int64((now+uint64(ahead))<<tickBits) + t.offset
	}
	return int64((now-uint64(uint32(now)-tick))<<tickBits) + t.offset
}

func (p *Program) readConnections(t *turning) error {
	var at ebpf.MapBatchCursor
	b := &p.batch
	for {
		n, err := p.objects.Connections.BatchLookup(&at, b.flows, b.connections, nil)
		last := errors.Is(err, ebpf.ErrKeyNotExist)
		if err != nil && !last {
			return err
		}
		for i := range n {
			if err := p.connection(t, &b.flows[i], &b.connections[i]); err != nil {
				return err
			}
		}
		if err := p.reapIdle(false); err != nil || last {
			return err
		}
	}
}

// bytesBits is how many bits are of bytes: those above count how often the 32 bits of packets went over.
const bytesBits = 52

// counts returns packets and bytes of a table's numbers.
func counts(packets uint32, bytes uint64) (int64, int64) {
	return int64(bytes>>bytesBits<<32 | uint64(packets)), int64(bytes & (1<<bytesBits - 1))
}

// connection tells of a connection's counts, and notes it where it is idle.
func (p *Program) connection(t *turning, f *weirFlow, c *weirConnection) error {
	t.used[openerOf(c.State).gen] = true
	t.seen[f.Slot] = true
	counted := false
	for way := range 2 {
		t.used[c.Cache[way]>>20] = true
		i := t.old.epoch&1<<1 | uint32(way)
		m := metaOf(c.Total[i].Meta)
		if m.epoch != t.old.epoch {
			continue
		}
		counted = true
		t.used[m.opener.gen] = true
		packets, bytes := counts(c.Packets[i].Packets, c.Total[i].Bytes)
		if packets == 0 {
			continue // its counts stand beside, or the host's firewall refused them all
		}
		r := &p.batch.row
		*r = Row{
			Egress: way == 1, Protocol: f.Protocol, Packets: packets, Bytes: bytes,
			First: t.time(c.Packets[i].First), Last: t.time(c.Packets[i].Last), Flags: m.flags,
		}
		r.ends(f)
		if isICMP(f.Protocol) {
			r.SrcPort, r.DstPort = 0, 0
			r.key = icmpKey(f, way)
		}
		if err := p.judge(t, r, f.Slot, &m, false); err != nil {
			return err
		}
		if err := t.do(r); err != nil {
			return err
		}
	}
	// What has counts stays until these are settled.
	if !counted && !t.lives(f, c) {
		p.batch.idle = append(p.batch.idle, weirAsideKey{Flow: *f})
	}
	return nil
}

// The bits of a connection's state, as the program has them.
const (
	stateSeen    = 3 << 32
	stateFin     = 3 << 34
	stateReset   = 1 << 36
	stateStream  = 1 << 39
	stateTracked = 1 << 40
)

// lives reports whether a connection is open.
func (t *turning) lives(f *weirFlow, c *weirConnection) bool {
	if c.State&stateTracked == 0 || int(f.Slot) >= len(t.heads) {
		return false
	}
	h := &t.heads[f.Slot]
	timeout := h.Other
	switch f.Protocol {
	case 6:
		timeout = h.TcpOther
		if c.State&stateReset == 0 && c.State&stateFin != stateFin && c.State&stateSeen == stateSeen {
			timeout = h.TcpEstablished
		}
	case 17:
		timeout = h.Udp
		if c.State&stateStream != 0 {
			timeout = h.UdpStream
		}
	}
	return int32(uint32(t.now>>tickBits)-c.Last) <= int32(timeout)
}

func (p *Program) readAsides(t *turning) error {
	var at ebpf.MapBatchCursor
	b := &p.batch
	for {
		n, err := p.objects.Asides.BatchLookup(&at, b.keys, b.asides, nil)
		last := errors.Is(err, ebpf.ErrKeyNotExist)
		if err != nil && !last {
			return err
		}
		for i := range n {
			if err := p.aside(t, &b.keys[i], &b.asides[i]); err != nil {
				return err
			}
		}
		if err := p.reapIdle(true); err != nil || last {
			return err
		}
	}
}

// The kinds of what stands beside connections.
const (
	asideAccept = 3
	asideHost   = 4
)

// aside tells of counts beside connections.
func (p *Program) aside(t *turning, k *weirAsideKey, a *weirAside) error {
	i := t.old.epoch & 1
	m := metaOf(a.Total[i].Meta)
	t.used[a.Cache>>20] = true
	t.seen[k.Flow.Slot] = true
	t.used[openerOf(k.What).gen] = true
	if m.epoch != t.old.epoch {
		p.batch.idle = append(p.batch.idle, *k)
		return nil
	}
	t.used[m.opener.gen] = true
	r := &p.batch.row
	packets, bytes := counts(a.Packets[i].Packets, a.Total[i].Bytes)
	if packets == 0 {
		return nil // the host's firewall refused them all
	}
	way := int(k.What >> 39 & 1)
	*r = Row{
		Egress: way == 1, Protocol: k.Flow.Protocol, Packets: packets, Bytes: bytes,
		First: t.time(a.Packets[i].First), Last: t.time(a.Packets[i].Last), Flags: m.flags, host: k.What>>40 == asideHost,
	}
	r.ends(&k.Flow)
	if isICMP(k.Flow.Protocol) {
		r.key, r.SrcPort, r.DstPort = k.Flow.NearPort, 0, 0
	}
	if k.Flow.Opener != 0 {
		r.far, r.of = addrOf(k.AboutHi, k.AboutLo), k.Flow.Opener
	}
	if err := p.judge(t, r, k.Flow.Slot, &m, k.What>>40 != asideAccept); err != nil {
		return err
	}
	return t.do(r)
}

// reapIdle removes what was noted.
func (p *Program) reapIdle(asides bool) error {
	for idle := p.batch.idle; len(idle) > 0; {
		n := min(len(idle), maxBatch)
		if _, err := p.reap(idle[:n], asides); err != nil {
			return fmt.Errorf("can't remove what is idle: %w", err)
		}
		idle = idle[n:]
	}
	p.batch.idle = p.batch.idle[:0]
	return nil
}

// reap has the program remove entries that have no packet in the epoch, and asks it for its clock.
func (p *Program) reap(keys []weirAsideKey, asides bool) (weirOrder, error) {
	o := weirOrder{Count: uint32(len(keys))}
	if asides {
		o.Asides = 1
	}
	if len(keys) > 0 {
		places := make([]uint32, len(keys))
		for n := range places {
			places[n] = uint32(n)
		}
		if _, err := p.objects.Reaped.BatchUpdate(places, keys, nil); err != nil {
			return o, err
		}
	}
	if err := p.objects.Reaping.Put(uint32(0), o); err != nil {
		return o, err
	}
	if _, err := p.objects.Reap.Run(&ebpf.RunOptions{Data: make([]byte, 64)}); err != nil {
		return o, err
	}
	err := p.objects.Reaping.Lookup(uint32(0), &o)
	return o, err
}
