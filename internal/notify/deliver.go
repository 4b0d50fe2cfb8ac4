package notify

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"
)

// Run delivers until the context ends. Attempts that are being made then have a while to end, and are made again by the next Run where they have not.
func (s *Store) Run(ctx context.Context) error {
	sending, end := context.WithCancel(context.WithoutCancel(ctx))
	defer s.finish(end)
	var kept time.Time // when what is old was last looked for
	for ctx.Err() == nil {
		if now := s.o.Now(); now.Sub(kept) >= time.Hour || now.Before(kept) {
			kept = now
			if err := errors.Join(s.expire(ctx), s.forget(ctx)); err != nil && ctx.Err() == nil {
				s.o.Log.ErrorContext(ctx, "old messages and subscriptions could not be removed", "error", err)
			}
		}
		next, _ := s.begin(sending)
		wait := time.Hour
		if next > 0 {
			wait = min(wait, time.Duration(next-s.now())*time.Millisecond)
		}
		select {
		case <-ctx.Done():
		case <-s.queue.signal:
		case <-s.o.After(wait):
		}
	}
	return ctx.Err()
}

// finish waits for the attempts that are being made, and ends them after the grace.
func (s *Store) finish(end func()) {
	ended := make(chan struct{})
	go func() {
		s.queue.done.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-s.o.After(s.grace):
	}
	end()
	<-ended
}

// Deliver makes the attempts that are due by the clock and those that become due while it does, and returns when the next is, in ms since the epoch, 0 where
// nothing waits. It is Run in steps, for tests.
func (s *Store) Deliver(ctx context.Context) (next int64) {
	for {
		next, n := s.begin(ctx)
		if n == 0 {
			return next
		}
		s.queue.done.Wait()
	}
}

// askAgain is after how long the database is asked again where it gave an error.
const askAgain = time.Second

// begin begins what may begin, and returns when the next may and how many began.
func (s *Store) begin(ctx context.Context) (next int64, n int) {
	unpaced, policies := s.queue.unpaced()
	var unread error
	for _, subscription := range unpaced {
		perSecond, err := s.perSecond(ctx, subscription)
		if err != nil {
			unread = err
			continue
		}
		s.queue.pace(subscription, perSecond, policies)
	}
	items, next := s.queue.take(s.o.Now())
	if unread != nil { // what waits for that is asked about again
		if ctx.Err() == nil {
			s.o.Log.ErrorContext(ctx, "a delivery policy could not be read", "error", unread)
		}
		if again := s.now() + askAgain.Milliseconds(); next == 0 || again < next {
			next = again
		}
	}
	for _, i := range items {
		go func() { s.queue.ended(i.subscription, s.attempt(ctx, i)) }()
	}
	return next, len(items)
}

// perSecond returns how many deliveries a second a subscription takes, 0 where nothing says.
func (s *Store) perSecond(ctx context.Context, arn string) (int, error) {
	list, err := subscriptions(ctx, s.db, "WHERE arn = ?", arn)
	if err != nil || len(list) == 0 || !channels[list[0].Protocol].web {
		return 0, err
	}
	topic, err := s.topic(ctx, s.db, list[0].TopicARN)
	if err != nil {
		return 0, err
	}
	p, err := policyOf(topic, list[0])
	if err != nil || p.Throttle == nil {
		return 0, err
	}
	return p.Throttle.MaxReceivesPerSecond, nil
}

// A delivery is an attempt's: what is sent, to whom, and how.
type delivery struct {
	envelope
	id                               int64
	subscription, protocol, endpoint string
	attempts                         int // that failed
	raw                              bool
	contentType                      string
	displayName                      string // of the topic
	retry                            retryPolicy
	due                              int64
}

// A failure is why an attempt failed.
type failure struct {
	reason string
	// permanent says that trying again would not help; after is the least time before, where the receiver said one.
	permanent bool
	after     time.Duration
}

