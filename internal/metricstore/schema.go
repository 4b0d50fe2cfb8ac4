package metricstore

import (
	"context"
	"database/sql"

	"weir/internal/sqlitedb"
)

// migrations bring metrics.db to the present form, one after the other; a migration that was released is never changed.
var migrations = []string{`
CREATE TABLE metrics (
	id         INTEGER PRIMARY KEY,
	namespace  TEXT NOT NULL,
	name       TEXT NOT NULL,
	dimensions TEXT NOT NULL,    -- JSON, sorted by name
	received   INTEGER NOT NULL, -- when data came last, in milliseconds since the epoch; up to a minute too old
	UNIQUE (namespace, name, dimensions)
) STRICT;

-- What was added to a metric in a step. Each datum is in one row, and all that are in a row of a finer step are in no coarser one.
CREATE TABLE points (
	metric     INTEGER NOT NULL REFERENCES metrics(id) ON DELETE CASCADE,
	step       INTEGER NOT NULL, -- seconds: 1, 60, 300 or 3600
	time       INTEGER NOT NULL, -- the step's beginning, in seconds since the epoch
	unit       TEXT NOT NULL,
	backfilled INTEGER NOT NULL, -- 1 for what alarms do not see
	count      REAL NOT NULL,
	sum        REAL NOT NULL,
	min        REAL NOT NULL,
	max        REAL NOT NULL,
	known      INTEGER NOT NULL, -- 1 where each sample's value is known
	samples    BLOB,             -- of a known point of more than one value; see distribution.go
	PRIMARY KEY (metric, step, time, unit, backfilled)
) STRICT, WITHOUT ROWID;

CREATE TABLE positions (
	reader   TEXT PRIMARY KEY,
	position BLOB NOT NULL
) STRICT, WITHOUT ROWID;
`}

// openDB opens metrics.db and brings it to the present form.
func openDB(ctx context.Context, path string) (*sql.DB, error) {
	return sqlitedb.Open(ctx, path, "the metrics", migrations)
}
