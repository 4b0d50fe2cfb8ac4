package contributor

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A clock is driven by a test.
type clock struct{ t time.Time }

func (c *clock) now() time.Time { return c.t }

// hourStart is the beginning of an hour, in seconds since the epoch.
const hourStart = 1_800_000_000 / secondsPerHour * secondsPerHour

func newClock() *clock { return &clock{time.Unix(hourStart, 0)} }

// open opens a store that the test closes.
func open(t testing.TB, dir string, o Options) *Store {
	t.Helper()
	if o.Account == "" {
		o.Account, o.Region = "111122223333", "us-east-1"
	}
	s, err := Open(t.Context(), dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func put(t testing.TB, s *Store, name, definition string) {
	t.Helper()
	if err := s.Put(t.Context(), PutRequest{Name: name, Definition: definition}); err != nil {
		t.Fatalf("%v in %s", err, definition)
	}
}

// add counts messages of group g that came at the second of their timestamp.
func add(t testing.TB, s *Store, second int64, messages ...string) {
	t.Helper()
	b := Batch{Group: "g"}
	for _, m := range messages {
		b.Events = append(b.Events, Event{second * 1000, second * 1000, m})
	}
	if err := s.Add(t.Context(), "r", []byte("p"), []Batch{b}); err != nil {
		t.Fatal(err)
	}
}

func commit(t testing.TB, s *Store) {
	t.Helper()
	if err := s.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// report returns a report of the hour from hourStart by minutes.
func report(t testing.TB, s *Store, name string, change ...func(*ReportRequest)) *Report {
	t.Helper()
	r := ReportRequest{Name: name, From: hourStart, To: hourStart + 3600, Period: 60}
	for _, c := range change {
		c(&r)
	}
	out, err := s.Report(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// list writes contributors as key=value.
func list(r *Report) string {
	var out []string
	for _, c := range r.Contributors {
		out = append(out, fmt.Sprintf("%s=%v", strings.Join(c.Keys, "+"), c.Value))
	}
	return strings.Join(out, " ")
}

func TestEvaluation(t *testing.T) {
	const keys = `"Contribution":{"Keys":["1"],"Filters":[`
	lines := []string{
		"web 200 10", "web 404 20", "db 500 x", `"a b" 200 -5`, "[c d] 2e2 1.5", "cut", "", "web 200 2000000000", "web - -",
	}
	objects := []string{
		`{"k":"web","status":200,"size":10}`, `{"k":"web","status":"404","size":"20"}`, `{"k":true,"status":500}`, `{"k":null,"status":200}`,
		`{"status":200}`, `{"k":{"deep":1},"status":200}`, `{"k":"broken","status":200`, `no JSON`, `{"k":"x\u0041","status":null,"size":-1e10}`,
	}
	for _, c := range []struct{ name, definition, want string }{
		{"counts", clf + keys + `]},"AggregateOn":"Count"}`, "web=4 a b=1 c d=1 cut=1 db=1"},
		{"Sum without ValueOf counts", clf + keys + `]},"AggregateOn":"Sum"}`, "web=4 a b=1 c d=1 cut=1 db=1"},
		{"sums, and skips what is large or no number", clf + `"Contribution":{"Keys":["1"],"ValueOf":"3"},"AggregateOn":"Sum"}`, "web=30 c d=1.5 a b=-5"},
		{
			"weir's own sum counts what is large",
			strings.Replace(clf, CloudWatchSchema, WeirSchema, 1) + `"Contribution":{"Keys":["1"],"ValueOf":"3"},"AggregateOn":"Sum"}`,
			"web=2.00000003e+09 c d=1.5 a b=-5",
		},
		{"two keys", clf + `"Contribution":{"Keys":["2","1"]},"AggregateOn":"Count"}`, "200+web=2 -+web=1 200+a b=1 2e2+c d=1 404+web=1 500+db=1"},
		{"In", clf + keys + `{"Match":"1","In":["web","x"]},{"Match":"2","In":["200"]}]},"AggregateOn":"Count"}`, "web=2"},
		{"NotIn is false of what is absent", clf + keys + `{"Match":"2","NotIn":["200","404"]}]},"AggregateOn":"Count"}`, "c d=1 db=1 web=1"},
		{"StartsWith", clf + keys + `{"Match":"1","StartsWith":["c","d"]}]},"AggregateOn":"Count"}`, "c d=1 cut=1 db=1"},
		{"EqualTo compares numbers", clf + keys + `{"Match":"2","EqualTo":200}]},"AggregateOn":"Count"}`, "web=2 a b=1 c d=1"},
		{"NotEqualTo is true of what is no number", clf + keys + `{"Match":"2","NotEqualTo":200}]},"AggregateOn":"Count"}`, "web=2 db=1"},
		{"GreaterThan", clf + keys + `{"Match":"3","GreaterThan":1.5}]},"AggregateOn":"Count"}`, "web=3"},
		{"LessThan", clf + keys + `{"Match":"3","LessThan":1.5}]},"AggregateOn":"Count"}`, "a b=1"},
		{"IsPresent", clf + keys + `{"Match":"2","IsPresent":true}]},"AggregateOn":"Count"}`, "web=4 a b=1 c d=1 db=1"},
		{"IsPresent false", clf + keys + `{"Match":"2","IsPresent":false}]},"AggregateOn":"Count"}`, "cut=1"},
		{"case counts", clf + keys + `{"Match":"1","In":["WEB"]}]},"AggregateOn":"Count"}`, ""},
		{"JSON", jsonRule + `"Contribution":{"Keys":["$.k"]},"AggregateOn":"Count"}`, "web=2 true=1 xA=1"},
		{"JSON: numbers are their text", jsonRule + `"Contribution":{"Keys":["$.status"]},"AggregateOn":"Count"}`, "200=4 404=1 500=1"},
		{"JSON: a sum takes numbers and texts that are numbers", jsonRule + `"Contribution":{"Keys":["$.k"],"ValueOf":"$.size"},"AggregateOn":"Sum"}`, "web=30"},
		{"JSON: null and objects are absent", jsonRule + `"Contribution":{"Keys":["$.status"],"Filters":[{"Match":"$.k","IsPresent":false}]},"AggregateOn":"Count"}`, "200=3"},
		{"JSON: EqualTo", jsonRule + `"Contribution":{"Keys":["$.k"],"Filters":[{"Match":"$.status","EqualTo":404}]},"AggregateOn":"Count"}`, "web=1"},
		{"JSON: deep", jsonRule + `"Contribution":{"Keys":["$.k.deep"]},"AggregateOn":"Count"}`, "1=1"},
	} {
		s := open(t, t.TempDir(), Options{Now: newClock().now})
		put(t, s, "rule", c.definition)
		messages := lines
		if strings.HasPrefix(c.definition, jsonRule) {
			messages = objects
		}
		add(t, s, hourStart+5, messages...)
		if got := list(report(t, s, "rule")); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestKeysAreCutOff(t *testing.T) {
	s := open(t, t.TempDir(), Options{Now: newClock().now})
	put(t, s, "rule", clf+`"Contribution":{"Keys":["1","2"]},"AggregateOn":"Count"}`)
	long := strings.Repeat("é", 600)
	add(t, s, hourStart, long+"x a"+long, long+"y a"+long)
	r := report(t, s, "rule")
	want := []string{long[:1024], "a" + long[:1022]} // a character is not cut in two
	if len(r.Contributors) != 1 || r.Contributors[0].Value != 2 || !cmp.Equal(want, r.Contributors[0].Keys) {
		t.Errorf("%d contributors, %s", len(r.Contributors), cmp.Diff(want, r.Contributors[0].Keys))
	}
}

// A rule sees what comes while it is enabled, whenever it is read.
func TestSpans(t *testing.T) {
	dir, c := t.TempDir(), newClock()
	s := open(t, dir, Options{Now: c.now})
	at := func(second int64) { c.t = time.Unix(hourStart+second, 0) }
	change := func(fn func() ([]Failure, error)) {
		t.Helper()
		if failures, err := fn(); err != nil || len(failures) > 0 {
			t.Fatalf("%v, %v", failures, err)
		}
	}
	names := []string{"rule", "rule"}
	at(10)
	put(t, s, "rule", clf+`"Contribution":{"Keys":["1"]},"AggregateOn":"Count"}`)
	at(20)
	change(func() ([]Failure, error) { return s.Disable(t.Context(), names) })
	at(30)
	change(func() ([]Failure, error) { return s.Enable(t.Context(), names) })
	at(40)
	if err := s.Put(t.Context(), PutRequest{Name: "rule", State: Disabled, Definition: clf + `"Contribution":{"Keys":["1"]},"AggregateOn":"Sum"}`}); err != nil {
		t.Fatal(err)
	}
	if got := list(report(t, s, "rule")); got != "" {
		t.Errorf("another definition kept %s", got)
	}
	put(t, s, "other", clf+`"Contribution":{"Keys":["1"]},"AggregateOn":"Count"}`)
	at(50)
	change(func() ([]Failure, error) { return s.Enable(t.Context(), names) })
	at(60)
	change(func() ([]Failure, error) { return s.Disable(t.Context(), names) })
	feed := func() {
		for second := range int64(80) {
			add(t, s, hourStart+second, fmt.Sprintf("key%d", second/10))
		}
	}
	feed()
	if got := list(report(t, s, "rule")); got != "key5=10" {
		t.Errorf("the rule saw %s", got)
	}
	if got := list(report(t, s, "other")); got != "key4=10 key5=10 key6=10 key7=10" {
		t.Errorf("the other one saw %s", got)
	}
	_ = s.Close() // nothing was committed: all is given again
	s = open(t, dir, Options{Now: c.now})
	feed()
	if got := list(report(t, s, "rule")); got != "key5=10" {
		t.Errorf("opened again, the rule saw %s", got)
	}
}

func TestRules(t *testing.T) {
	dir, c := t.TempDir(), newClock()
	s := open(t, dir, Options{Now: c.now, MaxRules: 2})
	const definition = clf + `"Contribution":{"Keys":["1"]},"AggregateOn":"Count"}`
	if err := s.Put(t.Context(), PutRequest{Name: "b", Definition: definition, Tags: map[string]string{"k": "v"}, ApplyOnTransformedLogs: true}); err != nil {
		t.Fatal(err)
	}
	put(t, s, "a", definition)
	limit := &LimitError{}
	if err := s.Put(t.Context(), PutRequest{Name: "c", Definition: definition}); !errors.As(err, &limit) {
		t.Errorf("a rule too many: %v", err)
	}
	add(t, s, hourStart, "x")
	commit(t, s)
	// The same with other groups, and other tags, which do not count (AWS).
	if err := s.Put(t.Context(), PutRequest{Name: "b", State: Disabled, Definition: strings.Replace(definition, `"g"`, `"h"`, 1), Tags: map[string]string{"k": "w"}}); err != nil {
		t.Fatal(err)
	}
	check := func(s *Store) {
		t.Helper()
		rules, err := s.Rules(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, r := range rules {
			got = append(got, fmt.Sprint(r.Name, r.State, r.ApplyOnTransformedLogs, r.Created, r.Rule.Matches("h"), r.Rule.LogFormat(), len(r.Definition)))
		}
		want := []string{
			fmt.Sprint("a", Enabled, false, hourStart*1000, false, "CLF", len(definition)),
			fmt.Sprint("b", Disabled, false, hourStart*1000, true, "CLF", len(definition)),
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		if tags, err := s.Tags(t.Context(), "b"); err != nil || !cmp.Equal(tags, map[string]string{"k": "v"}) {
			t.Errorf("tags %v, %v", tags, err)
		}
		if got := list(report(t, s, "b")); got != "x=1" {
			t.Errorf("it kept %s", got)
		}
	}
	check(s)
	_ = s.Close()
	s = open(t, dir, Options{Now: c.now, MaxRules: 2})
	check(s)
	// Another definition begins anew, and keeps the tags.
	put(t, s, "b", strings.Replace(definition, `["1"]`, `["2"]`, 1))
	if got := list(report(t, s, "b")); got != "" {
		t.Errorf("it kept %s", got)
	}
	if err := s.Tag(t.Context(), "b", map[string]string{"l": "w"}); err != nil {
		t.Error(err)
	}
	if err := s.Untag(t.Context(), "b", []string{"k", "none"}); err != nil {
		t.Error(err)
	}
	if tags, err := s.Tags(t.Context(), "b"); err != nil || !cmp.Equal(tags, map[string]string{"l": "w"}) {
		t.Errorf("tags %v, %v", tags, err)
	}
	failures, err := s.Delete(t.Context(), []string{"none", "a", "b"})
	want := []Failure{{"none", "ResourceNotFoundException", "ResourceNotFoundException", "The specified rule does not exist."}}
	if err != nil || !cmp.Equal(want, failures) {
		t.Errorf("%v, %v", failures, err)
	}
	for _, table := range []string{"rules", "spans", "tags", "runs", "chunks", "minutes"} {
		var n int
		if err := s.db.QueryRowContext(t.Context(), "SELECT count(*) FROM "+table).Scan(&n); err != nil || n != 0 {
			t.Errorf("%d %s are left, %v", n, table, err)
		}
	}
	if s.pending != 0 {
		t.Errorf("%d of memory are left", s.pending)
	}
}

func TestRefused(t *testing.T) {
	s := open(t, t.TempDir(), Options{Now: newClock().now})
	const definition = clf + `"Contribution":{"Keys":["1"]},"AggregateOn":"Count"}`
	put(t, s, "rule", definition)
	tooMany := map[string]string{}
	for i := range maxTags + 1 {
		tooMany[fmt.Sprint(i)] = ""
	}
	ask := func(change func(*ReportRequest)) error {
		r := ReportRequest{Name: "rule", From: hourStart, To: hourStart + 60, Period: 60}
		change(&r)
		_, err := s.Report(t.Context(), r)
		return err
	}
	arn := strings.Replace(definition, `"LogGroupNames":["g"]`, `"LogGroupARNs":["arn:aws:logs:eu-west-1:*:log-group:g"]`, 1)
	for name, err := range map[string]error{
		"a name":              s.Put(t.Context(), PutRequest{Name: "é", Definition: definition}),
		"no name":             s.Put(t.Context(), PutRequest{Definition: definition}),
		"a long name":         s.Put(t.Context(), PutRequest{Name: strings.Repeat("a", 129), Definition: definition}),
		"a state":             s.Put(t.Context(), PutRequest{Name: "a", State: "enabled", Definition: definition}),
		"another region":      s.Put(t.Context(), PutRequest{Name: "a", Definition: arn}),
		"too many tags":       s.Put(t.Context(), PutRequest{Name: "a", Definition: definition, Tags: tooMany}),
		"a tag without a key": s.Tag(t.Context(), "rule", map[string]string{"": "v"}),
		"a long tag":          s.Tag(t.Context(), "rule", map[string]string{"k": strings.Repeat("a", 257)}),
		"a period":            ask(func(r *ReportRequest) { r.Period = 90 }),
		"no period":           ask(func(r *ReportRequest) { r.Period = 0 }),
		"no time":             ask(func(r *ReportRequest) { r.To = r.From }),
		"all times":           ask(func(r *ReportRequest) { r.From = 0 }),
		"101 contributors":    ask(func(r *ReportRequest) { r.MaxContributors = 101 }),
		"a metric":            ask(func(r *ReportRequest) { r.Metrics = []string{Sum, "p99"} }),
		"an order":            ask(func(r *ReportRequest) { r.OrderBy = "Average" }),
		"a metric's case":     ask(func(r *ReportRequest) { r.Metrics = []string{"sum"} }),
	} {
		if e := (&InvalidError{}); !errors.As(err, &e) {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, tags := s.Tags(t.Context(), "none")
	for name, err := range map[string]error{
		"a report": ask(func(r *ReportRequest) { r.Name = "none" }), "tags": tags,
		"to tag": s.Tag(t.Context(), "none", nil), "to untag": s.Untag(t.Context(), "none", nil),
	} {
		if !errors.Is(err, ErrNoRule) {
			t.Errorf("%s of no rule: %v", name, err)
		}
	}
	if e := (&Error{}); !errors.As(s.Put(t.Context(), PutRequest{Name: "a", Definition: "{}"}), &e) {
		t.Error("a rule of nothing was taken")
	}
	// More than 50 tags in all are refused as a whole.
	most := map[string]string{}
	for i := range maxTags {
		most[fmt.Sprint(i)] = ""
	}
	if err := s.Tag(t.Context(), "rule", most); err != nil {
		t.Error(err)
	}
	if e := (&InvalidError{}); !errors.As(s.Tag(t.Context(), "rule", map[string]string{"one more": ""}), &e) {
		t.Error("51 tags were taken")
	}
}

// An event that adds to a contributor that is there takes no memory, whatever the rules look at.
func TestNothingIsAllocated(t *testing.T) {
	s := open(t, t.TempDir(), Options{Now: newClock().now})
	for i, definition := range append(benchRules(),
		jsonRule+`"Contribution":{"Keys":["$.a.b","$.c"],"ValueOf":"$.n","Filters":[{"Match":"$.n","GreaterThan":1.5},{"Match":"$.x","IsPresent":false}]},"AggregateOn":"Sum"}`) {
		s.maxRules = 101
		put(t, s, fmt.Sprint(i), definition)
	}
	b := []Batch{{Group: "g", Events: append(benchEvents(10, 10), Event{hourStart * 1000, hourStart * 1000, `{"a":{"b":"x"},"c":[1],"n":2,"c":"y"}`})}}
	position := []byte("p")
	count := func() {
		if err := s.Add(t.Context(), "r", position, b); err != nil {
			t.Fatal(err)
		}
	}
	count()
	if r := report(t, s, "100"); list(r) != "x+y=2" {
		t.Errorf("of JSON counts %s", list(r))
	}
	if n := testing.AllocsPerRun(20, count); n >= float64(len(b[0].Events)) { // some are of Add itself: the position
		t.Errorf("%v allocations", n)
	}
}

// Adding, committing, reading and changing rules at the same time loses nothing.
func TestTogether(t *testing.T) {
	s := open(t, t.TempDir(), Options{Now: newClock().now, MaxPending: 50})
	const definition = clf + `"Contribution":{"Keys":["1"]},"AggregateOn":"Count"}`
	put(t, s, "rule", definition)
	var all sync.WaitGroup
	const rounds = 40
	all.Go(func() {
		for i := range rounds {
			add(t, s, hourStart+int64(i), fmt.Sprint("key", i%7), fmt.Sprint("other", i))
		}
	})
	all.Go(func() {
		for range rounds / 4 {
			commit(t, s)
			if err := s.Tidy(t.Context()); err != nil {
				t.Error(err)
			}
		}
	})
	all.Go(func() {
		last := 0.0
		for range rounds / 2 {
			r := report(t, s, "rule", func(r *ReportRequest) { r.MaxContributors = 100 })
			sum := 0.0
			for _, c := range r.Contributors {
				sum += c.Value
			}
			if r.AggregateValue < last || sum != r.AggregateValue {
				t.Errorf("%v counted, %v by contributor, %v before", r.AggregateValue, sum, last)
			}
			last = r.AggregateValue
		}
	})
	all.Go(func() {
		for i := range rounds / 4 {
			put(t, s, "new", strings.Replace(definition, `"1"`, fmt.Sprintf("%q", fmt.Sprint(1+i%2)), 1))
			if _, err := s.Rules(t.Context()); err != nil {
				t.Error(err)
			}
			if _, err := s.Delete(t.Context(), []string{"new"}); err != nil {
				t.Error(err)
			}
		}
	})
	all.Wait()
	if r := report(t, s, "rule"); r.AggregateValue != 2*rounds {
		t.Errorf("%v of %d events", r.AggregateValue, 2*rounds)
	}
}
