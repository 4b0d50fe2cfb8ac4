package logstore

import (
	"context"
	"slices"
	"sync"
)

// feedBytes bounds what waits for the reader of a feed.
const feedBytes = 16 << 20

// Feed is the events of groups from a moment on, as they become durable. It is for one reader.
type Feed struct {
	store  *Store
	groups []string

	mu      sync.Mutex
	waiting []feedBlock
	bytes   int64
	leftOut int64
	ready   chan struct{}
	once    sync.Once
}

type feedBlock struct {
	streamBlock
	group string
}

// Follow begins a feed of groups, which need not exist yet; of all where none is named. The caller closes it.
func (s *Store) Follow(groups ...string) *Feed {
	f := &Feed{store: s, groups: groups, ready: make(chan struct{}, 1)}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.feeds[f] = true
	return f
}

// Close ends the feed.
func (f *Feed) Close() {
	f.once.Do(func() {
		f.store.mu.Lock()
		defer f.store.mu.Unlock()
		delete(f.store.feeds, f)
	})
}

// offer gives a block to the feed, or counts it as left out. It does not wait.
func (f *Feed) offer(group, stream string, b *block) {
	if len(f.groups) > 0 && !slices.Contains(f.groups, group) {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.bytes > 0 && f.bytes+b.size() > feedBytes {
		f.leftOut += int64(b.n)
	} else {
		f.waiting = append(f.waiting, feedBlock{streamBlock{b, stream}, group})
		f.bytes += b.size()
	}
	wakeUp(f.ready)
}

// Next waits for events and returns those that came since the last call, Put by Put, and how many came
// beside them that the reader was too slow for. Errors: ErrClosed, those of ctx.
func (f *Feed) Next(ctx context.Context) (events []Event, leftOut int64, err error) {
	for {
		f.mu.Lock()
		waiting := f.waiting
		leftOut = f.leftOut
		f.waiting, f.bytes, f.leftOut = nil, 0, 0
		f.mu.Unlock()
		if len(waiting) > 0 || leftOut > 0 {
			for _, b := range waiting {
				c := b.cursor()
				for {
					more, err := c.next()
					if !more || err != nil {
						break
					}
					events = append(events, b.event(b.group, b.stream, &c))
				}
			}
			return events, leftOut, nil
		}
		select {
		case <-f.ready:
		case <-ctx.Done():
			return nil, 0, ctx.Err()
		case <-f.store.closing:
			return nil, 0, ErrClosed
		}
	}
}
