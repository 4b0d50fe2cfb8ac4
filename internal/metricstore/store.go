package metricstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"weir/internal/sqlitedb"
)

// Options says how to open a store.
type Options struct {
	// Now is the clock; nil means [time.Now].
	Now func() time.Time
	// Log gets what goes wrong in the background; nil: nobody does.
	Log *slog.Logger
}

// Store is the metrics of one DATA directory. It is safe for concurrent use.
type Store struct {
	db  *sql.DB
	now func() time.Time
	log *slog.Logger

	// writing is held while metrics.db is changed. It is taken before the others.
	writing sync.Mutex
	queries map[string]*sql.Stmt // prepared, by their text

	mu      sync.RWMutex
	metrics map[string]*entry // by their keys

	queueMu sync.Mutex
	queue   []*put
	closed  bool

	wake    chan struct{}
	closing chan struct{}
	done    sync.WaitGroup
}

// entry is a metric. Store.mu guards received.
type entry struct {
	id int64
	Metric
	// received is when data came last, and saved what the database has of it; in milliseconds since the epoch.
	received, saved int64
}

// ErrClosed says that the store was closed.
var ErrClosed = errors.New("the metrics are closed")

// Open opens the metrics of the data directory data, which is there, and makes what is missing. The caller holds the directory's lock.
func Open(ctx context.Context, data string, o Options) (*Store, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	db, err := openDB(ctx, filepath.Join(data, "metrics.db"))
	if err != nil {
		return nil, err
	}
	s := &Store{
		db: db, now: o.Now, log: o.Log, queries: map[string]*sql.Stmt{}, metrics: map[string]*entry{},
		wake: make(chan struct{}, 1), closing: make(chan struct{}),
	}
	if err := errors.Join(s.prepare(ctx), s.load(ctx)); err != nil {
		_ = db.Close()
		return nil, fmt.Errorf("cannot read the metrics: %w", err)
	}
	s.done.Go(s.commitPuts)
	return s, nil
}

// Close ends the work in the background and closes the store. Puts that wait fail. Readings must have ended.
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
	s.writing.Lock()
	defer s.writing.Unlock()
	for _, q := range s.queries {
		_ = q.Close()
	}
	return s.db.Close()
}

// prepare prepares the queries that come often.
func (s *Store) prepare(ctx context.Context) error {
	for _, text := range []string{selectPoint, putPoint, selectPoints, selectValues} {
		q, err := s.db.PrepareContext(ctx, text) //nolint:sqlclosecheck // Close does, and that of the database
		if err != nil {
			return err
		}
		s.queries[text] = q
	}
	return nil
}

// load reads which metrics there are.
func (s *Store) load(ctx context.Context) error {
	return sqlitedb.EachRow(ctx, s.db, "SELECT id, namespace, name, dimensions, received FROM metrics", func(r *sql.Rows) error {
		e, dimensions := &entry{}, ""
		if err := r.Scan(&e.id, &e.Namespace, &e.Name, &dimensions, &e.received); err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(dimensions), &e.Dimensions); err != nil {
			return fmt.Errorf("the dimensions of the metric %d: %w", e.id, err)
		}
		e.saved = e.received
		s.metrics[e.Key()] = e
		return nil
	})
}
