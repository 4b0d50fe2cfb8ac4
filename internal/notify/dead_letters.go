package notify

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"weir/internal/sqlitedb"
)

// A DeadLetter is a message that a subscriber did not get.
type DeadLetter struct {
	// ID names it for Redrive and Drop.
	ID                                                       int64
	MessageID, TopicARN, SubscriptionARN, Protocol, Endpoint string
	Kind, Subject, Text                                      string
	// Attempts is how many were made; Reason says why the last failed, or why no more are made.
	Attempts int
	Reason   string
	// Published and Died are in ms since the epoch.
	Published, Died int64
}

// keepDead is how long dead letters are kept: as long as a queue of SQS, which SNS puts them into, at most keeps them.
const keepDead = 14 * 24 * time.Hour

// DeadLetters returns the messages that could not be delivered in the last 14 days, the newest first.
func (s *Store) DeadLetters(ctx context.Context) ([]DeadLetter, error) {
	out := []DeadLetter{}
	err := sqlitedb.EachRow(ctx, s.db, `SELECT d.id, d.subscription, d.protocol, d.endpoint, d.attempts, d.reason, d.dead, m.body
		FROM deliveries d JOIN messages m ON m.id = d.message WHERE d.dead > ? ORDER BY d.dead DESC, d.id DESC`, func(r *sql.Rows) error {
		var d DeadLetter
		var body []byte
		if err := r.Scan(&d.ID, &d.SubscriptionARN, &d.Protocol, &d.Endpoint, &d.Attempts, &d.Reason, &d.Died, &body); err != nil {
			return err
		}
		var e envelope
		if err := json.Unmarshal(body, &e); err != nil {
			return err
		}
		d.MessageID, d.TopicARN, d.Kind, d.Subject, d.Text, d.Published = e.ID, e.TopicARN, e.Kind, e.Subject, e.text(d.Protocol), e.Published
		out = append(out, d)
		return nil
	}, max(0, s.now()-keepDead.Milliseconds()))
	return out, err
}

// Backlog returns how many deliveries wait, also between attempts, and how many dead letters there are.
func (s *Store) Backlog(ctx context.Context) (waiting, dead int64, err error) {
	err = s.db.QueryRowContext(ctx, "SELECT count(*) FILTER (WHERE dead = 0), count(*) FILTER (WHERE dead > ?) FROM deliveries", max(0, s.now()-keepDead.Milliseconds())).Scan(&waiting, &dead)
	return waiting, dead, err
}

// Redrive delivers a dead letter again, under its message id, with all retries. The error is NotFound where there is none of that ID.
func (s *Store) Redrive(ctx context.Context, id int64) error {
	return s.update(ctx, func(tx *sql.Tx) error {
		due := s.now()
		var subscription string
		err := tx.QueryRowContext(ctx, "UPDATE deliveries SET dead = 0, attempts = 0, due = ?, reason = '' WHERE id = ? AND dead > 0 RETURNING subscription", due, id).Scan(&subscription)
		if errors.Is(err, sql.ErrNoRows) {
			return notFound("Dead letter")
		}
		if err != nil {
			return err
		}
		s.made = append(s.made, laneItem{subscription, item{id, due, due}})
		return nil
	})
}

// Drop removes a dead letter. The error is NotFound where there is none of that ID.
func (s *Store) Drop(ctx context.Context, id int64) error {
	return s.update(ctx, func(tx *sql.Tx) error {
		r, err := tx.ExecContext(ctx, "DELETE FROM deliveries WHERE id = ? AND dead > 0", id)
		if err != nil {
			return err
		}
		if n, err := r.RowsAffected(); err != nil || n > 0 {
			return err
		}
		return notFound("Dead letter")
	})
}

// bury puts what a subscription has not got to the dead letters. Confirmations are let go: nothing that somebody published is in them.
func (s *Store) bury(ctx context.Context, tx *sql.Tx, subscription, why string) error {
	if _, err := tx.ExecContext(ctx, "DELETE FROM deliveries WHERE subscription = ? AND kind <> 'Notification'", subscription); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, "UPDATE deliveries SET dead = ?, reason = ? WHERE subscription = ? AND dead = 0", s.now(), why, subscription)
	return err
}
