package alarm

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
)

// TestAgainstPlainModel evaluates alarms of random definitions over random series for two hours, and holds their transitions against a model that knows nothing
// of the store: it looks at each minute by itself.
func TestAgainstPlainModel(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	const minutesOfData, count = 120, 40
	type randomAlarm struct {
		d      Definition
		series [minutesOfData]float64 // of minutes from start - 60 minutes on; negative is missing
	}
	all := make([]randomAlarm, count)
	w := newWorld(t)
	for i := range all {
		n := 1 + random.IntN(5)
		d := onMetric(strconv.Itoa(i), n)
		d.Metric.Period = []int{60, 60, 120, 300}[random.IntN(4)]
		d.Metric.DatapointsToAlarm = random.IntN(n + 1)
		d.Metric.TreatMissingData = []string{"", missing, ignore, breaching, notBreaching}[random.IntN(5)]
		d.Metric.Threshold = 2
		d.Metric.Comparison = []string{"GreaterThanThreshold", "LessThanThreshold", "GreaterThanOrEqualToThreshold", "LessThanOrEqualToThreshold"}[random.IntN(4)]
		all[i].d = d
		// Values come in runs, and so do gaps.
		value := 0.0
		for m := range all[i].series {
			if random.IntN(3) == 0 {
				value = float64(random.IntN(7) - 3)
			}
			all[i].series[m] = value
		}
	}
	// window is the sum of a period, and whether it has data.
	window := func(i int, from, to int64) (sum float64, there bool) {
		for at := from; at < to; at += 60 {
			if m := (at - start + 3600) / 60; m >= 0 && m < minutesOfData && all[i].series[m] >= 0 {
				sum, there = sum+all[i].series[m], true
			}
		}
		return sum, there
	}
	w.valuesOf = func(m *Metric, from, to int64) (out []Datapoint, err error) {
		i, err := strconv.Atoi(m.Metric.Name)
		for at := from; at < to; at += int64(m.Period) {
			if sum, there := window(i, at, at+int64(m.Period)); there {
				out = append(out, Datapoint{Time: at, Value: sum, SampleCount: 1})
			}
		}
		return out, err
	}
	for i := range all {
		w.put(all[i].d)
	}
	w.run(3600)
	for i, a := range all {
		m := a.d.Metric
		state, want := InsufficientData, []string{}
		for at := start; at <= start+3600; at += 60 {
			var row []byte
			for k := m.EvaluationPeriods + 2; k > 0; k-- {
				from := at - int64(k*m.Period)
				switch sum, there := window(i, from, from+int64(m.Period)); {
				case !there:
					row = append(row, '-')
				case map[string]bool{
					"GreaterThanThreshold": sum > 2, "LessThanThreshold": sum < 2, "GreaterThanOrEqualToThreshold": sum >= 2, "LessThanOrEqualToThreshold": sum <= 2,
				}[m.Comparison]:
					row = append(row, 'X')
				default:
					row = append(row, '0')
				}
			}
			how := m.TreatMissingData
			if how == "" {
				how = missing
			}
			least := m.DatapointsToAlarm
			if least == 0 {
				least = m.EvaluationPeriods
			}
			if to := plainState(row, least, m.EvaluationPeriods, how); to != "" && to != state {
				want = append(want, fmt.Sprint(at-start, " ", state, " ", to))
				state = to
			}
		}
		list, err := w.store.History(t.Context(), HistoryRequest{Name: a.d.Name, ItemType: itemStateUpdate, Ascending: true, Limit: 1000})
		if err != nil {
			t.Fatal(err)
		}
		got, before := []string{}, InsufficientData
		for _, h := range list {
			to := stateUpdated(t, h.Data)
			got = append(got, fmt.Sprint(h.Time/1000-start, " ", before, " ", to))
			before = to
		}
		if !slices.Equal(got, want) {
			t.Errorf("%+v %v:\n%q\nthe model says\n%q", *m, a.series, got, want)
		}
	}
}

// TestShortRestart checks that a restart of some seconds makes no alarm of what weir did not take in meanwhile.
func TestShortRestart(t *testing.T) {
	w := newWorld(t)
	d := onMetric("a", 1)
	d.Metric.Period, d.Metric.TreatMissingData = 10, breaching
	w.put(d)
	for at := int64(-30); at < 20; at += 10 {
		w.value("a", at, 1)
	}
	w.run(20)
	w.set(34)
	w.reopen()
	w.step()
	w.value("a", 34, 1)
	w.value("a", 40, 1)
	w.run(50)
	if got := w.transitions(); !slices.Equal(got, []State{OK}) {
		t.Errorf("%v", got)
	}
}

// TestCrashLoop checks that restarts without end make no gaps without end.
func TestCrashLoop(t *testing.T) {
	w := newWorld(t)
	w.put(onMetric("a", 1))
	w.step()
	for i := range int64(20) {
		w.set(10 * (i + 1))
		w.reopen()
		w.step()
	}
	if got := w.store.gaps(); len(got) != 1 || got[0] != (gap{start, start + 200}) {
		t.Errorf("%v", got)
	}
	w.reopen()
	if got := w.store.gaps(); len(got) != 1 {
		t.Errorf("after a restart: %v", got)
	}
}
