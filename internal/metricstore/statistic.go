package metricstore

import (
	"math"
	"math/bits"
	"regexp"
	"strconv"
	"strings"
)

// A Statistic tells what of a point's samples is asked for.
//
// Source: AWS, CloudWatch User Guide, "CloudWatch statistics definitions".
type Statistic struct {
	text, kind string
	// percent says that low and high are percents, in ten thousand millionths; else they are values.
	percent         bool
	hasLow, hasHigh bool
	lowPercent      uint64
	highPercent     uint64
	low, high       float64
}

// hundred is 100 percent.
const hundred = 100 * 1e10

var (
	short  = regexp.MustCompile(`\A(p|tm|wm|tc|ts)(\d{1,3}(?:\.\d{1,10})?)\z`)
	ranged = regexp.MustCompile(`\A(TM|WM|TC|TS|PR)\((?:(\d{1,300}(?:\.\d{1,10})?)(%?))?:(?:(\d{1,300}(?:\.\d{1,10})?)(%?))?\)\z`)
)

// ParseStatistic reads a statistic as CloudWatch writes it: SampleCount, Average, Sum, Minimum, Maximum, p99.9, tm90 (of tm, wm, tc and ts),
// TM(10%:90%), TM(:200) (of TM, WM, TC and TS), PR(100:2000) and IQM. Percents have up to ten decimal places. Errors: *InvalidError.
func ParseStatistic(text string) (Statistic, error) {
	s := Statistic{text: text}
	switch text {
	case "SampleCount", "Average", "Sum", "Minimum", "Maximum":
		s.kind = text
		return s, nil
	case "IQM":
		s.kind, s.percent, s.hasLow, s.hasHigh, s.lowPercent, s.highPercent = "TM", true, true, true, 25*1e10, 75*1e10
		return s, nil
	}
	if m := short.FindStringSubmatch(text); m != nil {
		s.kind, s.percent, s.hasHigh = strings.ToUpper(m[1]), true, true
		s.highPercent = percent(m[2])
		if s.highPercent > hundred {
			return Statistic{}, invalid("the statistic %q asks for more than 100 percent", text)
		}
		return s, nil
	}
	m := ranged.FindStringSubmatch(text)
	if m == nil {
		return Statistic{}, invalid("%.100q is no statistic: it is SampleCount, Average, Sum, Minimum, Maximum, IQM, or as p99.9, tm90, TM(10%%:90%%), TM(:200) or PR(100:2000)", text)
	}
	s.kind, s.hasLow, s.hasHigh = m[1], m[2] != "", m[4] != ""
	s.percent = m[3] == "%" || m[5] == "%"
	switch {
	case !s.hasLow && !s.hasHigh:
		return Statistic{}, invalid("the statistic %q has no bound", text)
	case s.percent && s.kind == "PR":
		return Statistic{}, invalid("the statistic %q has percents for bounds: a percentile rank is of values", text)
	case s.percent && (s.hasLow && m[3] == "" || s.hasHigh && m[5] == ""):
		return Statistic{}, invalid("the statistic %q has a percent and a value for bounds: both must be of one kind", text)
	case s.percent:
		s.lowPercent, s.highPercent = percent(m[2]), percent(m[4])
		if s.hasLow && s.lowPercent > hundred || s.highPercent > hundred {
			return Statistic{}, invalid("the statistic %q asks for more than 100 percent", text)
		}
	default:
		// The pattern leaves nothing that could fail; "" is 0.
		s.low, _ = strconv.ParseFloat(m[2], 64)
		s.high, _ = strconv.ParseFloat(m[4], 64)
	}
	if s.hasLow && s.hasHigh && (s.percent && s.lowPercent >= s.highPercent || !s.percent && s.low >= s.high) {
		return Statistic{}, invalid("the lower bound of the statistic %q is not less than the upper", text)
	}
	return s, nil
}

// percent reads a number of up to three digits and ten decimal places.
func percent(text string) uint64 {
	whole, part, _ := strings.Cut(text, ".")
	n, _ := strconv.ParseUint(whole+(part + "0000000000")[:10], 10, 64) // up to 13 digits
	return n
}

// String returns the statistic as it was written.
func (s Statistic) String() string { return s.text }

