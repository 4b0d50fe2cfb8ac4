package alarm

import (
	"context"
	"database/sql"
	"slices"
	"time"

	"weir/internal/sqlitedb"
)

const (
	// slack is how much later than expected a step may come, in milliseconds, before the time in between counts as not seen.
	slack = 5000
	// catchUp is how far back evaluations that were missed are made up for, in seconds.
	catchUp = day
	// longestWait is how long Run waits at most, so that a clock that was set is noticed.
	longestWait = 5 * time.Second
	// retryAfter is how long an evaluation waits that failed for the moment, in milliseconds.
	retryAfter = 1000
)

// A gap is a time in which no alarm was looked at: after since and up to until, in seconds since the epoch. weir was not running, or its clock was set ahead.
// Data that are missing from it say nothing: what weir itself did not take in is not known to be missing.
type gap struct{ since, until int64 }

// A watch is what the store knows of the times at which it looked at alarms; seen and expected are in milliseconds since the epoch. It is changed by steps alone.
type watch struct {
	seen, expected int64
	// opened says that there was a look since the store was opened: before the first there was a time, if a short one, without weir.
	opened bool
	gaps   gaps
	// changed says that the database does not have the gaps yet.
	changed bool
	// kept is what the database has of seen, and forgotten when history was last shortened.
	kept, forgotten int64
}

// gaps are gaps by their time; a list is never changed, only replaced.
type gaps []gap

// at returns the gap that a time lies in, where data come up to some seconds late: what came late was not seen either where that was in the gap.
func (gs gaps) at(at, lateness int64) (gap, bool) {
	for _, g := range slices.Backward(gs) {
		if at > g.since-lateness && at <= g.until {
			return g, true
		}
	}
	return gap{}, false
}

// overlap reports whether a time from from (included) to to (not included), of which data come up to some seconds late, has a part in a gap.
func (gs gaps) overlap(from, to, lateness int64) bool {
	return slices.ContainsFunc(gs, func(g gap) bool { return from < g.until && to > g.since-lateness })
}

// look says that alarms are looked at now, in milliseconds since the epoch. A time since the last look that is longer than it should be is a gap. It reports whether there was one, and whether
// the clock was set back.
func (w *watch) look(now int64) (gapped, back bool) {
	switch {
	case w.seen == 0:
	case now < w.seen-slack:
		back = true
		var left gaps // what lies ahead has not come yet
		for _, g := range w.gaps {
			if g.since*1000 < now {
				left = append(left, gap{g.since, min(g.until, now/1000)})
			}
		}
		w.gaps, w.seen = left, now
	case now > w.expected+slack, !w.opened && now > w.seen+slack:
		gapped = true
		var left gaps // no alarm looks back further than a week
		for _, g := range w.gaps {
			if g.until >= now/1000-week-day {
				left = append(left, g)
			}
		}
		// Gaps that are less than a minute apart are one, so that a process that dies at once, again and again, does not make thousands of them.
		if last := len(left) - 1; last >= 0 && w.seen/1000-left[last].until < minute {
			left[last].until = now / 1000
		} else {
			left = append(left, gap{w.seen / 1000, now / 1000})
		}
		w.gaps = left
	}
	w.seen, w.opened, w.changed = max(now, w.seen), true, w.changed || gapped || back
	return gapped, back
}

// save writes what is known of times looked at; gaps where they have changed.
func (w *watch) save(ctx context.Context, tx *sql.Tx) error {
	if _, err := tx.ExecContext(ctx, "UPDATE store SET seen = ?", w.seen); err != nil || !w.changed {
		return err
	}
	if _, err := tx.ExecContext(ctx, "DELETE FROM gaps"); err != nil {
		return err
	}
	for _, g := range w.gaps {
		if _, err := tx.ExecContext(ctx, "INSERT INTO gaps VALUES (?, ?)", g.since, g.until); err != nil {
			return err
		}
	}
	return nil
}

// Run evaluates alarms on time until ctx ends, and returns its error. What fails meanwhile is logged and tried again. Log alarms are evaluated beside the others: a
// query that takes long holds nothing up.
func (s *Store) Run(ctx context.Context, src Source) error {
	s.stepping.Lock()
	err := s.look(ctx, s.nowMS()) // log alarms have to know of the gap before the first step
	s.stepping.Unlock()
	if err != nil {
		return err
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.run(ctx, src, s.stepLogs, s.pokeLogs)
	}()
	s.run(ctx, src, s.stepMetrics, s.poke)
	<-done
	return ctx.Err()
}

func (s *Store) run(ctx context.Context, src Source, step func(context.Context, Source) (int64, error), poke <-chan struct{}) {
	for {
		next, err := step(ctx, src)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			s.options.Log.Error("alarms could not be evaluated", "error", err)
		}
		timer := time.NewTimer(min(max(time.Duration(next-s.nowMS())*time.Millisecond, 0), longestWait))
		select {
		case <-ctx.Done():
		case <-timer.C:
		case <-poke:
		}
		timer.Stop()
	}
}

// look looks at alarms at a time, in milliseconds since the epoch: it notes a gap, and that the clock was set back. The caller holds stepping.
func (s *Store) look(ctx context.Context, now int64) error {
	gapped, back := s.watch.look(now)
	s.mu.Lock()
	s.seenGaps = s.watch.gaps
	s.mu.Unlock()
	if back {
		if err := s.stepBack(ctx, now); err != nil {
			return err
		}
	}
	if gapped || back {
		return s.keepWatch(ctx)
	}
	return nil
}

// stepBack lets evaluations begin anew when the clock was set back: what was judged of a time to come is judged again when that comes.
func (s *Store) stepBack(ctx context.Context, now int64) error {
	return s.write(ctx, func(b *batch) error {
		for name, a := range b.s.alarms {
			if a.evaluated > now/1000 {
				b.touched[name] = now / 1000
			}
		}
		return nil
	})
}

// keepWatch writes what is known of times looked at.
func (s *Store) keepWatch(ctx context.Context) error {
	s.change.Lock()
	defer s.change.Unlock()
	if err := sqlitedb.InTx(ctx, s.db, func(tx *sql.Tx) error { return s.watch.save(ctx, tx) }); err != nil {
		return err
	}
	s.watch.kept, s.watch.changed = s.watch.seen, false
	return nil
}
