package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"weir/internal/alarm"
	"weir/internal/notify"
)

// A TestMessage is a message that was sent as a test.
type TestMessage struct {
	// Target is the action of the alarm, or the topic.
	Target string
	// Refused says why nothing could be published; else ID is the message's.
	Refused string
	ID      string
	// To are the subscribers that get it, NotTo those that do not.
	To, NotTo []TestSubscriber
}

// A TestSubscriber is a subscriber of a topic.
type TestSubscriber struct {
	ARN, Protocol, Endpoint string
	// Pending says that it does not get the message because it has not confirmed its subscription; another that does not get it has a filter policy that leaves it out.
	Pending bool
}

// DeadLetterChange asks for what is to become of a dead letter.
type DeadLetterChange struct {
	ID int64
	// Drop removes it; else it is delivered again.
	Drop bool
}

// testMark begins the subjects and texts of tests.
const testMark = "TEST: "

// longestSubject is SNS's limit.
const longestSubject = 100

// TestTopic publishes a message that says that it is a test.
func (s *Local) TestTopic(ctx context.Context, topicARN string) (TestMessage, error) {
	w, err := s.alertingRooms(ctx)
	if err != nil {
		return TestMessage{}, err
	}
	at := s.now().UTC().Format("2006-01-02 15:04:05 UTC")
	return w.publishTest(ctx, notify.Message{
		TopicARN: topicARN, Subject: testMark + "a message of weir",
		Default: fmt.Sprintf("%sweir notify test sent this at %s, to see whether messages of the topic %s arrive. Nothing has happened.", testMark, at, topicARN),
	})
}

// publishTest publishes a test.
func (w *alerting) publishTest(ctx context.Context, m notify.Message) (TestMessage, error) {
	out := TestMessage{Target: m.TopicARN}
	p, err := w.topics.PublishTraced(ctx, m)
	if refused, ok := errors.AsType[*notify.Error](err); ok {
		out.Refused = refused.Message
		return out, nil
	}
	if err != nil {
		return out, err
	}
	out.ID = p.ID
	for _, sub := range p.To {
		out.To = append(out.To, TestSubscriber{ARN: sub.ARN, Protocol: sub.Protocol, Endpoint: sub.Endpoint})
	}
	for _, sub := range p.NotTo {
		out.NotTo = append(out.NotTo, TestSubscriber{sub.ARN, sub.Protocol, sub.Endpoint, sub.Pending})
	}
	return out, nil
}

// TestAlarm sends a message that says that it is a test to each of the actions of an alarm: to those of ALARM as if it had gone off, to those that only other states have as if
// it had come into these. The alarm does not change, and nothing is in its history.
func (s *Local) TestAlarm(ctx context.Context, name string) ([]TestMessage, error) {
	w, d, err := s.describedAlarm(ctx, name)
	if err != nil {
		return nil, err
	}
	var out []TestMessage
	var seen []string
	for _, of := range []struct {
		state   alarm.State
		targets []string
	}{{alarm.Alarm, d.Actions.Alarm}, {alarm.OK, d.Actions.OK}, {alarm.InsufficientData, d.Actions.InsufficientData}} {
		for _, target := range of.targets {
			if slices.Contains(seen, target) {
				continue
			}
			seen = append(seen, target)
			sent, err := w.testAction(ctx, &d, of.state, target, s.now())
			if err != nil {
				return out, err
			}
			out = append(out, sent)
		}
	}
	return out, nil
}

// testAction sends the message of an action as a test.
func (w *alerting) testAction(ctx context.Context, d *alarm.Described, state alarm.State, target string, now time.Time) (TestMessage, error) {
	if !isTopic(target) {
		return TestMessage{Target: target, Refused: noSuchAction}, nil
	}
	a := alarm.Action{
		ID: uuid.NewString(), Target: target, Definition: d.Definition, ConfigurationUpdated: d.ConfigurationUpdated,
		Transition: alarm.Transition{
			Old: d.State, New: state, Time: now.UnixMilli(),
			Reason: fmt.Sprintf("%ssent by weir alarm test; the alarm is %s, and that has not changed", testMark, d.State),
		},
	}
	a.Definition.Description = testMark + d.Description
	m, err := w.actions.message(ctx, &a, w.actions.evidence)
	if err != nil {
		return TestMessage{}, err
	}
	m.Subject = testMark + m.Subject
	m.Subject = m.Subject[:min(len(m.Subject), longestSubject)] // it is ASCII
	for protocol, text := range m.ByProtocol {
		m.ByProtocol[protocol] = testMark + text
	}
	return w.publishTest(ctx, m)
}

// Undelivered returns what of a message is not delivered yet.
func (s *Local) Undelivered(ctx context.Context, messageID string) ([]notify.Undelivered, error) {
	w, err := s.alertingRooms(ctx)
	if err != nil {
		return nil, err
	}
	return w.topics.Undelivered(ctx, messageID)
}

// DeadLetters returns the messages that could not be delivered.
func (s *Local) DeadLetters(ctx context.Context) ([]notify.DeadLetter, error) {
	w, err := s.alertingRooms(ctx)
	if err != nil {
		return nil, err
	}
	return w.topics.DeadLetters(ctx)
}

// ChangeDeadLetter delivers a message again, or removes it.
func (s *Local) ChangeDeadLetter(ctx context.Context, r DeadLetterChange) error {
	w, err := s.alertingRooms(ctx)
	if err != nil {
		return err
	}
	change := w.topics.Redrive
	if r.Drop {
		change = w.topics.Drop
	}
	err = change(ctx, r.ID)
	if _, missing := errors.AsType[*notify.Error](err); missing {
		return &UsageError{Message: fmt.Sprintf("there is no dead letter %d", r.ID), Hint: "weir notify dead-letters shows those that there are"}
	}
	return err
}
