package contributor

import (
	"context"
	"maps"
	"slices"
)

const (
	// newAfter is how long, in seconds, a contributor must not have come to be new: 14 days. Counts are kept a day longer.
	newAfter = 14 * 24 * secondsPerHour
	// learning is how long, in seconds, a rule must have been enabled for its contributors to be known: a day.
	learning = 24 * secondsPerHour
	// maxNewcomers bounds the contributors of an hour of a rule that can say which are new, and maxNewPeriods the periods of one answer.
	maxNewcomers  = 1000
	maxNewPeriods = 1440
)

// A NewRequest asks for the contributors that are new. Times are in seconds since the epoch.
type NewRequest struct {
	Name string
	// From is where the first period begins, a whole minute; To is exclusive, and ends the last one. Period is a multiple of 60.
	From, To, Period int64
	// Live leaves out what is backfilled. What was there before it does not: a contributor of logs that were opened is not new.
	Live bool
}

// Newcomers are the contributors of a period from Time on that were none in the 14 days before Time.
type Newcomers struct {
	Time int64
	// Keys are those of each, in their order.
	Keys [][]string
}

// Newcomers returns, for each period, the contributors that are new: that contributed in the period and, as far as was counted up to now, in no
// minute of the 14 days before it. It is exact. Periods of which it is not known are left out: where the rule was not enabled for the whole day
// before, since it learns then, and those from more than a day ago, since what was 14 days before them is not kept, unless nothing of the rule was
// removed yet.
//
// A rule with more than 1,000 contributors in an hour is refused: an alarm asks each minute. The rest costs little, since it looks back no further
// than it must, and remembers of hours who contributed. Errors: ErrNoRule, *InvalidError.
func (s *Store) Newcomers(ctx context.Context, r NewRequest) ([]Newcomers, error) {
	switch {
	case r.From%secondsPerMinute != 0:
		return nil, invalid("a period begins at a whole minute")
	case r.Period > 0 && (r.To-r.From)/r.Period > maxNewPeriods:
		return nil, invalid("%s is told for %d periods at most: choose a longer Period or less time", NewContributors, maxNewPeriods)
	}
	if err := checkPeriod(r.Period, r.From, r.To); err != nil {
		return nil, err
	}
	// Whole hours, so that what is remembered of them is all that they have.
	v, err := s.view(ctx, r.Name, floorDiv(r.From-newAfter, secondsPerHour)*secondsPerHour, -floorDiv(-r.To, secondsPerHour)*secondsPerHour, false)
	if err != nil {
		return nil, err
	}
	defer v.close()
	if v.rule.schema != WeirSchema {
		return nil, invalid("%s is a metric of rules of the schema %s; this one is of %s", NewContributors, WeirSchema, v.rule.schema)
	}
	back := &lookback{view: v, seen: &s.seen, hours: map[hourTime]map[string]uint64{}}
	kept := s.seconds() - int64(s.retention.Seconds()) // what is from then on is kept
	var out []Newcomers
	for at := r.From; at < r.To; at += r.Period {
		if !v.learned(at) || at-newAfter < kept && v.begun < kept {
			continue
		}
		to := -floorDiv(-min(at+r.Period, r.To), secondsPerMinute) * secondsPerMinute
		keys, err := back.newIn(ctx, at, to, r.Live)
		if err != nil {
			return nil, err
		}
		of := Newcomers{Time: at}
		for _, key := range keys {
			of.Keys = append(of.Keys, splitKey(key, len(v.rule.keys)))
		}
		out = append(out, of)
	}
	return out, nil
}

// learned reports whether the rule was enabled at a time, and for a day before.
func (v *view) learned(at int64) bool {
	return slices.ContainsFunc(v.spans, func(sp span) bool {
		return sp.enabled <= (at-learning)*1000 && (sp.disabled == 0 || at*1000 < sp.disabled)
	})
}

// A lookback finds who contributed before.
type lookback struct {
	*view

	seen  *seenHours
	hours map[hourTime]map[string]uint64 // that were read
}

// newIn returns the contributors between two times, both of whole minutes, that were none in the 14 days before the first, sorted.
func (b *lookback) newIn(ctx context.Context, from, to int64, live bool) ([]string, error) {
	left := map[string]bool{}
	for hour := floorDiv(from, secondsPerHour); hour*secondsPerHour < to; hour++ {
		err := b.each(ctx, hour, live, from, to, func(key string) { left[key] = true })
		if err != nil {
			return nil, err
		}
	}
	first := floorDiv(from-newAfter, secondsPerHour)
	for hour := floorDiv(from-1, secondsPerHour); hour >= first && len(left) > 0; hour-- {
		err := b.each(ctx, hour, false, from-newAfter, from, func(key string) { delete(left, key) })
		if err != nil {
			return nil, err
		}
	}
	return slices.Sorted(maps.Keys(left)), nil
}

// each yields the contributors that contributed in an hour between two times.
func (b *lookback) each(ctx context.Context, hour int64, live bool, from, to int64, yield func(key string)) error {
	for _, t := range []hourTime{{hour, false}, {hour, true}} {
		if live && t.backfilled {
			continue
		}
		minutes, err := b.hour(ctx, t)
		if err != nil {
			return err
		}
		mask := minutesOf(hour, from, to)
		for key, at := range minutes {
			if at&mask != 0 {
				yield(key)
			}
		}
	}
	return nil
}

// minutesOf returns the minutes of an hour between two times, a bit each.
func minutesOf(hour, from, to int64) uint64 {
	first := max(0, (from-hour*secondsPerHour)/secondsPerMinute)
	end := min(minutesPerHour, (to-hour*secondsPerHour)/secondsPerMinute)
	if first >= end {
		return 0
	}
	return 1<<end - 1<<first
}

// hour returns who contributed in an hour, with the minutes.
func (b *lookback) hour(ctx context.Context, t hourTime) (map[string]uint64, error) {
	if of, read := b.hours[t]; read {
		return of, nil
	}
	runs, entries := b.runs[t], b.entries[t]
	if len(runs)+len(entries) == 0 {
		return nil, nil
	}
	of, ok := b.seen.get(seenHour{b.id, t}, runs)
	if !ok || len(entries) > 0 {
		var err error
		if of, err = b.read(ctx, t); err != nil {
			return nil, err
		}
		if len(entries) == 0 {
			b.seen.put(seenHour{b.id, t}, runs, of)
		}
	}
	b.hours[t] = of
	return of, nil
}

// read reads who contributed in an hour.
func (b *lookback) read(ctx context.Context, t hourTime) (map[string]uint64, error) {
	of := &view{
		rule: b.rule, tx: b.tx, from: t.hour * secondsPerHour, to: (t.hour + 1) * secondsPerHour,
		runs: map[hourTime][]runInfo{t: b.runs[t]}, entries: map[hourTime][][]entry{t: b.entries[t]},
	}
	out := map[string]uint64{}
	n := 0
	err := of.eachContributor(ctx, secondsPerMinute, func(key []byte, _ float64, touched []int, _ []float64) {
		if n++; n > maxNewcomers {
			return
		}
		minutes := uint64(0)
		for _, m := range touched {
			minutes |= 1 << m
		}
		out[string(key)] = minutes
	})
	if err == nil && n > maxNewcomers {
		err = invalid("%s is for rules with at most %d contributors in an hour; this one had %d in an hour of the 14 days before", NewContributors, maxNewcomers, n)
	}
	return out, err
}
