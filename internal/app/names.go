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

// names are the names that queries ask for, of the network's versions and of the networks of AWS
// as they are.
type names struct {
	data string

	mu      sync.Mutex
	now     *query.Names
	of      []versions.Version // that now is of
	rangeAt time.Time          // when the file of ranges was changed, zero for none
}

// get returns the names of now.
func (n *names) get(ctx context.Context) (*query.Names, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	rangeAt, err := rangesChanged(n.data)
	if err != nil {
		return nil, err
	}
	s, err := versions.Open(ctx, n.data)
	var of []versions.Version
	if err == nil {
		defer s.Close()
		of, err = s.List(ctx)
	}
	if err != nil && !errors.Is(err, versions.ErrNone) {
		return nil, err
	}
	if n.now != nil && slices.Equal(n.of, of) && n.rangeAt.Equal(rangeAt) {
		return n.now, nil
	}
	var told []query.InterfaceSpan
	if len(of) > 0 {
		spans, err := s.Interfaces(ctx)
		if err != nil {
			return nil, fmt.Errorf("there are no names: %w", err)
		}
		told = interfaceSpans(spans)
	}
	ranges, err := readRanges(n.data)
	if err != nil {
		return nil, err
	}
	n.now, n.of, n.rangeAt = query.NewNames(told, ranges), of, rangeAt
	return n.now, nil
}

// tell reports whether columns of names are asked for, and fails with a [*UsageError] where
// nothing is known of one.
func (n *names) tell(ctx context.Context, asked []query.NameColumn) (bool, error) {
	if len(asked) == 0 {
		return false, nil
	}
	now, err := n.get(ctx)
	if err != nil {
		return false, err
	}
	for _, c := range asked {
		if err := now.Lacks(c); err != nil {
			return false, &UsageError{Message: err.Error(), Hint: query.NamesHint(err)}
		}
	}
	return true, nil
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
	out := make([]query.InterfaceSpan, 0, len(spans)) // not nil: something is known
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
