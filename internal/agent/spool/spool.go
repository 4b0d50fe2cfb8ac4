package spool

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"

	"weir/internal/durable"
	"weir/internal/sqlitedb"
)

// migrations bring spool.db to the present form, one after the other; a migration that was released is never changed.
var migrations = []string{`
-- What was done to the open windows, in order.
CREATE TABLE entries (
	n    INTEGER PRIMARY KEY AUTOINCREMENT,
	data BLOB NOT NULL
) STRICT;

-- What is to be delivered, in order.
CREATE TABLE items (
	n        INTEGER PRIMARY KEY AUTOINCREMENT,
	flow_log TEXT NOT NULL,
	header   BLOB NOT NULL,
	data     BLOB NOT NULL,
	records  INTEGER NOT NULL,
	bytes    INTEGER NOT NULL -- of header and data
) STRICT;
CREATE INDEX items_of ON items (flow_log, n, records, bytes);

-- One row.
CREATE TABLE progress (
	one  INTEGER PRIMARY KEY CHECK (one = 1),
	note BLOB NOT NULL
) STRICT;
INSERT INTO progress VALUES (1, x'');
`, `
-- Which queue of its flow log an item is in; '' of items that are older than queues.
ALTER TABLE items ADD COLUMN destination TEXT NOT NULL DEFAULT '';
DROP INDEX items_of;
CREATE INDEX items_of ON items (flow_log, destination, n, records, bytes);
`}

// A Spool is a folder's. It is for concurrent use, but for Append, which is one goroutine's.
type Spool struct {
	db   *sql.DB
	lock *os.File

	mu      sync.Mutex
	waiting map[Queue]Waiting // of the queues that have items
	entries Size              // since the last snapshot
	used    int64             // bytes of the pages that have something
	doubted bool              // the last Append failed: whether it is kept is to be looked for
}

// A Size is how much there is of something.
type Size struct {
	Count int
	Bytes int64
}

// A Queue is items that are delivered in order: those of a flow log that go to the same destination. Another queue does not wait for them.
type Queue struct {
	// FlowLog is the id of the flow log, and Destination tells its destinations apart: it may have had another one.
	FlowLog, Destination string
}

// Waiting is what of a flow log or a queue is to be delivered.
type Waiting struct{ Items, Records, Bytes int64 }

func (w Waiting) plus(o Waiting) Waiting {
	return Waiting{w.Items + o.Items, w.Records + o.Records, w.Bytes + o.Bytes}
}

// Open opens the spool of a folder, which is made with mode 0700. It fails where another process has it.
func Open(ctx context.Context, dir string) (*Spool, error) {
	if err := durable.MakeDir(dir); err != nil {
		return nil, fmt.Errorf("cannot make the folder of the agent's state: %w", err)
	}
	lock, err := lockDir(dir)
	if err != nil {
		return nil, err
	}
	s := &Spool{lock: lock, waiting: map[Queue]Waiting{}}
	s.db, err = sqlitedb.Open(ctx, filepath.Join(dir, "spool.db"), "the spool", migrations)
	if err == nil {
		if err = errors.Join(s.canShrink(ctx), s.measure(ctx)); err != nil {
			err = errors.Join(err, s.db.Close())
		}
	}
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return s, nil
}

// lockDir takes a folder for this process, until it ends.
func lockDir(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		if errors.Is(err, syscall.EWOULDBLOCK) {
			err = fmt.Errorf("another agent has its state in %s", dir)
		}
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// measure looks how much there is.
func (s *Spool) measure(ctx context.Context) error {
	err := s.db.QueryRowContext(ctx, "SELECT count(*), coalesce(sum(length(data)), 0) FROM entries").Scan(&s.entries.Count, &s.entries.Bytes)
	if err == nil {
		s.used, _, err = pages(ctx, s.db)
	}
	if err != nil {
		return err
	}
	return sqlitedb.EachRow(ctx, s.db, "SELECT flow_log, destination, count(*), sum(records), sum(bytes) FROM items GROUP BY flow_log, destination", func(r *sql.Rows) error {
		var q Queue
		var w Waiting
		err := r.Scan(&q.FlowLog, &q.Destination, &w.Items, &w.Records, &w.Bytes)
		s.waiting[q] = w
		return err
	})
}

// Close closes it.
func (s *Spool) Close() error { return errors.Join(s.db.Close(), s.lock.Close()) }

// A Step is what is kept at once.
type Step struct {
	// Note takes the place of the note before.
	Note []byte
	// Entries say how windows change; with Snapshot they stand for all entries before, which are removed.
	Entries  [][]byte
	Snapshot bool
	Items    []Item
}

// An Item is what is delivered at a time.
type Item struct {
	// Number orders items; it is given by Append.
	Number int64
	Queue
	// Header says what Data is and where it goes.
	Header, Data []byte
	Records      int
}

func (i *Item) bytes() int64 { return int64(len(i.Header) + len(i.Data)) }

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
		s.add(it.Queue, Waiting{1, int64(it.Records), it.bytes()})
	}
}

// add adds to what waits in a queue; the lock is held. An item may be removed before it is counted.
func (s *Spool) add(q Queue, more Waiting) {
	w := s.waiting[q].plus(more)
	if s.waiting[q] = w; w == (Waiting{}) {
		delete(s.waiting, q)
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
			it.FlowLog, it.Destination, it.Header, it.Data, it.Records, it.bytes())
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

// Entries returns how many entries there are since the last snapshot, that one's among them.
func (s *Spool) Entries() Size {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.entries
}

// Used returns how many bytes of the file have something: all but the pages that are free for what comes. SQLite's log is beside it, up to as large as the largest step.
func (s *Spool) Used() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.used
}

// Waiting returns what is to be delivered, by flow log. It is the caller's.
func (s *Spool) Waiting() map[string]Waiting {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := map[string]Waiting{}
	for q, w := range s.waiting {
		if w.Items > 0 {
			out[q.FlowLog] = out[q.FlowLog].plus(w)
		}
	}
	return out
}

// Queues returns the queues that have items, in no order. They are the caller's.
func (s *Spool) Queues() (out []Queue) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for q, w := range s.waiting {
		if w.Items > 0 {
			out = append(out, q)
		}
	}
	return out
}

// Waits reports whether a queue has items.
func (s *Spool) Waits(q Queue) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.waiting[q].Items > 0
}

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

// read reads the rest of items that have only a number.
func (s *Spool) read(ctx context.Context, out []Item, err error) ([]Item, error) {
	for i := 0; err == nil && i < len(out); i++ {
		it := &out[i]
		err = s.db.QueryRowContext(ctx, "SELECT header, data, records FROM items WHERE n = ?", it.Number).Scan(&it.Header, &it.Data, &it.Records)
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
	gone := map[Queue]Waiting{}
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
			gone[it.Queue] = gone[it.Queue].plus(Waiting{n, n * int64(it.Records), n * it.bytes()})
		}
		var free int64
		var err error
		if used, free, err = pages(ctx, tx); err == nil {
			shrunk, err = shrink(ctx, tx, free)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("cannot remove what was delivered: %w", err)
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
