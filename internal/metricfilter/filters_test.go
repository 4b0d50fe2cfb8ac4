package metricfilter

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/internal/filterpattern"
	"weir/internal/metricstore"
	"weir/internal/sharedtest"
)

const minute0 = int64(1_700_000_000 / 60)

// ms is a time of a minute behind minute0, in milliseconds.
func ms(minute, second int64) int64 { return (minute0+minute)*minuteMillis + second*1000 }

func filterOf(name, pattern, value string) Filter {
	return Filter{Name: name, Pattern: pattern, Transformation: filterpattern.Transformation{MetricName: name, MetricNamespace: "N", MetricValue: value}}
}

func compile(t testing.TB, state State, filters ...Filter) *Filters {
	t.Helper()
	f, err := New(filters, state)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// shown prints data: metric, minute, dimensions, values and how often each came.
func shown(data []metricstore.Datum) []string {
	out := []string{}
	for _, d := range data {
		words := []string{d.Name, fmt.Sprint(d.Time/minuteMillis - minute0)}
		for _, dim := range d.Dimensions {
			words = append(words, dim.Name+"="+dim.Value)
		}
		for i, v := range d.Values {
			words = append(words, fmt.Sprintf("%gx%g", d.Counts[i], v))
		}
		if d.Unit != "" {
			words = append(words, d.Unit)
		}
		if d.Backfilled {
			words = append(words, "backfilled")
		}
		out = append(out, strings.Join(words, " "))
	}
	return out
}

const flowPattern = `[version, account, eni, source, destination, srcport, destport, protocol, packets, bytes, windowstart, windowend, action, flowlogstatus]`

func flow(eni string, dstport, bytes int, action string) string {
	return fmt.Sprintf("2 123456789012 %s 10.0.0.1 10.0.0.2 50000 %d 6 1 %d 1700000000 1700000059 %s OK", eni, dstport, bytes, action)
}

type event struct {
	at         int64
	message    string
	backfilled bool
}

// TestFilters has the examples of AWS's guide, and what decision 0043 says of values and default values.
func TestFilters(t *testing.T) {
	with := func(f Filter, change func(*filterpattern.Transformation)) Filter {
		change(&f.Transformation)
		return f
	}
	dimensions := map[string]string{"Interface": "$eni", "Action": "$action"}
	tests := []struct {
		name    string
		filters []Filter
		events  []event
		due     int64 // a time, in milliseconds; 0: not asked
		idle    bool
		want    []string
	}{
		{
			"matches of a minute are counted",
			[]Filter{filterOf("errors", "ERROR", "1")},
			[]event{{ms(0, 1), "ERROR a", false}, {ms(0, 59), "ERROR b", false}, {ms(1, 0), "ERROR", false}, {ms(1, 1), "fine", false}},
			0, false,
			[]string{"errors 0 2x1", "errors 1 1x1"},
		},
		{ // mf-1: two records a minute, both match in the first, none in the second
			"a default value",
			[]Filter{with(filterOf("n", "ERROR", "1"), func(t *filterpattern.Transformation) { t.DefaultValue = new(float64(0)) })},
			[]event{{ms(0, 1), "ERROR", false}, {ms(0, 2), "ERROR", false}, {ms(1, 1), "fine", false}, {ms(1, 2), "fine", false}},
			ms(2, 0), false,
			[]string{"n 0 2x1", "n 1 1x0"},
		},
		{
			"a default value comes when the minute is over",
			[]Filter{with(filterOf("n", "ERROR", "1"), func(t *filterpattern.Transformation) { t.DefaultValue = new(float64(7)) })},
			[]event{{ms(1, 1), "fine", false}},
			ms(2, 0) - 1, false,
			[]string{},
		},
		{
			"backfilled minutes are over once nothing comes",
			[]Filter{with(filterOf("n", "ERROR", "1"), func(t *filterpattern.Transformation) { t.DefaultValue = new(float64(7)) })},
			[]event{{ms(1, 1), "fine", true}, {ms(1, 1), "fine", false}},
			ms(2, 0), true,
			[]string{"n 1 1x7", "n 1 1x7 backfilled"},
		},
		{
			"no events, no default value",
			[]Filter{with(filterOf("n", "ERROR", "1"), func(t *filterpattern.Transformation) { t.DefaultValue = new(float64(0)) })},
			nil, ms(9, 0), true,
			[]string{},
		},
		{
			"a match whose value is no number publishes nothing",
			[]Filter{with(filterOf("n", flowPattern, "$action"), func(t *filterpattern.Transformation) { t.DefaultValue = new(float64(0)) })},
			[]event{{ms(0, 1), flow("eni-1", 22, 40, "REJECT"), false}, {ms(0, 2), "fine", false}},
			ms(1, 0), false,
			[]string{},
		},
		{ // mf-2
			"a selector",
			[]Filter{filterOf("latency", "{ $.latency = * }", "$.latency")},
			[]event{{ms(0, 0), `{"latency": 50, "requestType": "GET"}`, false}},
			0, false,
			[]string{"latency 0 1x50"},
		},
		{
			"values keep their counts",
			[]Filter{filterOf("bytes", flowPattern, "$bytes")},
			[]event{{ms(0, 0), flow("e", 1, 40, "ACCEPT"), false}, {ms(0, 0), flow("e", 1, 60, "ACCEPT"), false}, {ms(0, 0), flow("e", 1, 40, "ACCEPT"), false}},
			0, false,
			[]string{"bytes 0 2x40 1x60"},
		},
		{
			"dimensions",
			[]Filter{with(filterOf("n", flowPattern, "1"), func(t *filterpattern.Transformation) { t.Dimensions, t.Unit = dimensions, "Count" })},
			[]event{{ms(0, 0), flow("eni-1", 1, 1, "ACCEPT"), false}, {ms(0, 0), flow("eni-2", 1, 1, "ACCEPT"), false}, {ms(0, 1), flow("eni-1", 1, 1, "ACCEPT"), false}},
			0, false,
			[]string{"n 0 Action=ACCEPT Interface=eni-1 2x1 Count", "n 0 Action=ACCEPT Interface=eni-2 1x1 Count"},
		},
		{
			"the unit None is none",
			[]Filter{with(filterOf("n", "", "1"), func(t *filterpattern.Transformation) { t.Unit = "None" })},
			[]event{{-1, "before the epoch", false}},
			0, false,
			[]string{fmt.Sprintf("n %d 1x1", -1-minute0)},
		},
		{
			"a value beyond CloudWatch's",
			[]Filter{filterOf("n", "[v]", "$v")},
			[]event{{ms(0, 0), "1e300", false}, {ms(0, 0), "-1e108", false}},
			0, false,
			[]string{"n 0 1x-1e+108"},
		},
		{
			"a dimension without a value",
			[]Filter{with(filterOf("n", "[a, b]", "1"), func(t *filterpattern.Transformation) { t.Dimensions = map[string]string{"A": "$a"} })},
			[]event{{ms(0, 0), `"" x`, false}, {ms(0, 0), strings.Repeat("a", 1025) + " x", false}, {ms(0, 0), "a\x00b x", false}, {ms(0, 0), "a\xff x", false}, {ms(0, 0), "a x", false}},
			0, false,
			[]string{"n 0 A=a 1x1"},
		},
		{
			"a filter that is disabled",
			[]Filter{{Name: "off", Transformation: filterOf("off", "", "1").Transformation, Disabled: true}, filterOf("on", "", "1")},
			[]event{{ms(0, 0), "x", false}},
			0, false,
			[]string{"on 0 1x1"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := compile(t, nil, tt.filters...)
			for _, e := range tt.events {
				f.Add(e.at, e.message, e.backfilled)
			}
			if tt.due != 0 {
				f.Due(tt.due, tt.idle)
			}
			if diff := cmp.Diff(tt.want, shown(f.Take())); diff != "" {
				t.Error(diff)
			}
			if again := f.Take(); len(again) != 0 {
				t.Errorf("taken twice: %v", shown(again))
			}
		})
	}
}

// TestVectors holds the filters against the examples that were written down from AWS's guide.
func TestVectors(t *testing.T) {
	text, err := os.ReadFile(sharedtest.Path(t, "data", "vectors", "metric_filter_emission.json"))
	if err != nil {
		t.Fatal(err)
	}
	var vectors []struct {
		ID, Pattern, MetricValue string
		Event                    json.RawMessage
		ExpectValue              *float64 `json:"expect_value"`
	}
	if err := json.Unmarshal(text, &vectors); err != nil {
		t.Fatal(err)
	}
	tried := 0
	for _, v := range vectors {
		if v.ExpectValue == nil {
			continue // prose: mf-1 is a row of TestFilters, mf-5 is of PutMetricFilter
		}
		f := compile(t, nil, filterOf(v.ID, v.Pattern, v.MetricValue))
		f.Add(ms(0, 0), string(v.Event), false)
		if got := f.Take(); len(got) != 1 || !slices.Equal(got[0].Values, []float64{*v.ExpectValue}) {
			t.Errorf("%s: %v, want %g", v.ID, shown(got), *v.ExpectValue)
		}
		tried++
	}
	if tried == 0 {
		t.Error("no vector was tried")
	}
}

// TestOrderAndRestarts gives the same events in any order, with restarts between, and finds the same data.
func TestOrderAndRestarts(t *testing.T) {
	withDefault := filterOf("ssh", strings.Replace(flowPattern, "destport", "destport=22", 1), "1")
	withDefault.Transformation.DefaultValue = new(float64(5))
	byInterface := filterOf("bytes", flowPattern, "$bytes")
	byInterface.Transformation.Dimensions = map[string]string{"I": "$eni"}
	filters := []Filter{withDefault, byInterface}
	var events []event
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		events = append(events, event{ms(rnd.Int64N(40)*2, rnd.Int64N(60)), flow(fmt.Sprint("eni-", rnd.IntN(5)), []int{22, 80, 443, 443}[rnd.IntN(4)], rnd.IntN(9), "ACCEPT"), rnd.IntN(3) == 0})
	}
	const end = 80
	run := func(restarts bool) map[string]float64 {
		f := compile(t, nil, filters...)
		sums := map[string]float64{}
		take := func() {
			for _, d := range f.Take() {
				for i, v := range d.Values {
					sums[fmt.Sprintf("%s %d %v %g %t", d.Name, d.Time, d.Dimensions, v, d.Backfilled)] += d.Counts[i]
				}
			}
		}
		for _, e := range events {
			f.Add(e.at, e.message, e.backfilled)
			if restarts && rnd.IntN(100) == 0 {
				take()
				text, err := json.Marshal(f.State())
				if err != nil {
					t.Fatal(err)
				}
				var state State
				if err := json.Unmarshal(text, &state); err != nil {
					t.Fatal(err)
				}
				f = compile(t, state, filters...)
			}
		}
		f.Due(ms(end, 0), true)
		take()
		if got := f.State()["ssh"][0].Open; got != nil {
			t.Errorf("minutes are open: %v", got)
		}
		return sums
	}
	want := run(false)
	for range 5 {
		rnd.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
		if diff := cmp.Diff(want, run(true)); diff != "" {
			t.Fatal(diff)
		}
	}
}

