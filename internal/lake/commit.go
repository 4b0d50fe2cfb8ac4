package lake

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"

	"weir/flowlog"
)

// batchProperty is the snapshot property that names the batch.
const batchProperty = "weir.batch"

// change is a batch that is to be committed: data files that are written and
// synced, data files that leave the tables, and what becomes of objects.
type change struct {
	op     string
	add    map[flowlog.Kind][]string // absolute paths
	remove map[flowlog.Kind][]string
	added  map[flowlog.Kind]int64 // new records, for watchers
	paired map[int64]pairedHour   // of hours of flow.records that are written whole
	told   map[string]attributed  // of data files, by path: of those of add, and of others that stay
	// ledger notes, in the transaction that notes the batch, the objects of the
	// batch: rows in state pending, and batch_objects.
	ledger func(tx *ledgerTx, batch int64) error
}

// commit makes a change, whole or not at all. The caller holds l.write. Where it
// fails before anything is in a table, the change's files are removed; where a
// table has it already, the batch stays noted and is finished by the next commit
// or the next start.
func (l *Lake) commit(ctx context.Context, c change) error {
	if err := l.recover(ctx); err != nil {
		return err
	}
	batch, err := l.note(ctx, c)
	if err != nil {
		c.discard()
		return fmt.Errorf("cannot note the change in the ledger: %w", err)
	}
	// From here on the change is carried through even if the caller gives up.
	ctx = context.WithoutCancel(ctx)
	if err := l.finish(ctx, batch); err != nil {
		if undoErr := l.undo(ctx, batch, c); undoErr != nil {
			err = errors.Join(err, undoErr)
		}
		return fmt.Errorf("cannot commit: %w", err)
	}
	added := map[flowlog.Kind]int64{}
	for _, byKind := range []map[flowlog.Kind][]string{c.add, c.remove} {
		for k := range byKind {
			added[k] = c.added[k]
		}
	}
	l.announce(added)
	return nil
}

// discard removes the files of a change that was not made.
func (c change) discard() {
	for _, paths := range c.add {
		for _, p := range paths {
			os.Remove(p)
		}
	}
}

// note writes a batch into the ledger.
func (l *Lake) note(ctx context.Context, c change) (int64, error) {
	tx, err := l.beginLedger(ctx)
	if err != nil {
		return 0, err
	}
	defer tx.Rollback()
	res, err := tx.Exec("INSERT INTO batches (op, at) VALUES (?, ?)", c.op, l.now().Unix())
	if err != nil {
		return 0, err
	}
	batch, err := res.LastInsertId()
	if err != nil {
		return 0, err
	}
	for action, byKind := range map[string]map[flowlog.Kind][]string{"add": c.add, "remove": c.remove} {
		for k, paths := range byKind {
			for _, p := range paths {
				if _, err := tx.Exec("INSERT INTO batch_files (batch, tbl, path, action) VALUES (?, ?, ?, ?)",
					batch, tableName(k), l.paths.relative(p), action); err != nil {
					return 0, err
				}
			}
		}
	}
	if err := c.notePaired(tx, batch); err != nil {
		return 0, err
	}
	for path, a := range c.told {
		if err := l.noteAttributed(path, a, tx); err != nil {
			return 0, err
		}
	}
	if c.ledger != nil {
		if err := c.ledger(tx, batch); err != nil {
			return 0, err
		}
	}
	err = tx.Commit()
	l.ledgerState.Add(1)
	return batch, err
}

// finish brings a noted batch into the tables that do not have it yet, and marks
// it done.
func (l *Lake) finish(ctx context.Context, batch int64) error {
	for _, k := range kinds {
		add, err := l.batchFiles(ctx, batch, k, "add")
		if err != nil {
			return err
		}
		remove, err := l.batchFiles(ctx, batch, k, "remove")
		if err != nil {
			return err
		}
		if len(add)+len(remove) == 0 {
			continue
		}
		if err := l.commitTable(ctx, batch, k, add, remove); err != nil {
			return fmt.Errorf("table %s.%s: %w", namespace, tableName(k), err)
		}
	}
	return l.done(ctx, batch)
}

// batchFiles returns the absolute paths of a batch's files.
func (l *Lake) batchFiles(ctx context.Context, batch int64, k flowlog.Kind, action string) ([]string, error) {
	paths, err := queryStrings(ctx, l.state,
		"SELECT path FROM batch_files WHERE batch = ? AND tbl = ? AND action = ? ORDER BY path", batch, tableName(k), action)
	for i, p := range paths {
		paths[i] = filepath.Join(l.paths.lake, p)
	}
	return paths, err
}

