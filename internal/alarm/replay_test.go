package alarm

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestReplay lets random alarms be evaluated as time goes on, and compares what a replay of that time says with what they did.
func TestReplay(t *testing.T) {
	const end = 1500
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 7))
		w := newWorld(t)
		d := onMetric("a", 1+r.IntN(4))
		d.Metric.DatapointsToAlarm = 1 + r.IntN(d.Metric.EvaluationPeriods)
		d.Metric.TreatMissingData = []string{"", missing, ignore, breaching, notBreaching}[r.IntN(5)]
		w.lateness = []int64{0, 7, 720}[r.IntN(3)]
		for at := int64(-7200); at < end; at += 60 {
			if r.IntN(3) > 0 {
				w.value("a", at, float64(r.IntN(3)*10))
			}
		}
		w.put(d)
		w.run(float64(end + w.lateness))
		live, err := w.store.History(t.Context(), HistoryRequest{Name: "a", ItemType: itemStateUpdate, Ascending: true, Limit: 1000})
		if err != nil {
			t.Fatal(err)
		}
		var want []string
		for _, h := range live {
			want = append(want, fmt.Sprint(h.Time/1000-start, stateUpdated(t, h.Data)))
		}
		// The first evaluation is of the last time that is due when the alarm is put.
		first := (start - w.lateness) / 60 * 60
		before := w.alarm("a")
		replay, err := w.store.Replay(t.Context(), w, "a", first-1, start+end)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for i, x := range replay.Transitions {
			if x.Time/1000 < start { // it was due before the alarm was put, and judged then
				x.Time = start * 1000
			}
			got = append(got, fmt.Sprint(x.Time/1000-start, x.New))
			if x.Reason == "" || i > 0 && x.Old != replay.Transitions[i-1].New {
				t.Errorf("seed %d: %+v", seed, x)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" || replay.State != before.State {
			t.Fatalf("seed %d: %s is %s: %s", seed, before.State, replay.State, diff)
		}
		if diff := cmp.Diff(before, w.alarm("a")); diff != "" {
			t.Fatalf("seed %d: the replay changed the alarm: %s", seed, diff)
		}
	}
}

// TestReplayLog runs the query of a log alarm at the times of its schedule.
func TestReplayLog(t *testing.T) {
	w := newWorld(t)
	w.put(Definition{Name: "l", Log: &Log{
		Query: "fields @message", LogGroups: []string{"g"}, Schedule: "rate(5 minutes)", StartOffset: 300, Aggregation: "count(*)", ResultsToEvaluate: 1,
		ResultsToAlarm: 1, Threshold: 2, Comparison: "GreaterThanThreshold",
	}})
	w.results = map[int64]LogResult{300: {Value: 1}, 600: {Value: 3}, 900: {Value: 4}, 1200: {Value: 0}}
	got, err := w.store.Replay(t.Context(), w, "l", start, start+1200)
	if err != nil {
		t.Fatal(err)
	}
	var states []string
	for _, x := range got.Transitions {
		states = append(states, fmt.Sprint(x.Time/1000-start, x.New))
	}
	if diff := cmp.Diff([]string{"300OK", "600ALARM", "1200OK"}, states); diff != "" || got.Evaluations != 4 {
		t.Errorf("%d evaluations: %s", got.Evaluations, diff)
	}
	if _, err := w.store.Replay(t.Context(), w, "l", start, start+day); err == nil || !strings.Contains(err.Error(), "more than 200 runs") {
		t.Error(err)
	}
}

func TestReplayRefused(t *testing.T) {
	w := newWorld(t)
	w.put(onMetric("a", 1))
	w.put(onAlarms("c", "ALARM(a)"))
	for name, want := range map[string]string{"c": "a composite alarm has no values", "none": "ResourceNotFound", "a": "more than 10080 evaluations"} {
		_, err := w.store.Replay(t.Context(), w, name, start-8*day, start)
		if e := new(Error); !errors.As(err, &e) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	w.failing = errors.New("no disk")
	if _, err := w.store.Replay(t.Context(), w, "a", start-60, start); !errors.Is(err, w.failing) {
		t.Error(err)
	}
}