// TestDefaultOnce publishes a default value once for a minute, whatever comes later.
func TestDefaultOnce(t *testing.T) {
	withDefault := filterOf("n", "ERROR", "1")
	withDefault.Transformation.DefaultValue = new(float64(0))
	f := compile(t, nil, withDefault)
	f.Add(ms(0, 1), "fine", false)
	f.Due(ms(1, 0), false)
	f.Add(ms(0, 2), "fine, and late", false)
	f.Due(ms(2, 0), false)
	f.Add(ms(0, 3), "ERROR, and late", false)
	f.Due(ms(3, 0), false)
	if diff := cmp.Diff([]string{"n 0 1x0 1x1"}, shown(f.Take())); diff != "" {
		t.Error(diff)
	}
}

// TestTooManyDimensionValues disables a filter that makes more values than there may be in an hour.
func TestTooManyDimensionValues(t *testing.T) {
	wide := filterOf("wide", "[a, b]", "1")
	wide.Transformation.Dimensions = map[string]string{"A": "$a"}
	f := compile(t, nil, wide, filterOf("all", "", "1"))
	for i := range MostDimensionValues {
		f.Add(ms(0, 0), fmt.Sprint(i, " x"), false)
		f.Add(ms(60, 0), fmt.Sprint(-i, " x"), false) // another hour
	}
	f.Add(ms(0, 0), "0 x", false)
	if got := f.Disabled(); got != nil {
		t.Fatalf("%v are disabled", got)
	}
	f.Add(ms(0, 0), "another x", false)
	f.Add(ms(0, 0), "0 x", false)
	if got := f.Disabled(); !slices.Equal(got, []string{"wide"}) {
		t.Fatalf("%v are disabled, want wide", got)
	}
	counts := map[string]float64{}
	for _, d := range f.Take() {
		counts[d.Name] += d.Counts[0]
	}
	if diff := cmp.Diff(map[string]float64{"wide": 2*MostDimensionValues + 1, "all": 2*MostDimensionValues + 3}, counts); diff != "" {
		t.Error(diff)
	}
	for hour := range int64(40) { // hours are forgotten
		f.Add(ms(60*hour, 0), "a b", false)
	}
	if n := len(f.filters[0].pairs); n > mostHours {
		t.Errorf("%d hours are remembered", n)
	}
}

