package reference

import (
	"weir/internal/insights"
	"weir/internal/insights/value"
)

// dedup keeps the first row of each combination of values, and all rows in which one of them is absent.
//
// Source: AWS, "dedup".
func (r *run) dedup(c *insights.Dedup) error {
	if err := r.prepareAll(c.Fields, false); err != nil {
		return err
	}
	seen := map[string]bool{}
	var kept []*Row
	err := r.each(func(row *Row) {
		values := make([]value.Value, len(c.Fields))
		absent := false
		for i, f := range c.Fields {
			values[i] = r.eval(f, row)
			absent = absent || values[i].IsAbsent() || values[i].IsStructured()
		}
		k := keyOf(values)
		if absent || !seen[k] {
			kept = append(kept, row)
		}
		if !absent {
			seen[k] = true
		}
	})
	r.rows = kept
	return err
}
