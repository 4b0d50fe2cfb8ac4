package logstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"weir/flowlog"
	"weir/internal/durable"
	"weir/internal/sqlitedb"
)

// Options says how to open a store.
type Options struct {
	// Now is the clock; nil means [time.Now].
	Now func() time.Time
	// MemoryBytes bounds what of the events that are in no file yet lies in memory; 0 means 256 MiB. Puts
	// wait while it is full.
	MemoryBytes int64
	// FlushBytes is how many bytes of events are flushed at once; 0 means a quarter of MemoryBytes, at
	// most 64 MiB.
	FlushBytes int64
	// FlushAge is after how long events are flushed at the latest; 0 means 10 seconds, less than 0 never.
	FlushAge time.Duration
	// Log gets what goes wrong in the background; nil: nobody does.
	Log *slog.Logger
}

// Store is the log groups of one DATA directory. It is safe for concurrent use.
type Store struct {
	dirs       dirs
	db         *sql.DB
	now        func() time.Time
	log        *slog.Logger
	memory     int64
	flushBytes int64
	flushAge   time.Duration
	create     func(path string) (segmentFile, error) // createSegment, but in tests

	// Locks are taken in this order: maint, flushMu, metaMu, segMu, mu.

	// maint is held while files that are there are replaced or removed.
	maint sync.Mutex
	// flushMu is held while the tail becomes files.
	flushMu sync.Mutex
	// pending is what a flush that failed has left. flushMu guards it.
	pending *frozen
	// metaMu is held while logs.db is changed.
	metaMu sync.Mutex
	// segMu is held while the segment is written.
	segMu sync.Mutex
	seg   segment

	seq atomic.Int64 // the number that was given last

	revision atomic.Int64 // see Revision

	mu        sync.RWMutex
	settled   int64 // see Settled
	groups    map[string]*group
	formats   []storedFormat // the one of number n at n-1
	tailBytes int64          // of blocks, and of Puts that wait
	fresh     int64          // of tailBytes, what of blocks is not frozen
	full      bool           // a Put waits for room
	freed     chan struct{}  // closed when tailBytes fell or flushErr changed
	flushErr  error          // of the last flush
	oldest    time.Time      // when the oldest block came that is not frozen; zero: there is none
	feeds     map[*Feed]bool

	queueMu sync.Mutex
	queue   []*put
	closed  bool

	wake, kick, tidy chan struct{} // of the goroutines that commit, flush and compact
	closing          chan struct{}
	done             sync.WaitGroup
}

var _ Reader = (*Store)(nil)

// ErrClosed says that the store was closed.
var ErrClosed = errors.New("the log groups are closed")

// InvalidError says that a request is not one that AWS takes: its InvalidParameterException.
type InvalidError struct{ Message string }

// Error returns the message.
func (e *InvalidError) Error() string { return e.Message }

// invalid returns an InvalidError.
func invalid(format string, args ...any) error { return &InvalidError{fmt.Sprintf(format, args...)} }

// dirs are the places of a store.
type dirs struct{ data, tail, records, events string }

// storedFormat is a LogFormat that the store knows.
type storedFormat struct {
	format flowlog.Format
	err    error // it can't be read: a newer weir's
}

// group is a log group. Store.mu guards what changes.
type group struct {
	id          int64
	name, class string
	created     int64
	retention   int
	tags        map[string]string
	format      int64 // its number, 0: none
	streams     map[string]*stream
	byID        map[int64]*stream
	files       []*File // by their first event
	active      []*block
	frozen      []*block // of them a flush makes files
	stored      int64    // StoredBytes of files and blocks
}

// stream is a log stream.
type stream struct {
	id int64
	Stream
	dirty bool // its times are newer than those in logs.db
}