// NeedsValues says that the statistic is of the samples' values: [ReadRequest] must ask for them.
func (s Statistic) NeedsValues() bool {
	switch s.kind {
	case "SampleCount", "Average", "Sum", "Minimum", "Maximum":
		return false
	}
	return true
}

// Of returns the statistic of a point. It is false where there is none: those of values where a sample is negative, where the point was made
// with [ReadRequest].Values false, and where a statistic set came whose samples are not all equal; means of no sample.
//
// Of n samples in the order of their values, the upper bound b% takes those up to the rank b·n/100 rounded up, and a lower bound a% leaves
// out those up to a·n/100 rounded down. A percentile is the greatest sample that is taken. Of values, the upper bound is in the range
// and the lower is not. CloudWatch does not say how it rounds.
func (s Statistic) Of(p *Point) (float64, bool) {
	switch s.kind {
	case "SampleCount":
		return p.SampleCount, true
	case "Average":
		return p.Sum / p.SampleCount, true
	case "Sum":
		return p.Sum, true
	case "Minimum":
		return p.Minimum, true
	case "Maximum":
		return p.Maximum, true
	}
	if p.row == nil || !p.row.known {
		return 0, false
	}
	from, to := s.ranks(p.row)
	switch s.kind {
	case "P":
		return p.row.at(to), true
	case "WM":
		return s.winsorized(p.row, from, to), true
	}
	sum := p.row.sum(from, to)
	switch s.kind {
	case "TS":
		return sum, true
	case "TC":
		return to - from, true
	case "PR":
		return 100 * (to - from) / p.SampleCount, true
	}
	return sum / (to - from), to > from
}

// ranks returns which samples are in the range: those beyond the rank from, up to the rank to.
func (s Statistic) ranks(r *row) (from, to float64) {
	to = r.SampleCount
	switch {
	case s.percent:
		if s.hasLow {
			from, _ = share(s.lowPercent, r.SampleCount)
		}
		if s.hasHigh {
			_, up := share(s.highPercent, r.SampleCount)
			to = min(to, max(up, 0))
		}
	default:
		if s.hasLow {
			from = r.upTo(s.low)
		}
		if s.hasHigh {
			to = r.upTo(s.high)
		}
	}
	return from, max(from, to)
}

// share returns a percentage of n, rounded down and up. Of whole numbers it is exact.
func share(percent uint64, n float64) (down, up float64) {
	if n != math.Trunc(n) || n >= 1<<53 {
		f := float64(percent) / hundred * n
		return math.Floor(f), math.Ceil(f)
	}
	high, low := bits.Mul64(percent, uint64(n))
	q, rest := bits.Div64(high, low, hundred) // percent is at most hundred, so the quotient is at most n
	if rest > 0 {
		return float64(q), float64(q + 1)
	}
	return float64(q), float64(q)
}

// value returns what a sample counts as: one that stands for others is never beyond the extremes.
func (r *row) value(s sample) float64 { return min(max(s.value, r.Minimum), r.Maximum) }

// upTo returns how many samples are no greater than a value.
func (r *row) upTo(v float64) float64 {
	n := 0.0
	for _, s := range r.values.samples {
		if r.value(s) > v {
			break
		}
		n += s.count
	}
	return n
}

// at returns the sample of a rank, counted from 1; ranks beyond the samples are those of the first and the last.
func (r *row) at(rank float64) float64 {
	n := 0.0
	for _, s := range r.values.samples {
		if n += s.count; n >= rank {
			return r.value(s)
		}
	}
	return r.Maximum
}

// sum returns the sum of the samples beyond the rank from, up to the rank to.
func (r *row) sum(from, to float64) float64 {
	n, sum := 0.0, 0.0
	for _, s := range r.values.samples {
		if in := min(n+s.count, to) - max(n, from); in > 0 {
			sum += r.value(s) * in
		}
		n += s.count
	}
	return sum
}

// winsorized returns the mean where samples out of the range count as its ends: the bounds, or of percents the least and the greatest
// sample in the range.
func (s Statistic) winsorized(r *row, from, to float64) float64 {
	low, high := s.low, s.high
	if s.percent {
		low, high = r.at(min(from+1, r.SampleCount)), r.at(to)
	}
	sum := r.sum(from, to)
	if s.hasLow {
		sum += low * from
	}
	if s.hasHigh {
		sum += high * (r.SampleCount - to)
	}
	return sum / r.SampleCount
}
