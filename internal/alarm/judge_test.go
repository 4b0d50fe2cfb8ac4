package alarm

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"weir/internal/sharedtest"
)

// A vector is a line of alarms.json.
type vector struct {
	ID         string
	Points     []string `json:"datapoints_oldest_first"`
	M          int      `json:"datapoints_to_alarm"`
	N          int      `json:"evaluation_periods"`
	Range      int      `json:"evaluation_range"`
	Treatment  string   `json:"treat_missing_data"`
	Expect     string
	Series     []float64 `json:"series_oldest_first"`
	Threshold  float64
	Comparison string
	After      []string `json:"expect_state_after_each"`
	Value      *float64
	Breaching  bool
}

func vectors(t *testing.T) []vector {
	t.Helper()
	text, err := os.ReadFile(sharedtest.Path(t, "data", "vectors", "alarms.json"))
	if err != nil {
		t.Fatal(err)
	}
	var out []vector
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestVectors evaluates alarms as AWS's guide tells of them, from what Put takes to what Alarm returns. A row of the tables is seen once in each state that the alarm may
// have before.
func TestVectors(t *testing.T) {
	all := vectors(t)
	if len(all) != 31 {
		t.Errorf("there are %d vectors", len(all))
	}
	w := newWorld(t)
	for _, v := range all {
		switch {
		case v.Value != nil:
			d := onMetric(v.ID, 1)
			d.Metric.Threshold, d.Metric.Comparison = v.Threshold, v.Comparison
			w.put(d)
			w.value(v.ID, -60, *v.Value)
		case v.Series == nil:
			v.putRow(w)
		}
	}
	w.step()
	for _, v := range all {
		t.Run(v.ID, func(t *testing.T) {
			switch {
			case v.Value != nil:
				if got, want := w.alarm(v.ID).State, map[bool]State{true: Alarm, false: OK}[v.Breaching]; got != want {
					t.Errorf("%v %s %v: %s", *v.Value, v.Comparison, v.Threshold, got)
				}
			case v.Series != nil:
				v.testSeries(t)
			default:
				v.testRow(t, w)
			}
		})
	}
}

var states = []State{OK, Alarm, InsufficientData}

// putRow puts an alarm for each state that it may have before, all on the metric of the vector.
func (v vector) putRow(w *world) {
	w.t.Helper()
	for _, before := range states {
		d := onMetric(v.ID, v.N)
		d.Name += string(before)
		d.Metric.DatapointsToAlarm, d.Metric.TreatMissingData = v.M, v.Treatment
		w.put(d)
		if err := w.store.SetState(w.t.Context(), d.Name, before, "for the test", ""); err != nil {
			w.t.Fatal(err)
		}
		if got := d.Metric.EvaluationRange(); got != v.Range {
			w.t.Fatalf("the evaluation range is %d", got)
		}
	}
	for i, p := range v.Points {
		switch at := int64(i-len(v.Points)) * 60; p {
		case "0":
			w.value(v.ID, at, 1)
		case "X":
			w.value(v.ID, at, 11)
		}
	}
}

func (v vector) testRow(t *testing.T, w *world) {
	t.Helper()
	for _, before := range states {
		got, want := w.alarm(v.ID+string(before)).State, State(v.Expect)
		switch v.Expect {
		case "RETAIN":
			want = before
		case "NOT_ALARM":
			if want = before; before == Alarm {
				continue // what a state of ALARM becomes is not said
			}
		}
		if got != want {
			t.Errorf("%v, %d out of %d, %s, before %s: %s, not %s", v.Points, v.M, v.N, v.Treatment, before, got, want)
		}
	}
}

func (v vector) testSeries(t *testing.T) {
	t.Helper()
	w := newWorld(t)
	d := onMetric("a", v.N)
	d.Metric.DatapointsToAlarm, d.Metric.Threshold, d.Metric.Comparison = v.M, v.Threshold, v.Comparison
	w.put(d)
	for i, value := range v.Series {
		w.value("a", int64(i)*60, value)
		w.run(float64(i+1) * 60)
		if want := v.After[i]; want != "-" && string(w.alarm("a").State) != want {
			t.Errorf("after %d points: %s, not %s", i+1, w.alarm("a").State, want)
		}
	}
	if got, want := w.transitions(), []State{OK, Alarm, OK}; !slices.Equal(got, want) {
		t.Errorf("transitions %v, not %v", got, want)
	}
}

// plainState is the rule of missing data told in another way: each way to fill the gaps that the treatment allows is tried. Rows of 0, X and -, the oldest first.
func plainState(row []byte, m, n int, treatment string) State {
	var real []byte
	for _, p := range row {
		if p != '-' {
			real = append(real, p)
		}
	}
	if len(real) == 0 && treatment == missing {
		return InsufficientData
	}
	if len(real) == 0 && treatment == ignore {
		return ""
	}
	last := real[max(0, len(real)-n):]
	fills := map[string][]byte{breaching: {'X'}, notBreaching: {'0'}, missing: {'0', 'X'}, ignore: {'0', 'X'}}[treatment]
	states := map[State]bool{}
	for _, fill := range fills {
		filled := slices.Clone(last)
		for len(filled) < n {
			filled = append(filled, fill)
		}
		over := 0
		for _, p := range filled {
			if p == 'X' {
				over++
			}
		}
		if over >= m {
			states[Alarm] = true
		} else {
			states[OK] = true
		}
	}
	if len(states) == 1 {
		for s := range states {
			return s
		}
	}
	// What is there does not decide: one that does not breach is enough for OK. Else the alarm waits, unless it has waited long.
	if slices.Contains(last, '0') {
		return OK
	}
	if oldest := slices.Index(row, 'X'); treatment == missing && len(row)-oldest >= m {
		return Alarm
	}
	return ""
}

func TestJudgeAgainstPlainModel(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range sharedtest.Rounds(20000) {
		n := 1 + random.IntN(6)
		m, row := 1+random.IntN(n), make([]byte, n+2)
		weights := []byte("0X--")[:3+random.IntN(2)]
		for i := range row {
			row[i] = weights[random.IntN(len(weights))]
		}
		slots := make([]slot, len(row))
		for i, p := range row {
			s := &slots[len(row)-1-i]
			s.there = p != '-'
			if p == 'X' {
				s.Value = 11
			}
		}
		for _, how := range []string{missing, ignore, breaching, notBreaching} {
			if got, want := judge(slots, "GreaterThanThreshold", 10, m, n, how).state, plainState(row, m, n, how); got != want {
				t.Fatalf("%s, %d out of %d, %s: %q, the model says %q", row, m, n, how, got, want)
			}
		}
	}
}

func TestLowSamples(t *testing.T) {
	for _, test := range []struct {
		statistic, option string
		before            State
		samples           []float64 // of the last minutes, the oldest first; all breach
		want              State
	}{
		{"p99", "", OK, []float64{1}, Alarm},
		{"p99", "evaluate", OK, []float64{1}, Alarm},
		{"p99", "ignore", OK, []float64{999}, OK},
		{"p99", "ignore", InsufficientData, []float64{999}, InsufficientData},
		{"p99", "ignore", OK, []float64{1000}, Alarm},
		{"p50", "ignore", OK, []float64{19}, OK},
		{"p50", "ignore", OK, []float64{20}, Alarm},
		{"p10", "ignore", OK, []float64{99}, OK},
		{"p10", "ignore", OK, []float64{100}, Alarm},
		{"p100", "ignore", OK, []float64{1}, Alarm},
		{"p99", "ignore", OK, []float64{5000, 10}, OK},    // the newest has too few
		{"p99", "ignore", OK, []float64{10, 5000}, Alarm}, // the newest decides
	} {
		t.Run(fmt.Sprint(test.statistic, test.option, test.before, test.samples), func(t *testing.T) {
			w := newWorld(t)
			d := onMetric("a", 1)
			d.Metric.Statistic, d.Metric.LowSampleCount = test.statistic, test.option
			w.put(d)
			if err := w.store.SetState(t.Context(), "a", test.before, "for the test", ""); err != nil {
				t.Fatal(err)
			}
			w.valuesOf = func(_ *Metric, _, to int64) (out []Datapoint, err error) {
				for i, n := range test.samples {
					out = append(out, Datapoint{Time: to - int64(len(test.samples)-i)*60, Value: 11, SampleCount: n})
				}
				return out, nil
			}
			w.step()
			if got := w.alarm("a").State; got != test.want {
				t.Errorf("%s, not %s", got, test.want)
			}
		})
	}
}
