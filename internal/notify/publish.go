package notify

import (
	"context"
	"database/sql"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"
)

// An envelope is what is sent: a message, or a confirmation of a subscription.
type envelope struct {
	// ID is the message's id in all deliveries, a UUID.
	ID string
	// Kind is its type in documents.
	Kind string
	Message
	// Published is in ms since the epoch.
	Published int64
}

// The kinds of envelopes.
const (
	notification             = "Notification"
	subscriptionConfirmation = "SubscriptionConfirmation"
	unsubscribeConfirmation  = "UnsubscribeConfirmation"
)

// idSpace is the name space of ids that are made of a caller's.
var idSpace = uuid.MustParse("8d1f3e2c-52f5-4a8e-9d7e-0c2a8a2f8d31")

// messageID returns the id of a message in deliveries: SNS's are UUIDs, so that of another id one is made, always the same.
func messageID(id string) string {
	if id == "" {
		return uuid.NewString()
	}
	if u, err := uuid.Parse(id); err == nil && u.String() == id {
		return id
	}
	return uuid.NewSHA1(idSpace, []byte(id)).String()
}

// Publish takes a message for the subscribers that a topic has now, and returns the id that its deliveries have. It is durable when this returns. A
// message with an id that was published in the last four weeks is not published again; its id is returned.
//
// Source: AWS, Publish.
func (s *Store) Publish(ctx context.Context, m Message) (id string, err error) {
	ids, err := s.PublishAll(ctx, []Message{m})
	if err != nil {
		return "", err
	}
	return ids[0], nil
}

// PublishAll publishes messages in their order: all of them or none.
func (s *Store) PublishAll(ctx context.Context, messages []Message) (ids []string, err error) {
	for i := range messages {
		if err := messages[i].check(); err != nil {
			return nil, err
		}
	}
	err = s.update(ctx, func(tx *sql.Tx) error {
		ids = nil
		for _, m := range messages {
			id, _, err := s.publish(ctx, tx, m)
			if err != nil {
				return err
			}
			ids = append(ids, id)
		}
		return nil
	})
	return ids, err
}

// publish keeps a message that was checked, and returns its id and who gets it.
func (s *Store) publish(ctx context.Context, tx *sql.Tx, m Message) (id string, to []*Subscription, err error) {
	if _, err := s.topic(ctx, tx, m.TopicARN); err != nil {
		return "", nil, err
	}
	if to, err = s.subscribers(ctx, tx, &m); err != nil {
		return "", nil, err
	}
	id = messageID(m.ID)
	return id, to, s.enqueue(ctx, tx, &envelope{ID: id, Kind: notification, Message: m}, to)
}

// subscribers returns the subscriptions that get a message.
func (s *Store) subscribers(ctx context.Context, tx *sql.Tx, m *Message) ([]*Subscription, error) {
	all, err := subscriptions(ctx, tx, "WHERE topic = ? AND state = 'confirmed'", m.TopicARN)
	if err != nil {
		return nil, err
	}
	var out []*Subscription
	for _, sub := range all {
		gets := true
		if text := sub.Attributes["FilterPolicy"]; text != "" {
			policy, err := parseFilterPolicy(text, sub.scope())
			if err != nil {
				return nil, err
			}
			gets = policy.matches(m, m.text(sub.Protocol))
		}
		if gets {
			out = append(out, sub)
		}
	}
	return out, nil
}

// enqueue keeps an envelope and its deliveries, unless its id was there. Confirmations get an id.
func (s *Store) enqueue(ctx context.Context, tx *sql.Tx, e *envelope, to []*Subscription) error {
	e.Published = s.now()
	if e.ID == "" {
		e.ID = uuid.NewString()
	}
	body := []byte{} // nobody needs it
	if len(to) > 0 {
		var err error
		if body, err = json.Marshal(e); err != nil {
			return err
		}
	}
	r, err := tx.ExecContext(ctx, "INSERT INTO messages (id, published, body) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", e.ID, e.Published, string(body))
	if err != nil {
		return err
	}
	if n, err := r.RowsAffected(); err != nil || n == 0 {
		return err
	}
	for _, sub := range to {
		r, err := tx.ExecContext(ctx, "INSERT INTO deliveries (message, kind, subscription, protocol, endpoint, attempts, due, dead, reason) VALUES (?, ?, ?, ?, ?, 0, ?, 0, '')",
			e.ID, e.Kind, sub.ARN, sub.Protocol, sub.Endpoint, e.Published)
		if err != nil {
			return err
		}
		id, err := r.LastInsertId()
		if err != nil {
			return err
		}
		s.made = append(s.made, laneItem{sub.ARN, item{id, e.Published, e.Published}})
	}
	return nil
}

// rememberIDs is how long the id of a message is known.
const rememberIDs = 28 * 24 * time.Hour

// forget removes dead letters that are too old, the texts of messages that nobody is to get any more, and messages whose ids need not be known any more.
func (s *Store) forget(ctx context.Context) error {
	return s.update(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "DELETE FROM deliveries WHERE dead > 0 AND dead < ?", s.now()-keepDead.Milliseconds()); err != nil {
			return err
		}
		// Those that nobody is to get any more: dead letters that were dropped, confirmations that were let go.
		if _, err := tx.ExecContext(ctx, "UPDATE messages SET body = '' WHERE body <> '' AND id NOT IN (SELECT message FROM deliveries)"); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "DELETE FROM messages WHERE published < ? AND id NOT IN (SELECT message FROM deliveries)", s.now()-rememberIDs.Milliseconds())
		return err
	})
}

// text returns what subscribers of a protocol get.
func (m *Message) text(protocol string) string {
	if text, ok := m.ByProtocol[protocol]; ok {
		return text
	}
	return m.Default
}

// names returns the names of the attributes in order.
func (m *Message) names() []string { return slices.Sorted(maps.Keys(m.Attributes)) }
