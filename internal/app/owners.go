package app

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"sync"

	"weir/internal/lake"
	"weir/internal/pair"
	"weir/internal/versions"
)

// owners are the own addresses of ENIs that the network's versions tell, as they are, for
// the directions of records that leave them open.
type owners struct {
	data string

	mu  sync.Mutex
	now *pair.Owners
	of  versions.Stamp // that now is of
}

// get returns what the versions of now tell.
func (o *owners) get(ctx context.Context) (*pair.Owners, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	s, err := versions.Open(ctx, o.data)
	if errors.Is(err, versions.ErrNone) {
		o.now, o.of = nil, ""
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer s.Close()
	of, err := s.Stamp(ctx)
	if err != nil {
		return nil, err
	}
	if o.of == of {
		return o.now, nil
	}
	spans, err := s.Interfaces(ctx)
	if errors.Is(err, versions.ErrNone) {
		o.now, o.of = nil, of
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot tell the own addresses of interfaces: %w", err)
	}
	o.now, o.of = pair.NewOwners(ownAddresses(spans)), of
	return o.now, nil
}

// Outdated returns of how many hours of a data directory the directions and pairs are not those
// of its records and its definition as they are, and how many are attributed by other definitions
// than there are now; 0 where it has no records.
func Outdated(ctx context.Context, data string) (undirected, stale int, err error) {
	l, err := lake.Open(ctx, data, lake.Options{ReadOnly: true, Owners: (&owners{data: data}).get, Attribution: (&attribution{data: data}).get})
	if errors.Is(err, lake.ErrNoLake) {
		return 0, 0, nil
	}
	if err != nil {
		return 0, 0, err
	}
	undirected, err = l.Unpaired(ctx)
	hours, staleErr := l.Stale(ctx)
	return undirected, len(hours), errors.Join(err, staleErr, l.Close())
}

// ownAddresses returns the addresses by which records show the ENIs of spans, which are in the
// order of ids and times.
//
// Of IPv4 it is the primary private address, also for traffic of secondary ones (VPC user
// guide, "srcaddr" and "dstaddr"). An ENI has it for as long as it is there, so that it holds
// at any time (EC2 API reference, UnassignPrivateIpAddresses takes secondary ones only). IPv6
// addresses come and go: they hold where imports tell that they were there, not before the
// first import and not between two that differ.
func ownAddresses(spans []versions.InterfaceSpan) []pair.Own {
	var out []pair.Own
	for len(spans) > 0 {
		n := 1
		for n < len(spans) && spans[n].ID == spans[0].ID {
			n++
		}
		out = append(out, ownOf(spans[:n])...)
		spans = spans[n:]
	}
	return out
}

// ownOf is ownAddresses for one ENI. Its times meet, from the first to the last second.
func ownOf(spans []versions.InterfaceSpan) []pair.Own {
	var always []netip.Addr
	for _, s := range spans {
		for _, a := range s.Addresses {
			if !a.Is4() {
				continue
			}
			if !slices.Contains(always, a) {
				always = append(always, a)
			}
			break
		}
	}
	if len(always) > 1 {
		always = nil // not what AWS does: one of them is wrong, or it is another ENI of that name
	}
	var out []pair.Own
	at := int64(math.MinInt64)
	until := func(t int64, o pair.Own) {
		if n := len(out) - 1; n >= 0 && out[n].To == at && slices.Equal(out[n].Addresses, o.Addresses) && slices.Equal(out[n].Prefixes, o.Prefixes) {
			out[n].To = max(at, t) // so that seeing the same again tells the same
		} else if t > at && len(o.Addresses)+len(o.Prefixes) > 0 {
			o.Interface, o.From, o.To = spans[0].ID, at, t
			out = append(out, o)
		}
		at = max(at, t)
	}
	for _, s := range interfaceSpans(spans) {
		until(s.From, pair.Own{Addresses: always})
		o := pair.Own{Addresses: always}
		if s.State == string(versions.StateUnchanged) || s.State == string(versions.StateLatest) {
			o.Addresses = slices.Clone(always)
			for _, a := range s.Addresses {
				if !a.Is4() {
					o.Addresses = append(o.Addresses, a)
				}
			}
			slices.SortFunc(o.Addresses, netip.Addr.Compare)
			o.Prefixes = slices.DeleteFunc(slices.Clone(s.Prefixes), func(p netip.Prefix) bool { return p.Addr().Is4() })
			slices.SortFunc(o.Prefixes, netip.Prefix.Compare)
		}
		until(s.To, o)
	}
	until(math.MaxInt64, pair.Own{Addresses: always})
	return out
}
