package metricmath

import (
	"cmp"
	"math"
	"slices"
)

// pick returns a time series of an array, one without points where it is not there.
func pick(e *evaluator, n *callNode, all []Series, i int) value {
	if i < 0 || i >= len(all) {
		return timeSeries(Series{Period: e.periodOf(n)})
	}
	return timeSeries(all[i])
}

func evalFirst(e *evaluator, n *callNode, in []value) (value, error) {
	return pick(e, n, in[0].series, 0), nil
}

func evalLast(e *evaluator, n *callNode, in []value) (value, error) {
	return pick(e, n, in[0].series, len(in[0].series)-1), nil
}

func evalMetricCount(_ *evaluator, _ *callNode, in []value) (value, error) {
	return number(float64(len(in[0].series))), nil
}

func evalMetrics(e *evaluator, n *callNode, _ []value) (value, error) {
	out := value{kind: array}
	for _, i := range e.metrics(n) {
		v, err := e.query(i)
		if err != nil {
			return out, err
		}
		out.series = append(out.series, v.series...)
	}
	return out, nil
}

func evalRemoveEmpty(_ *evaluator, _ *callNode, in []value) (value, error) {
	kept := slices.DeleteFunc(slices.Clone(in[0].series), func(s Series) bool { return len(s.Times) == 0 })
	return value{kind: array, series: kept}, nil
}

// index returns a number as a place in an array, at most its length.
func index(n *callNode, argument int, v float64, length int) (int, error) {
	if !(v >= 0) || v != math.Trunc(v) {
		return 0, wrong(n.arguments[argument].at(), "the first time series is 0", "%s needs a whole number that is not negative; this is %v", n.name, v)
	}
	return int(min(v, float64(length))), nil
}

func evalSlice(_ *evaluator, n *callNode, in []value) (value, error) {
	all := in[0].series
	from, err := index(n, 1, in[1].number, len(all))
	to := len(all)
	if err == nil && len(in) == 3 {
		to, err = index(n, 2, in[2].number, len(all))
	}
	return value{kind: array, series: all[from:max(from, to)]}, err
}

// evalSort sorts time series by a number of each. Those of the same keep their order, and those without one come last.
func evalSort(e *evaluator, n *callNode, in []value) (value, error) {
	by := functions[n.arguments[1].(*wordNode).word]
	sign := 1
	if n.arguments[2].(*wordNode).word == "DESC" {
		sign = -1
	}
	type ranked struct {
		s  Series
		by float64
	}
	all := make([]ranked, len(in[0].series))
	for i, s := range in[0].series {
		v, err := by.eval(e, n, []value{timeSeries(s)})
		if err != nil {
			return v, err
		}
		if len(s.Values) == 0 {
			v.number = math.NaN()
		}
		all[i] = ranked{s, v.number}
	}
	slices.SortStableFunc(all, func(a, b ranked) int {
		if math.IsNaN(a.by) || math.IsNaN(b.by) {
			return cmp.Compare(truth(math.IsNaN(a.by)), truth(math.IsNaN(b.by)))
		}
		return sign * cmp.Compare(a.by, b.by)
	})
	if len(in) == 4 {
		limit, err := index(n, 3, in[3].number, len(all))
		if err != nil {
			return value{}, err
		}
		all = all[:limit]
	}
	out := value{kind: array}
	for _, r := range all {
		out.series = append(out.series, r.s)
	}
	return out, nil
}

func evalPeriod(_ *evaluator, _ *callNode, in []value) (value, error) {
	return number(float64(in[0].series[0].Period)), nil
}

func evalTimeSeries(e *evaluator, n *callNode, in []value) (value, error) {
	if math.IsNaN(in[0].number) {
		return timeSeries(Series{Period: e.periodOf(n)}), nil
	}
	s, err := e.dense(n, e.periodOf(n), func(int64) float64 { return in[0].number })
	return timeSeries(s), err
}

func evalInsightRule(e *evaluator, n *callNode, _ []value) (value, error) {
	rule, metric := n.arguments[0].(*textNode).text, n.arguments[1].(*textNode).text
	period := e.periodOf(n)
	s, err := e.src.InsightRule(e.ctx, rule, metric, period, rounded(e.from, period), e.to)
	s.Period = period
	return timeSeries(s), err
}
