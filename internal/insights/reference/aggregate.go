package reference

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"weir/internal/insights"
	"weir/internal/insights/value"
)

// aggregate computes an aggregate of rows.
func (r *run) aggregate(name string, x *insights.Call, rows []*Row) value.Value {
	if len(x.Args) == 0 {
		return value.Number(float64(len(rows))) // count and countOverTime
	}
	of, other := x.Args[0], insights.Expr(nil)
	if len(x.Args) > 1 {
		other = x.Args[1]
	}
	if name == "topk" {
		of, other = other, of
	}
	values := make([]value.Value, 0, len(rows))
	times := make([]value.Value, 0, len(rows))
	for _, row := range rows {
		if v := r.eval(of, row); !v.IsAbsent() && !v.IsStructured() {
			values = append(values, v)
			times = append(times, row.get(timestampPath))
		}
	}
	second := value.Absent
	if other != nil {
		second = r.eval(other, &Row{})
	}
	switch name {
	case "count", "countOverTime":
		return value.Number(float64(len(values)))
	case "countDistinct":
		return value.Number(float64(len(distinct(values))))
	case "values":
		return value.List(distinct(values))
	case "sortsFirst", "sortsLast":
		return sorts(values, name == "sortsLast")
	case "min", "max":
		return extreme(values, name == "max")
	case "earliest", "latest":
		return byTime(values, times, name == "latest")
	case "topk":
		return topK(values, second)
	case "rate":
		return rate(values, times, second)
	}
	return ofNumbers(name, numbersOf(values), second)
}

// ofNumbers computes an aggregate of numbers; it is absent where there are none.
func ofNumbers(name string, n []float64, second value.Value) value.Value {
	if len(n) == 0 {
		return value.Absent
	}
	sum := sumOf(n)
	mean := sum / float64(len(n))
	switch name {
	case "sum", "sumOverTime":
		return value.Number(sum)
	case "avg":
		return value.Number(mean)
	case "variance", "stddev":
		squares, upTo := 0.0, 0.0 // Welford's: of equal numbers it is exactly 0
		for i, f := range n {
			d := f - upTo
			upTo += d / float64(i+1)
			squares += d * (f - upTo)
		}
		if name == "variance" {
			return value.Number(squares / float64(len(n)))
		}
		return value.Number(math.Sqrt(squares / float64(len(n))))
	case "median":
		return percentile(n, 50)
	case "pct":
		p, ok := second.Number()
		if !ok {
			return value.Absent
		}
		return percentile(n, p)
	case "histogram":
		return histogram(n, second)
	}
	panic(fmt.Sprintf("reference: no aggregate %s", name))
}

// sumOf adds numbers and rounds once, as far as their sum is a number (Neumaier's sum).
func sumOf(n []float64) float64 {
	sum, rest := 0.0, 0.0
	for _, f := range n {
		next := sum + f
		if math.Abs(sum) >= math.Abs(f) {
			rest += sum - next + f
		} else {
			rest += f - next + sum
		}
		sum = next
	}
	if math.IsInf(sum, 0) {
		return sum
	}
	return sum + rest
}

func numbersOf(values []value.Value) []float64 {
	var out []float64
	for _, v := range values {
		if f, ok := finite(v); ok {
			out = append(out, f)
		}
	}
	return out
}

// percentile returns the nearest rank: of k numbers the one at place ceil(p*k/100), at least the first. It is absent for a p
// outside of 0 to 100.
func percentile(n []float64, p float64) value.Value {
	if p < 0 || p > 100 || len(n) == 0 {
		return value.Absent
	}
	sorted := slices.Sorted(slices.Values(n))
	return value.Number(sorted[rank(len(n), p)])
}

// rank returns the place, from 0, of the nearest rank among k.
func rank(k int, p float64) int {
	return max(int(math.Ceil(p*float64(k)/100)), 1) - 1
}

// distinct returns values whose texts are different, in the natural order.
func distinct(values []value.Value) []value.Value {
	seen := map[string]bool{}
	out := []value.Value{}
	for _, v := range values {
		if s, ok := v.Text(); ok && !seen[s] {
			seen[s] = true
			out = append(out, v)
		}
	}
	slices.SortStableFunc(out, func(a, b value.Value) int { return byValues([]value.Value{a}, []value.Value{b}) })
	return out
}

