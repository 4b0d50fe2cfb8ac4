package alarm

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// A plan is what is to be evaluated of one alarm.
type plan struct {
	alarm    *alarm
	lateness int64
	times    []moment
	// next is when the one after them is due, in seconds since the epoch.
	next int64
	// failed is why it is not known which times are due.
	failed error
}

// A moment is a time that is evaluated, and when it was due, in seconds since the epoch.
type moment struct{ at, due int64 }

// A finding is what an evaluation of an alarm found.
type finding struct {
	alarm *alarm
	moment
	judgement
	// slots are the evaluation range of a metric alarm, or the results of a log alarm, the newest first.
	slots []slot
	// result is that of a log alarm's run.
	result *slot
	rows   int64
	lines  []string
	// broken is why the definition can't be evaluated.
	broken *Error
	// failed is why it could not be evaluated at this time; then at is to be tried again.
	failed error
}

// Step evaluates what is due, and returns when it is next to be called, at the latest: Run does the same again and again, and tests drive it. Where there is an error,
// some was not evaluated, and is to be tried again.
//
// An alarm is evaluated for times that its interval divides. One is due when its data have come: at that time and the lateness of its metrics. Times that were missed,
// because weir was not running or its clock was set ahead, are evaluated one after the other, a day back at most; they are due when the gap has ended and the lateness is over.
func (s *Store) Step(ctx context.Context, src Source) (next time.Time, err error) {
	metrics, err := s.stepMetrics(ctx, src)
	logs, logsErr := s.stepLogs(ctx, src)
	return time.UnixMilli(min(metrics, logs)), errors.Join(err, logsErr)
}

// stepMetrics is Step for all but log alarms. It returns when it is next to be called in milliseconds since the epoch.
func (s *Store) stepMetrics(ctx context.Context, src Source) (next int64, err error) {
	s.stepping.Lock()
	defer s.stepping.Unlock()
	now := s.nowMS()
	if err := s.look(ctx, now); err != nil {
		return now + retryAfter, err
	}
	defer func() {
		// What takes long is no gap: data were taken in meanwhile.
		end := s.nowMS()
		s.watch.seen, s.watch.expected = max(s.watch.seen, end), max(next, end+1)
	}()
	next = now + minute*1000
	var plans []plan
	for _, a := range s.byName() {
		if a.Metric == nil {
			continue
		}
		lateness, err := src.Lateness(ctx, a.Metric)
		if ctx.Err() != nil {
			return next, ctx.Err()
		}
		if err != nil {
			plans = append(plans, plan{alarm: a, failed: fmt.Errorf("how late its data come is not known: %w", err)})
			continue
		}
		p := s.planMetric(a, lateness, now/1000)
		plans, next = append(plans, p), min(next, p.next*1000)
	}
	found, err := s.evaluate(ctx, src, plans, now)
	if err != nil {
		return now + retryAfter, err
	}
	if found.failed {
		next = min(next, now+retryAfter)
	}
	for _, a := range s.current() {
		if a.Held && a.Until > 0 {
			next = min(next, a.Until)
		}
	}
	if found.some || s.watch.seen-s.watch.kept >= minute*1000 {
		if err := s.keepWatch(ctx); err != nil {
			return next, err
		}
	}
	return next, s.forget(ctx, now)
}

// stepLogs is Step for log alarms.
func (s *Store) stepLogs(ctx context.Context, src Source) (next int64, err error) {
	s.steppingLogs.Lock()
	defer s.steppingLogs.Unlock()
	now := s.nowMS()
	next = now + minute*1000
	var plans []plan
	for _, a := range s.byName() {
		if a.Log != nil {
			p := s.planLog(a, now/1000)
			plans, next = append(plans, p), min(next, p.next*1000)
		}
	}
	found, err := s.evaluate(ctx, src, plans, now)
	if err != nil || found.failed {
		next = min(next, now+retryAfter)
	}
	return next, err
}

// byName returns the alarms by name.
func (s *Store) byName() []*alarm {
	all := s.current()
	out := make([]*alarm, 0, len(all))
	for _, name := range slices.Sorted(maps.Keys(all)) {
		out = append(out, all[name])
	}
	return out
}

// gaps returns the gaps that are known.
func (s *Store) gaps() gaps {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.seenGaps
}

// found says whether something was evaluated, and whether something could not be for the moment.
type found struct{ some, failed bool }

// evaluate evaluates what is planned, and makes the states of alarms what that says.
func (s *Store) evaluate(ctx context.Context, src Source, plans []plan, now int64) (found, error) {
	findings, err := s.find(ctx, src, plans)
	if err != nil {
		return found{}, err
	}
	out := found{some: len(findings) > 0}
	for _, f := range findings {
		if f.failed == nil {
			continue
		}
		out.failed = true
		if f.alarm.EvaluationState != evaluationFailure { // it is tried again each second, and told once
			s.options.Log.Error("an alarm could not be evaluated", "alarm", f.alarm.Name, "error", f.failed)
		}
	}
	return out, s.apply(ctx, findings, now)
}

// planMetric plans a metric alarm; lateness and now are in seconds.
func (s *Store) planMetric(a *alarm, lateness, now int64) plan {
	interval := a.Metric.interval()
	p := plan{alarm: a, lateness: lateness}
	latest := (now - lateness) / interval * interval
	from := (a.evaluated/interval + 1) * interval
	if a.evaluated == 0 {
		from = latest
	}
	gaps := s.gaps()
	for at := max(from, latest-catchUp/interval*interval); ; at += interval {
		due := at + lateness
		if g, in := gaps.at(at, lateness); in {
			due = g.until + lateness
		}
		if due > now {
			p.next = due
			return p
		}
		p.times = append(p.times, moment{at, due})
	}
}

