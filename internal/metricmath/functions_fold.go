package metricmath

import (
	"math"
	"slices"
)

// What is folded to a number gets the values that are there and the number of periods; what is folded at one time gets those of the time
// series that have one there, and how many series there are.

func sum(values []float64, _ int) float64 {
	total := 0.0
	for _, v := range values {
		total += v
	}
	return finite(total)
}

// average counts what is missing as 0.
//
// Source: AWS, CloudWatch User Guide, AVG.
func average(values []float64, all int) float64 { return finite(sum(values, all) / float64(all)) }

func count(values []float64, _ int) float64 { return float64(len(values)) }

func maximum(values []float64, _ int) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	return slices.Max(values)
}

func minimum(values []float64, _ int) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	return slices.Min(values)
}

// deviation is that of all values that are there, not of a sample: AWS says "of all data points".
func deviation(values []float64, _ int) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	mean := average(values, len(values))
	squares := 0.0
	for _, v := range values {
		squares += (v - mean) * (v - mean)
	}
	return finite(math.Sqrt(squares / float64(len(values))))
}

// foldAt folds the values of time series at each time at which one has a value.
func foldAt(all []Series, period int, f func(values []float64, all int) float64) Series {
	var times []int64
	for _, s := range all {
		times = append(times, s.Times...)
	}
	slices.Sort(times)
	times = slices.Compact(times)
	out := Series{Period: period}
	next := make([]int, len(all))
	values := make([]float64, 0, len(all))
	for _, t := range times {
		values = values[:0]
		for i, s := range all {
			if next[i] < len(s.Times) && s.Times[next[i]] == t {
				values = append(values, s.Values[next[i]])
				next[i]++
			}
		}
		if v := f(values, len(all)); !math.IsNaN(v) {
			out.Times, out.Values = append(out.Times, t), append(out.Values, v)
		}
	}
	return out
}
