package metastore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"weir/internal/athenasql"
	"weir/internal/athenasql/compile"
	"weir/internal/sqlitedb"
)

// Own is the database of the lake's own tables.
const Own = "weir"

// Options says what the store needs of others.
type Options struct {
	// Ready are tables that are there without a statement, by their Database and Name. They can't be dropped or replaced.
	Ready []*compile.Table
	// ReadyPartitions returns the values of the keys of each partition of a table of Ready, NullPartition where one is NULL, in any order.
	ReadyPartitions func(ctx context.Context, t *compile.Table) ([][]string, error)
	// View compiles the query of a view whose names are in a database, and returns its columns. Errors are the user's.
	View func(ctx context.Context, query *athenasql.Query, text, database string) ([]compile.Column, error)
	// Folders calls fn with the address of each object below a location, as MSCK REPAIR TABLE asks.
	Folders func(ctx context.Context, location string, fn func(url string) error) error
	// Functions are the names that SHOW FUNCTIONS lists.
	Functions []string
	// Now is the clock; nil is the machine's.
	Now func() time.Time
}

// Store is the databases, tables and views of one data directory. It is safe for concurrent use.
type Store struct {
	db      *sql.DB
	options Options
	// change is held by what reads, judges and writes: statements that change something come one after the other.
	change sync.Mutex
}

// Open opens the store in a file, which is made where it is not there. Errors are of the file.
func Open(ctx context.Context, path string, o Options) (*Store, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	db, err := openDB(ctx, path)
	if err != nil {
		return nil, err
	}
	return &Store{db: db, options: o}, nil
}

// Close closes the file.
func (s *Store) Close() error { return s.db.Close() }

// Database is a database.
type Database struct {
	Name, Comment, Location string
	Properties              []Property
}

// Databases returns the databases by name.
func (s *Store) Databases(ctx context.Context) ([]Database, error) {
	var out []Database
	err := sqlitedb.EachRow(ctx, s.db, "SELECT body FROM databases ORDER BY name", func(r *sql.Rows) error {
		var d Database
		err := scanJSON(r, &d)
		out = append(out, d)
		return err
	})
	return out, err
}

// hasDatabase reports whether there is a database.
func (s *Store) hasDatabase(ctx context.Context, name string) (bool, error) {
	var n int
	err := s.db.QueryRowContext(ctx, "SELECT count(*) FROM databases WHERE name = ?", name).Scan(&n)
	return n > 0, err
}

// ready returns a table that is there without a statement, nil where there is none.
func (s *Store) ready(database, name string) *compile.Table {
	for _, t := range s.options.Ready {
		if t.Database == database && t.Name == name {
			return t
		}
	}
	return nil
}

// TableNames returns the names of a database's tables and views in order; nil where there is no such database.
func (s *Store) TableNames(ctx context.Context, database string) ([]string, error) {
	if ok, err := s.hasDatabase(ctx, database); err != nil || !ok {
		return nil, err
	}
	out := []string{}
	for _, t := range s.options.Ready {
		if t.Database == database {
			out = append(out, t.Name)
		}
	}
	err := sqlitedb.EachRow(ctx, s.db, "SELECT name FROM tables WHERE db = ?", func(r *sql.Rows) error {
		var name string
		err := r.Scan(&name)
		out = append(out, name)
		return err
	}, database)
	slices.Sort(out)
	return slices.Compact(out), err
}

// Find returns a table or view that a statement made, or one of those that are ready; nil where there is none.
func (s *Store) Find(ctx context.Context, database, name string) (*Table, error) {
	if t := s.ready(database, name); t != nil {
		return readyTable(t), nil
	}
	var body []byte
	err := s.db.QueryRowContext(ctx, "SELECT body FROM tables WHERE db = ? AND name = ?", database, name).Scan(&body)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	t := &Table{}
	if err := json.Unmarshal(body, t); err != nil {
		return nil, fmt.Errorf("the table %s.%s of the metastore: %w", database, name, err)
	}
	return t, nil
}

// put keeps a table, in place of the one of its name.
func put(ctx context.Context, tx execer, t *Table) error {
	body, err := json.Marshal(t)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO tables (db, name, body) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET body = excluded.body`, t.Database, t.Name, string(body))
	return err
}

// remove removes a table with its partitions.
func (s *Store) remove(ctx context.Context, t *Table) error {
	_, err := s.db.ExecContext(ctx, "DELETE FROM tables WHERE db = ? AND name = ?", t.Database, t.Name)
	return err
}