// Open opens the store of the data directory data, and makes what is missing. The caller holds the
// directory's lock. What was acknowledged is there, also after a crash.
func Open(ctx context.Context, data string, o Options) (*Store, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.MemoryBytes <= 0 {
		o.MemoryBytes = 256 << 20
	}
	if o.FlushBytes <= 0 {
		o.FlushBytes = min(o.MemoryBytes/4, 64<<20)
	}
	if o.FlushAge == 0 {
		o.FlushAge = 10 * time.Second
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	data, err := filepath.Abs(data)
	if err != nil {
		return nil, err
	}
	s := &Store{
		dirs: dirs{
			data: data, tail: filepath.Join(data, "tail", "events"), records: filepath.Join(data, "tail", "records"),
			events: filepath.Join(data, "lake", "events"),
		},
		now: o.Now, log: o.Log, memory: o.MemoryBytes, flushBytes: o.FlushBytes, flushAge: o.FlushAge, create: createSegment,
		groups: map[string]*group{}, freed: make(chan struct{}), feeds: map[*Feed]bool{},
		wake: make(chan struct{}, 1), kick: make(chan struct{}, 1), tidy: make(chan struct{}, 1), closing: make(chan struct{}),
	}
	for _, dir := range []string{s.dirs.tail, s.dirs.records, s.dirs.events} {
		if err := durable.MakeDir(dir); err != nil {
			return nil, fmt.Errorf("cannot make the folder of log events: %w", err)
		}
	}
	if s.db, err = openDB(ctx, filepath.Join(data, "logs.db")); err != nil {
		return nil, err
	}
	if err := s.recover(ctx); err != nil {
		_ = s.db.Close()
		return nil, err
	}
	s.done.Go(s.commitPuts)
	s.done.Go(s.flushInTime)
	s.done.Go(s.tidyInTime)
	return s, nil
}

// Close ends the work in the background and closes the store. Puts that wait fail; what is in the tail
// stays there. Readings and snapshots must have ended.
func (s *Store) Close() error {
	s.queueMu.Lock()
	was := s.closed
	s.closed = true
	s.queueMu.Unlock()
	if was {
		return nil
	}
	close(s.closing)
	s.done.Wait()
	s.maint.Lock()
	defer s.maint.Unlock()
	s.flushMu.Lock()
	defer s.flushMu.Unlock()
	s.segMu.Lock()
	defer s.segMu.Unlock()
	var err error
	if s.seg.file != nil {
		err = s.seg.file.Close()
	}
	return errors.Join(err, s.db.Close())
}

// recover reads what is there and clears away what a crash left.
func (s *Store) recover(ctx context.Context) error {
	if err := s.load(ctx); err != nil {
		return fmt.Errorf("cannot read the log groups: %w", err)
	}
	if err := s.sweep(ctx); err != nil {
		return fmt.Errorf("cannot clear away what a crash left of log events: %w", err)
	}
	return s.readTail(ctx)
}

// readTail reads the segments that are not freed, and removes the others.
func (s *Store) readTail(ctx context.Context) error {
	var from, seq int64
	if err := s.db.QueryRowContext(ctx, "SELECT tail_from, seq FROM progress").Scan(&from, &seq); err != nil {
		return err
	}
	s.seq.Store(seq)
	s.seg.number = from
	byID := map[int64]*group{}
	for _, g := range s.groups {
		byID[g.id] = g
	}
	entries, err := os.ReadDir(s.dirs.tail) // sorted: numbers have leading zeros
	if err != nil {
		return err
	}
	for _, e := range entries {
		number, ok := segmentNumber(e.Name())
		path := filepath.Join(s.dirs.tail, e.Name())
		switch {
		case !ok:
			continue // somebody else's
		case number < from:
			if err := os.Remove(path); err != nil {
				return err
			}
			continue
		}
		s.seg.number = max(s.seg.number, number)
		text, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("cannot read a segment of the tail: %w", err)
		}
		blocks, torn := readSegment(text)
		if torn > 0 {
			s.log.Warn("a segment of log events ends in what was never acknowledged, or is damaged", "file", path, "bytes", torn)
		}
		for _, b := range blocks {
			s.seq.Store(max(s.seq.Load(), b.seq))
			if g := byID[b.group]; g != nil && g.byID[b.stream] != nil {
				s.tailBytes += b.size()
				s.add(g, b)
			}
		}
	}
	s.settled = s.seq.Load()
	return nil
}

