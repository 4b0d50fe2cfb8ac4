package console

import (
	"context"

	"golang.org/x/sync/errgroup"

	"weir/flowlog"
	"weir/internal/query"
)

// topAnswer is the answer of top.
type topAnswer struct {
	By      string   `json:"by"`
	Measure measure  `json:"measure"`
	Rows    []topRow `json:"rows"`
	// All are the sums of all records that the rows are the top of.
	All counts `json:"all"`
	// More says that there are more values than rows.
	More bool `json:"more"`
	// Counting is "once", "per interface" or "every record".
	Counting query.Counting `json:"counting"`
	noted
}

// topRow is one value of the field, with the sums of its records.
type topRow struct {
	Key any `json:"key"`
	counts
}

// top answers the values of a field with the largest sums of the measure.
func (c *console) top(ctx context.Context, r *request) (any, error) {
	limit, err := r.limit(10, maxTop)
	if err != nil {
		return nil, err
	}
	if r.by == "" {
		return nil, badParam("by", "name a field: by=srcaddr", "no field is given")
	}
	if r.refused && r.kind == flowlog.KindTGW {
		return nil, badParam("refused", "", "transit gateway flow logs have no action")
	}
	answer := &topAnswer{By: r.by, Measure: r.measure, Rows: []topRow{}, Counting: r.counting}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		rows, err := c.run(ctx, r, r.sums(
			&query.Aggregate{By: []query.Named{{Name: "key", Expr: r.key}}, Aggs: countAggs()},
			largestFirst(r.measure),
			&query.Limit{N: limit + 1},
		), limit+1)
		for i, row := range rows {
			if int64(i) == limit {
				answer.More = true
				break
			}
			answer.Rows = append(answer.Rows, topRow{jsonValue(row[0]), countsOf(row[1:])})
		}
		return err
	})
	group.Go(func() error {
		rows, err := c.run(ctx, r, r.sums(&query.Aggregate{Aggs: countAggs()}), 1)
		if err == nil {
			answer.All = countsOf(rows[0])
		}
		return err
	})
	return answer, group.Wait()
}
