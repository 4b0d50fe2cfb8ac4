package metastore

import (
	"context"
	"database/sql"
	"encoding/json"

	"weir/internal/sqlitedb"
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
	return sqlitedb.Open(ctx, path, "the metastore", migrations)
}

// scanJSON reads a row's only column, JSON, into a value.
func scanJSON(r *sql.Rows, to any) error {
	var body []byte
	if err := r.Scan(&body); err != nil {
		return err
	}
	return json.Unmarshal(body, to)
}
