package reference

import (
	"slices"

	"weir/internal/insights"
	"weir/internal/insights/value"
)

// outlierColumn is the column that mark=true adds; AWS does not say its name.
const outlierColumn = "_outlier"

// outlier removes the rows in which a field lies further than param times the distance of the quartiles above the third
// quartile, or with uselower below the first; or it clamps the fields to these bounds. Quartiles are nearest ranks, as pct's.
//
// Source: AWS, "outlier".
func (r *run) outlier(c *insights.Outlier) error {
	marked := map[*Row]bool{}
	for _, f := range c.Fields {
		var n []float64
		if err := r.each(func(row *Row) {
			if v, ok := finite(row.get(f.Parts)); ok {
				n = append(n, v)
			}
		}); err != nil {
			return err
		}
		if len(n) == 0 {
			continue
		}
		slices.Sort(n)
		q1, q3 := n[rank(len(n), 25)], n[rank(len(n), 75)]
		low, high := q1-c.Param*(q3-q1), q3+c.Param*(q3-q1)
		if err := r.each(func(row *Row) {
			v, ok := finite(row.get(f.Parts))
			switch {
			case !ok:
			case v > high:
				marked[row] = true
				if c.Transform {
					r.set(row, f.Name(), value.Number(high))
				}
			case c.UseLower && v < low:
				marked[row] = true
				if c.Transform {
					r.set(row, f.Name(), value.Number(low))
				}
			}
		}); err != nil {
			return err
		}
	}
	if !c.Transform {
		r.rows = slices.DeleteFunc(r.rows, func(row *Row) bool { return marked[row] })
	}
	if !c.Mark {
		return nil
	}
	return r.each(func(row *Row) { r.set(row, outlierColumn, value.Bool(marked[row])) })
}
