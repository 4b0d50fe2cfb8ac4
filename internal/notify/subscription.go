package notify

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// A Subscription is an endpoint that gets what is published to a topic.
type Subscription struct {
	ARN, TopicARN, Protocol, Endpoint string
	// Attributes are those that were given, by name: RawMessageDelivery, FilterPolicy, FilterPolicyScope and DeliveryPolicy.
	Attributes map[string]string
	// Principal is who subscribed.
	Principal string
	// Pending says that the endpoint has not confirmed yet.
	Pending bool
	// Authenticated says that the confirmation was signed by an access key; AuthenticateOnUnsubscribe that the end of it must be.
	Authenticated, AuthenticateOnUnsubscribe bool

	state string
	since int64 // ms since the epoch
}

// The states of subscriptions.
const (
	pending   = "pending"
	confirmed = "confirmed"
	deleted   = "deleted"
)

// confirmWithin is how long a subscription waits for its confirmation, and one that its endpoint ended can be restored.
//
// Source: AWS, Amazon SNS API Reference, Subscribe: "Confirmation tokens are valid for two days".
const confirmWithin = 48 * time.Hour

// gone says whether a subscription has waited too long.
func (s *Subscription) gone(now int64) bool {
	return s.state != confirmed && now-s.since > confirmWithin.Milliseconds()
}

