package contributor

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"

	"weir/internal/sqlitedb"
)

// frozen is what was taken out of memory to be committed.
type frozen struct {
	entries   map[frozenHour][]entry // sorted
	totals    map[frozenMinute]totals
	positions map[string][]byte
}

type frozenHour struct {
	rule *keptRule
	hourTime
}

type frozenMinute struct {
	rule *keptRule
	shardTime
}

// move gives what a rule has to another one, or to none where that is nil.
func (f *frozen) move(from, to *keptRule) {
	if f == nil {
		return
	}
	for h, entries := range f.entries {
		if h.rule == from {
			delete(f.entries, h)
			if to != nil {
				f.entries[frozenHour{to, h.hourTime}] = entries
			}
		}
	}
	for m, t := range f.totals {
		if m.rule == from {
			delete(f.totals, m)
			if to != nil {
				f.totals[frozenMinute{to, m.shardTime}] = t
			}
		}
	}
}

// Commit makes durable what was added, with the readers' positions, in one transaction. The caller calls it every second or few: what is
// between two is given again after a crash. Adding goes on meanwhile. Where it fails nothing is lost: what was added counts in reports, and
// the next Commit writes it.
func (s *Store) Commit(ctx context.Context) error {
	s.commitMu.Lock()
	defer s.commitMu.Unlock()
	if s.frozen != nil { // of a commit that failed
		if _, err := s.write(ctx); err != nil {
			return err
		}
	}
	s.mu.Lock()
	s.frozen = s.freeze()
	s.mu.Unlock()
	for _, entries := range s.frozen.entries {
		sortEntries(entries)
	}
	hours, err := s.write(ctx)
	if err != nil {
		return err
	}
	return s.mergeLevels(ctx, hours)
}

// freeze takes what is not committed out of memory. Shards of minutes in which nothing happened since the last time are given up, and
// all of them where they fill half of the memory. The caller holds commitMu and mu.
func (s *Store) freeze() *frozen {
	f := &frozen{entries: map[frozenHour][]entry{}, totals: map[frozenMinute]totals{}, positions: s.positions}
	s.positions = map[string][]byte{}
	crowded := s.pending > s.maxPending/2
	for _, k := range s.rules {
		for at, sh := range k.shards {
			fresh := sh.isFresh()
			if fresh {
				h := frozenHour{k, at.hour()}
				if entries := sh.appendEntries(f.entries[h], at.minute); len(entries) > 0 {
					f.entries[h] = entries
				}
				f.totals[frozenMinute{k, at}] = sh.totals
				sh.settle()
			}
			if !fresh || crowded {
				s.pending -= sh.weight()
				delete(k.shards, at)
			}
		}
	}
	for _, p := range s.programs {
		clear(p.shards)
	}
	return f
}

