package versions

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"weir/internal/cloudtrail"
	"weir/internal/netmodel"
)

// reach is from when until when log files of CloudTrail hold the records of a place, as far as
// can be known: each day between has some. The stretches are in the order of time and do not
// touch.
type reach []stretch

type stretch struct{ from, to time.Time }

// covers reports whether the records reach from a time to another.
func (r reach) covers(from, to time.Time) bool {
	return slices.ContainsFunc(r, func(s stretch) bool { return !from.Before(s.from) && !to.After(s.to) })
}

// since returns from when on there are the records that reach to a time.
func (r reach) since(t time.Time) time.Time {
	for _, s := range r {
		if !t.Before(s.from) && !t.After(s.to) {
			return s.from
		}
	}
	return t
}

// AddDays notes days of which log files of CloudTrail hold records.
func (s *Store) AddDays(ctx context.Context, list []cloudtrail.Day) error {
	return s.change(ctx, func(tx *sql.Tx) error {
		for i := range list {
			d := &list[i]
			writes := 0
			if d.Writes {
				writes = 1
			}
			_, err := tx.ExecContext(ctx, `INSERT INTO trail_days VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
				since = min(since, excluded.since), last = max(last, excluded.last), writes = max(writes, excluded.writes)`,
				d.Account, d.Region, d.Day.UnixMicro(), d.From.UnixMicro(), d.Last.UnixMicro(), writes)
			if err != nil {
				return fmt.Errorf("cannot note the days of CloudTrail's files: %w", err)
			}
		}
		return nil
	})
}

// reachOf returns how far the records of a place reach. Where none of them is of a call that
// changes something, the trail may log only those that read, and they reach nowhere.
func reachOf(ctx context.Context, q querier, p netmodel.Place) (reach, error) {
	if form, err := formOf(ctx, q); err != nil || form < 4 {
		return nil, err
	}
	rows, err := q.QueryContext(ctx, "SELECT day, since, last, writes FROM trail_days WHERE account = ? AND region = ? ORDER BY day", p.Account, p.Region)
	if err != nil {
		return nil, fmt.Errorf("cannot read the days of CloudTrail's files: %w", err)
	}
	defer rows.Close()
	var out reach
	var before time.Time
	written := false
	for rows.Next() {
		var day, since, last int64
		var writes bool
		if err := rows.Scan(&day, &since, &last, &writes); err != nil {
			return nil, fmt.Errorf("cannot read the days of CloudTrail's files: %w", err)
		}
		begin := time.UnixMicro(day).UTC()
		if n := len(out) - 1; n >= 0 && begin.Equal(before.Add(24*time.Hour)) {
			out[n].to = time.UnixMicro(last).UTC()
		} else {
			out = append(out, stretch{time.UnixMicro(since).UTC(), time.UnixMicro(last).UTC()})
		}
		before, written = begin, written || writes
	}
	if !written {
		out = nil
	}
	return out, rows.Err()
}
