package metricstore

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"weir/internal/sqlitedb"
)

const (
	selectPoint = `SELECT count, sum, min, max, known, samples FROM points WHERE metric = ? AND step = ? AND time = ? AND unit = ? AND backfilled = ?`
	putPoint    = `INSERT OR REPLACE INTO points VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
)

// saveEvery is how much older than true the database's time of the last data may be, in milliseconds.
const saveEvery = 60_000

// commitPuts makes what waits durable, until the store is closed.
func (s *Store) commitPuts() {
	for {
		select {
		case <-s.wake:
		case <-s.closing:
			for _, p := range s.take(0) {
				p.done <- ErrClosed
			}
			return
		}
		for batch := s.take(maxCommit); len(batch) > 0; batch = s.take(maxCommit) {
			err := s.commit(context.Background(), batch)
			if err != nil { // those who put may have gone
				s.log.Error("data of metrics were not kept", "requests", len(batch), "error", err)
			}
			for _, p := range batch {
				p.done <- err
			}
		}
	}
}

// take returns the puts that wait, up to about limit data; 0 does not bound.
func (s *Store) take(limit int) []*put {
	s.queueMu.Lock()
	defer s.queueMu.Unlock()
	n, data := 0, 0
	for n < len(s.queue) && (limit == 0 || n == 0 || data+s.queue[n].data <= limit) {
		data += s.queue[n].data
		n++
	}
	batch := s.queue[:n:n]
	s.queue = s.queue[n:]
	return batch
}

// commit makes puts durable in one transaction.
func (s *Store) commit(ctx context.Context, batch []*put) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	cells, named := batch[0].cells, map[string]Metric{}
	for i, p := range batch {
		maps.Copy(named, p.metrics)
		if i == 0 {
			continue
		}
		for c, r := range p.cells {
			if have := cells[c]; have != nil {
				have.merge(*r)
				have.values.bound()
			} else {
				cells[c] = r
			}
		}
	}
	now := s.now().UnixMilli()
	var touched []*entry
	err := sqlitedb.InTx(ctx, s.db, func(tx *sql.Tx) error {
		touched = touched[:0]
		ids := map[string]int64{}
		for key, m := range named {
			e, err := s.touch(ctx, tx, key, m, now)
			if err != nil {
				return err
			}
			touched, ids[key] = append(touched, e), e.id
		}
		if err := s.writeCells(ctx, tx, cells, ids); err != nil {
			return err
		}
		for _, p := range batch {
			if p.reader == "" {
				continue
			}
			if _, err := tx.ExecContext(ctx, "INSERT OR REPLACE INTO positions VALUES (?, ?)", p.reader, p.position); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("the metrics can't be written: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range touched {
		if have := s.metrics[e.Key()]; have != nil {
			have.received, have.saved = e.received, e.saved
		} else {
			s.metrics[e.Key()] = e
		}
	}
	return nil
}

// touch returns a metric as it will be: data came now. What is new is made.
func (s *Store) touch(ctx context.Context, tx *sql.Tx, key string, m Metric, now int64) (*entry, error) {
	s.mu.RLock()
	have := s.metrics[key]
	s.mu.RUnlock()
	if have != nil {
		e := &entry{id: have.id, Metric: have.Metric, received: max(now, have.received), saved: have.saved}
		if e.received-e.saved < saveEvery {
			return e, nil
		}
		e.saved = e.received
		_, err := tx.ExecContext(ctx, "UPDATE metrics SET received = ? WHERE id = ?", e.received, e.id)
		return e, err
	}
	m.Dimensions = append([]Dimension{}, m.Dimensions...) // the caller's list is the caller's
	dimensions, err := json.Marshal(m.Dimensions)
	if err != nil {
		return nil, err
	}
	made, err := tx.ExecContext(ctx, "INSERT INTO metrics (namespace, name, dimensions, received) VALUES (?, ?, ?, ?)", m.Namespace, m.Name, string(dimensions), now)
	if err != nil {
		return nil, err
	}
	id, err := made.LastInsertId()
	return &entry{id: id, Metric: m, received: now, saved: now}, err
}

// writeCells adds rows to those that are there, in the order in which they lie.
func (s *Store) writeCells(ctx context.Context, tx *sql.Tx, cells map[cell]*row, ids map[string]int64) error {
	order := slices.SortedFunc(maps.Keys(cells), func(a, b cell) int {
		return cmp.Or(cmp.Compare(ids[a.metric], ids[b.metric]), cmp.Compare(a.step, b.step), cmp.Compare(a.time, b.time), cmp.Compare(a.unit, b.unit))
	})
	have, write := tx.StmtContext(ctx, s.queries[selectPoint]), tx.StmtContext(ctx, s.queries[putPoint])
	for _, c := range order {
		at := place{ids[c.metric], c.step, c.time, c.unit, c.backfilled}
		if err := addTo(ctx, have, write, at, *cells[c]); err != nil {
			return err
		}
	}
	return nil
}

// A place is the key of a row.
type place struct {
	metric, step, time int64
	unit               string
	backfilled         bool
}

// addTo adds samples to the row of a place.
func addTo(ctx context.Context, have, write *sql.Stmt, at place, add row) error {
	total, err := scanRow(have.QueryRowContext(ctx, at.metric, at.step, at.time, at.unit, at.backfilled))
	switch {
	case errors.Is(err, sql.ErrNoRows):
		total = row{}
	case err != nil:
		return err
	}
	total.merge(add)
	total.values.bound()
	_, err = write.ExecContext(ctx, at.metric, at.step, at.time, at.unit, at.backfilled,
		total.SampleCount, total.Sum, total.Minimum, total.Maximum, total.known, total.samples())
	return err
}

// scanRow reads the columns from count on, behind others.
func scanRow(r interface{ Scan(dest ...any) error }, before ...any) (row, error) {
	var out row
	var samples []byte
	if err := r.Scan(append(before, &out.SampleCount, &out.Sum, &out.Minimum, &out.Maximum, &out.known, &samples)...); err != nil {
		return row{}, err
	}
	switch {
	case !out.known:
	case samples == nil:
		out.values.samples = []sample{{out.Minimum, out.SampleCount}}
	default:
		var ok bool
		if out.values, ok = decode(samples); !ok {
			return row{}, errors.New("a point's samples are damaged")
		}
	}
	return out, nil
}
