package ebpf

import (
	"errors"
	"fmt"
	"time"

	"github.com/cilium/ebpf"
)

// Read turns the epoch, and calls do for each flow that had packets since the last time. The row is do's until it returns.
// Entries that are idle are removed. Where do or the kernel fails, what was not read yet is lost, and the error says so.
//
// An epoch should not be longer than a minute: packets are counted in 32 bits.
func (p *Program) Read(do func(*Row) error) error {
	return p.turn(p.word, do)
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
	offset int64       // of the wall clock, to that of the program
	now    uint64      // of the program
	by     []Interface // what was in force, by slot
	heads  []weirHead  // of what is in force now, by slot
	used   [maxGeneration + 1]bool
	do     func(*Row) error
}

// turn begins another epoch with a control word, and reads the old one.
func (p *Program) turn(next word, do func(*Row) error) error {
	t := turning{old: p.word, do: do}
	if next.epoch++; next.epoch > maxEpoch {
		next.epoch = 1
	}
	if err := p.put(next); err != nil {
		return fmt.Errorf("can't turn the epoch: %w", err)
	}
	t.by = p.generations[t.old.gen]
	if err := p.setOff(&t); err != nil {
		return err
	}
	if p.batch.flows == nil {
		p.batch.flows, p.batch.connections = make([]weirFlow, maxBatch), make([]weirConnection, maxBatch)
		p.batch.keys, p.batch.asides = make([]weirAsideKey, maxBatch), make([]weirAside, maxBatch)
	}
	if err := errors.Join(p.readConnections(&t), p.readAsides(&t)); err != nil {
		return fmt.Errorf("can't read what was counted: %w", err)
	}
	p.used = t.used
	for g := range p.generations {
		if !t.used[g] && g != p.word.gen {
			delete(p.generations, g)
		}
	}
	return nil
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
	t.heads = make([]weirHead, len(p.names))
	for slot := range t.heads {
		if err := p.objects.Heads.Lookup(uint32(slot)<<1|uint32(p.word.parity), &t.heads[slot]); err != nil {
			return err
		}
	}
	return nil
}

// time returns the time of a tick, which is not after now, in nanoseconds since the epoch.
func (t *turning) time(tick uint32) int64 {
	now := t.now >> tickBits
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

// connection tells of a connection's counts, and notes it where it is idle.
func (p *Program) connection(t *turning, f *weirFlow, c *weirConnection) error {
	opener := openerOf(c.State)
	t.used[opener.gen] = true
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
		if c.Packets[i].Packets == 0 {
			continue // its counts stand beside
		}
		r := &p.batch.row
		*r = Row{
			Egress: way == 1, Protocol: f.Protocol, Packets: int64(c.Packets[i].Packets), Bytes: int64(c.Total[i].Bytes),
			First: t.time(c.Packets[i].First), Last: t.time(c.Packets[i].Last), Flags: m.flags,
		}
		r.ends(f)
		if isICMP(f.Protocol) {
			r.SrcPort, r.DstPort = 0, 0
			r.key = icmpKey(f, way)
		}
		p.judge(t, r, f.Slot, &m, false)
		if err := t.do(r); err != nil {
			return err
		}
	}
	if !counted && !t.lives(f, c) || c.State&stateTracked != 0 && !t.lives(f, c) {
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
const asideAccept = 3

// aside tells of counts beside connections.
func (p *Program) aside(t *turning, k *weirAsideKey, a *weirAside) error {
	i := t.old.epoch & 1
	m := metaOf(a.Total[i].Meta)
	t.used[a.Cache>>20] = true
	t.used[openerOf(k.What).gen] = true
	if m.epoch != t.old.epoch {
		p.batch.idle = append(p.batch.idle, *k)
		return nil
	}
	t.used[m.opener.gen] = true
	r := &p.batch.row
	way := int(k.What >> 39 & 1)
	*r = Row{
		Egress: way == 1, Protocol: k.Flow.Protocol, Packets: int64(a.Packets[i].Packets), Bytes: int64(a.Total[i].Bytes),
		First: t.time(a.Packets[i].First), Last: t.time(a.Packets[i].Last), Flags: m.flags,
	}
	r.ends(&k.Flow)
	if isICMP(k.Flow.Protocol) {
		r.key, r.SrcPort, r.DstPort = k.Flow.NearPort, 0, 0
	}
	if k.Flow.Opener != 0 {
		r.far, r.of = addrOf(k.AboutHi, k.AboutLo), k.Flow.Opener
	}
	p.judge(t, r, k.Flow.Slot, &m, k.What>>40 != asideAccept)
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