// sorts returns what is first or last in the natural order.
func sorts(values []value.Value, last bool) value.Value {
	d := distinct(values)
	switch {
	case len(d) == 0:
		return value.Absent
	case last:
		return d[len(d)-1]
	}
	return d[0]
}

// extreme returns the least or greatest number, a time where that is one; where there are no numbers, the least or greatest
// text by code point.
func extreme(values []value.Value, greatest bool) value.Value {
	best, found := value.Absent, false
	better := func(n int) bool { return !found || greatest == (n > 0) && n != 0 }
	for _, v := range values {
		if f, ok := finite(v); ok {
			b, _ := best.Number()
			if better(cmp.Compare(f, b)) {
				if best, found = value.Number(f), true; v.Kind() == value.TimeKind {
					best = v
				}
			}
		}
	}
	if found {
		return best
	}
	for _, v := range values {
		if s, ok := v.Text(); ok && better(strings.Compare(s, best.String())) {
			best, found = v, true
		}
	}
	return best
}

// byTime returns the value at the least time, the first of equal ones, or at the greatest, the last of equal ones.
// Rows are in the order of events; those without a time do not count.
func byTime(values, times []value.Value, latest bool) value.Value {
	best, at, found := value.Absent, 0.0, false
	for i, v := range values {
		t, ok := times[i].Number()
		if !ok {
			continue
		}
		if !found || latest && t >= at || !latest && t < at {
			best, at, found = v, t, true
		}
	}
	return best
}

// rate returns how much a number changes in a period: the last less the first, by time, over the time between them. It is
// absent where there are no two times.
func rate(values, times []value.Value, period value.Value) value.Value {
	var numbers, at []value.Value
	for i, v := range values {
		if _, ok := finite(v); ok {
			numbers, at = append(numbers, v), append(at, times[i])
		}
	}
	first, last := byTime(numbers, at, false), byTime(numbers, at, true)
	from, to := byTime(at, at, false), byTime(at, at, true)
	s, _ := period.Text()
	p, ok := value.ParsePeriod(s)
	if !ok {
		return value.Absent
	}
	ms, ok := p.Millis()
	if !ok {
		return value.Absent
	}
	change := value.Arithmetic("-", last, first)
	elapsed := value.Arithmetic("-", to, from)
	return value.Arithmetic("/", value.Arithmetic("*", change, value.Number(float64(ms))), elapsed)
}

// maxBuckets bounds histograms.
const maxBuckets = 10_000

// histogram counts numbers in ranges of the same width: a map from ranges, such as [0,10), to counts. The last range has
// its end in it. Where all numbers are equal there is one range.
func histogram(n []float64, buckets value.Value) value.Value {
	b, ok := buckets.Number()
	count := int(b)
	if !ok || count < 1 || count > maxBuckets {
		return value.Absent
	}
	low, high := slices.Min(n), slices.Max(n)
	if low == high {
		count = 1
	}
	scale := 1.0
	if math.IsInf(high-low, 0) {
		scale = 0.5 // so that the distance is a number
	}
	width := (high*scale - low*scale) / float64(count)
	counts := make([]float64, count)
	for _, f := range n {
		i := count - 1
		if width > 0 {
			i = min(int((f*scale-low*scale)/width), count-1)
		}
		counts[i]++
	}
	edge := func(i int) string { return value.FormatNumber((low*scale + float64(i)*width) / scale) }
	keys := make([]string, count)
	values := make([]value.Value, count)
	for i := range counts {
		end := "," + edge(i+1) + ")"
		if i == count-1 {
			end = "," + value.FormatNumber(high) + "]"
		}
		keys[i] = "[" + edge(i) + end
		values[i] = value.Number(counts[i])
	}
	return value.Map(keys, values)
}

// topK returns the list of the most frequent values, the most frequent first and of equal counts in the natural order.
func topK(values []value.Value, k value.Value) value.Value {
	counts := map[string]int{}
	for _, v := range values {
		if s, ok := v.Text(); ok {
			counts[s]++
		}
	}
	most, ok := k.Number()
	if !ok || most < 1 {
		return value.Absent
	}
	d := distinct(values)
	slices.SortStableFunc(d, func(a, b value.Value) int { return counts[b.String()] - counts[a.String()] })
	return value.List(slices.Clip(d[:min(len(d), int(most))]))
}
