package alarm

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"weir/internal/metricmath"
	"weir/internal/metricstore"
)

func TestOnTime(t *testing.T) {
	for _, test := range []struct {
		period, periods int
		lateness        int64
		want            []int64 // when it is evaluated, in seconds after start
	}{
		{60, 1, 0, []int64{0, 60, 120, 180}},
		{300, 3, 0, []int64{0, 60, 120, 180}}, // windows slide
		{10, 1, 0, []int64{0, 10, 20, 30}},
		{30, 2, 0, []int64{0, 10, 20, 30}},
		{3600, 24, 0, []int64{0, 60, 120, 180}},  // a day is not more than a day
		{3600, 25, 0, []int64{0, 3600, 7200}},    // more than a day: every hour
		{60, 1, 720, []int64{-720, -660, -600}},  // the logs of AWS
		{60, 1, 30, []int64{-60, 0, 60}},         // due half a minute after each
		{86400, 7, 720, []int64{-3600, 0, 3600}}, // a week, late
		{20, 1, 5, []int64{-10, 0, 10, 20, 30}},  // due at 5, 15, 25
	} {
		t.Run(fmt.Sprint(test.period, test.periods, test.lateness), func(t *testing.T) {
			w := newWorld(t)
			w.lateness = test.lateness
			d := onMetric("a", test.periods)
			d.Metric.Period = test.period
			var ends []int64
			span := int64(d.Metric.EvaluationRange()) * int64(test.period)
			w.valuesOf = func(_ *Metric, from, to int64) ([]Datapoint, error) {
				ends = append(ends, to-start)
				if to-from != span {
					t.Errorf("asked for %d seconds, not %d", to-from, span)
				}
				if due := to + test.lateness; w.now/1000 != max(due, start) && len(ends) > 1 {
					t.Errorf("%d was evaluated at %d", to-start, w.now/1000-start)
				}
				return nil, nil
			}
			w.put(d)
			last := test.want[len(test.want)-1] + test.lateness
			w.run(float64(last))
			if !slices.Equal(ends, test.want) {
				t.Errorf("evaluated for %v, not %v", ends, test.want)
			}
			if until := w.settled[len(w.settled)-1]; until != start+last {
				t.Errorf("settled up to %d, not %d", until-start, last)
			}
		})
	}
}

// TestSlidingWindows is the sample of AWS: a five-minute alarm sees minutes 1 to 5, and then 2 to 6.
func TestSlidingWindows(t *testing.T) {
	w := newWorld(t)
	d := onMetric("a", 1)
	d.Metric.Period = 300
	w.put(d)
	w.set(300)
	w.value("a", 60, 11) // the period from minute 1 on, which ends with minute 5
	w.step()
	if got := w.alarm("a").State; got != InsufficientData {
		t.Errorf("at 5 minutes: %s", got)
	}
	w.set(360)
	w.step()
	if got := w.alarm("a").State; got != Alarm {
		t.Errorf("at 6 minutes: %s", got)
	}
}

func TestExpressions(t *testing.T) {
	stat := func(period int) *metricmath.Stat {
		return &metricmath.Stat{Metric: metricstore.Metric{Namespace: "n", Name: "m"}, Period: period, Stat: "p90"}
	}
	for _, test := range []struct {
		queries   []metricmath.Query
		period    int
		statistic string
	}{
		{[]metricmath.Query{{ID: "e", Expression: "a+b", ReturnData: true}, {ID: "a", Stat: stat(60)}, {ID: "b", Stat: stat(300)}}, 300, ""},
		{[]metricmath.Query{{ID: "a", Stat: stat(60)}, {ID: "e", Expression: "a*2", Period: 120, ReturnData: true}}, 120, ""},
		{[]metricmath.Query{{ID: "a", Stat: stat(60), ReturnData: true}, {ID: "b", Stat: stat(300)}}, 60, "p90"},
		{[]metricmath.Query{{ID: "a", Expression: "INSIGHT_RULE_METRIC('r', 'Sum')", Period: 300}, {ID: "e", Expression: "a*2", ReturnData: true}}, 300, ""},
	} {
		m := &Metric{Queries: test.queries, EvaluationPeriods: 1, Comparison: "LessThanThreshold"}
		if err := m.check(); err != nil {
			t.Error(err)
		}
		if m.EvaluationPeriod() != test.period || m.statistic() != test.statistic {
			t.Errorf("%d %s, not %d %s", m.EvaluationPeriod(), m.statistic(), test.period, test.statistic)
		}
	}
}

