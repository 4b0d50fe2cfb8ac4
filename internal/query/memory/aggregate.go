package memory

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strings"
	"time"

	"weir/internal/query"
)

// aggregate makes one row of each group.
func (t *table) aggregate(s *query.Aggregate) error {
	by, err := t.compute(exprsOf(s.By))
	if err != nil {
		return err
	}
	args, err := t.arguments(s.Aggs)
	if err != nil {
		return err
	}
	wheres, err := t.conditions(s.Aggs)
	if err != nil {
		return err
	}
	members := map[string][]int{} // row numbers by group
	var order []string
	if len(s.By) == 0 {
		members[""], order = nil, []string{""}
	}
	for i := range t.rows {
		key := groupKey(by[i])
		if _, ok := members[key]; !ok {
			order = append(order, key)
		}
		members[key] = append(members[key], i)
	}
	out := make([][]any, 0, len(order))
	for _, key := range order {
		var row []any
		if len(s.By) > 0 {
			row = append(row, by[members[key][0]]...)
		}
		for j, a := range s.Aggs {
			if err := t.tick(); err != nil {
				return err
			}
			rows := members[key]
			if a.Where != nil {
				rows = slices.DeleteFunc(slices.Clone(rows), func(i int) bool { return wheres[i][j] != true })
			}
			v, err := fold(a.Func, present(args, rows, j))
			if err != nil {
				return fmt.Errorf("%s(%s): %w", a.Func, a.Arg, err)
			}
			row = append(row, v)
		}
		out = append(out, row)
	}
	t.rows = out
	return nil
}

// arguments returns the values that the aggregates take, for each row; rows are
// counted as if they were all present.
func (t *table) arguments(aggs []query.Agg) ([][]any, error) {
	exprs := make([]query.Expr, len(aggs))
	for i, a := range aggs {
		exprs[i] = a.Arg
		if a.Func == query.CountRows {
			exprs[i] = &query.Literal{Value: true}
		}
	}
	return t.compute(exprs)
}

// conditions returns the values of the aggregates' conditions, for each row.
func (t *table) conditions(aggs []query.Agg) ([][]any, error) {
	exprs := make([]query.Expr, len(aggs))
	for i, a := range aggs {
		if exprs[i] = a.Where; a.Where == nil {
			exprs[i] = &query.Literal{Value: true}
		}
	}
	return t.compute(exprs)
}

// present returns the values of the j-th argument that are there.
func present(args [][]any, rows []int, j int) []any {
	var out []any
	for _, i := range rows {
		if v := args[i][j]; v != nil {
			out = append(out, v)
		}
	}
	return out
}

// groupKey returns a text that is the same for equal lists of values.
func groupKey(values []any) string {
	var b strings.Builder
	for _, v := range values {
		switch x := v.(type) {
		case time.Time:
			v = x.UnixNano()
		case float64:
			if x == 0 {
				v = 0.0 // -0 is the same number
			}
		}
		fmt.Fprintf(&b, "%T %q,", v, fmt.Sprint(v))
	}
	return b.String()
}

// fold computes an aggregate of present values.
func fold(f query.AggFunc, values []any) (any, error) {
	switch f {
	case query.CountRows, query.Count:
		return int64(len(values)), nil
	case query.CountDistinct:
		distinct := map[string]bool{}
		for _, v := range values {
			distinct[groupKey([]any{v})] = true
		}
		return int64(len(distinct)), nil
	}
	if len(values) == 0 {
		return nil, nil
	}
	switch f {
	case query.Sum:
		return sum(values)
	case query.Avg:
		total, err := sum(values)
		if err != nil {
			return nil, err
		}
		return toFloat(total) / float64(len(values)), nil
	case query.Min:
		return extreme(values, -1), nil
	case query.Max:
		return extreme(values, +1), nil
	}
	return nil, fmt.Errorf("memory: no aggregate %s", f)
}

// extreme returns the value that comes first (sign -1) or last (sign 1).
func extreme(values []any, sign int) any {
	best := values[0]
	for _, v := range values[1:] {
		if query.Compare(v, best)*sign > 0 {
			best = v
		}
	}
	return best
}

// sum adds integers exactly, numbers as numbers are added.
func sum(values []any) (any, error) {
	if _, ok := values[0].(float64); ok {
		total := 0.0
		for _, v := range values {
			total += v.(float64)
		}
		if math.IsInf(total, 0) || math.IsNaN(total) {
			return nil, errors.New("the sum is out of range")
		}
		return total, nil
	}
	total := new(big.Int)
	for _, v := range values {
		switch n := v.(type) {
		case int64:
			total.Add(total, big.NewInt(n))
		case *big.Int:
			total.Add(total, n)
		}
	}
	if total.IsInt64() {
		return total.Int64(), nil
	}
	return total, nil
}

// toFloat returns a sum as number.
func toFloat(v any) float64 {
	switch x := v.(type) {
	case int64:
		return float64(x)
	case *big.Int:
		f, _ := new(big.Float).SetInt(x).Float64()
		return f
	}
	return v.(float64)
}
