package lake

import (
	"context"
	"database/sql"
	"fmt"
)

// migrations bring state.db to the present form, one after the other; a
// migration that was released is never changed.
var migrations = []string{`
CREATE TABLE imports (
	id       INTEGER PRIMARY KEY,
	source   TEXT NOT NULL,
	started  INTEGER NOT NULL, -- seconds since the epoch
	finished INTEGER
) STRICT;

-- LogFormats of objects, one for each line: most objects have the same.
CREATE TABLE formats (
	id   INTEGER PRIMARY KEY,
	text TEXT NOT NULL UNIQUE
) STRICT;

-- One row for each object that was looked at, by the place where it lies.
CREATE TABLE objects (
	id          INTEGER PRIMARY KEY AUTOINCREMENT, -- never used again: batches hold ids
	import      INTEGER NOT NULL REFERENCES imports(id),
	source      TEXT NOT NULL,
	url         TEXT NOT NULL,
	size        INTEGER NOT NULL,
	version     TEXT NOT NULL, -- ETag, or modification time
	sha256      BLOB,          -- of the object's bytes; NULL where they were not read
	state       TEXT NOT NULL,
	same_as     INTEGER REFERENCES objects(id), -- of a duplicate: the object whose bytes are equal
	container   TEXT NOT NULL DEFAULT '',
	formats     INTEGER REFERENCES formats(id), -- NULL: none was found
	records     INTEGER NOT NULL DEFAULT 0,
	bad         INTEGER NOT NULL DEFAULT 0,
	problem     TEXT NOT NULL DEFAULT '',
	hint        TEXT NOT NULL DEFAULT '',
	flow_log_id TEXT NOT NULL DEFAULT '',
	at          INTEGER NOT NULL,
	-- Other bytes that lie at a taken object's place now, and are not taken.
	other_size    INTEGER,
	other_version TEXT
) STRICT;
-- A place is a URL: the same file below two folders that were opened is one
-- place, and records name their object by it. A pending object belongs to a batch
-- that is under way; where it replaces another, both are there until the batch is
-- done.
CREATE UNIQUE INDEX objects_place ON objects (url) WHERE state <> 'pending';
CREATE INDEX objects_same_as ON objects (same_as) WHERE same_as IS NOT NULL;
CREATE INDEX objects_sha256 ON objects (sha256);

-- What of an object lies in which hour of which table: the sums of lake check.
CREATE TABLE object_hours (
	object   INTEGER NOT NULL REFERENCES objects(id) ON DELETE CASCADE,
	tbl      TEXT NOT NULL,
	hour     INTEGER NOT NULL, -- seconds since the epoch
	records  INTEGER NOT NULL,
	checksum INTEGER NOT NULL,
	PRIMARY KEY (object, tbl, hour)
) STRICT, WITHOUT ROWID;
CREATE INDEX object_hours_hour ON object_hours (tbl, hour);

CREATE TABLE bad_lines (
	object INTEGER NOT NULL REFERENCES objects(id) ON DELETE CASCADE,
	line   INTEGER NOT NULL,
	col    INTEGER NOT NULL,
	field  TEXT NOT NULL,
	text   TEXT NOT NULL,
	reason TEXT NOT NULL
) STRICT;
CREATE INDEX bad_lines_object ON bad_lines (object);

CREATE TABLE unknown_fields (
	tbl  TEXT NOT NULL,
	name TEXT NOT NULL,
	PRIMARY KEY (tbl, name)
) STRICT, WITHOUT ROWID;

-- Changes that are under way: see the package comment.
CREATE TABLE batches (
	id    INTEGER PRIMARY KEY AUTOINCREMENT,
	op    TEXT NOT NULL,
	at    INTEGER NOT NULL
) STRICT;
CREATE TABLE batch_files (
	batch  INTEGER NOT NULL REFERENCES batches(id),
	tbl    TEXT NOT NULL,
	path   TEXT NOT NULL, -- relative to DATA/lake
	action TEXT NOT NULL CHECK (action IN ('add', 'remove'))
) STRICT;
-- Hours whose sums go when the batch is done.
CREATE TABLE batch_hours (
	batch INTEGER NOT NULL REFERENCES batches(id),
	tbl   TEXT NOT NULL,
	hour  INTEGER NOT NULL
) STRICT;
-- What becomes of objects when the batch is done: a state, or 'gone' from the
-- ledger. takes_over is an object whose records this one answers for from then
-- on.
CREATE TABLE batch_objects (
	batch      INTEGER NOT NULL REFERENCES batches(id),
	n          INTEGER NOT NULL,
	object     INTEGER NOT NULL,
	state      TEXT NOT NULL,
	takes_over INTEGER
) STRICT;
`, `
-- What is known of the pairs of the hours of flow.records: see pairedHour.
CREATE TABLE paired (
	hour   INTEGER PRIMARY KEY, -- seconds since the epoch
	whole  INTEGER NOT NULL,
	head   INTEGER NOT NULL,
	tail   INTEGER NOT NULL,
	before INTEGER NOT NULL,
	after  INTEGER NOT NULL
) STRICT;
-- What becomes of them when a batch is done.
CREATE TABLE batch_paired (
	batch  INTEGER NOT NULL REFERENCES batches(id),
	hour   INTEGER NOT NULL,
	whole  INTEGER NOT NULL,
	head   INTEGER NOT NULL,
	tail   INTEGER NOT NULL,
	before INTEGER NOT NULL,
	after  INTEGER NOT NULL
) STRICT;
`, `
-- Pairs were found without repeats: as if all hours had seen other neighbours.
UPDATE paired SET before = ~before, after = ~after;
`, `
-- Directions that a definition of the network tells: see pairedHour.
ALTER TABLE paired ADD COLUMN owners INTEGER NOT NULL DEFAULT 0;
ALTER TABLE paired ADD COLUMN open BLOB; -- NULL: not known
ALTER TABLE batch_paired ADD COLUMN owners INTEGER NOT NULL DEFAULT 0;
ALTER TABLE batch_paired ADD COLUMN open BLOB;
`, `
-- What definitions of the network told of the records of data files of flow.records: see
-- attributed. Of a file without a row it is nothing.
CREATE TABLE attributed (
	path TEXT PRIMARY KEY, -- relative to DATA/lake
	sum  INTEGER           -- NULL: not one
) STRICT, WITHOUT ROWID;
`, `
-- How an object's records count for what watches: see Arrival. What came before anything watched is backfilled.
ALTER TABLE objects ADD COLUMN arrival INTEGER NOT NULL DEFAULT 1;
-- Sources that were followed, and taken once as a whole then: what they have from then on is new.
CREATE TABLE followed (
	source TEXT PRIMARY KEY,
	since  INTEGER NOT NULL -- seconds since the epoch
) STRICT, WITHOUT ROWID;
`, `
-- The source that is followed and that an import's objects are new at: see ImportOptions.
ALTER TABLE imports ADD COLUMN followed TEXT NOT NULL DEFAULT '';
`}

// migrate brings the database to the present form. It refuses a database of a
// newer weir.
func migrate(ctx context.Context, db *sql.DB) error {
	have, err := schemaVersion(ctx, db)
	if err != nil {
		return err
	}
	for v := have; v < len(migrations); v++ {
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, migrations[v]); err != nil {
			tx.Rollback()
			return fmt.Errorf("cannot bring the ledger to version %d: %w", v+1, err)
		}
		if _, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", v+1)); err != nil {
			tx.Rollback()
			return err
		}
		if err := tx.Commit(); err != nil {
			return err
		}
	}
	return nil
}

// schemaVersion returns the version of the ledger's form, and fails where this
// weir does not know it.
func schemaVersion(ctx context.Context, db *sql.DB) (int, error) {
	var have int
	if err := db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&have); err != nil {
		return 0, fmt.Errorf("cannot read the ledger: %w", err)
	}
	if have > len(migrations) {
		return 0, fmt.Errorf("the ledger has version %d, this weir knows up to %d: it was made by a newer weir", have, len(migrations))
	}
	return have, nil
}
