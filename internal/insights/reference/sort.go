package reference

import (
	"slices"

	"weir/internal/insights"
	"weir/internal/insights/value"
)

// sort orders by the natural order. What is absent comes last in both directions; rows that are equal keep their order.
func (r *run) sort(c *insights.Sort) error {
	keys := make(map[*Row][]value.Value, len(r.rows))
	for _, k := range c.Keys {
		if err := r.prepare(k.Expr, false); err != nil {
			return err
		}
		if err := r.each(func(row *Row) {
			v := r.eval(k.Expr, row)
			keys[row] = append(keys[row], v)
			if k.As != "" {
				r.set(row, k.As, v)
			}
		}); err != nil {
			return err
		}
	}
	slices.SortStableFunc(r.rows, func(a, b *Row) int {
		for i, k := range c.Keys {
			if n := directed(keys[a][i], keys[b][i], k.Desc); n != 0 {
				return n
			}
		}
		return 0
	})
	return nil
}

// directed compares in the natural order or its reverse, in which what has no text comes last too.
func directed(x, y value.Value, desc bool) int {
	n := value.Order(x, y)
	if _, ok := x.Text(); desc && ok {
		if _, ok := y.Text(); ok {
			return -n
		}
	}
	return n
}
