package compile

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"weir/internal/athenasql"
	"weir/internal/athenasql/types"
)

// body is a query that is compiled. Its fields' sql are the names of its columns, quoted and unique.
type body struct {
	sql    string
	fields []field
}

// over returns the columns of a body as fields of a relation.
func (b *body) over(alias string, qualifier ...string) []field {
	out := slices.Clone(b.fields)
	for i := range out {
		out[i].sql = alias + "." + out[i].sql
		out[i].qualifier = qualifier
	}
	return out
}

// query compiles a query; tables of WITH and correlated columns are looked for in the scope around it.
func (c *compiler) query(q *athenasql.Query, around *scope) *body {
	check(c.ctx.Err())
	s := &scope{parent: around}
	for _, def := range q.With {
		if s.ctes[def.Name.Text] != nil {
			c.fail(athenasql.CodeDuplicateName, def.Name.Span, "WITH query name '%s' specified more than once", def.Name.Text)
		}
		// A query of WITH sees those before it.
		inner := &scope{parent: s.parent, ctes: map[string]*cte{}}
		next := &scope{parent: s.parent, ctes: map[string]*cte{}}
		for name, earlier := range s.ctes {
			inner.ctes[name], next.ctes[name] = earlier, earlier
		}
		next.ctes[def.Name.Text] = &cte{def: def, scope: inner}
		s = next
	}
	c.checkUnread(q, s)
	if sel, ok := q.Body.(*athenasql.Select); ok {
		return c.selectBody(sel, s, q)
	}
	b := c.queryBody(q.Body, s)
	if len(q.OrderBy) == 0 && q.Limit == nil && q.Offset == nil {
		return b
	}
	alias := c.alias()
	fields := b.over(alias)
	e := &env{c: c, scope: &scope{fields: fields, parent: s}}
	outs := make([]value, len(fields))
	for i, f := range fields {
		outs[i] = value{sql: f.sql, typ: f.typ}
	}
	order := e.order(q.OrderBy, outs, false)
	sql, limited := c.tail(q, "SELECT * FROM ("+b.sql+") AS "+alias, b.fields, order)
	return finished(c.bounded(sql, q.Span), b.fields, limited)
}

// checkUnread compiles the queries of WITH that nothing reads, since what is wrong with them is an error too.
func (c *compiler) checkUnread(q *athenasql.Query, s *scope) {
	if len(q.With) == 0 {
		return
	}
	read := map[string]bool{}
	tables(q, read)
	for _, def := range q.With {
		if !read[def.Name.Text] {
			scans := c.scans
			c.cteBody(s.ctes[def.Name.Text])
			c.scans = scans
		}
	}
}

// finished returns a body; what limits its rows must not be changed by a condition on its columns, so that they are no longer a table's.
func finished(sql string, fields []field, limited bool) *body {
	out := slices.Clone(fields)
	if limited {
		for i := range out {
			out[i].scan = nil
		}
	}
	return &body{sql: sql, fields: out}
}

// queryBody compiles a body without an order of its own.
func (c *compiler) queryBody(b athenasql.QueryBody, s *scope) *body {
	switch b := b.(type) {
	case *athenasql.Query:
		return c.query(b, s)
	case *athenasql.Select:
		return c.selectBody(b, s, nil)
	case *athenasql.SetOperation:
		return c.setOperation(b, s)
	case *athenasql.Values:
		return c.values(b, s)
	case *athenasql.TableBody:
		return c.selectBody(&athenasql.Select{
			Span: b.Span, Items: []athenasql.SelectItem{{Span: b.Span}},
			From: []athenasql.Relation{&athenasql.TableRef{Span: b.Name.Span, Name: b.Name}},
		}, s, nil)
	}
	c.fail(athenasql.CodeNotSupported, b.Position(), "this query is not supported")
	return nil
}

// sortKey is a key of an order in SQL.
type sortKey struct{ sql, how string }

// order compiles ORDER BY over the columns of a result: outs are their values, which a key is said by where it is one of them.
func (e *env) order(items []athenasql.SortItem, outs []value, distinct bool) []sortKey {
	var keys []sortKey
	for _, item := range items {
		how := direction(item)
		if n, ok := item.Expr.(*athenasql.Integer); ok {
			keys = append(keys, sortKey{strconv.Itoa(e.ordinal(n, "ORDER BY", len(outs))), how})
			continue
		}
		v := e.top(item.Expr)
		if !v.typ.Orderable() {
			e.c.fail(athenasql.CodeTypeMismatch, v.at, "Type %s is not orderable, and therefore cannot be used in ORDER BY: %s", v.typ, exprText(item.Expr))
		}
		at := slices.IndexFunc(outs, func(o value) bool { return o.sql == v.sql })
		switch {
		case at >= 0:
			keys = append(keys, sortKey{strconv.Itoa(at + 1), how})
		case distinct:
			e.c.fail(athenasql.CodeNotInDistinct, v.at, "For SELECT DISTINCT, ORDER BY expressions must appear in select list")
		case !v.constant:
			keys = append(keys, sortKey{v.sql, how})
		}
	}
	return keys
}

