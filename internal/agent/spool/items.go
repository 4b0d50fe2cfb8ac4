package spool

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"weir/internal/sqlitedb"
)

// Oldest returns the oldest items of a queue, in order: at most so many, and no more of them than have so many bytes together, but one in any case. Those of the numbers
// of but are passed over. It returns none where there is none.
func (s *Spool) Oldest(ctx context.Context, q Queue, most int, bytes int64, but ...int64) ([]Item, error) {
	out, err := s.oldest(ctx, q, most, bytes, but)
	return s.read(ctx, out, err)
}

// Newest returns the newest item of a queue, or none.
func (s *Spool) Newest(ctx context.Context, q Queue) ([]Item, error) {
	var out []Item
	err := sqlitedb.EachRow(ctx, s.db, "SELECT n FROM items WHERE flow_log = ? AND destination = ? ORDER BY n DESC LIMIT 1", func(r *sql.Rows) error {
		out = append(out, Item{Queue: q})
		return r.Scan(&out[0].Number)
	}, q.FlowLog, q.Destination)
	return s.read(ctx, out, err)
}

// read reads the rest of items that have only a number. Those that were removed meanwhile are left out.
func (s *Spool) read(ctx context.Context, out []Item, err error) ([]Item, error) {
	return s.fill(out, err, func(it *Item) error {
		return s.db.QueryRowContext(ctx, "SELECT header, data, records FROM items WHERE n = ?", it.Number).Scan(&it.Header, &it.Data, &it.Records)
	})
}

// fill has the rest of items read. Those that were removed meanwhile are left out.
func (*Spool) fill(of []Item, err error, read func(*Item) error) (out []Item, _ error) {
	for i := 0; err == nil && i < len(of); i++ {
		switch err = read(&of[i]); {
		case err == nil:
			out = append(out, of[i])
		case errors.Is(err, sql.ErrNoRows):
			err = nil
		}
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read what is to be delivered: %w", err)
	}
	return out, nil
}

// oldest returns items that have only a number, as the index has it: what is too much is not read.
func (s *Spool) oldest(ctx context.Context, q Queue, most int, bytes int64, but []int64) (out []Item, err error) {
	var sum int64
	err = sqlitedb.EachRow(ctx, s.db, "SELECT n, bytes FROM items WHERE flow_log = ? AND destination = ? ORDER BY n LIMIT ?", func(r *sql.Rows) error {
		it := Item{Queue: q}
		var size int64
		err := r.Scan(&it.Number, &size)
		if slices.Contains(but, it.Number) || len(out) == most {
			return err
		}
		if sum += size; len(out) == 0 || sum <= bytes {
			out = append(out, it)
		}
		return err
	}, q.FlowLog, q.Destination, most+len(but))
	return out, err
}

// Remove removes items that were delivered, all or none. Those that are not there any more are passed over.
func (s *Spool) Remove(ctx context.Context, items ...Item) error {
	err := s.remove(ctx, items, func(*sql.Tx, Waiting) error { return nil })
	if err != nil {
		return fmt.Errorf("cannot remove what was delivered: %w", err)
	}
	return nil
}

// remove removes items, all or none, and in the same step does what also does, which is told how much is gone.
func (s *Spool) remove(ctx context.Context, items []Item, also func(*sql.Tx, Waiting) error) error {
	gone, sum := map[Queue]Waiting{}, Waiting{}
	shrunk, used := false, int64(0)
	err := sqlitedb.InTx(ctx, s.db, func(tx *sql.Tx) error {
		for i := range items {
			it := &items[i]
			result, err := tx.ExecContext(ctx, "DELETE FROM items WHERE n = ?", it.Number)
			if err != nil {
				return err
			}
			n, err := result.RowsAffected()
			if err != nil {
				return err
			}
			of := Waiting{n, n * int64(it.Records), n * it.Bytes()}
			gone[it.Queue], sum = gone[it.Queue].plus(of), sum.plus(of)
		}
		err := also(tx, sum)
		if err != nil {
			return err
		}
		var free int64
		if used, free, err = pages(ctx, tx); err == nil {
			shrunk, err = shrink(ctx, tx, free)
		}
		return err
	})
	if err != nil {
		return err
	}
	if shrunk {
		_, _ = s.db.ExecContext(ctx, "PRAGMA wal_checkpoint(PASSIVE)") // it comes with a later one otherwise
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.used = used
	for q, g := range gone {
		s.add(q, Waiting{-g.Items, -g.Records, -g.Bytes})
	}
	return nil
}
