package conntrack

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"syscall"
	"time"
)

// sweepEvery is how often all connections are asked for anew where the kernel may not tell some's end.
const sweepEvery = 5 * time.Minute

// errDead says that nothing is told any more.
var errDead = errors.New("the kernel tells nothing of connections any more")

// Counters are what a watch says of itself.
type Counters struct {
	// Sides are the entries for connections that are known, two of each; Lost is how often messages were lost, and Full says that there was no place for a connection.
	Sides int
	Lost  int64
	Full  bool
}

// A Watch follows the connections of a network namespace. It is for concurrent use.
type Watch struct {
	now  func() time.Time
	send func(kind kind, sequence uint32) error // asks the kernel
	stop func() error
	done chan struct{} // closed when nothing is read any more

	mu       sync.Mutex
	table    *table
	lost     int64
	sequence uint32
	dump     uint32 // sequence of the dump that is going on; 0: none is
	again    bool   // messages were lost while it was
	began    time.Time
	waiting  map[uint32]chan struct{} // who waits for an answer, by its sequence
	whole    chan struct{}            // closed once the first dump has ended
	dead     error
}

// kind is what is asked of the kernel.
type kind int

const (
	askDump kind = iota // for all connections
	askEcho             // for an answer, which comes after all that was told before
)

func newWatch(now func() time.Time, most int) *Watch {
	return &Watch{now: now, table: newTable(most), waiting: map[uint32]chan struct{}{}, whole: make(chan struct{}), done: make(chan struct{})}
}

// begin asks for all connections; the lock is held.
func (w *Watch) begin() error {
	if w.dump != 0 { // the kernel has one dump at a time
		w.again = true
		return nil
	}
	w.began = w.now()
	w.table.begin(w.began.UnixNano())
	w.sequence++
	w.dump, w.again = w.sequence, false
	return w.send(askDump, w.dump)
}

// CatchUp returns once all is known that happened before it was called, and nil too where messages were lost and [Watch.Near] says that it does not know. It fails where
// nothing is told any more, and where the kernel's answer does not come before ctx is done: then nobody knows what happened last.
func (w *Watch) CatchUp(ctx context.Context) error {
	w.mu.Lock()
	if w.dead != nil {
		defer w.mu.Unlock()
		return w.dead
	}
	if t := w.table; (t.older || t.full) && w.dump == 0 && w.now().Sub(w.began) >= sweepEvery {
		if err := w.begin(); err != nil {
			defer w.mu.Unlock()
			return err
		}
	}
	w.sequence++
	answered, own := make(chan struct{}), w.sequence
	w.waiting[own] = answered
	err := w.send(askEcho, own)
	w.mu.Unlock()
	if err == nil {
		select {
		case <-answered:
		case <-ctx.Done():
			err = fmt.Errorf("the kernel's answer about connections is late: %w", ctx.Err())
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.waiting, own)
	if w.dead != nil {
		return w.dead
	}
	return err
}

// lose takes note that messages were lost; the lock is held. What is known now is not whole before another dump has ended.
func (w *Watch) lose() {
	w.lost++
	w.table.lost()
	w.again = w.dump != 0
	w.release()
}

// release has nobody wait any more for what may never come; the lock is held.
func (w *Watch) release() {
	for sequence, c := range w.waiting {
		close(c)
		delete(w.waiting, sequence)
	}
}

// die takes note that no more is read; the lock is held.
func (w *Watch) die(err error) {
	w.dead = fmt.Errorf("%w: %w", errDead, err)
	w.table.lost()
	w.release()
}

// take takes a connection that has begun, is told by a dump, or has ended; the lock is held.
func (w *Watch) take(data []byte, ended, dumped bool) error {
	c, looked, err := parse(data)
	if err != nil || !looked {
		return err
	}
	if now := w.now().UnixNano(); ended {
		w.table.close(&c, now)
	} else {
		w.table.add(&c, now)
		w.table.older = w.table.older || dumped
	}
	return nil
}

// answered takes the end of a dump, or an answer with the kernel's error of what was asked; the lock is held.
func (w *Watch) answered(sequence uint32, failed error) {
	if sequence == w.dump && w.dump != 0 {
		if errors.Is(failed, syscall.ENOBUFS) {
			return // there was no place for its first part; the kernel goes on with it once there is
		}
		w.dump = 0
		switch {
		case failed != nil:
			w.die(failed)
		case w.again:
			if err := w.begin(); err != nil {
				w.die(err)
			}
		default:
			w.table.finish(w.now().UnixNano())
			select {
			case <-w.whole:
			default:
				close(w.whole)
			}
		}
		return
	}
	if c := w.waiting[sequence]; c != nil {
		close(c)
		delete(w.waiting, sequence)
	}
}

// Near returns what is behind the host's translation of packets that came in at a device (their destination) or left it (their source), the first of them at a time in
// nanoseconds since the epoch. It is the packets' own where nothing was translated. Where it is not known, it is the packets' own too, and known is false.
func (w *Watch) Near(e Ends, egress bool, first int64) (a netip.Addr, known bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.table.near(e, egress, first)
}

// Restart says that the clock was set.
func (w *Watch) Restart() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.table.restart(w.now().UnixNano())
}

// Counters returns what it says of itself.
func (w *Watch) Counters() Counters {
	w.mu.Lock()
	defer w.mu.Unlock()
	return Counters{w.table.open, w.lost, w.table.full}
}

// Close ends it.
func (w *Watch) Close() error {
	err := w.stop()
	<-w.done
	return err
}
