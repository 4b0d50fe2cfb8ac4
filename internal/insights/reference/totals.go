package reference

import (
	"weir/internal/insights"
	"weir/internal/insights/value"
)

// addTotals adds to each row the sum of fields, or behind the rows one with the sums of columns, which is no event. Without
// fields it is of all that is shown and a number, times left out. A sum of no numbers is absent.
//
// Source: AWS, "addtotals".
func (r *run) addTotals(c *insights.AddTotals) error {
	columns := r.view.Result()
	if c.Fields != nil {
		columns = nil
		for _, f := range c.Fields {
			columns = append(columns, Column{f.Name(), f})
		}
	}
	if c.Row {
		if err := r.each(func(row *Row) {
			total := value.Absent
			for _, col := range columns {
				total = plus(total, row.shown(col))
			}
			r.set(row, c.FieldName, total)
		}); err != nil {
			return err
		}
		columns = append(columns, Column{Name: c.FieldName})
	}
	if !c.Col {
		return nil
	}
	sums := make([]value.Value, len(columns))
	if err := r.each(func(row *Row) {
		for i, col := range columns {
			sums[i] = plus(sums[i], row.shown(col))
		}
	}); err != nil {
		return err
	}
	summary := &Row{}
	for i, col := range columns {
		summary.set(col.Name, sums[i])
	}
	r.rows = append(r.rows, summary)
	return nil
}

// plus adds a number to a sum. What is no number, and a time, adds nothing; a sum of nothing is absent.
func plus(sum, v value.Value) value.Value {
	f, ok := finite(v)
	if !ok || v.Kind() == value.TimeKind {
		return sum
	}
	s, _ := sum.Number()
	return value.Number(s + f)
}

// accum adds the running sum of a field. Where the field is no number it is absent.
//
// Source: AWS, "accum".
func (r *run) accum(c *insights.Accum) error {
	sum := value.Absent
	return r.each(func(row *Row) {
		v := row.get(c.Field.Parts)
		if _, ok := finite(v); !ok || v.Kind() == value.TimeKind {
			r.set(row, c.As, value.Absent)
			return
		}
		sum = plus(sum, v)
		r.set(row, c.As, sum)
	})
}

// autoRegress adds the values of a field in rows before.
//
// Source: AWS, "autoregress".
func (r *run) autoRegress(c *insights.AutoRegress) error {
	values := make([]value.Value, len(r.rows))
	for i, row := range r.rows {
		values[i] = row.get(c.Field.Parts)
	}
	names := lagNames(c)
	i := 0
	return r.each(func(row *Row) {
		for j, name := range names {
			v := value.Absent
			if at := i - c.From - j; at >= 0 {
				v = values[at]
			}
			r.set(row, name, v)
		}
		i++
	})
}
