package app

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/flowlog"
	"weir/internal/insights"
	"weir/internal/logstore"
	"weir/internal/sharedtest"
)

// sameRowsQueries are asked of the same records, however they came. The first is the one by which the user
// tells whether a NAT gateway was reached from outside: inner destinations, public sources, bytes.
var sameRowsQueries = []string{
	`filter isIpv4InSubnet(dstAddr, "10.0.0.0/8") and isPublicIP(srcAddr) | stats sum(bytes) as bytesTransferred by srcAddr, dstAddr | sort bytesTransferred desc, srcAddr, dstAddr | limit 50`,
	`filter (dstAddr like '10.' and srcAddr not like '10.') | stats sum(bytes) as bytesTransferred by srcAddr, dstAddr | sort bytesTransferred desc, srcAddr, dstAddr | limit 10`,
	`stats count(*) as n, sum(bytes) as b, avg(packets) as p by action, bin(1h) as t | sort t, action`,
	`fields @timestamp, @message, @logStream, @log | sort @timestamp desc, @message | limit 40`,
	`filter dstPort in [22, "3389"] and protocol = 6 | stats count_distinct(srcAddr) as sources, pct(bytes, 90) as p90 by dstPort | sort dstPort`,
	`parse @message "* * * * * * * * * * *" as v, account, eni, src, dst, sp, dp, proto, pk, b, rest | stats sum(b) as bytes by eni | sort bytes desc, eni | limit 20`,
	`fields srcAddr, srcPort, tcpFlags, flowDirection, trafficPath | filter ispresent(trafficPath) | sort @timestamp, srcAddr, srcPort, @message | limit 30`,
	`dedup srcAddr, dstAddr | limit 25`,
}

