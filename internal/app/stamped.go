package app

import (
	"context"
	"errors"
	"sync"

	"weir/internal/versions"
)

// stamped is what is made of the network's versions as they are now, kept until they change. It is
// safe for concurrent use.
type stamped[T any] struct {
	data string
	make func(context.Context, *versions.Store) (T, error)

	mu  sync.Mutex
	now T
	of  versions.Stamp // that now is of
}

// get returns what is made of the versions of now, the zero value where there are none.
func (m *stamped[T]) get(ctx context.Context) (T, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var none T
	s, err := versions.Open(ctx, m.data)
	if errors.Is(err, versions.ErrNone) {
		m.now, m.of = none, ""
		return none, nil
	}
	if err != nil {
		return none, err
	}
	defer s.Close()
	of, err := s.Stamp(ctx)
	if err != nil {
		return none, err
	}
	if m.of == of {
		return m.now, nil
	}
	now, err := m.make(ctx, s)
	if err != nil && !errors.Is(err, versions.ErrNone) {
		return none, err
	}
	m.now, m.of = now, of
	return now, nil
}
