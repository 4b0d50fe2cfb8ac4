package logstore

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"hash/maphash"
	"slices"
	"sync"
	"time"
	"unicode/utf8"
)

// Limits of PutLogEvents.
//
// Source: AWS, "PutLogEvents".
const (
	MaxBatchBytes  = 1_048_576 // messages, and eventOverhead for each
	MaxBatchEvents = 10_000
	eventOverhead  = 26

	oldest  = 14 * 24 * time.Hour
	newest  = 2 * time.Hour
	longest = 24 * time.Hour
)

// InputEvent is an event that is put.
type InputEvent struct {
	Timestamp int64 // milliseconds since the epoch
	// Message is UTF-8 and not empty. It is the caller's.
	Message []byte
}

// Rejected says which events of a Put were dropped, by their places: all from TooNewStart on, and all
// before TooOldEnd and before ExpiredEnd. A member is nil where none was. An event that is too old may be
// expired too.
type Rejected struct{ TooNewStart, TooOldEnd, ExpiredEnd *int }

// put is a Put that waits to be durable.
type put struct {
	group *group
	block *block
	room  []byte // frameRoom bytes, and behind them the block's data
	frame []byte // what is written: the end of room, once the Put has its number
	done  chan error
}

// Put keeps events of a stream, as PutLogEvents does. now is when they came. When it returns without an
// error they are durable. Those older than 14 days or than the group's retention, and those more than two
// hours in the future, are dropped and reported. Events that are equal to others are events of their own.
// With an error none was kept, but where the disk failed, after which they may be found by the next Open.
// Errors: ErrNoGroup, ErrNoStream, *InvalidError, ErrClosed, those of ctx and of the disk.
func (s *Store) Put(ctx context.Context, groupName, streamName string, events []InputEvent, now time.Time) (Rejected, error) {
	if err := checkEvents(events); err != nil {
		return Rejected{}, err
	}
	s.mu.RLock()
	g := s.groups[groupName]
	var st *stream
	var retention int
	if g != nil {
		st, retention = g.streams[streamName], g.retention
	}
	s.mu.RUnlock()
	switch {
	case g == nil:
		return Rejected{}, ErrNoGroup
	case st == nil:
		return Rejected{}, ErrNoStream
	}
	events, rejected, err := timely(events, retention, now)
	if err != nil || len(events) == 0 {
		return rejected, err
	}
	p := &put{group: g, done: make(chan error, 1)}
	p.block, p.room = makeBlock(g.id, st.id, now.UnixMilli(), events)
	if err := s.reserve(ctx, p.block.size()); err != nil {
		return Rejected{}, err
	}
	s.queueMu.Lock()
	if s.closed {
		s.queueMu.Unlock()
		s.release(p.block.size())
		return Rejected{}, ErrClosed
	}
	s.queue = append(s.queue, p)
	s.queueMu.Unlock()
	wakeUp(s.wake)
	return rejected, <-p.done // not ctx: whether it is durable must be known
}

// checkEvents checks what AWS checks before it looks at the clock. The texts are AWS's where they are known.
func checkEvents(events []InputEvent) error {
	switch {
	case len(events) == 0:
		return invalid("a request needs at least one log event")
	case len(events) > MaxBatchEvents:
		return invalid("%d log events are given, and a request has at most %d", len(events), MaxBatchEvents)
	}
	size := 0
	for i := range events {
		e := &events[i]
		switch {
		case len(e.Message) == 0:
			return invalid("log event %d has no message", i)
		case len(e.Message) > MaxBatchBytes:
			return invalid("Log event too large: %d bytes exceeds limit of %d", len(e.Message), MaxBatchBytes)
		case e.Timestamp < 0:
			return invalid("log event %d has a timestamp before 1970", i)
		case i > 0 && e.Timestamp < events[i-1].Timestamp:
			return invalid("Log events in a single PutLogEvents request must be in chronological order.")
		case !utf8.Valid(e.Message):
			return invalid("the message of log event %d is not UTF-8", i)
		}
		size += len(e.Message) + eventOverhead
	}
	if size > MaxBatchBytes {
		return invalid("Upload too large: %d bytes exceeds limit of %d", size, MaxBatchBytes)
	}
	return nil
}

// timely returns the events that are kept, and says which are not.
func timely(events []InputEvent, retention int, now time.Time) ([]InputEvent, Rejected, error) {
	var r Rejected
	before := func(at time.Time) *int {
		n := 0
		for n < len(events) && events[n].Timestamp < at.UnixMilli() {
			n++
		}
		if n == 0 {
			return nil
		}
		return &n
	}
	from, to := 0, len(events)
	if r.TooOldEnd = before(now.Add(-oldest)); r.TooOldEnd != nil {
		from = *r.TooOldEnd
	}
	if retention > 0 {
		if r.ExpiredEnd = before(now.AddDate(0, 0, -retention)); r.ExpiredEnd != nil {
			from = max(from, *r.ExpiredEnd)
		}
	}
	limit := now.Add(newest).UnixMilli()
	for to > from && events[to-1].Timestamp > limit {
		to--
	}
	if to < len(events) {
		r.TooNewStart = &to
	}
	kept := events[from:to]
	if len(kept) > 0 && kept[len(kept)-1].Timestamp-kept[0].Timestamp > longest.Milliseconds() {
		return nil, Rejected{}, invalid("The batch of log events in a single PutLogEvents request cannot span more than 24 hours.")
	}
	return kept, r, nil
}