func TestStatesSetByHand(t *testing.T) {
	w := newWorld(t)
	w.put(onMetric("a", 1))
	w.value("a", -60, 1)
	w.step()
	w.actions()
	if err := w.store.SetState(t.Context(), "a", Alarm, "testing", `{"a":1}`); err != nil {
		t.Fatal(err)
	}
	if got := w.alarm("a"); got.State != Alarm || got.Reason != "testing" || got.ReasonData != `{"a":1}` {
		t.Errorf("%+v", got)
	}
	if got, want := w.actions(), []string{"a ALARM " + toAlarm}; !slices.Equal(got, want) {
		t.Errorf("actions %q", got)
	}
	w.value("a", 0, 2)
	w.run(60)
	if got, want := w.transitions(), []State{OK, Alarm, OK}; !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
	if got := w.actions(); !slices.Equal(got, []string{"a OK " + toOK}) {
		t.Errorf("actions %q", got)
	}
	before := w.alarm("a")
	w.set(90)
	if err := w.store.SetState(t.Context(), "a", OK, "testing OK state", ""); err != nil {
		t.Fatal(err)
	}
	after := w.alarm("a")
	if len(w.actions()) > 0 || after.StateTransitioned != before.StateTransitioned || after.StateUpdated != (start+90)*1000 || after.Reason != "testing OK state" {
		t.Errorf("the same state: %+v", after)
	}
	for _, test := range []struct {
		name, state, data, code string
	}{{"none", "OK", "", "ResourceNotFound"}, {"a", "INVALID", "", "ValidationError"}, {"a", "OK", "{", "InvalidFormat"}} {
		var e *Error
		if err := w.store.SetState(t.Context(), test.name, State(test.state), "r", test.data); !errors.As(err, &e) || e.Code != test.code {
			t.Errorf("%v: %v", test, err)
		}
	}
}

// TestLateDataGiveTheSame evaluates the same data as they come at once, late and shuffled: the alarm waits, and goes through the same states, at the same times but for the
// lateness.
func TestLateDataGiveTheSame(t *testing.T) {
	series := []float64{1, 1, 11, 12, 1, 11, 1, 1, 12, 13, 14, 1}
	var told [][]string
	for _, how := range []string{"at once", "late", "shuffled"} {
		w := newWorld(t)
		if how != "at once" {
			w.lateness = 720
		}
		d := onMetric("a", 3)
		d.Metric.DatapointsToAlarm = 2
		w.put(d)
		for i, v := range series {
			at := int64(i) * 60
			switch how {
			case "late":
				w.set(at + 60 + 700)
			case "shuffled":
				w.set(at + 60 + []int64{700, 5, 300}[i%3])
			default:
				w.set(at + 60)
			}
			w.value("a", at, v)
		}
		w.now = start * 1000
		w.reopen()
		w.run(float64(len(series)*60) + float64(w.lateness))
		list, err := w.store.History(t.Context(), HistoryRequest{ItemType: itemStateUpdate, Ascending: true, Limit: 100})
		if err != nil {
			t.Fatal(err)
		}
		var texts []string
		for _, h := range list {
			texts = append(texts, fmt.Sprint(h.Summary, " ", h.Time/1000-start-w.lateness))
		}
		told = append(told, texts)
	}
	if !slices.Equal(told[0], told[1]) || !slices.Equal(told[0], told[2]) || len(told[0]) < 4 {
		t.Errorf("%q", told)
	}
}

// TestGap is what a restart after a while does, and a clock that is set ahead: what is missing of the time that weir did not see says nothing, and what is there is
// evaluated all the same.
func TestGap(t *testing.T) {
	for _, restart := range []bool{true, false} {
		for _, how := range []string{missing, breaching, notBreaching} {
			t.Run(fmt.Sprint(restart, how), func(t *testing.T) {
				w := newWorld(t)
				d := onMetric("a", 1)
				d.Metric.TreatMissingData = how
				w.put(d)
				for at := int64(-180); at < 600; at += 60 {
					w.value("a", at, 1)
				}
				w.run(600)
				w.value("a", 1800, 11) // one bad minute, which came by another way
				w.set(3630)
				if restart {
					w.reopen()
				}
				w.step()
				if got, want := w.transitions(), []State{OK, Alarm}; !slices.Equal(got, want) {
					t.Errorf("when weir is back: %v, not %v", got, want)
				}
				w.value("a", 3600, 1)
				w.run(3660)
				if got := w.transitions(); !slices.Equal(got, []State{OK, Alarm, OK}) {
					t.Errorf("when data come again: %v", got)
				}
				// Three minutes later, what is missing lies in a time that weir has seen.
				w.run(3600 + 4*60 - 1)
				if got := w.transitions(); len(got) != 3 {
					t.Errorf("while the gap is looked at: %v", got)
				}
				w.run(3600 + 10*60)
				if got, want := w.alarm("a").State, map[string]State{missing: InsufficientData, breaching: Alarm, notBreaching: OK}[how]; got != want {
					t.Errorf("with no data: %s, not %s", got, want)
				}
			})
		}
	}
}

