package duckdb

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"weir/flowlog"
	"weir/internal/insights"
	"weir/internal/insights/discover"
	"weir/internal/insights/insightstest"
	"weir/internal/insights/reference"
	"weir/internal/query"
)

// TestInsightsOfLongSQL asks short queries whose SQL would be long or deep, as their names or operands stand in it
// more than once, and whose answers are those of the reference.
func TestInsightsOfLongSQL(t *testing.T) {
	e := hoursEngine(t)
	var doubling strings.Builder
	doubling.WriteString("fields bytes + 0 as a0")
	for i := range 40 {
		fmt.Fprintf(&doubling, " | fields a%d + a%[1]d as a%d", i, i+1)
	}
	nested := "bytes"
	for range 60 {
		nested = "(" + nested + ` = "x")`
	}
	for _, c := range []struct{ name, text, want string }{
		{"names in names", doubling.String() + " | stats sum(a40)", fmt.Sprint(int64(10*300) << 40)},
		{"comparisons of comparisons", "filter " + nested + " | stats count(*)", "0"},
		{"a long sum", "fields " + strings.Repeat("bytes+", 1500) + "1 as a | stats sum(a)", "4500010"},
		{"a long or", "filter " + strings.Repeat("bytes=1 or ", 800) + "bytes=300 | stats count(*)", "10"},
		{"a long and", "filter not (" + strings.Repeat("bytes=300 and ", 600) + "bytes=1) | stats count(*)", "10"},
		{"many columns", "stats count(*) as c0" + manyColumns(300) + " | display c0, c299", "10"},
		{"many filters", strings.Repeat("filter bytes > 1 | ", 500) + "stats count(*)", "10"},
	} {
		in := &InsightsInput{End: 1 << 42, Now: 1 << 42, Lake: []LakeGroup{{Name: "g"}}}
		got, err := e.Insights(t.Context(), readInsights(t, c.text), in, query.Limits{})
		if err != nil {
			t.Errorf("%s: %.500v", c.name, err)
			continue
		}
		if got.Rows[0][0].String() != c.want || got.RecordsMatched != 10 && c.want != "0" {
			t.Errorf("%s: %v of %v records, want %s", c.name, got.Rows, got.RecordsMatched, c.want)
		}
	}
	if _, err := insights.Read("filter "+strings.Repeat("not ", 1000)+"a", insights.CheckOptions{}); err == nil {
		t.Error("1,000 negations in each other are taken")
	}
}

func manyColumns(n int) string {
	var s strings.Builder
	for i := 1; i < n; i++ {
		fmt.Fprintf(&s, ", sum(bytes+%d) as c%d", i, i)
	}
	return s.String()
}

// TestInsightsTextsAreBounded asks for more than the memory may hold, by long messages and by long texts made of them.
func TestInsightsTextsAreBounded(t *testing.T) {
	e := newEventEngine(t)
	w := &insightstest.World{}
	w.Query.End = 1000
	for i := range 100 {
		w.Events = append(w.Events, discover.Event{Group: "/g", Timestamp: int64(i), Message: fmt.Sprint(i, strings.Repeat("x", 2000))})
	}
	for _, c := range []struct {
		text  string
		bytes int64
		ok    bool
	}{
		{"pattern @message", 150_000, false},
		{"pattern @message", 300_000, true},
		{"fields @message | sort @timestamp", 150_000, false},
		{"fields @message | sort @timestamp | limit 55", 150_000, true},
		{"pattern @message", 50_000, false}, // so many have no room, of whatever length
		{"dedup @log", 20_000, true},        // one is read
		{"fields strlen(@message) as l | sort @timestamp asc | dedup @log, l | limit 2", 20_000, true},
		{"sort @message | dedup @log", 20_000, true},
		{"fields @timestamp", 10_000, false}, // of each event its message is read
		{"stats count(*) by @message", 150_000, false},
		{"stats count(*) by @message", 300_000, true},
		{"stats count(*) by concat(@message, @message)", 300_000, false},
		{"stats count(*) by strlen(concat(@message, @message))", 1000, true},
		{"stats count(*), sum(strlen(@message))", 1000, true},
		{"stats count(*) by @message | fields 1 as one | dedup one", 150_000, false},
	} {
		e.eventBytes = c.bytes
		_, err := e.ask(t.Context(), w, readInsights(t, c.text))
		if ok := err == nil; ok != c.ok || !ok && !errors.Is(err, query.ErrLimit) {
			t.Errorf("%s with %d bytes: %v", c.text, c.bytes, err)
		}
	}
}

// TestInsightsCountsAllThatIsRead asks of queries in queries and of other times, which are read too.
func TestInsightsCountsAllThatIsRead(t *testing.T) {
	e := newEventEngine(t)
	w := &insightstest.World{}
	w.Query.Start, w.Query.End = 100, 199
	for i := range 200 {
		w.Events = append(w.Events, discover.Event{Group: "/g", Timestamp: int64(i), Message: "a b"})
	}
	for text, scanned := range map[string]float64{
		"fields @message": 100,
		"filter @message in (SOURCE '/g' | limit 1 | display @message)": 200,
		"pattern @message | diff": 200,
	} {
		got, err := e.ask(t.Context(), w, readInsights(t, text))
		if err != nil || got.RecordsScanned != scanned || got.BytesScanned != 3*scanned {
			t.Errorf("%s: %+v, %v; want %v records", text, got, err, scanned)
		}
	}
}

