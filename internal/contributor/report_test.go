package contributor

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/internal/sharedtest"
)

// What AWS answered for a rule that saw nothing: zeros for each period that a request touches.
func TestReportOfNothing(t *testing.T) {
	raw, err := os.ReadFile(sharedtest.Path(t, "data", "vectors", "localstack-aws-snapshots", "cloudwatch__test_cloudwatch.snapshot.json"))
	if err != nil {
		t.Fatal(err)
	}
	type recorded struct {
		Content struct {
			Describe struct {
				InsightRules []struct {
					Definition json.RawMessage
					Schema     string
					State      string
				}
			} `json:"describe_insight_rule"`
			Report struct {
				AggregateValue         float64
				AggregationStatistic   string
				ApproximateUniqueCount int64
				Contributors           []any
				KeyLabels              []string
				MetricDatapoints       []struct{ UniqueContributors *float64 }
			} `json:"get_insight_rule_report"`
		} `json:"recorded-content"`
	}
	all := map[string]json.RawMessage{}
	if err := json.Unmarshal(raw, &all); err != nil {
		t.Fatal(err)
	}
	n := 0
	for name, text := range all {
		if !strings.Contains(name, "test_insight_rule") {
			continue
		}
		n++
		var want recorded
		if err := json.Unmarshal(text, &want); err != nil {
			t.Fatal(err)
		}
		rule := want.Content.Describe.InsightRules[0]
		definition := strings.ReplaceAll(string(rule.Definition), "<name:1>", CloudWatchSchema) // masked in the recording
		s := open(t, t.TempDir(), Options{Now: newClock().now})
		put(t, s, "rule", definition)
		got := report(t, s, "rule", func(r *ReportRequest) { // an hour that begins within a period of five minutes touches 13
			r.From, r.To, r.Period, r.Metrics = r.From+100, r.To+100, 300, []string{UniqueContributors}
		})
		w := want.Content.Report
		if diff := cmp.Diff([]any{w.AggregateValue, w.AggregationStatistic, w.ApproximateUniqueCount, len(w.Contributors), w.KeyLabels, len(w.MetricDatapoints)},
			[]any{got.AggregateValue, got.AggregationStatistic, got.UniqueContributors, len(got.Contributors), got.KeyLabels, len(got.Datapoints)}); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		for i, d := range got.Datapoints {
			if d != (Datapoint{Time: hourStart + int64(i)*300}) {
				t.Errorf("%s: %+v", name, d)
			}
		}
		rules, err := s.Rules(t.Context())
		if err != nil || rules[0].Rule.Schema() != strings.ReplaceAll(rule.Schema, "<name:1>", CloudWatchSchema) || rules[0].State != rule.State {
			t.Errorf("%s: %+v, %v", name, rules, err)
		}
	}
	if n == 0 {
		t.Error("no recording")
	}
}

