package app

import (
	"context"
	"encoding/json"
	"time"

	"weir/internal/alarm"
	"weir/internal/metricmath"
)

// evidenceTime bounds how long messages wait for what events say. Those that are asked for meanwhile wait for it too: twice as long is still within the
// five seconds in which a message is to be there.
const evidenceTime = 2 * time.Second

// findEvidence finds what is behind an action, nil for nothing.
type findEvidence func(ctx context.Context, a *alarm.Action) (*evidence, error)

// lookups are what is looked up in events for the actions of one time: one after the other, since each takes a processor; what is the same once; and
// all together in evidenceTime, however many alarms went off. Actions that come too late for it get an error that says so.
type lookups struct {
	find  findEvidence
	until time.Time
	turn  chan struct{} // has room for one: who holds it looks things up
	found map[string]*evidence
}

func newLookups(find findEvidence) *lookups {
	return &lookups{find: find, until: time.Now().Add(evidenceTime), turn: make(chan struct{}, 1), found: map[string]*evidence{}}
}

// of is a [findEvidence].
func (l *lookups) of(ctx context.Context, a *alarm.Action) (*evidence, error) {
	if l.find == nil {
		return nil, nil
	}
	key, err := lookupKey(a)
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithDeadline(ctx, l.until)
	defer stop()
	select {
	case l.turn <- struct{}{}:
		defer func() { <-l.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if !time.Now().Before(l.until) { // who had the turn took all the time, and the timer of this one comes in a moment
		return nil, context.DeadlineExceeded
	}
	if e, known := l.found[key]; known {
		return e, nil
	}
	e, err := l.find(ctx, a)
	if err == nil {
		l.found[key] = e
	}
	return e, err
}

// lookupKey is the same for actions that the same events are behind: those of the same metrics and time, where rules are asked for also of the same threshold, which chooses
// contributors; and else those of the same transition.
func lookupKey(a *alarm.Action) (string, error) {
	m := a.Definition.Metric
	if m == nil {
		key, err := json.Marshal([]any{a.Definition.Name, a.Number, a.Time, a.Reason})
		return string(key), err
	}
	metrics, rules := uses(m)
	from, to := crossed(a, m)
	of := []any{metrics, from, to}
	if len(rules) > 0 {
		of = append(of, metricmath.RuleMetrics(m.Queries), metricmath.IsRuleMetric(m.Queries), m.Comparison, m.Threshold, a.New)
	}
	key, err := json.Marshal(of)
	return string(key), err
}
