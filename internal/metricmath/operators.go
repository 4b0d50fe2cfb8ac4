package metricmath

import "math"

// operators are what operators do with two numbers. What is no number has no value: 1/0 is dropped.
//
// Source: AWS, CloudWatch User Guide, "Basic arithmetic functions" and "Comparison and logical operators".
var operators = map[string]func(x, y float64) float64{
	"+":   func(x, y float64) float64 { return x + y },
	"-":   func(x, y float64) float64 { return x - y },
	"*":   func(x, y float64) float64 { return x * y },
	"/":   func(x, y float64) float64 { return x / y },
	"^":   math.Pow,
	"==":  func(x, y float64) float64 { return truth(x == y) },
	"!=":  func(x, y float64) float64 { return truth(x != y) },
	"<":   func(x, y float64) float64 { return truth(x < y) },
	"<=":  func(x, y float64) float64 { return truth(x <= y) },
	">":   func(x, y float64) float64 { return truth(x > y) },
	">=":  func(x, y float64) float64 { return truth(x >= y) },
	"AND": func(x, y float64) float64 { return truth(x != 0 && y != 0) },
	"OR":  func(x, y float64) float64 { return truth(x != 0 || y != 0) },
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// finite returns NaN, which stands for no value, where a number is none or too large.
func finite(v float64) float64 {
	if math.IsInf(v, 0) {
		return math.NaN()
	}
	return v + 0 // -0 is 0
}

// operate applies an operator to numbers, time series and arrays.
func (e *evaluator) operate(f func(x, y float64) float64, a, b value) (value, error) {
	g := func(x, y float64) float64 {
		if math.IsNaN(x) || math.IsNaN(y) {
			return math.NaN() // also of 1 and ^, and of comparisons
		}
		return finite(f(x, y))
	}
	if a.kind == scalar && b.kind == scalar {
		return number(g(a.number, b.number)), nil
	}
	out := value{kind: max(a.kind, b.kind)}
	points := 0
	for i := range max(len(a.series), len(b.series)) {
		switch {
		case a.kind == scalar:
			out.series = append(out.series, mapped(b.series[i], func(_ int64, y float64) float64 { return g(a.number, y) }))
		case b.kind == scalar:
			out.series = append(out.series, mapped(a.series[i], func(_ int64, x float64) float64 { return g(x, b.number) }))
		case b.kind == array:
			out.series = append(out.series, labelled(merged(a.series[0], b.series[i], g), b.series[i]))
		case a.kind == array:
			out.series = append(out.series, labelled(merged(a.series[i], b.series[0], g), a.series[i]))
		default:
			out.series = append(out.series, merged(a.series[0], b.series[0], g))
		}
		points += len(out.series[i].Times)
		if err := e.within(points); err != nil {
			return value{}, err
		}
	}
	return out, nil
}

// mapped applies f to each point; a NaN is dropped.
func mapped(s Series, f func(t int64, v float64) float64) Series {
	out := labelled(Series{Period: s.Period, Times: make([]int64, 0, len(s.Times)), Values: make([]float64, 0, len(s.Times))}, s)
	for i, t := range s.Times {
		if v := finite(f(t, s.Values[i])); !math.IsNaN(v) {
			out.Times, out.Values = append(out.Times, t), append(out.Values, v)
		}
	}
	return out
}

// labelled gives a time series the label of the one that it was made of.
func labelled(s, of Series) Series {
	s.Label, s.of = of.Label, of.of
	return s
}

// merged applies f where one of two time series has a point; the other one's is 0 there if it is missing.
//
// Source: AWS, CloudWatch User Guide: "Missing values in a time series are treated as 0".
func merged(a, b Series, f func(x, y float64) float64) Series {
	out := Series{Period: a.Period}
	for i, j := 0, 0; i < len(a.Times) || j < len(b.Times); {
		var t int64
		var x, y float64
		switch {
		case j == len(b.Times) || i < len(a.Times) && a.Times[i] < b.Times[j]:
			t, x = a.Times[i], a.Values[i]
			i++
		case i == len(a.Times) || b.Times[j] < a.Times[i]:
			t, y = b.Times[j], b.Values[j]
			j++
		default:
			t, x, y = a.Times[i], a.Values[i], b.Values[j]
			i, j = i+1, j+1
		}
		if v := f(x, y); !math.IsNaN(v) {
			out.Times, out.Values = append(out.Times, t), append(out.Values, v)
		}
	}
	return out
}
