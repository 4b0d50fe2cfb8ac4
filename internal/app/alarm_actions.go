package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"weir/internal/alarm"
	"weir/internal/notify"
)

// alarmActions carries out what alarms ask for when their states change: messages to topics. What can't be done now is tried
// again; an action is done once, and a message that is published again has the id that it had.
type alarmActions struct {
	alarms          *alarm.Store
	topics          *notify.Store
	source          alarm.Source
	account, region string
	log             *slog.Logger
	// evidence finds what is behind a transition, nil for nothing.
	evidence findEvidence
}

// run carries out actions until ctx ends.
func (d *alarmActions) run(ctx context.Context) {
	for wait := firstWait; ctx.Err() == nil; {
		again, err := d.all(ctx)
		switch {
		case err != nil && ctx.Err() == nil:
			d.log.Error("actions of alarms can't be carried out, which is tried again", "error", err, "next_try_in", wait)
			select {
			case <-time.After(wait):
			case <-ctx.Done():
			}
			wait = min(2*wait, longestWait)
			continue
		case again:
			continue
		}
		wait = firstWait
		select {
		case <-d.alarms.ActionsReady():
		case <-ctx.Done():
		}
	}
}

// actionsAtOnce is how many alarms' actions are carried out side by side.
const actionsAtOnce = 8

// all carries out the actions that are due, and reports whether there were some. Those of one alarm keep their order; a message for which events are looked
// through holds no other alarm's up.
func (d *alarmActions) all(ctx context.Context) (bool, error) {
	actions, err := d.alarms.Actions(ctx)
	if err != nil {
		return false, err
	}
	find := newLookups(d.evidence).of
	byAlarm := map[string][]*alarm.Action{}
	for i := range actions {
		a := &actions[i]
		byAlarm[a.Definition.Name] = append(byAlarm[a.Definition.Name], a)
	}
	var mu sync.Mutex
	var errs []error
	var g errgroup.Group
	g.SetLimit(actionsAtOnce)
	for _, name := range slices.Sorted(maps.Keys(byAlarm)) {
		g.Go(func() error {
			for _, a := range byAlarm[name] {
				if err := d.one(ctx, a, find); err != nil {
					mu.Lock()
					defer mu.Unlock()
					errs = append(errs, fmt.Errorf("alarm %s: %w", name, err))
					return nil // the others are carried out all the same
				}
			}
			return nil
		})
	}
	_ = g.Wait()
	return len(actions) > 0, errors.Join(errs...)
}

// actionIDs is the namespace of the ids of messages: the id of an action makes that of its message.
var actionIDs = uuid.MustParse("5f1cf4a2-6d0b-4b53-9a3e-6b8f8f0f7c11")

// noSuchAction is why an action can't be carried out that is no message.
const noSuchAction = "this server carries out no actions but messages to topics of SNS"

// isTopic reports whether an action is a message to a topic, of any of AWS's partitions.
func isTopic(target string) bool {
	parts := strings.SplitN(target, ":", 4)
	return len(parts) == 4 && parts[0] == "arn" && parts[2] == "sns"
}

// one carries out an action, or says in the history that it can't be.
func (d *alarmActions) one(ctx context.Context, a *alarm.Action, find findEvidence) error {
	if !isTopic(a.Target) {
		return d.alarms.ActionDone(ctx, a.ID, false, noSuchAction)
	}
	m, err := d.message(ctx, a, find)
	if err != nil {
		return err
	}
	id, err := d.topics.Publish(ctx, m)
	if refused, ok := errors.AsType[*notify.Error](err); ok {
		return d.alarms.ActionDone(ctx, a.ID, false, refused.Message) // such as a topic that is not there
	}
	if err != nil {
		return err
	}
	return d.alarms.ActionDone(ctx, a.ID, true, "message "+id)
}

// people are the protocols whose messages people read.
var people = []string{"email", "slack", "teams"}

// message makes the message of an action: AWS's document with weir's own member for programs, a text for people.
func (d *alarmActions) message(ctx context.Context, a *alarm.Action, find findEvidence) (notify.Message, error) {
	subject, body, err := alarm.Message(*a, d.account, d.region)
	if err != nil {
		return notify.Message{}, err
	}
	n := d.notice(ctx, a, find)
	text := n.text()
	if body, err = withWeir(body, n, text); err != nil {
		return notify.Message{}, err
	}
	out := notify.Message{ID: uuid.NewSHA1(actionIDs, []byte(a.ID)).String(), TopicARN: a.Target, Subject: subject, Default: body, ByProtocol: map[string]string{}}
	for _, p := range people {
		out.ByProtocol[p] = text
	}
	return out, nil
}

