package flowlogstore

import (
	"context"
	"database/sql"
	"encoding/json"

	"weir/internal/sqlitedb"
)

// migrations bring flowlogs.db to the present form, one after the other; a migration that was released is never changed.
var migrations = []string{`
CREATE TABLE flow_logs (
	n              INTEGER PRIMARY KEY AUTOINCREMENT, -- their order
	id             TEXT NOT NULL UNIQUE,
	resource       TEXT NOT NULL,
	config         TEXT NOT NULL, -- JSON
	same           TEXT NOT NULL, -- JSON of what of config makes two flow logs of a resource the same
	created        INTEGER NOT NULL, -- milliseconds since the epoch, as all times here
	delivery       TEXT NOT NULL,
	delivery_error TEXT NOT NULL,
	UNIQUE (resource, same)
) STRICT;

CREATE TABLE tags (
	id    TEXT NOT NULL REFERENCES flow_logs(id) ON DELETE CASCADE,
	key   TEXT NOT NULL,
	value TEXT NOT NULL,
	PRIMARY KEY (id, key)
) STRICT, WITHOUT ROWID;

-- Requests that made something, by their tokens.
CREATE TABLE requests (
	token   TEXT PRIMARY KEY,
	request TEXT NOT NULL, -- JSON
	answer  TEXT NOT NULL, -- JSON
	at      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX requests_at ON requests (at);

-- One row.
CREATE TABLE progress (
	one        INTEGER PRIMARY KEY CHECK (one = 1),
	generation INTEGER NOT NULL
) STRICT;
INSERT INTO progress VALUES (1, 0);
`}

// selectFlowLogs begins a query for [scanFlowLog].
const selectFlowLogs = "SELECT id, n, resource, config, created, delivery, delivery_error FROM flow_logs"

// scanFlowLog reads a row, without the tags.
func scanFlowLog(scan func(to ...any) error) (FlowLog, error) {
	var f FlowLog
	var config []byte
	if err := scan(&f.ID, &f.Number, &f.ResourceID, &config, &f.Created, &f.Delivery, &f.DeliveryError); err != nil {
		return f, err
	}
	return f, json.Unmarshal(config, &f.Config)
}

// change calls fn in a transaction that makes another generation, and then wakes who waits for one.
func (s *Store) change(ctx context.Context, fn func(*sql.Tx) error) error {
	s.changing.Lock()
	defer s.changing.Unlock()
	generation := s.generation
	err := sqlitedb.InTx(ctx, s.db, func(tx *sql.Tx) error {
		if err := fn(tx); err != nil {
			return err
		}
		return tx.QueryRowContext(ctx, "UPDATE progress SET generation = generation + 1 RETURNING generation").Scan(&generation)
	})
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.generation = generation
	close(s.changed)
	s.changed = make(chan struct{})
	return nil
}
