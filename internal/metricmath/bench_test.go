package metricmath

import (
	"fmt"
	"slices"
	"testing"

	"weir/internal/metricstore"
)

// BenchmarkEvaluate evaluates what an alarm watches, over five minutes, and what a page shows: 100 metrics over a day.
func BenchmarkEvaluate(b *testing.B) {
	source := &known{points: map[string]Series{}}
	var queries []Query
	for i := range 100 {
		id := fmt.Sprint("m", i)
		m := metricstore.Metric{Namespace: "NS", Name: id}
		var s Series
		for t := range int64(1440) {
			if (t+int64(i))%7 > 0 {
				s.Times, s.Values = append(s.Times, t*60), append(s.Values, float64(t%50))
			}
		}
		source.points[m.Key()+" Sum"] = s
		queries = append(queries, Query{ID: id, Stat: &Stat{Metric: m, Stat: "Sum", Period: 60}})
	}
	for _, bench := range []struct {
		name, expression string
		queries          []Query
		to               int64
	}{
		{"Alarm", "IF(FILL(m1, 0) > 0, m0 / m1 * 100, 0)", queries[:2], 300},
		{"Page", "FIRST(SORT(METRICS() / SUM(METRICS()), AVG, DESC, 10))", queries, 86_400},
	} {
		b.Run(bench.name, func(b *testing.B) {
			all := slices.Concat(bench.queries, []Query{{ID: "e1", Expression: bench.expression, ReturnData: true}})
			for b.Loop() {
				if _, err := Evaluate(b.Context(), source, all, 0, bench.to); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