// subscriptions reads subscriptions, by ARN, also those that are deleted or gone.
func subscriptions(ctx context.Context, db asker, where string, args ...any) ([]*Subscription, error) {
	rows, err := db.QueryContext(ctx, "SELECT body, state, since FROM subscriptions "+where+" ORDER BY arn", args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []*Subscription
	for rows.Next() {
		sub := new(Subscription)
		var body []byte
		if err := rows.Scan(&body, &sub.state, &sub.since); err != nil {
			return nil, err
		}
		if err := json.Unmarshal(body, sub); err != nil {
			return nil, err
		}
		sub.Pending = sub.state == pending
		out = append(out, sub)
	}
	return out, rows.Err()
}

// subscription returns a subscription that must be there.
func (s *Store) subscription(ctx context.Context, db asker, arn string) (*Subscription, error) {
	if err := s.checkSubscriptionARN(arn); err != nil {
		return nil, err
	}
	list, err := subscriptions(ctx, db, "WHERE arn = ?", arn)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 || list[0].state == deleted || list[0].gone(s.now()) {
		return nil, notFound("Subscription")
	}
	return list[0], nil
}

func putSubscription(ctx context.Context, tx *sql.Tx, sub *Subscription) error {
	body, err := json.Marshal(sub)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO subscriptions (arn, topic, protocol, endpoint, state, since, body) VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (arn) DO UPDATE SET state = excluded.state, since = excluded.since, body = excluded.body`,
		sub.ARN, sub.TopicARN, sub.Protocol, sub.Endpoint, sub.state, sub.since, string(body))
	return err
}

// A SubscribeRequest says what to subscribe.
type SubscribeRequest struct {
	TopicARN, Protocol, Endpoint string
	Attributes                   map[string]string
	// Principal is who asks, an ARN.
	Principal string
}

// Subscribe subscribes an endpoint, or returns the subscription that it has, where all that is given is as that has it. Endpoints of http, https, email
// and email-json get a confirmation, also again; others are confirmed at once.
//
// Source: AWS, Subscribe.
func (s *Store) Subscribe(ctx context.Context, r SubscribeRequest) (*Subscription, error) {
	var sub *Subscription
	err := s.update(ctx, func(tx *sql.Tx) error {
		topic, err := s.topic(ctx, tx, r.TopicARN)
		if err != nil {
			return err
		}
		if err := s.checkEndpoint(r.Protocol, r.Endpoint); err != nil { // AWS looks for the topic first
			return err
		}
		list, err := subscriptions(ctx, tx, "WHERE topic = ? AND protocol = ? AND endpoint = ?", r.TopicARN, r.Protocol, r.Endpoint)
		if err != nil {
			return err
		}
		if len(list) > 0 && (list[0].state == deleted || list[0].gone(s.now())) {
			if err := s.remove(ctx, tx, list[0].ARN, "the subscription was made anew"); err != nil {
				return err
			}
			list = nil
		}
		if len(list) > 0 {
			sub = list[0]
			if err := sub.same(r.Attributes); err != nil || !sub.Pending {
				return asCreated(err)
			}
			sub.since = s.now()
		} else if sub, err = s.newSubscription(ctx, tx, r); err != nil {
			return asCreated(err)
		}
		if err := putSubscription(ctx, tx, sub); err != nil || !sub.Pending {
			return err
		}
		return s.enqueue(ctx, tx, &envelope{Kind: subscriptionConfirmation, Message: Message{TopicARN: topic.ARN}}, []*Subscription{sub})
	})
	return sub, err
}

// newSubscription makes the subscription that a request says, which is not kept yet.
func (s *Store) newSubscription(ctx context.Context, tx *sql.Tx, r SubscribeRequest) (*Subscription, error) {
	sub := &Subscription{
		ARN: r.TopicARN + ":" + uuid.NewString(), TopicARN: r.TopicARN, Protocol: r.Protocol, Endpoint: r.Endpoint, Principal: r.Principal,
		Attributes: map[string]string{}, state: confirmed, since: s.now(), Authenticated: true,
	}
	if channels[r.Protocol].confirms {
		sub.state, sub.Pending, sub.Authenticated = pending, true, false
	}
	if err := sub.setAll(r.Attributes); err != nil {
		return nil, err
	}
	return sub, s.checkPolicies(ctx, tx, sub)
}

// maxFilterPolicies is the most that a topic's subscriptions have.
//
// Source: AWS, Amazon SNS Developer Guide, "Filter policy constraints".
const maxFilterPolicies = 200

// checkPolicies refuses a filter policy too many.
func (s *Store) checkPolicies(ctx context.Context, tx *sql.Tx, sub *Subscription) error {
	if sub.Attributes["FilterPolicy"] == "" {
		return nil
	}
	list, err := subscriptions(ctx, tx, "WHERE topic = ? AND arn <> ?", sub.TopicARN, sub.ARN)
	n := 1
	for _, other := range list {
		if other.Attributes["FilterPolicy"] != "" && other.state != deleted {
			n++
		}
	}
	if err == nil && n > maxFilterPolicies {
		err = &Error{"FilterPolicyLimitExceeded", fmt.Sprintf("Filter policy limit exceeded: a topic has at most %d", maxFilterPolicies)}
	}
	return err
}

// Subscriptions returns the subscriptions of a topic, or of all for "", by ARN.
func (s *Store) Subscriptions(ctx context.Context, topicARN string) ([]*Subscription, error) {
	where, args := "", []any{}
	if topicARN != "" {
		if _, err := s.topic(ctx, s.db, topicARN); err != nil {
			return nil, err
		}
		where, args = "WHERE topic = ?", []any{topicARN}
	}
	list, err := subscriptions(ctx, s.db, where, args...)
	now, out := s.now(), []*Subscription{}
	for _, sub := range list {
		if sub.state != deleted && !sub.gone(now) {
			out = append(out, sub)
		}
	}
	return out, err
}

// remove removes a subscription; what it has not got goes to the dead letters.
func (s *Store) remove(ctx context.Context, tx *sql.Tx, arn, why string) error {
	if err := s.bury(ctx, tx, arn, why); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, "DELETE FROM subscriptions WHERE arn = ?", arn)
	return err
}

// Unsubscribe ends a subscription; one that is not there is no error. authenticated says that an access key signed the request. Without one an http endpoint
// gets a message by which it can restore the subscription.
//
// Source: AWS, Unsubscribe.
func (s *Store) Unsubscribe(ctx context.Context, arn string, authenticated bool) error {
	if err := s.checkSubscriptionARN(arn); err != nil {
		return err
	}
	return s.update(ctx, func(tx *sql.Tx) error {
		sub, err := s.subscription(ctx, tx, arn)
		if _, missing := errors.AsType[*Error](err); missing {
			return nil
		}
		switch {
		case err != nil:
			return err
		case sub.Pending:
			return invalid("SubscriptionArn Reason: Cannot unsubscribe a subscription that is pending confirmation")
		case authenticated:
			return s.remove(ctx, tx, arn, "the subscription was ended")
		case sub.AuthenticateOnUnsubscribe || !channels[sub.Protocol].confirms:
			return &Error{"AuthorizationError", "This subscription requires authentication for deletion."}
		}
		if err := s.bury(ctx, tx, arn, "the subscription was ended"); err != nil {
			return err
		}
		sub.state, sub.since = deleted, s.now()
		if err := putSubscription(ctx, tx, sub); err != nil || !overHTTP(sub.Protocol) {
			return err
		}
		return s.enqueue(ctx, tx, &envelope{Kind: unsubscribeConfirmation, Message: Message{TopicARN: sub.TopicARN}}, []*Subscription{sub})
	})
}

func overHTTP(protocol string) bool { return protocol == "http" || protocol == "https" }

// expire removes the subscriptions that have waited too long.
func (s *Store) expire(ctx context.Context) error {
	return s.update(ctx, func(tx *sql.Tx) error {
		list, err := subscriptions(ctx, tx, "WHERE state <> 'confirmed' AND since < ?", s.now()-confirmWithin.Milliseconds())
		if err != nil {
			return err
		}
		for _, sub := range list {
			if err := s.remove(ctx, tx, sub.ARN, "the subscription was not confirmed in time"); err != nil {
				return err
			}
		}
		return nil
	})
}
