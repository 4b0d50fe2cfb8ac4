package lake

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	sqlcat "github.com/apache/iceberg-go/catalog/sql"

	"weir/flowlog"
	"weir/internal/pair"
)

// Errors of a lake; ask with [errors.Is].
var (
	// ErrLocked says that another process writes this lake.
	ErrLocked = errors.New("the lake is being written by another process")
	// ErrNoLake says that nothing was taken in at this place yet.
	ErrNoLake = errors.New("no lake here yet")
	// ErrMoved says that the data directory lies elsewhere than where it was
	// made.
	ErrMoved = errors.New("the data directory was moved")
	// ErrUnfinished says that a writer ended in the middle of a change.
	ErrUnfinished = errors.New("a change is unfinished, since its writer ended in the middle of it: the next command that writes finishes it")
	// ErrReadOnly says that the lake was opened for reading.
	ErrReadOnly = errors.New("the lake is open for reading only")
)

// Options says how to open a lake.
type Options struct {
	// ReadOnly opens for reading beside a writer, without a lock. It fails with
	// ErrNoLake where there is no lake.
	ReadOnly bool
	// Now is the clock; nil means [time.Now].
	Now func() time.Time
	// RollupRecords is how many records a data file has at least to have rollups; 0
	// means 4,096: fewer are summed up as fast by the query.
	RollupRecords int
	// Owners returns the own addresses of ENIs as a definition of the network has them
	// now, for records that leave them open; nil: there is no definition. It is asked with
	// each change, and must be quick where it answers the same. Where it fails, records
	// are taken as without it, and compaction fails.
	Owners func(context.Context) (*pair.Owners, error)
	// Attribution returns what definitions of the network tell now of the rules that decided
	// about records; nil: there is no definition. It is asked as Owners is, and where it fails
	// the same becomes of it.
	Attribution func(context.Context) (Attribution, error)
}

// A Lake is the records and the ledger of one DATA directory. It is safe for
// concurrent use.
type Lake struct {
	paths paths
	now   func() time.Time
	state *sql.DB
	catDB *sql.DB
	cat   *sqlcat.Catalog
	lock  *os.File // nil in a reader

	byPlaces, byContent *sql.Stmt // of findObjects and findContent
	// ledgerState counts the changes of the ledger that may have added a row of a
	// place.
	ledgerState atomic.Int64

	flights *flights
	edges   edges
	// pairRecords and heldRecords are maxPairRecords and heldPairRecords, but in tests.
	pairRecords, heldRecords int64
	// rollupRecords is [Options.RollupRecords].
	rollupRecords int
	// owners is [Options.Owners], never nil.
	owners func(context.Context) (*pair.Owners, error)
	// attribution is [Options.Attribution], never nil.
	attribution func(context.Context) (Attribution, error)

	// write is held through every change: one batch at a time.
	write sync.Mutex

	snapMu sync.Mutex
	snap   *Snapshot // the last one, as long as the tables stay as they are

	spillMu sync.Mutex
	spills  map[string]bool // files of objects that are being taken

	watchMu sync.Mutex
	commits map[chan Commit]bool
}

