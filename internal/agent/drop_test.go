package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"weir/internal/agent/config"
	"weir/internal/agent/destination/servicetest"
	"weir/internal/agent/spool"
)

// answers has the agent's goroutine answer, and returns what asks at its socket.
func (s *stand) answers(t *testing.T) func(method, path string, to any) (status int, said string) {
	t.Helper()
	asked := make(chan func())
	s.asked = asked
	ended, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case do := <-asked:
				do()
			case <-ended:
				return
			}
		}
	}()
	t.Cleanup(func() { close(ended); <-stopped })
	return func(method, path string, to any) (int, string) {
		t.Helper()
		w := httptest.NewRecorder()
		s.controller().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), method, path, http.NoBody))
		if w.Code == http.StatusOK {
			if err := json.Unmarshal(w.Body.Bytes(), to); err != nil {
				t.Fatal(err)
			}
		}
		return w.Code, w.Body.String()
	}
}

// fails waits until so many queues are known to fail.
func (s *stand) fails(queues int) {
	for {
		s.counted.mu.Lock()
		n := len(s.counted.failing)
		s.counted.mu.Unlock()
		if n >= queues {
			return
		}
		runtime.Gosched()
	}
}

// toBuckets are flow logs that go to buckets of a service.
func toBuckets(url string, ids ...string) (out []config.FlowLog) {
	for _, id := range ids {
		out = append(out, config.FlowLog{ID: id, Interval: time.Minute, Destination: "s3://" + id, Delivery: config.Delivery{Type: config.S3, Bucket: id, Endpoint: url}})
	}
	return out
}

// TestDrop has a flow log taken out whose bucket is gone: what waits of it is told and given up, once, and nothing of the others.
func TestDrop(t *testing.T) {
	keys(t)
	bucket := servicetest.NewS3(t, 30, nil)
	bucket.Set(t, servicetest.Down)
	s := newStorm(t, 30, toBuckets(bucket.URL(), "fl-1", "fl-2", "fl-3")...)
	ask := s.answers(t)
	s.minute(t)
	s.minute(t)
	var all Leftovers
	if code, said := ask("GET", "/leftovers", &all); code != http.StatusOK || len(all.Leftovers) != 0 || all.State != s.dir {
		t.Fatalf("%d: %s", code, said)
	}
	if code, said := ask("DELETE", "/leftovers?flow_log=fl-1&through=9", nil); code != http.StatusConflict || !strings.Contains(said, "fl-1 is a flow log of the config") {
		t.Errorf("%d: %s", code, said)
	}
	logs := s.Config.FlowLogs
	s.told(t, logs[1])
	if code, said := ask("GET", "/leftovers?flow_log=fl-1", &all); code != http.StatusOK || len(all.Leftovers) != 1 {
		t.Fatalf("%d: %s", code, said)
	}
	l, waits := all.Leftovers[0], s.spool.Waiting()["fl-1"]
	from := time.Unix(1_700_000_400, 0).UTC()
	if want := (Amount{waits.Items, waits.Records, waits.Bytes, from, from.Add(5 * time.Minute)}); l.Amount != want || waits.Items != 2 || !slices.Equal(l.Destinations, []string{"s3://fl-1"}) {
		t.Errorf("%+v, want %+v", l, want)
	}
	s.fails(3)
	if got := s.status(); len(got.FlowLogs) != 1 || len(got.TakenOut) != 2 || got.TakenOut[0].ID != "fl-1" || got.TakenOut[0].Waiting != waits.Records || got.TakenOut[0].Delivery != "FAILED" {
		t.Errorf("%+v", got)
	}
	status := s.status()
	if found := status.Examine(); len(found) != 2 || !strings.Contains(found[0].Do, "weir-agent drop fl-1") {
		t.Errorf("%+v", found)
	}
	for path, want := range map[string]string{
		"fl-2&through=9": "fl-2 is a flow log of the config", "fl-9&through=9": "nothing waits of fl-9; flow logs that were taken out and of which something waits: fl-1, fl-3",
		"fl-1&through=x": "no number of an item", "&through=9": "no flow log",
	} {
		if code, said := ask("DELETE", "/leftovers?flow_log="+path, nil); code != http.StatusConflict || !strings.Contains(said, want) {
			t.Errorf("%s: %d: %s", path, code, said)
		}
	}
	others := s.spool.Waiting()
	delete(others, "fl-1")
	var d Dropped
	code, said := ask("DELETE", fmt.Sprintf("/leftovers?flow_log=fl-1&through=%d", l.Through), &d)
	if code != http.StatusOK || d.Amount != l.Amount || d.FlowLog != "fl-1" || !d.At.Equal(s.now.Wall) {
		t.Errorf("%d: %s: %+v", code, said, d)
	}
	if got := s.spool.Waiting(); !maps.Equal(got, others) {
		t.Errorf("%v waits, want %v", got, others)
	}
	if code, said = ask("GET", "/leftovers?flow_log=fl-1", nil); code != http.StatusConflict || !strings.Contains(said, "nothing waits of fl-1; ") {
		t.Errorf("%d: %s", code, said)
	}
	for range 2 { // and an agent that begins knows it too
		s.deliverer.wake()
		if got := s.status(); len(got.Dropped) != 1 || got.Dropped[0] != d || s.counted.values[droppedOnes][""] != float64(d.Records) || s.counted.values[droppedBytes][""] != float64(d.Bytes) {
			t.Errorf("%+v is told of, and %v", got.Dropped, s.counted.values[droppedOnes])
		}
		if said := strings.Join(s.counted.Troubles(s.Clock()), "; "); strings.Contains(said, "fl-1") {
			t.Error(said)
		}
		s.kill(t)
	}
	bucket.Set(t, servicetest.Fair)
	if err := s.end(); err != nil {
		t.Fatal(err)
	}
	for path := range bucket.Objects() {
		if strings.HasPrefix(path, "fl-1/") {
			t.Errorf("%s was delivered", path)
		}
	}
}

