package synth

import "math/bits"

// rng is a stream of pseudo-random numbers (SplitMix64 of Steele, Lea and
// Flood). It is the package's own because the same numbers must come out of
// every Go version; all methods use integers only because a compiler may fuse
// floating-point operations differently on another architecture.
type rng struct{ state uint64 }

const golden = 0x9E3779B97F4A7C15

// mix is SplitMix64's output function: a bijection that scatters its input.
func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return z ^ z>>31
}

// hash joins a seed and two numbers into one scattered number.
func hash(seed, a, b uint64) uint64 {
	return mix(mix(mix(seed+golden)+a*golden) + b*golden + 1)
}

// next returns 64 random bits.
func (r *rng) next() uint64 {
	r.state += golden
	return mix(r.state)
}

// below returns a number in [0, n), or 0 where n is 0.
func (r *rng) below(n uint32) uint32 {
	return uint32(r.next() >> 32 * uint64(n) >> 32)
}

// between returns a number in [lo, hi].
func (r *rng) between(lo, hi uint32) uint32 { return lo + r.below(hi-lo+1) }

// chance reports true in permille of 1000 cases.
func (r *rng) chance(permille uint32) bool { return r.below(1000) < permille }

// few returns 0, 1, 2... each half as often as the one before, at most 15.
func (r *rng) few() uint32 {
	return uint32(bits.TrailingZeros64(r.next() | 1<<15))
}

// skewed returns a number in [0, n) of which small ones are far more frequent:
// the density falls with the power 2/3, like the popularity of hosts and
// clients, and every number has its chance.
func (r *rng) skewed(n uint32) uint32 {
	u := r.next() >> 32
	cube := u * u >> 32 * u >> 32
	return uint32(cube * uint64(n) >> 32)
}

// magnitude returns a number whose length in bits is even in [lo, hi], as the
// sizes of transfers spread over orders of magnitude.
func (r *rng) magnitude(lo, hi uint32) uint64 {
	k := r.between(lo, hi) - 1
	return 1<<k | r.next()&(1<<k-1)
}
