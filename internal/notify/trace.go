package notify

import (
	"context"
	"database/sql"

	"weir/internal/sqlitedb"
)

// A Published is a message that was published, and who gets it.
type Published struct {
	// ID is the message's.
	ID string
	// To are the subscriptions that get it, NotTo those of the topic that do not: they wait for their confirmation, or their filter policy leaves it out.
	To, NotTo []*Subscription
}

// PublishTraced publishes a message as [Store.Publish] does, and says who gets it.
func (s *Store) PublishTraced(ctx context.Context, m Message) (*Published, error) {
	if err := m.check(); err != nil {
		return nil, err
	}
	out := new(Published)
	err := s.update(ctx, func(tx *sql.Tx) error {
		var err error
		if out.ID, out.To, err = s.publish(ctx, tx, m); err != nil {
			return err
		}
		all, err := subscriptions(ctx, tx, "WHERE topic = ? AND state <> 'deleted'", m.TopicARN)
		if err != nil {
			return err
		}
		gets := map[string]bool{}
		for _, sub := range out.To {
			gets[sub.ARN] = true
		}
		for _, sub := range all {
			if !gets[sub.ARN] && !sub.gone(s.now()) {
				out.NotTo = append(out.NotTo, sub)
			}
		}
		return nil
	})
	return out, err
}

// An Undelivered is a message that a subscriber has not got, or not yet.
type Undelivered struct {
	SubscriptionARN string
	// Attempts is how many failed; Reason says why the last did.
	Attempts int
	Reason   string
	// Due is when the next attempt is made, Died when it came among the dead letters, 0 where it is not; in ms since the epoch.
	Due, Died int64
}

// Undelivered returns what of a message is not delivered, by subscription: who gets it and is not among them has it.
func (s *Store) Undelivered(ctx context.Context, messageID string) ([]Undelivered, error) {
	var out []Undelivered
	err := sqlitedb.EachRow(ctx, s.db, "SELECT subscription, attempts, reason, due, dead FROM deliveries WHERE message = ? ORDER BY subscription", func(r *sql.Rows) error {
		var u Undelivered
		err := r.Scan(&u.SubscriptionARN, &u.Attempts, &u.Reason, &u.Due, &u.Died)
		out = append(out, u)
		return err
	}, messageID)
	return out, err
}
