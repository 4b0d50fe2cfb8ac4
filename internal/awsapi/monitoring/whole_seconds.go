package monitoring

import "weir/internal/awsapi"

// wholeSeconds returns a time from start up to end in whole seconds since the epoch: a part of a second at either side counts as a whole one.
func wholeSeconds(start, end awsapi.Time) (from, to int64) {
	return floorSecond(start), -floorSecond(-end)
}

// floorSecond returns the last whole second up to a time, in seconds since the epoch.
func floorSecond(t awsapi.Time) int64 {
	n := int64(t) / 1000
	if t < 0 && t%1000 != 0 {
		n--
	}
	return n
}
