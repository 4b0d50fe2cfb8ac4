package contributor

import (
	"context"
	"database/sql"
	"fmt"

	"weir/internal/sqlitedb"
)

// migrations are the steps of contributors.db. Times are milliseconds since the epoch in rules and spans, hours and minutes since the
// epoch in runs and minutes; added is when they were counted last, in seconds; first and last are those of runInfo.
var migrations = []string{`
CREATE TABLE rules (
	id          INTEGER PRIMARY KEY AUTOINCREMENT,
	name        TEXT NOT NULL UNIQUE,
	definition  TEXT NOT NULL,
	transformed INTEGER NOT NULL,
	created     INTEGER NOT NULL
) STRICT;
CREATE TABLE spans (
	rule     INTEGER NOT NULL REFERENCES rules ON DELETE CASCADE,
	enabled  INTEGER NOT NULL,
	disabled INTEGER
) STRICT;
CREATE INDEX spans_of_rule ON spans (rule);
CREATE TABLE tags (
	rule  INTEGER NOT NULL REFERENCES rules ON DELETE CASCADE,
	key   TEXT NOT NULL,
	value TEXT NOT NULL,
	PRIMARY KEY (rule, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE readers (
	name     TEXT PRIMARY KEY,
	position BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE minutes (
	rule       INTEGER NOT NULL REFERENCES rules ON DELETE CASCADE,
	minute     INTEGER NOT NULL,
	backfilled INTEGER NOT NULL,
	samples    INTEGER NOT NULL,
	sum        REAL NOT NULL,
	min        REAL NOT NULL,
	max        REAL NOT NULL,
	large      INTEGER NOT NULL,
	large_sum  REAL NOT NULL,
	no_number  INTEGER NOT NULL,
	added      INTEGER NOT NULL,
	PRIMARY KEY (rule, minute, backfilled)
) STRICT, WITHOUT ROWID;
CREATE TABLE runs (
	id         INTEGER PRIMARY KEY AUTOINCREMENT,
	rule       INTEGER NOT NULL REFERENCES rules ON DELETE CASCADE,
	hour       INTEGER NOT NULL,
	backfilled INTEGER NOT NULL,
	level      INTEGER NOT NULL,
	added      INTEGER NOT NULL,
	first      INTEGER NOT NULL,
	last       INTEGER NOT NULL
) STRICT;
CREATE INDEX runs_of_rule ON runs (rule, hour);
CREATE TABLE chunks (
	run  INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
	n    INTEGER NOT NULL,
	data BLOB NOT NULL,
	PRIMARY KEY (run, n)
) STRICT, WITHOUT ROWID;
`}

// A runInfo is a run that is committed.
type runInfo struct {
	id, level int64
	added     int64 // seconds since the epoch
	// first and last are the minutes of the hour between which its counts are, both inclusive: few readings need all runs of an hour.
	first, last int64
}

// join makes the run one that can have what another one has.
func (r *runInfo) join(o runInfo) {
	r.added, r.first, r.last = max(r.added, o.added), min(r.first, o.first), max(r.last, o.last)
}

// load reads the rules, the positions and which runs there are.
func (s *Store) load(ctx context.Context) error {
	byID := map[int64]*keptRule{}
	err := sqlitedb.EachRow(ctx, s.db, "SELECT id, name, definition, transformed, created FROM rules", func(r *sql.Rows) error {
		k := newRule()
		if err := r.Scan(&k.id, &k.name, &k.definition, &k.transformed, &k.created); err != nil {
			return err
		}
		rule, err := ParseRule([]byte(k.definition))
		if err != nil {
			return fmt.Errorf("rule %s: %w", k.name, err)
		}
		k.rule = rule
		byID[k.id], s.rules[k.name] = k, k
		return nil
	})
	if err != nil {
		return err
	}
	err = sqlitedb.EachRow(ctx, s.db, "SELECT rule, enabled, coalesce(disabled, 0) FROM spans ORDER BY enabled", func(r *sql.Rows) error {
		var id int64
		var sp span
		err := r.Scan(&id, &sp.enabled, &sp.disabled)
		if err == nil {
			byID[id].spans = append(byID[id].spans, sp)
		}
		return err
	})
	if err != nil {
		return err
	}
	err = sqlitedb.EachRow(ctx, s.db, "SELECT name, position FROM readers", func(r *sql.Rows) error {
		var name string
		var position []byte
		err := r.Scan(&name, &position)
		s.durable[name] = position
		return err
	})
	if err != nil {
		return err
	}
	return sqlitedb.EachRow(ctx, s.db, "SELECT id, rule, hour, backfilled, level, added, first, last FROM runs ORDER BY id", func(r *sql.Rows) error {
		var run runInfo
		var rule int64
		var t hourTime
		err := r.Scan(&run.id, &rule, &t.hour, &t.backfilled, &run.level, &run.added, &run.first, &run.last)
		if err == nil {
			byID[rule].runs[t] = append(byID[rule].runs[t], run)
		}
		return err
	})
}