// Open opens the lake in the data directory dir. A writer makes what is missing,
// takes the lock (ErrLocked where another process has it), and finishes or
// clears away what a crash left behind.
func Open(ctx context.Context, dir string, o Options) (*Lake, error) {
	p, err := newPaths(dir)
	if err != nil {
		return nil, err
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.RollupRecords <= 0 {
		o.RollupRecords = 4096
	}
	if o.Owners == nil {
		o.Owners = func(context.Context) (*pair.Owners, error) { return nil, nil }
	}
	if o.Attribution == nil {
		o.Attribution = func(context.Context) (Attribution, error) { return nil, nil }
	}
	l := &Lake{paths: p, now: o.Now, pairRecords: maxPairRecords, heldRecords: heldPairRecords, rollupRecords: o.RollupRecords, owners: o.Owners, attribution: o.Attribution, flights: newFlights(), spills: map[string]bool{}, commits: map[chan Commit]bool{}}
	if o.ReadOnly {
		if _, err := os.Stat(p.catalog); err != nil {
			return nil, fmt.Errorf("%w: %s", ErrNoLake, p.data)
		}
	} else if err := l.prepare(); err != nil {
		return nil, err
	}
	if err := l.open(ctx, o.ReadOnly); err != nil {
		_ = l.Close()
		return nil, err
	}
	return l, nil
}

// prepare makes the folders and takes the writer's lock.
func (l *Lake) prepare() error {
	if err := os.MkdirAll(l.paths.lake, 0o700); err != nil {
		return fmt.Errorf("cannot make the data directory: %w", err)
	}
	p, err := newPaths(l.paths.data) // now that it is there, links are known
	if err != nil {
		return err
	}
	l.paths = p
	l.lock, err = takeLock(p.lock)
	return err
}

// open opens databases and tables.
func (l *Lake) open(ctx context.Context, readOnly bool) error {
	var err error
	if l.state, err = openSQLite(l.paths.state, readOnly); err != nil {
		return err
	}
	if l.catDB, err = openSQLite(l.paths.catalog, readOnly); err != nil {
		return err
	}
	if readOnly {
		if _, err := schemaVersion(ctx, l.state); err != nil {
			return err
		}
		l.cat, err = openCatalog(l.paths, l.catDB, true)
		return err
	}
	if err := migrate(ctx, l.state); err != nil {
		return err
	}
	if err := l.prepareFinds(ctx); err != nil {
		return err
	}
	if l.cat, err = openCatalog(l.paths, l.catDB, false); err != nil {
		return fmt.Errorf("cannot open the catalog: %w", err)
	}
	if err := ensureTables(ctx, l.cat, l.paths); err != nil {
		return err
	}
	return l.recover(ctx)
}

// Close closes the lake and gives the lock back.
func (l *Lake) Close() error {
	var errs []error
	for _, db := range []*sql.DB{l.state, l.catDB} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	if l.lock != nil {
		errs = append(errs, l.lock.Close())
	}
	return errors.Join(errs...)
}

// Dir returns the folder of data files and table metadata, the only one that an
// engine may read.
func (l *Lake) Dir() string { return l.paths.lake }

// Data returns the data directory.
func (l *Lake) Data() string { return l.paths.data }

// writable fails in a reader.
func (l *Lake) writable() error {
	if l.lock == nil {
		return ErrReadOnly
	}
	return nil
}

// A Commit is a change that was made to the tables in this process.
type Commit struct {
	// At is when it was made.
	At time.Time
	// Added is how many records it brought to each kind's table that it
	// changed; 0 where it moved or removed records only.
	Added map[flowlog.Kind]int64
}

// Commits returns a channel that gets the commits from now on. A receiver that is
// slow misses those between. It is closed when ctx ends.
func (l *Lake) Commits(ctx context.Context) <-chan Commit {
	c := make(chan Commit, 1)
	l.watchMu.Lock()
	l.commits[c] = true
	l.watchMu.Unlock()
	context.AfterFunc(ctx, func() {
		l.watchMu.Lock()
		defer l.watchMu.Unlock()
		delete(l.commits, c)
		close(c)
	})
	return c
}

// announce tells the watchers of a commit.
func (l *Lake) announce(added map[flowlog.Kind]int64) {
	l.watchMu.Lock()
	defer l.watchMu.Unlock()
	for c := range l.commits {
		select {
		case c <- Commit{l.now(), added}:
		default:
		}
	}
}

// UnknownFields returns the names of fields that records of a kind brought and
// the field table does not know, sorted.
func (l *Lake) UnknownFields(ctx context.Context, k flowlog.Kind) ([]string, error) {
	return queryStrings(ctx, l.state, "SELECT name FROM unknown_fields WHERE tbl = ? ORDER BY name", tableName(k))
}

// queryStrings returns the first column of a query's rows.
func queryStrings(ctx context.Context, db *sql.DB, query string, args ...any) ([]string, error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, rows.Err()
}
