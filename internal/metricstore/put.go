package metricstore

import (
	"context"
	"database/sql"
	"errors"
	"math"
	"slices"
	"time"
)

// maxValue bounds values.
//
// Source: AWS, PutMetricData: from -2^360 to 2^360.
var maxValue = math.Ldexp(1, 360)

// maxCommit is about how many data a transaction has: more wait for the next.
const maxCommit = 20_000

// put is data that wait to be durable.
type put struct {
	cells    map[cell]*row
	metrics  map[string]Metric
	data     int
	reader   string // "" has no position
	position []byte
	done     chan error
}

// A cell is where a row lies.
type cell struct {
	metric     string // its key
	step, time int64
	unit       string
	backfilled bool
}

// Put adds data. When it returns without an error they are durable; with an error of ctx they may be. Data that come at the same time
// share a transaction. Data older than CloudWatch keeps them are passed over. Errors: *InvalidError, after which none was added, ErrClosed, those
// of ctx and of the disk.
func (s *Store) Put(ctx context.Context, data []Datum) error {
	return s.enqueue(ctx, data, "", nil)
}

// Commit adds data as Put does, and keeps the position up to which a reader has read what they were made of: both or none. A reader has
// one position, and its commits come one after the other.
func (s *Store) Commit(ctx context.Context, reader string, position []byte, data []Datum) error {
	if reader == "" || position == nil {
		return invalid("a commit needs a reader and a position")
	}
	return s.enqueue(ctx, data, reader, position)
}

// Position returns the position that a reader committed last, nil where there is none.
func (s *Store) Position(ctx context.Context, reader string) ([]byte, error) {
	var position []byte
	err := s.db.QueryRowContext(ctx, "SELECT position FROM positions WHERE reader = ?", reader).Scan(&position)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return position, err
}

func (s *Store) enqueue(ctx context.Context, data []Datum, reader string, position []byte) error {
	p := &put{cells: map[cell]*row{}, metrics: map[string]Metric{}, data: len(data), reader: reader, position: position, done: make(chan error, 1)}
	now := s.now()
	for i := range data {
		if err := data[i].check(); err != nil {
			return err
		}
		p.add(&data[i], now)
	}
	s.queueMu.Lock()
	if s.closed {
		s.queueMu.Unlock()
		return ErrClosed
	}
	s.queue = append(s.queue, p)
	s.queueMu.Unlock()
	select {
	case s.wake <- struct{}{}:
	default:
	}
	select {
	case err := <-p.done:
		return err
	case <-ctx.Done():
		// What waits no longer takes memory, and is not kept; what is being written may be.
		s.queueMu.Lock()
		defer s.queueMu.Unlock()
		s.queue = slices.DeleteFunc(s.queue, func(other *put) bool { return other == p })
		return ctx.Err()
	}
}

// check says what is not as the comments of Datum say.
func (d *Datum) check() error {
	if err := d.Metric.check(); err != nil {
		return err
	}
	if d.Resolution != 0 && d.Resolution != 1 && d.Resolution != 60 {
		return invalid("the resolution of a datum of %q is %d: it is 1 or 60 seconds", d.Name, d.Resolution)
	}
	if d.Unit != "" && !isUnit(d.Unit) {
		return invalid("the unit of a datum of %q is no unit of CloudWatch: %.100q", d.Name, d.Unit)
	}
	if st := d.Statistics; st != nil {
		// Each comparison is false for what is no number.
		if d.Values != nil || d.Counts != nil || !(st.SampleCount > 0) || !(st.SampleCount <= maxValue) || !inRange(st.Minimum) || !inRange(st.Maximum) || st.Minimum > st.Maximum || !(math.Abs(st.Sum) <= math.MaxFloat64) {
			return invalid("the statistics of a datum of %q are none of samples: %v", d.Name, *st)
		}
		return nil
	}
	if len(d.Values) == 0 || d.Counts != nil && len(d.Counts) != len(d.Values) {
		return invalid("a datum of %q has %d values and %d counts", d.Name, len(d.Values), len(d.Counts))
	}
	for i, v := range d.Values {
		if !inRange(v) {
			return invalid("a value of a datum of %q is beyond 2^360: %v", d.Name, v)
		}
		if d.Counts != nil && (!(d.Counts[i] > 0) || !(d.Counts[i] <= maxValue)) {
			return invalid("a count of a datum of %q is not greater than 0: %v", d.Name, d.Counts[i])
		}
	}
	return nil
}

func inRange(v float64) bool { return math.Abs(v) <= maxValue }

// add adds a datum to its cell.
func (p *put) add(d *Datum, now time.Time) {
	key := d.Key()
	if _, ok := p.metrics[key]; !ok {
		p.metrics[key] = d.Metric
	}
	seconds := floor(d.Time, 1000) / 1000
	step := int64(60)
	if d.Resolution == 1 {
		step = 1
	}
	for _, l := range levels {
		if l.step >= step && seconds >= l.since(now) {
			c := cell{metric: key, step: l.step, time: floor(seconds, l.step), unit: d.Unit, backfilled: d.Backfilled}
			if c.unit == "" {
				c.unit = "None"
			}
			if r := p.cells[c]; r != nil {
				r.merge(newRow(d))
				r.values.bound()
			} else {
				p.cells[c] = new(newRow(d))
			}
			return
		}
	}
}

// floor returns the greatest multiple of step that is not beyond n.
func floor(n, step int64) int64 {
	if rest := n % step; rest < 0 {
		return n - rest - step
	}
	return n - n%step
}
