package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"weir/internal/alarm"
	"weir/internal/metricstore"
)

// ReplayRequest asks what an alarm would have done in a time.
type ReplayRequest struct {
	Name     string
	From, To time.Time
}

// AlarmReplay is what an alarm would have done.
type AlarmReplay struct {
	// From and To bound the times that were judged: To is no later than what is due.
	From, To    time.Time
	Evaluations int
	State       string // in which it would have ended
	Transitions []AlarmTransition
}

// An AlarmTransition is a change of an alarm's state.
type AlarmTransition struct {
	At     time.Time `json:"at"`
	Old    string    `json:"old"`
	New    string    `json:"new"`
	Reason string    `json:"reason"`
}

// ReplayAlarm judges an alarm over the values that are kept.
func (s *Local) ReplayAlarm(ctx context.Context, r ReplayRequest) (*AlarmReplay, error) {
	w, d, err := s.describedAlarm(ctx, r.Name)
	if err != nil {
		return nil, err
	}
	due := s.now()
	switch {
	case d.Composite != nil:
		return nil, &UsageError{Message: r.Name + " is a composite alarm: it follows the states of others", Hint: "test the alarms of its rule: " + d.Composite.Rule}
	case d.Metric != nil:
		late, err := w.source.Lateness(ctx, d.Metric)
		if err != nil {
			return nil, err
		}
		due = due.Add(-time.Duration(late) * time.Second)
		if err := keptFor(d.Metric, r.From, s.now()); err != nil {
			return nil, err
		}
	}
	if r.To.After(due) {
		r.To = due
	}
	if !r.From.Before(r.To) {
		return nil, &UsageError{Message: "nothing of this time is due yet: data of this alarm come up to " + s.now().Sub(due).Round(time.Second).String() + " late"}
	}
	if err := s.settle(ctx); err != nil { // so that all that is durable counts
		return nil, err
	}
	replay, err := w.alarms.Replay(ctx, w.source, r.Name, r.From.Unix(), r.To.Unix())
	if refused, ok := errors.AsType[*alarm.Error](err); ok {
		return nil, &UsageError{Message: refused.Error()} // the time is too long, or the alarm can't be evaluated as it is defined
	}
	if err != nil {
		return nil, err
	}
	out := &AlarmReplay{From: r.From, To: r.To, Evaluations: replay.Evaluations, State: string(replay.State)}
	for _, t := range replay.Transitions {
		out.Transitions = append(out.Transitions, AlarmTransition{time.UnixMilli(t.Time), string(t.Old), string(t.New), t.Reason})
	}
	return out, nil
}

// keptFor refuses a time of which the values of an alarm are not kept any more. Windows slide by a minute, so those of longer periods need minutes too.
func keptFor(m *alarm.Metric, from, now time.Time) error {
	step := min(m.EvaluationPeriod(), 60)
	for i := range m.Queries {
		if stat := m.Queries[i].Stat; stat != nil {
			step = min(step, stat.Period)
		}
	}
	kept := metricstore.KeptFor(step)
	back := m.EvaluationRange() * m.EvaluationPeriod()
	if begin := from.Add(-time.Duration(back) * time.Second); now.Sub(begin) > kept {
		return &UsageError{
			Message: fmt.Sprintf("the alarm would look back to %s, and such values are kept for %s", clockTime(begin.Unix()), plainSeconds(int64(kept.Seconds()))),
			Hint:    "--from chooses a later time",
		}
	}
	return nil
}
