package metricmath

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"weir/internal/metricstore"
)

func metric(name string) *Stat {
	return &Stat{Metric: metricstore.Metric{Namespace: "NS", Name: name}, Stat: "Sum", Period: 60}
}

// TestCheck looks at queries that are no expressions' fault.
func TestCheck(t *testing.T) {
	many := make([]Query, 501)
	for i := range many {
		many[i] = Query{ID: fmt.Sprint("m", i), Stat: metric("a")}
	}
	tests := []struct {
		queries []Query
		want    string
	}{
		{[]Query{{ID: "m1", Stat: metric("a")}, {ID: "aB_9", Expression: "m1", Label: "${LABEL}", Period: 60}}, ""},
		{many[:500], ""},
		{many, "There are 501 queries: 1 to 500 are taken"},
		{nil, "There are 0 queries: 1 to 500 are taken"},
		{[]Query{{ID: "M1", Stat: metric("a")}}, `Error in expression 'M1': The Id "M1" does not begin with a small letter followed by letters, digits and underscores`},
		{[]Query{{Stat: metric("a")}}, `The Id "" does not begin with a small letter followed by letters, digits and underscores`},
		{[]Query{{ID: "m1", Stat: metric("a")}, {ID: "m1", Stat: metric("b")}}, "Error in expression 'm1': The Id is there twice, in the queries 1 and 2"},
		{[]Query{{ID: "m1"}}, "Error in expression 'm1': A query has either MetricStat or Expression"},
		{[]Query{{ID: "m1", Stat: metric("a"), Expression: "m1"}}, "Error in expression 'm1': A query has either MetricStat or Expression"},
		{[]Query{{ID: "m1", Stat: &Stat{Stat: "Sum", Period: 90}}}, "Error in expression 'm1': The period 90 is not 1, 5, 10, 20, 30 or a multiple of 60 seconds"},
		{[]Query{{ID: "m1", Stat: &Stat{Stat: "Sum"}}}, "Error in expression 'm1': The period 0 is not 1, 5, 10, 20, 30 or a multiple of 60 seconds"},
		{[]Query{{ID: "m1", Stat: &Stat{Stat: "p101", Period: 60}}}, `Error in expression 'm1': the statistic "p101" asks for more than 100 percent`},
		{[]Query{{ID: "e1", Expression: "TIME_SERIES(1)", Period: 45}}, "Error in expression 'e1': The period 45 is not 1, 5, 10, 20, 30 or a multiple of 60 seconds"},
		{[]Query{{ID: "e1", Expression: strings.Repeat("(", 2049)}}, "Error in expression 'e1': The expression is longer than 2048 characters"},
		{[]Query{{ID: "e1", Expression: strings.Repeat("(", 2048)}}, "Error in expression 'e1': Unexpected end: a value is expected at position 2049"},
		{[]Query{{ID: "e1", Expression: "SEARCH('" + strings.Repeat("a", 1025) + "', 'Sum', 60)"}}, "Error in expression 'e1': The text of SEARCH is longer than 1024 characters at position 9"},
	}
	for _, tt := range tests {
		got := ""
		if err := Check(tt.queries); err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("%.100v:\ngot  %s\nwant %s", tt.queries, got, tt.want)
		}
	}
}

// TestCheckWatched looks at what alarms can watch.
func TestCheckWatched(t *testing.T) {
	m1, m2 := Query{ID: "m1", Stat: metric("a")}, Query{ID: "m2", Stat: metric("b")}
	shown := func(id, expression string) Query { return Query{ID: id, Expression: expression, ReturnData: true} }
	tests := []struct {
		queries []Query
		want    string
	}{
		{[]Query{m1, m2, shown("e1", "m1/m2")}, ""},
		{[]Query{m1, m2}, "No query returns data (set ReturnData to true in the query to watch)"},
		{[]Query{m1, shown("e1", "m1"), shown("e2", "m1")}, "More than one query returns data: e1 and e2 (set ReturnData to false in the others)"},
		{[]Query{m1, m2, shown("e1", "METRICS()")}, "Error in expression 'e1': An alarm watches one time series; this gives several (FIRST, SUM and others make one of them)"},
		{[]Query{shown("e1", "SUM(SEARCH('a', 'Sum', 60))")}, "Error in expression 'e1': SEARCH is not supported in alarms at position 5 (name the metrics)"},
		{
			[]Query{m1, {ID: "m2", Stat: &Stat{Metric: m2.Stat.Metric, Stat: "Sum", Period: 300}}, shown("e1", "m1 * MAX(m2)")},
			"The metrics of an alarm have different periods: 60, 300 seconds (give them one Period)",
		},
		{[]Query{m1, shown("e1", "m3")}, "Error in expression 'e1': Undefined variable 'm3' at position 1"},
	}
	for _, tt := range tests {
		got := ""
		if err := CheckWatched(tt.queries); err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("%v:\ngot  %s\nwant %s", tt.queries, got, tt.want)
		}
	}
}

