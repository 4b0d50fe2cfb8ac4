package agent

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/flowlog"
	"weir/internal/agent/config"
	"weir/internal/agent/destination/servicetest"
	"weir/internal/agent/spool"
)

// packetsOf adds up packets by port of objects of the stand's format.
func packetsOf(t *testing.T, format flowlog.Format, objects map[string]bool) map[uint16]int64 {
	t.Helper()
	out := map[uint16]int64{}
	for data := range objects {
		decoder, err := flowlog.NewDecoder(strings.NewReader(data), flowlog.Options{})
		for err == nil {
			var b *flowlog.Batch
			if b, err = decoder.Next(); err == nil {
				for r := range b.Records() {
					add(t, out, string(flowlog.AppendText(nil, r, format)))
				}
			}
		}
		if !errors.Is(err, io.EOF) {
			t.Error(err)
		}
	}
	return out
}

// TestDropStorm has flow logs come and go, what waits of those that are gone given up, agents killed and a service in any weather: of each flow log every packet that passed while
// it was there is in an object, or in an item that was given up, and none is in two.
func TestDropStorm(t *testing.T) {
	keys(t)
	bucket := servicetest.NewS3(t, 40, nil)
	ids := []string{"fl-1", "fl-2", "fl-3"}
	s := newStorm(t, 40, toBuckets(bucket.URL(), ids...)...)
	all := slices.Clone(s.Config.FlowLogs)
	here := map[string]bool{"fl-1": true, "fl-2": true, "fl-3": true}
	sent, dropped, drops := map[string]map[uint16]int64{}, map[string]map[string]bool{}, int64(0)
	for _, id := range ids {
		sent[id], dropped[id] = map[uint16]int64{}, map[string]bool{}
	}
	weathers := []servicetest.Weather{servicetest.Down, servicetest.Storm, servicetest.Hanging, servicetest.Slow, servicetest.Cut, servicetest.Fair}
	for range 80 {
		bucket.Set(t, weathers[s.rng.IntN(len(weathers))])
		before := maps.Clone(s.sent)
		s.minute(t)
		for port, n := range s.sent {
			for id := range here {
				if more := n - before[port]; more > 0 {
					sent[id][port] += more
				}
			}
		}
		id := ids[s.rng.IntN(len(ids))]
		switch s.rng.IntN(4) {
		case 0:
			s.kill(t)
			if !s.turn() {
				t.Fatal(s.log.String())
			}
		case 1:
			if here[id] {
				delete(here, id)
			} else {
				here[id] = true
			}
			s.told(t, slices.DeleteFunc(slices.Clone(all), func(l config.FlowLog) bool { return !here[l.ID] })...)
		default:
			if here[id] {
				continue
			}
			l, err := leftoverOf(t.Context(), s.spool, id)
			if err != nil {
				t.Fatal(err)
			}
			for _, q := range queuesOf(s.spool, id) { // those that are delivered meanwhile are in objects too
				items, err := s.spool.Oldest(t.Context(), q, 1000, 1<<30)
				if err != nil {
					t.Fatal(err)
				}
				for i := range items {
					dropped[id][string(items[i].Data)] = true
				}
			}
			select {
			case <-time.After(time.Duration(s.rng.IntN(5)) * time.Millisecond): // a random moment of a delivery
			case <-t.Context().Done():
			}
			d, err := s.deliverer.drop(t.Context(), id, l.Through, s.now.Wall)
			if err != nil || d.Items > l.Items || len(queuesOf(s.spool, id)) != 0 {
				t.Fatalf("%+v of %+v, %v", d, l, err)
			}
			drops += d.Items
		}
	}
	bucket.Set(t, servicetest.Fair)
	if err := s.end(); err != nil {
		t.Fatal(err)
	}
	if got := s.spool.Dropped().Items; got != drops || drops < 5 || s.kills < 5 || len(s.spool.Waiting()) != 0 {
		t.Errorf("%d items are told to be given up, and %d were; killed %d times, %v waits", got, drops, s.kills, s.spool.Waiting())
	}
	missing := 0
	for _, id := range ids {
		objects := map[string]bool{}
		for path, data := range bucket.Objects() {
			if strings.HasPrefix(path, id+"/") {
				objects[string(data)] = true
			}
		}
		for data := range dropped[id] {
			if !objects[data] {
				missing++
			}
			objects[data] = true
		}
		if diff := cmp.Diff(sent[id], packetsOf(t, all[0].Format, objects)); diff != "" {
			t.Errorf("%s (-sent +delivered and given up): %s", id, diff)
		}
	}
	if int64(missing) > drops {
		t.Errorf("%d items are in no object, and %d were given up", missing, drops)
	}
	t.Logf("killed %d times; %d items were given up, %d of them are in no object", s.kills, drops, missing)
}

// BenchmarkDrop gives up much that waits, and says how long a step that an agent keeps meanwhile has to wait at most.
func BenchmarkDrop(b *testing.B) {
	for _, c := range []struct{ items, bytes int }{{10_000, 100_000}, {100_000, 2_000}} {
		b.Run(fmt.Sprintf("%d items of %d bytes", c.items, c.bytes), func(b *testing.B) {
			var most, looked time.Duration
			for range b.N {
				b.StopTimer()
				s, err := spool.Open(b.Context(), b.TempDir())
				if err != nil {
					b.Fatal(err)
				}
				data := make([]byte, c.bytes)
				for i := 0; i < c.items; i += 200 {
					of := &spool.Step{Note: fmt.Append(nil, i), Items: make([]spool.Item, 200)}
					for j := range of.Items {
						of.Items[j] = spool.Item{Queue: spool.Queue{FlowLog: "fl-1"}, Header: []byte(`{"Slot":"2026-11-30T12:00:00Z"}`), Data: data, Records: 1}
					}
					if err := s.Append(b.Context(), of); err != nil {
						b.Fatal(err)
					}
				}
				began := time.Now()
				if l, err := leftoverOf(b.Context(), s, "fl-1"); err != nil || l.Items != int64(c.items) {
					b.Fatal(l, err)
				}
				looked = time.Since(began)
				ended, kept := make(chan struct{}), make(chan error)
				go func() {
					for i := 0; ; i++ {
						select {
						case <-ended:
							kept <- nil
							return
						default:
						}
						began := time.Now()
						if err := s.Append(b.Context(), &spool.Step{Note: fmt.Append(nil, "read", i), Entries: [][]byte{data}, Snapshot: true}); err != nil {
							kept <- err
							return
						}
						most = max(most, time.Since(began))
						<-time.After(10 * time.Millisecond)
					}
				}()
				b.StartTimer()
				d, err := giveUp(b.Context(), s, "fl-1", 1<<40, time.Now(), func(of []spool.Item) ([]spool.Item, error) { return of, nil })
				b.StopTimer()
				close(ended)
				if err := errors.Join(err, <-kept, s.Close()); err != nil || d.Items != int64(c.items) {
					b.Fatal(d, err)
				}
			}
			b.ReportMetric(most.Seconds()*1000, "longest-step-ms")
			b.ReportMetric(looked.Seconds()*1000, "look-ms")
		})
	}
}
