package alarm

// migrations make the database, one after the other; one that was released is never changed.
var migrations = []string{`
-- One row: id tells this database from another, so that ids of actions are never given twice. seen is when alarms were last looked at, in milliseconds since
-- the epoch.
CREATE TABLE store (id TEXT NOT NULL, seen INTEGER NOT NULL) STRICT;
INSERT INTO store VALUES (lower(hex(randomblob(16))), 0);

-- Times in which no alarm was looked at, in seconds since the epoch: after since, up to until.
CREATE TABLE gaps (since INTEGER NOT NULL, until INTEGER NOT NULL) STRICT;

CREATE TABLE alarms (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	name TEXT NOT NULL UNIQUE,
	body TEXT NOT NULL,
	-- evaluated is the last time that was judged, in seconds since the epoch.
	evaluated INTEGER NOT NULL
) STRICT;

CREATE TABLE tags (alarm INTEGER NOT NULL REFERENCES alarms ON DELETE CASCADE, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (alarm, key)) STRICT;

-- Results of log alarms, by the time of the run in seconds since the epoch; value is NULL where there was none.
CREATE TABLE results (alarm INTEGER NOT NULL REFERENCES alarms ON DELETE CASCADE, time INTEGER NOT NULL, value REAL, PRIMARY KEY (alarm, time)) STRICT;

CREATE TABLE history (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	name TEXT NOT NULL,
	alarm_type TEXT NOT NULL,
	time INTEGER NOT NULL,
	item_type TEXT NOT NULL,
	summary TEXT NOT NULL,
	data TEXT NOT NULL
) STRICT;
CREATE INDEX history_by_time ON history (time, id);
CREATE INDEX history_by_name ON history (name, time, id);

CREATE TABLE actions (seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, body TEXT NOT NULL) STRICT;
`, `
-- found is how many rows the query gave; NULL of runs that were kept without it.
ALTER TABLE results ADD COLUMN found INTEGER;
`}
