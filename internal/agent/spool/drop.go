package spool

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"weir/internal/sqlitedb"
)

// mostDrops is how many drops [Spool.Drops] returns.
const mostDrops = 10

// A Drop is what was given up at a time, by whoever runs the agent.
type Drop struct {
	// number is given by the first Drop.
	number  int64
	At      time.Time
	FlowLog string
	// Waiting is how much waited and does not any more.
	Waiting
	// From and To are between which times the records end; zero where nobody knows.
	From, To time.Time
}

// Headers returns items of a queue that are numbered above one, in order, without their data: at most so many, and no more of them than have so many bytes together with it, but one in any case.
func (s *Spool) Headers(ctx context.Context, q Queue, above int64, most int, bytes int64) ([]Item, error) {
	var out []Item
	var sum int64
	err := sqlitedb.EachRow(ctx, s.db, "SELECT n, records, bytes FROM items WHERE flow_log = ? AND destination = ? AND n > ? ORDER BY n LIMIT ?", func(r *sql.Rows) error {
		it := Item{Queue: q}
		err := r.Scan(&it.Number, &it.Records, &it.size)
		if sum += it.size; err == nil && (len(out) == 0 || sum <= bytes) {
			out = append(out, it)
		}
		return err
	}, q.FlowLog, q.Destination, above, most)
	there, err := s.fill(out, err, func(it *Item) error {
		return s.db.QueryRowContext(ctx, "SELECT header FROM items WHERE n = ?", it.Number).Scan(&it.Header)
	})
	if err == nil && len(there) == 0 && len(out) > 0 { // all were delivered meanwhile, and that is not the end
		return s.Headers(ctx, q, out[len(out)-1].Number, most, bytes)
	}
	return there, err
}

// Drop removes items that are given up, all or none, and keeps that they were: d says of how many it was called until now, and from when to when all of them are. The number
// of those that were there is added. Calls with the same d are one drop.
func (s *Spool) Drop(ctx context.Context, d *Drop, items ...Item) error {
	next := *d
	err := s.remove(ctx, items, func(tx *sql.Tx, gone Waiting) error {
		next.Waiting = d.plus(gone)
		if next.number == 0 {
			return tx.QueryRowContext(ctx, "INSERT INTO drops (at, flow_log, items, records, bytes, first, last) VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING n",
				next.At.UnixMilli(), next.FlowLog, next.Items, next.Records, next.Bytes, millis(next.From), millis(next.To)).Scan(&next.number)
		}
		_, err := tx.ExecContext(ctx, "UPDATE drops SET items = ?, records = ?, bytes = ?, first = ?, last = ? WHERE n = ?",
			next.Items, next.Records, next.Bytes, millis(next.From), millis(next.To), next.number)
		return err
	})
	if err != nil {
		return fmt.Errorf("cannot give up what waits: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dropped = s.dropped.plus(Waiting{next.Items - d.Items, next.Records - d.Records, next.Bytes - d.Bytes})
	if len(s.drops) > 0 && s.drops[0].number == next.number {
		s.drops = s.drops[1:]
	}
	s.drops = append([]Drop{next}, s.drops[:min(len(s.drops), mostDrops-1)]...)
	*d = next
	return nil
}

// Dropped returns how much was ever given up, in this spool.
func (s *Spool) Dropped() Waiting {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dropped
}

// Drops returns what was given up last, the newest first: ten at most. It is not to be changed.
func (s *Spool) Drops() []Drop {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.drops
}

// measureDrops looks what was given up.
func (s *Spool) measureDrops(ctx context.Context) error {
	err := s.db.QueryRowContext(ctx, "SELECT coalesce(sum(items), 0), coalesce(sum(records), 0), coalesce(sum(bytes), 0) FROM drops").Scan(&s.dropped.Items, &s.dropped.Records, &s.dropped.Bytes)
	if err != nil {
		return err
	}
	return sqlitedb.EachRow(ctx, s.db, "SELECT n, at, flow_log, items, records, bytes, first, last FROM drops ORDER BY n DESC LIMIT ?", func(r *sql.Rows) error {
		var d Drop
		var at int64
		var first, last *int64
		err := r.Scan(&d.number, &at, &d.FlowLog, &d.Items, &d.Records, &d.Bytes, &first, &last)
		d.At, d.From, d.To = time.UnixMilli(at).UTC(), moment(first), moment(last)
		s.drops = append(s.drops, d)
		return err
	}, mostDrops)
}

// millis returns a time in milliseconds since the epoch, and moment makes it of that; nil is the zero time.
func millis(t time.Time) *int64 {
	if t.IsZero() {
		return nil
	}
	ms := t.UnixMilli()
	return &ms
}

func moment(ms *int64) time.Time {
	if ms == nil {
		return time.Time{}
	}
	return time.UnixMilli(*ms).UTC()
}
