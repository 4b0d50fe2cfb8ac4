package reference

import (
	"slices"
	"strings"

	"weir/internal/insights"
	"weir/internal/insights/discover"
	"weir/internal/insights/value"
)

// A Row is a row on its way through the commands: columns in order, and the event that it is, or both sides of a join.
type Row struct {
	names  []string
	values []value.Value
	event  *discover.Fields // nil: the row is no event
	alias  string           // of the left side; "" where nothing was joined
	right  *Row             // nil: nothing was joined, or nothing matched
	name   string           // of the right side
}

// NewRow makes a row of an event, which may be nil, and columns by name. The row owns the slices.
func NewRow(event *discover.Fields, names []string, values []value.Value) *Row {
	return &Row{names: names, values: values, event: event}
}

// clone copies a row, so that columns can be set in the copy.
func (r *Row) clone() *Row {
	c := *r
	c.names, c.values = slices.Clone(r.names), slices.Clone(r.values)
	return &c
}

// set sets a column. One that is absent hides the event's field of that name.
func (r *Row) set(name string, v value.Value) {
	if i := slices.Index(r.names, name); i >= 0 {
		r.values[i] = v
		return
	}
	r.names = append(r.names, name)
	r.values = append(r.values, v)
}

// column returns the value of a column, and whether the row has it.
func (r *Row) column(name string) (value.Value, bool) {
	if i := slices.Index(r.names, name); i >= 0 {
		return r.values[i], true
	}
	return value.Absent, false
}

// get returns the value of a field: a column of that name, what a path leads to in a column that is a map or a list, a field
// of the side of a join that its first part names, a field of the event, and last one of the right side of a join.
func (r *Row) get(path []insights.FieldPart) value.Value {
	if len(r.names) > 0 {
		for n := len(path); n > 0; n-- {
			if v, ok := r.column(joined(path[:n])); ok {
				for _, p := range path[n:] {
					v = v.Step(p.Name)
				}
				return v
			}
		}
	}
	if r.alias != "" && len(path) > 1 {
		switch path[0].Name {
		case r.alias:
			left := *r
			left.alias, left.right = "", nil
			return left.get(path[1:])
		case r.name:
			if r.right == nil {
				return value.Absent
			}
			return r.right.get(path[1:])
		}
	}
	v := value.Absent
	if r.event != nil {
		v = r.event.Get(path)
	}
	if v.IsAbsent() && r.right != nil {
		return r.right.get(path)
	}
	return v
}

// part returns the value of a field, or where there is none what the path leads to in the event's JSON document, which may be a
// list or a map.
func (r *Row) part(path []insights.FieldPart) value.Value {
	v := r.get(path)
	if _, hidden := r.column(joined(path)); v.IsAbsent() && !hidden && r.event != nil {
		return r.event.Part(path)
	}
	return v
}

// named returns the value of a field by its name.
func (r *Row) named(name string) value.Value {
	if v, ok := r.column(name); ok {
		return v
	}
	return r.get(partsOf(name))
}

// partsOf splits a name at its dots.
func partsOf(name string) []insights.FieldPart {
	var path []insights.FieldPart
	for part := range strings.SplitSeq(name, ".") {
		path = append(path, insights.FieldPart{Name: part})
	}
	return path
}

func joined(path []insights.FieldPart) string {
	if len(path) == 1 {
		return path[0].Name
	}
	names := make([]string, len(path))
	for i, p := range path {
		names[i] = p.Name
	}
	return strings.Join(names, ".")
}

var timestampPath = []insights.FieldPart{{Name: "@timestamp"}}
