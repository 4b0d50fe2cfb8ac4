package metricmath

import "math"

// A function is a function of metric math.
type function struct {
	forms []form
	// refused says why it is not here, "" where it is.
	refused string
	// separately says that the time series of an array are not combined: their periods may differ.
	separately bool
	// words are what its words may be, by their places.
	words map[int][]string
	// check looks at what kinds do not say, nil for nothing.
	check func(c *checker, n *callNode) error
	eval  func(e *evaluator, n *callNode, in []value) (value, error)
}

var (
	eachForms   = []form{{[]kind{series}, series}, {[]kind{array}, array}}
	foldForms   = []form{{[]kind{series}, scalar}, {[]kind{array}, series}}
	pickForms   = []form{{[]kind{array}, series}}
	clockForms  = []form{{[]kind{series}, series}}
	fillFillers = []string{"REPEAT", "LINEAR"}
)

// functions are all functions that AWS documents.
//
// Source: AWS, CloudWatch User Guide, "Using math expressions with CloudWatch metrics".
var functions map[string]*function

func init() { // parsing asks for functions, and these check what was parsed
	functions = map[string]*function{
		"ABS":                    eachValue(math.Abs),
		"ANOMALY_DETECTION_BAND": {refused: "there are no anomaly detection models"},
		"AVG":                    folded(average),
		"CEIL":                   eachValue(math.Ceil),
		"DATAPOINT_COUNT":        folded(count),
		"DATE":                   clock(date),
		"DAY":                    clock(day),
		"DB_PERF_INSIGHTS":       {refused: "there is no Performance Insights"},
		"DIFF":                   eachSeries(diff),
		"DIFF_TIME":              eachSeries(diffTime),
		"EPOCH":                  clock(epoch),
		"FILL": {
			forms: []form{
				{[]kind{series, scalar}, series},
				{[]kind{series, series}, series},
				{[]kind{series, word}, series},
				{[]kind{array, scalar}, array},
				{[]kind{array, series}, array},
				{[]kind{array, word}, array},
			},
			words: map[int][]string{1: fillFillers}, eval: evalFill,
		},
		"FIRST": {forms: pickForms, eval: evalFirst},
		"FLOOR": eachValue(math.Floor),
		"HOUR":  clock(hour),
		"IF": {
			forms: []form{
				{[]kind{series, scalar}, series},
				{[]kind{series, series}, series},
				{[]kind{series, scalar, scalar}, series},
				{[]kind{series, scalar, series}, series},
				{[]kind{series, series, scalar}, series},
				{[]kind{series, series, series}, series},
				{[]kind{scalar, series}, series},
				{[]kind{scalar, series, series}, series},
			},
			eval: evalIf,
		},
		"INSIGHT_RULE_METRIC": {forms: []form{{[]kind{text, text}, series}}, check: checkInsightRule, eval: evalInsightRule},
		"LAMBDA":              {refused: "there are no Lambda functions"},
		"LAST":                {forms: pickForms, eval: evalLast},
		"LOG":                 eachValue(math.Log),
		"LOG10":               eachValue(math.Log10),
		"MAX":                 folded(maximum),
		"METRICS":             {forms: []form{{nil, array}, {[]kind{text}, array}}, check: checkMetrics, eval: evalMetrics},
		"METRIC_COUNT":        {forms: []form{{[]kind{array}, scalar}}, separately: true, eval: evalMetricCount},
		"MIN":                 folded(minimum),
		"MINUTE":              clock(minute),
		"MONTH":               clock(month),
		"PERIOD":              {forms: []form{{[]kind{series}, scalar}}, check: checkPeriod, eval: evalPeriod},
		"RATE":                eachSeries(rate),
		"REMOVE_EMPTY":        {forms: []form{{[]kind{array}, array}}, separately: true, eval: evalRemoveEmpty},
		"RUNNING_SUM":         eachSeries(runningSum),
		"SEARCH": {
			forms: []form{{[]kind{text, text}, array}, {[]kind{text, text, scalar}, array}},
			check: checkSearch, eval: evalSearch,
		},
		"SERVICE_QUOTA": {refused: "there are no service quotas"},
		"SLICE":         {forms: []form{{[]kind{array, scalar}, array}, {[]kind{array, scalar, scalar}, array}}, separately: true, eval: evalSlice},
		"SORT": {
			forms:      []form{{[]kind{array, word, word}, array}, {[]kind{array, word, word, scalar}, array}},
			separately: true, words: map[int][]string{1: {"AVG", "MIN", "MAX", "SUM"}, 2: {"ASC", "DESC"}}, eval: evalSort,
		},
		"STDDEV":      folded(deviation),
		"SUM":         folded(sum),
		"TIME_SERIES": {forms: []form{{[]kind{scalar}, series}}, check: checkOwnPeriod, eval: evalTimeSeries},
		"YEAR":        clock(year),
	}
}

// eachValue makes a function of one that changes values: what is no number is dropped.
func eachValue(f func(float64) float64) *function {
	return eachSeries(func(s Series) Series { return mapped(s, func(_ int64, v float64) float64 { return f(v) }) })
}

// eachSeries makes a function of one that changes time series.
func eachSeries(f func(Series) Series) *function {
	return &function{forms: eachForms, separately: true, eval: func(_ *evaluator, _ *callNode, in []value) (value, error) {
		out := make([]Series, len(in[0].series))
		for i, s := range in[0].series {
			out[i] = f(s)
		}
		return value{kind: in[0].kind, series: out}, nil
	}}
}

// folded makes a function that gives of a time series a number, of its values and the number of its periods, and of an array a
// time series, of the values that its time series have at one time and their number.
func folded(f func(values []float64, all int) float64) *function {
	return &function{forms: foldForms, eval: func(e *evaluator, n *callNode, in []value) (value, error) {
		if in[0].kind == array {
			return timeSeries(foldAt(in[0].series, e.periodOf(n), f)), nil
		}
		s := in[0].series[0]
		_, periods := e.periods(s.Period)
		return number(f(s.Values, max(periods, len(s.Values)))), nil
	}}
}

// clock makes a function of the time: it has a value at each period.
func clock(f func(t int64) float64) *function {
	return &function{forms: clockForms, eval: func(e *evaluator, n *callNode, in []value) (value, error) {
		s, err := e.dense(n, in[0].series[0].Period, f)
		return timeSeries(s), err
	}}
}
