package app

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/internal/lake"
	"weir/internal/logstore"
)

// putEvents puts messages into a log group of the store, a second apart, and returns when the first was.
func putEvents(t *testing.T, s *Local, group string, at time.Time, messages ...string) {
	t.Helper()
	store, err := s.logStore(t.Context(), true)
	if err != nil {
		t.Fatal(err)
	}
	var events []logstore.InputEvent
	for i, m := range messages {
		events = append(events, logstore.InputEvent{Timestamp: at.Add(time.Duration(i) * time.Second).UnixMilli(), Message: []byte(m)})
	}
	if _, err := store.Put(t.Context(), group, "s", events, at); err != nil {
		t.Fatal(err)
	}
}

// newLogGroup makes a log group with the stream s.
func newLogGroup(t *testing.T, s *Local, c LogGroupChange) {
	t.Helper()
	c.Create = true
	if err := s.ChangeLogGroup(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	store, err := s.logStore(t.Context(), true)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.CreateStream(t.Context(), c.Name, "s"); err != nil {
		t.Fatal(err)
	}
}

// TestStoreGroups lists, asks and follows log groups of the store beside those of the lake.
func TestStoreGroups(t *testing.T) {
	dir := t.TempDir()
	writeLog(t, dir, key("fl-1", "20260302T1000Z"), "interface-id start bytes", "eni-1 1772445600 7")
	s := openFolder(t, t.TempDir(), OpenRequest{Sources: []string{dir}, LogGroup: "named"})
	newLogGroup(t, s, LogGroupChange{Name: "records", SetFormat: true, Format: "${interface-id} ${start} ${bytes}"})
	newLogGroup(t, s, LogGroupChange{Name: "app", SetRetention: true, RetentionDays: 7})
	at := time.Now().Add(-time.Minute).Truncate(time.Second)
	putEvents(t, s, "records", at, "eni-2 1772445600 9", "no record here")
	putEvents(t, s, "app", at, `{"level": "error", "code": 7}`, "ERROR plain", "fine")
	groups, err := s.LogGroups(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, g := range groups {
		names = append(names, g.Name+" "+g.Kind)
		if g.Name == "app" && (g.RetentionDays != 7 || g.Newest == nil || !g.Newest.Equal(at.Add(2*time.Second))) {
			t.Errorf("%+v, and its newest event is of %v", g, at.Add(2*time.Second))
		}
	}
	if diff := cmp.Diff([]string{"/weir/flow-logs lake", "app store", "named lake", "records store"}, names); diff != "" {
		t.Errorf("groups (-want +got):\n%s", diff)
	}
	streams, err := s.LogStreams(t.Context(), "app")
	if err != nil || len(streams) != 1 || streams[0].Name != "s" {
		t.Errorf("streams %v, %v", streams, err)
	}
	from, to := at.UnixMilli(), at.Add(time.Minute).UnixMilli()
	for text, c := range map[string]struct{ group, want string }{
		`stats sum(bytes) as b`:                        {"records", "9"},
		`stats count(*) as n`:                          {"records", "2"},
		`filter level = "error" | fields code`:         {"app", "7"},
		`filter @message like /ERR/ | fields @message`: {"app", "ERROR plain"},
	} {
		got, err := s.LogsQuery(t.Context(), LogsQuery{Text: text, Groups: []string{c.group}, Start: from, End: to})
		if err != nil || len(got.Rows) != 1 || got.Rows[0][0].String() != c.want {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
	got, err := s.LogsQuery(t.Context(), LogsQuery{Text: `SOURCE logGroups(namePrefix: ['app', 'named']) | stats count(*) as n by @log | sort @log`, Start: 0, End: to})
	if err != nil || len(got.Rows) != 2 {
		t.Errorf("source: %v, %v", got, err)
	}
	fields, err := s.LogFields(t.Context(), "app")
	if diff := cmp.Diff([]LogField{{"level", 33}, {"code", 33}}, fields[min(5, len(fields)):]); diff != "" || err != nil {
		t.Errorf("fields %v (-want +got):\n%s", err, diff)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	to2 := make(chan string, 10)
	end := make(chan error, 1)
	go func() {
		end <- s.LogEvents(ctx, LogEventsRequest{Group: "app", Follow: true, Pattern: "ERROR"}, messagesOf(to2))
	}()
	next := func(want string) {
		t.Helper()
		select {
		case m := <-to2:
			if m != want {
				t.Errorf("got %s, want %s", m, want)
			}
		case <-time.After(20 * time.Second):
			t.Fatal("no event")
		}
	}
	next("ERROR plain")
	putEvents(t, s, "app", at.Add(time.Second), "fine again", "ERROR again")
	next("ERROR again")
	cancel()
	if err := <-end; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestChangeLogGroupRefused changes what can't be changed.
func TestChangeLogGroupRefused(t *testing.T) {
	data := t.TempDir()
	s := openFolder(t, data, OpenRequest{Sources: []string{t.TempDir()}})
	for name, c := range map[string]struct {
		change LogGroupChange
		want   error
	}{
		"no store": {LogGroupChange{Name: "a", Delete: true}, logstore.ErrNoGroup},
		"lake":     {LogGroupChange{Name: FlowLogsGroup, Delete: true}, logstore.ErrReadOnly},
		"new":      {LogGroupChange{Name: FlowLogsGroup, Create: true}, logstore.ErrGroupExists},
	} {
		if err := s.ChangeLogGroup(t.Context(), c.change); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	newLogGroup(t, s, LogGroupChange{Name: "a"})
	if err := s.ChangeLogGroup(t.Context(), LogGroupChange{Name: "a", Create: true}); !errors.Is(err, logstore.ErrGroupExists) {
		t.Errorf("twice: %v", err)
	}
	if err := s.ChangeLogGroup(t.Context(), LogGroupChange{Name: "b", SetFormat: true}); !errors.Is(err, logstore.ErrNoGroup) {
		t.Errorf("none: %v", err)
	}
	reader, err := OpenLocal(t.Context(), LocalOptions{Data: data, ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	if err := reader.ChangeLogGroup(t.Context(), LogGroupChange{Name: "c", Create: true}); !errors.Is(err, lake.ErrReadOnly) {
		t.Errorf("a reader: %v", err)
	}
}
