package compile

import (
	"slices"
	"strings"

	"weir/internal/athenasql"
)

// selection is a SELECT that is being compiled.
type selection struct {
	c      *compiler
	sel    *athenasql.Select
	tail   *athenasql.Query // has its order and bounds, nil: none
	source *scope
	from   string
	where  string
	group  *grouped // nil: it does not group
	// env is what the SELECT list sees.
	env   *env
	outs  []value
	names []string
}

// selectBody compiles a SELECT with the order and bounds of its query.
func (c *compiler) selectBody(sel *athenasql.Select, around *scope, tail *athenasql.Query) *body {
	s := &selection{c: c, sel: sel, tail: tail}
	s.source = &scope{parent: around}
	if len(sel.From) > 0 {
		r := c.from(sel.From, around)
		s.from, s.source.fields = " FROM "+r.sql, r.fields
	}
	windows := c.windows(sel.Windows)
	for _, item := range sel.Items {
		if item.As != nil {
			s.source.aliases = append(s.source.aliases, item.As.Text)
		}
	}
	if sel.Where != nil {
		e := &env{c: c, scope: s.source, clause: "WHERE clause"}
		s.where = " WHERE " + e.condition(sel.Where, "WHERE clause")
		c.prune(sel.Where, s.source, nil)
	}
	s.env = &env{c: c, scope: s.source, windows: windows, windowed: new(bool)}
	if s.groups() {
		s.group = c.grouping(s)
		s.env.group, s.env.scope = s.group, s.group.scope
	}
	s.list()
	having := ""
	if sel.Having != nil {
		e := *s.env
		e.clause, e.aggregates = "HAVING clause", true
		having = " WHERE " + e.condition(sel.Having, "HAVING clause")
	}
	return s.finish(having)
}

// groups says whether the rows become groups: by GROUP BY, HAVING or an aggregate.
func (s *selection) groups() bool {
	if s.sel.GroupBy != nil || s.sel.Having != nil {
		return true
	}
	for _, item := range s.sel.Items {
		if item.Expr != nil && aggregates(item.Expr) != nil {
			return true
		}
	}
	if s.tail != nil {
		for _, item := range s.tail.OrderBy {
			if aggregates(item.Expr) != nil {
				return true
			}
		}
	}
	return false
}

// list compiles the SELECT list.
func (s *selection) list() {
	for _, item := range s.sel.Items {
		if item.Expr == nil {
			s.star(item)
			continue
		}
		v := s.env.top(item.Expr)
		if v.typ.Kind == 0 {
			v = s.c.coerce(v, v.typ)
		}
		s.outs = append(s.outs, v)
		s.names = append(s.names, outputName(item))
	}
}

// outputName is the name of a column of the SELECT list: its alias, or that of the column that it is.
func outputName(item athenasql.SelectItem) string {
	if item.As != nil {
		return item.As.Text
	}
	switch x := item.Expr.(type) {
	case *athenasql.Ref:
		return x.Parts[len(x.Parts)-1].Text
	case *athenasql.Field:
		return x.Name.Text
	}
	return ""
}

// star adds the columns of * or of r.*.
func (s *selection) star(item athenasql.SelectItem) {
	if len(s.sel.From) == 0 {
		s.c.fail(athenasql.CodeColumnNotFound, item.Span, "SELECT * not allowed in queries without FROM clause")
	}
	found := false
	for i := range s.env.scope.fields {
		f := &s.env.scope.fields[i]
		if item.Star != nil {
			n := len(item.Star.Parts)
			if n > len(f.qualifier) || !slices.EqualFunc(f.qualifier[len(f.qualifier)-n:], item.Star.Parts, func(q string, p athenasql.Name) bool { return q == p.Text }) {
				continue
			}
		}
		found = true
		if f.hidden {
			continue
		}
		if f.ungrouped {
			r := &athenasql.Ref{Span: item.Span, Parts: []athenasql.Name{{Text: f.name}}}
			panic(bail{notAggregate(nil, r)})
		}
		if f.scan != nil {
			f.scan.use(f.column)
		}
		s.outs = append(s.outs, value{sql: f.sql, typ: f.typ, at: item.Span, column: f})
		s.names = append(s.names, f.name)
	}
	if !found {
		s.c.fail(athenasql.CodeColumnNotFound, item.Span, "Unable to resolve reference %s", written(item.Star.Parts))
	}
}

// finish writes the SELECT.
func (s *selection) finish(having string) *body {
	var order []sortKey
	if s.tail != nil {
		order = s.order()
	}
	if s.sel.Distinct {
		for _, v := range s.outs {
			if !v.typ.Comparable() {
				s.c.fail(athenasql.CodeTypeMismatch, v.at, "DISTINCT can only be applied to comparable types (actual: %s)", v.typ)
			}
		}
	}
	columns := named(s.names)
	list := make([]string, len(s.outs))
	fields := make([]field, len(s.outs))
	for i, v := range s.outs {
		list[i] = v.sql + " AS " + columns[i]
		fields[i] = field{name: s.names[i], typ: v.typ, sql: columns[i]}
		// A condition on the column may go down to the table where it can't change what windows see.
		if f := v.column; f != nil && f.scan != nil && !f.nullable && !*s.env.windowed && f.typ.Equal(v.typ) {
			fields[i].scan, fields[i].column = f.scan, f.column
		}
	}
	sql := "SELECT "
	if s.sel.Distinct {
		sql += "DISTINCT "
	}
	sql += strings.Join(list, ", ")
	if s.group != nil {
		sql += " FROM (" + s.group.sql(s.from+s.where) + ") AS " + s.group.alias + having
	} else {
		sql += s.from + s.where
	}
	sql, limited := s.c.tail(s.tail, sql, fields, order)
	return finished(s.c.bounded(sql, s.sel.Span), fields, limited)
}

// order compiles ORDER BY, which sees the names of the SELECT list before the columns of the tables.
func (s *selection) order() []sortKey {
	e := *s.env
	e.scope = &scope{parent: s.env.scope}
	for i, v := range s.outs {
		if s.names[i] == "" {
			continue
		}
		// Trino takes a name that stands twice for the same expression as one.
		if slices.ContainsFunc(e.scope.fields, func(f field) bool { return f.name == s.names[i] && f.sql == v.sql }) {
			continue
		}
		e.scope.fields = append(e.scope.fields, field{name: s.names[i], typ: v.typ, sql: v.sql})
	}
	return e.order(s.tail.OrderBy, s.outs, s.sel.Distinct)
}
