package agent

import (
	"context"
	"maps"
	"time"

	"weir/internal/agent/spool"
)

// courier is the goroutine that delivers a queue. It ends once nothing waits there: a host may see ever new flow logs.
type courier struct {
	wake  chan struct{} // there may be more
	cut   context.CancelFunc
	ended chan struct{}
}

// wake says that there may be more.
func (d *deliverer) wake() {
	d.counted.waits(d.spool)
	queues := d.spool.Queues()
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, q := range queues {
		if d.held[q.FlowLog] {
			continue
		}
		c := d.couriers[q]
		if c == nil {
			ctx, cut := context.WithCancel(d.tries)
			c = &courier{make(chan struct{}, 1), cut, make(chan struct{})}
			d.couriers[q] = c
			d.wg.Go(func() { d.follow(ctx, q, c) })
		}
		select {
		case c.wake <- struct{}{}:
		default:
		}
	}
}

// follow delivers what there is in a queue, each time it is woken, until nothing is there, no delivery may begin, or ctx is done.
func (d *deliverer) follow(ctx context.Context, q spool.Queue, c *courier) {
	defer close(c.ended)
	defer c.cut()
	again := time.NewTicker(asideFor)
	defer again.Stop()
	for d.stays(ctx, q) {
		select {
		case <-d.ctx.Done():
		case <-ctx.Done():
		case <-again.C:
			d.takeBack(q)
		case <-c.wake:
		}
		d.empty(ctx, q)
	}
}

// stays reports whether the courier of a queue is to go on. Who has put something into the queue since wakes another one.
func (d *deliverer) stays(ctx context.Context, q spool.Queue) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.ctx.Err() == nil && ctx.Err() == nil && d.spool.Waits(q) {
		return true
	}
	delete(d.couriers, q)
	return false
}

// empty delivers until nothing of a queue waits but what is put aside, no delivery may begin, or ctx is done.
func (d *deliverer) empty(ctx context.Context, q spool.Queue) {
	most := 1
	for failures := 0; d.ctx.Err() == nil && ctx.Err() == nil; {
		more, err := d.some(ctx, q, most)
		switch {
		case err != nil: // a service that has trouble is asked for one thing at a time
			failures++
			most = 1
			if d.suspects(q, failures) && d.putAside(ctx, q, err) {
				failures = suspicious - 1 // the destination is well: another one that fails is like this
				continue
			}
			select {
			case <-d.ctx.Done():
			case <-ctx.Done():
			case <-time.After(d.wait(failures)):
			}
		case !more:
			return
		default:
			failures = 0
			most = min(2*most, mostObjects)
		}
	}
}

// some delivers the oldest items of a queue, at most so many, and reports whether there were any. The error is that of the oldest that failed. What is under way ends when
// ctx is done, which says nothing of the destination.
func (d *deliverer) some(ctx context.Context, q spool.Queue, most int) (more bool, err error) {
	items, err := d.spool.Oldest(ctx, q, most, mostObjectBytes, d.passedOver(q)...)
	if err == nil && len(items) > 0 {
		more = true
		err = d.deliver(ctx, items)
	}
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	if d.told(q, err) {
		if err != nil {
			d.log.Error("records can't be delivered, and it is tried again", "flow_log", q.FlowLog, "error", err)
		} else {
			d.log.Info("records are delivered again", "flow_log", q.FlowLog)
		}
	}
	d.counted.waits(d.spool)
	return more, err
}

// forget forgets the queues that no flow log has any more and that are empty: where their records went, and how that was.
func (d *deliverer) forget(made map[spool.Queue]bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	gone := func(q spool.Queue) bool { return !made[q] && d.couriers[q] == nil && !d.spool.Waits(q) }
	for q := range d.to {
		if gone(q) {
			delete(d.to, q)
		}
	}
	maps.DeleteFunc(d.doubted, func(q spool.Queue, _ int64) bool { return gone(q) })
	maps.DeleteFunc(d.aside.why, func(q spool.Queue, _ map[int64]error) bool { return gone(q) })
	maps.DeleteFunc(d.aside.known, func(q spool.Queue, _ map[int64]bool) bool { return gone(q) })
}
