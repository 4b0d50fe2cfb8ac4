package reference

import (
	"fmt"
	"slices"
	"strings"

	"weir/internal/insights"
	"weir/internal/insights/value"
)

// keyOf makes one text of values, the same for those whose texts are equal. Lists and maps are as absent.
func keyOf(values []value.Value) string {
	var b strings.Builder
	for _, v := range values {
		if s, ok := v.Text(); ok {
			fmt.Fprintf(&b, "%d:%s", len(s), s)
		} else {
			b.WriteByte('-')
		}
	}
	return b.String()
}

// byValues compares group keys: ascending in the natural order, absent ones last, then by text.
func byValues(x, y []value.Value) int {
	for i := range x {
		if n := value.Order(x[i], y[i]); n != 0 {
			return n
		}
	}
	for i := range x {
		if n := strings.Compare(x[i].String(), y[i].String()); n != 0 {
			return n
		}
	}
	return 0
}

// A group is the rows that have the same values.
type group struct {
	by   []value.Value
	rows []*Row
}

// groups splits rows by the values of expressions, in the order of these.
func (r *run) groups(by []insights.Expr) ([]*group, error) {
	var list []*group
	place := map[string]*group{}
	err := r.each(func(row *Row) {
		values := make([]value.Value, len(by))
		for i, x := range by {
			if values[i] = r.eval(x, row); values[i].IsStructured() {
				values[i] = value.Absent
			}
		}
		k := keyOf(values)
		g, ok := place[k]
		if !ok {
			g = &group{by: values}
			place[k] = g
			list = append(list, g)
		}
		g.rows = append(g.rows, row)
	})
	slices.SortStableFunc(list, func(a, b *group) int { return byValues(a.by, b.by) })
	return list, err
}

// statsNames returns the columns of a stats: its keys, then its aggregates.
func statsNames(c *insights.Stats) []string {
	var names []string
	for _, it := range c.By {
		names = append(names, it.Name)
	}
	for _, it := range c.Aggs {
		names = append(names, it.Name)
	}
	return names
}

// aggregates runs stats.
func (r *run) aggregates(c *insights.Stats) error {
	if err := r.prepareAll(exprs(c.By), false); err != nil {
		return err
	}
	if err := r.prepareAll(exprs(c.Aggs), true); err != nil {
		return err
	}
	shift := int64(0)
	if c.Offset != nil {
		d, ok := c.Offset.Millis()
		if !ok {
			return &insights.Error{Span: c.Offset.Span, Message: "months, quarters and years have no fixed length", Hint: "write it in days"}
		}
		rows, err := r.before(c, r.env.Query.Start-d, r.env.Query.End-d)
		if err != nil {
			return err
		}
		r.rows, shift = rows, d
	}
	groups, err := r.groups(exprs(c.By))
	if err != nil {
		return err
	}
	if len(c.By) == 0 && len(groups) == 0 {
		groups = []*group{{}}
	}
	var out []*Row
	for _, g := range groups {
		row := &Row{}
		for i, it := range c.By {
			v := g.by[i]
			if ms, ok := v.Millis(); ok && shift > 0 && isBin(it.Expr) {
				v = value.Time(ms + shift)
			}
			row.set(it.Name, v)
		}
		for _, it := range c.Aggs {
			r.group = g
			v := r.eval(it.Expr, row)
			r.group = nil
			row.set(it.Name, v)
		}
		out = append(out, row)
	}
	r.rows = out
	return nil
}

// isBin says whether an expression is bin(period).
func isBin(x insights.Expr) bool {
	call, ok := x.(*insights.Call)
	return ok && call.Func == "bin"
}