func TestGapWithLateData(t *testing.T) {
	w := newWorld(t)
	w.lateness = 720
	d := onMetric("a", 1)
	d.Metric.TreatMissingData = breaching
	w.put(d)
	for at := int64(-1200); at < 0; at += 60 {
		w.value("a", at, 1)
	}
	w.run(600)
	w.set(3600)
	w.reopen()
	w.step()
	w.value("a", 300, 11) // it comes when weir runs again
	w.run(3600 + 719)
	if got := w.transitions(); !slices.Equal(got, []State{OK}) {
		t.Errorf("before late data are due: %v", got)
	}
	w.run(3600 + 720)
	if got := w.transitions(); !slices.Equal(got, []State{OK, Alarm}) {
		t.Errorf("%v", got)
	}
}

// TestCatchUpHasAnEnd checks that what is longer ago than a day is not evaluated, and that a day is asked for at once.
func TestCatchUpHasAnEnd(t *testing.T) {
	w := newWorld(t)
	w.put(onMetric("a", 1))
	w.step()
	w.value("a", 3600, 11)       // more than a day before the end
	w.value("a", 86400*10-60, 1) // the last minute
	w.set(86400 * 10)
	w.asked = 0
	w.step()
	if got := w.transitions(); !slices.Equal(got, []State{InsufficientData, OK}[1:]) || w.asked != 1 {
		t.Errorf("%v, asked %d times", got, w.asked)
	}
}

func TestClockSetBack(t *testing.T) {
	w := newWorld(t)
	w.put(onMetric("a", 1))
	for at := int64(-7200); at < 7200; at += 60 {
		w.value("a", at, 1)
	}
	w.run(3600)
	w.set(0)
	w.step()
	w.value("a", 60, 11)
	w.run(120)
	if got := w.transitions(); !slices.Equal(got, []State{OK, Alarm}) {
		t.Errorf("%v", got)
	}
	w.run(600)
	if got := w.alarm("a").State; got != OK {
		t.Errorf("later: %s", got)
	}
}

func TestFailures(t *testing.T) {
	w := newWorld(t)
	w.put(onMetric("unknown", 1)) // how late it comes can't be told; it is in nobody's way
	w.put(onMetric("a", 1))
	w.value("a", -60, 1)
	w.failing = errors.New("not now")
	if next := w.step(); next != 1 {
		t.Errorf("next in %v seconds", next)
	}
	if got := w.alarm("a"); got.State != InsufficientData || got.EvaluationState != evaluationFailure {
		t.Errorf("%+v", got)
	}
	if got := w.alarm("unknown"); got.State != InsufficientData || got.EvaluationState != evaluationFailure {
		t.Errorf("when its data come is not known: %+v", got)
	}
	w.failing = nil
	w.set(1)
	w.step()
	if got := w.alarm("a"); got.State != OK || got.EvaluationState != "" {
		t.Errorf("%+v", got)
	}
	w.failing = fmt.Errorf("in its query: %w", &Error{Code: "ValidationError", Message: "no such function: X"})
	w.run(60)
	if got := w.alarm("a"); got.State != InsufficientData || got.EvaluationState != evaluationError || got.Reason != "no such function: X" {
		t.Errorf("%+v", got)
	}
	w.run(120)
	w.failing = nil
	w.value("a", 120, 1)
	w.run(180)
	if got := w.alarm("a"); got.State != OK || got.EvaluationState != "" {
		t.Errorf("%+v", got)
	}
	if got := w.transitions(); !slices.Equal(got, []State{OK, InsufficientData, OK}) {
		t.Errorf("%v", got)
	}
}

// A blocking source waits to be let on, as one does that counts what is durable.
type blocking struct {
	*world
	at   chan int64
	free chan struct{}
}

