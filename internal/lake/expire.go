package lake

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/apache/iceberg-go/table"

	"weir/flowlog"
)

// graceTime is how long files stay after the last snapshot that names them was
// replaced: readers pin a snapshot for that long.
const graceTime = 15 * time.Minute

// ExpireOptions says what goes.
type ExpireOptions struct {
	// OlderThan takes out the records whose hour ended before this age; 0 keeps
	// all.
	OlderThan time.Duration
	// DryRun only says what would go.
	DryRun bool
}

// Expired says what Expire removed.
type Expired struct {
	Records   int64 `json:"records"`   // older than the retention
	Hours     int   `json:"hours"`     // that they lay in
	Snapshots int   `json:"snapshots"` // replaced for more than 15 minutes
	Files     int   `json:"files"`     // that no snapshot names any more
	Bytes     int64 `json:"bytes"`     // of these files
}

// Expire takes out records beyond the retention, snapshots that were replaced
// more than 15 minutes ago, and the files that only those named or that a crash
// left behind.
func (l *Lake) Expire(ctx context.Context, o ExpireOptions) (Expired, error) {
	var out Expired
	if err := l.writable(); err != nil {
		return out, err
	}
	l.write.Lock()
	defer l.write.Unlock()
	if err := l.recover(ctx); err != nil {
		return out, err
	}
	if o.OlderThan > 0 {
		if err := l.expireRecords(ctx, o, &out); err != nil {
			return out, err
		}
	}
	for _, k := range kinds {
		if err := l.expireTable(ctx, k, o.DryRun, &out); err != nil {
			return out, fmt.Errorf("table %s.%s: %w", namespace, tableName(k), err)
		}
	}
	if o.DryRun {
		return out, nil
	}
	return out, l.sweepRollups(&out)
}

// expireRecords takes out the files of hours beyond the retention.
func (l *Lake) expireRecords(ctx context.Context, o ExpireOptions, out *Expired) error {
	snap, err := l.Snapshot(ctx)
	if err != nil {
		return err
	}
	limit := l.now().Add(-o.OlderThan)
	c := change{op: "expire", remove: map[flowlog.Kind][]string{}}
	hours := map[hourKey]bool{}
	for _, k := range kinds {
		for _, f := range snap.Files(k, Bounds{}) {
			if f.Hour.Add(time.Hour).After(limit) {
				continue
			}
			c.remove[k] = append(c.remove[k], f.Path)
			hours[hourKey{k, f.Hour.Unix()}] = true
			out.Records += f.Records
		}
	}
	out.Hours = len(hours)
	if len(hours) == 0 || o.DryRun {
		return nil
	}
	// What the records that stay know of those that go, they still know.
	if c.paired, err = l.pairedHours(ctx, allTime); err != nil {
		return err
	}
	c.ledger = func(tx *ledgerTx, batch int64) error {
		for key := range hours {
			if _, err := tx.Exec("INSERT INTO batch_hours (batch, tbl, hour) VALUES (?, ?, ?)", batch, tableName(key.kind), key.hour); err != nil {
				return err
			}
		}
		return nil
	}
	return l.commit(ctx, c)
}

// expireTable removes a table's old snapshots and the files that nothing names.
func (l *Lake) expireTable(ctx context.Context, k flowlog.Kind, dryRun bool, out *Expired) error {
	t, err := loadTable(ctx, l.cat, l.paths, k)
	if err != nil {
		return err
	}
	snapshots := t.Metadata().Snapshots()
	keep := keepSnapshots(snapshots, l.now().Add(-graceTime))
	out.Snapshots += len(snapshots) - keep
	if dryRun {
		return nil
	}
	if keep < len(snapshots) {
		tx := t.NewTransaction()
		if err := tx.ExpireSnapshots(table.WithOlderThan(0), table.WithRetainLast(keep), table.WithPostCommit(false)); err != nil {
			return err
		}
		if t, err = tx.Commit(ctx); err != nil {
			return err
		}
	}
	return l.sweep(ctx, t, out)
}

// keepSnapshots returns how many of the newest snapshots, which are in order of
// time, stay: the current one, and those that were replaced after the limit.
func keepSnapshots(snapshots []table.Snapshot, limit time.Time) int {
	for i := 0; i+1 < len(snapshots); i++ {
		if time.UnixMilli(snapshots[i+1].TimestampMs).After(limit) {
			return len(snapshots) - i
		}
	}
	return min(1, len(snapshots))
}

// sweep removes files in the table's folder that no snapshot names, once they
// are older than the grace time: younger ones may belong to a commit that is
// under way.
func (l *Lake) sweep(ctx context.Context, t *table.Table, out *Expired) error {
	plan, err := t.PlanOrphanFiles(ctx, table.WithFilesOlderThan(0))
	if err != nil {
		return err
	}
	limit := l.now().Add(-graceTime)
	for _, uri := range plan.Files() {
		path, err := uriPath(uri)
		if err != nil {
			return err
		}
		info, err := os.Stat(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		if info.ModTime().After(limit) || l.isUncommitted(path) {
			continue
		}
		if err := l.forgetAttributed(ctx, path); err != nil {
			return err
		}
		if err := os.Remove(path); err != nil {
			return err
		}
		out.Files++
		out.Bytes += info.Size()
	}
	return nil
}

// isUncommitted reports whether a file belongs to an object that is being taken.
func (l *Lake) isUncommitted(path string) bool {
	l.spillMu.Lock()
	defer l.spillMu.Unlock()
	return l.spills[path]
}

// setUncommitted notes that files belong, or no longer belong, to an object that
// is being taken.
func (l *Lake) setUncommitted(paths []string, are bool) {
	l.spillMu.Lock()
	defer l.spillMu.Unlock()
	for _, p := range paths {
		if are {
			l.spills[p] = true
		} else {
			delete(l.spills, p)
		}
	}
}