// commitTable commits a batch's files to a table, unless the table has them.
func (l *Lake) commitTable(ctx context.Context, batch int64, k flowlog.Kind, add, remove []string) error {
	t, err := loadTable(ctx, l.cat, l.paths, k)
	if err != nil {
		return err
	}
	if hasBatch(t, batch) {
		return nil
	}
	var added, removed []iceberg.DataFile
	for _, p := range add {
		d, err := describeFile(t, k, p)
		if err != nil {
			return err
		}
		added = append(added, d)
	}
	spec := t.Spec()
	for _, p := range remove {
		// Iceberg looks the file up by its path.
		d, err := iceberg.NewDataFileBuilder(spec, iceberg.EntryContentData, fileURI(p), iceberg.ParquetFile,
			map[int]any{spec.Field(0).FieldID: int32(0)}, nil, nil, 0, 0)
		if err != nil {
			return err
		}
		removed = append(removed, d.Build())
	}
	tx := t.NewTransaction()
	props := iceberg.Properties{batchProperty: strconv.FormatInt(batch, 10)}
	if err := tx.ReplaceDataFilesWithDataFiles(ctx, removed, added, props,
		table.WithoutAutoNameMapping(), table.WithoutDuplicateCheck()); err != nil {
		return err
	}
	_, err = tx.Commit(ctx)
	return err
}

// hasBatch reports whether a snapshot of the table is of the batch. Snapshots of
// a batch that is not done are never expired, since the batch is finished first.
func hasBatch(t *table.Table, batch int64) bool {
	want := strconv.FormatInt(batch, 10)
	for _, s := range t.Metadata().Snapshots() {
		if s.Summary != nil && s.Summary.Properties[batchProperty] == want {
			return true
		}
	}
	return false
}

// undo takes a batch back that failed, unless a table has it already.
func (l *Lake) undo(ctx context.Context, batch int64, c change) error {
	for _, k := range kinds {
		t, err := loadTable(ctx, l.cat, l.paths, k)
		if err != nil {
			return err
		}
		if hasBatch(t, batch) {
			return nil
		}
	}
	tx, err := l.state.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	for _, q := range []string{
		"DELETE FROM objects WHERE state = 'pending' AND id IN (SELECT object FROM batch_objects WHERE batch = ?)",
		"DELETE FROM batch_objects WHERE batch = ?",
		"DELETE FROM batch_hours WHERE batch = ?",
		"DELETE FROM batch_paired WHERE batch = ?",
		"DELETE FROM attributed WHERE path IN (SELECT path FROM batch_files WHERE batch = ? AND action = 'add')",
		"DELETE FROM batch_files WHERE batch = ?",
		"DELETE FROM batches WHERE id = ?",
	} {
		if _, err := tx.ExecContext(ctx, q, batch); err != nil {
			return err
		}
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	c.discard()
	return nil
}

// done marks a batch done: what becomes of its objects, becomes.
func (l *Lake) done(ctx context.Context, batch int64) error {
	tx, err := l.state.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	for _, q := range []string{
		// An object that answers for another's records from now on.
		`UPDATE object_hours SET object = b.object FROM batch_objects b
			WHERE b.batch = ?1 AND b.takes_over = object_hours.object`,
		`UPDATE objects SET records = o.records, bad = o.bad, container = o.container, formats = o.formats
			FROM batch_objects b, objects o WHERE b.batch = ?1 AND b.object = objects.id AND o.id = b.takes_over`,
		`UPDATE bad_lines SET object = b.object FROM batch_objects b
			WHERE b.batch = ?1 AND b.takes_over = bad_lines.object`,
		`UPDATE objects SET same_as = b.object FROM batch_objects b
			WHERE b.batch = ?1 AND b.takes_over = objects.same_as AND objects.id <> b.object`,
		`UPDATE objects SET same_as = NULL WHERE id IN (SELECT object FROM batch_objects WHERE batch = ?1 AND takes_over IS NOT NULL)`,
		// Duplicates of an object that is gone have nothing that they are equal to.
		`DELETE FROM objects WHERE same_as IN (SELECT object FROM batch_objects WHERE batch = ?1 AND state = 'gone')`,
		`DELETE FROM objects WHERE id IN (SELECT object FROM batch_objects WHERE batch = ?1 AND state = 'gone')`,
		`UPDATE objects SET state = b.state FROM batch_objects b WHERE b.batch = ?1 AND b.object = objects.id AND b.state <> 'gone'`,
		`DELETE FROM object_hours WHERE (tbl, hour) IN (SELECT tbl, hour FROM batch_hours WHERE batch = ?1)`,
		bringPaired,
		`DELETE FROM batch_paired WHERE batch = ?1`,
		`DELETE FROM batch_objects WHERE batch = ?1`,
		`DELETE FROM batch_hours WHERE batch = ?1`,
		`DELETE FROM batch_files WHERE batch = ?1`,
		`DELETE FROM batches WHERE id = ?1`,
	} {
		if _, err := tx.ExecContext(ctx, q, batch); err != nil {
			return fmt.Errorf("cannot mark the change done in the ledger: %w", err)
		}
	}
	err = tx.Commit()
	l.ledgerState.Add(1)
	return err
}

// recover finishes batches that a crash or an error left under way.
func (l *Lake) recover(ctx context.Context) error {
	ids, err := queryStrings(ctx, l.state, "SELECT id FROM batches ORDER BY id")
	if err != nil {
		return fmt.Errorf("cannot read the ledger: %w", err)
	}
	for _, s := range ids {
		id, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			return err
		}
		if err := l.finish(ctx, id); err != nil {
			return fmt.Errorf("cannot finish the change that a crash left under way: %w", err)
		}
	}
	return nil
}
