package metricstore

import (
	"cmp"
	"context"
	"slices"
)

// A ReadRequest asks for a metric's points.
type ReadRequest struct {
	Metric Metric
	// From and To are in seconds since the epoch; To is not included. Periods begin at From, which [Align] rounds.
	From, To int64
	// Period is in seconds: 1, 5, 10, 20, 30 or a multiple of 60.
	Period int
	// Unit leaves out data of other units, "" none.
	Unit string
	// Live leaves out backfilled data.
	Live bool
	// Values asks for what statistics of samples' values need; see [Statistic.NeedsValues].
	Values bool
}

const (
	fromPoints = ` FROM points WHERE metric = ?1 AND step IN (1, 60, 300, 3600) AND step <= ?2 AND time >= ?3 AND time < ?4
		AND (?5 = '' OR unit = ?5) AND (NOT ?6 OR backfilled = 0) ORDER BY step, time, unit, backfilled`
	selectValues = `SELECT time, unit, count, sum, min, max, known, samples` + fromPoints
	selectPoints = `SELECT time, unit, count, sum, min, max, 0, NULL` + fromPoints
)

// Read returns the points of a metric that have data, by time and unit; none for a metric that is not there. A point is of one unit.
//
// As CloudWatch it has data of the last 3 hours in periods of less than a minute, of the last 15 days in other periods than
// multiples of 300 seconds, and of the last 63 days in other than multiples of 3600. Errors: *InvalidError, those of ctx and of the disk.
func (s *Store) Read(ctx context.Context, r ReadRequest) ([]Point, error) {
	if !IsPeriod(r.Period) {
		return nil, invalid("the period %d is not 1, 5, 10, 20, 30 or a multiple of 60 seconds", r.Period)
	}
	s.mu.RLock()
	e := s.metrics[r.Metric.Key()]
	s.mu.RUnlock()
	if e == nil {
		return nil, nil
	}
	period, coarsest, oldest := int64(r.Period), int64(0), int64(0)
	now := s.now()
	for _, l := range levels {
		if period%l.step == 0 {
			coarsest, oldest = l.step, l.since(now)
		}
	}
	// Data of a minute are at its beginning in shorter periods: so AWS answered LocalStack's test_label_generation.
	coarsest = max(coarsest, 60)
	query := s.queries[selectPoints]
	if r.Values {
		query = s.queries[selectValues]
	}
	rows, err := query.QueryContext(ctx, e.id, coarsest, max(r.From, oldest), r.To, r.Unit, r.Live)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	type slot struct {
		time int64
		unit string
	}
	found := map[slot][]row{}
	for rows.Next() {
		var at slot
		add, err := scanRow(rows, &at.time, &at.unit)
		if err != nil {
			return nil, err
		}
		at.time = r.From + floor(at.time-r.From, period)
		found[at] = append(found[at], add)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	out := make([]Point, 0, len(found))
	for at, rows := range found {
		all := mergeAll(rows)
		out = append(out, Point{Time: at.time, Unit: at.unit, Statistics: all.Statistics, row: &all})
	}
	slices.SortFunc(out, func(a, b Point) int { return cmp.Or(cmp.Compare(a.Time, b.Time), cmp.Compare(a.Unit, b.Unit)) })
	return out, nil
}

// IsPeriod says whether points can have a period of so many seconds.
func IsPeriod(seconds int) bool {
	switch seconds {
	case 1, 5, 10, 20, 30:
		return true
	}
	return seconds > 0 && seconds%60 == 0
}
