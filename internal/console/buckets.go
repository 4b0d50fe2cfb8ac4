package console

import (
	"context"
	"time"
)

// buckets are the buckets of time of an answer.
type buckets struct {
	from, to int64 // bounds of the range
	first    int64 // start of the first one, a multiple of step
	step     int64 // seconds
	n        int
}

// steps are the widths that are chosen from where a request gives none: the first
// with which the range has at most 180 buckets.
var steps = []int64{60, 300, 600, 1800, 3600, 7200, 10800, 21600, 43200, 86400}

// buckets returns the buckets of a request's range. Where the range is not bounded
// it is bounded here, by what the lake holds.
func (c *console) buckets(ctx context.Context, r *request) (buckets, error) {
	if r.scope.From.IsZero() || r.scope.To.IsZero() {
		if err := c.bound(ctx, r); err != nil {
			return buckets{}, err
		}
	}
	if r.scope.From.IsZero() || r.scope.To.IsZero() {
		return buckets{step: max(r.step, 60)}, nil // no records, so no time either
	}
	from, to := r.scope.From.Unix(), r.scope.To.Unix()
	if r.scope.To.Nanosecond() > 0 {
		to++
	}
	if to <= from {
		return buckets{from: from, to: from, step: max(r.step, 60)}, nil
	}
	step := r.step
	if step == 0 {
		step = stepOf(to - from)
	}
	first := floorTo(from, step)
	n := (to - first + step - 1) / step
	if n > maxBuckets {
		return buckets{}, badParam("step", "choose a larger step or a shorter range",
			"the range has %d buckets of %d s, the most is %d", n, step, maxBuckets)
	}
	return buckets{from: from, to: to, first: first, step: step, n: int(n)}, nil
}

// bound sets the bounds of a range that are missing to the lake's first and last
// record. Without records both bounds are the zero time or meet.
func (c *console) bound(ctx context.Context, r *request) error {
	status, err := c.Status(ctx)
	if err != nil {
		return err
	}
	for _, t := range status.Tables {
		if t.Kind != r.kind || t.Records == 0 {
			continue
		}
		if r.scope.From.IsZero() {
			r.scope.From = t.Oldest
		}
		if r.scope.To.IsZero() {
			r.scope.To = t.Newest.Add(time.Second)
		}
	}
	return nil
}

// stepOf returns the width of the buckets for a range of so many seconds.
func stepOf(seconds int64) int64 {
	const most = 180
	for _, step := range steps {
		if seconds <= step*most {
			return step
		}
	}
	const week = 7 * 86400
	return week * ((seconds + week*most - 1) / (week * most))
}

// floorTo returns the largest multiple of step that is not above n.
func floorTo(n, step int64) int64 {
	rest := n % step
	if rest < 0 {
		rest += step
	}
	return n - rest
}

// times returns the start of each bucket.
func (b buckets) times() []int64 {
	out := make([]int64, b.n)
	for i := range out {
		out[i] = b.first + int64(i)*b.step
	}
	return out
}

// at returns the place of the bucket with a start.
func (b buckets) at(start any) (int, bool) {
	t, ok := start.(int64)
	i := (t - b.first) / b.step
	return int(i), ok && t >= b.first && i < int64(b.n)
}