// ordinal returns the place of a column, from 1.
func (e *env) ordinal(n *athenasql.Integer, clause string, columns int) int {
	i, err := strconv.Atoi(n.Text)
	if err != nil || i < 1 || i > columns {
		e.c.fail(athenasql.CodeInvalidColumn, n.Span, "%s position %s is not in select list", clause, n.Text)
	}
	return i
}

// direction is how a key orders. NULL is last in both directions where nothing is said, as in Trino.
func direction(item athenasql.SortItem) string {
	how := " ASC"
	if item.Desc {
		how = " DESC"
	}
	if item.NullsFirst != nil && *item.NullsFirst {
		return how + " NULLS FIRST"
	}
	return how + " NULLS LAST"
}

func orderBy(keys []sortKey) string {
	if len(keys) == 0 {
		return ""
	}
	parts := make([]string, len(keys))
	for i, k := range keys {
		parts[i] = k.sql + k.how
	}
	return " ORDER BY " + strings.Join(parts, ", ")
}

// tail adds the order and the bounds of a query to its SELECT, and says whether there are bounds.
func (c *compiler) tail(q *athenasql.Query, sql string, fields []field, order []sortKey) (string, bool) {
	if q == nil {
		return sql, false
	}
	if q.Ties {
		return c.ties(q, sql, fields, order), true
	}
	sql += orderBy(order)
	if q.Limit != nil {
		sql += fmt.Sprintf(" LIMIT %d", c.count(q.Limit, "LIMIT"))
	}
	if q.Offset != nil {
		sql += fmt.Sprintf(" OFFSET %d", c.count(q.Offset, "OFFSET"))
	}
	return sql, q.Limit != nil || q.Offset != nil
}

// ties is FETCH FIRST n ROWS WITH TIES: those of the first n ranks.
func (c *compiler) ties(q *athenasql.Query, sql string, fields []field, order []sortKey) string {
	if len(q.OrderBy) == 0 {
		c.fail(athenasql.CodeSyntax, q.Limit.Position(), "FETCH FIRST WITH TIES clause requires ORDER BY")
	}
	if q.Offset != nil {
		c.fail(athenasql.CodeNotSupported, q.Offset.Position(), "OFFSET with WITH TIES is not supported")
	}
	n := c.count(q.Limit, "FETCH FIRST")
	// The columns are read through a name each, so that the keys can be said by them; those that are no columns are added.
	alias := c.alias()
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = alias + "." + f.sql
	}
	keys := make([]sortKey, len(order))
	for i, k := range order {
		at, err := strconv.Atoi(k.sql)
		if err != nil {
			c.fail(athenasql.CodeNotSupported, q.OrderBy[i].Span, "WITH TIES is supported where the keys of ORDER BY are columns of the result")
		}
		keys[i] = sortKey{names[at-1], k.how}
	}
	ranked, rank := c.alias(), quoteName("rank#")
	inner := "SELECT " + strings.Join(append(names, "rank() OVER ("+strings.TrimSpace(orderBy(keys))+") AS "+rank), ", ") + " FROM (" + sql + ") AS " + alias
	list := make([]string, len(fields))
	for i, f := range fields {
		list[i] = ranked + "." + f.sql
	}
	return fmt.Sprintf("SELECT %s FROM (%s) AS %s WHERE %s.%s <= %d ORDER BY %s.%s", strings.Join(list, ", "), inner, ranked, ranked, rank, n, ranked, rank)
}

// count returns the number of LIMIT or OFFSET.
func (c *compiler) count(x athenasql.Expr, clause string) int64 {
	v := (&env{c: c, scope: &scope{}}).expr(x)
	if v.num == nil || *v.num < 0 {
		c.fail(athenasql.CodeInvalidLimit, x.Position(), "%s is a whole number that is not negative", clause)
	}
	return *v.num
}

