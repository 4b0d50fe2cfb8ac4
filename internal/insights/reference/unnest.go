package reference

import (
	"weir/internal/insights"
	"weir/internal/insights/value"
)

// unnest makes a row of each element of a list. Any other value is a list of one; of an empty list there is no row.
//
// Source: AWS, "unnest".
func (r *run) unnest(c *insights.Unnest) error {
	if err := r.prepare(c.Field, false); err != nil {
		return err
	}
	return r.spread(c.Into, func(row *Row) []value.Value {
		v := r.eval(c.Field, row)
		if v.Kind() == value.ListKind {
			return v.Elements()
		}
		return []value.Value{v}
	})
}

// expand makes a row of each element of the JSON array that a field holds, as a text or as a part of the event's document, in
// that field. What is no array stays.
//
// Source: AWS, "expand".
func (r *run) expand(c *insights.Expand) error {
	return r.spread(c.Field.Name(), func(row *Row) []value.Value {
		v := row.part(c.Field.Parts)
		list := v
		if s, ok := v.Text(); ok {
			list, _ = value.ParseJSON(s)
		}
		if list.Kind() == value.ListKind {
			return list.Elements()
		}
		return []value.Value{row.get(c.Field.Parts)}
	})
}

// spread makes as many rows of each as there are values, which become a column.
func (r *run) spread(name string, values func(*Row) []value.Value) error {
	var out []*Row
	err := r.each(func(row *Row) {
		for _, v := range values(row) {
			if r.tooMany(out) {
				return
			}
			next := r.clone(row)
			r.set(next, name, v)
			out = append(out, next)
		}
	})
	r.rows = out
	return err
}
