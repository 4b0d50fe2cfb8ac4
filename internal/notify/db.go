package notify

import (
	"context"
	"database/sql"
)

// migrations bring topics.db to the present form, one after the other; a migration that was released is never changed.
var migrations = []string{`
CREATE TABLE topics (
	arn  TEXT PRIMARY KEY,
	body TEXT NOT NULL -- JSON of Topic
) STRICT, WITHOUT ROWID;

CREATE TABLE subscriptions (
	arn      TEXT PRIMARY KEY,
	topic    TEXT NOT NULL REFERENCES topics(arn) ON DELETE CASCADE,
	protocol TEXT NOT NULL,
	endpoint TEXT NOT NULL,
	state    TEXT NOT NULL,    -- pending, confirmed, or deleted: it can be restored for a while
	since    INTEGER NOT NULL, -- when it came into its state, in ms since the epoch
	body     TEXT NOT NULL,    -- JSON of Subscription
	UNIQUE (topic, protocol, endpoint)
) STRICT, WITHOUT ROWID;

CREATE TABLE messages (
	id        TEXT PRIMARY KEY,
	published INTEGER NOT NULL, -- ms since the epoch
	body      TEXT NOT NULL     -- JSON of envelope; '' where no delivery needs it any more
) STRICT, WITHOUT ROWID;
CREATE INDEX messages_published ON messages(published);

CREATE TABLE deliveries (
	id           INTEGER PRIMARY KEY,
	message      TEXT NOT NULL REFERENCES messages(id),
	kind         TEXT NOT NULL,    -- Notification, or a confirmation
	subscription TEXT NOT NULL,
	protocol     TEXT NOT NULL,
	endpoint     TEXT NOT NULL,
	attempts     INTEGER NOT NULL, -- that failed
	due          INTEGER NOT NULL, -- ms since the epoch
	dead         INTEGER NOT NULL, -- ms since the epoch; 0 where it is not among the dead letters
	reason       TEXT NOT NULL,    -- why the last attempt failed
	UNIQUE (message, subscription)
) STRICT;
CREATE INDEX deliveries_subscription ON deliveries(subscription);
CREATE INDEX deliveries_dead ON deliveries(dead) WHERE dead > 0;
`, `
CREATE TABLE delivered (
	message      TEXT NOT NULL REFERENCES messages(id) ON DELETE CASCADE,
	subscription TEXT NOT NULL,
	protocol     TEXT NOT NULL,
	endpoint     TEXT NOT NULL,
	attempts     INTEGER NOT NULL, -- the one that succeeded included
	at           INTEGER NOT NULL, -- ms since the epoch
	PRIMARY KEY (message, subscription)
) STRICT, WITHOUT ROWID;
`}

// asker is a database or a transaction.
type asker interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}
