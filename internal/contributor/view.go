package contributor

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
)

// A view is what a rule counted in a time, at one moment.
type view struct {
	rule     *Rule
	unfit    []Unfit
	id       int64
	begun    int64 // when the rule was enabled first, in seconds since the epoch
	spans    []span
	from, to int64 // seconds since the epoch; whole minutes
	live     bool
	tx       *sql.Tx
	runs     map[hourTime][]runInfo
	entries  map[hourTime][][]entry // in memory, each sorted
	totals   map[shardTime]totals   // in memory
}

// view begins a reading. The caller closes it.
func (s *Store) view(ctx context.Context, name string, from, to int64, live bool) (*view, error) {
	s.commitMu.Lock()
	defer s.commitMu.Unlock()
	s.mu.Lock()
	k := s.rules[name]
	if k == nil {
		s.mu.Unlock()
		return nil, ErrNoRule
	}
	v := &view{
		rule: k.rule, unfit: s.unfit(k), id: k.id, begun: to, from: from, to: to, live: live,
		runs: map[hourTime][]runInfo{}, entries: map[hourTime][][]entry{}, totals: map[shardTime]totals{},
	}
	if len(k.spans) > 0 {
		v.begun = k.spans[0].enabled / 1000
		v.spans = slices.Clone(k.spans)
	}
	for at, sh := range k.shards {
		if !sh.isFresh() || !v.shows(at) {
			continue
		}
		v.totals[at] = sh.totals
		v.entries[at.hour()] = append(v.entries[at.hour()], sh.appendEntries(nil, at.minute))
	}
	s.mu.Unlock()
	for _, of := range v.entries {
		for _, entries := range of {
			sortEntries(entries)
		}
	}
	s.frozen.show(k, v)
	for t, runs := range k.runs {
		if !v.showsHour(t) {
			continue
		}
		for _, r := range runs {
			if from := t.hour * secondsPerHour; from+(r.last+1)*secondsPerMinute > v.from && from+r.first*secondsPerMinute < v.to {
				v.runs[t] = append(v.runs[t], r)
			}
		}
	}
	tx, err := s.db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, fmt.Errorf("cannot read the contributors: %w", err)
	}
	v.tx = tx
	var n int // a transaction of SQLite sees what is there at its first reading
	if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM rules WHERE id = ?", k.id).Scan(&n); err != nil {
		v.close()
		return nil, fmt.Errorf("cannot read the contributors: %w", err)
	}
	return v, nil
}

func (v *view) close() { _ = v.tx.Rollback() }

func (v *view) shows(t shardTime) bool {
	at := t.minute * secondsPerMinute
	return at >= v.from && at < v.to && !(v.live && t.backfilled)
}

func (v *view) showsHour(t hourTime) bool {
	return (t.hour+1)*secondsPerHour > v.from && t.hour*secondsPerHour < v.to && !(v.live && t.backfilled)
}

// show gives what a commit that failed has left to a view.
func (f *frozen) show(k *keptRule, v *view) {
	if f == nil {
		return
	}
	for h, entries := range f.entries {
		if h.rule == k && v.showsHour(h.hourTime) {
			v.entries[h.hourTime] = append(v.entries[h.hourTime], slices.Clone(entries))
		}
	}
	for m, t := range f.totals {
		if m.rule == k && v.shows(m.shardTime) {
			t.join(v.totals[m.shardTime])
			v.totals[m.shardTime] = t
		}
	}
}

// sumTotals adds the totals to those of periods.
func (v *view) sumTotals(ctx context.Context, periods []periodTotals, period int64) error {
	for at, t := range v.totals {
		periods[(at.minute*secondsPerMinute-v.from)/period].join(t)
	}
	rows, err := v.tx.QueryContext(ctx, `
SELECT minute, samples, sum, min, max, large, large_sum, no_number FROM minutes
WHERE rule = ? AND minute >= ? AND minute < ? AND (backfilled = 0 OR NOT ?) ORDER BY minute, backfilled`,
		v.id, floorDiv(v.from, secondsPerMinute), floorDiv(v.to, secondsPerMinute), v.live)
	if err != nil {
		return fmt.Errorf("cannot read the contributors: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var minute int64
		var t totals
		if err := rows.Scan(&minute, &t.samples, &t.sum, &t.min, &t.max, &t.skipped.Large, &t.skipped.LargeSum, &t.skipped.NoNumber); err != nil {
			return fmt.Errorf("cannot read the contributors: %w", err)
		}
		periods[(minute*secondsPerMinute-v.from)/period].join(t)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("cannot read the contributors: %w", err)
	}
	return nil
}

// eachContributor calls yield for each contributor, by key, with all that it contributed, the numbers of the periods in which it did,
// ascending, and the values by the number of the period. What it gets is valid during the call only.
func (v *view) eachContributor(ctx context.Context, period int64, yield func(key []byte, sum float64, touched []int, values []float64)) error {
	var all []*stream
	for t, runs := range v.runs {
		for _, r := range runs {
			all = append(all, streamOf(ctx, v.tx, t.hour, r.id))
		}
	}
	for t, of := range v.entries {
		for _, entries := range of {
			all = append(all, &stream{hour: t.hour, entries: entries})
		}
	}
	if len(v.rule.distinct) > 0 {
		d := &distinctCount{keys: len(v.rule.keys), yield: yield, values: make([]float64, (v.to-v.from)/period)}
		if err := v.eachKey(all, period, d.add); err != nil {
			return err
		}
		d.end()
		return nil
	}
	return v.eachKey(all, period, func(key []byte, sum float64, touched []int, values []float64) error {
		yield(key, sum, touched, values)
		return nil
	})
}

// eachKey is eachContributor for the keys that are kept: of what is distinct, each combination.
func (v *view) eachKey(all []*stream, period int64, yield func(key []byte, sum float64, touched []int, values []float64) error) error {
	n := (v.to - v.from) / period
	values, has := make([]float64, n), make([]bool, n)
	var touched []int
	each := func(hour int64, points []point) {
		for _, p := range points {
			at := hour*secondsPerHour + int64(p.minute)*secondsPerMinute
			if at < v.from || at >= v.to {
				continue
			}
			i := int((at - v.from) / period)
			if !has[i] {
				has[i] = true
				touched = append(touched, i)
			}
			values[i] += p.value
		}
	}
	return merge(all, each, func(key []byte) error {
		if len(touched) == 0 {
			return nil
		}
		slices.Sort(touched)
		sum := 0.0
		for _, i := range touched {
			sum += values[i]
		}
		if err := yield(key, sum, touched, values); err != nil {
			return err
		}
		for _, i := range touched {
			values[i], has[i] = 0, false
		}
		touched = touched[:0]
		return nil
	})
}
