package compile

import (
	"slices"
	"strings"

	"weir/internal/athenasql"
	"weir/internal/athenasql/types"
)

// side is the SQL of the right side of a join.
func side(r relation) string {
	if r.lateral {
		return "LATERAL " + r.sql
	}
	return r.sql
}

// join compiles a join of two relations.
func (c *compiler) join(j *athenasql.Join, around *scope) relation {
	if j.Natural {
		c.hinted("name the columns: JOIN ... USING (a, b)", athenasql.CodeNotSupported, j.Span, "Natural join not supported")
	}
	left := c.relation(j.Left, around)
	right := c.relation(j.Right, &scope{fields: left.fields, parent: around, siblings: true})
	if _, ok := j.Right.(*athenasql.Join); ok {
		right.sql = "(" + right.sql + ")"
	}
	if right.lateral {
		c.checkLateral(j)
	}
	if j.Kind == athenasql.CrossJoin {
		return relation{sql: left.sql + " CROSS JOIN " + side(right), fields: slices.Concat(left.fields, right.fields)}
	}
	using := j.Using
	var on string
	var fields []field
	if using != nil {
		on, fields = c.using(j, using, left, right)
	} else {
		fields = slices.Concat(optional(left.fields, j.Kind, athenasql.RightJoin), optional(right.fields, j.Kind, athenasql.LeftJoin))
		if j.On == nil {
			c.fail(athenasql.CodeSyntax, j.Span, "a join needs ON or USING")
		}
		// In ON all columns are as they were read.
		s := &scope{fields: slices.Concat(left.fields, right.fields), parent: outside(around)}
		e := &env{c: c, scope: s, clause: "JOIN clause"}
		on = e.condition(j.On, "JOIN ON clause")
		c.prune(j.On, s, prunable(j.Kind, left, right))
	}
	return relation{
		sql:     left.sql + " " + string(j.Kind) + " JOIN " + side(right) + " ON (" + on + ")",
		fields:  fields,
		lateral: false,
	}
}

// checkLateral refuses joins with UNNEST or LATERAL whose condition is not TRUE, as Trino does.
func (c *compiler) checkLateral(j *athenasql.Join) {
	if j.Kind == athenasql.CrossJoin {
		return
	}
	if b, ok := j.On.(*athenasql.Bool); ok && b.Value && (j.Kind == athenasql.LeftJoin || j.Kind == athenasql.InnerJoin) {
		return
	}
	c.fail(athenasql.CodeNotSupported, j.Span, "%s JOIN involving UNNEST or LATERAL is only supported with condition ON TRUE, and as INNER or LEFT", j.Kind)
}

// optional marks the fields of a side that an outer join may leave out.
func optional(fields []field, kind, absent athenasql.JoinKind) []field {
	if kind != absent && kind != athenasql.FullJoin {
		return fields
	}
	out := slices.Clone(fields)
	for i := range out {
		out[i].nullable = true
	}
	return out
}

// prunable returns which fields' scans a condition of ON bounds: of a side whose rows matter only where they meet it.
func prunable(kind athenasql.JoinKind, left, right relation) func(*field) bool {
	of := func(fields []field) func(*field) bool {
		return func(f *field) bool {
			return slices.ContainsFunc(fields, func(o field) bool { return o.scan == f.scan && o.column == f.column && o.sql == f.sql })
		}
	}
	switch kind {
	case athenasql.InnerJoin:
		return func(*field) bool { return true }
	case athenasql.LeftJoin:
		return of(right.fields)
	case athenasql.RightJoin:
		return of(left.fields)
	}
	return func(*field) bool { return false }
}

// using compiles USING: its columns come first, once each and without a table; then the others of the left and of the right.
func (c *compiler) using(j *athenasql.Join, using []athenasql.Name, left, right relation) (string, []field) {
	var on []string
	var merged []field
	taken := map[*field]bool{}
	column := func(r relation, n athenasql.Name, side string) *field {
		s := &scope{fields: r.fields}
		found := s.find([]athenasql.Name{n})
		switch len(found) {
		case 0:
			c.fail(athenasql.CodeColumnNotFound, n.Span, "Column '%s' is missing from %s side of join", n.Text, side)
		case 1:
		default:
			c.fail(athenasql.CodeAmbiguousName, n.Span, "Column '%s' is ambiguous", n.Text)
		}
		f := found[0]
		if f.scan != nil {
			f.scan.use(f.column)
		}
		taken[f] = true
		return f
	}
	for _, n := range using {
		l, r := column(left, n, "left"), column(right, n, "right")
		lv, rv := value{sql: l.sql, typ: l.typ, at: n.Span, column: l}, value{sql: r.sql, typ: r.typ, at: n.Span, column: r}
		t, ok := types.Common(l.typ, r.typ)
		if !ok {
			c.fail(athenasql.CodeTypeMismatch, n.Span, "Column types of %s and %s cannot be compared: %s, %s", n.Text, n.Text, l.typ, r.typ)
		}
		on = append(on, c.compare("=", lv, rv, n.Span).sql)
		f := *l
		from := lv
		switch j.Kind {
		case athenasql.RightJoin:
			f, from = *r, rv
		case athenasql.FullJoin:
			f.scan = nil
			from = value{sql: "coalesce(" + c.coerce(lv, t).sql + ", " + c.coerce(rv, t).sql + ")", typ: t}
		}
		f.qualifier, f.name = nil, n.Text
		f.sql, f.typ = c.coerce(from, t).sql, t
		if f.sql != l.sql && f.sql != r.sql {
			f.scan = nil
		}
		merged = append(merged, f)
	}
	rest := func(fields []field) (out []field) {
		for i := range fields {
			if !taken[&fields[i]] {
				out = append(out, fields[i])
			}
		}
		return out
	}
	sides := func(fields []field) (out []field) {
		for i := range fields {
			if f := fields[i]; taken[&fields[i]] && j.Kind == athenasql.InnerJoin {
				f.hidden, f.qualified = true, true
				out = append(out, f)
			}
		}
		return out
	}
	merged = slices.Concat(merged, sides(left.fields), sides(right.fields))
	fields := slices.Concat(merged, optional(rest(left.fields), j.Kind, athenasql.RightJoin), optional(rest(right.fields), j.Kind, athenasql.LeftJoin))
	if len(on) == 0 {
		return "TRUE", fields
	}
	return strings.Join(on, " AND "), fields
}