func TestNewRefuses(t *testing.T) {
	large := filterOf("large default", "x", "1")
	large.Transformation.DefaultValue = new(-1e200)
	for _, f := range []Filter{filterOf("bad pattern", "[", "1"), filterOf("bad value", "x", "$a"), filterOf("large", "x", "1e200"), large} {
		if _, err := New([]Filter{f}, nil); err == nil || !strings.Contains(err.Error(), f.Name) {
			t.Errorf("%s: %v", f.Name, err)
		}
	}
}

// TestRanges holds ranges against a set.
func TestRanges(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 6))
	for range 200 {
		var m Minutes
		done, open := map[int64]bool{}, map[int64]bool{}
		for range rnd.IntN(120) {
			n := rnd.Int64N(60)
			if rnd.IntN(3) == 0 {
				m.answered(n)
				done[n] = true
			} else {
				m.came(n)
				open[n] = true
			}
		}
		until := rnd.Int64N(60)
		got := m.due(until)
		var want []int64
		for n := range int64(60) {
			if open[n] && !done[n] && n <= until {
				want = append(want, n)
				done[n] = true
			}
			if m.Done.has(n) != done[n] {
				t.Fatalf("%d: %t", n, done[n])
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("due are %v, want %v", got, want)
		}
		for i, r := range m.Done {
			if r[0] >= r[1] || i > 0 && m.Done[i-1][1] >= r[0] {
				t.Fatalf("ranges %v", m.Done)
			}
		}
		if len(m.due(until)) != 0 {
			t.Fatal("due twice")
		}
	}
	var far ranges
	for n := range int64(3 * mostRanges) {
		far.add(2 * n)
	}
	if len(far) != mostRanges || !far.has(2*(3*mostRanges-1)) || far.has(0) {
		t.Errorf("%d ranges", len(far))
	}
}

