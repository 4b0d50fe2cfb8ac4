package alarm

import (
	"context"
	"sync"
)

// changes tells who listens that alarms or their history have changed.
type changes struct {
	mu        sync.Mutex
	listeners map[chan struct{}]bool
}

// Changes returns a channel that gets a value when alarms or their history have changed since it was last read: their definitions, states and
// what became of actions. That a time was judged is no change. It gets no more values when ctx ends.
func (s *Store) Changes(ctx context.Context) <-chan struct{} {
	c := make(chan struct{}, 1)
	s.changes.mu.Lock()
	defer s.changes.mu.Unlock()
	if s.changes.listeners == nil {
		s.changes.listeners = map[chan struct{}]bool{}
	}
	s.changes.listeners[c] = true
	context.AfterFunc(ctx, func() {
		s.changes.mu.Lock()
		defer s.changes.mu.Unlock()
		delete(s.changes.listeners, c)
	})
	return c
}

// announce tells of a change.
func (c *changes) announce() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for listener := range c.listeners {
		signal(listener)
	}
}
