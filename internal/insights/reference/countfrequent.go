package reference

import (
	"slices"

	"weir/internal/insights"
	"weir/internal/insights/value"
)

// countFrequent counts the combinations of values, the most frequent first. AWS's count is approximate; this one is exact.
//
// Source: AWS, "countFrequent".
func (r *run) countFrequent(c *insights.CountFrequent) error {
	if err := r.prepareAll(c.Fields, false); err != nil {
		return err
	}
	groups, err := r.groups(c.Fields)
	if err != nil {
		return err
	}
	slices.SortStableFunc(groups, func(a, b *group) int { return len(b.rows) - len(a.rows) })
	r.rows = nil
	for _, g := range groups {
		row := &Row{}
		for i, f := range c.Fields {
			row.set(nameOf(f), g.by[i])
		}
		row.set("_approxcount", value.Number(float64(len(g.rows))))
		r.rows = append(r.rows, row)
	}
	return nil
}
