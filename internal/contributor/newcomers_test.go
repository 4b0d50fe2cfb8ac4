package contributor

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"weir/internal/sharedtest"
)

// plainRule counts who is named first, of weir's own schema.
var plainRule = strings.Replace(clf, CloudWatchSchema, WeirSchema, 1) + `"Contribution":{"Keys":["1"]},"AggregateOn":"Count"}`

// dayAfter is when a rule that was put at hourStart has learned.
const dayAfter = hourStart + 24*secondsPerHour

// newcomers writes who is new in periods from a time on: the number of the period, and who.
func newcomers(t testing.TB, s *Store, from int64, periods int, change ...func(*NewRequest)) string {
	t.Helper()
	r := NewRequest{Name: "rule", From: from, To: from + int64(periods)*300, Period: 300}
	for _, c := range change {
		c(&r)
	}
	all, err := s.Newcomers(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, n := range all {
		var keys []string
		for _, k := range n.Keys {
			keys = append(keys, strings.Join(k, "+"))
		}
		out = append(out, fmt.Sprintf("%d:%s", (n.Time-from)/r.Period, strings.Join(keys, ",")))
	}
	return strings.Join(out, " ")
}

// TestNewcomers learns a day, and then tells each contributor once, also after it came late, was committed, and the store was opened again.
func TestNewcomers(t *testing.T) {
	c := newClock()
	dir := t.TempDir()
	s := open(t, dir, Options{Now: c.now})
	at := func(second int64, messages ...string) {
		c.t = time.Unix(max(second, c.t.Unix()), 0)
		add(t, s, second, messages...)
	}
	put(t, s, "rule", plainRule)
	at(hourStart+60, "a", "b")
	c.t = time.Unix(dayAfter-60, 0)
	if got := newcomers(t, s, hourStart, 288); got != "" {
		t.Errorf("while it learns: %s", got)
	}
	if got := newcomers(t, s, dayAfter-300, 2); got != "1:" {
		t.Errorf("when it learned: %s", got)
	}
	at(dayAfter+299, "a", "c")
	at(dayAfter+300, "c", "d")
	at(dayAfter+900, "b", "c", "d")
	for _, then := range []func(){
		func() {}, func() { commit(t, s) }, func() { commit(t, s) },
		func() {
			_ = s.Close()
			s = open(t, dir, Options{Now: c.now})
		},
		func() {
			c.t = time.Unix(dayAfter+2*secondsPerHour, 0)
			if err := s.Tidy(t.Context()); err != nil {
				t.Fatal(err)
			}
		},
	} {
		then()
		if got := newcomers(t, s, dayAfter, 4); got != "0:c 1:d 2: 3:" {
			t.Errorf("new are %s", got)
		}
	}
	// Periods begin at any minute.
	if got := newcomers(t, s, dayAfter+240, 2); got != "0:c,d 1:" {
		t.Errorf("new in periods that begin elsewhere: %s", got)
	}
	// What comes late was there before: it changes what was remembered.
	at(dayAfter-120, "d")
	if got := newcomers(t, s, dayAfter, 2); got != "0:c 1:" {
		t.Errorf("after something came late: %s", got)
	}
	commit(t, s)
	if got := newcomers(t, s, dayAfter, 2); got != "0:c 1:" {
		t.Errorf("after something came late and was committed: %s", got)
	}
	// What is backfilled is not new where it is left out, and makes others known.
	b := Batch{Group: "g", Backfilled: true, Events: []Event{{(dayAfter + 1200) * 1000, c.t.UnixMilli(), "x"}, {(dayAfter + 60) * 1000, c.t.UnixMilli(), "y"}}}
	if err := s.Add(t.Context(), "r", nil, []Batch{b}); err != nil {
		t.Fatal(err)
	}
	at(dayAfter+1260, "y")
	if got := newcomers(t, s, dayAfter+1200, 1); got != "0:x" {
		t.Errorf("with what is backfilled: %s", got)
	}
	if got := newcomers(t, s, dayAfter+1200, 1, func(r *NewRequest) { r.Live = true }); got != "0:" {
		t.Errorf("without what is backfilled: %s", got)
	}
}

// TestNewAgain: after 14 days without it a contributor is new again, to the minute.
func TestNewAgain(t *testing.T) {
	c := newClock()
	s := open(t, t.TempDir(), Options{Now: c.now})
	put(t, s, "rule", plainRule)
	add(t, s, hourStart, "a")
	add(t, s, hourStart+60, "b")
	commit(t, s)
	c.t = time.Unix(hourStart+newAfter+60, 0)
	add(t, s, hourStart+newAfter+60, "a", "b")
	if got := newcomers(t, s, hourStart+newAfter+60, 1); got != "0:a" {
		t.Errorf("new again: %s", got)
	}
	if got := newcomers(t, s, hourStart+newAfter, 1); got != "0:" {
		t.Errorf("new a minute before: %s", got)
	}
	// Later, what was before that day is not kept.
	c.t = c.t.Add(3 * 24 * time.Hour)
	now := c.t.Unix() / 300 * 300
	if got := newcomers(t, s, hourStart+newAfter, 1); got != "" {
		t.Errorf("of what is not known any more: %s", got)
	}
	if got := newcomers(t, s, now-24*secondsPerHour-300, 3); got != "2:" { // it is a minute past the first
		t.Errorf("of the last day: %s", got)
	}
}

// TestNewAfterBreak: a rule that was disabled learns again.
func TestNewAfterBreak(t *testing.T) {
	c := newClock()
	s := open(t, t.TempDir(), Options{Now: c.now})
	put(t, s, "rule", plainRule)
	c.t = time.Unix(dayAfter+3600, 0)
	if _, err := s.Disable(t.Context(), []string{"rule"}); err != nil {
		t.Fatal(err)
	}
	c.t = time.Unix(dayAfter+7200, 0)
	if _, err := s.Enable(t.Context(), []string{"rule"}); err != nil {
		t.Fatal(err)
	}
	c.t = time.Unix(dayAfter+2*24*3600, 0)
	if got := newcomers(t, s, dayAfter+3300, 2); got != "0:" {
		t.Errorf("up to when it was disabled: %s", got)
	}
	if got := newcomers(t, s, dayAfter+7200+24*secondsPerHour-300, 2); got != "1:" {
		t.Errorf("after that: %s", got)
	}
}

// TestNewRefused refuses what can't be told.
func TestNewRefused(t *testing.T) {
	c := newClock()
	s := open(t, t.TempDir(), Options{Now: c.now})
	put(t, s, "rule", plainRule)
	put(t, s, "aws", clf+`"Contribution":{"Keys":["1"]},"AggregateOn":"Count"}`)
	var many []string
	for i := range maxNewcomers + 1 {
		many = append(many, fmt.Sprint(i))
	}
	add(t, s, dayAfter, many[1:]...)
	c.t = time.Unix(dayAfter+60, 0)
	if got := strings.Count(newcomers(t, s, dayAfter, 1), ","); got != maxNewcomers-1 {
		t.Errorf("%d commas", got)
	}
	add(t, s, dayAfter, many[0])
	for _, test := range []struct {
		r    NewRequest
		want string
	}{
		{NewRequest{Name: "rule", From: dayAfter, To: dayAfter + 60, Period: 60}, "NewContributors is for rules with at most 1000 contributors in an hour; this one had 1001 in an hour of the 14 days before"},
		{NewRequest{Name: "aws", From: dayAfter, To: dayAfter + 60, Period: 60}, "NewContributors is a metric of rules of the schema WeirLogRule; this one is of CloudWatchLogRule"},
		{NewRequest{Name: "rule", From: dayAfter + 1, To: dayAfter + 60, Period: 60}, "a period begins at a whole minute"},
		{NewRequest{Name: "rule", From: dayAfter, To: dayAfter, Period: 60}, "EndTime must be after StartTime"},
		{NewRequest{Name: "rule", From: dayAfter, To: dayAfter + 60, Period: 0}, "Period is a multiple of 60 seconds"},
		{NewRequest{Name: "rule", From: hourStart, To: dayAfter + 60, Period: 60}, "NewContributors is told for 1440 periods at most: choose a longer Period or less time"},
		{NewRequest{Name: "none", From: dayAfter, To: dayAfter + 60, Period: 60}, ErrNoRule.Error()},
	} {
		if _, err := s.Newcomers(t.Context(), test.r); err == nil || err.Error() != test.want {
			t.Errorf("%+v: %v", test.r, err)
		}
	}
	_, err := s.Report(t.Context(), ReportRequest{Name: "rule", From: dayAfter, To: dayAfter + 60, Period: 60, Metrics: []string{NewContributors}})
	if err == nil || err.Error() != "reports have no NewContributors, as AWS's have none: INSIGHT_RULE_METRIC has it, in GetMetricData and alarms" {
		t.Errorf("a report: %v", err)
	}
}

// TestNewModel compares with a plain reading of random contributions over three weeks, late, backfilled, committed or not, of a rule that counts and one that
// counts what is distinct.
func TestNewModel(t *testing.T) {
	for seed := range sharedtest.Rounds(uint64(6)) {
		r := rand.New(rand.NewPCG(seed, 2))
		c := newClock()
		dir := t.TempDir()
		s := open(t, dir, Options{Now: c.now})
		definition := plainRule
		if seed%2 == 1 {
			definition = strings.Replace(clf, CloudWatchSchema, WeirSchema, 1) + `"Contribution":{"Keys":["1"],"DistinctOf":["2"]},"AggregateOn":"Distinct"}`
		}
		put(t, s, "rule", definition)
		type came struct {
			at         int64
			key        string
			backfilled bool
		}
		var all []came
		for range 120 {
			c.t = c.t.Add(time.Duration(r.Int64N(2*250)) * time.Minute)
			of := came{c.t.Unix() - r.Int64N(1+r.Int64N(6*3600)), fmt.Sprintf("k%d", r.IntN(1+r.IntN(60))), r.IntN(5) == 0}
			all = append(all, of)
			b := Batch{Group: "g", Backfilled: of.backfilled, Events: []Event{{of.at * 1000, c.t.UnixMilli(), of.key + fmt.Sprintf(" %d", r.IntN(3))}}}
			if err := s.Add(t.Context(), "r", nil, []Batch{b}); err != nil {
				t.Fatal(err)
			}
			switch r.IntN(12) {
			case 0, 1, 2:
				commit(t, s)
			case 3:
				if err := s.Tidy(t.Context()); err != nil {
					t.Fatal(err)
				}
			case 4:
				commit(t, s)
				_ = s.Close()
				s = open(t, dir, Options{Now: c.now})
			}
			if r.IntN(3) > 0 {
				continue
			}
			period := []int64{60, 300, 3600, 7200}[r.IntN(4)]
			from := (c.t.Unix() - r.Int64N(20*3600)) / 60 * 60
			live := r.IntN(2) == 0
			var want []string
			for i := range int64(3) {
				begin := from + i*period
				if begin < dayAfter {
					continue
				}
				var keys []string
				for _, e := range all {
					if e.at < begin || e.at >= begin+period || live && e.backfilled || slices.Contains(keys, e.key) {
						continue
					}
					if !slices.ContainsFunc(all, func(b came) bool { return b.key == e.key && b.at < begin && b.at >= (begin-14*86400)/60*60 }) {
						keys = append(keys, e.key)
					}
				}
				slices.Sort(keys)
				want = append(want, fmt.Sprintf("%d:%s", i, strings.Join(keys, ",")))
			}
			got := newcomers(t, s, from, 3, func(r *NewRequest) { r.Period, r.To, r.Live = period, from+3*period, live })
			if got != strings.Join(want, " ") {
				t.Fatalf("seed %d, 3 periods of %d from %d: %s, want %s", seed, period, from, got, want)
			}
		}
		_ = s.Close()
	}
}
