package versions

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"time"

	"weir/internal/cloudtrail"
	"weir/internal/netmodel"
)

// AddChanges keeps changes, all of them or none, and returns how many of them were not there.
// CloudTrail delivers an event at least once: the event's id tells it.
func (s *Store) AddChanges(ctx context.Context, list []cloudtrail.Change) (int, error) {
	added := 0
	err := s.change(ctx, func(tx *sql.Tx) error {
		for i := range list {
			c := &list[i]
			packed, err := pack(c.Record)
			if err != nil {
				return err
			}
			r, err := tx.ExecContext(ctx, "INSERT INTO changes VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING", c.EventID, c.Account, c.Region, c.At.UnixMicro(), packed)
			if err != nil {
				return fmt.Errorf("cannot keep the change of event %s: %w", c.EventID, err)
			}
			n, err := r.RowsAffected()
			if err != nil {
				return fmt.Errorf("cannot keep the change of event %s: %w", c.EventID, err)
			}
			added += int(n)
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return added, nil
}

// Changes returns the changes that are kept from a time on until another, which is excluded,
// in the order of their times. A zero time bounds nothing.
func (s *Store) Changes(ctx context.Context, since, until time.Time) ([]cloudtrail.Change, error) {
	from, to := int64(math.MinInt64), int64(math.MaxInt64)
	if !since.IsZero() {
		from = since.UnixMicro()
	}
	if !until.IsZero() {
		to = until.UnixMicro()
	}
	var out []cloudtrail.Change
	err := s.read(ctx, func(tx *sql.Tx) error {
		var err error
		out, err = selectChanges(ctx, tx, "at >= ? AND at < ?", from, to)
		return err
	})
	return out, err
}

// changesOf returns the changes of a place after a time and not after another.
func changesOf(ctx context.Context, q querier, p netmodel.Place, after, until time.Time) ([]cloudtrail.Change, error) {
	return selectChanges(ctx, q, "account = ? AND region = ? AND at > ? AND at <= ?", p.Account, p.Region, after.UnixMicro(), until.UnixMicro())
}

func selectChanges(ctx context.Context, q querier, where string, args ...any) ([]cloudtrail.Change, error) {
	if form, err := formOf(ctx, q); err != nil || form < 2 { // nobody wrote since there are changes
		return nil, err
	}
	rows, err := q.QueryContext(ctx, "SELECT event_id, record FROM changes WHERE "+where+" ORDER BY at, event_id", args...)
	if err != nil {
		return nil, fmt.Errorf("cannot read the changes: %w", err)
	}
	defer rows.Close()
	var out []cloudtrail.Change
	for rows.Next() {
		var id string
		var packed []byte
		if err := rows.Scan(&id, &packed); err != nil {
			return nil, fmt.Errorf("cannot read the changes: %w", err)
		}
		record, err := unpack(packed)
		if err != nil {
			return nil, fmt.Errorf("the change of event %s is damaged: %w", id, err)
		}
		c, err := cloudtrail.Parse(record)
		if err != nil {
			return nil, fmt.Errorf("the change of event %s can't be read by this weir: %w", id, err)
		}
		if c.EventID != id {
			return nil, fmt.Errorf("the change of event %s is damaged: it is that of %s", id, c.EventID)
		}
		out = append(out, c)
	}
	return out, rows.Err()
}
