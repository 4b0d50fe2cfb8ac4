package metricmath

// rounded returns where the first period begins: at the minute, or at the period where that is shorter.
//
// Source: AWS, CloudWatch API Reference, GetMetricData, StartTime.
func rounded(from int64, period int) int64 {
	step := int64(min(period, 60))
	return from - ((from%step)+step)%step
}

// periods returns where the first period begins, and how many there are.
func (e *evaluator) periods(period int) (int64, int) {
	from := rounded(e.from, period)
	return from, int(max(0, (e.to-from+int64(period)-1)/int64(period)))
}

// grid is periods, of no more than a time series may have points.
func (e *evaluator) grid(n node, period int) (int64, int, error) {
	from, count := e.periods(period)
	if count > maxPoints {
		return 0, 0, wrong(n.at(), "ask for a shorter time or a longer Period", "The time has %d periods: at most %d are taken", count, maxPoints)
	}
	return from, count, nil
}

// dense makes a time series that has a value at each period.
func (e *evaluator) dense(n node, period int, f func(t int64) float64) (Series, error) {
	from, count, err := e.grid(n, period)
	if err != nil {
		return Series{}, err
	}
	out := Series{Period: period, Times: make([]int64, count), Values: make([]float64, count)}
	for i := range count {
		out.Times[i] = from + int64(i)*int64(period)
		out.Values[i] = f(out.Times[i])
	}
	return out, nil
}
