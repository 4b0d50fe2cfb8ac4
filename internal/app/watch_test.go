package app

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/internal/contributor"
	"weir/internal/logstore"
	"weir/internal/metricstore"
	"weir/internal/sharedtest"
)

// watched is a data directory of which what comes is counted, under a clock that the test drives.
type watched struct {
	*watching
	t        testing.TB
	data     string
	metrics  *metricstore.Store
	top      *contributor.Store
	said     *strings.Builder
	closeAll func()

	mu  sync.Mutex
	now time.Time
}

// watchedDay is when tests begin.
var watchedDay = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func newWatched(t testing.TB) *watched {
	t.Helper()
	w := &watched{t: t, data: filepath.Join(t.TempDir(), "data"), now: watchedDay, said: &strings.Builder{}}
	w.open()
	t.Cleanup(func() { w.closeAll() })
	return w
}

func (w *watched) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

// pass lets time pass.
func (w *watched) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

func (w *watched) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// open opens all, as a server does.
func (w *watched) open() {
	w.t.Helper()
	s, err := OpenLocal(w.t.Context(), LocalOptions{Data: w.data, Now: w.clock})
	w.must(err)
	s.logs.flushAge = -1
	store, err := s.logStore(w.t.Context(), true)
	w.must(err)
	w.metrics, err = metricstore.Open(w.t.Context(), w.data, metricstore.Options{Now: w.clock})
	w.must(err)
	w.top, err = contributor.Open(w.t.Context(), w.data, contributor.Options{Account: DefaultAccount, Region: DefaultRegion, Now: w.clock})
	w.must(err)
	w.watching = newWatching(watchOptions{local: s, store: store, metrics: w.metrics, contributors: w.top, log: slog.New(slog.NewTextHandler(w.said, nil))})
	s.watching = w.watching
	w.closeAll = func() {
		if err := errors.Join(w.metrics.Close(), w.top.Close(), s.Close()); err != nil {
			w.t.Error(err)
		}
	}
}

// reopen ends all and opens it again.
func (w *watched) reopen() {
	w.t.Helper()
	w.closeAll()
	w.open()
}

// group makes a log group with a stream.
func (w *watched) group(name string) {
	w.t.Helper()
	w.must(w.store.CreateGroup(w.t.Context(), name, "", nil))
	w.must(w.store.CreateStream(w.t.Context(), name, "s"))
}

// transformation is what a metric filter of a test makes of a match, as PutMetricFilter keeps it.
type transformation struct {
	Name       string            `json:"metricName"`
	Namespace  string            `json:"metricNamespace"`
	Value      string            `json:"metricValue"`
	Default    *float64          `json:"defaultValue,omitempty"`
	Dimensions map[string]string `json:"dimensions,omitempty"`
}

// filter puts a metric filter as PutMetricFilter keeps it, of a metric that has its name.
func (w *watched) filter(group, name, pattern string, t transformation) {
	w.t.Helper()
	w.must(w.Settle(w.t.Context()))
	t.Name, t.Namespace = name, "Test"
	body, err := json.Marshal(map[string]any{"filterPattern": pattern, "metricTransformations": []transformation{t}})
	w.must(err)
	_, notStored := w.store.Group(w.t.Context(), group)
	_, err = w.store.PutDocument(w.t.Context(), logstore.Document{Kind: "metric-filter", Group: group, Name: name, OfLake: notStored != nil, Body: body})
	w.must(err)
}

// put puts events: pairs of seconds since watchedDay and messages.
func (w *watched) put(group string, events ...logstore.InputEvent) {
	w.t.Helper()
	_, err := w.store.Put(w.t.Context(), group, "s", events, w.clock())
	w.must(err)
}

func eventAt(seconds int, format string, args ...any) logstore.InputEvent {
	return logstore.InputEvent{Timestamp: watchedDay.Add(time.Duration(seconds) * time.Second).UnixMilli(), Message: fmt.Appendf(nil, format, args...)}
}

// points returns the points of all metrics of a namespace, from long ago on, as text: minute, name, dimensions, sum and count.
func (w *watched) points(namespace string, live bool) []string {
	w.t.Helper()
	w.must(w.Settle(w.t.Context()))
	list, err := w.metrics.List(w.t.Context(), metricstore.ListRequest{Namespace: namespace})
	w.must(err)
	out := []string{}
	for _, m := range list {
		got, err := w.metrics.Read(w.t.Context(), metricstore.ReadRequest{Metric: m, From: 0, To: w.clock().Add(time.Hour).Unix() / 60 * 60, Period: 60, Live: live})
		w.must(err)
		for _, p := range got {
			words := []string{time.Unix(p.Time, 0).UTC().Format("15:04"), m.Name}
			for _, d := range m.Dimensions {
				words = append(words, d.Name+"="+d.Value)
			}
			out = append(out, fmt.Sprintf("%s sum %g count %g least %g greatest %g", strings.Join(words, " "), p.Sum, p.SampleCount, p.Minimum, p.Maximum))
		}
	}
	slices.Sort(out)
	return out
}

