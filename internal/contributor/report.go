package contributor

import (
	"cmp"
	"container/heap"
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
)

// Limits of reports.
const (
	// maxContributors is AWS's limit on the contributors that are named, defaultContributors what is named where nothing is asked for.
	maxContributors     = 100
	defaultContributors = 10
	// maxPeriods bounds the datapoints of a report: 15 days of minutes.
	maxPeriods = 15 * 24 * 60
)

// metrics are the names of all metrics.
var metrics = []string{UniqueContributors, MaxContributorValue, SampleCount, Sum, Minimum, Maximum, Average}

// Report returns a report, of what was added and is not committed too. It reads what it needs in order, and takes some 40 KB of memory for each hour
// of its time. Errors: ErrNoRule, *InvalidError.
//
// Source: AWS, CloudWatch API Reference, GetInsightRuleReport; what it leaves open is in docs/decisions/0040-contributor-insights.md.
func (s *Store) Report(ctx context.Context, r ReportRequest) (*Report, error) {
	if err := checkReport(&r); err != nil {
		return nil, err
	}
	v, err := s.view(ctx, r.Name, floorDiv(r.From, r.Period)*r.Period, -floorDiv(-r.To, r.Period)*r.Period, r.Live)
	if err != nil {
		return nil, err
	}
	defer v.close()
	periods := make([]periodTotals, (v.to-v.from)/r.Period)
	if err := v.sumTotals(ctx, periods, r.Period); err != nil {
		return nil, err
	}
	out := &Report{KeyLabels: v.rule.KeyLabels(), AggregationStatistic: v.rule.AggregationStatistic(), Unfit: v.unfit}
	for i := range periods {
		out.AggregateValue += periods[i].sum
		out.Skipped.join(periods[i].skipped)
	}
	top := &ranking{most: cmp.Or(r.MaxContributors, defaultContributors), keys: len(v.rule.keys)}
	err = v.eachContributor(ctx, r.Period, func(key []byte, sum float64, touched []int, values []float64) {
		out.UniqueContributors++
		rank := sum
		if r.OrderBy == Maximum {
			rank = values[touched[0]]
		}
		for _, i := range touched {
			periods[i].contribute(values[i])
			if r.OrderBy == Maximum {
				rank = max(rank, values[i])
			}
		}
		top.offer(key, rank, func() Contributor {
			c := Contributor{Value: sum}
			for _, i := range touched {
				c.Datapoints = append(c.Datapoints, ContributorDatapoint{v.from + int64(i)*r.Period, values[i]})
			}
			return c
		})
	})
	if err != nil {
		return nil, err
	}
	out.Contributors = top.contributors()
	if len(r.Metrics) > 0 {
		out.Datapoints = make([]Datapoint, len(periods))
		for i := range periods {
			out.Datapoints[i] = periods[i].datapoint(v.from+int64(i)*r.Period, r.Metrics)
		}
	}
	return out, nil
}

func checkReport(r *ReportRequest) error {
	if err := checkPeriod(r.Period, r.From, r.To); err != nil {
		return err
	}
	if r.MaxContributors < 0 || r.MaxContributors > maxContributors {
		return invalid("MaxContributorCount is 1 to %d", maxContributors)
	}
	for _, m := range r.Metrics {
		if err := checkMetric(m); err != nil {
			return err
		}
	}
	if r.OrderBy != "" && r.OrderBy != Sum && r.OrderBy != Maximum {
		return invalid("OrderBy is %s or %s", Sum, Maximum)
	}
	return nil
}

func checkMetric(m string) error {
	if !slices.Contains(metrics, m) {
		return invalid("%q is none of the metrics of a rule, which are %v", m, metrics)
	}
	return nil
}

func checkPeriod(period, from, to int64) error {
	switch {
	case period <= 0 || period%secondsPerMinute != 0:
		return invalid("Period is a multiple of 60 seconds")
	case to <= from:
		return invalid("EndTime must be after StartTime")
	case (to-from)/period > maxPeriods || to-from < 0:
		return invalid("the report would have more than %d periods: choose a longer Period or less time", maxPeriods)
	}
	return nil
}

// A ranking keeps the contributors that rank first. It is a heap: the one that ranks last is the first.
type ranking struct {
	most, keys int
	ranked     []ranked
}