// write commits what is frozen, and returns the hours that have another run. The caller holds commitMu.
func (s *Store) write(ctx context.Context) (hours []frozenHour, err error) {
	f := s.frozen
	if len(f.entries)+len(f.totals)+len(f.positions) == 0 {
		s.frozen = nil
		return nil, nil
	}
	added := s.seconds()
	runs := map[frozenHour]runInfo{}
	err = sqlitedb.InTx(ctx, s.db, func(tx *sql.Tx) error {
		for name, position := range f.positions {
			_, err := tx.ExecContext(ctx, "INSERT INTO readers (name, position) VALUES (?, ?) ON CONFLICT DO UPDATE SET position = excluded.position", name, position)
			if err != nil {
				return err
			}
		}
		if err := writeTotals(ctx, tx, f.totals, added); err != nil {
			return err
		}
		for h, entries := range f.entries {
			run := runInfo{added: added, first: minutesPerHour}
			for i := range entries {
				run.join(runInfo{first: int64(entries[i].minute), last: int64(entries[i].minute)})
			}
			run, err := writeRun(ctx, tx, h.rule.id, h.hourTime, run, []*stream{{hour: h.hour, entries: entries}})
			if err != nil {
				return err
			}
			runs[h] = run
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("cannot commit the contributors: %w", err)
	}
	s.frozen = nil
	maps.Copy(s.durable, f.positions)
	for h, run := range runs {
		h.rule.runs[h.hourTime] = append(h.rule.runs[h.hourTime], run)
		hours = append(hours, h)
	}
	return hours, nil
}

func writeTotals(ctx context.Context, tx *sql.Tx, all map[frozenMinute]totals, added int64) error {
	stmt, err := tx.PrepareContext(ctx, `
INSERT INTO minutes (rule, minute, backfilled, samples, sum, min, max, large, large_sum, no_number, added) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET
	min = CASE WHEN samples = 0 THEN excluded.min WHEN excluded.samples = 0 THEN min ELSE min(min, excluded.min) END,
	max = CASE WHEN samples = 0 THEN excluded.max WHEN excluded.samples = 0 THEN max ELSE max(max, excluded.max) END,
	samples = samples + excluded.samples, sum = sum + excluded.sum, large = large + excluded.large,
	large_sum = large_sum + excluded.large_sum, no_number = no_number + excluded.no_number, added = max(added, excluded.added)`)
	if err != nil {
		return err
	}
	defer stmt.Close()
	for m, t := range all {
		_, err := stmt.ExecContext(ctx, m.rule.id, m.minute, m.backfilled, t.samples, t.sum, t.min, t.max,
			t.skipped.Large, t.skipped.LargeSum, t.skipped.NoNumber, added)
		if err != nil {
			return err
		}
	}
	return nil
}

// writeRun writes what streams of one hour have as a run, and returns it with its id.
func writeRun(ctx context.Context, tx *sql.Tx, rule int64, t hourTime, run runInfo, from []*stream) (runInfo, error) {
	res, err := tx.ExecContext(ctx, "INSERT INTO runs (rule, hour, backfilled, level, added, first, last) VALUES (?, ?, ?, ?, ?, ?, ?)",
		rule, t.hour, t.backfilled, run.level, run.added, run.first, run.last)
	if err != nil {
		return run, err
	}
	if run.id, err = res.LastInsertId(); err != nil {
		return run, err
	}
	n := 0
	w := &chunkWriter{emit: func(chunk []byte) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO chunks (run, n, data) VALUES (?, ?, ?)", run.id, n, chunk)
		n++
		return err
	}}
	var sums [minutesPerHour]float64
	var has [minutesPerHour]bool
	var points []point
	each := func(_ int64, of []point) {
		for _, p := range of {
			sums[p.minute] += p.value
			has[p.minute] = true
		}
	}
	done := func(key []byte) error {
		points = points[:0]
		for m := range has {
			if has[m] {
				points = append(points, point{uint8(m), sums[m]})
				sums[m], has[m] = 0, false
			}
		}
		return w.write(key, points)
	}
	if err := merge(from, each, done); err != nil {
		return run, err
	}
	return run, w.flush()
}

const (
	// levelRuns is how many runs of a level are merged to one of the next: so a count is written anew a few times only.
	levelRuns = 16
	// settled is how long after its end an hour counts as closed, and after the last commit of it as left alone, in seconds.
	settled = 600
)

// mergeLevels merges runs of hours that have many of a level. The caller holds commitMu.
func (s *Store) mergeLevels(ctx context.Context, hours []frozenHour) error {
	for _, h := range hours {
		byLevel := map[int64][]runInfo{}
		for _, r := range h.rule.runs[h.hourTime] {
			byLevel[r.level] = append(byLevel[r.level], r)
		}
		for level, of := range byLevel {
			if len(of) < levelRuns {
				continue
			}
			if err := s.mergeRuns(ctx, h.rule, h.hourTime, of, level+1); err != nil {
				return err
			}
		}
	}
	return nil
}

// all returns the rules by name.
func (s *Store) all() []*keptRule {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sorted()
}

// mergeRuns makes one run of some. The caller holds commitMu.
func (s *Store) mergeRuns(ctx context.Context, k *keptRule, t hourTime, runs []runInfo, level int64) error {
	made := runInfo{level: level, first: minutesPerHour}
	err := sqlitedb.InTx(ctx, s.db, func(tx *sql.Tx) error {
		var from []*stream
		for _, r := range runs {
			from = append(from, streamOf(ctx, tx, t.hour, r.id))
			made.join(r)
		}
		var err error
		if made, err = writeRun(ctx, tx, k.id, t, made, from); err != nil {
			return err
		}
		return deleteRuns(ctx, tx, runs)
	})
	if err != nil {
		return fmt.Errorf("cannot merge the contributors: %w", err)
	}
	k.forget(t, runs)
	k.runs[t] = append(k.runs[t], made)
	return nil
}

func deleteRuns(ctx context.Context, tx *sql.Tx, runs []runInfo) error {
	for _, r := range runs {
		if _, err := tx.ExecContext(ctx, "DELETE FROM runs WHERE id = ?", r.id); err != nil {
			return err
		}
	}
	return nil
}

// forget removes runs of an hour from memory.
func (k *keptRule) forget(t hourTime, runs []runInfo) {
	k.runs[t] = slices.DeleteFunc(slices.Clone(k.runs[t]), func(r runInfo) bool { return slices.Contains(runs, r) })
	if len(k.runs[t]) == 0 {
		delete(k.runs, t)
	}
}
