package compile

import (
	"weir/internal/athenasql"
	"weir/internal/athenasql/types"
)

// subquery compiles EXISTS, a query that stands for its value, and x = ANY or ALL (query).
func (e *env) subquery(x athenasql.Expr) value {
	switch x := x.(type) {
	case *athenasql.Exists:
		return value{sql: "(EXISTS (" + e.c.query(x.Query, e.scope).sql + "))", typ: boolean}
	case *athenasql.Subquery:
		b := e.single(x.Query)
		// More than one row is an error in DuckDB too.
		return value{sql: "(" + b.sql + ")", typ: b.fields[0].typ}
	case *athenasql.Quantified:
		return e.quantified(x)
	}
	return value{}
}

// single compiles a query that must have one column.
func (e *env) single(q *athenasql.Query) *body {
	b := e.c.query(q, e.scope)
	if len(b.fields) != 1 {
		e.c.fail(athenasql.CodeNotSupported, q.Span, "Multiple columns returned by subquery are not yet supported. Found %d", len(b.fields))
	}
	return b
}

// comparedTo brings a value and the column of a query to their common type.
func (e *env) comparedTo(operator string, of value, b *body, at athenasql.Span) (string, string) {
	column := value{typ: b.fields[0].typ}
	t, ok := types.Common(of.typ, column.typ)
	if !ok || !t.Comparable() || operator != "=" && operator != "<>" && operator != "IN" && !t.Orderable() {
		e.c.mismatch(operator, of, column, at)
	}
	if len(t.Elems) > 0 || t.Kind == types.Char {
		e.c.fail(athenasql.CodeNotSupported, at, "comparing values of type %s with a query is not supported", t)
	}
	return e.c.coerce(of, t).sql, e.c.converted(b, []types.Type{t}, b.fields, at)
}

// inQuery compiles x [NOT] IN (query).
func (e *env) inQuery(x *athenasql.In) value {
	of := e.expr(x.Of)
	l, r := e.comparedTo("IN", of, e.single(x.Query), x.Span)
	return value{sql: "(" + l + not(x.Not) + " IN (" + r + "))", typ: boolean}
}

// quantified compiles x = ANY (query) and its like.
func (e *env) quantified(x *athenasql.Quantified) value {
	of := e.expr(x.Of)
	l, r := e.comparedTo(x.Operator, of, e.single(x.Query), x.Span)
	return value{sql: "(" + l + " " + x.Operator + " " + x.Quantifier + " (" + r + "))", typ: boolean}
}
