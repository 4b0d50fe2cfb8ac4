package app

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"net/netip"
	"slices"
	"sync"
	"time"

	"weir/internal/contributor"
	"weir/internal/countries"
	"weir/internal/query"
	"weir/internal/versions"
)

// names are the names that queries ask for: of the network's versions, and of what was taken of
// what is published. What was read is kept until it changes.
type names struct {
	data string

	mu        sync.Mutex
	told      *query.Names   // of the versions
	of        versions.Stamp // that told is of
	ranges    kept[query.Ranges]
	countries kept[query.Countries]
}

// kept is what was read of published files.
type kept[T any] struct {
	value T
	at    []time.Time // when the files were changed, zero for none; nil: they were not read
}

// get returns what is read of files, anew where one was changed.
func (k *kept[T]) get(data string, files []string, read func(data string) (T, error)) (T, error) {
	var none T
	at := make([]time.Time, len(files))
	for i, name := range files {
		var err error
		if at[i], err = changed(data, name); err != nil {
			return none, err
		}
	}
	if k.at != nil && slices.EqualFunc(k.at, at, time.Time.Equal) {
		return k.value, nil
	}
	value, err := read(data)
	if err != nil {
		return none, err
	}
	k.value, k.at = value, at
	return value, nil
}

// get returns the names of now that come from some sources; of others they may lack.
func (n *names) get(ctx context.Context, from query.NameSource) (*query.Names, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	told := query.NewNames(nil, nil)
	var ranges query.Ranges
	var places query.Countries
	var err error
	if from&query.FromDefinition != 0 {
		if told, err = n.tellInterfaces(ctx); err != nil {
			return nil, err
		}
	}
	if from&query.FromRanges != 0 {
		if ranges, err = n.ranges.get(n.data, []string{rangesFile}, readRanges); err != nil {
			return nil, err
		}
	}
	if from&query.FromCountries != 0 {
		files := slices.Sorted(maps.Values(countriesFiles))
		if places, err = n.countries.get(n.data, files, readCountries); err != nil {
			return nil, err
		}
	}
	return told.With(ranges, places), nil
}

// ofAddresses returns what is published about addresses, as it is now, for rules of Contributor Insights.
func (n *names) ofAddresses(_ context.Context, places, services bool) (contributor.Names, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	var out contributor.Names
	if places {
		of, err := n.countries.get(n.data, slices.Sorted(maps.Values(countriesFiles)), readCountries)
		if err != nil {
			return out, err
		}
		out.Country = of
	}
	if services {
		of, err := n.ranges.get(n.data, []string{rangesFile}, readRanges)
		if err != nil {
			return out, err
		}
		if of != nil {
			out.Service = func(a netip.Addr) string {
				service, _ := of(a)
				return service
			}
		}
	}
	return out, nil
}

// tellInterfaces returns the names of ENIs by the versions of now. Whether they changed is seen
// by their stamp.
func (n *names) tellInterfaces(ctx context.Context) (*query.Names, error) {
	s, err := versions.Open(ctx, n.data)
	var of versions.Stamp // "": there are none
	if err == nil {
		defer s.Close()
		of, err = s.Stamp(ctx)
	}
	if err != nil && !errors.Is(err, versions.ErrNone) {
		return nil, err
	}
	if n.told != nil && n.of == of {
		return n.told, nil
	}
	var spans []query.InterfaceSpan
	if of != "" {
		told, err := s.Interfaces(ctx)
		if err != nil && !errors.Is(err, versions.ErrNone) {
			return nil, fmt.Errorf("there are no names: %w", err)
		}
		if err == nil {
			spans = interfaceSpans(told)
		}
	}
	n.told, n.of = query.NewNames(spans, nil), of
	return n.told, nil
}

// tell reports whether columns of names are asked for, and fails with a [*UsageError] where
// nothing is known of one.
func (n *names) tell(ctx context.Context, asked []query.NameColumn) (bool, error) {
	if len(asked) == 0 {
		return false, nil
	}
	var from query.NameSource
	for _, c := range asked {
		from |= c.From()
	}
	now, err := n.get(ctx, from)
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

// known returns the sources of which something is known, without reading it.
func (n *names) known(ctx context.Context) (query.NameSource, error) {
	from := query.FromRegistry
	s, err := versions.Open(ctx, n.data)
	if err == nil {
		defer s.Close()
		var of []versions.Version
		if of, err = s.List(ctx); len(of) > 0 {
			from |= query.FromDefinition
		}
	}
	if err != nil && !errors.Is(err, versions.ErrNone) {
		return 0, err
	}
	for name, source := range map[string]query.NameSource{
		rangesFile: query.FromRanges, countriesFiles[countries.IPv4]: query.FromCountries, countriesFiles[countries.IPv6]: query.FromCountries,
	} {
		at, err := changed(n.data, name)
		if err != nil {
			return 0, err
		}
		if !at.IsZero() {
			from |= source
		}
	}
	return from, nil
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
