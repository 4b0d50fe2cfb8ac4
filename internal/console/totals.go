package console

import (
	"context"
	"slices"

	"golang.org/x/sync/errgroup"

	"weir/flowlog"
	"weir/internal/query"
)

// totalsAnswer is the answer of totals.
type totalsAnswer struct {
	Measure measure        `json:"measure"`
	From    int64          `json:"from"`
	To      int64          `json:"to"`
	Step    int64          `json:"step"`
	Times   []int64        `json:"times"`
	All     counts         `json:"all"`
	Actions []actionTotals `json:"actions"`
	// Counting is "once", "per interface" or "every record", and Repeats are the
	// records that show what others do; none are asked for with every record.
	Counting query.Counting `json:"counting"`
	Repeats  []repeats      `json:"repeats"`
	noted
}

// repeats are the records of one value of weir-repeat.
type repeats struct {
	Why string `json:"why"`
	counts
}

// actionTotals are the sums of the records of one action; a nil action is that of
// records without one (NODATA, SKIPDATA, formats without the field).
type actionTotals struct {
	Action any `json:"action"`
	counts
	Values []integer `json:"values"`
}

// totals answers the sums over the range by action, with the measure over time.
// Transit gateways decide nothing, so that their records all have no action.
func (c *console) totals(ctx context.Context, r *request) (any, error) {
	b, err := c.buckets(ctx, r)
	if err != nil {
		return nil, err
	}
	answer := &totalsAnswer{
		Measure: r.measure, From: b.from, To: b.to, Step: b.step, Times: b.times(), Actions: []actionTotals{},
		Counting: r.counting, Repeats: []repeats{},
	}
	if b.n == 0 {
		return answer, nil
	}
	by := []query.Named{{Name: "time", Expr: bucket(b.step)}}
	if r.kind == flowlog.KindVPC {
		by = append(by, query.Named{Name: "action", Expr: column(flowlog.Action)})
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		rows, err := c.run(ctx, r, r.sums(&query.Aggregate{By: by, Aggs: countAggs()}), int64(b.n)*3)
		if err != nil {
			return err
		}
		if r.kind == flowlog.KindTGW {
			for i, row := range rows {
				rows[i] = slices.Insert(row, 1, any(nil))
			}
		}
		return answer.fill(b, rows)
	})
	if r.counting != query.EveryRecord {
		group.Go(func() (err error) {
			answer.Repeats, err = c.repeats(ctx, r)
			return err
		})
	}
	return answer, group.Wait()
}

// repeats sums up the records that show what others do, by why.
func (c *console) repeats(ctx context.Context, r *request) ([]repeats, error) {
	why := column(flowlog.WeirRepeat)
	rows, err := c.run(ctx, r, r.plan(
		&query.Filter{Where: call(query.Not, call(query.IsAbsent, why))},
		&query.Aggregate{By: []query.Named{{Name: "why", Expr: why}}, Aggs: countAggs()},
		&query.Sort{Keys: []query.SortKey{{Expr: &query.Ref{Name: "why"}}}},
	), int64(len(flowlog.FieldByID(flowlog.WeirRepeat).Values)))
	out := []repeats{}
	for _, row := range rows {
		text, _ := row[0].(string)
		out = append(out, repeats{text, countsOf(row[1:])})
	}
	return out, err
}

// fill sums up the rows, which hold bucket, action and counts.
func (a *totalsAnswer) fill(b buckets, rows [][]any) (err error) {
	for _, action := range []any{"ACCEPT", "REJECT", nil} {
		of := actionTotals{Action: action, Values: make([]integer, b.n)}
		found := false
		for _, row := range rows {
			if row[1] != action {
				continue
			}
			at, ok := b.at(row[0])
			if !ok {
				return errNoBucket
			}
			found = true
			sums := countsOf(row[2:])
			of.Values[at] = sums.of(a.Measure)
			if of.counts, err = of.counts.plus(sums); err != nil {
				return err
			}
		}
		if !found {
			continue
		}
		a.Actions = append(a.Actions, of)
		if a.All, err = a.All.plus(of.counts); err != nil {
			return err
		}
	}
	return nil
}
