package flowlogstore

import (
	"context"
	"database/sql"
	"path/filepath"
	"sync"
	"time"

	"weir/internal/sqlitedb"
)

// Options says how to open a store.
type Options struct {
	Place
	// Missing returns which of some ids of a resource type there are none of; nil: nobody knows the resources, and all are taken.
	Missing func(ctx context.Context, t ResourceType, ids []string) ([]string, error)
	// Now is the clock; nil means [time.Now].
	Now func() time.Time
}

// Store is the flow logs of one DATA directory. It is safe for concurrent use; what a method did is on the disk when it returns.
type Store struct {
	db      *sql.DB
	options Options

	// changing is held while what there is changes.
	changing sync.Mutex

	mu         sync.Mutex
	generation int64
	changed    chan struct{} // closed when the generation grew
}

// Open opens the store of a data directory, and makes it where there is none. Errors are of the file.
func Open(ctx context.Context, data string, o Options) (*Store, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	db, err := sqlitedb.Open(ctx, filepath.Join(data, "flowlogs.db"), "the flow logs", migrations)
	if err != nil {
		return nil, err
	}
	s := &Store{db: db, options: o, changed: make(chan struct{})}
	if err := db.QueryRowContext(ctx, "SELECT generation FROM progress").Scan(&s.generation); err != nil {
		_ = db.Close()
		return nil, err
	}
	return s, nil
}

// Close closes the file.
func (s *Store) Close() error { return s.db.Close() }

// List returns all flow logs in the order in which they were made, and the generation that they are: it is another one, and greater, once a
// flow log was made or deleted. Tags and the state of delivery make no other generation.
func (s *Store) List(ctx context.Context) (all []FlowLog, generation int64, err error) {
	err = sqlitedb.InTx(ctx, s.db, func(tx *sql.Tx) error {
		if err := tx.QueryRowContext(ctx, "SELECT generation FROM progress").Scan(&generation); err != nil {
			return err
		}
		at := map[string]int{}
		if err := sqlitedb.EachRow(ctx, tx, selectFlowLogs+" ORDER BY n", func(r *sql.Rows) error {
			f, err := scanFlowLog(r.Scan)
			at[f.ID] = len(all)
			all = append(all, f)
			return err
		}); err != nil {
			return err
		}
		return sqlitedb.EachRow(ctx, tx, "SELECT id, key, value FROM tags", func(r *sql.Rows) error {
			var id, key, value string
			if err := r.Scan(&id, &key, &value); err != nil {
				return err
			}
			f := &all[at[id]]
			if f.Tags == nil {
				f.Tags = map[string]string{}
			}
			f.Tags[key] = value
			return nil
		})
	})
	return all, generation, err
}

// Wait returns once there is a greater generation, or with ctx's error.
func (s *Store) Wait(ctx context.Context, generation int64) error {
	for {
		s.mu.Lock()
		now, changed := s.generation, s.changed
		s.mu.Unlock()
		if now > generation {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// SetDelivery says how the delivery of a flow log's records goes; why is for people where it is Failed, such as AWS's "Access error", and
// else "". It fails with an *Error where there is no such flow log.
func (s *Store) SetDelivery(ctx context.Context, id string, d Delivery, why string) error {
	s.changing.Lock()
	defer s.changing.Unlock()
	result, err := s.db.ExecContext(ctx, "UPDATE flow_logs SET delivery = ?, delivery_error = ? WHERE id = ?", d, why, id)
	if err != nil {
		return err
	}
	n, err := result.RowsAffected()
	if err == nil && n == 0 {
		return NotFound([]string{id})
	}
	return err
}
