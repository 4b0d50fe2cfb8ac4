package app

import (
	"bufio"
	"compress/gzip"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	_ "github.com/duckdb/duckdb-go/v2" // reads files of events as a peer
	"github.com/google/go-cmp/cmp"

	"weir/flowlog"
	"weir/internal/intake"
	"weir/internal/logstore"
	"weir/internal/sharedtest"
	"weir/internal/source"
)

// newEventStore opens a lake and a store of log events in one data directory.
func newEventStore(t *testing.T) (*Local, *logstore.Store) {
	t.Helper()
	data := filepath.Join(t.TempDir(), "data")
	s, err := OpenLocal(t.Context(), LocalOptions{Data: data})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	store, err := logstore.Open(t.Context(), data, logstore.Options{FlushAge: -1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	return s, store
}

// answers returns the rows of SQL as text.
func answers(t *testing.T, s *Local, text string) []string {
	t.Helper()
	rows, err := s.Query(t.Context(), SQLRequest{SQL: text})
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var out []string
	for {
		row, err := rows.Next()
		if err == io.EOF {
			slices.Sort(out)
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, fmt.Sprint(row))
	}
}

// deliveredLines returns the format and the records of the text objects below a folder, by object.
func deliveredLines(t *testing.T, dir string) (format string, lines map[string][]string) {
	t.Helper()
	lines = map[string][]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		z, err := gzip.NewReader(f)
		if err != nil {
			return err
		}
		in := bufio.NewScanner(z)
		in.Scan()
		header, ok := flowlog.ParseHeader(in.Text())
		if !ok || format != "" && header.String() != format {
			return fmt.Errorf("%s begins with %q", path, in.Text())
		}
		format = header.String()
		for in.Scan() {
			lines[filepath.Base(path)] = append(lines[filepath.Base(path)], in.Text())
		}
		return in.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	return format, lines
}

// startOf returns the start of a record, in milliseconds since the epoch.
func startOf(t *testing.T, f flowlog.Format, line string) int64 {
	t.Helper()
	at := slices.Index(f.Names(), "start")
	n, err := strconv.ParseInt(strings.Fields(line)[at], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n * 1000
}

// TestTakeEvents puts what was delivered into a bucket as log events, and finds the same records in the lake as by
// opening the objects, and the lines as they were in the files of events.
func TestTakeEvents(t *testing.T) {
	dir := sharedtest.Path(t, "data", "flowlogs", "derived-flowlogs", "AWSLogs")
	opened, _ := newEventStore(t)
	if _, err := opened.Open(t.Context(), OpenRequest{Sources: []string{dir}}, nil); err != nil {
		t.Fatal(err)
	}
	s, store := newEventStore(t)
	ctx := t.Context()
	format, objects := deliveredLines(t, dir)
	f, err := flowlog.ParseLogFormat(format)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.CreateGroup(ctx, "/vpc", "", nil); err != nil {
		t.Fatal(err)
	}
	if err := store.SetFormat(ctx, "/vpc", format); err != nil {
		t.Fatal(err)
	}
	var all []string
	for i, name := range slices.Sorted(maps.Keys(objects)) {
		stream := "eni-" + strconv.Itoa(i) + "-all"
		if err := store.CreateStream(ctx, "/vpc", stream); err != nil {
			t.Fatal(err)
		}
		lines := objects[name]
		all = append(all, lines...)
		slices.SortStableFunc(lines, func(a, b string) int { return int(startOf(t, f, a) - startOf(t, f, b)) })
		for part := range slices.Chunk(lines, 2000) {
			var events []logstore.InputEvent
			for _, line := range part {
				events = append(events, logstore.InputEvent{Timestamp: startOf(t, f, line), Message: []byte(line)})
			}
			now := time.UnixMilli(events[len(events)-1].Timestamp).Add(10 * time.Minute)
			if r, err := store.Put(ctx, "/vpc", stream, events, now); err != nil || r != (logstore.Rejected{}) {
				t.Fatalf("%+v, %v", r, err)
			}
		}
		if i%50 == 49 {
			flushAndTake(t, s, store)
		}
	}
	flushAndTake(t, s, store)
	// Events do not tell what the names of objects tell: the flow log, and the slot, by which records lie in hours. And
	// a record that weir prints otherwise, here for its addresses, stays text.
	// Whether records of two hours are repeats follows from which hour they lie in.
	const records = `SELECT * EXCLUDE (weir_object, weir_flow_log_id, weir_log_owner, weir_region, weir_hour, weir_repeat),
		CASE WHEN "end" % 3600 < 3300 THEN weir_repeat END, count(*) FROM vpc_flow_logs WHERE srcaddr NOT LIKE '::ffff:%' GROUP BY ALL`
	if _, err := s.Compact(ctx, nil); err != nil {
		t.Fatal(err)
	}
	want, got := answers(t, opened, records), answers(t, s, records)
	if len(want) < 20_000 {
		t.Errorf("only %d different records", len(want))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("records (-opened +put):\n%.3000s", diff)
	}
	checkEventFiles(t, store, all)
}

// flushAndTake makes objects of what was put, and takes them.
func flushAndTake(t *testing.T, s *Local, store *logstore.Store) intake.Report {
	t.Helper()
	if err := store.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	report, err := s.TakeEvents(t.Context(), store)
	if err != nil || len(report.Problems) > 0 {
		t.Fatalf("%v: %+v", err, report.Problems)
	}
	if left, err := store.Objects(t.Context()); err != nil || len(left) > 0 {
		t.Fatalf("%d objects are left, %v", len(left), err)
	}
	return report
}

// checkEventFiles reads the files of events of the group /vpc by DuckDB.
func checkEventFiles(t *testing.T, store *logstore.Store, want []string) {
	t.Helper()
	snap, err := store.Snapshot(t.Context(), "/vpc", 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer snap.Close()
	var files []string
	for _, f := range snap.Files {
		files = append(files, "'"+f.Path+"'")
	}
	db, err := sql.Open("duckdb", "")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.QueryContext(t.Context(), `SELECT message, form, typeof(ts) || ' ' || typeof(ingestion) || ' ' || typeof(stream) || ' ' ||
		typeof(message) || ' ' || typeof(ordinal) || ' ' || typeof(form) FROM read_parquet([`+strings.Join(files, ",")+`])`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var got []string
	for rows.Next() {
		var message, types string
		var form int
		if err := rows.Scan(&message, &form, &types); err != nil {
			t.Fatal(err)
		}
		if (form == 1) == strings.Contains(message, "::ffff:") || types != "BIGINT BIGINT VARCHAR VARCHAR BIGINT INTEGER" {
			t.Fatalf("%q has the form %d and the types %s", message, form, types)
		}
		got = append(got, message)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("lines (-delivered +kept):\n%.3000s", diff)
	}
}

// TestTakeEventsAgain takes events that are equal, and the same object again, as after a crash between the lake's
// commit and the store's; and leaves alone what is no record.
func TestTakeEventsAgain(t *testing.T) {
	s, store := newEventStore(t)
	ctx, now := t.Context(), time.Now()
	for group, format := range map[string]string{"a": "${version} ${srcaddr} ${dstaddr} ${start} ${end}", "b": "${srcaddr} ${start}", "text": ""} {
		if err := store.CreateGroup(ctx, group, "", nil); err != nil {
			t.Fatal(err)
		}
		if err := store.SetFormat(ctx, group, format); err != nil {
			t.Fatal(err)
		}
		if err := store.CreateStream(ctx, group, "s"); err != nil {
			t.Fatal(err)
		}
	}
	at := strconv.FormatInt(now.Unix(), 10)
	put := func(group string, lines ...string) {
		t.Helper()
		var events []logstore.InputEvent
		for _, l := range lines {
			events = append(events, logstore.InputEvent{Timestamp: now.UnixMilli(), Message: []byte(l)})
		}
		if _, err := store.Put(ctx, group, "s", events, now); err != nil {
			t.Fatal(err)
		}
	}
	a := "2 10.0.0.1 10.0.0.2 " + at + " " + at
	put("a", a, a, "hello", "3 10.0.0.1 10.0.0.2 "+at+" "+at, "2  10.0.0.1 10.0.0.2 "+at+" "+at)
	put("b", "10.0.0.3 "+at)
	put("text", a)
	count := func(want string) {
		t.Helper()
		got := answers(t, s, "SELECT srcaddr, count(*) FROM vpc_flow_logs GROUP BY ALL")
		if fmt.Sprint(got) != want {
			t.Errorf("the lake has %v, want %s", got, want)
		}
	}
	flushAndTake(t, s, store)
	count("[[10.0.0.1 2] [10.0.0.3 1]]")
	put("a", a)
	if err := store.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	objects, err := store.Objects(ctx)
	if err != nil || len(objects) != 1 {
		t.Fatalf("%+v, %v", objects, err)
	}
	src := &storedEvents{store, map[string]logstore.Object{objects[0].Name: objects[0]}}
	r := intake.Request{Sources: []source.Source{src}, Format: &objects[0].Format}
	listing, err := intake.List(ctx, r)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := intake.Take(ctx, s.lake, r, listing, nil); err != nil {
		t.Fatal(err)
	}
	count("[[10.0.0.1 3] [10.0.0.3 1]]")
	if report := flushAndTake(t, s, store); report.Known != 1 || report.Taken != 0 {
		t.Errorf("taken again: %s", report.String())
	}
	count("[[10.0.0.1 3] [10.0.0.3 1]]")
	if report := flushAndTake(t, s, store); report.Objects != 0 {
		t.Errorf("taken a third time: %s", report.String())
	}
}

// TestTakeEventsChanged leaves an object that somebody else changed, and says so.
func TestTakeEventsChanged(t *testing.T) {
	s, store := newEventStore(t)
	ctx, now := t.Context(), time.Now()
	if err := store.CreateGroup(ctx, "a", "", nil); err != nil {
		t.Fatal(err)
	}
	if err := store.SetFormat(ctx, "a", "${srcaddr} ${start}"); err != nil {
		t.Fatal(err)
	}
	if err := store.CreateStream(ctx, "a", "s"); err != nil {
		t.Fatal(err)
	}
	line := fmt.Appendf(nil, "10.0.0.3 %d", now.Unix())
	if _, err := store.Put(ctx, "a", "s", []logstore.InputEvent{{Timestamp: now.UnixMilli(), Message: line}}, now); err != nil {
		t.Fatal(err)
	}
	if err := store.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	objects, err := store.Objects(ctx)
	if err != nil || len(objects) != 1 {
		t.Fatalf("%+v, %v", objects, err)
	}
	path := filepath.Join(s.lake.Data(), "tail", "records", objects[0].Name)
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, append(good, 0), 0o600); err != nil {
		t.Fatal(err)
	}
	report, err := s.TakeEvents(context.WithoutCancel(ctx), store)
	if err != nil || len(report.Problems) != 1 || !strings.Contains(report.Problems[0].Problem, "not those that were written") {
		t.Errorf("%v: %+v", err, report.Problems)
	}
	if err := os.WriteFile(path, good, 0o600); err != nil {
		t.Fatal(err)
	}
	if report := flushAndTake(t, s, store); report.Taken != 1 {
		t.Errorf("put back: %s", report.String())
	}
}

// TestExpiredEvents leaves events out of answers that are expired and lie in a file beside others.
func TestExpiredEvents(t *testing.T) {
	now := time.Date(2026, 3, 2, 23, 0, 0, 0, time.UTC)
	s, err := OpenLocal(t.Context(), LocalOptions{Data: filepath.Join(t.TempDir(), "data"), Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	ctx := t.Context()
	store, err := s.logStore(ctx, true)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(store.CreateGroup(ctx, "g", "", nil), store.SetRetention(ctx, "g", 1), store.CreateStream(ctx, "g", "s")); err != nil {
		t.Fatal(err)
	}
	events := []logstore.InputEvent{
		{Timestamp: now.Add(-20 * time.Hour).UnixMilli(), Message: []byte("old")}, {Timestamp: now.UnixMilli(), Message: []byte("new")},
	}
	if _, err := store.Put(ctx, "g", "s", events, now); err != nil {
		t.Fatal(err)
	}
	ask := func(want string) {
		t.Helper()
		q := LogsQuery{Text: "fields @message | sort @message", Groups: []string{"g"}, Start: now.Add(-100 * time.Hour).UnixMilli(), End: now.UnixMilli()}
		got, err := s.LogsQuery(ctx, q)
		if err != nil {
			t.Fatal(err)
		}
		var messages []string
		for _, row := range got.Rows {
			messages = append(messages, row[0].String())
		}
		if strings.Join(messages, " ") != want {
			t.Errorf("got %q, want %s", messages, want)
		}
	}
	ask("new old")
	if err := store.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	ask("new old")
	now = now.Add(12 * time.Hour)
	ask("new")
}

// TestForgetLogGroup takes back the records of a log group: its events stay and become none again, and new ones do.
func TestForgetLogGroup(t *testing.T) {
	s, store := newEventStore(t)
	ctx, now := t.Context(), time.Now()
	if err := errors.Join(store.CreateGroup(ctx, "a/b", "", nil), store.SetFormat(ctx, "a/b", "${srcaddr} ${start}"), store.CreateStream(ctx, "a/b", "s")); err != nil {
		t.Fatal(err)
	}
	take := func(address string) {
		t.Helper()
		line := fmt.Appendf(nil, "%s %d", address, now.Unix())
		if _, err := store.Put(ctx, "a/b", "s", []logstore.InputEvent{{Timestamp: now.UnixMilli(), Message: line}}, now); err != nil {
			t.Fatal(err)
		}
		flushAndTake(t, s, store)
	}
	has := func(want string) {
		t.Helper()
		if got := fmt.Sprint(answers(t, s, "SELECT srcaddr FROM vpc_flow_logs")); got != want {
			t.Errorf("the lake has %s, want %s", got, want)
		}
		if c, err := s.Check(ctx, nil); err != nil || len(c.Differences) > 0 {
			t.Errorf("check: %v, %v", c.Differences, err)
		}
	}
	take("10.0.0.1")
	has("[[10.0.0.1]]")
	if st, err := s.Status(ctx, StatusRequest{Source: StoredOrigin + "a/b"}); err != nil || st.Records != 1 || st.ProblemsTotal != 0 {
		t.Errorf("%+v, %v", st, err)
	}
	if f, err := s.Forget(ctx, StoredOrigin+"a/b"); err != nil || f.Records != 1 || f.Objects != 1 {
		t.Errorf("%+v, %v", f, err)
	}
	has("[]")
	take("10.0.0.2")
	has("[[10.0.0.2]]")
	n := 0
	for _, err := range store.Read(ctx, logstore.ReadRequest{Group: "a/b"}) {
		if n++; err != nil {
			t.Fatal(err)
		}
	}
	if n != 2 {
		t.Errorf("the log group has %d events", n)
	}
}
