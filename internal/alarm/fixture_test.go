package alarm

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"weir/internal/metricstore"
)

// start is when driven clocks begin: a full hour.
const start = int64(1_700_002_800)

// A world is a store with a clock that the test drives, and a source that has what the test puts into it.
type world struct {
	t     *testing.T
	dir   string
	store *Store

	mu       sync.Mutex
	now      int64 // milliseconds since the epoch
	values   map[string]map[int64]Datapoint
	results  map[int64]LogResult
	lateness int64
	settled  []int64
	valuesOf func(m *Metric, from, to int64) ([]Datapoint, error)
	asked    int
	failing  error
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir(), now: start * 1000, values: map[string]map[int64]Datapoint{}, results: map[int64]LogResult{}}
	w.open()
	return w
}

func (w *world) open() {
	w.t.Helper()
	s, err := Open(w.t.Context(), w.dir, Options{Account: "111122223333", Region: "us-east-1", Now: w.clock})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = s.Close() }) // closing twice is no harm
	w.store = s
}

// reopen is what a restart does.
func (w *world) reopen() {
	w.t.Helper()
	if err := w.store.Close(); err != nil {
		w.t.Fatal(err)
	}
	w.open()
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return time.UnixMilli(w.now)
}

// set sets the clock to seconds after start.
func (w *world) set(seconds int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = (start + seconds) * 1000
}

// value puts the datapoint of the minute that begins some seconds after start.
func (w *world) value(metric string, seconds int64, v float64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.values[metric] == nil {
		w.values[metric] = map[int64]Datapoint{}
	}
	w.values[metric][start+seconds] = Datapoint{Time: start + seconds, Value: v, SampleCount: 1}
}

func (w *world) Values(_ context.Context, m *Metric, from, to int64) ([]Datapoint, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked++
	if w.failing != nil {
		return nil, w.failing
	}
	if w.valuesOf != nil {
		return w.valuesOf(m, from, to)
	}
	var out []Datapoint
	for at := from; at < to; at += int64(m.EvaluationPeriod()) {
		if p, has := w.values[m.Metric.Name][at]; has {
			out = append(out, p)
		}
	}
	return out, nil
}

func (w *world) Lateness(_ context.Context, m *Metric) (int64, error) {
	if m.Metric.Name == "unknown" {
		return 0, errors.New("no such group")
	}
	return w.lateness, nil
}

func (w *world) Settle(_ context.Context, until int64) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.settled = append(w.settled, until)
	return nil
}

func (w *world) LogResult(_ context.Context, _ *Log, at int64) (LogResult, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	r, has := w.results[at-start]
	if !has {
		return LogResult{Missing: true}, w.failing
	}
	return r, w.failing
}

// step evaluates what is due, and returns how many seconds after start it wants to be called again.
func (w *world) step() float64 {
	w.t.Helper()
	next, err := w.store.Step(w.t.Context(), w)
	if err != nil {
		w.t.Fatal(err)
	}
	return float64(next.UnixMilli())/1000 - float64(start)
}

// run drives the clock up to some seconds after start, from step to step.
func (w *world) run(until float64) {
	w.t.Helper()
	for {
		next := w.step()
		if next > until {
			break
		}
		w.mu.Lock()
		w.now = int64((float64(start) + next) * 1000)
		w.mu.Unlock()
	}
	w.mu.Lock()
	w.now = int64((float64(start) + until) * 1000)
	w.mu.Unlock()
	w.step()
}

func (w *world) put(d Definition) {
	w.t.Helper()
	if err := w.store.Put(w.t.Context(), d, nil); err != nil {
		w.t.Fatalf("%s: %v", d.Name, err)
	}
}

func (w *world) alarm(name string) Described {
	w.t.Helper()
	d, err := w.store.Alarm(w.t.Context(), name)
	if err != nil {
		w.t.Fatalf("%s: %v", name, err)
	}
	return d
}

// transitions returns the states that the alarm a went through.
func (w *world) transitions() []State {
	w.t.Helper()
	list, err := w.store.History(w.t.Context(), HistoryRequest{Name: "a", ItemType: itemStateUpdate, Ascending: true, Limit: 1000})
	if err != nil {
		w.t.Fatal(err)
	}
	out := []State{}
	for _, h := range list {
		out = append(out, stateUpdated(w.t, h.Data))
	}
	return out
}

// actions returns the actions that wait, as "name STATE target", and says that they are done.
func (w *world) actions() []string {
	w.t.Helper()
	list, err := w.store.Actions(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	out := []string{}
	for _, a := range list {
		out = append(out, a.Definition.Name+" "+string(a.New)+" "+a.Target)
		if err := w.store.ActionDone(w.t.Context(), a.ID, true, "sent"); err != nil {
			w.t.Fatal(err)
		}
	}
	return out
}

const (
	toOK    = "arn:aws:sns:us-east-1:111122223333:ok"
	toAlarm = "arn:aws:sns:us-east-1:111122223333:alarm"
	toNone  = "arn:aws:sns:us-east-1:111122223333:none"
)

var allActions = Actions{Enabled: true, OK: []string{toOK}, Alarm: []string{toAlarm}, InsufficientData: []string{toNone}}

// onMetric is an alarm on the metric of its own name: above 10 in n of n minutes.
func onMetric(name string, n int) Definition {
	return Definition{Name: name, Actions: allActions, Metric: &Metric{
		Metric: metricstore.Metric{Namespace: "test", Name: name}, Statistic: "Sum", Period: 60,
		EvaluationPeriods: n, Threshold: 10, Comparison: "GreaterThanThreshold",
	}}
}

func onAlarms(name, rule string) Definition {
	return Definition{Name: name, Actions: allActions, Composite: &Composite{Rule: rule}}
}
