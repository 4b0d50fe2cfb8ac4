package sharedtest

import "testing"

// Rounds returns how many of n rounds a property test runs: all, or a tenth with -short, as CI asks under the race
// detector, which makes them ten times slower and finds what it finds in a few.
func Rounds[N ~int | ~uint64](n N) N {
	if testing.Short() {
		return max(1, n/10)
	}
	return n
}
