package metricmath

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"weir/internal/metricstore"
	"weir/internal/sharedtest"
)

const modelPeriods = 12

// A model is an expression with what it gives, computed period by period: NaN is no point. A number has the same in each.
type model struct {
	text   string
	number bool
	at     [modelPeriods]float64
}

// random makes an expression of some depth over metrics.
func random(r *rand.Rand, metrics []model, depth int) model {
	if depth == 0 {
		if r.IntN(3) == 0 {
			v := float64(r.IntN(7)) / 2
			out := model{text: fmt.Sprint(v), number: true}
			for i := range out.at {
				out.at[i] = v
			}
			return out
		}
		return metrics[r.IntN(len(metrics))]
	}
	a := random(r, metrics, depth-1)
	if r.IntN(8) == 0 {
		out := model{text: "-(" + a.text + ")", number: a.number}
		for i, v := range a.at {
			out.at[i] = -v
		}
		return out
	}
	b := random(r, metrics, r.IntN(depth))
	names := []string{"+", "-", "*", "/", "<", "<=", ">", ">=", "==", "!=", "AND", "OR"}
	name := names[r.IntN(len(names))]
	out := model{text: "(" + a.text + " " + name + " " + b.text + ")", number: a.number && b.number}
	for i := range out.at {
		out.at[i] = modelOf(name, a, b, i)
	}
	return out
}

func modelOf(name string, a, b model, i int) float64 {
	x, y := a.at[i], b.at[i]
	if math.IsNaN(x) && (a.number || b.number || math.IsNaN(y)) || math.IsNaN(y) && (a.number || b.number) {
		return math.NaN()
	}
	if math.IsNaN(x) {
		x = 0
	}
	if math.IsNaN(y) {
		y = 0
	}
	is := false
	switch name {
	case "+":
		return x + y
	case "-":
		return x - y
	case "*":
		return x * y
	case "/":
		if y == 0 {
			return math.NaN()
		}
		return x / y
	case "<":
		is = x < y
	case "<=":
		is = x <= y
	case ">":
		is = x > y
	case ">=":
		is = x >= y
	case "==":
		is = x == y
	case "!=":
		is = x != y
	case "AND":
		is = x != 0 && y != 0
	case "OR":
		is = x != 0 || y != 0
	}
	if is {
		return 1
	}
	return 0
}

// TestRandomExpressions holds expressions over sparse metrics against a model that computes period by period.
func TestRandomExpressions(t *testing.T) {
	for seed := range sharedtest.Rounds(uint64(2000)) {
		r := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // a test's
		source := &known{points: map[string]Series{}}
		var metrics []model
		var queries []Query
		for i := range 3 {
			id := fmt.Sprint("m", i)
			m := metricstore.Metric{Namespace: "NS", Name: id}
			s, of := Series{}, model{text: id}
			for p := range of.at {
				of.at[p] = math.NaN()
				if r.IntN(3) > 0 {
					of.at[p] = float64(r.IntN(9) - 4)
					s.Times, s.Values = append(s.Times, int64(p)*60), append(s.Values, of.at[p])
				}
			}
			source.points[m.Key()+" Sum"] = s
			queries = append(queries, Query{ID: id, Stat: &Stat{Metric: m, Stat: "Sum", Period: 60}})
			metrics = append(metrics, of)
		}
		want := random(r, metrics, 1+r.IntN(5))
		text := want.text
		if want.number {
			text = "TIME_SERIES(" + text + ")"
		}
		got, err := Evaluate(t.Context(), source, append(queries, Query{ID: "e1", Expression: text, ReturnData: true}), 0, modelPeriods*60)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if g, w := shownPoints(got[0]), want.shown(); g != w {
			t.Fatalf("seed %d: %s\ngot  %s\nwant %s", seed, text, g, w)
		}
	}
}

func (m *model) shown() string {
	var s Series
	for i, v := range m.at {
		if !math.IsNaN(v) {
			s.Times, s.Values = append(s.Times, int64(i)*60), append(s.Values, v+0)
		}
	}
	return shownPoints(s)
}

func shownPoints(s Series) string {
	var b strings.Builder
	for i, at := range s.Times {
		fmt.Fprintf(&b, " %d:%v", at, s.Values[i])
	}
	return b.String()
}
