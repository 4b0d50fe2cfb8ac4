package contributor

import (
	"context"
	"database/sql"
	"fmt"

	"weir/internal/sqlitedb"
)

// Tidy makes one run of each hour that is over and left alone, and removes what is older than the retention. The caller calls it about
// every minute; it does little where there is little to do.
func (s *Store) Tidy(ctx context.Context) error {
	s.commitMu.Lock()
	defer s.commitMu.Unlock()
	now := s.seconds()
	for _, k := range s.all() {
		for t, runs := range k.runs {
			newest, level := int64(0), int64(0)
			for _, r := range runs {
				newest, level = max(newest, r.added), max(level, r.level)
			}
			switch end := (t.hour + 1) * secondsPerHour; {
			case now-max(end, newest) > int64(s.retention.Seconds()):
				if err := s.removeRuns(ctx, k, t, runs); err != nil {
					return err
				}
			case len(runs) > 1 && now-max(end, newest) >= settled:
				if err := s.mergeRuns(ctx, k, t, runs, level+1); err != nil {
					return err
				}
			}
		}
	}
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
