package compile

import (
	"strings"

	"weir/internal/athenasql"
	"weir/internal/athenasql/function"
)

// Trino looks at the terms of AND and OR from the left, and not at those that don't matter any more: `log_status = 'OK' AND CAST(srcaddr AS ipaddress) > ...` does not
// fail where srcaddr is "-". DuckDB looks at them in any order. So a term that can fail for a row stands in a CASE that has the terms before it as condition, and is a term
// of the chain all the same. Terms before keep their places, so that DuckDB can hold them against statistics.

// mostGuard bounds the condition of a CASE, in bytes: chains can be long, and lie within each other.
const mostGuard = 1000

// sure are functions that fail for no value of a column.
var sure = func() map[string]bool {
	out := map[string]bool{}
	for name := range strings.FieldsSeq(`from_unixtime coalesce lower upper length if nullif regexp_like starts_with strpos substr concat trim ltrim rtrim replace
		date_trunc year month day hour minute second day_of_week dow contains`) {
		out[name] = true
	}
	return out
}()

// guarded returns the SQL of a term of AND or OR behind others.
func (e *env) guarded(operator string, before []string, term athenasql.Expr, sql string) string {
	if len(before) == 0 || e.clause == "JOIN clause" || !fails(term) || e.joins(term) {
		return sql
	}
	size := 0
	for i, b := range before {
		if size += len(b); size > mostGuard {
			before = before[:i]
			break
		}
	}
	if len(before) == 0 {
		return sql
	}
	all := strings.Join(before, " "+operator+" ")
	if onlyAddresses(term) {
		if e.c.fast {
			return sql
		}
		e.c.guards++
		// NULL in place of an error that does not matter is as good as FALSE beside what is FALSE, or TRUE beside what is TRUE.
		condition := "(" + all + ") IS NOT FALSE"
		if operator == "OR" {
			condition = "(" + all + ") IS NOT TRUE"
		}
		if out, ok := function.OnlyWhere(sql, condition); ok {
			return out
		}
	}
	if operator == "AND" {
		return "CASE WHEN (" + all + ") IS NOT FALSE THEN " + sql + " ELSE FALSE END"
	}
	return "CASE WHEN (" + all + ") IS NOT TRUE THEN " + sql + " ELSE TRUE END"
}

// fails reports whether a term may fail for a row. One with a query in it is left as it is: DuckDB makes a join of it.
func fails(term athenasql.Expr) bool {
	found, query := false, false
	athenasql.Walk(term, func(n athenasql.Node) bool {
		switch x := n.(type) {
		case *athenasql.Query:
			query = true
		case *athenasql.Cast:
			found = found || !x.Try && len(refs(x)) > 0
		case *athenasql.Subscript:
			found = true
		case *athenasql.BinaryOp:
			found = found || (x.Operator == "/" || x.Operator == "%") && len(refs(x.Right)) > 0
		case *athenasql.Call:
			name := x.Name.Parts[len(x.Name.Parts)-1].Text
			found = found || !sure[name] && len(refs(x)) > 0
		}
		return !query
	})
	return found && !query
}

// onlyAddresses reports whether a term can fail for casts of columns to ipaddress alone.
func onlyAddresses(term athenasql.Expr) bool {
	only := true
	athenasql.Walk(term, func(n athenasql.Node) bool {
		switch x := n.(type) {
		case *athenasql.Cast:
			_, column := x.Of.(*athenasql.Ref)
			only = only && column && x.To.Name == "ipaddress"
		case *athenasql.Call:
			only = only && sure[x.Name.Parts[len(x.Name.Parts)-1].Text]
		case *athenasql.Subscript, *athenasql.Query:
			only = false
		case *athenasql.BinaryOp:
			only = only && x.Operator != "/" && x.Operator != "%"
		}
		return only
	})
	return only
}

// joins reports whether a term is about columns of more than one relation.
func (e *env) joins(term athenasql.Expr) bool {
	seen := map[string]bool{}
	for _, r := range refs(term) {
		if f, _ := e.c.resolve(e.scope, r); f != nil {
			seen[strings.Join(f.qualifier, ".")] = true
		}
	}
	return len(seen) > 1
}
