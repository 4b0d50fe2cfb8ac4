package alarm

import (
	"context"
	"slices"
)

// A Replay is what an alarm would have done in a time.
type Replay struct {
	// Evaluations is how many times were judged.
	Evaluations int
	// Transitions are those that it would have made, the oldest first; their times are when it would have been judged, with the lateness
	// of its data.
	Transitions []Transition
	// State is what it would have been in at the end.
	State State
}

const (
	// replayTimes is how many times a replay judges at most, a week of minutes, and replayRuns how many queries of a log alarm it runs.
	replayTimes = 7 * day / minute
	replayRuns  = 200
	// replayAtOnce bounds what is in memory: the times that are judged together.
	replayAtOnce = 100
)

// Replay judges an alarm anew, as it is defined now, at each time after from and up to to (seconds since the epoch) at which it would have been judged, by the values that are
// there now. It begins in INSUFFICIENT_DATA as a new alarm does, and changes nothing: no state, no history, no action. Data that are missing from a time in which weir
// did not run are ignored, as they are when alarms are evaluated.
//
// Errors: *Error for an alarm that is not there, that is a composite alarm, or a time in which there are too many evaluations; and those of the source.
func (s *Store) Replay(ctx context.Context, src Source, name string, from, to int64) (*Replay, error) {
	kept := s.current()[name]
	switch {
	case kept == nil:
		return nil, notFound()
	case kept.Composite != nil:
		return nil, invalid("a composite alarm has no values: it follows the states of others")
	}
	a := *kept
	a.State, a.results = InsufficientData, nil
	if a.Log != nil {
		return s.replayLog(ctx, src, &a, from, to)
	}
	lateness, err := src.Lateness(ctx, a.Metric)
	if err != nil {
		return nil, err
	}
	interval := a.Metric.interval()
	var times []moment
	for at := (from/interval + 1) * interval; at <= to; at += interval {
		if len(times) == replayTimes {
			return nil, tooMany("evaluations", replayTimes)
		}
		times = append(times, moment{at, at + lateness})
	}
	out := &Replay{State: a.State}
	for some := range slices.Chunk(times, replayAtOnce) {
		if err := out.follow(s.findMetric(ctx, src, &plan{alarm: &a, lateness: lateness, times: some})); err != nil {
			return nil, err
		}
	}
	return out, ctx.Err()
}

// tooMany refuses a time that is too long.
func tooMany(what string, most int) error {
	return invalid("there are more than %d %s in this time: ask for a shorter one", most, what)
}

// replayLog runs the query of a log alarm for each time at which it would have run.
func (s *Store) replayLog(ctx context.Context, src Source, a *alarm, from, to int64) (*Replay, error) {
	p := plan{alarm: a}
	for at := from; ; {
		next, found := a.schedule.Next(at)
		if !found || next > to {
			break
		}
		if len(p.times) == replayRuns {
			return nil, tooMany("runs of the query", replayRuns)
		}
		p.times, at = append(p.times, moment{next, next}), next
	}
	out := &Replay{State: a.State}
	return out, out.follow(s.findLog(ctx, src, &p))
}

// follow adds the transitions that findings make.
func (r *Replay) follow(findings []finding) error {
	for i := range findings {
		f := &findings[i]
		switch {
		case f.failed != nil:
			return f.failed
		case f.broken != nil:
			return f.broken
		}
		r.Evaluations++
		if f.state == "" || f.state == r.State {
			continue
		}
		reason, data, err := f.reason(f.due * 1000)
		if err != nil {
			return err
		}
		r.Transitions = append(r.Transitions, Transition{Number: int64(len(r.Transitions) + 1), Old: r.State, New: f.state, Reason: reason, ReasonData: data, Time: f.due * 1000})
		r.State = f.state
	}
	return nil
}
