package agentstore

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"errors"
	"path/filepath"
	"time"

	"weir/internal/agentapi"
	"weir/internal/durable"
	"weir/internal/sqlitedb"
)

// migrations bring agents.db to the present form, one after the other; a migration that was released is never changed. Times are milliseconds since the epoch.
var migrations = []string{`
CREATE TABLE tokens (
	id      TEXT PRIMARY KEY,
	hash    BLOB NOT NULL, -- of the secret
	comment TEXT NOT NULL,
	created INTEGER NOT NULL,
	expires INTEGER NOT NULL,
	joins   INTEGER NOT NULL, -- how many it lets in
	used    INTEGER NOT NULL, -- how many it let in
	revoked INTEGER NOT NULL  -- 1: it lets none in
) STRICT, WITHOUT ROWID;

CREATE TABLE agents (
	id      TEXT PRIMARY KEY,
	name    TEXT NOT NULL UNIQUE,
	hash    BLOB NOT NULL, -- of the credential
	token   TEXT NOT NULL, -- that it joined with
	version TEXT NOT NULL,
	joined  INTEGER NOT NULL,
	seen    INTEGER NOT NULL,
	report  TEXT NOT NULL  -- JSON, '' before the first
) STRICT, WITHOUT ROWID;

CREATE TABLE deliveries (
	agent    TEXT NOT NULL REFERENCES agents(id) ON DELETE CASCADE,
	flow_log TEXT NOT NULL,
	error    TEXT NOT NULL, -- '': it delivers
	PRIMARY KEY (agent, flow_log)
) STRICT, WITHOUT ROWID;

-- One row.
CREATE TABLE server (
	one        INTEGER PRIMARY KEY CHECK (one = 1),
	pin        TEXT NOT NULL, -- '' before the first token
	generation INTEGER NOT NULL,
	digest     TEXT NOT NULL
) STRICT;
INSERT INTO server VALUES (1, '', 0, '');
`}

// Store is what is known of agents. It is safe for concurrent use, by several processes too.
type Store struct {
	db   *sql.DB
	data string
	now  func() time.Time
}

// Open opens the store of a data directory, and makes both where there is none. now is the clock.
func Open(ctx context.Context, data string, now func() time.Time) (*Store, error) {
	if err := durable.MakeDir(data); err != nil {
		return nil, err
	}
	db, err := sqlitedb.Open(ctx, filepath.Join(data, "agents.db"), "the agents", migrations)
	if err != nil {
		return nil, err
	}
	return &Store{db: db, data: data, now: now}, nil
}

// Close closes the file.
func (s *Store) Close() error { return s.db.Close() }

// An Error is something wrong in what was asked for. Code is one of package agentapi's.
type Error struct{ Code, Message, Hint string }

// Error returns the message.
func (e *Error) Error() string { return e.Message }

// random returns n random bytes.
func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return b
}

// newID returns an id of [agentapi.IDForm].
func newID() string { return hex.EncodeToString(random(8)) }

// Publish notes the digest of the policy that is in force, and returns its generation: another one, and greater, where the digest is another one.
func (s *Store) Publish(ctx context.Context, digest string) (generation int64, err error) {
	err = sqlitedb.InTx(ctx, s.db, func(tx *sql.Tx) error {
		return tx.QueryRowContext(ctx, "UPDATE server SET generation = generation + (digest <> ?1), digest = ?1 RETURNING generation", digest).Scan(&generation)
	})
	return generation, err
}

// Know fails where agents or tokens know the server by another key than a pin's, and else notes the pin.
func (s *Store) Know(ctx context.Context, pin agentapi.Pin) error {
	return sqlitedb.InTx(ctx, s.db, func(tx *sql.Tx) error {
		// What is written first takes the lock: a token may be made meanwhile.
		if _, err := tx.ExecContext(ctx, "UPDATE server SET pin = pin"); err != nil {
			return err
		}
		var was string
		var known bool
		err := tx.QueryRowContext(ctx, `SELECT pin, EXISTS (SELECT 1 FROM agents) OR EXISTS (SELECT 1 FROM tokens WHERE NOT revoked AND used < joins AND expires > ?) FROM server`,
			s.now().UnixMilli()).Scan(&was, &known)
		if err != nil {
			return err
		}
		if known && was != pin.String() {
			return &Error{
				Code: agentapi.CodeBadRequest, Message: "agents and tokens know this server by another key than that of its certificate, and would refuse it",
				Hint: "give the certificate of before (in DATA/secrets if weir made it); or 'weir agent remove' all agents and 'weir agent token revoke' all tokens, and have agents join anew",
			}
		}
		_, err = tx.ExecContext(ctx, "UPDATE server SET pin = ?", pin.String())
		return err
	})
}

// Pin returns the pin of the server's certificate that was noted last; false: none was.
func (s *Store) Pin(ctx context.Context) (pin agentapi.Pin, ok bool, err error) {
	var text string
	if err := s.db.QueryRowContext(ctx, "SELECT pin FROM server").Scan(&text); err != nil || text == "" {
		return pin, false, err
	}
	if err := pin.UnmarshalText([]byte(text)); err != nil {
		return pin, false, err
	}
	return pin, true, nil
}

// noRow reports whether there was no such row.
func noRow(err error) bool { return errors.Is(err, sql.ErrNoRows) }
