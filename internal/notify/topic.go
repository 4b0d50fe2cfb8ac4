package notify

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"maps"
	"strconv"
	"strings"

	"weir/internal/sqlitedb"
)

// A Topic is what messages are published to.
type Topic struct {
	ARN string
	// Attributes are those that were given, by name, such as DisplayName and DeliveryPolicy; Tags the topic's.
	Attributes, Tags map[string]string
}

// CreateTopic makes a topic and returns its ARN. One that is there is returned where all that is given is as it has it.
//
// Source: AWS, CreateTopic; recordings of AWS for what differs.
func (s *Store) CreateTopic(ctx context.Context, name string, attributes, tags map[string]string) (string, error) {
	if attributes["FifoTopic"] == "true" && !strings.HasSuffix(name, ".fifo") {
		return "", invalid("Topic Name")
	}
	given, err := topicAttributes(attributes)
	if err != nil {
		return "", asCreated(err)
	}
	if !topicName.MatchString(name) {
		return "", invalid("Topic Name")
	}
	if err := checkTags(tags); err != nil {
		return "", err
	}
	arn := s.topicARN(name)
	return arn, s.update(ctx, func(tx *sql.Tx) error {
		t, err := readTopic(ctx, tx, arn)
		switch {
		case err != nil:
			return err
		case t == nil:
			return putTopic(ctx, tx, &Topic{ARN: arn, Attributes: given, Tags: tags})
		case !within(given, t.Attributes):
			return invalid("Attributes Reason: Topic already exists with different attributes")
		case !within(tags, t.Tags):
			return invalid("Tags Reason: Topic already exists with different tags")
		}
		return nil
	})
}

// within says whether all of part is in whole, with the same values.
func within(part, whole map[string]string) bool {
	for k, v := range part {
		if have, ok := whole[k]; !ok || have != v {
			return false
		}
	}
	return true
}

func putTopic(ctx context.Context, tx *sql.Tx, t *Topic) error {
	body, err := json.Marshal(t)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "INSERT INTO topics (arn, body) VALUES (?, ?) ON CONFLICT DO UPDATE SET body = excluded.body", t.ARN, string(body))
	return err
}

// DeleteTopic removes a topic with its subscriptions. What was not delivered goes to the dead letters. A topic that is not there is no error.
func (s *Store) DeleteTopic(ctx context.Context, arn string) error {
	if err := s.checkTopicARN(arn); err != nil {
		return err
	}
	return s.update(ctx, func(tx *sql.Tx) error {
		rows, err := subscriptions(ctx, tx, "WHERE topic = ?", arn)
		if err != nil {
			return err
		}
		for _, sub := range rows {
			if err := s.bury(ctx, tx, sub.ARN, "the topic was deleted"); err != nil {
				return err
			}
		}
		_, err = tx.ExecContext(ctx, "DELETE FROM topics WHERE arn = ?", arn)
		return err
	})
}

// Topics returns all topics, by ARN.
func (s *Store) Topics(ctx context.Context) ([]Topic, error) {
	var out []Topic
	err := sqlitedb.EachRow(ctx, s.db, "SELECT body FROM topics ORDER BY arn", func(r *sql.Rows) error {
		var body []byte
		var t Topic
		if err := r.Scan(&body); err != nil {
			return err
		}
		err := json.Unmarshal(body, &t)
		out = append(out, t)
		return err
	})
	return out, err
}

// topic returns a topic that must be there.
func (s *Store) topic(ctx context.Context, db asker, arn string) (*Topic, error) {
	if err := s.checkTopicARN(arn); err != nil {
		return nil, err
	}
	t, err := readTopic(ctx, db, arn)
	if err == nil && t == nil {
		err = notFound("Topic")
	}
	return t, err
}

// readTopic reads a topic, nil where there is none.
func readTopic(ctx context.Context, db asker, arn string) (*Topic, error) {
	var body []byte
	err := db.QueryRowContext(ctx, "SELECT body FROM topics WHERE arn = ?", arn).Scan(&body)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	t := new(Topic)
	return t, json.Unmarshal(body, t)
}

// TopicAttributes returns the attributes of a topic as GetTopicAttributes gives them.
func (s *Store) TopicAttributes(ctx context.Context, arn string) (map[string]string, error) {
	t, err := s.topic(ctx, s.db, arn)
	if err != nil {
		return nil, err
	}
	effective, err := effectiveOfTopic(t)
	if err != nil {
		return nil, err
	}
	out := map[string]string{
		"TopicArn": arn, "Owner": s.o.Account, "DisplayName": "", "Policy": s.defaultPolicy(arn), "EffectiveDeliveryPolicy": effective,
	}
	maps.Copy(out, t.Attributes)
	subs, err := subscriptions(ctx, s.db, "WHERE topic = ?", arn)
	counts := map[string]int{}
	for _, sub := range subs {
		if !sub.gone(s.now()) {
			counts[sub.state]++
		}
	}
	for state, name := range map[string]string{pending: "SubscriptionsPending", confirmed: "SubscriptionsConfirmed", deleted: "SubscriptionsDeleted"} {
		out[name] = strconv.Itoa(counts[state])
	}
	return out, err
}

// SetTopicAttribute sets an attribute; "" takes one away.
//
// Source: AWS, SetTopicAttributes.
func (s *Store) SetTopicAttribute(ctx context.Context, arn, name, value string) error {
	defer s.queue.repace()
	return s.update(ctx, func(tx *sql.Tx) error {
		t, err := s.topic(ctx, tx, arn)
		if err != nil {
			return err
		}
		check, known := topicAttribute[name]
		if !known || name == "FifoTopic" {
			return invalid("AttributeName")
		}
		kept, err := check(value)
		if err != nil {
			return asSet(err)
		}
		if t.Attributes == nil {
			t.Attributes = map[string]string{}
		}
		if t.Attributes[name] = kept; kept == "" {
			delete(t.Attributes, name)
		}
		return putTopic(ctx, tx, t)
	})
}
