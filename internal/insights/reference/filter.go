package reference

import "weir/internal/insights"

// filter keeps the rows for which the condition is true: filter, where and filterIndex.
func (r *run) filter(c *insights.Filter) error {
	if err := r.prepare(c.Where, false); err != nil {
		return err
	}
	var kept []*Row
	err := r.each(func(row *Row) {
		if r.eval(c.Where, row).True() {
			kept = append(kept, row)
		}
	})
	r.rows = kept
	if !r.view.Aggregated && !r.view.Limited {
		r.stats.RecordsMatched = float64(len(kept))
	}
	return err
}
