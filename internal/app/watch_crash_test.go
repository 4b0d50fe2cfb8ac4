package app

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"weir/internal/contributor"
	"weir/internal/lake"
	"weir/internal/logstore"
	"weir/internal/metricstore"
	"weir/internal/sharedtest"
)

var (
	restarts    = flag.Int("restarts", 20, "how often TestWatchRestarts kills a process that counts events")
	restartSeed = flag.Uint64("restart-seed", 1, "what TestWatchRestarts's moments follow from")
)

// TestMain is the process that a test starts, where it is asked for.
func TestMain(m *testing.M) {
	if data := os.Getenv("WEIR_TEST_WATCHED"); data != "" {
		if err := putAndWatch(data, os.Getenv("WEIR_TEST_RUN")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// putAndWatch puts flow log records from several clients, makes files of them, takes them into the lake, and counts them, as a server does. After
// each Put it says so.
func putAndWatch(data, run string) error {
	ctx := context.Background()
	s, err := OpenLocal(ctx, LocalOptions{Data: data})
	if err != nil {
		return err
	}
	store, err := logstore.Open(ctx, data, logstore.Options{FlushBytes: 20_000, FlushAge: 20 * time.Millisecond})
	if err != nil {
		return err
	}
	metrics, err := metricstore.Open(ctx, data, metricstore.Options{})
	if err != nil {
		return err
	}
	top, err := contributor.Open(ctx, data, contributor.Options{Account: DefaultAccount, Region: DefaultRegion})
	if err != nil {
		return err
	}
	w := newWatching(watchOptions{local: s, store: store, metrics: metrics, contributors: top, log: slog.New(slog.NewTextHandler(os.Stderr, nil))})
	failed := make(chan error)
	forever := func(do func(n int) error) {
		go func() {
			for n := 0; ; n++ {
				if err := do(n); err != nil {
					failed <- err
					return
				}
			}
		}()
	}
	forever(func(int) error { return w.Settle(ctx) })
	forever(func(int) error {
		_, err := s.TakeEvents(ctx, store)
		return err
	})
	var out sync.Mutex
	for client := range 3 {
		stream := fmt.Sprintf("client-%d-%s", client, run)
		if err := store.CreateStream(ctx, "vpc", stream); err != nil {
			return err
		}
		forever(func(n int) error {
			now := time.Now().Truncate(time.Second)
			var events []logstore.InputEvent
			for i := range 1 + n*7%20 {
				events = append(events, logstore.InputEvent{Timestamp: now.UnixMilli(), Message: fmt.Appendf(nil,
					"2 123456789012 eni-%d 10.0.0.%d 10.1.0.1 %d 443 6 1 840 %d %d ACCEPT OK", client, i, 1024+n%60000, now.Unix(), now.Unix()+59)})
			}
			if _, err := store.Put(ctx, "vpc", stream, events, time.Now()); err != nil {
				return err
			}
			out.Lock()
			defer out.Unlock()
			_, err := fmt.Println(len(events))
			return err
		})
	}
	return <-failed
}

// TestWatchRestarts kills a process with SIGKILL while events are put and counted. Each event counts once: in a metric filter on its group,
// in one on the lake's group of which it is a record, in weir's own metrics and for contributors.
func TestWatchRestarts(t *testing.T) {
	w := newWatched(t)
	ctx := t.Context()
	w.now = time.Now()
	w.must(w.store.CreateGroup(ctx, "vpc", "", nil))
	w.must(w.store.SetFormat(ctx, "vpc", "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} ${packets} ${bytes} ${start} ${end} ${action} ${log-status}"))
	w.filter("vpc", "events", "", transformation{Value: "1"})
	w.filter(FlowLogsGroup, "records", "", transformation{Value: "1"})
	for _, group := range []string{"vpc", FlowLogsGroup} {
		w.must(w.top.Put(ctx, contributor.PutRequest{Name: "by " + filepath.Base(group), Definition: fmt.Sprintf(`{"Schema":{"Name":"CloudWatchLogRule","Version":1},
			"LogGroupNames":[%q],"LogFormat":"CLF","Fields":{"3":"eni"},"Contribution":{"Keys":["eni"],"Filters":[]},"AggregateOn":"Count"}`, group)}))
	}
	from := time.Now().Add(-time.Hour).Truncate(time.Hour)
	w.closeAll()
	w.closeAll = func() {}
	random := rand.New(rand.NewPCG(*restartSeed, 36))
	acknowledged := int64(0)
	for run := range sharedtest.Rounds(*restarts) {
		acknowledged += killWatched(t, random, w.data, run)
	}
	w.now = time.Now()
	w.open()
	w.must(w.store.Flush(ctx))
	_, err := w.local.TakeEvents(ctx, w.store)
	w.must(err)
	w.must(w.Settle(ctx))
	want := float64(0)
	for _, err := range w.store.Read(ctx, logstore.ReadRequest{Group: "vpc"}) {
		w.must(err)
		want++
	}
	if want < float64(acknowledged) || want < 100 {
		t.Errorf("the store has %g events, and %d were acknowledged", want, acknowledged)
	}
	status, err := w.local.lake.Status(ctx, 0)
	w.must(err)
	if n := status.Objects[lake.Taken]; n == 0 || float64(status.Tables[0].Records) != want {
		t.Errorf("the lake has %d records in %d objects, want %g", status.Tables[0].Records, n, want)
	}
	got := map[string]float64{}
	sum := func(name string, m metricstore.Metric) {
		points, err := w.metrics.Read(ctx, metricstore.ReadRequest{Metric: m, From: from.Unix(), To: from.Unix() + 86400, Period: 60, Live: true})
		w.must(err)
		for _, p := range points {
			got[name] += p.Sum
		}
	}
	sum("a metric filter on the group", metricstore.Metric{Namespace: "Test", Name: "events"})
	sum("a metric filter on the lake", metricstore.Metric{Namespace: "Test", Name: "records"})
	sum("own metrics", metricstore.Metric{Namespace: FlowLogsNamespace, Name: "Records", Dimensions: []metricstore.Dimension{{Name: dimensionPortClass, Value: "HTTP"}}})
	for _, name := range []string{"by vpc", "by flow-logs"} {
		r, err := w.top.Report(ctx, contributor.ReportRequest{Name: name, From: from.Unix(), To: from.Unix() + 86400, Period: 3600, Live: true})
		w.must(err)
		got["contributors "+name] = r.AggregateValue
	}
	for name, n := range got {
		if n != want {
			t.Errorf("%s: %g events, want %g", name, n, want)
		}
	}
	if len(got) != 5 {
		t.Errorf("only %v", got)
	}
	t.Logf("%d restarts, %g events, %d acknowledged", *restarts, want, acknowledged)
}

// killWatched starts a process and kills it a while after some Puts. It returns how many events were acknowledged.
func killWatched(t *testing.T, random *rand.Rand, data string, run int) (acknowledged int64) {
	t.Helper()
	env := []string{"WEIR_TEST_WATCHED=" + data, fmt.Sprintf("WEIR_TEST_RUN=%d", run)}
	puts, after := 1+random.IntN(40), time.Duration(random.IntN(60_000))*time.Microsecond
	sharedtest.Killed(t, env, puts, after, func(line string) bool {
		var n int64
		if _, err := fmt.Sscan(line, &n); err != nil {
			return false
		}
		acknowledged += n
		return true
	})
	return acknowledged
}
