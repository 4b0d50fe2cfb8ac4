package metricmath

import "math"

// evalIf takes a value where the condition is not 0 and another where it is 0; where the condition has no point there is none.
// What is missing where it is true is 0, and where it is false dropped.
//
// Source: AWS, CloudWatch User Guide, "Using IF expressions".
func evalIf(_ *evaluator, _ *callNode, in []value) (value, error) {
	otherwise := number(math.NaN())
	if len(in) == 3 {
		otherwise = in[2]
	}
	if in[0].kind == scalar {
		return chosen(in[0].number, in[1], otherwise), nil
	}
	yes, no := in[1].filler(), otherwise.filler()
	out := mapped(in[0].series[0], func(t int64, condition float64) float64 {
		if condition == 0 {
			return no(0, t)
		}
		v := yes(0, t)
		if math.IsNaN(v) && in[1].kind == series {
			return 0
		}
		return v
	})
	return timeSeries(Series{Period: out.Period, Times: out.Times, Values: out.Values}), nil
}

// chosen returns one of two time series; a condition without a value chooses none.
func chosen(condition float64, yes, no value) value {
	switch {
	case condition == 0 && no.kind == series:
		return timeSeries(no.series[0])
	case condition == 0 || math.IsNaN(condition):
		return timeSeries(Series{Period: yes.series[0].Period})
	}
	return timeSeries(yes.series[0])
}
