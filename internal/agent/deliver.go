package agent

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"weir/flowlog"
	"weir/internal/agent/config"
	"weir/internal/agent/destination"
	"weir/internal/agent/spool"
)

const (
	// mostDelivery bounds one try, with a second more for each slowest bytes: what takes longer is taken for a service that hangs.
	mostDelivery = 2 * time.Minute
	slowest      = 32 << 10
	// lastDelivery bounds what an agent that ends still delivers; the rest waits for the next one.
	lastDelivery = 10 * time.Second
	// mostObjects is how many objects of a flow log are written at the same time, and mostObjectBytes how large they are together, unless one is larger. With one after
	// the other, what has waited for a day takes as long as its requests.
	mostObjects     = 8
	mostObjectBytes = 16 << 20
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
	queue, err := queueOf(l)
	if err != nil {
		return nil, err
	}
	for _, o := range objects {
		out = append(out, spool.Item{Queue: queue, Header: head, Data: o.Data, Records: o.Records})
	}
	return out, nil
}

// queueOf returns the queue of a flow log's items. What of a flow log goes to a destination that is not there any more, or was never, must not hold up what goes to
// the one that the config names now.
func queueOf(l *config.FlowLog) (spool.Queue, error) {
	text, err := json.Marshal(struct {
		Destination, Region string
		Delivery            config.Delivery
	}{l.Destination, l.Region, l.Delivery})
	sum := sha256.Sum256(text)
	return spool.Queue{FlowLog: l.ID, Destination: hex.EncodeToString(sum[:8])}, err
}

// deliverer delivers what waits in a spool, each queue's by a goroutine of its own ([courier]), the oldest first.
type deliverer struct {
	spool   *spool.Spool
	log     *slog.Logger
	counted *Counters
	wait    func(failures int) time.Duration // until what failed so often is tried again
	most    time.Duration                    // of one try of few bytes

	ctx   context.Context // done: no delivery begins
	stop  context.CancelFunc
	tries context.Context // done: those that are under way end
	cut   context.CancelFunc
	wg    sync.WaitGroup
	ended sync.Once

	mu       sync.Mutex
	couriers map[spool.Queue]*courier // of the queues that are delivered
	held     map[string]bool          // flow logs of which nothing is delivered at the moment
	to       map[spool.Queue]destination.Destination
	// there are items that are delivered and could not be removed yet, by number.
	there map[int64]bool
	// doubted are the items that the agent before may have been delivering when it ended: 0 until it is known which.
	doubted map[spool.Queue]int64
	aside   aside
}

func newDeliverer(s *spool.Spool, log *slog.Logger, counted *Counters) *deliverer {
	d := &deliverer{
		spool: s, log: log, counted: counted, wait: Backoff, most: mostDelivery, couriers: map[spool.Queue]*courier{}, held: map[string]bool{}, to: map[spool.Queue]destination.Destination{}, there: map[int64]bool{},
		doubted: map[spool.Queue]int64{},
	}
	d.ctx, d.stop = context.WithCancel(context.Background())
	d.tries, d.cut = context.WithCancel(context.Background())
	for _, q := range s.Queues() {
		d.doubted[q] = 0
	}
	return d
}

// deliver delivers items of a queue, and removes those that are delivered. Objects are written at the same time; of what a service may have twice, one item is sent
// at a time, so that few are in doubt when an agent is killed.
func (d *deliverer) deliver(ctx context.Context, items []spool.Item) error {
	n := 0
	for ; n < len(items); n++ {
		if h, err := headerOf(&items[n]); err != nil || h.FlowLog.Delivery.Type != config.S3 && h.FlowLog.Delivery.Type != config.Folder {
			break
		}
	}
	items = items[:max(n, 1)]
	errs := make([]error, len(items))
	var wg sync.WaitGroup
	for i := range items {
		wg.Go(func() { errs[i] = d.try(ctx, &items[i]) })
	}
	wg.Wait()
	var done []spool.Item
	var failed error
	for i := range items {
		if errs[i] == nil {
			done = append(done, items[i])
		} else if failed == nil {
			failed = errs[i]
		}
	}
	if err := d.remove(done); failed == nil {
		return err
	}
	return failed
}

// headerOf reads an item's header.
func headerOf(it *spool.Item) (*header, error) {
	h := &header{}
	if err := json.Unmarshal(it.Header, h); err != nil {
		return nil, fmt.Errorf("what waits is of another build of the agent: %w", err)
	}
	if h.FlowLog == nil {
		return nil, errors.New("what waits is of another build of the agent: it has no flow log")
	}
	return h, nil
}

// try delivers an item, unless it is delivered already and only waits to be removed: the disk had no room for that.
func (d *deliverer) try(ctx context.Context, it *spool.Item) error {
	d.mu.Lock()
	there := d.there[it.Number]
	d.mu.Unlock()
	if there {
		return nil
	}
	h, err := headerOf(it)
	if err != nil {
		return err
	}
	to, err := d.destination(h.FlowLog)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, d.most+time.Duration(len(it.Data)/slowest)*time.Second)
	defer cancel()
	out, err := to.Deliver(ctx, &destination.Item{FlowLog: h.FlowLog, Slot: h.Slot, Data: it.Data, Records: it.Records, Doubted: d.doubts(it)})
	d.counted.wrote(it.FlowLog, &out)
	if out.Lost > 0 {
		d.log.Error("a destination refused records for good", "flow_log", it.FlowLog, "records", out.Lost, "why", out.Why)
	}
	if err != nil {
		return err
	}
	d.log.Debug("delivered records", "flow_log", it.FlowLog, "to", h.FlowLog.Destination, "records", out.Records, "repeated", out.Repeated)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.there[it.Number] = true
	return nil
}

// doubts reports whether the agent before may have been delivering an item when it ended: the oldest that it left in a queue.
func (d *deliverer) doubts(it *spool.Item) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	n, ok := d.doubted[it.Queue]
	if ok && n == 0 {
		n = it.Number
		d.doubted[it.Queue] = n
	}
	return ok && n == it.Number
}

// remove removes items that are delivered; also where the agent ends, so that the next one does not deliver them again.
func (d *deliverer) remove(items []spool.Item) error {
	if len(items) == 0 {
		return nil
	}
	if err := d.spool.Remove(context.Background(), items...); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for i := range items {
		delete(d.there, items[i].Number)
		d.aside.forget(items[i].Queue, items[i].Number)
	}
	return nil
}

// destination returns where a flow log's records go. It stays open: it remembers how far an item came.
func (d *deliverer) destination(l *config.FlowLog) (destination.Destination, error) {
	q, err := queueOf(l)
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if to := d.to[q]; to != nil {
		return to, nil
	}
	to, err := destination.Open(l)
	if err == nil {
		d.to[q] = to
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

// last gives what is under way and what waits a short time, and cuts it then: a request that is cut may have to be sent again.
func (d *deliverer) last() {
	d.stop()
	late := time.AfterFunc(lastDelivery, d.cut)
	defer late.Stop()
	d.wg.Wait()
	var wg sync.WaitGroup
	for _, q := range d.spool.Queues() {
		d.mu.Lock()
		held := d.held[q.FlowLog]
		d.mu.Unlock()
		if held {
			continue
		}
		wg.Go(func() {
			for more := true; more; {
				var err error
				if more, err = d.some(d.tries, q, mostObjects); err != nil {
					return
				}
			}
		})
	}
	wg.Wait()
	d.cut()
}
