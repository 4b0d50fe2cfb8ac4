package reference

import (
	"weir/internal/insights"
	"weir/internal/insights/value"
)

// compute sets the columns of fields and display. A field without an alias stays what it is.
func (r *run) compute(items []insights.Item) error {
	for _, it := range items {
		if plainField(it.Expr) != nil && !it.Aliased {
			continue
		}
		if err := r.prepare(it.Expr, false); err != nil {
			return err
		}
		if err := r.each(func(row *Row) {
			v := r.eval(it.Expr, row)
			if s, ok := v.Text(); ok && v.Kind() == value.TextKind && plainField(it.Expr) == nil {
				*r.env.made += int64(len(s))
			}
			r.set(row, it.Name, v)
		}); err != nil {
			return err
		}
	}
	return nil
}
