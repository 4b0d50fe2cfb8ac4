package agent

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"weir/flowlog"
	"weir/internal/agent/config"
	"weir/internal/agent/destination"
	"weir/internal/agent/spool"
)

const (
	// leastWait and mostWait bound how long it is until what failed is tried again.
	leastWait, mostWait = time.Second, time.Minute
	// mostDelivery bounds one try.
	mostDelivery = 2 * time.Minute
	// lastDelivery bounds what an agent that ends still delivers; the rest waits for the next one.
	lastDelivery = 10 * time.Second
)

// header is what an item's header says: the flow log as it was when its records were made, which outlives another config.
type header struct {
	FlowLog *config.FlowLog
	Slot    time.Time
}

// itemsOf makes items of the records of a flow log: one, or more where an object would be too large.
func itemsOf(l *config.FlowLog, slot time.Time, b *flowlog.Batch) (out []spool.Item, err error) {
	objects, err := destination.EncodeAll(l, b)
	if err != nil {
		return nil, err
	}
	head, err := json.Marshal(header{l, slot})
	if err != nil {
		return nil, err
	}
	for _, o := range objects {
		out = append(out, spool.Item{FlowLog: l.ID, Header: head, Data: o.Data, Records: o.Records})
	}
	return out, nil
}

// deliverer delivers what waits in a spool, each flow log's by a goroutine of its own, the oldest first.
type deliverer struct {
	spool   *spool.Spool
	log     *slog.Logger
	counted *Counters

	ctx   context.Context
	stop  context.CancelFunc
	wg    sync.WaitGroup
	wakes map[string]chan struct{} // by flow log; only [deliverer.wake] has them
	ended sync.Once

	mu sync.Mutex
	to map[string]destination.Destination // by flow log, as the header of an item has it
}

func newDeliverer(s *spool.Spool, log *slog.Logger, counted *Counters) *deliverer {
	ctx, stop := context.WithCancel(context.Background())
	return &deliverer{spool: s, log: log, counted: counted, ctx: ctx, stop: stop, wakes: map[string]chan struct{}{}, to: map[string]destination.Destination{}}
}

// wake says that there may be more.
func (d *deliverer) wake() {
	waiting := d.spool.Waiting()
	d.counted.waits(waiting)
	for id := range waiting {
		wake, ok := d.wakes[id]
		if !ok {
			wake = make(chan struct{}, 1)
			d.wakes[id] = wake
			d.wg.Go(func() { d.follow(id, wake) })
		}
		select {
		case wake <- struct{}{}:
		default:
		}
	}
}

// follow delivers what there is of a flow log, each time it is woken.
func (d *deliverer) follow(id string, wake <-chan struct{}) {
	for {
		select {
		case <-d.ctx.Done():
			return
		case <-wake:
		}
		for failures := 0; d.ctx.Err() == nil; {
			more, err := d.one(d.ctx, id)
			if err == nil && !more {
				break
			}
			if failures++; err == nil {
				failures = 0
				continue
			}
			select {
			case <-d.ctx.Done():
			case <-time.After(backoff(failures)):
			}
		}
	}
}

// backoff returns how long to wait after so many failures one after the other: twice as long each time, less up to a half by chance.
func backoff(failures int) time.Duration {
	wait := min(leastWait<<min(failures-1, 10), mostWait)
	return wait - rand.N(wait/2)
}

// one delivers the oldest item of a flow log, and reports whether there was one.
func (d *deliverer) one(ctx context.Context, id string) (more bool, err error) {
	it, more, err := d.spool.Oldest(ctx, id)
	if err == nil && more {
		err = d.deliver(ctx, it)
	}
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	if d.counted.delivered(id, err) {
		if err != nil {
			d.log.Error("records can't be delivered, and it is tried again", "flow_log", id, "error", err)
		} else {
			d.log.Info("records are delivered again", "flow_log", id)
		}
	}
	d.counted.waits(d.spool.Waiting())
	return more, err
}

// deliver delivers an item and removes it.
func (d *deliverer) deliver(ctx context.Context, it *spool.Item) error {
	ctx, cancel := context.WithTimeout(ctx, mostDelivery)
	defer cancel()
	var h header
	if err := json.Unmarshal(it.Header, &h); err != nil {
		return fmt.Errorf("what waits is of another build of the agent: %w", err)
	}
	to, err := d.destination(h.FlowLog)
	if err != nil {
		return err
	}
	out, err := to.Deliver(ctx, &destination.Item{FlowLog: h.FlowLog, Slot: h.Slot, Data: it.Data})
	if out.Records > 0 {
		d.counted.wrote(it.FlowLog, out.Records)
	}
	if out.Lost > 0 {
		d.log.Error("a destination refused records for good", "flow_log", it.FlowLog, "records", out.Lost, "why", out.Why)
		d.counted.gaveUp(it.FlowLog, out.Lost)
	}
	if err != nil {
		return err
	}
	d.log.Debug("delivered records", "flow_log", it.FlowLog, "to", h.FlowLog.Destination, "records", out.Records, "repeated", out.Repeated)
	return d.spool.Remove(ctx, it)
}

// destination returns where a flow log's records go. It stays open: it remembers how far an item came.
func (d *deliverer) destination(l *config.FlowLog) (destination.Destination, error) {
	key, err := json.Marshal(l)
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if to := d.to[string(key)]; to != nil {
		return to, nil
	}
	to, err := destination.Open(l)
	if err == nil {
		d.to[string(key)] = to
	}
	return to, err
}

// end delivers what it can in a short time, and returns how many records are left. What comes later is not delivered.
func (d *deliverer) end() (left int64) {
	d.ended.Do(d.last)
	for _, w := range d.spool.Waiting() {
		left += w.Records
	}
	return left
}

func (d *deliverer) last() {
	d.stop()
	d.wg.Wait()
	ctx, cancel := context.WithTimeout(context.Background(), lastDelivery)
	defer cancel()
	var wg sync.WaitGroup
	for id := range d.spool.Waiting() {
		wg.Go(func() {
			for more := true; more; {
				var err error
				if more, err = d.one(ctx, id); err != nil {
					return
				}
			}
		})
	}
	wg.Wait()
}
