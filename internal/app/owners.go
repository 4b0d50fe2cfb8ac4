package app

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"slices"

	"weir/internal/lake"
	"weir/internal/pair"
	"weir/internal/versions"
)

// newOwners returns the own addresses of ENIs that the versions of a data directory tell, as they
// are, for the directions of records that leave them open.
func newOwners(data string) *stamped[*pair.Owners] {
	return &stamped[*pair.Owners]{data: data, make: func(ctx context.Context, s *versions.Store) (*pair.Owners, error) {
		spans, err := s.Interfaces(ctx)
		if err != nil {
			return nil, fmt.Errorf("cannot tell the own addresses of interfaces: %w", err)
		}
		return pair.NewOwners(ownAddresses(spans)), nil
	}}
}

// Outdated returns of how many hours of a data directory the directions and pairs are not those
// of its records and its definition as they are, and how many are attributed by other definitions
// than there are now; 0 where it has no records.
func Outdated(ctx context.Context, data string) (undirected, stale int, err error) {
	l, err := lake.Open(ctx, data, lake.Options{ReadOnly: true, Owners: newOwners(data).get, Attribution: newAttribution(data).get})
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