// attempt makes one attempt and keeps what came of it. It returns when it is to be made again, nil for never.
func (s *Store) attempt(ctx context.Context, i laneItem) *item {
	d, err := s.load(ctx, i)
	if err == nil && d == nil {
		return nil // it is not to be delivered any more
	}
	var failed *failure
	if err == nil {
		failed = channels[d.protocol].send(s, ctx, d)
		if ctx.Err() != nil && failed != nil {
			return &i.item // the server ends: this was no attempt
		}
		err = s.settle(context.WithoutCancel(ctx), d, failed)
	}
	if err != nil {
		if ctx.Err() == nil {
			s.o.Log.ErrorContext(ctx, "a delivery could not be read or kept", "subscription", i.subscription, "error", err)
		}
		return &item{i.id, i.due, s.now() + askAgain.Milliseconds()}
	}
	if failed == nil || d.due == 0 {
		return nil
	}
	return &item{d.id, d.due, d.due}
}

// load reads a delivery, nil where it is not to be made, or not at that time.
func (s *Store) load(ctx context.Context, i laneItem) (*delivery, error) {
	d := &delivery{id: i.id}
	var body []byte
	err := s.db.QueryRowContext(ctx, `SELECT d.subscription, d.protocol, d.endpoint, d.attempts, m.body FROM deliveries d JOIN messages m ON m.id = d.message
		WHERE d.id = ? AND d.dead = 0 AND d.due = ?`, i.id, i.due).Scan(&d.subscription, &d.protocol, &d.endpoint, &d.attempts, &body)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(body, &d.envelope); err != nil {
		return nil, err
	}
	c := channels[d.protocol]
	d.retry, d.contentType = c.retry, plainText
	list, err := subscriptions(ctx, s.db, "WHERE arn = ?", d.subscription)
	if err != nil || len(list) == 0 {
		return d, err // a dead letter that is sent again: by what was kept with it
	}
	topic, err := s.topic(ctx, s.db, list[0].TopicARN)
	if err != nil {
		return nil, err
	}
	d.displayName = topic.Attributes["DisplayName"]
	if c.web {
		p, err := policyOf(topic, list[0])
		if err != nil {
			return nil, err
		}
		d.retry = *p.Retry
		if d.Kind == notification {
			d.contentType = p.Request.HeaderContentType
		}
	}
	d.raw = d.Kind == notification && list[0].Attributes["RawMessageDelivery"] == "true"
	return d, nil
}

// settle keeps what came of an attempt: the delivery is made, put off, or put to the dead letters. Where it is put off, d.due is when it is made again, else 0.
func (s *Store) settle(ctx context.Context, d *delivery, failed *failure) error {
	d.due = 0
	return s.update(ctx, func(tx *sql.Tx) error {
		if failed == nil {
			if err := keepDelivered(ctx, tx, d, s.now()); err != nil {
				return err
			}
			_, err := tx.ExecContext(ctx, "UPDATE messages SET body = '' WHERE id = ? AND NOT EXISTS (SELECT 1 FROM deliveries WHERE message = messages.id)", d.ID)
			return err
		}
		now := s.now()
		ms, again := d.retry.delay(d.attempts + 1)
		if failed.permanent || !again {
			s.o.Log.WarnContext(ctx, "a message could not be delivered and is among the dead letters", "message", d.ID, "subscription", d.subscription, "attempts", d.attempts+1, "reason", failed.reason)
			_, err := tx.ExecContext(ctx, "UPDATE deliveries SET attempts = ?, dead = ?, reason = ? WHERE id = ? AND dead = 0", d.attempts+1, now, failed.reason, d.id)
			return err
		}
		due := now + max(ms, failed.after.Milliseconds())
		r, err := tx.ExecContext(ctx, "UPDATE deliveries SET attempts = ?, due = ?, reason = ? WHERE id = ? AND dead = 0", d.attempts+1, due, failed.reason, d.id)
		if err != nil {
			return err
		}
		if n, err := r.RowsAffected(); err != nil || n == 0 {
			return err
		}
		d.due = due
		if d.attempts == 0 { // once for a message: e-mail is tried for six hours, and who wonders where it is looks here
			s.o.Log.WarnContext(ctx, "a message could not be delivered and is tried again", "message", d.ID, "subscription", d.subscription, "next", time.UnixMilli(due).UTC(), "reason", failed.reason)
		}
		return nil
	})
}
