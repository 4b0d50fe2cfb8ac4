package metricstore

import "math"

// A Point is what a metric has in a period, of one unit.
type Point struct {
	// Time is the period's beginning, in seconds since the epoch.
	Time int64
	Unit string
	Statistics

	row *row // has the values, where they were asked for and are all known
}

// A row is what is kept of samples.
type row struct {
	Statistics
	// known says that values has each sample.
	known  bool
	values distribution
}

// newRow makes a row of a datum that was checked.
func newRow(d *Datum) row {
	if s := d.Statistics; s != nil {
		r := row{Statistics: *s}
		// Where all samples are equal their values are known.
		if s.Minimum == s.Maximum && s.Sum == s.Minimum*s.SampleCount && s.Minimum >= 0 {
			r.known, r.values.samples = true, []sample{{s.Minimum, s.SampleCount}}
		}
		return r
	}
	r := row{Statistics: Statistics{Minimum: math.Inf(1), Maximum: math.Inf(-1)}}
	samples := make([]sample, len(d.Values))
	for i, v := range d.Values {
		samples[i] = sample{v, 1}
		if d.Counts != nil {
			samples[i].count = d.Counts[i]
		}
		r.SampleCount += samples[i].count
		r.Sum += v * samples[i].count
		r.Minimum, r.Maximum = min(r.Minimum, v), max(r.Maximum, v)
	}
	if r.known = r.Minimum >= 0; r.known {
		r.values = newDistribution(samples)
	}
	return r
}

// merge adds the samples of another, which it leaves as it is.
func (r *row) merge(o row) {
	if r.SampleCount == 0 {
		*r = o
		return
	}
	r.SampleCount += o.SampleCount
	r.Sum += o.Sum
	r.Minimum = min(r.Minimum, o.Minimum)
	r.Maximum = max(r.Maximum, o.Maximum)
	if r.known = r.known && o.known; r.known {
		r.values.add(o.values)
	} else {
		r.values = distribution{}
	}
}

// mergeAll returns the samples of rows, of which there is one at least. It goes by halves: row after row, each would copy all values before it.
func mergeAll(rows []row) row {
	if len(rows) == 1 {
		return rows[0]
	}
	half := len(rows) / 2
	out := mergeAll(rows[:half])
	out.merge(mergeAll(rows[half:]))
	return out
}

// samples returns what the row's column has: nil where min and max tell all.
func (r *row) samples() []byte {
	if !r.known || len(r.values.samples) == 1 && !r.values.rough {
		return nil
	}
	return r.values.encode()
}