// TestDropUnderWay gives up items while a service has got one and does not answer: that delivery is cut, and each item is given up, or was delivered, once.
func TestDropUnderWay(t *testing.T) {
	keys(t)
	reached, answer := make(chan struct{}, 1), make(chan struct{})
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPut {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		select {
		case reached <- struct{}{}:
		default:
		}
		select {
		case <-answer:
		case <-r.Context().Done():
		}
	}))
	defer service.Close()
	defer close(answer)
	l := inBucket(service.URL)
	s := manyItems(t, &l, 5, 3)
	d := newDeliverer(s, slog.New(slog.DiscardHandler), NewCounters())
	q := s.Queues()[0]
	d.wake()
	<-reached
	items, err := s.Headers(t.Context(), q, 0, 9, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	d.mu.Lock()
	d.there[items[4].Number] = true // it was delivered, and could not be removed
	d.mu.Unlock()
	got, err := d.drop(t.Context(), "fl-1", items[4].Number, time.Now())
	if err != nil || got.Items != 4 || got.Records != 12 || len(s.Queues()) != 0 || s.Dropped().Items != 4 || len(d.there) != 0 {
		t.Errorf("%+v, %v; %v waits", got, err, s.Waiting())
	}
	d.wg.Wait()
	if of := d.counted.of(&l); of.Records != 0 || of.Waiting != 0 || of.Error != "" || len(d.couriers) != 0 || len(d.held) != 0 {
		t.Errorf("%+v; %v, %v", of, d.couriers, d.held)
	}
	d.end()
	if _, err := d.drop(t.Context(), "fl-1", 9, time.Now()); !errors.Is(err, errEnding) {
		t.Errorf("%v", err)
	}
}

