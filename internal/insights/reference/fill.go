package reference

import (
	"fmt"
	"slices"
	"strings"

	"weir/internal/insights"
	"weir/internal/insights/value"
)

// fillDown carries the last value that is not absent on, of fields by name or by a pattern with *, among what is shown;
// without fields of all that is shown.
//
// Source: AWS, "filldown".
func (r *run) fillDown(c *insights.FillDown) error {
	var columns []Column
	for _, name := range c.Fields {
		if !strings.Contains(name, "*") {
			columns = append(columns, fieldColumns(name)...)
		}
	}
	for _, col := range r.view.Result() {
		if c.Fields == nil || slices.ContainsFunc(c.Fields, func(pattern string) bool { return fits(pattern, col.Name) }) {
			columns = append(columns, col)
		}
	}
	last := make([]value.Value, len(columns))
	return r.each(func(row *Row) {
		for i, col := range columns {
			if v := row.shown(col); !v.IsAbsent() {
				last[i] = v
			} else if !last[i].IsAbsent() {
				r.set(row, col.Name, last[i])
			}
		}
	})
}

// fits says whether a name matches a pattern with *.
func fits(pattern, name string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return false
	}
	name, ok := strings.CutPrefix(name, parts[0])
	if !ok {
		return false
	}
	for _, p := range parts[1 : len(parts)-1] {
		at := strings.Index(name, p)
		if at < 0 {
			return false
		}
		name = name[at+len(p):]
	}
	return strings.HasSuffix(name, parts[len(parts)-1])
}

// maxFilled bounds the rows that fillmissing makes.
const maxFilled = 100_000

// fillMissing adds a row for each bin of the query's time range, and of what lies between bins that there are, that has none:
// for each combination of the other keys. The rows are in the order of the keys then.
//
// Source: AWS, "fillmissing"; which bins there should be AWS does not say.
func (r *run) fillMissing(c *insights.FillMissing) error {
	place, period, err := r.binOf(c)
	if err != nil {
		return err
	}
	by := r.view.Stats.By
	with := map[string]value.Value{}
	for _, w := range c.With {
		for _, f := range w.Fields {
			with[f.Name()] = r.eval(w.Value, &Row{})
		}
	}
	keyed := func(row *Row) (values, others []value.Value) {
		for i, it := range by {
			v, _ := row.column(it.Name)
			values = append(values, v)
			if i != place {
				others = append(others, v)
			}
		}
		return values, others
	}
	var combinations [][]value.Value
	seen, there := map[string]bool{}, map[string]bool{}
	first, last, bounded := r.env.Query.Start, r.env.Query.End, true
	if last <= first { // no range is known
		bounded = false
	}
	for _, row := range r.rows {
		values, others := keyed(row)
		there[keyOf(values)] = true
		if k := keyOf(others); !seen[k] {
			seen[k] = true
			combinations = append(combinations, values)
		}
		if ms, ok := values[place].Millis(); ok {
			if !bounded {
				first, last, bounded = ms, ms, true
			}
			first, last = min(first, ms), max(last, ms)
		}
	}
	for _, combination := range combinations {
		at, to, ok := value.Bin(first, period.N, period.Unit)
		for ; ok && at <= last; at, to, ok = value.Bin(to, period.N, period.Unit) {
			values := slices.Clone(combination)
			values[place] = value.Time(at)
			if there[keyOf(values)] {
				continue
			}
			row := &Row{}
			for i, it := range by {
				row.set(it.Name, values[i])
			}
			for _, name := range statsNames(r.view.Stats)[len(by):] {
				row.set(name, with[name])
			}
			if r.rows = append(r.rows, row); len(r.rows) > maxFilled {
				return &insights.Error{Span: c.Span, Message: fmt.Sprintf("fillmissing makes more than %d rows", maxFilled), Hint: "take longer bins or a shorter time range"}
			}
		}
	}
	slices.SortStableFunc(r.rows, func(a, b *Row) int {
		x, _ := keyed(a)
		y, _ := keyed(b)
		return byValues(x, y)
	})
	return nil
}

// binOf returns which key of the last stats is bin(period), and the period.
func (r *run) binOf(c *insights.FillMissing) (place int, period value.Period, err error) {
	if r.view.Stats != nil {
		for i, it := range r.view.Stats.By {
			call, ok := it.Expr.(*insights.Call)
			if !ok || len(call.Args) == 0 {
				continue
			}
			f, known := value.Lookup(call.Func)
			if !known || f.Result != value.TimeKind || f.Param(len(call.Args)-1) != value.PeriodParam {
				continue
			}
			if p, ok := call.Args[len(call.Args)-1].(*insights.Period); ok {
				return i, value.Period{N: p.N, Unit: p.Unit}.Bin(), nil
			}
		}
	}
	return 0, period, &insights.Error{Span: c.Span, Message: "fillmissing stands behind stats ... by bin(period)"}
}
