package versions

import (
	"context"
	"database/sql"
	"fmt"
	"hash/fnv"
	"slices"
	"time"

	"weir/internal/netmodel"
)

// Mark is a time from which on, until the next mark, [Store.At] tells the same.
type Mark struct {
	// At is a time of which At tells it. The first mark is of all times before the second.
	At time.Time
	// Sum is a checksum of what is told, of all accounts and regions: where it is the same, so is
	// the definition.
	Sum uint64
}

// Marks returns the marks of all time, in its order. It reads no definition. It fails with
// ErrNone where there is no version.
func (s *Store) Marks(ctx context.Context) ([]Mark, error) {
	var out []Mark
	err := s.read(ctx, func(tx *sql.Tx) error {
		places, err := placesOf(ctx, tx)
		if err != nil {
			return err
		}
		if len(places) == 0 {
			return ErrNone
		}
		var all [][]mark
		var times []int64
		for _, p := range places {
			marks, err := marksOf(ctx, tx, p)
			if err != nil {
				return err
			}
			all = append(all, marks)
			for _, m := range marks[1:] {
				times = append(times, m.at)
			}
		}
		slices.Sort(times)
		out = together(places, all, slices.Compact(times))
		return nil
	})
	return out, err
}

// mark is a [Mark] of one place, in microseconds since the epoch.
type mark struct {
	at  int64
	sum uint64
}

// together puts the marks of places together. times are those of all, but for the first ones.
func together(places []netmodel.Place, all [][]mark, times []int64) []Mark {
	at := make([]int, len(all))
	sum := func() uint64 {
		h := fnv.New64a()
		for i, p := range places {
			fmt.Fprintf(h, "%s %s %d\n", p.Account, p.Region, all[i][at[i]].sum)
		}
		return h.Sum64()
	}
	first := time.Unix(0, 0)
	if len(times) > 0 {
		first = time.UnixMicro(times[0] - 1)
	}
	out := []Mark{{first.UTC(), sum()}}
	for _, t := range times {
		for i := range all {
			for at[i]+1 < len(all[i]) && all[i][at[i]+1].at <= t {
				at[i]++
			}
		}
		if s := sum(); s != out[len(out)-1].Sum {
			out = append(out, Mark{time.UnixMicro(t).UTC(), s})
		}
	}
	return out
}

// marksOf returns the marks of a place: its imports, the moments after those that others
// differ from, and events. What is between two imports depends on all events between them.
func marksOf(ctx context.Context, q querier, p netmodel.Place) ([]mark, error) {
	type sighting struct{ at, version int64 }
	var seen []sighting
	err := each(ctx, q, func(scan func(...any) error) error {
		var s sighting
		err := scan(&s.at, &s.version)
		seen = append(seen, s)
		return err
	}, "SELECT at, version FROM sightings WHERE account = ? AND region = ? ORDER BY at", p.Account, p.Region)
	if err != nil {
		return nil, err
	}
	type event struct {
		at int64
		id string
	}
	var events []event
	form, err := formOf(ctx, q)
	if err != nil {
		return nil, err
	}
	if form >= 2 {
		err := each(ctx, q, func(scan func(...any) error) error {
			var e event
			err := scan(&e.at, &e.id)
			events = append(events, e)
			return err
		}, "SELECT at, event_id FROM changes WHERE account = ? AND region = ? ORDER BY at, event_id", p.Account, p.Region)
		if err != nil {
			return nil, err
		}
	}
	r, err := reachOf(ctx, q, p)
	if err != nil {
		return nil, err
	}
	var out []mark
	add := func(at int64, sum uint64) {
		if n := len(out) - 1; n < 0 || out[n].sum != sum {
			out = append(out, mark{at, sum})
		}
	}
	// stretch adds the marks between two imports, either of which may not be there.
	stretch := func(before, after *sighting) {
		from, to := int64(-1<<62), int64(1<<62)
		var a, b int64
		if before != nil {
			from, a = before.at, before.version
		}
		if b = a; after != nil {
			to, b = after.at, after.version
		}
		if before == nil {
			a = b
		}
		h := fnv.New64a()
		fmt.Fprintf(h, "%d %d", a, b)
		times := []int64{}
		for _, e := range events {
			// One of the second of an import may be after it.
			if e.at > from-int64(time.Second/time.Microsecond) && e.at <= to {
				fmt.Fprintf(h, " %s", e.id)
				if e.at > from && e.at < to {
					times = append(times, e.at)
				}
			}
		}
		// How far the trail reaches counts where there is something to find, and before the
		// first import, where nothing else tells.
		if some := len(times) > 0 || a != b; some || before == nil && len(r) > 0 {
			for _, s := range r {
				fmt.Fprintf(h, " %d %d", s.from.UnixMicro(), s.to.UnixMicro())
				for _, t := range []int64{s.from.UnixMicro(), s.to.UnixMicro() + 1} {
					if some && from < t && t < to {
						times = append(times, t)
					}
				}
			}
		}
		if len(times) == 0 && a == b {
			add(from+1, uint64(a)) // as the import found it
			return
		}
		sum := h.Sum64()
		slices.Sort(times)
		for i, t := range slices.Concat([]int64{from + 1}, slices.Compact(times)) {
			add(t, sum+uint64(i)*0x9e3779b97f4a7c15)
		}
	}
	for i := range seen {
		if i == 0 {
			stretch(nil, &seen[0])
		} else {
			stretch(&seen[i-1], &seen[i])
		}
		add(seen[i].at, uint64(seen[i].version))
	}
	stretch(&seen[len(seen)-1], nil)
	return out, nil
}

// each calls do with each row of a query.
func each(ctx context.Context, q querier, do func(scan func(...any) error) error, query string, args ...any) error {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return fmt.Errorf("cannot read the network's versions: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := do(rows.Scan); err != nil {
			return fmt.Errorf("cannot read the network's versions: %w", err)
		}
	}
	return rows.Err()
}