func (b *blocking) Settle(ctx context.Context, until int64) error {
	select {
	case b.at <- until:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case <-b.free:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// TestWaitsForWhatIsDurable checks that nothing is judged before what was durable is counted, and that changes meanwhile are kept.
func TestWaitsForWhatIsDurable(t *testing.T) {
	w := newWorld(t)
	w.put(onMetric("a", 1))
	w.put(onMetric("b", 1))
	b := &blocking{w, make(chan int64), make(chan struct{})}
	var group sync.WaitGroup
	group.Go(func() {
		if _, err := w.store.Step(t.Context(), b); err != nil {
			t.Error(err)
		}
	})
	if until := <-b.at; until != start {
		t.Errorf("settled up to %d", until)
	}
	w.value("a", -60, 11) // it was durable, and is counted only now
	w.value("b", -60, 11)
	changed := onMetric("b", 1)
	changed.Metric.Threshold = 20
	w.put(changed)
	w.set(30) // it takes long
	b.free <- struct{}{}
	group.Wait()
	if got := w.alarm("a").State; got != Alarm {
		t.Errorf("a: %s", got)
	}
	if got := w.alarm("b").State; got != InsufficientData {
		t.Errorf("b, which is another one now: %s", got)
	}
	w.step()
	if got := w.alarm("b").State; got != OK {
		t.Errorf("b, evaluated as it is now: %s", got)
	}
	if len(w.store.gaps()) > 0 {
		t.Error("a step that takes long is a gap")
	}
}

// TestRun lets the machine's clock drive the store.
func TestRun(t *testing.T) {
	s, err := Open(t.Context(), t.TempDir(), Options{Account: "1", Region: "us-east-1"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	w := &world{t: t, store: s, valuesOf: func(_ *Metric, from, _ int64) ([]Datapoint, error) { return []Datapoint{{Time: from, Value: 11}}, nil }}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- s.Run(ctx, w) }()
	d := onMetric("a", 1)
	d.Metric.Period = 10
	if err := s.Put(t.Context(), d, nil); err != nil {
		t.Fatal(err)
	}
	select {
	case <-s.ActionsReady():
	case <-time.After(20 * time.Second):
		t.Error("no action")
	}
	if got := w.actions(); !slices.Equal(got, []string{"a ALARM " + toAlarm}) {
		t.Errorf("%q", got)
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// BenchmarkStep evaluates a thousand alarms, of which each tenth changes its state and has an action.
func BenchmarkStep(b *testing.B) {
	now := start * 1000
	s, err := Open(b.Context(), b.TempDir(), Options{Account: "1", Region: "us-east-1", Now: func() time.Time { return time.UnixMilli(now) }})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	for i := range 1000 {
		if err := s.Put(b.Context(), onMetric(fmt.Sprint("a", i), 3), nil); err != nil {
			b.Fatal(err)
		}
	}
	round := 0
	w := &world{valuesOf: func(m *Metric, from, to int64) ([]Datapoint, error) {
		out := make([]Datapoint, 0, 5)
		for at := from; at < to; at += 60 {
			v := 1.0
			if m.Metric.Name[len(m.Metric.Name)-1] == '7' && round%2 == 0 {
				v = 11
			}
			out = append(out, Datapoint{Time: at, Value: v, SampleCount: 3})
		}
		return out, nil
	}}
	for b.Loop() {
		round++
		now += 60_000
		if _, err := s.Step(b.Context(), w); err != nil {
			b.Fatal(err)
		}
	}
}

// TestExpressionWindows: what an expression gives for a period may depend on the time that it is asked for, as the average of a time series does. So
// evaluations that are caught up ask for the windows that they would have asked for in time.
func TestExpressionWindows(t *testing.T) {
	w := newWorld(t)
	var asked []string
	w.valuesOf = func(_ *Metric, from, to int64) ([]Datapoint, error) {
		asked = append(asked, fmt.Sprintf("%d-%d", from-start, to-start))
		return []Datapoint{{Time: to - 60, Value: 1, SampleCount: 1}}, nil // the last period of the window alone
	}
	w.put(Definition{Name: "e", Metric: &Metric{
		EvaluationPeriods: 2, DatapointsToAlarm: 1, Comparison: "GreaterThanOrEqualToThreshold", Threshold: 1,
		Queries: []metricmath.Query{
			{ID: "e", Expression: "m/AVG(m)", ReturnData: true},
			{ID: "m", Stat: &metricmath.Stat{Metric: metricstore.Metric{Namespace: "n", Name: "m"}, Period: 60, Stat: "Sum"}},
		},
	}})
	w.step()
	w.set(180)
	w.step()
	if got, want := strings.Join(asked, " "), "-240-0 -180-60 -120-120 -60-180"; got != want {
		t.Errorf("asked %s, want %s", got, want)
	}
	if got := w.alarm("e").State; got != Alarm {
		t.Errorf("it is %s", got)
	}
}
