package reference

import "weir/internal/insights"

// compute sets the columns of fields and display. A field without an alias stays what it is.
func (r *run) compute(items []insights.Item) error {
	for _, it := range items {
		if plainField(it.Expr) != nil && !it.Aliased {
			continue
		}
		if err := r.prepare(it.Expr, false); err != nil {
			return err
		}
		if err := r.each(func(row *Row) { row.set(it.Name, r.eval(it.Expr, row)) }); err != nil {
			return err
		}
	}
	return nil
}
