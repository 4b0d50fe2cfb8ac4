package metricstore

import (
	"context"
	"database/sql"
	"fmt"

	"weir/internal/sqlitedb"
)

// Tidy makes points that are older than their step is kept points of the next, and removes those that are older than any, and metrics
// without points that got no data for two weeks. Each metric is a transaction, so Puts wait for it shortly. The app calls it every few minutes. Errors: those
// of ctx and of the disk; what was done stays done.
func (s *Store) Tidy(ctx context.Context) error {
	var due []int64
	now := s.now()
	err := sqlitedb.EachRow(ctx, s.db, selectDue, func(r *sql.Rows) error {
		var id int64
		err := r.Scan(&id)
		due = append(due, id)
		return err
	}, levels[0].since(now), levels[1].since(now), levels[2].since(now), levels[3].since(now), now.Add(-listed).UnixMilli())
	if err != nil || len(due) == 0 {
		return err
	}
	s.mu.RLock()
	byID := make(map[int64]*entry, len(s.metrics))
	for _, e := range s.metrics {
		byID[e.id] = e
	}
	s.mu.RUnlock()
	for _, id := range due {
		e := byID[id]
		if e == nil {
			continue // it came after the transaction and before the lock
		}
		if err := s.tidyMetric(ctx, e); err != nil {
			return fmt.Errorf("cannot roll up the metric %s: %w", e.Name, err)
		}
	}
	return nil
}

// selectDue finds the metrics that have points older than their step is kept, or none at all.
const selectDue = `SELECT id FROM metrics WHERE
	EXISTS (SELECT 1 FROM points WHERE metric = id AND step = 1 AND time < ?) OR
	EXISTS (SELECT 1 FROM points WHERE metric = id AND step = 60 AND time < ?) OR
	EXISTS (SELECT 1 FROM points WHERE metric = id AND step = 300 AND time < ?) OR
	EXISTS (SELECT 1 FROM points WHERE metric = id AND step = 3600 AND time < ?) OR
	received < ? AND NOT EXISTS (SELECT 1 FROM points WHERE metric = id) ORDER BY id`

func (s *Store) tidyMetric(ctx context.Context, e *entry) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	now := s.now()
	left := false
	err := sqlitedb.InTx(ctx, s.db, func(tx *sql.Tx) error {
		for i, l := range levels {
			since := l.since(now)
			if i+1 < len(levels) {
				if err := s.rollUp(ctx, tx, e.id, l.step, levels[i+1].step, since); err != nil {
					return err
				}
			}
			if _, err := tx.ExecContext(ctx, "DELETE FROM points WHERE metric = ? AND step = ? AND time < ?", e.id, l.step, since); err != nil {
				return err
			}
		}
		return tx.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM points WHERE metric = ?)", e.id).Scan(&left)
	})
	if err != nil || left {
		return err
	}
	s.mu.RLock()
	idle := e.received < now.Add(-listed).UnixMilli()
	s.mu.RUnlock()
	if !idle {
		return nil
	}
	if _, err := s.db.ExecContext(ctx, "DELETE FROM metrics WHERE id = ?", e.id); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.metrics, e.Key())
	return nil
}

// rollUp adds the rows of a step that are older than since to those of the next. The caller removes them.
func (s *Store) rollUp(ctx context.Context, tx *sql.Tx, metric, step, next, since int64) error {
	rows, err := tx.QueryContext(ctx, "SELECT time, unit, backfilled, count, sum, min, max, known, samples FROM points WHERE metric = ? AND step = ? AND time < ? ORDER BY time",
		metric, step, since)
	if err != nil {
		return err
	}
	defer rows.Close()
	var order []place
	made := map[place]*row{}
	for rows.Next() {
		at := place{metric: metric, step: next}
		add, err := scanRow(rows, &at.time, &at.unit, &at.backfilled)
		if err != nil {
			return err
		}
		at.time = floor(at.time, next)
		if have := made[at]; have != nil {
			have.merge(add)
			have.values.bound()
			continue
		}
		made[at] = &add
		order = append(order, at)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	have, write := tx.StmtContext(ctx, s.queries[selectPoint]), tx.StmtContext(ctx, s.queries[putPoint])
	for _, at := range order {
		if err := addTo(ctx, have, write, at, *made[at]); err != nil {
			return err
		}
	}
	return nil
}
