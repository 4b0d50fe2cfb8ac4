package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"weir/internal/app"
	"weir/internal/notify"
)

// addWait adds --wait.
func addWait(cmd *cobra.Command, wait *time.Duration) {
	cmd.Flags().DurationVar(wait, "wait", 30*time.Second, "look for at most this `TIME` what becomes of the message")
	completeNothing(cmd, "wait")
}

func (c *cli) notifyTestCommand() *cobra.Command {
	var wait time.Duration
	cmd := &cobra.Command{
		Use:   "test TOPIC",
		Short: "Publish a test message, and say for each subscriber what became of it",
		Long: `Publishes a message that says TEST in its subject and its text to a topic, and says for each
subscriber whether it got it: it waits until each has it or an attempt failed, at most
--wait. What failed is tried again as any message is, and is among the dead letters in
the end.

Where a subscriber did not get it, or nobody did, the exit code is 1; one whose filter policy
leaves such a message out is no failure.`,
		Example: `  weir notify test woken
  weir notify test arn:aws:sns:us-east-1:000000000000:woken --wait 5s --json`,
		Args:              needArgs(1, 1, "the topic"),
		ValidArgsFunction: c.completeTopic,
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := c.server(cmd.Context(), "it is the server that sends messages")
			if err != nil {
				return err
			}
			defer s.Close()
			arn, err := topicARN(cmd.Context(), s, args[0])
			if err != nil {
				return err
			}
			sent, err := s.TestTopic(cmd.Context(), arn)
			if err != nil {
				return err
			}
			return c.followTests(cmd.Context(), s, []app.TestMessage{sent}, wait)
		},
	}
	addWait(cmd, &wait)
	return cmd
}

// A testOutcome is what became of a test message at a subscriber.
type testOutcome struct {
	Target   string `json:"target"`
	Message  string `json:"message_id,omitempty"`
	Protocol string `json:"protocol,omitempty"`
	Endpoint string `json:"endpoint,omitempty"`
	// Outcome is one of the outcomes below.
	Outcome string `json:"outcome"`
	Reason  string `json:"reason,omitempty"`
	Hint    string `json:"hint,omitempty"`
	// Next is when it is tried again.
	Next *time.Time `json:"next_attempt,omitempty"`
}

// The outcomes of tests.
const (
	outcomeDelivered = "delivered"
	outcomeWaiting   = "waiting"
	outcomeFailed    = "failed"
	outcomeDead      = "dead letter"
	outcomeNotSent   = "not sent"
	outcomeLeftOut   = "left out"
	outcomeRefused   = "refused"
)

// lookEvery is how often it is looked what became of a message.
const lookEvery = 100 * time.Millisecond

// followTests waits until it is known what became of test messages, and says it.
func (c *cli) followTests(ctx context.Context, s app.Service, sent []app.TestMessage, wait time.Duration) error {
	if wait < 0 {
		return usage(errors.New("--wait must not be below 0"))
	}
	stop := c.waiting("waiting for deliveries")
	all, err := awaitTests(ctx, s, sent, wait)
	stop()
	if err != nil {
		return err
	}
	return c.printOutcomes(all, wait)
}

