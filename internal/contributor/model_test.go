package contributor

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"weir/internal/sharedtest"
)

// A modelRule is a rule as a plain reading of its parts.
type modelRule struct {
	name, text string
	keys       []int
	value      int // 0: counts
	distinct   []int
	filters    []func(fields []string) bool
	created    int64
}

// randomRule makes a rule over lines of five fields without quotation marks, and its model.
func randomRule(r *rand.Rand, name string, now int64) modelRule {
	m := modelRule{name: name, created: now}
	var keys []string
	for range 1 + r.IntN(3) {
		k := 1 + r.IntN(3)
		m.keys = append(m.keys, k)
		keys = append(keys, strconv.Quote(strconv.Itoa(k)))
	}
	var filters []string
	for range r.IntN(3) {
		i, n, not := 1+r.IntN(5), r.IntN(5), r.IntN(2) == 0
		op, operand := "In", fmt.Sprintf(`["%d","k%d"]`, n, n)
		is := func(s string) bool { return s == strconv.Itoa(n) || s == fmt.Sprintf("k%d", n) }
		switch r.IntN(4) {
		case 0:
			op, is = "StartsWith", func(s string) bool {
				return strings.HasPrefix(s, strconv.Itoa(n)) || strings.HasPrefix(s, fmt.Sprintf("k%d", n))
			}
			not = false
		case 1:
			op, operand = "EqualTo", strconv.Itoa(n)
			is = func(s string) bool { v, err := strconv.ParseFloat(s, 64); return err == nil && v == float64(n) }
		case 2:
			op, operand = "GreaterThan", strconv.Itoa(n)
			is = func(s string) bool { v, err := strconv.ParseFloat(s, 64); return err == nil && v > float64(n) }
			not = false
		}
		if not {
			op = map[string]string{"In": "NotIn", "EqualTo": "NotEqualTo"}[op]
		}
		filters = append(filters, fmt.Sprintf(`{"Match":"%d","%s":%s}`, i, op, operand))
		m.filters = append(m.filters, func(fields []string) bool { return i <= len(fields) && is(fields[i-1]) != not })
	}
	value, on := "", "Count"
	begin := clf
	switch r.IntN(3) {
	case 0:
		m.value, value, on = 5, `,"ValueOf":"5"`, "Sum"
	case 1:
		begin, on = strings.Replace(clf, CloudWatchSchema, WeirSchema, 1), "Distinct"
		var of []string
		for range 1 + r.IntN(2) {
			d := 1 + r.IntN(5)
			m.distinct = append(m.distinct, d)
			of = append(of, strconv.Quote(strconv.Itoa(d)))
		}
		value = fmt.Sprintf(`,"DistinctOf":[%s]`, strings.Join(of, ","))
	}
	m.text = fmt.Sprintf(`%s"Contribution":{"Keys":[%s],"Filters":[%s]%s},"AggregateOn":"%s"}`, begin, strings.Join(keys, ","), strings.Join(filters, ","), value, on)
	return m
}

// contribution returns what an event adds, and what of it must be distinct; false where it adds nothing.
func (m *modelRule) contribution(e Event) (keys []string, of string, v float64, ok bool) {
	fields := strings.Fields(e.Message)
	for _, f := range m.filters {
		if !f(fields) {
			return nil, "", 0, false
		}
	}
	for _, k := range m.keys {
		if k > len(fields) {
			return nil, "", 0, false
		}
		keys = append(keys, fields[k-1])
	}
	for _, k := range m.distinct {
		if k > len(fields) {
			return nil, "", 0, false
		}
		of += " " + fields[k-1]
	}
	if m.value == 0 {
		return keys, of, 1, true
	}
	if m.value > len(fields) {
		return nil, "", 0, false
	}
	v, err := strconv.ParseFloat(fields[m.value-1], 64)
	return keys, "", v, err == nil && math.Abs(v) <= 1e9
}

type modelEvent struct {
	Event
	backfilled bool
}

