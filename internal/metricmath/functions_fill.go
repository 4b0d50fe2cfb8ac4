package metricmath

import "math"

// evalFill gives the periods that have no value one: a number, the value of another time series at that time, the last
// value before, or one on the line between the values around.
//
// Source: AWS, CloudWatch User Guide, FILL. Before the first value REPEAT and LINEAR have nothing to go by, nor has LINEAR behind the last.
func evalFill(e *evaluator, n *callNode, in []value) (value, error) {
	out := value{kind: in[0].kind}
	points := 0
	for _, s := range in[0].series {
		from, count, err := e.grid(n, s.Period)
		if err != nil {
			return out, err
		}
		var filler func(at int, t int64) float64
		switch w, ok := n.arguments[1].(*wordNode); {
		case ok && w.word == "REPEAT":
			filler = repeated(s)
		case ok:
			filler = linear(s)
		default:
			filler = in[1].filler()
		}
		filled := labelled(Series{Period: s.Period}, s)
		at := 0
		for i := range count {
			t := from + int64(i)*int64(s.Period)
			var v float64
			if at < len(s.Times) && s.Times[at] == t {
				v = s.Values[at]
				at++
			} else {
				v = filler(at, t)
			}
			if !math.IsNaN(v) {
				filled.Times, filled.Values = append(filled.Times, t), append(filled.Values, v)
			}
		}
		out.series = append(out.series, filled)
		points += len(filled.Times)
		if err := e.within(points); err != nil {
			return out, err
		}
	}
	return out, nil
}

// filler returns a function of the place among the values and the time that gives a number, or the value of a time series.
func (v value) filler() func(at int, t int64) float64 {
	if v.kind == scalar {
		return func(int, int64) float64 { return v.number }
	}
	return valuesOf(v.series[0]).at
}

func repeated(s Series) func(at int, t int64) float64 {
	return func(at int, _ int64) float64 {
		if at == 0 {
			return math.NaN()
		}
		return s.Values[at-1]
	}
}

func linear(s Series) func(at int, t int64) float64 {
	return func(at int, t int64) float64 {
		if at == 0 || at == len(s.Times) {
			return math.NaN()
		}
		x0, x1, y0, y1 := s.Times[at-1], s.Times[at], s.Values[at-1], s.Values[at]
		part := float64(t-x0) / float64(x1-x0)
		return finite(y0*(1-part) + y1*part)
	}
}

// A lookup finds the values of a time series at times that ascend.
type lookup struct {
	s    Series
	next int
}

func valuesOf(s Series) *lookup { return &lookup{s: s} }

// at returns the value at a time, NaN for none.
func (l *lookup) at(_ int, t int64) float64 {
	for l.next < len(l.s.Times) && l.s.Times[l.next] < t {
		l.next++
	}
	if l.next < len(l.s.Times) && l.s.Times[l.next] == t {
		return l.s.Values[l.next]
	}
	return math.NaN()
}
