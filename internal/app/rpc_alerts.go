package app

import (
	"context"
	"encoding/gob"
	"time"

	"weir/internal/notify"
)

// alertMethods adds the methods of alarms and messages.
func alertMethods(method func(name string, answer func(ctx context.Context, in *gob.Decoder, out *answerer) error), s AlertService) {
	method("alarm-details", func(ctx context.Context, in *gob.Decoder, out *answerer) error {
		return answer(in, out, func(name string) (*AlarmDetails, error) { return s.AlarmDetails(ctx, name) })
	})
	method("silenced-alarms", func(ctx context.Context, in *gob.Decoder, out *answerer) error {
		return answer(in, out, func(bool) (map[string]time.Time, error) { return s.SilencedAlarms(ctx) })
	})
	method("silence-alarm", func(ctx context.Context, in *gob.Decoder, out *answerer) error {
		return answer(in, out, func(r SilenceRequest) (bool, error) { return true, s.SilenceAlarm(ctx, r) })
	})
	method("replay-alarm", func(ctx context.Context, in *gob.Decoder, out *answerer) error {
		return answer(in, out, func(r ReplayRequest) (*AlarmReplay, error) { return s.ReplayAlarm(ctx, r) })
	})
	method("test-alarm", func(ctx context.Context, in *gob.Decoder, out *answerer) error {
		return answer(in, out, func(name string) ([]TestMessage, error) { return s.TestAlarm(ctx, name) })
	})
	method("test-topic", func(ctx context.Context, in *gob.Decoder, out *answerer) error {
		return answer(in, out, func(arn string) (TestMessage, error) { return s.TestTopic(ctx, arn) })
	})
	method("undelivered", func(ctx context.Context, in *gob.Decoder, out *answerer) error {
		return answer(in, out, func(id string) ([]notify.Undelivered, error) { return s.Undelivered(ctx, id) })
	})
	method("dead-letters", func(ctx context.Context, in *gob.Decoder, out *answerer) error {
		return answer(in, out, func(bool) ([]notify.DeadLetter, error) { return s.DeadLetters(ctx) })
	})
	method("change-dead-letter", func(ctx context.Context, in *gob.Decoder, out *answerer) error {
		return answer(in, out, func(r DeadLetterChange) (bool, error) { return true, s.ChangeDeadLetter(ctx, r) })
	})
}

// AlarmDetails returns what an alarm watches.
func (r *Remote) AlarmDetails(ctx context.Context, name string) (*AlarmDetails, error) {
	out := new(AlarmDetails)
	return out, r.call(ctx, "alarm-details", name, out, nil)
}

// SilencedAlarms returns until when the actions of alarms are held back.
func (r *Remote) SilencedAlarms(ctx context.Context) (map[string]time.Time, error) {
	var out map[string]time.Time
	return out, r.call(ctx, "silenced-alarms", true, &out, nil)
}

// SilenceAlarm holds the actions of an alarm back.
func (r *Remote) SilenceAlarm(ctx context.Context, q SilenceRequest) error {
	var out bool
	return r.call(ctx, "silence-alarm", q, &out, nil)
}

// ReplayAlarm judges an alarm over the values that are kept.
func (r *Remote) ReplayAlarm(ctx context.Context, q ReplayRequest) (*AlarmReplay, error) {
	out := new(AlarmReplay)
	return out, r.call(ctx, "replay-alarm", q, out, nil)
}

// TestAlarm sends a test to the actions of an alarm.
func (r *Remote) TestAlarm(ctx context.Context, name string) ([]TestMessage, error) {
	var out []TestMessage
	return out, r.call(ctx, "test-alarm", name, &out, nil)
}

// TestTopic publishes a test.
func (r *Remote) TestTopic(ctx context.Context, topicARN string) (TestMessage, error) {
	var out TestMessage
	return out, r.call(ctx, "test-topic", topicARN, &out, nil)
}

// Undelivered returns what of a message is not delivered yet.
func (r *Remote) Undelivered(ctx context.Context, messageID string) ([]notify.Undelivered, error) {
	var out []notify.Undelivered
	return out, r.call(ctx, "undelivered", messageID, &out, nil)
}

// DeadLetters returns the messages that could not be delivered.
func (r *Remote) DeadLetters(ctx context.Context) ([]notify.DeadLetter, error) {
	var out []notify.DeadLetter
	return out, r.call(ctx, "dead-letters", true, &out, nil)
}

// ChangeDeadLetter delivers a message again, or removes it.
func (r *Remote) ChangeDeadLetter(ctx context.Context, q DeadLetterChange) error {
	var out bool
	return r.call(ctx, "change-dead-letter", q, &out, nil)
}