// TestInsightRules names the rules of expressions, also of those that can not be evaluated.
func TestInsightRules(t *testing.T) {
	queries := []Query{
		{ID: "m1", Stat: metric("a")},
		{ID: "e1", Expression: "INSIGHT_RULE_METRIC('top', 'Sum') / MAX([m1, INSIGHT_RULE_METRIC(\"other\", 'MaxContributorValue')])"},
		{ID: "e2", Expression: "-INSIGHT_RULE_METRIC('top', 'Median') + INSIGHT_RULE_METRIC() + INSIGHT_RULE_METRIC(m1)"},
		{ID: "e3", Expression: "INSIGHT_RULE_METRIC('unread', 'Sum'"},
	}
	if got := InsightRules(queries); !slices.Equal(got, []string{"top", "other"}) {
		t.Error(got)
	}
	if got := RuleMetrics(queries); !slices.Equal(got, []RuleMetric{{"top", "Sum"}, {"other", "MaxContributorValue"}, {"top", "Median"}}) {
		t.Error(got)
	}
}

// TestDefaultLabels has what AWS answered to LocalStack's test_label_generation, and metrics with dimensions.
func TestDefaultLabels(t *testing.T) {
	of := func(name, stat string, period int, unit string, dims ...metricstore.Dimension) *Stat {
		return &Stat{Metric: metricstore.Metric{Namespace: "NS", Name: name, Dimensions: dims}, Stat: stat, Period: period, Unit: unit}
	}
	host := func(v string) metricstore.Dimension { return metricstore.Dimension{Name: "Host", Value: v} }
	zone := metricstore.Dimension{Name: "Zone", Value: "z"}
	tests := []struct {
		stats []*Stat
		want  string
	}{
		{[]*Stat{of("metric1", "Sum", 60, "Seconds"), of("metric1", "Minimum", 30, "Seconds")}, "metric1 Sum 60|metric1 Minimum 30"},
		{[]*Stat{of("metric1", "Sum", 60, "Seconds"), of("metric1", "Minimum", 60, "Seconds")}, "metric1 Sum|metric1 Minimum"},
		{[]*Stat{of("metric1", "Sum", 60, "Seconds"), of("metric1", "Sum", 30, "Milliseconds")}, "metric1 60|metric1 30"},
		{[]*Stat{of("metric1", "Sum", 60, "Seconds"), of("metric1", "Sum", 60, "Milliseconds")}, "metric1|metric1"},
		{[]*Stat{of("metric1", "Sum", 60, ""), of("metric2", "Sum", 60, "")}, "metric1|metric2"},
		{[]*Stat{of("a", "Sum", 60, "", host("x"), zone), of("a", "Sum", 60, "", host("y"), zone)}, "x|y"},
		{[]*Stat{of("a", "Sum", 60, "", host("x")), of("b", "Sum", 60, "", host("y"))}, "x a|y b"},
		{[]*Stat{of("a", "Sum", 60, "", host("x")), of("a", "Sum", 60, "")}, "x|a"},
		{nil, ""},
	}
	for _, tt := range tests {
		if got := strings.Join(defaultLabels(tt.stats), "|"); got != tt.want {
			t.Errorf("%s, want %s", got, tt.want)
		}
	}
}

