package console

import (
	"context"
	"errors"
	"fmt"

	"weir/internal/query"
)

// errNoBucket says that an engine gave a record outside of the range.
var errNoBucket = errors.New("the engine gave a record outside of the range")

// seriesAnswer is the answer of series.
type seriesAnswer struct {
	Measure measure     `json:"measure"`
	By      string      `json:"by"`
	From    int64       `json:"from"`
	To      int64       `json:"to"`
	Step    int64       `json:"step"`
	Times   []int64     `json:"times"`
	Series  []seriesOf  `json:"series"`
	Other   *seriesSums `json:"other"`
	Total   integer     `json:"total"`
	// Counting is "once", "per interface" or "every record".
	Counting query.Counting `json:"counting"`
	noted
}

// seriesOf is the series of one value of the field.
type seriesOf struct {
	Key any `json:"key"`
	seriesSums
}

// seriesSums is a measure over time: its sum, and one value for each bucket.
type seriesSums struct {
	Total  integer   `json:"total"`
	Values []integer `json:"values"`
}

// add counts a value in a bucket.
func (s *seriesSums) add(bucket int, n integer) (err error) {
	if s.Values[bucket], err = s.Values[bucket].plus(n); err != nil {
		return err
	}
	s.Total, err = s.Total.plus(n)
	return err
}

// series answers the measure over time, by a field: its largest values, and the
// sum of all others. Without a field it is one series.
func (c *console) series(ctx context.Context, r *request) (any, error) {
	limit, err := r.limit(8, maxSeries)
	if err != nil {
		return nil, err
	}
	b, err := c.buckets(ctx, r)
	if err != nil {
		return nil, err
	}
	answer := &seriesAnswer{
		Measure: r.measure, By: r.by, From: b.from, To: b.to, Step: b.step, Times: b.times(), Series: []seriesOf{},
		Counting: r.counting,
	}
	if b.n == 0 {
		return answer, nil
	}
	if r.by == "" {
		return answer, c.fillSeries(ctx, r, b, answer, nil)
	}
	keys, err := c.largest(ctx, r, limit)
	if err != nil {
		return nil, err
	}
	return answer, c.fillSeries(ctx, r, b, answer, keys)
}

// largest returns the values of the field with the largest sums.
func (c *console) largest(ctx context.Context, r *request, limit int64) ([]any, error) {
	rows, err := c.run(ctx, r, r.sums(
		&query.Aggregate{By: []query.Named{{Name: "key", Expr: r.key}}, Aggs: []query.Agg{r.measure.agg()}},
		largestFirst(r.measure),
		&query.Limit{N: limit},
	), limit)
	if err != nil {
		return nil, err
	}
	keys := make([]any, len(rows))
	for i, row := range rows {
		keys[i] = row[0]
	}
	return keys, nil
}

// largestFirst orders the groups of an aggregation by key; equal sums by the key,
// so that the same question has the same answer.
func largestFirst(m measure) query.Stage {
	return &query.Sort{Keys: []query.SortKey{
		{Expr: &query.Ref{Name: string(m)}, Desc: true},
		{Expr: &query.Ref{Name: "key"}},
	}}
}

// fillSeries sums up each bucket by which of the keys a record has. It groups by
// one truth value for each key, so that one query gives the series and the rest,
// all of one moment; the groups are as few as the series. Without keys there is
// one series.
func (c *console) fillSeries(ctx context.Context, r *request, b buckets, answer *seriesAnswer, keys []any) error {
	by := []query.Named{{Name: "time", Expr: bucket(b.step)}}
	for i, key := range keys {
		is := call(query.Eq, r.key, literal(key))
		if key == nil {
			is = call(query.IsAbsent, r.key)
		}
		by = append(by, query.Named{Name: fmt.Sprintf("is_%d", i), Expr: is})
		answer.Series = append(answer.Series, seriesOf{jsonValue(key), newSums(b)})
	}
	// In a bucket: each key, the others, and records that lack the field.
	groups := int64(b.n) * int64(len(keys)+2)
	rows, err := c.run(ctx, r, r.sums(&query.Aggregate{By: by, Aggs: []query.Agg{r.measure.agg()}}), groups)
	if err != nil {
		return err
	}
	rest := newSums(b)
	for _, row := range rows {
		at, ok := b.at(row[0])
		if !ok {
			return errNoBucket
		}
		sums, sum := &rest, sumOf(row[len(row)-1])
		for i, is := range row[1 : len(row)-1] {
			if is == true {
				sums = &answer.Series[i].seriesSums
			}
		}
		if err := sums.add(at, sum); err != nil {
			return err
		}
		if answer.Total, err = answer.Total.plus(sum); err != nil {
			return err
		}
	}
	switch {
	case r.by == "":
		answer.Series = append(answer.Series, seriesOf{nil, rest})
	case rest.Total != 0:
		answer.Other = &rest
	}
	return nil
}

// newSums returns the sums of no records.
func newSums(b buckets) seriesSums { return seriesSums{Values: make([]integer, b.n)} }
