package notify

import (
	"container/heap"
	"context"
	"database/sql"
	"sync"
	"time"

	"weir/internal/sqlitedb"
)

// The most deliveries that are made at the same time: in all, and to one subscription, so that one that hangs does not hold up others.
const (
	maxInFlight = 64
	maxPerLane  = 4
)

// An item is a delivery that is to be made: its id, when it is due by the database, and when it may begin, both in ms since the epoch.
type item struct{ id, due, at int64 }

// lane is what a subscription is to get, the earliest first.
type lane struct {
	items    []item
	inFlight int
	// interval is the ns between two where a policy bounds how many are made in a second, 0 where none does, and -1 where it is not known yet; free is when the
	// next may begin, in ns since the epoch.
	interval, free int64
}

// Len, Less, Swap, Push and Pop are of [heap.Interface].
func (l *lane) Len() int { return len(l.items) }

func (l *lane) Less(i, j int) bool {
	a, b := l.items[i], l.items[j]
	return a.at < b.at || a.at == b.at && a.id < b.id
}
func (l *lane) Swap(i, j int) { l.items[i], l.items[j] = l.items[j], l.items[i] }

// Push adds an item.
func (l *lane) Push(x any) { l.items = append(l.items, x.(item)) }

// Pop removes the last item.
func (l *lane) Pop() any {
	last := l.items[len(l.items)-1]
	l.items = l.items[:len(l.items)-1]
	return last
}

// queue is what of topics.db is to be delivered, by subscription.
type queue struct {
	mu       sync.Mutex
	lanes    map[string]*lane
	inFlight int
	policies int // how often policies have changed
	signal   chan struct{}
	done     sync.WaitGroup // attempts that are being made
}

type laneItem struct {
	subscription string
	item
}

func (q *queue) init() {
	q.lanes, q.signal = map[string]*lane{}, make(chan struct{}, 1)
}

// add adds what a transaction made, and tells Run.
func (q *queue) add(items []laneItem) {
	q.mu.Lock()
	for _, a := range items {
		q.push(a.subscription, a.item)
	}
	q.mu.Unlock()
	q.wake()
}

// wake tells Run to look for what may begin.
func (q *queue) wake() {
	select {
	case q.signal <- struct{}{}:
	default: // it was told already
	}
}

// push is called with the lock.
func (q *queue) push(subscription string, i item) {
	l := q.lanes[subscription]
	if l == nil {
		l = &lane{interval: -1}
		q.lanes[subscription] = l
	}
	heap.Push(l, i)
}

// loadQueue reads what is to be delivered.
func (s *Store) loadQueue(ctx context.Context) error {
	return sqlitedb.EachRow(ctx, s.db, "SELECT subscription, id, due FROM deliveries WHERE dead = 0 ORDER BY id", func(r *sql.Rows) error {
		var a laneItem
		err := r.Scan(&a.subscription, &a.id, &a.due)
		a.at = a.due
		s.queue.push(a.subscription, a.item)
		return err
	})
}

// clockJump is more than any delay: what is due later than that was put off before the clock went back, and is due now.
const clockJump = (maxRetryTime + 60) * 1000

// unpaced returns the subscriptions of lanes of which it is not known how many deliveries a second they take, and how often policies have changed.
func (q *queue) unpaced() (list []string, policies int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for subscription, l := range q.lanes {
		if l.interval < 0 {
			list = append(list, subscription)
		}
	}
	return list, q.policies
}

// pace bounds how many deliveries a second a subscription takes, 0 for any number, unless policies have changed since.
func (q *queue) pace(subscription string, perSecond, policies int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if l := q.lanes[subscription]; l != nil && policies == q.policies {
		if l.interval = 0; perSecond > 0 {
			l.interval = int64(time.Second) / int64(perSecond)
		}
	}
}

// repace is called when policies have changed.
func (q *queue) repace() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.policies++
	for _, l := range q.lanes {
		l.interval = -1
	}
	q.wake()
}

// catchUp is how far a pace may lie behind the clock: timers are not finer.
const catchUp = int64(10 * time.Millisecond)

// take removes what may begin now from the lanes, and returns when the next may, in ms since the epoch, 0 where nothing waits for time.
func (q *queue) take(now time.Time) (begin []laneItem, next int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	ms := now.UnixMilli()
	for subscription, l := range q.lanes {
		for l.interval >= 0 && len(l.items) > 0 && l.inFlight < maxPerLane && q.inFlight < maxInFlight {
			at := l.items[0].at
			if l.interval > 0 {
				at = max(at, (l.free+999_999)/1_000_000)
			}
			if at > ms && at-ms <= clockJump {
				if next == 0 || at < next {
					next = at
				}
				break
			}
			begin = append(begin, laneItem{subscription, heap.Pop(l).(item)})
			l.free = max(l.free, now.UnixNano()-catchUp) + l.interval
			l.inFlight++
			q.inFlight++
			q.done.Add(1)
		}
		if len(l.items) == 0 && l.inFlight == 0 && l.free <= now.UnixNano() {
			delete(q.lanes, subscription)
		}
	}
	return begin, next
}

// ended notes that an attempt has ended, and when it is to be made again; again is nil where it is not.
func (q *queue) ended(subscription string, again *item) {
	q.mu.Lock()
	q.inFlight--
	q.lanes[subscription].inFlight--
	if again != nil {
		q.push(subscription, *again)
	}
	q.mu.Unlock()
	q.done.Done()
	q.wake()
}