// frameRoom is room for what is before the data of a block in its frame.
const frameRoom = frameHead + headerNumbers*binary.MaxVarintLen64

// makeBlock makes a block of events, which has no number yet, and what becomes its frame.
func makeBlock(group, stream, ingestion int64, events []InputEvent) (*block, []byte) {
	b := &block{
		group: group, stream: stream, ingestion: ingestion, n: len(events),
		first: events[0].Timestamp, last: events[len(events)-1].Timestamp,
	}
	for i := range events {
		b.bytes += int64(len(events[i].Message))
	}
	room := make([]byte, frameRoom, frameRoom+int(b.bytes)+12*len(events))
	at := int64(0)
	c := counters.Get().(*counter)
	defer counters.Put(c)
	for from := 0; from < len(events); {
		to := from + 1
		for to < len(events) && events[to].Timestamp == events[from].Timestamp {
			to++
		}
		equals := c.count(events[from:to])
		for i, e := range events[from:to] {
			room = appendEvent(room, e.Timestamp-at, equals[i], e.Message)
			at = e.Timestamp
		}
		from = to
	}
	b.data = room[frameRoom:]
	return b, room
}

// setNumber gives the Put its number, and makes the frame. Puts get their numbers in the order in which they are
// written, so that who has read up to a number has missed none.
func (p *put) setNumber(seq int64) {
	p.block.seq = seq
	var header [frameRoom]byte
	h := p.block.header(header[:0])
	from := frameRoom - len(h)
	copy(p.room[from:], h)
	p.frame = p.room[from-frameHead:]
	sealFrame(p.frame)
}

// counter counts equal messages. It is used again and again.
type counter struct {
	places []int32 // by hash, in open addressing: 1 + the place of the last event with a message
	counts []int
}

var (
	counters = sync.Pool{New: func() any { return new(counter) }}
	hashSeed = maphash.MakeSeed()
)

// count returns for each of some events how many before it have its message. The slice is the counter's.
func (c *counter) count(events []InputEvent) []int {
	size := 2
	for size < 2*len(events) {
		size *= 2
	}
	if cap(c.places) < size {
		c.places = make([]int32, size)
	}
	c.places = c.places[:size]
	clear(c.places)
	c.counts = slices.Grow(c.counts[:0], len(events))[:len(events)]
	for i := range events {
		c.counts[i] = 0
		at := maphash.Bytes(hashSeed, events[i].Message) & uint64(size-1)
		for ; c.places[at] != 0; at = (at + 1) & uint64(size-1) {
			if j := c.places[at] - 1; bytes.Equal(events[j].Message, events[i].Message) {
				c.counts[i] = c.counts[j] + 1
				break
			}
		}
		c.places[at] = int32(i + 1)
	}
	return c.counts
}

// reserve waits for room in memory.
func (s *Store) reserve(ctx context.Context, n int64) error {
	for {
		s.mu.Lock()
		if s.tailBytes == 0 || s.tailBytes+n <= s.memory {
			s.tailBytes += n
			s.mu.Unlock()
			return nil
		}
		err, freed := s.flushErr, s.freed
		s.full = true
		s.mu.Unlock()
		wakeUp(s.kick)
		if err != nil {
			return fmt.Errorf("there is no room for log events: %w", err)
		}
		select {
		case <-freed:
		case <-ctx.Done():
			return ctx.Err()
		case <-s.closing:
			return ErrClosed
		}
	}
}

// release gives room in memory back.
func (s *Store) release(n int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.releaseLocked(n)
}

func (s *Store) releaseLocked(n int64) {
	s.tailBytes -= n
	close(s.freed)
	s.freed = make(chan struct{})
}

// commitPuts makes Puts durable, all that wait with one sync, until the store is closed.
func (s *Store) commitPuts() {
	for {
		select {
		case <-s.wake:
		case <-s.closing:
			for _, p := range s.takeQueue() {
				s.release(p.block.size())
				p.done <- ErrClosed
			}
			return
		}
		if batch := s.takeQueue(); len(batch) > 0 {
			s.commit(batch)
		}
	}
}

func (s *Store) takeQueue() []*put {
	s.queueMu.Lock()
	defer s.queueMu.Unlock()
	batch := s.queue
	s.queue = nil
	return batch
}

// commit makes some Puts durable, and then visible.
func (s *Store) commit(batch []*put) {
	s.segMu.Lock()
	defer s.segMu.Unlock()
	for _, p := range batch {
		p.setNumber(s.seq.Add(1))
	}
	if err := s.write(batch); err != nil {
		s.log.Error("log events are refused", "error", err)
		for _, p := range batch {
			s.release(p.block.size())
			p.done <- err
		}
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settled = batch[len(batch)-1].block.seq
	for _, p := range batch {
		var err error
		switch {
		case s.groups[p.group.name] != p.group: // deleted meanwhile
			err = ErrNoGroup
		case p.group.byID[p.block.stream] == nil:
			err = ErrNoStream
		}
		if err != nil {
			s.releaseLocked(p.block.size())
			p.done <- err
			continue
		}
		s.add(p.group, p.block)
		for f := range s.feeds {
			f.offer(p.group.name, p.group.byID[p.block.stream].Name, p.block)
		}
		p.done <- nil
	}
}
