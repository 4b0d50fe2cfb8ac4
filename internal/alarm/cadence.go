package alarm

import (
	"strconv"
	"strings"
)

const (
	minute = 60
	hour   = 3600
	day    = 86400
	week   = 7 * day
)

// EvaluationPeriod is the length of a datapoint in seconds: of the metric, of the query that returns data, or, where that is an expression without a
// period, the longest of the metrics and expressions beside it.
func (m *Metric) EvaluationPeriod() int {
	if len(m.Queries) == 0 {
		return m.Period
	}
	longest := 0
	for _, q := range m.Queries {
		period := q.Period
		if q.Stat != nil {
			period = q.Stat.Period
		}
		longest = max(longest, period)
		if q.ReturnData && period > 0 {
			return period
		}
	}
	return longest
}

// interval is how many seconds lie between two evaluations: an alarm is evaluated every minute, with windows that slide, one of a short period every ten
// seconds, and one that looks back over more than a day every hour.
//
// Source: AWS, CloudWatch User Guide, "Alarm evaluation".
func (m *Metric) interval() int64 {
	period := m.EvaluationPeriod()
	switch {
	case period*m.EvaluationPeriods > day:
		return hour
	case period < minute:
		return 10
	default:
		return minute
	}
}

// EvaluationRange is how many periods an evaluation looks at. AWS looks at more than EvaluationPeriods and does not say how many more; the samples of
// its guide have two more. Of periods of an hour and more it is one more here, so that a day without data is not a third day late.
func (m *Metric) EvaluationRange() int {
	if m.EvaluationPeriod() >= hour {
		return m.EvaluationPeriods + 1
	}
	return m.EvaluationPeriods + 2
}

// datapointsToAlarm is M of M out of N.
func (m *Metric) datapointsToAlarm() int {
	if m.DatapointsToAlarm == 0 {
		return m.EvaluationPeriods
	}
	return m.DatapointsToAlarm
}

// treatment returns the treatment of missing data that an alarm has: missing, where it has none.
func treatment(given string) string {
	if given == "" {
		return missing
	}
	return given
}

// percentile returns the percentile of a statistic such as p99.9.
func percentile(statistic string) (float64, bool) {
	digits, found := strings.CutPrefix(statistic, "p")
	if !found {
		return 0, false
	}
	p, err := strconv.ParseFloat(digits, 64)
	return p, err == nil && p >= 0 && p <= 100
}

// statistic returns the statistic of the alarm's metric, "" where it watches an expression.
func (m *Metric) statistic() string {
	if len(m.Queries) == 0 {
		return m.Statistic
	}
	for _, q := range m.Queries {
		if q.ReturnData && q.Stat != nil {
			return q.Stat.Stat
		}
	}
	return ""
}
