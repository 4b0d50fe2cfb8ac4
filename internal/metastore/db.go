package metastore

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"net/url"
	"path/filepath"

	_ "modernc.org/sqlite" // the database of tables
)

// migrations bring metastore.db to the present form, one after the other; a migration that was released is never changed.
var migrations = []string{`
CREATE TABLE databases (
	name TEXT PRIMARY KEY,
	body TEXT NOT NULL -- JSON
) STRICT, WITHOUT ROWID;
INSERT INTO databases VALUES ('default', '{"Name":"default"}'), ('weir', '{"Name":"weir"}');

CREATE TABLE tables (
	db   TEXT NOT NULL REFERENCES databases(name) ON DELETE CASCADE,
	name TEXT NOT NULL,
	body TEXT NOT NULL, -- JSON
	PRIMARY KEY (db, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE partitions (
	db       TEXT NOT NULL,
	tbl      TEXT NOT NULL,
	vals     TEXT NOT NULL, -- JSON array of the keys' values as text
	location TEXT NOT NULL,
	PRIMARY KEY (db, tbl, vals),
	FOREIGN KEY (db, tbl) REFERENCES tables(db, name) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
`}

// execer is a database or a transaction.
type execer interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// openDB opens metastore.db and brings it to the present form.
func openDB(ctx context.Context, path string) (*sql.DB, error) {
	dsn := (&url.URL{Scheme: "file", Path: filepath.ToSlash(path)}).String() +
		"?_pragma=busy_timeout(20000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(ON)"
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, err
	}
	if err := migrate(ctx, db); err != nil {
		_ = db.Close()
		return nil, err
	}
	return db, nil
}

// migrate brings the database to the present form. It refuses one of a newer weir.
func migrate(ctx context.Context, db *sql.DB) error {
	var have int
	if err := db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&have); err != nil {
		return fmt.Errorf("cannot read the metastore: %w", err)
	}
	if have > len(migrations) {
		return fmt.Errorf("the metastore has version %d, this weir knows up to %d: it was made by a newer weir", have, len(migrations))
	}
	for v := have; v < len(migrations); v++ {
		err := inTx(ctx, db, func(tx *sql.Tx) error {
			if _, err := tx.ExecContext(ctx, migrations[v]); err != nil {
				return err
			}
			_, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", v+1))
			return err
		})
		if err != nil {
			return fmt.Errorf("cannot bring the metastore to version %d: %w", v+1, err)
		}
	}
	return nil
}

// inTx calls fn in a transaction, which is committed unless fn fails.
func inTx(ctx context.Context, db *sql.DB, fn func(*sql.Tx) error) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := fn(tx); err != nil {
		_ = tx.Rollback()
		return err
	}
	return tx.Commit()
}

// eachRow calls scan for each row of a query.
func eachRow(ctx context.Context, db *sql.DB, query string, scan func(*sql.Rows) error, args ...any) error {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// scanJSON reads a row's only column, JSON, into a value.
func scanJSON(r *sql.Rows, to any) error {
	var body []byte
	if err := r.Scan(&body); err != nil {
		return err
	}
	return json.Unmarshal(body, to)
}