// notice gathers what a message says. What can't be found in time is left out, which the message says: it must go out.
func (d *alarmActions) notice(ctx context.Context, a *alarm.Action, find findEvidence) *notice {
	n := &notice{Action: *a, Threshold: math.NaN()}
	ctx, stop := context.WithTimeout(ctx, evidenceTime)
	defer stop()
	if m := a.Definition.Metric; m != nil {
		n.Threshold = m.Threshold
		from, to := judged(a, m)
		points, err := d.source.Values(ctx, m, min(from, to-graphRows*int64(m.EvaluationPeriod())), to)
		if err != nil {
			n.Lacking = append(n.Lacking, "The values of the metric can't be read: "+err.Error())
		}
		n.Points = points
	}
	if l := a.Definition.Log; l != nil {
		n.Threshold = l.Threshold
		points, err := d.results(ctx, a)
		if err != nil {
			n.Lacking = append(n.Lacking, "The results of the query can't be read: "+err.Error())
		}
		n.Points = points
	}
	if find == nil || a.New != alarm.Alarm {
		return n
	}
	var err error
	n.Evidence, err = find(ctx, a)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		n.Lacking = append(n.Lacking, fmt.Sprintf("What log events say of it was not found within %v.", evidenceTime))
	case err != nil:
		n.Lacking = append(n.Lacking, "What log events say of it was not found: "+err.Error())
	}
	return n
}

// results returns the values that the last runs of a log alarm's query had when it changed its state.
func (d *alarmActions) results(ctx context.Context, a *alarm.Action) ([]alarm.Datapoint, error) {
	kept, err := d.alarms.Results(ctx, a.Definition.Name, 0, a.Time/1000, graphRows)
	if _, gone := errors.AsType[*alarm.Error](err); gone { // the alarm was deleted meanwhile, and its results with it
		return nil, nil
	}
	var out []alarm.Datapoint
	for _, r := range kept {
		if !r.Missing {
			out = append(out, alarm.Datapoint{Time: r.Time, Value: r.Value})
		}
	}
	return out, err
}

// judged returns the periods that were judged for a transition, in seconds since the epoch.
func judged(a *alarm.Action, m *alarm.Metric) (from, to int64) {
	if from, to, some := evaluatedPeriods(a, m, func(*float64) bool { return true }); some {
		return from, to
	}
	period := int64(m.EvaluationPeriod())
	to = a.Time / 1000 / period * period
	return to - int64(m.EvaluationPeriods)*period, to
}

// crossed returns the periods that are behind a transition, in seconds since the epoch: of one to ALARM the first to the last whose value crossed the threshold. An alarm may look back
// over an hour, and go off for its last minute. Where none is known, as where data are missing, they are all that were judged.
func crossed(a *alarm.Action, m *alarm.Metric) (from, to int64) {
	if a.New == alarm.Alarm {
		if from, to, some := evaluatedPeriods(a, m, func(v *float64) bool { return v != nil && m.Breaches(*v) }); some {
			return from, to
		}
	}
	return judged(a, m)
}

// evaluatedPeriods returns the time of those periods that a transition's reason says were evaluated and whose value, nil where it is missing, is chosen, and whether there are any.
func evaluatedPeriods(a *alarm.Action, m *alarm.Metric, choose func(value *float64) bool) (from, to int64, some bool) {
	var reason struct {
		EvaluatedDatapoints []struct {
			Timestamp string   `json:"timestamp"`
			Value     *float64 `json:"value"`
		} `json:"evaluatedDatapoints"`
	}
	if json.Unmarshal([]byte(a.ReasonData), &reason) != nil {
		return 0, 0, false
	}
	const form = "2006-01-02T15:04:05.000-0700"
	period := int64(m.EvaluationPeriod())
	for _, p := range reason.EvaluatedDatapoints {
		at, err := time.Parse(form, p.Timestamp)
		if err != nil || !choose(p.Value) {
			continue
		}
		if !some {
			from, to, some = at.Unix(), at.Unix()+period, true
		}
		from, to = min(from, at.Unix()), max(to, at.Unix()+period)
	}
	return from, to, some
}

// weirMember is what AWS's document has of weir's own, under "Weir".
type weirMember struct {
	Text string `json:"Text"`
	// From and To bound the periods that are behind it.
	From       string    `json:"From,omitempty"`
	To         string    `json:"To,omitempty"`
	LogGroups  []string  `json:"LogGroups,omitempty"`
	Says       []string  `json:"Says,omitempty"`
	Sources    []counted `json:"Sources,omitempty"`
	Targets    []counted `json:"Targets,omitempty"`
	Interfaces []counted `json:"Interfaces,omitempty"`
	Next       []string  `json:"Next,omitempty"`
}

// withWeir adds weir's own member to AWS's document.
func withWeir(body string, n *notice, text string) (string, error) {
	own := weirMember{Text: text}
	if e := n.Evidence; e != nil {
		own.From, own.To = seconds(e.From).Format(time.RFC3339), seconds(e.To).Format(time.RFC3339)
		own.LogGroups, own.Says, own.Next = e.Groups, e.Says, e.Next
		own.Sources, own.Targets, own.Interfaces = e.Sources, e.Targets, e.Interfaces
	}
	raw, err := json.Marshal(own)
	if err != nil {
		return "", err
	}
	body = strings.TrimSpace(body)
	if !strings.HasSuffix(body, "}") {
		return "", errors.New("an alarm's document is no JSON object")
	}
	return body[:len(body)-1] + `,"Weir":` + string(raw) + "}", nil
}
