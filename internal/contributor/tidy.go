package contributor

import (
	"context"
	"database/sql"
	"fmt"

	"weir/internal/sqlitedb"
)

// Tidy makes one run of each hour that is over and left alone, and removes what is older than the retention. The caller calls it about
// every minute; it does little where there is little to do. Commits and reports go on between one hour and the next.
func (s *Store) Tidy(ctx context.Context) error {
	for _, h := range s.hours() {
		if err := s.tidyHour(ctx, h); err != nil {
			return err
		}
	}
	return s.sweep(ctx)
}

// hours returns the hours of all rules.
func (s *Store) hours() []frozenHour {
	s.commitMu.Lock()
	defer s.commitMu.Unlock()
	var out []frozenHour
	for _, k := range s.all() {
		for t := range k.runs {
			out = append(out, frozenHour{k, t})
		}
	}
	return out
}

func (s *Store) tidyHour(ctx context.Context, h frozenHour) error {
	s.commitMu.Lock()
	defer s.commitMu.Unlock()
	if !s.has(h.rule) {
		return nil // it was deleted meanwhile
	}
	runs := h.rule.runs[h.hourTime]
	newest, level := int64(0), int64(0)
	for _, r := range runs {
		newest, level = max(newest, r.added), max(level, r.level)
	}
	switch idle := s.seconds() - max((h.hour+1)*secondsPerHour, newest); {
	case idle > int64(s.retention.Seconds()):
		return s.removeRuns(ctx, h.rule, h.hourTime, runs)
	case len(runs) > 1 && idle >= settled:
		return s.mergeRuns(ctx, h.rule, h.hourTime, runs, level+1)
	}
	return nil
}

// has reports whether a rule is still the one of its name.
func (s *Store) has(k *keptRule) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rules[k.name] == k
}

// sweep removes old totals, once an hour.
func (s *Store) sweep(ctx context.Context) error {
	s.commitMu.Lock()
	defer s.commitMu.Unlock()
	now := s.seconds()
	if now-s.swept < secondsPerHour {
		return nil
	}
	_, err := s.db.ExecContext(ctx, "DELETE FROM minutes WHERE ? - max(added, minute * 60 + 60) > ?", now, int64(s.retention.Seconds()))
	if err != nil {
		return fmt.Errorf("cannot remove old contributors: %w", err)
	}
	s.swept = now
	return nil
}

// removeRuns removes runs. The caller holds commitMu.
func (s *Store) removeRuns(ctx context.Context, k *keptRule, t hourTime, runs []runInfo) error {
	err := sqlitedb.InTx(ctx, s.db, func(tx *sql.Tx) error { return deleteRuns(ctx, tx, runs) })
	if err != nil {
		return fmt.Errorf("cannot remove old contributors: %w", err)
	}
	k.forget(t, runs)
	return nil
}