// add makes a durable block visible. The caller holds mu, or is alone.
func (s *Store) add(g *group, b *block) {
	st := g.byID[b.stream]
	if st.LastEvent == 0 || b.first < st.FirstEvent {
		st.FirstEvent = b.first
	}
	st.LastEvent = max(st.LastEvent, b.last)
	st.LastIngestion = max(st.LastIngestion, b.ingestion)
	st.dirty = true
	g.stored += b.stored()
	g.active = append(g.active, b)
	if s.fresh += b.size(); s.fresh >= s.flushBytes {
		wakeUp(s.kick)
	}
	if s.oldest.IsZero() {
		s.oldest = s.now()
	}
}

// load reads logs.db.
func (s *Store) load(ctx context.Context) error {
	byID := map[int64]*group{}
	err := sqlitedb.EachRow(ctx, s.db, "SELECT id, name, created, retention, class, coalesce(format, 0) FROM groups", func(r *sql.Rows) error {
		g := newGroup()
		err := r.Scan(&g.id, &g.name, &g.created, &g.retention, &g.class, &g.format)
		s.groups[g.name], byID[g.id] = g, g
		return err
	})
	if err != nil {
		return err
	}
	err = sqlitedb.EachRow(ctx, s.db, "SELECT grp, key, value FROM tags", func(r *sql.Rows) error {
		var id int64
		var key, value string
		if err := r.Scan(&id, &key, &value); err != nil {
			return err
		}
		byID[id].tags[key] = value
		return nil
	})
	if err != nil {
		return err
	}
	err = sqlitedb.EachRow(ctx, s.db, "SELECT id, grp, name, created, first_event, last_event, last_ingestion FROM streams", func(r *sql.Rows) error {
		st, id := &stream{}, int64(0)
		if err := r.Scan(&st.id, &id, &st.Name, &st.Created, &st.FirstEvent, &st.LastEvent, &st.LastIngestion); err != nil {
			return err
		}
		byID[id].addStream(st)
		return nil
	})
	if err != nil {
		return err
	}
	err = sqlitedb.EachRow(ctx, s.db, "SELECT text FROM formats ORDER BY id", func(r *sql.Rows) error {
		var text string
		if err := r.Scan(&text); err != nil {
			return err
		}
		f, err := flowlog.ParseLogFormat(text)
		s.formats = append(s.formats, storedFormat{f, err})
		return nil
	})
	if err != nil {
		return err
	}
	err = sqlitedb.EachRow(ctx, s.db, "SELECT grp, path, first, last, first_stream, last_stream, events, bytes, size, last_put FROM files", func(r *sql.Rows) error {
		f, id, path := &File{}, int64(0), ""
		if err := r.Scan(&id, &path, &f.First, &f.Last, &f.firstStream, &f.lastStream, &f.Events, &f.Bytes, &f.Size, &f.lastPut); err != nil {
			return err
		}
		f.Path = filepath.Join(s.dirs.events, path)
		g := byID[id]
		g.files = append(g.files, f)
		g.stored += f.stored()
		return nil
	})
	for _, g := range s.groups {
		sortFiles(g.files)
	}
	return err
}

// sweep removes files that logs.db does not name.
func (s *Store) sweep(ctx context.Context) error {
	named := map[string]bool{}
	for _, g := range s.groups {
		for _, f := range g.files {
			named[f.Path] = true
		}
	}
	objects, err := s.Objects(ctx)
	if err != nil {
		return err
	}
	for _, o := range objects {
		named[filepath.Join(s.dirs.records, o.Name)] = true
	}
	for _, dir := range []string{s.dirs.records, s.dirs.events} {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || named[path] {
				return err
			}
			return os.Remove(path)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func newGroup() *group {
	return &group{tags: map[string]string{}, streams: map[string]*stream{}, byID: map[int64]*stream{}}
}

func (g *group) addStream(st *stream) { g.streams[st.Name], g.byID[st.id] = st, st }

// blocks returns the group's blocks, the oldest first. The caller holds mu.
func (g *group) blocks() []*block { return slices.Concat(g.frozen, g.active) }

// wakeUp signals a goroutine that waits, or is about to.
func wakeUp(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
