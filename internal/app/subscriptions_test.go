package app

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/internal/logstore"
)

// messageSink gives the messages of what is sent to it. Where hold is not nil, each Send waits for it to be closed.
type messageSink struct {
	got  chan string
	hold chan struct{}
}

func newMessageSink() *messageSink { return &messageSink{got: make(chan string, 1000)} }

func (*messageSink) String() string { return "test" }

func (s *messageSink) Send(ctx context.Context, payload []byte) error {
	if s.hold != nil {
		select {
		case <-s.hold:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	z, err := gzip.NewReader(bytes.NewReader(payload))
	if err != nil {
		return err
	}
	var doc struct{ LogEvents []struct{ Message string } }
	if err := json.NewDecoder(z).Decode(&doc); err != nil {
		return err
	}
	for _, e := range doc.LogEvents {
		s.got <- e.Message
	}
	return nil
}

// next waits for messages and returns them sorted, each once.
func (s *messageSink) next(t *testing.T, n int) []string {
	t.Helper()
	got := map[string]bool{}
	for over := time.After(time.Minute); len(got) < n; {
		select {
		case m := <-s.got:
			got[m] = true
		case <-over:
			t.Fatalf("only %d messages of %d came: %.300s", len(got), n, slices.Sorted(maps.Keys(got)))
		}
	}
	return slices.Sorted(maps.Keys(got))
}

// until returns messages up to one. Each may come several times.
func (s *messageSink) until(t *testing.T, last string) (got []string) {
	t.Helper()
	for m := ""; m != last; got = append(got, m) {
		m = s.next(t, 1)[0]
	}
	return got
}

// subscriptionTest delivers from a store of log groups with a clock of its own.
type subscriptionTest struct {
	t     *testing.T
	store *logstore.Store
	sinks Sinks
	mu    sync.Mutex
	at    time.Time
	asked chan struct{} // has one where somebody asked for the time
}

// newSubscriptionTest makes a store with a group g, its stream s, and a filter f that delivers REJECT to a sink.
func newSubscriptionTest(t *testing.T, sinks Sinks) *subscriptionTest {
	t.Helper()
	st := &subscriptionTest{t: t, sinks: sinks, at: time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC), asked: make(chan struct{}, 1)}
	store, err := logstore.Open(t.Context(), t.TempDir(), logstore.Options{FlushAge: -1, Now: st.now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	st.store = store
	if err := errors.Join(store.CreateGroup(t.Context(), "g", "", nil), store.CreateStream(t.Context(), "g", "s")); err != nil {
		t.Fatal(err)
	}
	st.filter("f", "one")
	return st
}

// filter makes a subscription filter as PutSubscriptionFilter keeps it.
func (st *subscriptionTest) filter(name, sink string) {
	st.t.Helper()
	_, err := st.store.PutDocument(st.t.Context(), logstore.Document{
		Kind: "subscription-filter", Group: "g", Name: name,
		Body: fmt.Appendf(nil, `{"filterPattern":"REJECT","destinationArn":"arn:aws:firehose:us-east-1:000000000000:deliverystream/%s"}`, sink),
	})
	if err != nil {
		st.t.Fatal(err)
	}
}

func (st *subscriptionTest) now() time.Time {
	st.mu.Lock()
	defer st.mu.Unlock()
	select {
	case st.asked <- struct{}{}:
	default:
	}
	return st.at
}

func (st *subscriptionTest) advance(d time.Duration) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.at = st.at.Add(d)
}

func (st *subscriptionTest) put(messages ...string) {
	st.t.Helper()
	now := st.now()
	var events []logstore.InputEvent
	for _, m := range messages {
		events = append(events, logstore.InputEvent{Timestamp: now.UnixMilli(), Message: []byte(m)})
	}
	if _, err := st.store.Put(st.t.Context(), "g", "s", events, now); err != nil {
		st.t.Fatal(err)
	}
}

// run delivers until stop is called.
func (st *subscriptionTest) run() (stop func()) {
	ctx, cancel := context.WithCancel(st.t.Context())
	var done sync.WaitGroup
	d := &subscriptions{store: st.store, sinks: st.sinks, log: slog.New(slog.DiscardHandler), now: st.now, every: time.Millisecond}
	done.Go(func() { d.run(ctx) })
	stop = func() {
		cancel()
		done.Wait()
	}
	st.t.Cleanup(stop)
	return stop
}

// settle waits until the filter's cursor is behind all that was put.
func (st *subscriptionTest) settle() {
	st.t.Helper()
	put := st.now().UnixMilli()
	st.advance(2 * putTime)
	for over := time.After(time.Minute); ; {
		doc, err := st.store.Document(st.t.Context(), cursorKind, "g", "f")
		if at, _ := strconv.ParseInt(string(doc.Body), 10, 64); err == nil && at > put {
			return
		}
		select {
		case <-st.asked:
		case <-over:
			st.t.Fatalf("the cursor is %s, and events came at %d: %v", doc.Body, put, err)
		}
	}
}

// TestSubscriptionRestart goes on where delivery ended, and delivers nothing again that is older than its cursor.
func TestSubscriptionRestart(t *testing.T) {
	sink := newMessageSink()
	st := newSubscriptionTest(t, Sinks{"one": sink})
	stop := st.run()
	st.put("1 REJECT", "2 ACCEPT", "3 REJECT")
	if diff := cmp.Diff([]string{"1 REJECT", "3 REJECT"}, sink.next(t, 2)); diff != "" {
		t.Error(diff)
	}
	st.settle()
	stop()
	st.put("4 REJECT")
	if err := st.store.Flush(t.Context()); err != nil { // from files and from the tail
		t.Fatal(err)
	}
	st.put("5 REJECT", "6 ACCEPT")
	stop = st.run()
	if diff := cmp.Diff([]string{"4 REJECT", "5 REJECT"}, sink.next(t, 2)); diff != "" {
		t.Error(diff)
	}
	// Of what came just before, some may come again: it stands behind the cursor still.
	stop()
	st.run()
	if diff := cmp.Diff([]string{"4 REJECT", "5 REJECT"}, sink.next(t, 2)); diff != "" {
		t.Error(diff)
	}
}

// TestSubscriptionLatePut delivers what was put before the cursor's time and became durable later.
func TestSubscriptionLatePut(t *testing.T) {
	sink := newMessageSink()
	st := newSubscriptionTest(t, Sinks{"one": sink})
	stop := st.run()
	st.advance(2 * putTime)
	st.put("1 REJECT")
	sink.next(t, 1)
	stop()
	late := st.now().Add(-putTime / 2)
	if _, err := st.store.Put(t.Context(), "g", "s", []logstore.InputEvent{{Timestamp: late.UnixMilli(), Message: []byte("2 REJECT")}}, late); err != nil {
		t.Fatal(err)
	}
	st.run()
	if diff := cmp.Diff([]string{"1 REJECT", "2 REJECT"}, sink.next(t, 2)); diff != "" {
		t.Error(diff)
	}
}

// TestSubscriptionRemoved delivers nothing for a filter that was removed, and all for one that is made anew from
// then on.
func TestSubscriptionRemoved(t *testing.T) {
	one, two := newMessageSink(), newMessageSink()
	st := newSubscriptionTest(t, Sinks{"one": one, "two": two})
	st.run()
	st.put("1 REJECT")
	one.next(t, 1)
	if err := st.store.DeleteDocument(t.Context(), "subscription-filter", "g", "f"); err != nil {
		t.Fatal(err)
	}
	st.advance(time.Second)
	st.filter("other", "two")
	st.put("2 REJECT")
	two.next(t, 1) // what is made later runs, so what was removed before has ended
	st.put("3 REJECT")
	two.until(t, "3 REJECT")
	st.advance(time.Second)
	st.filter("f", "one")
	st.put("4 REJECT")
	for _, m := range one.until(t, "4 REJECT") {
		if m == "3 REJECT" {
			t.Error("a filter delivers that was removed")
		}
	}
}

// TestSubscriptionMissed reads events again from the store that came faster than the sink takes them.
func TestSubscriptionMissed(t *testing.T) {
	sink := newMessageSink()
	sink.hold = make(chan struct{})
	st := newSubscriptionTest(t, Sinks{"one": sink})
	st.run()
	st.put("00 REJECT")
	want := []string{"00 REJECT"}
	filler := strings.Repeat("x", 1_000_000)
	for i := 1; i <= 20; i++ { // a feed holds 16 MiB
		want = append(want, fmt.Sprintf("%02d REJECT", i))
		st.put(filler, want[i])
	}
	close(sink.hold)
	if diff := cmp.Diff(want, sink.next(t, len(want))); diff != "" {
		t.Error(diff)
	}
}