// report is what a report must be.
func (m *modelRule) report(events []modelEvent, r ReportRequest) *Report {
	from, to := r.From/r.Period*r.Period, (r.To+r.Period-1)/r.Period*r.Period
	out := &Report{AggregationStatistic: SampleCount}
	for _, k := range m.keys {
		out.KeyLabels = append(out.KeyLabels, strconv.Itoa(k))
	}
	if m.value > 0 {
		out.AggregationStatistic = Sum
	}
	if m.distinct != nil {
		out.AggregationStatistic = Distinct
	}
	whole := map[string]map[string]bool{}           // what is distinct, by contributor
	parts := map[string]map[int64]map[string]bool{} // and period
	sums := map[string]map[int64]float64{}
	all := map[int64][]float64{}
	for _, e := range events {
		second := e.Timestamp / 1000
		if second < from || second >= to || e.Ingestion < m.created || r.Live && e.backfilled {
			continue
		}
		keys, of, v, ok := m.contribution(e.Event)
		if !ok {
			continue
		}
		key, period := strings.Join(keys, " "), second/r.Period*r.Period
		if sums[key] == nil {
			sums[key], whole[key], parts[key] = map[int64]float64{}, map[string]bool{}, map[int64]map[string]bool{}
		}
		if parts[key][period] == nil {
			parts[key][period] = map[string]bool{}
		}
		whole[key][of], parts[key][period][of] = true, true
		sums[key][period] += v
		all[period] = append(all[period], v)
		out.AggregateValue += v
	}
	if m.distinct != nil {
		out.AggregateValue = 0
		for key := range sums {
			out.AggregateValue += float64(len(whole[key]))
			for period := range sums[key] {
				sums[key][period] = float64(len(parts[key][period]))
			}
		}
	}
	rank := map[string]float64{}
	for key, of := range sums {
		c := Contributor{Keys: strings.Split(key, " ")}
		most := math.Inf(-1)
		for period := from; period < to; period += r.Period {
			if v, ok := of[period]; ok {
				c.Value += v
				most = max(most, v)
				c.Datapoints = append(c.Datapoints, Contribution{period, v})
			}
		}
		if m.distinct != nil {
			c.Value = float64(len(whole[key]))
		}
		rank[key] = c.Value
		if r.OrderBy == Maximum {
			rank[key] = most
		}
		out.Contributors = append(out.Contributors, c)
		out.UniqueContributors++
	}
	slices.SortFunc(out.Contributors, func(a, b Contributor) int {
		return cmp.Or(cmp.Compare(rank[strings.Join(b.Keys, " ")], rank[strings.Join(a.Keys, " ")]), slices.Compare(a.Keys, b.Keys))
	})
	out.Contributors = out.Contributors[:min(len(out.Contributors), cmp.Or(r.MaxContributors, 10))]
	for period := from; period < to; period += r.Period {
		d := Datapoint{Time: period}
		if values := all[period]; len(values) > 0 {
			d.SampleCount, d.Minimum, d.Maximum = float64(len(values)), slices.Min(values), slices.Max(values)
			for _, v := range values {
				d.Sum += v
			}
			d.Average = d.Sum / d.SampleCount
			d.MaxContributorValue = math.Inf(-1)
			for _, of := range sums {
				if v, ok := of[period]; ok {
					d.UniqueContributors++
					d.MaxContributorValue = max(d.MaxContributorValue, v)
				}
			}
			if m.distinct != nil { // single events say nothing
				d.Sum, d.Minimum, d.Maximum, d.Average = 0, 0, 0, 0
				for _, of := range sums {
					d.Sum += of[period]
				}
			}
		}
		out.Datapoints = append(out.Datapoints, d)
	}
	return out
}

// world is a store, a reader of a list of events, and the model of both.
type world struct {
	t       *testing.T
	r       *rand.Rand
	dir     string
	c       *clock
	options Options
	s       *Store
	rules   []modelRule
	events  []modelEvent // all that there are
	read    int          // up to where the reader read
}

// read gives the next events to the store.
func (w *world) readOn() {
	n := min(len(w.events)-w.read, w.r.IntN(40))
	var batches []Batch
	for _, e := range w.events[w.read : w.read+n] {
		if len(batches) == 0 || batches[len(batches)-1].Backfilled != e.backfilled {
			batches = append(batches, Batch{Group: "g", Backfilled: e.backfilled})
		}
		b := &batches[len(batches)-1]
		b.Events = append(b.Events, e.Event)
	}
	w.read += n
	if err := w.s.Add(w.t.Context(), "reader", []byte(strconv.Itoa(w.read)), batches); err != nil {
		w.t.Fatal(err)
	}
}

