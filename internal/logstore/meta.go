package logstore

import (
	"context"
	"database/sql"

	"weir/internal/sqlitedb"
)

// migrations bring logs.db to the present form, one after the other; a migration that was released is
// never changed.
var migrations = []string{`
CREATE TABLE groups (
	id        INTEGER PRIMARY KEY AUTOINCREMENT, -- never used again: segments hold ids
	name      TEXT NOT NULL UNIQUE,
	created   INTEGER NOT NULL, -- milliseconds since the epoch, as all times here
	retention INTEGER NOT NULL, -- days; 0: for ever
	class     TEXT NOT NULL,
	format    INTEGER REFERENCES formats(id)
) STRICT;

CREATE TABLE tags (
	grp   INTEGER NOT NULL REFERENCES groups(id) ON DELETE CASCADE,
	key   TEXT NOT NULL,
	value TEXT NOT NULL,
	PRIMARY KEY (grp, key)
) STRICT, WITHOUT ROWID;

-- Times of events are those of events in files; those in segments come to them.
CREATE TABLE streams (
	id             INTEGER PRIMARY KEY AUTOINCREMENT, -- never used again, as those of groups
	grp            INTEGER NOT NULL REFERENCES groups(id) ON DELETE CASCADE,
	name           TEXT NOT NULL,
	created        INTEGER NOT NULL,
	first_event    INTEGER NOT NULL,
	last_event     INTEGER NOT NULL,
	last_ingestion INTEGER NOT NULL,
	UNIQUE (grp, name)
) STRICT;

-- LogFormats, by numbers that never change: files hold them. No row is ever removed.
CREATE TABLE formats (
	id   INTEGER PRIMARY KEY,
	text TEXT NOT NULL UNIQUE
) STRICT;

-- The files that count.
CREATE TABLE files (
	path         TEXT PRIMARY KEY, -- relative to DATA/lake/events
	grp          INTEGER NOT NULL REFERENCES groups(id) ON DELETE CASCADE,
	first        INTEGER NOT NULL,
	last         INTEGER NOT NULL,
	first_stream TEXT NOT NULL,
	last_stream  TEXT NOT NULL,
	events       INTEGER NOT NULL,
	bytes        INTEGER NOT NULL, -- of messages
	size         INTEGER NOT NULL  -- of the file
) STRICT, WITHOUT ROWID;
CREATE INDEX files_grp ON files (grp);

-- Objects of flow log records that the lake has not taken yet.
CREATE TABLE objects (
	name   TEXT PRIMARY KEY, -- in DATA/tail/records
	grp    TEXT NOT NULL,    -- the log group's name
	format INTEGER NOT NULL REFERENCES formats(id),
	first  INTEGER NOT NULL,
	last   INTEGER NOT NULL,
	events INTEGER NOT NULL,
	size   INTEGER NOT NULL,
	sha256 TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE documents (
	kind    TEXT NOT NULL,
	grp     TEXT NOT NULL, -- a log group's name, or ''
	name    TEXT NOT NULL,
	created INTEGER NOT NULL,
	body    BLOB NOT NULL,
	PRIMARY KEY (kind, grp, name)
) STRICT;

-- One row. Segments before tail_from are in files; seq is greater than the numbers of all Puts in them.
CREATE TABLE progress (
	one       INTEGER PRIMARY KEY CHECK (one = 1),
	tail_from INTEGER NOT NULL,
	seq       INTEGER NOT NULL
) STRICT;
INSERT INTO progress VALUES (1, 0, 0);
`, `
-- The greatest number of a Put that a file has events of: readers that follow read beyond a number. Nobody
-- followed so while files had none.
ALTER TABLE files ADD COLUMN last_put INTEGER NOT NULL DEFAULT 0;
`}

// openDB opens logs.db and brings it to the present form.
func openDB(ctx context.Context, path string) (*sql.DB, error) {
	return sqlitedb.Open(ctx, path, "the log groups", migrations)
}