// TestInsightsNamesOfAnySigns asks for fields whose names would end texts or names of SQL.
func TestInsightsNamesOfAnySigns(t *testing.T) {
	e := newEventEngine(t)
	w := &insightstest.World{Events: []discover.Event{{Group: "/g'\"--", Stream: "';", Message: `{"a":{"b":1},"q'\"(":"x'y","n\nl":2,"a\u001fb":3}`}}}
	w.Query.End = 1000
	for text, want := range map[string]string{
		"stats count(*) as n by `q'\"(` | display `q'\"(`":                               "x'y",
		"stats max(`n\nl`) as `x'\";--` | sort `x'\";--`":                                "2",
		"stats max(`a\x1fb`) as m":                                                       "3",
		"stats max(a.b) as m":                                                            "1",
		"stats max(`c\x1fb`) as m":                                                       "",
		"filter `q'\"(` like \"'\" | stats latest(@log) as l":                            ":/g'\"--",
		"stats count(*) by concat(@logStream, '\\'; DROP TABLE t; --') as c | display c": "';'; DROP TABLE t; --",
	} {
		got, err := e.ask(t.Context(), w, readInsights(t, text))
		if err != nil || len(got.Rows) != 1 || got.Rows[0][0].String() != want {
			t.Errorf("%s: %v, %v; want %s", text, got, err, want)
		}
	}
}

// TestInsightsAgreeOnEdges compares with the reference over times before 1970 and far in the future, and numbers that are
// great, negative, or none.
func TestInsightsAgreeOnEdges(t *testing.T) {
	e := newEventEngine(t)
	w := &insightstest.World{}
	w.Query.Start, w.Query.End = -10_000_000_000_000_000, 1<<60
	for i, ts := range []int64{-1, -59_999, -60_000, -60_001, 0, -86400_000 * 400, 253402300800000, 253402300799999, 8640000000000000, -62135596800000, -62135596800001, -100000000000000} {
		w.Events = append(w.Events, discover.Event{Group: "/g", Timestamp: ts, Message: fmt.Sprintf(`{"n":%d,"big":"9007199254740993","z":"-0","inf":"1e309","f":0.1,"neg":-7,"h":"9223372036854775807"}`, i)})
	}
	for _, text := range []string{
		"stats count(*) by bin(1m) as b", "stats count(*) by bin(1d)", "stats count(*) by datefloor(@timestamp, 1h)", "stats min(@timestamp), max(@timestamp) by bin(500ms) as b | sort b",
		"fields @timestamp, n | filter @timestamp < 0 | sort @timestamp", "stats count(*) by concat(@timestamp, '') as a", "filter @timestamp like /9/ | stats count(*)",
		"stats sum(big), avg(big), max(big), min(h), sum(h), avg(h), stddev(h), pct(h, 50) ", "stats sum(inf), avg(z), max(z), min(-z)", "stats count(*) by -z as a", "stats count(*) by 0*neg as a", "stats sum(neg % 3), sum(neg/0), sum(neg/2), sum(neg % 0), sum(neg^0.5), sum(neg % -3)",
		"stats sum(f), avg(f), variance(f)", "filter big = 9007199254740992 | stats count(*)", "filter h > big | stats count(*)", "stats count_distinct(big), count_distinct(z)", "stats sum(h*h*h) by h*1e300*1e300 as x", "stats count(*) by bin(1w), bin(3mo) | limit 3", "stats sum(n) as s by floor(n/5) as g | filter s > 10 | sort s desc", "fields n | sort n desc | limit 3", "stats latest(n), earliest(n)", "stats count(*) by bin(1m) as b | sort b desc | limit 2",
	} {
		q := readInsights(t, text)
		got, err := e.ask(t.Context(), w, q)
		want, werr := reference.Run(t.Context(), q, w.Env())
		if err != nil || werr != nil {
			t.Errorf("%s: %v; reference %v", text, err, werr)
			continue
		}
		if err := sameResult(want, got); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// TestInsightsSumsAreRoundedOnce adds numbers of records of which doubles hold no sum.
func TestInsightsSumsAreRoundedOnce(t *testing.T) {
	l := newLake(t, nil)
	f := flowlog.DefaultFormat(flowlog.KindVPC)
	var lines []string
	for _, bytes := range []int64{1 << 60, 1, 1, 1, 0, 255, 0, 1 << 60} {
		lines = append(lines, fmt.Sprintf("2 123456789012 eni-1 10.0.0.1 10.0.0.2 1 2 6 1 %d %d %d ACCEPT OK", bytes, testSlot.Unix(), testSlot.Unix()))
	}
	takeObject(t, l, "/objects/1", "fl-1", f, lines)
	e, err := Open(t.Context(), l, Options{TempDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	sum := float64(int64(2<<60 + 258))
	for text, want := range map[string]float64{
		"stats sum(bytes)": sum, "stats avg(bytes)": sum / 8, "stats sum(bytes), values(action)": sum, "stats avg(bytes), values(action)": sum / 8,
	} {
		in := &InsightsInput{End: 1 << 42, Now: 1 << 42, Lake: []LakeGroup{{Name: "g"}}}
		got, err := e.Insights(t.Context(), readInsights(t, text), in, query.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if f, _ := got.Rows[0][0].Number(); f != want {
			t.Errorf("%s: %s, want %v", text, got.Rows[0][0], want)
		}
	}
}