// reopen ends the store as a crash does: what is not committed is given again.
func (w *world) reopen() {
	if w.s != nil {
		_ = w.s.Close()
	}
	w.s = open(w.t, w.dir, w.options)
	position, err := w.s.Position(w.t.Context(), "reader")
	if err != nil {
		w.t.Fatal(err)
	}
	w.read = 0
	if position != nil {
		if w.read, err = strconv.Atoi(string(position)); err != nil {
			w.t.Fatal(err)
		}
	}
}

func (w *world) come() {
	for range w.r.IntN(60) {
		w.c.t = w.c.t.Add(time.Duration(w.r.IntN(2000)) * time.Millisecond)
		var fields []string
		for i := range 5 {
			switch v := w.r.IntN(1 + w.r.IntN(30)); {
			case i == 4 && w.r.IntN(20) == 0:
				fields = append(fields, "5000000000")
			case i < 3 && w.r.IntN(2) == 0:
				fields = append(fields, fmt.Sprintf("k%d", v))
			default:
				fields = append(fields, strconv.Itoa(v))
			}
		}
		now := w.c.t.UnixMilli()
		w.events = append(w.events, modelEvent{
			Event:      Event{now - w.r.Int64N(1+w.r.Int64N(3*3600_000)), now, strings.Join(fields[:w.r.IntN(6)], " ")},
			backfilled: w.r.IntN(4) == 0,
		})
	}
}

// compare asks for a report and for a metric, and compares with what the model says of the events that were read.
func (w *world) compare() {
	w.t.Helper()
	m := &w.rules[w.r.IntN(len(w.rules))]
	now := w.c.t.Unix()
	q := ReportRequest{
		Name: m.name, From: now - w.r.Int64N(4*3600), Period: []int64{60, 120, 300, 3600}[w.r.IntN(4)], MaxContributors: w.r.IntN(20),
		Metrics: metrics, OrderBy: []string{"", Sum, Maximum}[w.r.IntN(3)], Live: w.r.IntN(2) == 0,
	}
	if m.distinct != nil {
		q.Metrics = []string{UniqueContributors, MaxContributorValue, SampleCount, Sum}
	}
	q.To = q.From + 1 + w.r.Int64N(2*3600)
	got, err := w.s.Report(w.t.Context(), q)
	if err != nil {
		w.t.Fatal(err)
	}
	got.Skipped = Skipped{}
	if got.Begun != m.created/1000 {
		w.t.Fatalf("it began at %d, want %d", got.Begun, m.created/1000)
	}
	got.Begun = 0
	want := m.report(w.events[:w.read], q)
	if want.Contributors == nil {
		want.Contributors = []Contributor{}
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		w.t.Fatalf("%s\n%+v: %s", m.text, q, diff)
	}
}

// Whatever rules there are, in whatever order events come, with little memory, and however often the store crashes: reports are those of a
// plain count of the events that were read.
func TestModel(t *testing.T) {
	for seed := range sharedtest.Rounds(uint64(12)) {
		r := rand.New(rand.NewPCG(seed, 1))
		c := newClock()
		w := &world{t: t, r: r, dir: t.TempDir(), c: c, options: Options{Now: c.now, MaxPending: 1 + r.IntN(2000)}}
		w.reopen()
		for range 150 {
			switch r.IntN(12) {
			case 0:
				if len(w.rules) < 8 {
					m := randomRule(r, fmt.Sprintf("rule%d", len(w.rules)), c.t.UnixMilli())
					put(t, w.s, m.name, m.text)
					w.rules = append(w.rules, m)
				}
			case 1:
				w.reopen()
			case 2:
				if err := w.s.Tidy(t.Context()); err != nil {
					t.Fatal(err)
				}
			case 3, 4:
				commit(t, w.s)
			case 5, 6, 7:
				w.come()
			case 8:
				c.t = c.t.Add(time.Duration(r.IntN(1200)) * time.Second)
			case 9:
				if len(w.rules) > 0 {
					w.compare()
				}
			default:
				w.readOn()
			}
		}
		if w.s.pending < 0 {
			t.Fatalf("%d of memory", w.s.pending)
		}
		_ = w.s.Close()
	}
}
