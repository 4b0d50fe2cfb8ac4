package alarm

import (
	"errors"
	"math"
	"slices"
	"testing"
)

// TestResults keeps what the runs of a log alarm gave, over restarts, for as long as history and for as long as they are evaluated.
func TestResults(t *testing.T) {
	w := newWorld(t)
	d := onLogs("l")
	d.Log.ResultsToEvaluate, d.Log.ResultsToAlarm = 2, 1
	w.put(d)
	w.put(onMetric("a", 1))
	for i := range int64(5) {
		w.results[(i+1)*300] = LogResult{Value: float64(i * 60), Rows: i, Missing: i == 2}
	}
	w.run(1500)
	want := []Result{{start + 300, false, 0, 0}, {start + 600, false, 60, 1}, {start + 900, true, 0, 2}, {start + 1200, false, 180, 3}, {start + 1500, false, 240, 4}}
	get := func(from, to int64, limit int) []Result {
		t.Helper()
		got, err := w.store.Results(t.Context(), "l", from, to, limit)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	for _, restarted := range []bool{false, true} {
		if got := get(0, math.MaxInt64, 100); !slices.Equal(got, want) {
			t.Errorf("restarted %v: %v", restarted, got)
		}
		w.reopen()
	}
	if got := get(start+600, start+1200, 2); !slices.Equal(got, want[2:4]) {
		t.Errorf("the newest of a time: %v", got)
	}
	if got := w.store.current()["l"].results; len(got) != 2 || got[0].Value != 240 || got[1].Value != 180 {
		t.Errorf("evaluated after a restart: %v", got)
	}
	if got, err := w.store.Results(t.Context(), "a", 0, math.MaxInt64, 100); err != nil || got != nil {
		t.Errorf("of another alarm: %v, %v", got, err)
	}
	if _, err := w.store.Results(t.Context(), "none", 0, math.MaxInt64, 100); !errors.As(err, new(*Error)) {
		t.Errorf("of none: %v", err)
	}
	// A run 30 days later is evaluated with the last one before it, and those before that are gone.
	w.set(30*day + 1510)
	w.results[30*day+1500] = LogResult{Value: 7, Rows: 9}
	w.step()
	if got := get(0, math.MaxInt64, 100); !slices.Equal(got, []Result{want[4], {start + 30*day + 1500, false, 7, 9}}) {
		t.Errorf("after 30 days: %v", got)
	}
	d.Log.Query = "fields @message | limit 1"
	w.put(d)
	if got := get(0, math.MaxInt64, 100); got != nil {
		t.Errorf("of another query: %v", got)
	}
}

// TestCrossed tells from the reason of a log alarm which runs crossed its threshold.
func TestCrossed(t *testing.T) {
	w := newWorld(t)
	d := onLogs("l")
	d.Log.ResultsToEvaluate, d.Log.ResultsToAlarm, d.Log.Threshold = 4, 2, 1.5e7
	w.put(d)
	for i, v := range []float64{2e7, 1, 3e7} {
		w.results[int64(i+1)*300] = LogResult{Value: v}
	}
	w.run(1200) // the fourth result is missing
	a := w.alarm("l")
	if got := d.Log.Crossed(a.ReasonData); a.State != Alarm || !slices.Equal(got, []int64{start + 900, start + 300}) {
		t.Errorf("%s: %v of %s", a.State, got, a.ReasonData)
	}
	for _, of := range []string{"", "{}", `{"results":[{"timestamp":"then","value":2e7},{"timestamp":"2023-11-14T23:35:00.000+0000"}]}`, `{"results":7}`} {
		if got := d.Log.Crossed(of); got != nil {
			t.Errorf("%s: %v", of, got)
		}
	}
}