// awaitTests returns what became of test messages, once each subscriber has its message or an attempt failed, or some time is over.
func awaitTests(ctx context.Context, s app.Service, sent []app.TestMessage, wait time.Duration) ([]testOutcome, error) {
	end := time.NewTimer(wait)
	defer end.Stop()
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for late := false; ; {
		all, err := outcomes(ctx, s, sent)
		if err != nil || late || !slices.ContainsFunc(all, func(o testOutcome) bool { return o.Outcome == outcomeWaiting }) {
			return all, err
		}
		select {
		case <-tick.C:
		case <-end.C:
			late = true
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// outcomes returns what became of test messages by now.
func outcomes(ctx context.Context, s app.Service, sent []app.TestMessage) ([]testOutcome, error) {
	var out []testOutcome
	for _, m := range sent {
		if m.Refused != "" {
			out = append(out, testOutcome{Target: m.Target, Outcome: outcomeRefused, Reason: m.Refused})
			continue
		}
		left, err := s.Undelivered(ctx, m.ID)
		if err != nil {
			return nil, err
		}
		waiting := map[string]*notify.Undelivered{}
		for i := range left {
			waiting[left[i].SubscriptionARN] = &left[i]
		}
		for _, to := range m.To {
			o := testOutcome{Target: m.Target, Message: m.ID, Protocol: to.Protocol, Endpoint: to.Endpoint, Outcome: outcomeDelivered}
			if u := waiting[to.ARN]; u != nil {
				o.undelivered(u)
			}
			out = append(out, o)
		}
		for _, not := range m.NotTo {
			o := testOutcome{Target: m.Target, Message: m.ID, Protocol: not.Protocol, Endpoint: not.Endpoint, Outcome: outcomeLeftOut, Reason: "its filter policy leaves this message out"}
			if not.Pending {
				o.Outcome, o.Reason = outcomeNotSent, "it has not confirmed its subscription"
			}
			out = append(out, o)
		}
	}
	return out, nil
}

// undelivered says what a subscriber lacks.
func (o *testOutcome) undelivered(u *notify.Undelivered) {
	switch {
	case u.Died > 0:
		o.Outcome = outcomeDead
	case u.Attempts > 0:
		o.Outcome, o.Next = outcomeFailed, new(time.UnixMilli(u.Due).UTC())
	default:
		o.Outcome = outcomeWaiting
		return
	}
	o.Reason, o.Hint = u.Reason, deliveryHint(u.Reason)
}

// deliveryHint says what to do about a delivery that failed, "" where nothing more is known.
func deliveryHint(reason string) string {
	for _, h := range []struct{ of, hint string }{
		{"connection refused", "nothing listens at that address: is the receiver running?"},
		{"no such host", "the name of the host is not known: is it spelled right?"},
		{"did not answer within", "the receiver is slow, or a firewall drops what is sent to it"},
		{"redirects are not followed", "subscribe the address that it redirects to"},
		{"answered 404", "is the path of the URL right?"},
		{"without the command", "weir serve --notify-command NAME=PROGRAM gives it one"},
		{"without credentials for AWS", "weir serve --notify-aws gives it some"},
	} {
		if strings.Contains(reason, h.of) {
			return h.hint
		}
	}
	return ""
}

// printOutcomes prints what became of test messages. Where a subscriber that is to get one has not got it, or nobody has, the exit code is 1.
func (c *cli) printOutcomes(all []testOutcome, wait time.Duration) error {
	got := false
	for _, o := range all {
		switch o.Outcome {
		case outcomeDelivered:
			got = true
		case outcomeLeftOut:
		default:
			c.code = exitFailed
		}
	}
	if !got {
		c.code = exitFailed
	}
	if c.json {
		return c.printJSON(orEmpty(all))
	}
	if len(all) == 0 {
		c.note("the topic has no subscribers; 'weir notify subscribe' adds one")
		return nil
	}
	var rows [][]string
	var hints []string
	for _, o := range all {
		reason := o.Reason
		if o.Next != nil {
			reason += fmt.Sprintf(" (tried again at %s)", showTime(*o.Next, time.Local))
		}
		if o.Outcome == outcomeWaiting {
			reason = fmt.Sprintf("no answer within %v; 'weir notify dead-letters' tells in the end", wait)
		}
		rows = append(rows, []string{app.TopicName(o.Target), o.Protocol, o.Endpoint, o.Outcome, reason})
		if o.Hint != "" {
			hints = append(hints, o.Hint)
		}
	}
	err := printTable(c.out, []tableColumn{{head: "TOPIC"}, {head: "PROTOCOL"}, {head: "ENDPOINT"}, {head: "OUTCOME"}, {head: "REASON"}}, rows)
	c.printHints(hints)
	return err
}
