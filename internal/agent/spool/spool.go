package spool

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
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
`, `
-- What was given up by whoever runs the agent, in order.
CREATE TABLE drops (
	n        INTEGER PRIMARY KEY AUTOINCREMENT,
	at       INTEGER NOT NULL, -- milliseconds since the epoch, as the next two
	first    INTEGER,          -- between which times the records end; absent where nobody knows
	last     INTEGER,
	flow_log TEXT NOT NULL,
	items    INTEGER NOT NULL,
	records  INTEGER NOT NULL,
	bytes    INTEGER NOT NULL
) STRICT;
`}

// A Spool is a folder's. It is for concurrent use, but for Append, which is one goroutine's.
type Spool struct {
	db   *sql.DB
	lock *os.File

	mu      sync.Mutex
	waiting map[Queue]Waiting // of the queues that have items
	entries Size              // since the last snapshot
	used    int64             // bytes of the pages that have something
	drops   []Drop            // the last, the newest first
	dropped Waiting           // by all there ever were
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
	s.db, err = sqlitedb.Open(ctx, filepath.Join(dir, file), "the spool", migrations)
	if err == nil {
		if err = errors.Join(s.canShrink(ctx), s.measure(ctx), s.measureDrops(ctx)); err != nil {
			err = errors.Join(err, s.db.Close())
		}
	}
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return s, nil
}

// ErrTaken says that another process has a folder.
var ErrTaken = errors.New("another agent has its state")

// There reports whether a folder has a spool.
func There(dir string) (bool, error) {
	_, err := os.Stat(filepath.Join(dir, file))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// file is the name of the database in its folder.
const file = "spool.db"

// lockDir takes a folder for this process, until it ends.
func lockDir(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		if errors.Is(err, syscall.EWOULDBLOCK) {
			err = fmt.Errorf("%w in %s", ErrTaken, dir)
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

// An Item is what is delivered at a time.
type Item struct {
	// Number orders items; it is given by Append.
	Number int64
	Queue
	// Header says what Data is and where it goes.
	Header, Data []byte
	Records      int

	size int64 // of header and data, where that was not read
}

// Bytes returns how many it has, also where the data was not read.
func (i *Item) Bytes() int64 { return max(i.size, int64(len(i.Header)+len(i.Data))) }

// add adds to what waits in a queue; the lock is held. An item may be removed before it is counted.
func (s *Spool) add(q Queue, more Waiting) {
	w := s.waiting[q].plus(more)
	if s.waiting[q] = w; w == (Waiting{}) {
		delete(s.waiting, q)
	}
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
