package duckdb

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"testing"

	"weir/flowlog"
	"weir/internal/insights"
	"weir/internal/insights/discover"
	"weir/internal/lake"
	"weir/internal/query"
)

// hourLine returns a record of the n-th hour and an interface.
func hourLine(hour int, iface string) string {
	start := testSlot.Unix() + int64(hour)*3600 + 60
	return fmt.Sprintf("2 123456789012 %s 10.0.0.1 10.0.0.2 40000 443 6 3 300 %d %d ACCEPT OK", iface, start, start+30)
}

// hoursEngine returns an engine over a lake of five hours, in which interfaces have an hour each, but eni-all.
func hoursEngine(t *testing.T) *Engine {
	t.Helper()
	l := newLake(t, nil)
	f := flowlog.DefaultFormat(flowlog.KindVPC)
	for hour := range 5 {
		text := f.Header() + "\n" + hourLine(hour, fmt.Sprint("eni-", hour)) + "\n" + hourLine(hour, "eni-all") + "\n"
		im, err := l.Begin(lake.ImportOptions{})
		if err != nil {
			t.Fatal(err)
		}
		ref := lake.ObjectRef{Source: "/objects", URL: fmt.Sprint("/objects/", hour), FlowLogID: "fl-1"}
		w, _, err := im.Start(t.Context(), ref, lake.Look{}, sha256.Sum256([]byte(text)))
		if err != nil {
			t.Fatal(err)
		}
		d, err := flowlog.NewDecoder(strings.NewReader(text), flowlog.Options{})
		if err != nil {
			t.Fatal(err)
		}
		b, err := d.Next()
		if err != nil {
			t.Fatal(err)
		}
		ref.Complete(b)
		if err := errors.Join(w.Write(t.Context(), b), w.Finish(t.Context(), lake.Result{State: lake.Taken, Stats: d.Stats()}), im.Close(t.Context())); err != nil {
			t.Fatal(err)
		}
	}
	e, err := Open(t.Context(), l, Options{TempDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return e
}

func readInsights(t *testing.T, text string) *insights.Query {
	t.Helper()
	q, err := insights.Read(text, insights.CheckOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// TestInsightsPassFilesOver asks how many records lie in the files that are read: two an hour.
func TestInsightsPassFilesOver(t *testing.T) {
	e := hoursEngine(t)
	hour := func(n int) int64 { return (testSlot.Unix() + int64(n)*3600) * 1000 }
	for _, c := range []struct {
		name, text       string
		start, end       int64
		scanned, matched float64
	}{
		{"all", "stats count(*)", 0, 1 << 42, 10, 10},
		{"a time range", "stats sum(bytes)", hour(1), hour(3) - 1, 4, 4},
		{"a time range, events", "fields srcAddr", hour(1), hour(3) - 1, 4, 4},
		{"no record of the time", "stats count(*)", hour(7), hour(8), 0, 0},
		{"an interface", `filter interfaceId = "eni-0" | stats sum(bytes)`, 0, 1 << 42, 2, 1},
		{"an interface that all have", `filter interfaceId = "eni-all" | stats sum(bytes)`, 0, 1 << 42, 10, 5},
		{"a number", "filter bytes > 1000 | stats count(*)", 0, 1 << 42, 0, 0},
		{"what is true everywhere", "filter 1 = 1 | stats count(*)", 0, 1 << 42, 10, 10},
		{"a network", `filter isIpv4InSubnet(srcAddr, "10.1.0.0/16") | stats count(*)`, 0, 1 << 42, 0, 0},
	} {
		in := &InsightsInput{Start: c.start, End: c.end, Now: c.end, Lake: []LakeGroup{{Name: "g"}}}
		got, err := e.Insights(t.Context(), readInsights(t, c.text), in, query.Limits{})
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if got.RecordsScanned != c.scanned || got.RecordsMatched != c.matched {
			t.Errorf("%s: %v records scanned and %v matched, want %v and %v", c.name, got.RecordsScanned, got.RecordsMatched, c.scanned, c.matched)
		}
	}
}

// TestInsightsEventsOfRecords looks at what an event is that is a record of the lake.
func TestInsightsEventsOfRecords(t *testing.T) {
	e := hoursEngine(t)
	in := &InsightsInput{
		End: 1 << 42, Now: 1 << 42, Lake: []LakeGroup{{Name: "g", Account: "1", FlowLogs: []string{"fl-1"}}},
		Ptr: func(e *discover.Event, ordinal int64) string { return fmt.Sprint(e.Group, " ", e.Stream, " ", ordinal) },
	}
	got, err := e.Insights(t.Context(), readInsights(t, "fields @timestamp, @message, @log, @logStream, weirPair, weirRejectRule | sort @timestamp desc, @logStream | limit 1"), in, query.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	want := "[2026-03-02 01:21:00.000 " + hourLine(4, "eni-4") + " 1:g eni-4-all unknown ]"
	want = strings.Replace(want, "2026-03-02 01:21:00.000", got.Rows[0][0].String(), 1)
	if text := fmt.Sprint(got.Rows[0]); text != want || got.Ptrs[0] != "g eni-4-all 0" {
		t.Errorf("%s, %q; want %s", text, got.Ptrs, want)
	}
	if ms, _ := got.Rows[0][0].Millis(); ms != (testSlot.Unix()+4*3600+60)*1000 {
		t.Errorf("its time is %d", ms)
	}
	in.Lake[0].FlowLogs = []string{"fl-2"}
	if got, err = e.Insights(t.Context(), readInsights(t, "stats count(*)"), in, query.Limits{}); err != nil || got.Rows[0][0].String() != "0" {
		t.Errorf("another flow log has %v, %v", got.Rows, err)
	}
}

// TestInsightsLimits ends queries.
func TestInsightsLimits(t *testing.T) {
	e := hoursEngine(t)
	in := &InsightsInput{End: 1 << 42, Now: 1 << 42, Lake: []LakeGroup{{Name: "g"}}}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for name, ask := range map[string]func() error{
		"bytes": func() error {
			_, err := e.Insights(t.Context(), readInsights(t, "stats sum(bytes) by srcAddr"), in, query.Limits{MaxBytes: 1})
			return err
		},
		"rows": func() error {
			_, err := e.Insights(t.Context(), readInsights(t, "fields srcAddr"), in, query.Limits{MaxRows: 2})
			return err
		},
		"time": func() error {
			_, err := e.Insights(t.Context(), readInsights(t, "fields srcAddr"), in, query.Limits{Timeout: 1})
			return err
		},
	} {
		if err := ask(); !errors.Is(err, query.ErrLimit) {
			t.Errorf("%s: %v, want ErrLimit", name, err)
		}
	}
	if _, err := e.Insights(ended, readInsights(t, "fields srcAddr"), in, query.Limits{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// TestInsightsTextsStayTexts asks for texts that would be SQL if they were not quoted.
func TestInsightsTextsStayTexts(t *testing.T) {
	e := hoursEngine(t)
	in := &InsightsInput{End: 1 << 42, Now: 1 << 42, Lake: []LakeGroup{{Name: "g' OR '1", Account: "1", FlowLogs: []string{"fl-1", "x') OR ('1' = '1"}}}}
	for _, text := range []string{"' OR '1' = '1", `"`, "--", "/*", "';SELECT 1;'", "\\'", "$1", "?", "ü"} {
		q := readInsights(t, "filter srcAddr = "+(&insights.String{Value: text}).String()+" or srcAddr like "+(&insights.String{Value: text}).String()+" | stats count(*)")
		got, err := e.Insights(t.Context(), q, in, query.Limits{})
		if err != nil || got.Rows[0][0].String() != "0" {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
	got, err := e.Insights(t.Context(), readInsights(t, "stats count(*) by @log"), in, query.Limits{})
	if err != nil || fmt.Sprint(got.Rows) != "[[1:g' OR '1 10]]" {
		t.Errorf("%v, %v", got, err)
	}
}

// TestInsightsFunctionsAreTheirOwn refuses in SQL what only Insights queries call.
func TestInsightsFunctionsAreTheirOwn(t *testing.T) {
	e := hoursEngine(t)
	if _, err := e.RunSQL(t.Context(), "SELECT weir_insights_number(srcaddr) FROM vpc_flow_logs", query.Scope{}, query.Limits{}); err == nil {
		t.Error("it was called")
	}
}
