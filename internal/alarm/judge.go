package alarm

import "slices"

// The treatments of missing data.
const (
	missing      = "missing"
	ignore       = "ignore"
	breaching    = "breaching"
	notBreaching = "notBreaching"
)

// A slot is a period of an evaluation range, with its datapoint where it has one.
type slot struct {
	// time is the beginning of the period in seconds since the epoch.
	time  int64
	there bool
	Datapoint
}

// A judgement is what an evaluation found: the state that it asks for, "" to leave the state as it is, and what it saw.
type judgement struct {
	state State
	// considered are the datapoints that were compared, the newest first; over counts those over the threshold.
	considered []slot
	over       int
	// filled is how many missing periods were treated as breaching, or, where asBreaching is false, as not breaching.
	filled      int
	asBreaching bool
}

// Breaches reports whether a value is one that makes the alarm go off.
func (m *Metric) Breaches(value float64) bool { return isBreaching(m.Comparison, value, m.Threshold) }

// isBreaching compares a value with the threshold.
func isBreaching(comparison string, value, threshold float64) bool {
	switch comparison {
	case "GreaterThanOrEqualToThreshold":
		return value >= threshold
	case "GreaterThanThreshold":
		return value > threshold
	case "LessThanThreshold":
		return value < threshold
	default: // LessThanOrEqualToThreshold: check refuses all others
		return value <= threshold
	}
}

// judge applies the rule of M out of N (m, n) to an evaluation range, the newest period first.
//
// Where as many datapoints as n are there, gaps are skipped and the treatment is not used. Else missing periods are filled up to n by
// the treatment; with missing and ignore they are not, and where all that is there is breaching and fewer than m, missing goes to ALARM
// only when the oldest of them is at least m periods old: an alarm shall not go off early because data are late. Until then the state stays; AWS
// says only that it does not go to ALARM.
//
// Source: AWS, CloudWatch User Guide, "Configuring how CloudWatch alarms treat missing data", its two tables, and "How alarm state is
// evaluated when data is missing".
func judge(slots []slot, comparison string, threshold float64, m, n int, treatment string) judgement {
	var there []slot
	oldest := 0 // how many periods old the oldest breaching datapoint is, counted from 1
	for i, s := range slots {
		if s.there {
			there = append(there, s)
			if isBreaching(comparison, s.Value, threshold) {
				oldest = i + 1
			}
		}
	}
	if len(there) > n {
		there = there[:n]
	}
	j := judgement{considered: there}
	for _, s := range there {
		if isBreaching(comparison, s.Value, threshold) {
			j.over++
		}
	}
	fill := n - len(there)
	j.state = stateOf(j.over, len(there), fill, m, treatment)
	switch {
	case fill == 0:
	case treatment == breaching || treatment == notBreaching:
		j.filled, j.asBreaching = fill, treatment == breaching
	case treatment == missing && j.state == "" && oldest >= m:
		j.state = Alarm
	}
	return j
}

// stateOf returns the state that over of there datapoints over the threshold, and fill missing ones, ask for; "" is none.
func stateOf(over, there, fill, m int, treatment string) State {
	if treatment == breaching {
		over += fill
	}
	switch {
	case over >= m:
		return Alarm
	case fill == 0, treatment == breaching, treatment == notBreaching:
		return OK
	case there == 0 && treatment == missing:
		return InsufficientData
	case over < there:
		return OK
	default:
		return ""
	}
}

// enoughSamples is how many samples a period needs for a percentile to mean something; 0 is any number.
//
// Source: AWS, CloudWatch User Guide, "Percentile-based alarms and low data samples": 10/(1-percentile) from the median up, else
// 10/percentile, with the percentile as a part of 1.
func enoughSamples(percentile float64) float64 {
	switch p := percentile / 100; {
	case p <= 0, p >= 1:
		return 0
	case p >= 0.5:
		return 10 / (1 - p)
	default:
		return 10 / p
	}
}

// withoutFew leaves datapoints out that have too few samples. keep says that the newest has: then the state does not change.
func withoutFew(slots []slot, enough float64) (left []slot, some, keep bool) {
	left = slices.Clone(slots)
	for i := range left {
		if left[i].there && left[i].SampleCount < enough {
			left[i].there, some, keep = false, true, keep || i == 0
		}
	}
	return left, some, keep
}
