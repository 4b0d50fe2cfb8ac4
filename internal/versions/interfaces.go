package versions

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"math"
	"net/netip"
	"slices"
	"strings"
	"time"

	"weir/internal/netmodel"
)

// InterfaceSpan is what is known of an ENI in a span of time.
type InterfaceSpan struct {
	*netmodel.Interface
	// From and To bound the span, From inclusive and To exclusive; the zero time does not
	// bound.
	From, To time.Time
	// State says how much imports tell: StateUnchanged, StateLatest, StateDated, StateChanged or
	// StateAssumed.
	State State
}

// Interfaces returns what the versions say of all ENIs, by id and time. The spans of an ENI do
// not overlap; where there is none, the versions in force do not hold it. It is told of an
// ENI that is in several accounts' versions by its owner's, else by those that were seen last.
//
// As in [Store.At], a version holds until the next one and the first one before itself. Of an
// ENI that is not in the older of two versions, and is in the newer, the newer one tells
// between both: a record of it shows that it was there. Where CloudTrail's events say when it
// came, it is told from then on, as StateDated; where they say when it went, until then. The
// state is that of the ENI alone: between two versions that tell the same of it, it is
// StateUnchanged.
//
// Spans may share what they point to, which the caller does not change. It fails with ErrNone
// where there is no version.
func (s *Store) Interfaces(ctx context.Context) ([]InterfaceSpan, error) {
	places := map[netmodel.Place][]held{}
	lives := map[netmodel.Place]map[string]lifetime{}
	var kept *keptInterfaces
	err := s.read(ctx, func(tx *sql.Tx) error {
		versions, err := listVersions(ctx, tx)
		if err != nil {
			return err
		}
		if len(versions) == 0 {
			return ErrNone
		}
		if kept, err = readKept(ctx, tx); err != nil {
			return err
		}
		for _, v := range versions {
			interfaces, err := kept.heldOf(ctx, tx, v)
			if err != nil {
				return err
			}
			places[v.Place] = append(places[v.Place], held{v, interfaces})
		}
		for place := range places {
			if lives[place], err = lifetimesOf(ctx, tx, place); err != nil {
				return err
			}
		}
		return nil
	})
	if errors.Is(err, ErrNone) {
		return nil, err
	}
	if err != nil {
		return nil, fmt.Errorf("cannot tell the names of interfaces: %w", err)
	}
	s.keep(ctx, kept.lacking)
	tellers := map[string]netmodel.Place{}
	for _, place := range slices.SortedFunc(maps.Keys(places), func(a, b netmodel.Place) int { return cmp.Compare(a.String(), b.String()) }) {
		for _, h := range places[place] {
			for id, i := range h.interfaces {
				was, told := tellers[id]
				if !told || was.Account != i.Account && (place.Account == i.Account || seen(places[was]).Before(seen(places[place]))) {
					tellers[id] = place
				}
			}
		}
	}
	var out []InterfaceSpan
	for place, list := range places {
		for _, span := range spansOf(list) {
			if tellers[span.ID] == place && lives[place][span.ID].bound(&span) {
				out = append(out, span)
			}
		}
	}
	slices.SortFunc(out, func(a, b InterfaceSpan) int { return cmp.Or(cmp.Compare(a.ID, b.ID), a.From.Compare(b.From)) })
	return out, nil
}

// lifetime is when an ENI came and went by events; the zero time where none says it.
type lifetime struct{ came, went time.Time }

// lifetimesOf returns the lifetimes of the ENIs of a place, as far as events tell them.
func lifetimesOf(ctx context.Context, q querier, p netmodel.Place) (map[string]lifetime, error) {
	changes, err := changesOf(ctx, q, p, time.UnixMicro(math.MinInt64), time.UnixMicro(math.MaxInt64))
	if err != nil {
		return nil, err
	}
	out := map[string]lifetime{}
	for i := range changes {
		for _, e := range changes[i].Effects {
			if !e.Whole || !strings.HasPrefix(e.ID, "eni-") {
				continue
			}
			l, at := out[e.ID], changes[i].At.Truncate(time.Second)
			if e.What == netmodel.Came {
				l.came = at
			} else {
				l.went = at
			}
			out[e.ID] = l
		}
	}
	return out, nil
}

// bound leaves of a span what lies in the lifetime, and reports whether that is anything.
func (l lifetime) bound(s *InterfaceSpan) bool {
	if !l.came.IsZero() && s.From.Before(l.came) && (s.State == StateChanged || s.State == StateAssumed) {
		if s.From = l.came; s.State == StateChanged {
			s.State = StateDated
		}
	}
	if went := l.went.Add(time.Second); !l.went.IsZero() && (s.To.IsZero() || s.To.After(went)) && (s.State == StateChanged || s.State == StateLatest) {
		s.To = went // within that second
		if s.State == StateChanged {
			s.State = StateDated
		}
	}
	return s.To.IsZero() || s.From.Before(s.To)
}

// held is a version and the ENIs that it holds.
type held struct {
	Version
	interfaces map[string]*netmodel.Interface
}

// seen returns the time of the last import of a place's versions.
func seen(list []held) time.Time { return list[len(list)-1].Until }

// spansOf returns the spans of the versions of one place, which are in the order of time.
func spansOf(list []held) []InterfaceSpan {
	var out []InterfaceSpan
	for n, h := range list {
		after := h.Until.Add(time.Microsecond) // times are in microseconds
		for id, i := range h.interfaces {
			if n == 0 {
				out = append(out, InterfaceSpan{i, time.Time{}, h.Since, StateAssumed})
			}
			if n == len(list)-1 {
				out = append(out, InterfaceSpan{i, h.Since, after, StateUnchanged}, InterfaceSpan{i, after, time.Time{}, StateLatest})
				continue
			}
			next := list[n+1]
			if other := next.interfaces[id]; other != nil && sameNames(i, other) {
				out = append(out, InterfaceSpan{i, h.Since, next.Since, StateUnchanged})
				continue
			}
			out = append(out, InterfaceSpan{i, h.Since, after, StateUnchanged})
			if after.Before(next.Since) {
				out = append(out, InterfaceSpan{i, after, next.Since, StateChanged})
			}
		}
		if n == len(list)-1 {
			continue
		}
		next := list[n+1]
		for id, i := range next.interfaces {
			if h.interfaces[id] == nil && after.Before(next.Since) {
				out = append(out, InterfaceSpan{i, after, next.Since, StateChanged})
			}
		}
	}
	return out
}

// sameNames reports whether two versions tell the same of an ENI, as far as names and
// addresses go.
func sameNames(a, b *netmodel.Interface) bool {
	if a == b {
		return true
	}
	of := func(i *netmodel.Interface) [7]string {
		return [...]string{i.Name, string(i.Role), i.Resource, i.Instance, i.Subnet, i.VPC, i.AZ}
	}
	return of(a) == of(b) && sameSet(a.Addresses, b.Addresses, netip.Addr.Compare) && sameSet(a.Prefixes, b.Prefixes, netip.Prefix.Compare)
}

func sameSet[T comparable](a, b []T, compare func(a, b T) int) bool {
	return slices.Equal(slices.SortedFunc(slices.Values(a), compare), slices.SortedFunc(slices.Values(b), compare))
}