// TestDropWaits has a delivery that does not end when it is cut: nothing is given up, and it is tried again later. What is given up already is not given up by another.
func TestDropWaits(t *testing.T) {
	l := config.FlowLog{ID: "fl-1"}
	s := manyItems(t, &l, 1, 1)
	d := newDeliverer(s, slog.New(slog.DiscardHandler), NewCounters())
	q := s.Queues()[0]
	cut := make(chan struct{})
	c := &courier{make(chan struct{}, 1), func() { close(cut) }, make(chan struct{})}
	d.couriers[q] = c
	failed := make(chan error)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		_, err := d.drop(ctx, "fl-1", 9, time.Now())
		failed <- err
	}()
	<-cut
	if _, err := d.drop(t.Context(), "fl-1", 9, time.Now()); !errors.Is(err, errRefused) {
		t.Errorf("%v", err)
	}
	cancel()
	if err := <-failed; err == nil || !strings.Contains(err.Error(), "does not end, so that nothing is given up") || !s.Waits(q) || len(d.held) != 0 {
		t.Errorf("%v; %v waits, %v", err, s.Waiting(), d.held)
	}
}

// plainItems returns a spool with items of fl-1, of so many records each, that nobody can deliver.
func plainItems(t *testing.T, items, records int) *spool.Spool {
	t.Helper()
	s, err := spool.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	of := &spool.Step{Note: []byte("1")}
	for range items {
		of.Items = append(of.Items, spool.Item{Queue: spool.Queue{FlowLog: "fl-1"}, Header: []byte("{}"), Data: []byte("data"), Records: records})
	}
	if err := s.Append(t.Context(), of); err != nil {
		t.Fatal(err)
	}
	return s
}

// TestDropKilled has an agent killed at any step of a drop: what is gone is what is kept as given up, and the next drop gives up the rest.
func TestDropKilled(t *testing.T) {
	const items, records = 600, 2
	at := time.Unix(1_700_000_400, 0)
	for kill := range 3 {
		s := plainItems(t, items, records)
		steps := 0
		err := (*stand)(nil).killed(func() error {
			_, err := giveUp(t.Context(), s, "fl-1", 1<<40, at, func(of []spool.Item) ([]spool.Item, error) {
				if steps++; steps > kill {
					panic(errEnds)
				}
				return of, nil
			})
			return err
		})
		gone := int64(mostHeaders * kill)
		if !errors.Is(err, errEnds) || s.Dropped().Items != gone || s.Waiting()["fl-1"].Items != items-gone {
			t.Errorf("killed at step %d: %v, %v is given up, %v waits", kill, err, s.Dropped(), s.Waiting())
		}
		if left, err := leftoverOf(t.Context(), s, "fl-1"); err != nil || left.Items != items-gone || left.Records != records*(items-gone) {
			t.Errorf("%+v, %v", left, err)
		}
		d, err := giveUp(t.Context(), s, "fl-1", 1<<40, at, func(of []spool.Item) ([]spool.Item, error) { return of, nil })
		if err != nil || d.Items != items-gone || s.Dropped().Items != items || len(s.Drops()) != min(kill, 1)+1 || len(s.Queues()) != 0 {
			t.Errorf("%+v, %v; %v is given up", d, err, s.Drops())
		}
	}
}

// TestDropFails has a disk that takes no more after a step: how much was given up until then is said.
func TestDropFails(t *testing.T) {
	s := plainItems(t, 300, 1)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	steps := 0
	d, err := giveUp(ctx, s, "fl-1", 1<<40, time.Now(), func(of []spool.Item) ([]spool.Item, error) {
		if steps++; steps == 2 {
			cancel()
		}
		return of, nil
	})
	if err == nil || !strings.Contains(err.Error(), "; 256 records were given up until then") || d.Items != 256 || s.Dropped().Items != 256 || s.Waiting()["fl-1"].Items != 44 {
		t.Errorf("%+v, %v; %v waits", d, err, s.Waiting())
	}
}

