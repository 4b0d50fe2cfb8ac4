package compile

import (
	"slices"
	"strings"

	"weir/internal/athenasql"
	"weir/internal/athenasql/types"
)

// env is where an expression stands: what it sees, and what it may have.
type env struct {
	c     *compiler
	scope *scope
	// group is of a query that groups: aggregates are columns of its inner query. clause names a clause without aggregates and windows; aggregates says that it
	// may have aggregates all the same (HAVING).
	group      *grouped
	clause     string
	aggregates bool
	// windows are the named windows; windowed is set when a window function is met.
	windows  map[string]*athenasql.Window
	windowed *bool
	// whole is the expression that is compiled, for errors.
	whole athenasql.Expr
	// within is the aggregate, and inWindow the window function, whose argument this is.
	within, inWindow string
}

// top compiles a whole expression of a clause.
func (e *env) top(x athenasql.Expr) value {
	e.whole = x
	return e.expr(x)
}

// condition compiles a boolean.
func (e *env) condition(x athenasql.Expr, clause string) string {
	v := e.top(x)
	if v.typ.Kind != types.Boolean && v.typ.Kind != types.Unknown {
		e.c.fail(athenasql.CodeTypeMismatch, v.at, "%s must evaluate to a boolean: actual type %s", clause, v.typ)
	}
	return e.c.coerce(v, types.Type{Kind: types.Boolean}).sql
}

// expr compiles an expression.
func (e *env) expr(x athenasql.Expr) value {
	if e.group != nil {
		if _, ok := x.(*athenasql.Ref); !ok {
			if v, ok := e.group.match(x); ok {
				v.at = x.Position()
				return v
			}
		}
	}
	v := e.form(x)
	v.at = x.Position()
	e.c.bounded(v.sql, v.at)
	return v
}

var boolean = types.Type{Kind: types.Boolean}

// form compiles an expression by its form.
func (e *env) form(x athenasql.Expr) value {
	switch x := x.(type) {
	case *athenasql.Ref:
		return e.ref(x)
	case *athenasql.Null, *athenasql.Bool, *athenasql.Integer, *athenasql.DecimalNumber, *athenasql.DoubleNumber, *athenasql.String, *athenasql.Binary,
		*athenasql.TypedLiteral, *athenasql.Interval, *athenasql.CurrentTime, *athenasql.CurrentName, *athenasql.Parameter:
		return e.literal(x)
	case *athenasql.Unary:
		return e.unary(x)
	case *athenasql.BinaryOp:
		return e.binary(x)
	case *athenasql.IsNull:
		v := e.expr(x.Of)
		return value{sql: "(" + v.sql + " IS" + not(x.Not) + " NULL)", typ: boolean, constant: v.constant}
	case *athenasql.IsDistinct:
		return e.isDistinct(x)
	case *athenasql.Between:
		return e.between(x)
	case *athenasql.In:
		return e.in(x)
	case *athenasql.Like:
		return e.like(x)
	case *athenasql.Case:
		return e.caseOf(x)
	case *athenasql.Cast:
		return e.cast(x)
	case *athenasql.Extract:
		return e.extract(x)
	case *athenasql.AtTimeZone:
		return e.atTimeZone(x)
	case *athenasql.Call:
		return e.call(x)
	case *athenasql.Grouping:
		return e.grouping(x)
	case *athenasql.Exists, *athenasql.Subquery, *athenasql.Quantified:
		return e.subquery(x)
	case *athenasql.Field:
		return e.rowField(e.expr(x.Of), x.Name)
	case *athenasql.Subscript:
		return e.subscript(x)
	case *athenasql.ArrayOf:
		return e.array(x)
	case *athenasql.RowOf:
		return e.row(x)
	case *athenasql.Lambda:
		e.c.fail(athenasql.CodeSyntax, x.Span, "a lambda stands as an argument of a function alone")
	}
	e.c.fail(athenasql.CodeNotSupported, x.Position(), "this expression is not supported")
	return value{}
}

func not(n bool) string {
	if n {
		return " NOT"
	}
	return ""
}

// caseOf compiles CASE in both forms.
func (e *env) caseOf(x *athenasql.Case) value {
	var of value
	if x.Of != nil {
		of = e.expr(x.Of)
	}
	var results []value
	conditions := make([]string, len(x.Whens))
	constant := true
	for i, w := range x.Whens {
		v := e.expr(w.If)
		if x.Of != nil {
			v = e.c.compare("=", of, v, v.at)
		} else if v.typ.Kind != types.Boolean && v.typ.Kind != types.Unknown {
			e.c.fail(athenasql.CodeTypeMismatch, v.at, "CASE WHEN clause must evaluate to a boolean (actual: %s)", v.typ)
		}
		constant = constant && v.constant
		conditions[i] = e.c.coerce(v, boolean).sql
		results = append(results, e.expr(w.Then))
	}
	if x.Else != nil {
		results = append(results, e.expr(x.Else))
	}
	t := e.c.common(results, "All CASE results")
	var sql strings.Builder
	sql.WriteString("(CASE")
	for i, condition := range conditions {
		sql.WriteString(" WHEN " + condition + " THEN " + e.c.coerce(results[i], t).sql)
		constant = constant && results[i].constant
	}
	if x.Else != nil {
		sql.WriteString(" ELSE " + e.c.coerce(results[len(results)-1], t).sql)
	}
	return value{sql: sql.String() + " END)", typ: t, constant: constant}
}

// common returns the type that values have in common, or ends with an error that names two that have none.
func (c *compiler) common(values []value, what string) types.Type {
	t := values[0].typ
	for _, v := range values[1:] {
		next, ok := types.Common(t, v.typ)
		if !ok {
			var all []string
			for _, v := range values {
				if s := v.typ.String(); !slices.Contains(all, s) {
					all = append(all, s)
				}
			}
			c.hinted(mixed(t, v.typ), athenasql.CodeTypeMismatch, v.at,
				"%s must be the same type or coercible to a common type. Cannot find common type between %s and %s, all types (without duplicates): [%s]",
				what, t, v.typ, strings.Join(all, ", "))
		}
		if next.Zoneless() && !t.Zoneless() {
			c.hinted("bring both to one zone: x AT TIME ZONE 'UTC'", athenasql.CodeNotSupported, v.at, "timestamps of two time zones in one column are not supported")
		}
		t = next
	}
	return t
}