func (w *watched) check(want ...string) {
	w.t.Helper()
	if diff := cmp.Diff(append([]string{}, want...), w.points("Test", true)); diff != "" {
		w.t.Error(diff)
	}
}

// TestWatchEvents counts events by filters that come, change and go, over restarts and flushes.
func TestWatchEvents(t *testing.T) {
	w := newWatched(t)
	w.group("a")
	w.group("b")
	w.put("a", eventAt(0, "ERROR before there is a filter"))
	zero := 0.0
	w.filter("a", "errors", "ERROR", transformation{Value: "1"})
	w.filter("b", "size", "[word, size]", transformation{Value: "$size"})
	w.filter("b", "none", "none", transformation{Value: "1", Default: &zero})
	w.put("a", eventAt(1, "ERROR 1"), eventAt(2, "fine"), eventAt(61, "ERROR 2"))
	w.put("b", eventAt(1, "x 10"), eventAt(2, "x 30"), eventAt(3, "x many"))
	w.pass(time.Minute)
	want := []string{
		"12:00 errors sum 1 count 1 least 1 greatest 1", "12:00 none sum 0 count 1 least 0 greatest 0", "12:00 size sum 40 count 2 least 10 greatest 30",
		"12:01 errors sum 1 count 1 least 1 greatest 1",
	}
	w.check(want...)
	w.check(want...) // once
	w.must(w.store.Flush(t.Context()))
	w.reopen()
	w.check(want...)
	// What comes before a change is for the old filter, also where nothing was counted meanwhile.
	w.put("a", eventAt(62, "ERROR 3"))
	w.must(w.store.Flush(t.Context()))
	w.filter("a", "errors", "fine", transformation{Value: "100"})
	w.put("a", eventAt(63, "ERROR 4"), eventAt(63, "fine"))
	w.put("b", eventAt(4, "x 5"))
	w.reopen()
	want[2] = "12:00 size sum 45 count 3 least 5 greatest 30"
	want[3] = "12:01 errors sum 102 count 3 least 1 greatest 100"
	w.check(want...)
	w.must(w.store.DeleteDocument(t.Context(), "metric-filter", "a", "errors"))
	w.put("a", eventAt(64, "fine"))
	w.must(w.local.ChangeLogGroup(t.Context(), LogGroupChange{Name: "b", Delete: true}))
	w.check(want...)
	w.put("a", eventAt(65, "ERROR while no filter looks"))
	w.filter("a", "errors", "", transformation{Value: "1"})
	w.check(want...)
}

// TestWatchDisables disables a filter that makes too many values, until it is put again.
func TestWatchDisables(t *testing.T) {
	w := newWatched(t)
	w.group("a")
	wide := transformation{Value: "1", Dimensions: map[string]string{"Word": "$word"}}
	w.filter("a", "wide", "[word, rest]", wide)
	var events []logstore.InputEvent
	for i := range 1001 {
		events = append(events, eventAt(1, "w%d x", i))
	}
	w.put("a", events...)
	w.must(w.Settle(t.Context()))
	if !strings.Contains(w.said.String(), "a metric filter is disabled") {
		t.Errorf("the log says %s", w.said)
	}
	w.reopen()
	w.put("a", eventAt(120, "w1 x"))
	if got := w.points("Test", true); len(got) != 1000 {
		t.Errorf("%d series, want 1000", len(got))
	}
}

// failingMetrics fails at times, before or after a commit.
type failingMetrics struct {
	*metricstore.Store
	random *rand.Rand
}

var errCommit = errors.New("the disk is full")

func (f *failingMetrics) Commit(ctx context.Context, reader string, position []byte, data []metricstore.Datum) error {
	switch f.random.IntN(4) {
	case 0:
		return errCommit
	case 1: // as where a context ends while it is committed
		return errors.Join(f.Store.Commit(ctx, reader, position, data), errCommit)
	}
	return f.Store.Commit(ctx, reader, position, data)
}

