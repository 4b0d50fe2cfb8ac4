package alarm

import (
	"context"
	"reflect"
)

// apply makes the states of alarms what was found, together with their history and actions, and takes actions of which the wait is over.
func (s *Store) apply(ctx context.Context, findings []finding, now int64) error {
	if len(findings) == 0 && !s.releasing(now) {
		return nil
	}
	return s.write(ctx, func(b *batch) error {
		b.now = now
		for i := range findings {
			f := &findings[i]
			if err := b.applyOne(f); err != nil {
				return err
			}
			if i+1 == len(findings) || findings[i+1].moment != f.moment {
				if err := b.settle(); err != nil {
					return err
				}
			}
		}
		// A suppressor that goes off just when the wait ends holds back all the same.
		return b.releaseDue()
	})
}

// releasing reports whether there are actions of which the wait is over.
func (s *Store) releasing(now int64) bool {
	for _, a := range s.current() {
		if a.due(now) {
			return true
		}
	}
	return false
}

// applyOne makes the state of an alarm what an evaluation found. One that was deleted or put anew meanwhile is left alone: it is evaluated as it is now.
func (b *batch) applyOne(f *finding) error {
	name := f.alarm.Name
	a := b.get(name)
	if a == nil || a.id != f.alarm.id || !reflect.DeepEqual(a.Metric, f.alarm.Metric) || !reflect.DeepEqual(a.Log, f.alarm.Log) {
		return nil
	}
	switch {
	case f.failed != nil:
		if a.EvaluationState != evaluationFailure {
			b.edit(name).EvaluationState = evaluationFailure
		}
		return nil
	case f.broken != nil:
		return b.applyBroken(f)
	}
	if f.result != nil {
		if err := b.putResult(b.edit(name), f); err != nil {
			return err
		}
	}
	b.judged(name, f.at)
	if a.EvaluationState != "" {
		b.edit(name).EvaluationState = ""
	}
	if f.state == "" || f.state == a.State {
		return nil
	}
	reason, data, err := f.reason(b.now)
	if err != nil {
		return err
	}
	return b.transition(b.edit(name), f.state, reason, data, f.lines)
}

// judged notes that a time was judged.
func (b *batch) judged(name string, at int64) {
	if a, has := b.changed[name]; has {
		a.evaluated = at
		delete(b.touched, name)
	} else {
		b.touched[name] = at
	}
}

// The evaluation states.
const (
	evaluationError   = "EVALUATION_ERROR"
	evaluationFailure = "EVALUATION_FAILURE"
)

// applyBroken is for an alarm that can't be evaluated as it is defined: it has no data, and its reason says why.
//
// Source: AWS, CloudWatch User Guide, "Alarm evaluation state" and "Log alarms", Evaluation states.
func (b *batch) applyBroken(f *finding) error {
	a := b.edit(f.alarm.Name)
	b.judged(a.Name, f.at)
	a.EvaluationState = evaluationError
	reason := cut(f.broken.Message, maxReason)
	if a.State == InsufficientData {
		if a.Reason != reason {
			a.Reason, a.ReasonData, a.StateUpdated = reason, "", b.now
		}
		return nil
	}
	return b.transition(a, InsufficientData, reason, "", nil)
}

// maxReason is how many characters StateReason may have.
const maxReason = 1023

// reason says why a finding asks for its state, in words and in JSON.
func (f *finding) reason(now int64) (reason, data string, err error) {
	if l := f.alarm.Log; l != nil {
		data, err = l.reasonData(f.slots, now)
		return reasonOf(&f.judgement, l.Comparison, l.Threshold, l.ResultsToAlarm, l.ResultsToEvaluate, "query result"), data, err
	}
	m := f.alarm.Metric
	data, err = dataOf(&f.judgement, m, f.slots, now)
	return reasonOf(&f.judgement, m.Comparison, m.Threshold, m.DatapointsToAlarm, m.EvaluationPeriods, "datapoint"), data, err
}