// BenchmarkFilters evaluates 50 filters on flow log records, of which few match.
func BenchmarkFilters(b *testing.B) {
	var filters []Filter
	for i := range 50 {
		f := filterOf(fmt.Sprint("f", i), fmt.Sprintf(`[version, account, eni, source, destination, srcport, destport=%d, protocol=6, packets, bytes, windowstart, windowend, action=REJECT, flowlogstatus]`, 20+i), "1")
		if i%5 == 0 {
			f.Pattern = fmt.Sprintf(`[..., srcport, destport, protocol, packets, bytes > %d, start, end, action=REJECT, status]`, 100_000+i)
		}
		if i%10 == 1 {
			f.Transformation.DefaultValue = new(float64(0))
		}
		filters = append(filters, f)
	}
	f := compile(b, nil, filters...)
	var lines []string
	rnd := rand.New(rand.NewPCG(1, 1))
	for range 1000 {
		lines = append(lines, flow(fmt.Sprint("eni-0123456789abcdef", rnd.IntN(50)), rnd.IntN(2000), rnd.IntN(90_000), []string{"ACCEPT", "ACCEPT", "ACCEPT", "REJECT"}[rnd.IntN(4)]))
	}
	n := 0
	for b.Loop() {
		f.Add(ms(int64(n/20_000), 0), lines[n%len(lines)], false)
		n++
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "events/s")
}

// BenchmarkFiltersJSON is BenchmarkFilters for events that are JSON.
func BenchmarkFiltersJSON(b *testing.B) {
	var filters []Filter
	for i := range 50 {
		filters = append(filters, filterOf(fmt.Sprint("f", i), fmt.Sprintf(`{ $.dstport = %d && $.action = "REJECT" }`, 20+i), "$.bytes"))
	}
	f := compile(b, nil, filters...)
	n := 0
	for b.Loop() {
		f.Add(ms(0, 0), `{"version":2,"account":"123456789012","eni":"eni-0123456789abcdef0","src":"10.0.0.1","dst":"10.0.0.2","srcport":50000,"dstport":443,"bytes":1234,"action":"REJECT"}`, false)
		n++
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "events/s")
}