func TestReport(t *testing.T) {
	c := newClock()
	s := open(t, t.TempDir(), Options{Now: c.now})
	put(t, s, "bytes", clf+`"Fields":{"1":"who","2":"bytes"},"Contribution":{"Keys":["who"],"ValueOf":"bytes"},"AggregateOn":"Sum"}`)
	add(t, s, hourStart, "a 10", "b 7", "a 5")
	commit(t, s)
	add(t, s, hourStart+59, "b 7", "c -20", "a x", "a 2e9", "a -3e9", "a")
	add(t, s, hourStart+125, "b 3", "c 0")
	got := report(t, s, "bytes", func(r *ReportRequest) {
		r.To, r.Metrics = r.From+180, metrics
	})
	at := func(m int64) int64 { return hourStart + m*60 }
	want := &Report{
		KeyLabels: []string{"who"}, AggregationStatistic: Sum, AggregateValue: 12, UniqueContributors: 3,
		Contributors: []Contributor{
			{[]string{"b"}, 17, []Contribution{{at(0), 14}, {at(2), 3}}},
			{[]string{"a"}, 15, []Contribution{{at(0), 15}}},
			{[]string{"c"}, -20, []Contribution{{at(0), -20}, {at(2), 0}}},
		},
		Datapoints: []Datapoint{
			{at(0), 3, 15, 5, 9, -20, 10, 1.8},
			{Time: at(1)},
			{at(2), 2, 3, 2, 3, 0, 3, 1.5},
		},
		Begun:   hourStart,
		Skipped: Skipped{Large: 2, LargeSum: -1e9, NoNumber: 2},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	// By the greatest datapoint, a is before b.
	if got := list(report(t, s, "bytes", func(r *ReportRequest) { r.OrderBy, r.MaxContributors = Maximum, 2 })); got != "a=15 b=17" {
		t.Errorf("by Maximum: %s", got)
	}
	// Only what was asked for is there.
	got = report(t, s, "bytes", func(r *ReportRequest) { r.To, r.Metrics = r.From+1, []string{Maximum} })
	if diff := cmp.Diff([]Datapoint{{Time: at(0), Maximum: 10}}, got.Datapoints); diff != "" {
		t.Error(diff)
	}
}

// Rules tell apart what is backfilled, for alarms, and show it in reports.
func TestBackfilled(t *testing.T) {
	s := open(t, t.TempDir(), Options{Now: newClock().now})
	put(t, s, "rule", clf+`"Contribution":{"Keys":["1"]},"AggregateOn":"Count"}`)
	event := func(m string) []Event { return []Event{{hourStart * 1000, hourStart * 1000, m}} }
	for range 2 { // from memory, and from the database
		if err := s.Add(t.Context(), "r", nil, []Batch{{Group: "g", Events: event("a")}, {Group: "g", Events: event("b"), Backfilled: true}}); err != nil {
			t.Fatal(err)
		}
		all, live := report(t, s, "rule"), report(t, s, "rule", func(r *ReportRequest) { r.Live = true })
		if len(all.Contributors) != 2 || len(live.Contributors) != 1 || all.AggregateValue != 2*live.AggregateValue {
			t.Errorf("all %s, live %s", list(all), list(live))
		}
		counted := report(t, s, "rule", func(r *ReportRequest) { r.Live, r.Metrics = true, []string{UniqueContributors} })
		if d := counted.Datapoints; len(d) == 0 || d[0].UniqueContributors != 1 {
			t.Errorf("live there are %v", d)
		}
		commit(t, s)
	}
}

// Where the database refuses a commit, nothing is lost and nothing counts twice.
func TestCommitFails(t *testing.T) {
	c := newClock()
	s := open(t, t.TempDir(), Options{Now: c.now, MaxPending: 20})
	const definition = clf + `"Contribution":{"Keys":["1"]},"AggregateOn":"Count"}`
	put(t, s, "rule", definition)
	put(t, s, "gone", definition)
	exec := func(query string) {
		t.Helper()
		if _, err := s.db.ExecContext(t.Context(), query); err != nil {
			t.Fatal(err)
		}
	}
	check := func(want string) {
		t.Helper()
		r := report(t, s, "rule", func(r *ReportRequest) { r.Metrics = []string{SampleCount} })
		if got := fmt.Sprintln(list(r), r.AggregateValue, r.Datapoints[0].SampleCount); got != want+"\n" {
			t.Errorf("%s, want %s", got, want)
		}
	}
	exec("CREATE TRIGGER no BEFORE INSERT ON runs BEGIN SELECT RAISE(ABORT, 'the disk is full'); END")
	add(t, s, hourStart, "a", "b")
	if err := s.Commit(t.Context()); err == nil || !strings.Contains(err.Error(), "the disk is full") {
		t.Fatalf("it was committed: %v", err)
	}
	check("a=1 b=1 2 2")
	add(t, s, hourStart, "a", "c", "d")
	check("a=2 b=1 c=1 d=1 5 5")
	if err := s.Add(t.Context(), "r", nil, []Batch{{Group: "g", Events: []Event{{Message: "e"}}}}); err == nil {
		t.Error("memory is full, and more was taken")
	}
	if position, err := s.Position(t.Context(), "r"); position != nil || err != nil {
		t.Errorf("the reader is at %q, %v", position, err)
	}
	// Rules can be changed meanwhile.
	if _, err := s.Delete(t.Context(), []string{"gone"}); err != nil {
		t.Fatal(err)
	}
	put(t, s, "rule", strings.Replace(definition, `"g"`, `"*"`, 1))
	check("a=2 b=1 c=1 d=1 5 5")
	exec("DROP TRIGGER no")
	commit(t, s)
	check("a=2 b=1 c=1 d=1 5 5")
	commit(t, s)
	check("a=2 b=1 c=1 d=1 5 5")
	if position, err := s.Position(t.Context(), "r"); string(position) != "p" || err != nil {
		t.Errorf("the reader is at %q, %v", position, err)
	}
}

// What is damaged on the disk is an error, and not a lower count.
func TestDamaged(t *testing.T) {
	for name, damage := range map[string]string{
		"cut off": "UPDATE chunks SET data = substr(data, 1, length(data) - 1)", "a first byte": "UPDATE chunks SET data = CAST(x'ff' || data AS BLOB)",
		"nothing": "UPDATE chunks SET data = zeroblob(0)",
	} {
		s := open(t, t.TempDir(), Options{Now: newClock().now})
		put(t, s, "rule", clf+`"Contribution":{"Keys":["1"]},"AggregateOn":"Count"}`)
		add(t, s, hourStart, "a", "b")
		commit(t, s)
		if _, err := s.db.ExecContext(t.Context(), damage); err != nil {
			t.Fatal(err)
		}
		r, err := s.Report(t.Context(), ReportRequest{Name: "rule", From: hourStart, To: hourStart + 60, Period: 60})
		if !errors.Is(err, errDamaged) {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
}

// Runs of an hour become one, and are removed when they are old: for what was backfilled, when it was counted long ago.
func TestTidy(t *testing.T) {
	c := newClock()
	s := open(t, t.TempDir(), Options{Now: c.now, Retention: 24 * time.Hour})
	put(t, s, "rule", clf+`"Contribution":{"Keys":["1"]},"AggregateOn":"Count"}`)
	tidy := func() {
		t.Helper()
		if err := s.Tidy(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	counts := func() string {
		t.Helper()
		var runs, minutes int
		err := s.db.QueryRowContext(t.Context(), "SELECT (SELECT count(*) FROM runs), (SELECT count(*) FROM minutes)").Scan(&runs, &minutes)
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(runs, " ", minutes)
	}
	old := func(r *ReportRequest) { r.From, r.To = hourStart-1000*3600, hourStart-999*3600 }
	for i := range int64(levelRuns + 3) { // an hour of now, and one of long ago
		add(t, s, hourStart+i, fmt.Sprint("a", i%3))
		b := Batch{Group: "g", Backfilled: true, Events: []Event{{(hourStart - 1000*3600 + i) * 1000, hourStart * 1000, fmt.Sprint("b", i%3)}}}
		if err := s.Add(t.Context(), "r", nil, []Batch{b}); err != nil {
			t.Fatal(err)
		}
		commit(t, s)
	}
	check := func(want, now, then string) {
		t.Helper()
		if got := counts(); got != want {
			t.Errorf("there are %s runs and minutes, want %s", got, want)
		}
		if got := list(report(t, s, "rule")); got != now {
			t.Errorf("now: %s, want %s", got, now)
		}
		if got := list(report(t, s, "rule", old)); got != then {
			t.Errorf("long ago: %s, want %s", got, then)
		}
	}
	check("8 2", "a0=7 a1=6 a2=6", "b0=7 b1=6 b2=6") // sixteen runs became one, and three came since
	tidy()
	check("8 2", "a0=7 a1=6 a2=6", "b0=7 b1=6 b2=6") // the hour goes on, and the old one may
	c.t = c.t.Add(settled * time.Second)
	tidy()
	check("5 2", "a0=7 a1=6 a2=6", "b0=7 b1=6 b2=6")
	c.t = c.t.Add(time.Hour)
	tidy()
	check("2 2", "a0=7 a1=6 a2=6", "b0=7 b1=6 b2=6")
	c.t = time.Unix(hourStart, 0).Add(24*time.Hour + time.Second)
	tidy()
	check("1 1", "a0=7 a1=6 a2=6", "")
	c.t = c.t.Add(time.Hour)
	tidy()
	check("0 0", "", "")
}

// More contributors than memory holds are counted as exactly.
func TestMoreThanMemory(t *testing.T) {
	s := open(t, t.TempDir(), Options{Now: newClock().now, MaxPending: 500})
	put(t, s, "rule", clf+`"Contribution":{"Keys":["1"],"ValueOf":"2"},"AggregateOn":"Sum"}`)
	const contributors = 20_000
	for round := range 3 {
		for from := 0; from < contributors; from += 1000 {
			var messages []string
			for i := from; i < from+1000; i++ {
				messages = append(messages, fmt.Sprintf("key%d %d", i, i+round))
			}
			add(t, s, hourStart+int64(round)*60, messages...)
			if s.pending > 500+1000+emptyWeight {
				t.Fatalf("%d contributors lie in memory", s.pending)
			}
		}
	}
	r := report(t, s, "rule", func(r *ReportRequest) { r.MaxContributors, r.Metrics = 2, []string{UniqueContributors} })
	if want := "key19999=60000 key19998=59997"; list(r) != want || r.UniqueContributors != contributors || r.Datapoints[2].UniqueContributors != contributors {
		t.Errorf("%s, %d contributors, %v", list(r), r.UniqueContributors, r.Datapoints[2])
	}
	if want := float64(3*contributors*(contributors-1)/2 + 3*contributors); r.AggregateValue != want {
		t.Errorf("in all %v, want %v", r.AggregateValue, want)
	}
}
