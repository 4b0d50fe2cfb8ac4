package notify

import "math"

// delay returns after how many ms the attempt that follows a number of failed ones (1 and more) is made; ok is false where none is.
//
// AWS names four backoff functions and draws them, without formulas: all rise from the least to the greatest delay, arithmetic slower than linear at first,
// then geometric, then exponential. The formulas are ours.
func (p retryPolicy) delay(failed int) (ms int64, ok bool) {
	if failed > p.NumRetries {
		return 0, false
	}
	at := failed - 1 // of the retries
	if at -= p.NumNoDelayRetries; at < 0 {
		return 0, true
	}
	if at -= p.NumMinDelayRetries; at < 0 {
		return int64(p.MinDelayTarget) * 1000, true
	}
	backoff := p.NumRetries - p.NumNoDelayRetries - p.NumMinDelayRetries - p.NumMaxDelayRetries
	if at >= backoff {
		return int64(p.MaxDelayTarget) * 1000, true
	}
	return int64(math.Round(p.backoff(at, backoff) * 1000)), true
}

// backoff returns the delay in seconds of one of a number of retries in the backoff phase, the first of which is 0.
func (p retryPolicy) backoff(at, of int) float64 {
	low, high := float64(p.MinDelayTarget), float64(p.MaxDelayTarget)
	if of < 2 {
		return low
	}
	i, last := float64(at), float64(of-1)
	switch p.BackoffFunction {
	case "arithmetic": // steps that grow by the same amount
		return low + (high-low)*(i*(i+1))/(last*(last+1))
	case "geometric": // each delay is the same multiple of the one before
		return low * math.Pow(high/low, i/last)
	case "exponential": // steps that double
		return low + (high-low)*(math.Exp2(i)-1)/(math.Exp2(last)-1)
	}
	return low + (high-low)*i/last
}

// total returns the ms of all delays.
func (p retryPolicy) total() int64 {
	var sum int64
	for n := 1; ; n++ {
		ms, ok := p.delay(n)
		if !ok {
			return sum
		}
		sum += ms
	}
}