type ranked struct {
	rank float64
	Contributor
}

func (r *ranking) Len() int { return len(r.ranked) }
func (r *ranking) Less(i, j int) bool {
	return compareRanked(&r.ranked[i], &r.ranked[j]) > 0
}
func (r *ranking) Swap(i, j int) { r.ranked[i], r.ranked[j] = r.ranked[j], r.ranked[i] }
func (r *ranking) Push(x any)    { r.ranked = append(r.ranked, x.(ranked)) }
func (r *ranking) Pop() any {
	last := len(r.ranked) - 1
	x := r.ranked[last]
	r.ranked = r.ranked[:last]
	return x
}

// compareRanked orders the greatest first, and equal ones by their keys.
func compareRanked(a, b *ranked) int {
	return cmp.Or(cmp.Compare(b.rank, a.rank), slices.Compare(a.Keys, b.Keys))
}

// offer takes a contributor in if it ranks among the first.
func (r *ranking) offer(key []byte, rank float64, make func() Contributor) {
	full := len(r.ranked) >= r.most
	if full && rank < r.ranked[0].rank {
		return
	}
	c := ranked{rank: rank}
	c.Keys = splitKey(string(key), r.keys)
	if full && compareRanked(&c, &r.ranked[0]) >= 0 {
		return
	}
	keys := c.Keys
	c.Contributor = make()
	c.Keys = keys
	if full {
		heap.Pop(r)
	}
	heap.Push(r, c)
}

// contributors returns them in their order.
func (r *ranking) contributors() []Contributor {
	slices.SortFunc(r.ranked, func(a, b ranked) int { return compareRanked(&a, &b) })
	out := make([]Contributor, len(r.ranked))
	for i := range r.ranked {
		out[i] = r.ranked[i].Contributor
	}
	return out
}

// periodTotals are of a period.
type periodTotals struct {
	totals
	unique         int64
	maxContributor float64
}

// contribute adds a contributor's value.
func (p *periodTotals) contribute(v float64) {
	if p.unique == 0 || v > p.maxContributor {
		p.maxContributor = v
	}
	p.unique++
}

// metric returns one of the metrics: 0 where nothing contributed, as AWS does (seen).
func (p *periodTotals) metric(name string) float64 {
	switch {
	case p.samples == 0:
		return 0
	case name == UniqueContributors:
		return float64(p.unique)
	case name == MaxContributorValue:
		return p.maxContributor
	case name == SampleCount:
		return float64(p.samples)
	case name == Sum:
		return p.sum
	case name == Minimum:
		return p.min
	case name == Maximum:
		return p.max
	}
	return p.sum / float64(p.samples)
}

func (p *periodTotals) datapoint(at int64, metrics []string) Datapoint {
	d := Datapoint{Time: at}
	for _, name := range metrics {
		v := p.metric(name)
		switch name {
		case UniqueContributors:
			d.UniqueContributors = v
		case MaxContributorValue:
			d.MaxContributorValue = v
		case SampleCount:
			d.SampleCount = v
		case Sum:
			d.Sum = v
		case Minimum:
			d.Minimum = v
		case Maximum:
			d.Maximum = v
		case Average:
			d.Average = v
		}
	}
	return d
}

// A view is what a rule counted in a time, at one moment.
type view struct {
	rule     *Rule
	unfit    []Unfit
	id       int64
	begun    int64 // when the rule was enabled first, in seconds since the epoch
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
	}
	for at, sh := range k.shards {
		if !sh.isFresh() || !v.shows(at) {
			continue
		}
		v.totals[at] = sh.totals
		entries := sh.appendEntries(nil, at.minute)
		sortEntries(entries)
		v.entries[at.hour()] = append(v.entries[at.hour()], entries)
	}
	s.mu.Unlock()
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
	for _, t := range slices.Collect(maps.Keys(v.runs)) {
		for _, r := range v.runs[t] {
			all = append(all, streamOf(ctx, v.tx, t.hour, r.id))
		}
	}
	for t, of := range v.entries {
		for _, entries := range of {
			all = append(all, &stream{hour: t.hour, entries: entries})
		}
	}
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
		yield(key, sum, touched, values)
		for _, i := range touched {
			values[i], has[i] = 0, false
		}
		touched = touched[:0]
		return nil
	})
}
