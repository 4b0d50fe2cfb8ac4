package spool

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"

	"weir/internal/sqlitedb"
)

// A Step is what is kept at once.
type Step struct {
	// Note takes the place of the note before.
	Note []byte
	// Entries say how windows change; with Snapshot they stand for all entries before, which are removed.
	Entries  [][]byte
	Snapshot bool
	Items    []Item
}

// Append keeps a step, on the disk. After an error it is to be appended again, before any other: it is kept once then, also where the disk had it and could not say so.
// No two steps have the same note.
func (s *Spool) Append(ctx context.Context, step *Step) error {
	if s.doubted {
		return s.appendAgain(ctx, step)
	}
	var used int64
	err := sqlitedb.InTx(ctx, s.db, func(tx *sql.Tx) error {
		err := step.write(ctx, tx)
		if err == nil {
			used, _, err = pages(ctx, tx)
		}
		return err
	})
	if err != nil {
		s.doubted = true
		return fmt.Errorf("cannot keep what was counted: %w", err)
	}
	s.count(step, used)
	return nil
}

// appendAgain appends a step that may be kept.
func (s *Spool) appendAgain(ctx context.Context, step *Step) error {
	var note []byte
	used, _, err := pages(ctx, s.db)
	if err == nil {
		err = s.db.QueryRowContext(ctx, "SELECT note FROM progress").Scan(&note)
	}
	if err != nil {
		return fmt.Errorf("cannot keep what was counted: %w", err)
	}
	s.doubted = false
	if !bytes.Equal(note, step.Note) {
		return s.Append(ctx, step)
	}
	s.count(step, used)
	return nil
}

// count counts a step that is kept; used are the bytes that all has then.
func (s *Spool) count(step *Step, used int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.used = used
	if step.Snapshot {
		s.entries = Size{}
	}
	s.entries.Count += len(step.Entries)
	for _, e := range step.Entries {
		s.entries.Bytes += int64(len(e))
	}
	for i := range step.Items {
		it := &step.Items[i]
		s.add(it.Queue, Waiting{1, int64(it.Records), it.Bytes()})
	}
}

func (step *Step) write(ctx context.Context, tx *sql.Tx) error {
	if step.Snapshot {
		if _, err := tx.ExecContext(ctx, "DELETE FROM entries"); err != nil {
			return err
		}
	}
	for _, e := range step.Entries {
		if _, err := tx.ExecContext(ctx, "INSERT INTO entries (data) VALUES (?)", e); err != nil {
			return err
		}
	}
	for i := range step.Items {
		it := &step.Items[i]
		_, err := tx.ExecContext(ctx, "INSERT INTO items (flow_log, destination, header, data, records, bytes) VALUES (?, ?, ?, ?, ?, ?)",
			it.FlowLog, it.Destination, it.Header, it.Data, it.Records, it.Bytes())
		if err != nil {
			return err
		}
	}
	_, err := tx.ExecContext(ctx, "UPDATE progress SET note = ?", step.Note)
	return err
}

// Restore returns the last note, nil where there was no step, and calls do for each entry since the last snapshot, in order. The entry is do's.
func (s *Spool) Restore(ctx context.Context, do func(entry []byte) error) (note []byte, err error) {
	if err := s.db.QueryRowContext(ctx, "SELECT note FROM progress").Scan(&note); err != nil {
		return nil, err
	}
	if len(note) == 0 {
		return nil, nil
	}
	return note, sqlitedb.EachRow(ctx, s.db, "SELECT data FROM entries ORDER BY n", func(r *sql.Rows) error {
		var data []byte
		if err := r.Scan(&data); err != nil {
			return err
		}
		return do(data)
	})
}
