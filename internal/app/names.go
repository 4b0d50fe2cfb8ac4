package app

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"weir/internal/query"
	"weir/internal/versions"
)

// names are the names that queries ask for, of the network's versions as they are.
type names struct {
	data string

	mu  sync.Mutex
	of  []versions.Version // that now is of
	now *query.Names
}

// get returns the names of now. It fails with [query.ErrNoNames] where no network definition
// was imported.
func (n *names) get(ctx context.Context) (*query.Names, error) {
	s, err := versions.Open(ctx, n.data)
	if errors.Is(err, versions.ErrNone) {
		return nil, query.ErrNoNames
	}
	if err != nil {
		return nil, err
	}
	defer s.Close()
	of, err := s.List(ctx)
	if err != nil {
		return nil, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.now != nil && slices.Equal(n.of, of) {
		return n.now, nil
	}
	spans, err := s.Interfaces(ctx)
	if errors.Is(err, versions.ErrNone) {
		return nil, query.ErrNoNames
	}
	if err != nil {
		return nil, fmt.Errorf("there are no names: %w", err)
	}
	n.of, n.now = of, query.NewNames(interfaceSpans(spans))
	return n.now, nil
}

// noNames says why there are no names for a filter or a group.
func noNames(err error) error {
	if errors.Is(err, query.ErrNoNames) {
		return &UsageError{Message: err.Error(), Hint: "'weir network import' takes one"}
	}
	return err
}

// interfaceSpans returns spans as queries take them. Records are of whole seconds: a span
// holds those that lie in it.
func interfaceSpans(spans []versions.InterfaceSpan) []query.InterfaceSpan {
	bound := func(t time.Time, open int64) int64 {
		if t.IsZero() {
			return open
		}
		if t.Nanosecond() > 0 {
			return t.Unix() + 1
		}
		return t.Unix()
	}
	var out []query.InterfaceSpan
	for _, s := range spans {
		from, to := bound(s.From, math.MinInt64), bound(s.To, math.MaxInt64)
		if from == to {
			continue // within a second
		}
		out = append(out, query.InterfaceSpan{
			ID: s.ID, From: from, To: to, Name: s.Name, Role: string(s.Role), Resource: s.Resource, Instance: s.Instance,
			Subnet: s.Subnet, VPC: s.VPC, AZ: s.AZ, State: string(s.State), Assumed: s.State == versions.StateAssumed,
			Addresses: s.Addresses, Prefixes: s.Prefixes,
		})
	}
	return out
}
