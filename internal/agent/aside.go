package agent

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"weir/internal/agent/spool"
)

const (
	// suspicious is how many failures there are one after the other before it is looked whether they are the item's or the destination's: some 5 minutes.
	suspicious = 10
	// asideFor is how long it is, at most, until what was put aside is tried again.
	asideFor = time.Hour
)

// aside are items that a destination does not take though it takes others: what is newer must not wait for them. It is of the deliverer's lock.
type aside struct {
	// why they failed, by number; those that are passed over now.
	why map[spool.Queue]map[int64]error
	// known are all that were put aside once: where one fails again, it is not waited for long.
	known map[spool.Queue]map[int64]bool
}

// forget forgets an item that is delivered.
func (a *aside) forget(q spool.Queue, number int64) {
	delete(a.why[q], number)
	delete(a.known[q], number)
}

// passedOver returns the numbers of the items of a queue that are passed over.
func (d *deliverer) passedOver(q spool.Queue) []int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Sorted(maps.Keys(d.aside.why[q]))
}

// takeBack has what was put aside be tried again.
func (d *deliverer) takeBack(q spool.Queue) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.aside.why, q)
}

// suspects reports whether it is to be looked whether the oldest item of a queue fails, and not its destination.
func (d *deliverer) suspects(q spool.Queue, failures int) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return failures%suspicious == 0 || len(d.aside.known[q]) > len(d.aside.why[q])
}

// putAside has the oldest item of a queue, which failed, be passed over if the destination takes the newest one. It reports whether it did.
func (d *deliverer) putAside(ctx context.Context, q spool.Queue, why error) bool {
	oldest, err := d.spool.Oldest(ctx, q, 1, 0, d.passedOver(q)...)
	if err != nil || len(oldest) == 0 {
		return false
	}
	newest, err := d.spool.Newest(ctx, q)
	if err != nil || len(newest) == 0 || newest[0].Number == oldest[0].Number || d.deliver(ctx, newest) != nil {
		return false
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.aside.why == nil {
		d.aside = aside{map[spool.Queue]map[int64]error{}, map[spool.Queue]map[int64]bool{}}
	}
	if d.aside.why[q] == nil {
		d.aside.why[q] = map[int64]error{}
	}
	if d.aside.known[q] == nil {
		d.aside.known[q] = map[int64]bool{}
	}
	n := oldest[0].Number
	d.aside.why[q][n], d.aside.known[q][n] = why, true
	d.log.Error("records can't be delivered, though newer ones can; they are put aside, and tried again in an hour", "flow_log", q.FlowLog, "records", oldest[0].Records, "error", why)
	return true
}

// told notes how a delivery of a queue went, and reports whether the one before went otherwise. As long as something is put aside it fails.
func (d *deliverer) told(q spool.Queue, err error) (otherwise bool) {
	d.mu.Lock()
	why := d.aside.why[q]
	if numbers := slices.Sorted(maps.Keys(why)); err == nil && len(numbers) > 0 {
		err = fmt.Errorf("%w (put aside: %d)", why[numbers[0]], len(numbers))
	}
	d.mu.Unlock()
	return d.counted.delivered(q, err)
}
