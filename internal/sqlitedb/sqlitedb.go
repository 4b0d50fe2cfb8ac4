// Package sqlitedb opens SQLite databases that one room keeps its state in.
package sqlitedb

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"path/filepath"

	_ "modernc.org/sqlite" // the driver
)

// Open opens a database and brings it to the form that the migrations make, one after the other: a migration that was released is never changed. What is
// committed is on the disk. what names its content in errors ("the log groups"); a database of a newer weir is refused.
func Open(ctx context.Context, path, what string, migrations []string) (*sql.DB, error) {
	path, err := filepath.Abs(path) // a URI has no relative path: its first folder would be taken for a host
	if err != nil {
		return nil, fmt.Errorf("cannot find the database of %s: %w", what, err)
	}
	dsn := (&url.URL{Scheme: "file", Path: filepath.ToSlash(path)}).String() +
		"?_pragma=busy_timeout(20000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(ON)" +
		"&_pragma=journal_size_limit(16777216)" // a log that one large transaction made does not stay so large
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, err
	}
	if err := migrate(ctx, db, what, migrations); err != nil {
		_ = db.Close()
		return nil, err
	}
	return db, nil
}

func migrate(ctx context.Context, db *sql.DB, what string, migrations []string) error {
	var have int
	if err := db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&have); err != nil {
		return fmt.Errorf("cannot read %s: %w", what, err)
	}
	if have > len(migrations) {
		return fmt.Errorf("the database of %s has version %d, this weir knows up to %d: it was made by a newer weir", what, have, len(migrations))
	}
	for v := have; v < len(migrations); v++ {
		err := InTx(ctx, db, func(tx *sql.Tx) error {
			if _, err := tx.ExecContext(ctx, migrations[v]); err != nil {
				return err
			}
			_, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", v+1))
			return err
		})
		if err != nil {
			return fmt.Errorf("cannot bring %s to version %d: %w", what, v+1, err)
		}
	}
	return nil
}

// InTx calls fn in a transaction, which is committed unless fn fails.
func InTx(ctx context.Context, db *sql.DB, fn func(*sql.Tx) error) error {
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

// A Queryer is a database or a transaction.
type Queryer interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// EachRow calls scan for each row of a query.
func EachRow(ctx context.Context, q Queryer, query string, scan func(*sql.Rows) error, args ...any) error {
	rows, err := q.QueryContext(ctx, query, args...)
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
