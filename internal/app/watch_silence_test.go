package app

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"weir/flowlog"
	"weir/internal/detection"
	"weir/internal/logstore"
	"weir/internal/metricstore"
)

// learn keeps that something came to a source and a log group every five minutes of three days, up to now.
func (a *alerted) learn(sources ...string) {
	a.t.Helper()
	now := a.clock()
	begin := now.Add(-72 * time.Hour)
	kept := &silences{Looked: begin.UnixMilli()}
	for at := begin; !at.After(now); at = at.Add(time.Minute) {
		kept.pass(at, func(string) bool { return true })
		for _, source := range sources {
			if at.Minute()%5 == 0 {
				kept.came(deliveryKey{Source: source}, at)
			}
		}
	}
	var err error
	if _, kept.Object, err = a.s.lake.Came(a.t.Context(), 0); err != nil {
		a.t.Fatal(err)
	}
	text, err := json.Marshal(kept)
	if err != nil {
		a.t.Fatal(err)
	}
	if err := a.w.metrics.Commit(a.t.Context(), silenceReader, text, nil); err != nil {
		a.t.Fatal(err)
	}
}

// TestDeliverySilent tells of a source to which nothing came for longer than usual: records of NODATA and files without records end the silence, what is opened does not.
func TestDeliverySilent(t *testing.T) {
	begin := watchedDay
	a, endpoint := newAlerted(t, begin)
	a.add(DetectionRequest{Name: "delivery-silent", Targets: []detection.Target{{Protocol: "webhook", Endpoint: endpoint}}})
	dir, other := filepath.Join(t.TempDir(), "logs"), filepath.Join(t.TempDir(), "other")
	deliver := func(dir, name string, follow bool, lines ...string) {
		t.Helper()
		deliverFile(t, dir, name, lines...)
		if _, err := a.s.Open(t.Context(), OpenRequest{Sources: []string{dir}, Brief: true, Follow: follow}, nil); err != nil {
			t.Fatal(err)
		}
	}
	deliver(dir, "0.log", true, flowLine(0, "eni-1", 50000, 22, 40, "ACCEPT"))
	a.flowGroup("g", flowlog.DefaultFormat(flowlog.KindVPC).String())
	if err := a.w.delivery.look(t.Context()); err != nil { // what lies there is known
		t.Fatal(err)
	}
	a.learn(dir, storedOrigin("g"))
	following := (&Follow{Data: a.s.lake.Data(), Now: a.clock}).newState(dir)
	defer following.close()
	noData := func(minute int) string {
		return fmt.Sprintf("2 123456789012 eni-1 - - - - - - - %d %d - NODATA", begin.Unix()+int64(minute)*60, begin.Unix()+int64(minute)*60+59)
	}
	states := map[string]string{}
	var told []string
	for minute := 1; minute <= 180; minute++ {
		at := begin.Add(time.Duration(minute) * time.Minute)
		a.mu.Lock()
		a.now = at
		a.mu.Unlock()
		switch minute {
		case 10, 60:
			deliver(dir, fmt.Sprint(minute, ".log"), true, noData(minute))
		case 90:
			deliver(other, "old.log", false, flowLine(90, "eni-2", 50000, 22, 40, "ACCEPT"))
			deliver(dir, "old.log", false, flowLine(91, "eni-2", 50000, 22, 40, "ACCEPT"))
		case 140:
			deliver(dir, "140.log", true)
		}
		if minute%20 == 0 && minute <= 140 {
			events := []logstore.InputEvent{{Timestamp: at.UnixMilli(), Message: []byte(noData(minute))}}
			if _, err := a.w.watch.store.Put(t.Context(), "g", "eni-1", events, at); err != nil {
				t.Fatal(err)
			}
			if err := a.w.watch.store.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
			if _, err := a.s.TakeEvents(t.Context(), a.w.watch.store); err != nil {
				t.Fatal(err)
			}
		}
		if err := a.w.delivery.look(t.Context()); err != nil {
			t.Fatal(err)
		}
		a.at(at.Add(time.Minute)) // the minute that ends then is judged
		if now := a.detections()[0].State; now != states["is"] {
			states["is"] = now
			told = append(told, fmt.Sprint(minute, " ", now))
		}
		if minute == 129 {
			following.looked(&Round{At: at, Source: dir, Err: errors.New("no access")})
		}
		if minute == 130 {
			d, err := a.s.AlarmDetails(t.Context(), "weir-delivery-silent")
			want := []string{dir + ": nothing came since 2026-03-02 13:00:00 UTC, for 70 min in which it was watched; usual is 22 min at most; the last look at it failed: no access"}
			if err != nil || d.Why == nil || !slices.Equal(d.Why.Says, want) || !slices.Equal(d.Why.Next, []string{"weir lake status"}) {
				t.Errorf("details do not say %q: %+v, %v", want, d.Why, err)
			}
			by, ok := deliveryKey{Source: dir}.dimensions()
			if got, err := a.w.delivery.silence.says(t.Context(), metricstore.Metric{Namespace: DeliveryNamespace, Name: silenceSeconds, Dimensions: by}, 1e9); !ok || err != nil || !slices.Equal(got, want) {
				t.Errorf("of the source alone: %q, %v, %t", got, err, ok)
			}
		}
	}
	if want := []string{"1 OK", "126 ALARM", "140 OK"}; !slices.Equal(told, want) {
		t.Errorf("states %v, want %v", told, want)
	}
	if n := strings.Count(fmt.Sprint(a.got), "nothing came since"); n == 0 {
		t.Errorf("no message says what is silent: %v", a.got)
	}
}