// named gives each column of a result a name in SQL of its own.
func named(names []string) []string {
	seen := map[string]bool{}
	out := make([]string, len(names))
	for i, n := range names {
		if n == "" {
			n = fmt.Sprintf("_col%d", i)
		}
		key := strings.ToLower(n)
		for j := i; seen[key]; j++ {
			key = fmt.Sprintf("%s#%d", strings.ToLower(n), j)
			out[i] = fmt.Sprintf("%s#%d", n, j)
		}
		if out[i] == "" {
			out[i] = n
		}
		seen[key] = true
		out[i] = quoteName(out[i])
	}
	return out
}

// setOperation compiles UNION, INTERSECT and EXCEPT.
func (c *compiler) setOperation(o *athenasql.SetOperation, s *scope) *body {
	left, right := c.queryBody(o.Left, s), c.queryBody(o.Right, s)
	if len(left.fields) != len(right.fields) {
		c.fail(athenasql.CodeTypeMismatch, o.Span, "%s query has different number of fields: %d, %d", o.Operator, len(left.fields), len(right.fields))
	}
	common := make([]types.Type, len(left.fields))
	fields := make([]field, len(left.fields))
	for i := range fields {
		l, r := left.fields[i], right.fields[i]
		t, ok := types.Common(l.typ, r.typ)
		if !ok {
			c.fail(athenasql.CodeTypeMismatch, o.Right.Position(), "column %d in %s query has incompatible types: %s, %s", i+1, o.Operator, l.typ, r.typ)
		}
		if t.Zoneless() {
			c.fail(athenasql.CodeNotSupported, o.Right.Position(), "column %d of %s has timestamps of two time zones", i+1, o.Operator)
		}
		if (o.Operator != athenasql.Union || !o.All) && !t.Comparable() {
			c.fail(athenasql.CodeTypeMismatch, o.Span, "Type %s is not comparable and therefore cannot be used in %s", t, o.Operator)
		}
		common[i], fields[i] = t, field{name: l.name, typ: t, sql: l.sql}
	}
	operator := string(o.Operator)
	if o.All {
		operator += " ALL"
	}
	sql := "(" + c.converted(left, common, fields, o.Span) + ") " + operator + " (" + c.converted(right, common, fields, o.Span) + ")"
	return &body{sql: c.bounded(sql, o.Span), fields: fields}
}

// converted returns a body's SQL with its columns in other types and names.
func (c *compiler) converted(b *body, to []types.Type, names []field, at athenasql.Span) string {
	same := true
	list := make([]string, len(b.fields))
	alias := c.alias()
	for i, f := range b.fields {
		v := c.coerce(value{sql: alias + "." + f.sql, typ: f.typ, at: at}, to[i])
		same = same && v.sql == alias+"."+f.sql
		list[i] = v.sql + " AS " + names[i].sql
	}
	if same {
		return b.sql
	}
	return "SELECT " + strings.Join(list, ", ") + " FROM (" + b.sql + ") AS " + alias
}

// values compiles VALUES.
func (c *compiler) values(x *athenasql.Values, s *scope) *body {
	e := &env{c: c, scope: s, clause: "VALUES"}
	rows := make([][]value, len(x.Rows))
	var common []types.Type
	for i, row := range x.Rows {
		if i > 0 && len(row) != len(common) {
			c.fail(athenasql.CodeTypeMismatch, row[0].Position(), "Values rows have mismatched sizes: %d vs %d", len(common), len(row))
		}
		for j, item := range row {
			v := e.top(item)
			rows[i] = append(rows[i], v)
			if i == 0 {
				common = append(common, v.typ)
				continue
			}
			t, ok := types.Common(common[j], v.typ)
			if !ok || t.Zoneless() {
				c.fail(athenasql.CodeTypeMismatch, v.at, "Values rows have mismatched types: %s vs %s", common[j], v.typ)
			}
			common[j] = t
		}
	}
	fields := make([]field, len(common))
	columns := make([]string, len(common))
	for i, name := range named(make([]string, len(common))) {
		fields[i] = field{typ: common[i], sql: name}
		columns[i] = name
	}
	lines := make([]string, len(rows))
	for i, row := range rows {
		list := make([]string, len(row))
		for j, v := range row {
			list[j] = c.coerce(v, common[j]).sql
		}
		lines[i] = "(" + strings.Join(list, ", ") + ")"
	}
	alias := c.alias()
	return &body{sql: "SELECT * FROM (VALUES " + strings.Join(lines, ", ") + ") AS " + alias + "(" + strings.Join(columns, ", ") + ")", fields: fields}
}
