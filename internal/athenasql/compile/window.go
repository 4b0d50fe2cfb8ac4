package compile

import (
	"fmt"
	"strings"

	"weir/internal/athenasql"
	"weir/internal/athenasql/types"
)

// windows collects the windows of WINDOW by their names.
func (c *compiler) windows(list []athenasql.NamedWindow) map[string]*athenasql.Window {
	out := map[string]*athenasql.Window{}
	for _, w := range list {
		if out[w.Name.Text] != nil {
			c.fail(athenasql.CodeSyntax, w.Name.Span, "WINDOW specification '%s' specified more than once", w.Name.Text)
		}
		out[w.Name.Text] = c.based(w.Window, out)
	}
	return out
}

// based returns a window with what it takes over from the one that it names.
func (c *compiler) based(w *athenasql.Window, known map[string]*athenasql.Window) *athenasql.Window {
	if w.Base == nil {
		return w
	}
	base := known[w.Base.Text]
	switch {
	case base == nil:
		c.fail(athenasql.CodeInvalidArguments, w.Base.Span, "Cannot resolve WINDOW name %s", w.Base.Text)
	case w.PartitionBy == nil && w.OrderBy == nil && w.Frame == nil:
		return base
	case w.PartitionBy != nil:
		c.fail(athenasql.CodeInvalidArguments, w.Span, "WINDOW specification with named WINDOW reference cannot specify PARTITION BY")
	case w.OrderBy != nil && base.OrderBy != nil:
		c.fail(athenasql.CodeInvalidArguments, w.Span, "Cannot specify ORDER BY of referenced named WINDOW %s", w.Base.Text)
	case base.Frame != nil:
		c.fail(athenasql.CodeInvalidArguments, w.Base.Span, "Cannot reference named WINDOW containing frame specification")
	}
	out := &athenasql.Window{Span: w.Span, PartitionBy: base.PartitionBy, OrderBy: base.OrderBy, Frame: w.Frame}
	if w.OrderBy != nil {
		out.OrderBy = w.OrderBy
	}
	return out
}

// window returns what stands in OVER's parentheses.
func (e *env) window(w *athenasql.Window) string {
	w = e.c.based(w, e.windows)
	var parts []string
	if len(w.PartitionBy) > 0 {
		keys := make([]string, len(w.PartitionBy))
		for i, x := range w.PartitionBy {
			v := e.expr(x)
			if !v.typ.Comparable() {
				e.c.fail(athenasql.CodeTypeMismatch, v.at, "%s is not comparable, and therefore cannot be used in window function PARTITION BY", v.typ)
			}
			keys[i] = e.c.coerce(v, v.typ).sql
		}
		parts = append(parts, "PARTITION BY "+strings.Join(keys, ", "))
	}
	var keys []sortKey
	var key types.Type
	for _, item := range w.OrderBy {
		v := e.expr(item.Expr)
		if !v.typ.Orderable() {
			e.c.fail(athenasql.CodeTypeMismatch, v.at, "%s is not orderable, and therefore cannot be used in window function ORDER BY", v.typ)
		}
		key = v.typ
		keys = append(keys, sortKey{e.c.coerce(v, v.typ).sql, direction(item)})
	}
	if len(keys) > 0 {
		parts = append(parts, strings.TrimSpace(orderBy(keys)))
	}
	if w.Frame != nil {
		parts = append(parts, e.frame(w, key))
	}
	return strings.Join(parts, " ")
}

// frame returns a window's frame.
func (e *env) frame(w *athenasql.Window, key types.Type) string {
	f := w.Frame
	offset := f.Start.N != nil || f.End.N != nil
	if f.Unit == "RANGE" && offset && len(w.OrderBy) != 1 {
		e.c.fail(athenasql.CodeInvalidArguments, f.Span, "Window frame of type RANGE PRECEDING or FOLLOWING requires single sort item in ORDER BY")
	}
	if f.Unit == "GROUPS" && len(w.OrderBy) == 0 {
		e.c.fail(athenasql.CodeInvalidArguments, f.Span, "Window frame of type GROUPS requires ORDER BY")
	}
	if f.Start.Kind == athenasql.UnboundedFollowing || f.End.Kind == athenasql.UnboundedPreceding || f.Start.Kind > f.End.Kind {
		e.c.fail(athenasql.CodeInvalidArguments, f.Span, "Window frame starting after its end is not possible")
	}
	return f.Unit + " BETWEEN " + e.bound(f, f.Start, key) + " AND " + e.bound(f, f.End, key)
}

// bound returns a bound of a frame.
func (e *env) bound(f *athenasql.Frame, b athenasql.FrameBound, key types.Type) string {
	switch b.Kind {
	case athenasql.UnboundedPreceding:
		return "UNBOUNDED PRECEDING"
	case athenasql.CurrentRow:
		return "CURRENT ROW"
	case athenasql.UnboundedFollowing:
		return "UNBOUNDED FOLLOWING"
	}
	v := e.expr(b.N)
	var sql string
	switch {
	case f.Unit != "RANGE":
		if v.num == nil {
			e.c.fail(athenasql.CodeNotSupported, v.at, "an offset of %s is a constant whole number", f.Unit)
		}
		sql = fmt.Sprint(*v.num)
	case v.typ.Kind == types.IntervalDay && (key.Kind == types.Date || isMoment(key)):
		sql = "to_microseconds(" + v.sql + " * 1000)"
	case v.typ.Kind == types.IntervalYear && (key.Kind == types.Date || key.Kind == types.Timestamp):
		sql = "to_months(" + v.sql + ")"
	case v.typ.IsNumeric() && types.Coerces(v.typ, key):
		sql = e.c.coerce(v, key).sql
	default:
		e.c.fail(athenasql.CodeTypeMismatch, v.at, "Window frame RANGE value type (%s) not compatible with sort item type (%s)", v.typ, key)
	}
	if v.num != nil && *v.num < 0 {
		e.c.fail(athenasql.CodeInvalidArguments, v.at, "Window frame offset value must not be negative")
	}
	if b.Kind == athenasql.Preceding {
		return sql + " PRECEDING"
	}
	return sql + " FOLLOWING"
}
