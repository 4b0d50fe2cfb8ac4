package metricstore

import "time"

// A level is how long points of a step are kept; then they become points of the next.
type level struct {
	step int64 // seconds
	keep time.Duration
}

const day = 24 * time.Hour

// levels are CloudWatch's.
//
// Source: AWS, CloudWatch User Guide, "Metrics retention".
var levels = [...]level{{1, 3 * time.Hour}, {60, 15 * day}, {300, 63 * day}, {3600, 455 * day}}

// since returns the beginning of the first point that is still kept, in seconds since the epoch. It is that of a point of the next level,
// which is made of whole ones.
func (l level) since(now time.Time) int64 {
	oldest := now.Add(-l.keep).Unix()
	for i := range levels[:len(levels)-1] {
		if levels[i] == l {
			return floor(oldest, levels[i+1].step)
		}
	}
	return floor(oldest, l.step)
}

// KeptFor returns how long periods of some seconds, which begin at any multiple of so many, can be read.
func KeptFor(period int) time.Duration {
	kept := levels[0].keep
	for _, l := range levels {
		if int64(period)%l.step == 0 {
			kept = l.keep
		}
	}
	return kept
}

// Align rounds the beginning of a request for points down as CloudWatch does, in seconds since the epoch: to a whole minute, of 15 days ago to
// five minutes, of 63 days ago to an hour, and where the period is less than a minute to a multiple of it.
//
// Source: AWS, GetMetricStatistics, StartTime.
func Align(from int64, period int, now time.Time) int64 {
	switch age := now.Sub(time.Unix(from, 0)); {
	case age > levels[2].keep:
		return floor(from, 3600)
	case age > levels[1].keep:
		return floor(from, 300)
	case period < 60:
		return floor(from, int64(period))
	}
	return floor(from, 60)
}