// TestSameRows asks the same records, once opened as a bucket's objects and once put as log events, and these
// as they lie in the tail, in files, and in both.
func TestSameRows(t *testing.T) {
	from := sharedtest.Path(t, "data", "flowlogs", "derived-flowlogs", "AWSLogs")
	dir := t.TempDir()
	format, objects := deliveredLines(t, from)
	names := slices.Sorted(maps.Keys(objects))[:70]
	for _, name := range names {
		copyBelow(t, from, dir, name)
	}
	lake := openFolder(t, filepath.Join(t.TempDir(), "data"), OpenRequest{Sources: []string{dir}, LogGroup: "/vpc"})
	f, err := flowlog.ParseLogFormat(format)
	if err != nil {
		t.Fatal(err)
	}
	s, err := OpenLocal(t.Context(), LocalOptions{Data: filepath.Join(t.TempDir(), "data")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	if err := s.ChangeLogGroup(t.Context(), LogGroupChange{Name: "/vpc", Create: true, SetFormat: true, Format: format}); err != nil {
		t.Fatal(err)
	}
	store, err := s.logStore(t.Context(), true)
	if err != nil {
		t.Fatal(err)
	}
	eni := slices.Index(f.Names(), "interface-id")
	streams := map[string]bool{}
	put := func(names []string) {
		for _, name := range names {
			byStream := map[string][]logstore.InputEvent{}
			for _, line := range objects[name] {
				stream := strings.Fields(line)[eni] + "-all"
				byStream[stream] = append(byStream[stream], logstore.InputEvent{Timestamp: startOf(t, f, line), Message: []byte(line)})
			}
			for stream, events := range byStream {
				if !streams[stream] {
					streams[stream] = true
					if err := store.CreateStream(t.Context(), "/vpc", stream); err != nil {
						t.Fatal(err)
					}
				}
				slices.SortStableFunc(events, func(a, b logstore.InputEvent) int { return int(a.Timestamp - b.Timestamp) })
				now := time.UnixMilli(events[len(events)-1].Timestamp).Add(time.Minute)
				if r, err := store.Put(t.Context(), "/vpc", stream, events, now); err != nil || r != (logstore.Rejected{}) {
					t.Fatalf("%+v, %v", r, err)
				}
			}
		}
	}
	compare := func(state string) {
		t.Helper()
		for _, text := range sameRowsQueries {
			want, got := allRows(t, lake, text), allRows(t, s, text)
			if len(want) == 0 {
				t.Errorf("%s finds nothing", text)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s: %s (-opened +put):\n%.2000s", state, text, diff)
			}
		}
	}
	put(names[:40])
	if err := store.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	put(names[40:])
	compare("in files and the tail")
	if err := store.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	compare("in files")
}

// copyBelow copies the file of a name from somewhere below a folder.
func copyBelow(t *testing.T, from, to, name string) {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(from, "*", "*", "*", "*", "*", "*", name))
	if err != nil || len(found) != 1 {
		t.Fatalf("%s: %v, %v", name, found, err)
	}
	content, err := os.ReadFile(found[0])
	if err == nil {
		err = os.WriteFile(filepath.Join(to, name), content, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// allRows returns the rows of a query over the group /vpc as text. Events have pointers, each its own.
func allRows(t *testing.T, s *Local, text string) []string {
	t.Helper()
	r, err := s.LogsQuery(t.Context(), LogsQuery{Text: text, Groups: []string{"/vpc"}, Start: 0, End: time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli()})
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	seen := map[string]bool{"": true}
	for _, ptr := range r.Ptrs {
		if seen[ptr] {
			t.Errorf("%s: two events, or none, have the pointer %q", text, ptr)
		}
		seen[ptr] = true
	}
	return rowsOf(r)
}

// rowsOf returns rows as text: each cell that is there.
func rowsOf(r *insights.Result) []string {
	var out []string
	for _, row := range r.Rows {
		var b strings.Builder
		for j, v := range row {
			if text, ok := v.Text(); ok {
				fmt.Fprintf(&b, "%s=%s ", r.Columns[j], text)
			}
		}
		out = append(out, b.String())
	}
	return out
}

// TestDiffReadsBefore compares patterns with those of the day before, of events that are put: those before the
// query's time are read too.
func TestDiffReadsBefore(t *testing.T) {
	now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	s, err := OpenLocal(t.Context(), LocalOptions{Data: filepath.Join(t.TempDir(), "data"), Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	newLogGroup(t, s, LogGroupChange{Name: "/vpc"})
	store, err := s.logStore(t.Context(), true)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range []struct {
		at      time.Time
		message string
	}{
		{now.Add(-24 * time.Hour), "login of alice failed"},
		{now.Add(-24*time.Hour + time.Second), "login of alice failed"},
		{now.Add(-time.Second), "login of alice failed"},
	} {
		if _, err := store.Put(t.Context(), "/vpc", "s", []logstore.InputEvent{{Timestamp: e.at.UnixMilli(), Message: []byte(e.message)}}, now); err != nil {
			t.Fatal(err)
		}
		if err := store.Flush(t.Context()); err != nil { // each in a file
			t.Fatal(err)
		}
	}
	r, err := s.LogsQuery(t.Context(), LogsQuery{
		Text: "pattern @message | diff previousDay", Groups: []string{"/vpc"}, Start: now.Add(-time.Minute).UnixMilli(), End: now.Add(time.Minute).UnixMilli(),
	})
	if err != nil {
		t.Fatal(err)
	}
	rows := rowsOf(r)
	if len(rows) != 1 || !strings.Contains(rows[0], "@sampleCount=1 @baselineSampleCount=2 ") {
		t.Errorf("rows are %v", rows)
	}
}

// TestLogsQueryOfEmptyGroup asks a log group without events for some of them.
func TestLogsQueryOfEmptyGroup(t *testing.T) {
	a, _ := newAlerted(t, watchedDay)
	a.call("logs", "CreateLogGroup", `{"logGroupName":"empty"}`, "")
	for _, text := range []string{"filter @message like /E/ | limit 2", "filter @message like /E/ | sort nothing | limit 2", "filter @message like /E/ | dedup nothing | limit 2"} {
		r, err := a.s.LogsQuery(t.Context(), LogsQuery{Text: text, Groups: []string{"empty"}, End: watchedDay.UnixMilli()})
		if err != nil || len(r.Rows) > 0 {
			t.Errorf("%s: %v, %v", text, r, err)
		}
	}
}