// TestWatchFailures counts once where commits fail.
func TestWatchFailures(t *testing.T) {
	w := newWatched(t)
	w.group("a")
	w.filter("a", "n", "", transformation{Value: "1"})
	w.watching.watchOptions.metrics = &failingMetrics{w.metrics, rand.New(rand.NewPCG(1, 2))}
	failed := 0
	for i := range 60 {
		w.put("a", eventAt(i, "event %d", i))
		if i%7 == 0 {
			w.must(w.store.Flush(t.Context()))
		}
		if err := w.Settle(t.Context()); err != nil {
			if !errors.Is(err, errCommit) {
				t.Fatal(err)
			}
			failed++
		}
	}
	if failed < 10 {
		t.Errorf("only %d failures", failed)
	}
	w.watching.watchOptions.metrics = w.metrics
	w.check("12:00 n sum 60 count 60 least 1 greatest 1")
}

// TestWatchSettle asks side by side while events come: who is answered finds what it put counted.
func TestWatchSettle(t *testing.T) {
	w := newWatched(t)
	w.group("a")
	w.filter("a", "n", "", transformation{Value: "1"})
	m := metricstore.Metric{Namespace: "Test", Name: "n"}
	ctx, cancel := context.WithCancel(t.Context())
	var run, work sync.WaitGroup
	run.Go(func() { w.run(ctx) })
	for client := range 4 {
		work.Go(func() {
			for i := range 25 {
				_, err := w.store.Put(ctx, "a", "s", []logstore.InputEvent{eventAt(client, "%d", i)}, w.clock())
				settle := w.Settle
				if i%2 == 0 {
					settle = w.SettleLive
				}
				if err = errors.Join(err, settle(ctx)); err != nil {
					t.Error(err)
					return
				}
				points, err := w.metrics.Read(ctx, metricstore.ReadRequest{Metric: m, From: watchedDay.Unix(), To: watchedDay.Unix() + 60, Period: 60})
				if err != nil || len(points) != 1 || points[0].Sum < float64(i+1) {
					t.Errorf("after %d Puts: %v, %v", i+1, points, err)
				}
			}
		})
	}
	work.Wait()
	cancel()
	run.Wait()
	w.check("12:00 n sum 100 count 100 least 1 greatest 1")
	ended, end := context.WithCancel(t.Context())
	end()
	if err := w.Settle(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("with a context that ended: %v", err)
	}
}

// attack is the connections of real attack data as lines of the default format, with their times.
func attack(t *testing.T) (events []logstore.InputEvent, perMinute map[int64]float64) {
	t.Helper()
	read := func(name string) [][]string {
		f, err := os.Open(sharedtest.Path(t, "data", "flowrecords", "wrccdc-rdp", name))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		rows, err := csv.NewReader(f).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		return rows[1:]
	}
	for _, row := range read("rdp_connections.csv") {
		at, err := strconv.ParseFloat(row[0], 64)
		if err != nil {
			t.Fatal(err)
		}
		line := fmt.Appendf(nil, "2 123456789012 eni-0123456789abcdef0 %s %s %s %s 6 5 320 %d %d ACCEPT OK", row[1], row[3], row[2], row[4], int64(at), int64(at)+1)
		events = append(events, logstore.InputEvent{Timestamp: int64(at) * 1000, Message: line})
	}
	perMinute = map[int64]float64{}
	for _, row := range read("rdp_attempts_per_minute.csv") {
		minute, err := strconv.ParseInt(row[0], 10, 64)
		n, err2 := strconv.ParseFloat(row[2], 64)
		if err := errors.Join(err, err2); err != nil {
			t.Fatal(err)
		}
		perMinute[minute] += n
	}
	return events, perMinute
}

const rdpPattern = `[version, account, eni, source, destination, srcport, destport=3389, protocol=6, packets, bytes, start, end, action, status]`

