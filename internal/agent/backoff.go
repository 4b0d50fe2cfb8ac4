package agent

import (
	"math/rand/v2"
	"time"
)

// leastWait and mostWait bound how long it is until what failed is tried again.
const leastWait, mostWait = time.Second, time.Minute

// Backoff returns how long to wait after so many failures one after the other, at least one: twice as long each time, less up to a half by chance, so that agents do not all come
// back at once.
func Backoff(failures int) time.Duration {
	wait := min(leastWait<<min(failures-1, 10), mostWait)
	return wait - rand.N(wait/2)
}