// TestDropAgain has a flow log that was taken out come again under its id, and go again: who was told of what waited before gives up that, and nothing of what came since.
func TestDropAgain(t *testing.T) {
	keys(t)
	bucket := servicetest.NewS3(t, 31, nil)
	bucket.Set(t, servicetest.Down)
	s := newStorm(t, 31, toBuckets(bucket.URL(), "fl-1")...)
	ask := s.answers(t)
	log := s.Config.FlowLogs[0]
	s.minute(t)
	s.told(t)
	var all Leftovers
	if code, said := ask("GET", "/leftovers", &all); code != http.StatusOK || len(all.Leftovers) != 1 {
		t.Fatalf("%d: %s", code, said)
	}
	old := all.Leftovers[0]
	path := fmt.Sprintf("/leftovers?flow_log=fl-1&through=%d", old.Through)
	s.told(t, log)
	if code, said := ask("DELETE", path, nil); code != http.StatusConflict || s.spool.Dropped().Items != 0 {
		t.Errorf("%d: %s", code, said)
	}
	s.minute(t)
	s.minute(t)
	s.told(t)
	var d Dropped
	if code, said := ask("DELETE", path, &d); code != http.StatusOK || d.Amount != old.Amount {
		t.Errorf("%d: %s: %+v, want %+v", code, said, d, old)
	}
	now, err := leftoverOf(t.Context(), s.spool, "fl-1")
	if err != nil || now.Items == 0 || now.Through <= old.Through {
		t.Errorf("%+v, %v", now, err)
	}
	s.told(t, log)
	bucket.Set(t, servicetest.Fair)
	if err := s.end(); err != nil {
		t.Fatal(err)
	}
	if got := s.counted.of(&log); got.Records != now.Records || got.Waiting != 0 { // those of the second time, and they are there
		t.Errorf("%+v, want %d records", got, now.Records)
	}
}

// TestDropOfServer has a flow log of a server's policy that this agent can't make: it is there, and nothing of it is given up.
func TestDropOfServer(t *testing.T) {
	p := &Policy{FlowLogs: []config.FlowLog{{ID: "fl-1"}}, Refused: map[string]string{"fl-2": "no such format"}}
	of := made(p.FlowLogs, p)
	if len(of) != 2 || of["fl-1"] != "the server's policy" || of["fl-2"] != "the server's policy" {
		t.Errorf("%v", of)
	}
	l := config.FlowLog{ID: "fl-2"}
	s := manyItems(t, &l, 1, 1)
	if _, err := takenOut(s, of, "fl-2"); !errors.Is(err, errRefused) || !strings.Contains(err.Error(), "fl-2 is a flow log of the server's policy") {
		t.Errorf("%v", err)
	}
	if ids, err := takenOut(s, nil, "fl-2"); err != nil || !slices.Equal(ids, []string{"fl-2"}) {
		t.Errorf("%v, %v", ids, err)
	}
}

// TestSpan has headers that this build can't read: nobody knows when their records end, and they can be given up all the same.
func TestSpan(t *testing.T) {
	var from, to time.Time
	for _, h := range []string{"", "{", `{"Slot":"never"}`, `{"FlowLog":null}`} {
		if where := span(&from, &to, &spool.Item{Header: []byte(h)}); where != "" || !from.IsZero() || !to.IsZero() {
			t.Errorf("%q: %s, %v to %v", h, where, from, to)
		}
	}
	at := time.Unix(1_700_000_400, 0).UTC()
	for _, by := range []time.Duration{0, time.Hour, -time.Hour} {
		text, err := json.Marshal(header{&config.FlowLog{ID: "fl-1", Destination: "logs"}, at.Add(by)})
		if err != nil {
			t.Fatal(err)
		}
		if where := span(&from, &to, &spool.Item{Header: text}); where != "logs" {
			t.Errorf("%q", where)
		}
	}
	if !from.Equal(at.Add(-time.Hour)) || !to.Equal(at.Add(time.Hour+5*time.Minute)) {
		t.Errorf("%v to %v", from, to)
	}
	a := Amount{1, 2, 3, from, to}
	if got := a.String(); got != "2 records in 1 item, 3 bytes, that end from 2023-11-14T21:20:00Z to 2023-11-14T23:25:00Z" {
		t.Error(got)
	}
}