// TestWatchAttack puts real attack data, at its time: live, twelve minutes late, or shuffled. Each time the metric is what the attempts
// are.
func TestWatchAttack(t *testing.T) {
	events, want := attack(t)
	slices.SortStableFunc(events, func(a, b logstore.InputEvent) int { return int(a.Timestamp - b.Timestamp) })
	rnd := rand.New(rand.NewPCG(7, 7))
	for _, tt := range []struct {
		name    string
		late    time.Duration
		shuffle bool
	}{{"live", 0, false}, {"late", 12 * time.Minute, false}, {"shuffled", 12 * time.Minute, true}} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWatched(t)
			w.now = time.UnixMilli(events[0].Timestamp).Add(-time.Hour)
			w.group("vpc")
			minusOne := -1.0
			w.filter("vpc", "rdp", rdpPattern, transformation{Value: "1", Default: &minusOne})
			w.must(w.local.ChangeLogGroup(t.Context(), LogGroupChange{Name: "vpc", SetLateness: true, Lateness: tt.late}))
			rows := slices.Clone(events)
			if tt.shuffle {
				rnd.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
			}
			last := int64(0)
			for part := range slices.Chunk(rows, 100) {
				for _, e := range part {
					last = max(last, e.Timestamp)
				}
				w.now = time.UnixMilli(last).Add(tt.late)
				part = slices.Clone(part)
				slices.SortFunc(part, func(a, b logstore.InputEvent) int { return int(a.Timestamp - b.Timestamp) })
				w.put("vpc", part...)
				w.must(w.Settle(t.Context()))
				if rnd.IntN(5) == 0 {
					w.must(w.store.Flush(t.Context()))
				}
			}
			w.pass(time.Hour)
			w.must(w.Settle(t.Context()))
			m := metricstore.Metric{Namespace: "Test", Name: "rdp"}
			points, err := w.metrics.Read(t.Context(), metricstore.ReadRequest{Metric: m, From: 0, To: w.clock().Unix() / 60 * 60, Period: 60, Live: true})
			w.must(err)
			got := map[int64]float64{}
			for _, p := range points {
				got[p.Time] = p.Sum
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			if late, err := w.Lateness(t.Context(), "Test", "rdp"); err != nil || late != tt.late {
				t.Errorf("the metric's lateness is %s, %v", late, err)
			}
		})
	}
}

// TestLateness says how late groups and metrics are.
func TestLateness(t *testing.T) {
	w := newWatched(t)
	ctx := t.Context()
	w.group("a")
	for _, group := range []string{"a", FlowLogsGroup} {
		w.filter(group, "n", "", transformation{Value: "1"})
	}
	w.filter("a", "own", "", transformation{Value: "1"})
	check := func(step string, want map[string]time.Duration) {
		t.Helper()
		got := map[string]time.Duration{}
		groups, err := w.local.LogGroups(ctx)
		w.must(err)
		for i := range groups {
			got[groups[i].Name] = groups[i].Lateness
		}
		for name, metric := range map[string][2]string{"metric": {"Test", "n"}, "own": {"Test", "own"}, "weir's": {FlowLogsNamespace, "Bytes"}, "put": {"Test", "x"}} {
			got[name], err = w.Lateness(ctx, metric[0], metric[1])
			w.must(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s:\n%s", step, diff)
		}
	}
	want := map[string]time.Duration{"a": 0, FlowLogsGroup: LakeLateness, "metric": LakeLateness, "own": 0, "weir's": LakeLateness, "put": 0}
	check("as usual", want)
	set := func(group string, late time.Duration) error {
		return w.local.ChangeLogGroup(ctx, LogGroupChange{Name: group, SetLateness: true, Lateness: late})
	}
	w.must(set("a", 20*time.Minute))
	w.must(set(FlowLogsGroup, 0))
	changed := maps.Clone(want)
	changed["a"], changed[FlowLogsGroup], changed["metric"], changed["own"] = 20*time.Minute, 0, 20*time.Minute, 20*time.Minute
	check("set", changed)
	w.reopen()
	check("after a restart", changed)
	w.must(set("a", -1))
	w.must(set(FlowLogsGroup, -1))
	w.must(set(FlowLogsGroup, -1))
	check("as usual again", want)
	if err := set("a", 25*time.Hour); !errors.As(err, new(*UsageError)) {
		t.Errorf("a day and more: %v", err)
	}
	if err := set("none", 0); !errors.Is(err, logstore.ErrNoGroup) {
		t.Errorf("a group that is not there: %v", err)
	}
}

// TestSettleLive waits for what is live, and leaves what is backfilled to who asks for all.
func TestSettleLive(t *testing.T) {
	lefts := []leftover{someLeft, backfilledLeft, backfilledLeft, nothingLeft}
	rounds := 0
	failure := errors.New("the disk is full")
	r := &watchReader{turn: make(chan struct{}, 1), round: func(context.Context) (leftover, error) {
		if rounds == len(lefts) {
			return someLeft, failure
		}
		rounds++
		return lefts[rounds-1], nil
	}}
	if err := r.settle(t.Context(), true); err != nil || rounds != 2 {
		t.Errorf("what is live is counted after %d rounds, %v", rounds, err)
	}
	if err := r.settle(t.Context(), false); err != nil || rounds != 4 {
		t.Errorf("all is counted after %d rounds, %v", rounds, err)
	}
	for _, live := range []bool{true, false} {
		if err := r.settle(t.Context(), live); !errors.Is(err, failure) {
			t.Errorf("live %t: %v", live, err)
		}
	}
}
