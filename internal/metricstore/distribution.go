package metricstore

import (
	"cmp"
	"encoding/binary"
	"math"
	"slices"
)

// A sample is a value and how often it came.
type sample struct{ value, count float64 }

// A distribution is the values of samples, none of them negative. Up to maxExact different ones are kept as they are. Where there are
// more, each stands for those that are within errorBound of it.
type distribution struct {
	samples []sample // by value, each once
	rough   bool
}

const (
	// maxExact is how many different values a point keeps as they are.
	maxExact = 256
	// errorBound is by how much of itself a value may differ from the one that is kept where a point has more than 256 different values.
	errorBound = 0.01

	gamma = (1 + errorBound) / (1 - errorBound)
)

var logGamma = math.Log(gamma)

// newDistribution makes a distribution of values in any order; it orders them where they are.
func newDistribution(samples []sample) distribution {
	slices.SortFunc(samples, func(a, b sample) int { return cmp.Compare(a.value, b.value) })
	var d distribution
	for _, s := range samples {
		if last := len(d.samples) - 1; last >= 0 && d.samples[last].value == s.value {
			d.samples[last].count += s.count
		} else {
			d.samples = append(d.samples, s)
		}
	}
	d.bound()
	return d
}

// near returns the value that stands for v: the middle of its bucket, whose ends differ by the factor gamma. Such a value stands for
// itself.
//
// Source: C. Masson, J. E. Rim, H. K. Lee, "DDSketch", VLDB 2019.
func near(v float64) float64 {
	if v == 0 {
		return 0
	}
	return 2 / (1 + gamma) * math.Exp(math.Ceil(math.Log(v)/logGamma)*logGamma)
}

// roughen makes each value one that stands for others. It leaves the samples that were there as they are: others may have them too.
func (d *distribution) roughen() {
	if d.rough {
		return
	}
	out := make([]sample, 0, len(d.samples))
	for _, s := range d.samples {
		if v := near(s.value); len(out) > 0 && out[len(out)-1].value == v {
			out[len(out)-1].count += s.count
		} else {
			out = append(out, sample{v, s.count})
		}
	}
	d.samples, d.rough = out, true
}

// add adds the values of another, which it leaves as it is. Of exact ones it stays exact.
func (d *distribution) add(o distribution) {
	if d.rough || o.rough {
		d.roughen()
		o.roughen()
	}
	out := make([]sample, 0, len(d.samples)+len(o.samples))
	a, b := d.samples, o.samples
	for len(a) > 0 && len(b) > 0 {
		switch {
		case a[0].value < b[0].value:
			out, a = append(out, a[0]), a[1:]
		case a[0].value > b[0].value:
			out, b = append(out, b[0]), b[1:]
		default:
			out, a, b = append(out, sample{a[0].value, a[0].count + b[0].count}), a[1:], b[1:]
		}
	}
	d.samples = append(append(out, a...), b...)
}

// bound makes it one that a row may keep.
func (d *distribution) bound() {
	if len(d.samples) > maxExact {
		d.roughen()
	}
}

// Forms of encoded distributions.
const (
	formExact = 1
	formRough = 2
)

// encode returns its form, and for each sample 8 bytes of the value, and the count: a whole one shifted left by one, another as 1 and 8 bytes.
func (d *distribution) encode() []byte {
	b := make([]byte, 1, 1+10*len(d.samples))
	b[0] = formExact
	if d.rough {
		b[0] = formRough
	}
	for _, s := range d.samples {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(s.value))
		if s.count == math.Trunc(s.count) && s.count < 1<<53 {
			b = binary.AppendUvarint(b, uint64(s.count)<<1)
			continue
		}
		b = binary.LittleEndian.AppendUint64(binary.AppendUvarint(b, 1), math.Float64bits(s.count))
	}
	return b
}

// decode reads what encode wrote; false for anything else.
func decode(b []byte) (distribution, bool) {
	var d distribution
	if len(b) == 0 || b[0] != formExact && b[0] != formRough {
		return d, false
	}
	d.rough = b[0] == formRough
	for b = b[1:]; len(b) > 0; {
		if len(b) < 8 {
			return d, false
		}
		s := sample{value: math.Float64frombits(binary.LittleEndian.Uint64(b))}
		n, size := binary.Uvarint(b[8:])
		if size <= 0 {
			return d, false
		}
		b = b[8+size:]
		switch {
		case n&1 == 0:
			s.count = float64(n >> 1)
		case n != 1 || len(b) < 8:
			return d, false
		default:
			s.count = math.Float64frombits(binary.LittleEndian.Uint64(b))
			b = b[8:]
		}
		if last := len(d.samples) - 1; !(s.value >= 0) || !(s.count > 0) || last >= 0 && s.value <= d.samples[last].value {
			return d, false
		}
		d.samples = append(d.samples, s)
	}
	return d, len(d.samples) > 0
}
