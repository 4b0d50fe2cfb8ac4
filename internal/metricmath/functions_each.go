package metricmath

import (
	"math"
	"time"
)

// steps applies f to each point and the one before it; the first has none and is dropped.
func steps(s Series, f func(seconds, difference float64) float64) Series {
	i := -1
	return mapped(s, func(t int64, v float64) float64 {
		i++
		if i == 0 {
			return math.NaN()
		}
		return f(float64(t-s.Times[i-1]), v-s.Values[i-1])
	})
}

func diff(s Series) Series {
	return steps(s, func(_, difference float64) float64 { return difference })
}

func diffTime(s Series) Series { return steps(s, func(seconds, _ float64) float64 { return seconds }) }

func rate(s Series) Series {
	return steps(s, func(seconds, difference float64) float64 { return difference / seconds })
}

func runningSum(s Series) Series {
	total := 0.0
	return mapped(s, func(_ int64, v float64) float64 {
		total += v
		return total
	})
}

func utc(t int64) time.Time { return time.Unix(t, 0).UTC() }

func minute(t int64) float64 { return float64(utc(t).Minute()) }
func hour(t int64) float64   { return float64(utc(t).Hour()) }
func date(t int64) float64   { return float64(utc(t).Day()) }
func month(t int64) float64  { return float64(utc(t).Month()) }
func year(t int64) float64   { return float64(utc(t).Year()) }
func epoch(t int64) float64  { return float64(t) }

// day is 1 on Monday, 7 on Sunday.
func day(t int64) float64 { return float64((utc(t).Weekday()+6)%7 + 1) }