// TestStored reads a store: points of one unit, live or all, and metrics by their namespace.
func TestStored(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	store, err := metricstore.Open(t.Context(), t.TempDir(), metricstore.Options{Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	at := now.Add(-10 * time.Minute).Unix()
	m := metricstore.Metric{Namespace: "NS", Name: "Bytes"}
	datum := func(minute int, unit string, back bool, values ...float64) metricstore.Datum {
		return metricstore.Datum{Metric: m, Time: (at + int64(minute)*60) * 1000, Unit: unit, Values: values, Backfilled: back}
	}
	if err := store.Put(t.Context(), []metricstore.Datum{
		datum(0, "Seconds", false, 60), datum(0, "Milliseconds", false, 60000), datum(1, "Milliseconds", false, 1, 2, 3), datum(2, "Milliseconds", true, 9), datum(3, "Seconds", false, 7),
	}); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		stat, unit string
		live       bool
		want       string
	}{
		{"Sum", "", false, " 0:60000 60:6 120:9 [Milliseconds Seconds]"},
		{"Sum", "", true, " 0:60000 60:6 [Milliseconds Seconds]"},
		{"Sum", "Seconds", false, " 0:60 180:7 []"},
		{"p50", "Milliseconds", true, " 0:60000 60:2 []"},
		{"Sum", "Bytes", false, " []"},
	}
	for _, tt := range tests {
		s, err := Stored{Points: store, Live: tt.live}.Series(t.Context(), &Stat{Metric: m, Stat: tt.stat, Unit: tt.unit, Period: 60}, at, at+300)
		if err != nil {
			t.Fatal(err)
		}
		for i := range s.Times {
			s.Times[i] -= at
		}
		if got := shownPoints(s) + fmt.Sprint(" ", s.Units); strings.TrimSpace(got) != strings.TrimSpace(tt.want) {
			t.Errorf("%+v: %s", tt, got)
		}
	}
	queries := []Query{{ID: "e1", Expression: "SEARCH('{NS} bytes', 'Sum', 60)", ReturnData: true}, {ID: "e2", Expression: "SEARCH('{Other}', 'Sum', 60)", ReturnData: true}}
	if got, err := Evaluate(t.Context(), Stored{Points: store}, queries, at, at+300); err != nil || len(got) != 1 || got[0].ID != "e1" || len(got[0].Times) != 3 {
		t.Errorf("%v %v", got, err)
	}
	if _, err := (Stored{Points: store}).InsightRule(t.Context(), "r", "Sum", 60, at, at+300); err == nil {
		t.Error("a rule is there")
	}
	if _, err := (Stored{Points: store}).Series(t.Context(), &Stat{Metric: m, Stat: "x", Period: 60}, at, at+300); err == nil {
		t.Error("a statistic is taken")
	}
	have, want := slices.Sorted(slices.Values(unitOrder)), slices.Sorted(slices.Values(metricstore.Units()))
	if !slices.Equal(have, want) {
		t.Errorf("the units %v are not %v", have, want)
	}
}

// failing is a source whose points can't be had.
type failing struct{ known }

var errSource = errors.New("no disk")

func (*failing) Series(context.Context, *Stat, int64, int64) (Series, error) {
	return Series{}, errSource
}

// TestBounds evaluates what is too much, and what is not asked for.
func TestBounds(t *testing.T) {
	source := &known{points: map[string]Series{}}
	eval := func(ctx context.Context, src Source, to int64, queries ...Query) string {
		got, err := Evaluate(ctx, src, queries, 0, to)
		if err != nil {
			return err.Error()
		}
		return fmt.Sprint(len(got))
	}
	shown := func(id, expression string, period int) Query {
		return Query{ID: id, Expression: expression, Period: period, ReturnData: true}
	}
	ctx := t.Context()
	if got := eval(ctx, source, 100_800, shown("e1", "TIME_SERIES(1)", 1)); got != "1" {
		t.Error(got)
	}
	if got := eval(ctx, source, 100_801, shown("e1", "TIME_SERIES(1)", 1)); got != "Error in expression 'e1': The time has 100801 periods: at most 100800 are taken at position 1 (ask for a shorter time or a longer Period)" {
		t.Error(got)
	}
	// Arrays that double.
	queries := []Query{{ID: "m1", Stat: metric("a")}, {ID: "e0", Expression: "[m1, m1]"}}
	for i := 1; i < 20; i++ {
		queries = append(queries, Query{ID: fmt.Sprint("e", i), Expression: fmt.Sprintf("[e%d, e%d]", i-1, i-1), ReturnData: i == 19})
	}
	if got := eval(ctx, source, 60, queries...); got != "Error in expression 'e8': The array has 512 time series: at most 500 are taken at position 1" {
		t.Error(got)
	}
	// Work that adds up.
	queries = []Query{{ID: "e0", Expression: "TIME_SERIES(1)", Period: 1}}
	for i := 1; i < 400; i++ {
		queries = append(queries, Query{ID: fmt.Sprint("e", i), Expression: fmt.Sprintf("e%d + 1", i-1), ReturnData: i == 399})
	}
	if _, err := evaluate(ctx, source, queries, 0, 10, 4500); err == nil || !strings.HasSuffix(err.Error(), "More than 20000000 data points are needed (ask for a shorter time, a longer Period or fewer metrics)") {
		t.Error(err)
	}
	if got, err := evaluate(ctx, source, queries, 0, 10, 10_000); err != nil || len(got) != 1 || got[0].Values[9] != 400 {
		t.Errorf("%v %v", got, err)
	}
	if got := eval(ctx, source, 0, shown("e1", "TIME_SERIES(1)", 1)); got != "1" {
		t.Error(got)
	}
	if got := eval(ctx, &failing{}, 60, Query{ID: "m1", Stat: metric("a")}); got != "0" {
		t.Errorf("what is not shown was read: %s", got)
	}
	if got := eval(ctx, &failing{}, 60, Query{ID: "m1", Stat: metric("a"), ReturnData: true}); got != errSource.Error() {
		t.Error(got)
	}
	done, cancel := context.WithCancel(ctx)
	cancel()
	if got := eval(done, source, 60, Query{ID: "m1", Stat: metric("a"), ReturnData: true}); got != context.Canceled.Error() {
		t.Error(got)
	}
}

// TestWorkEndsInTime asks for arrays whose points are too many: no more come about than are taken, and those of one time series.
func TestWorkEndsInTime(t *testing.T) {
	const many = 400
	elements := strings.TrimSuffix(strings.Repeat("m1,", many), ",")
	for _, expression := range []string{"FILL([" + elements + "], 0)", "[" + elements + "] + e0", "e0 - [" + elements + "]"} {
		queries := []Query{
			{ID: "m1", Stat: &Stat{Metric: metric("a").Metric, Stat: "Sum", Period: 1}},
			{ID: "e0", Expression: "TIME_SERIES(1)", Period: 1},
			{ID: "e1", Expression: expression, ReturnData: true},
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := evaluate(t.Context(), &known{points: map[string]Series{}}, queries, 0, 50_000, 60_000)
		runtime.ReadMemStats(&after)
		if err == nil || !strings.Contains(err.Error(), "data points are needed") {
			t.Errorf("%.20s: %v", expression, err)
		}
		if took := after.TotalAlloc - before.TotalAlloc; took > many*50_000 {
			t.Errorf("%.20s took %d bytes", expression, took)
		}
	}
}

// TestIsRuleMetric tells a metric of a rule as it is from what is made of one.
func TestIsRuleMetric(t *testing.T) {
	const metric = "INSIGHT_RULE_METRIC('a) b', 'Sum')"
	for expression, want := range map[string]bool{
		metric: true, " " + metric + " ": true, "(" + metric + ")": true,
		metric + " * 2": false, "FILL(" + metric + ", 0)": false, "m": false, "": false, "INSIGHT_RULE_METRIC(": false,
	} {
		if got := IsRuleMetric([]Query{{ID: "m", Expression: metric}, {ID: "e", Expression: expression, ReturnData: true}}); got != want {
			t.Errorf("%s: %v", expression, got)
		}
	}
	if IsRuleMetric(nil) || IsRuleMetric([]Query{{ID: "m", Expression: metric}}) {
		t.Error("nothing is returned")
	}
}