// planLog plans a log alarm. Of runs that a gap has, the last is made, as of its time: the query asks for the logs of that time.
func (s *Store) planLog(a *alarm, now int64) plan {
	p := plan{alarm: a}
	gaps, wasIn := s.gaps(), false
	for at := max(a.evaluated, now-maxMissedRuns); ; {
		next, found := a.schedule.Next(at)
		if !found {
			next = now + minute // it never comes again
		}
		if next > now {
			p.next = next
			break
		}
		_, in := gaps.at(next, 0)
		if in && wasIn {
			p.times = p.times[:len(p.times)-1]
		}
		p.times, wasIn, at = append(p.times, moment{next, next}), in, next
	}
	// Older results than are evaluated change nothing.
	p.times = p.times[max(0, len(p.times)-a.Log.ResultsToEvaluate):]
	return p
}

// maxMissedRuns is how far back a run that was missed is looked for, in seconds.
const maxMissedRuns = 32 * day

// find evaluates what is planned. It asks the source, and changes nothing.
func (s *Store) find(ctx context.Context, src Source, plans []plan) ([]finding, error) {
	until := int64(0)
	for _, p := range plans {
		for _, t := range p.times {
			until = max(until, t.due)
		}
	}
	if until > 0 {
		if err := src.Settle(ctx, until); err != nil {
			return nil, err
		}
	}
	var out []finding
	for _, p := range plans {
		switch {
		case p.failed != nil:
			out = append(out, finding{alarm: p.alarm, failed: p.failed})
		case len(p.times) == 0:
		case p.alarm.Log != nil:
			out = append(out, s.findLog(ctx, src, &p)...)
		default:
			out = append(out, s.findMetric(ctx, src, &p)...)
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	// What was due first is applied first, so that composite alarms see states together that were there together.
	slices.SortStableFunc(out, func(a, b finding) int { return cmp.Or(cmp.Compare(a.due, b.due), cmp.Compare(a.at, b.at)) })
	return out, nil
}

// failing is the finding that an alarm could not be evaluated.
func failing(a *alarm, t moment, err error) finding {
	f := finding{alarm: a, moment: t}
	if !errors.As(err, &f.broken) {
		f.failed = err
	}
	return f
}

// findMetric evaluates a metric alarm for each of the times that are due.
func (s *Store) findMetric(ctx context.Context, src Source, p *plan) []finding {
	m := p.alarm.Metric
	if len(m.Queries) > 0 && len(p.times) > 1 { // what an expression gives for a period may depend on the time that it is asked for
		var out []finding
		for _, t := range p.times {
			one := plan{alarm: p.alarm, times: []moment{t}, lateness: p.lateness}
			out = append(out, s.findMetric(ctx, src, &one)...)
		}
		return out
	}
	points, err := datapoints(ctx, src, m, p.times)
	if err != nil {
		return []finding{failing(p.alarm, p.times[len(p.times)-1], err)}
	}
	gaps, period, out := s.gaps(), int64(m.EvaluationPeriod()), make([]finding, 0, len(p.times))
	for _, t := range p.times {
		slots := make([]slot, m.EvaluationRange())
		unseen := false
		for i := range slots {
			begin := t.at - int64(i+1)*period
			slots[i].time = begin
			slots[i].Datapoint, slots[i].there = points[begin]
			unseen = unseen || !slots[i].there && gaps.overlap(begin, begin+period, p.lateness)
		}
		out = append(out, finding{alarm: p.alarm, moment: t, slots: slots, judgement: m.judge(slots, unseen)})
	}
	return out
}

// judge judges an evaluation range. unseen says that some of what is missing of it lies in a gap: then missing data are ignored, whatever the alarm says.
func (m *Metric) judge(slots []slot, unseen bool) judgement {
	how := treatment(m.TreatMissingData)
	if unseen {
		how = ignore
	}
	if p, is := percentile(m.statistic()); is && m.LowSampleCount == "ignore" {
		left, some, keep := withoutFew(slots, enoughSamples(p))
		if keep {
			return judgement{}
		}
		if some {
			how = ignore
		}
		slots = left
	}
	return judge(slots, m.Comparison, m.Threshold, m.datapointsToAlarm(), m.EvaluationPeriods, how)
}

// datapoints asks for what the evaluations of some times look at, by the beginnings of periods. Windows that end a whole number of periods apart are asked for at once.
func datapoints(ctx context.Context, src Source, m *Metric, times []moment) (map[int64]Datapoint, error) {
	period := int64(m.EvaluationPeriod())
	type span struct{ from, to int64 }
	spans := map[int64]span{}
	for _, t := range times {
		at := t.at
		from := at - int64(m.EvaluationRange())*period
		phase := at % period
		if s, has := spans[phase]; has {
			from = min(from, s.from)
		}
		spans[phase] = span{from, at}
	}
	points := map[int64]Datapoint{}
	for _, sp := range spans {
		list, err := src.Values(ctx, m, sp.from, sp.to)
		if err != nil {
			return nil, err
		}
		for _, p := range list {
			points[p.Time] = p
		}
	}
	return points, nil
}
