package compile

import (
	"slices"
	"strings"

	"weir/internal/athenasql"
	"weir/internal/athenasql/function"
)

// children returns the expressions within an expression, without those of its queries, lambdas included.
func children(x athenasql.Expr) []athenasql.Expr {
	switch x := x.(type) {
	case *athenasql.Field:
		return []athenasql.Expr{x.Of}
	case *athenasql.Subscript:
		return []athenasql.Expr{x.Of, x.Index}
	case *athenasql.Unary:
		return []athenasql.Expr{x.Of}
	case *athenasql.BinaryOp:
		return []athenasql.Expr{x.Left, x.Right}
	case *athenasql.IsNull:
		return []athenasql.Expr{x.Of}
	case *athenasql.IsDistinct:
		return []athenasql.Expr{x.Left, x.Right}
	case *athenasql.Between:
		return []athenasql.Expr{x.Of, x.Low, x.High}
	case *athenasql.In:
		return append([]athenasql.Expr{x.Of}, x.List...)
	case *athenasql.Like:
		return present(x.Of, x.Pattern, x.Escape)
	case *athenasql.Quantified:
		return []athenasql.Expr{x.Of}
	case *athenasql.Case:
		out := present(x.Of)
		for _, w := range x.Whens {
			out = append(out, w.If, w.Then)
		}
		return append(out, present(x.Else)...)
	case *athenasql.Cast:
		return []athenasql.Expr{x.Of}
	case *athenasql.Extract:
		return []athenasql.Expr{x.Of}
	case *athenasql.AtTimeZone:
		return []athenasql.Expr{x.Of, x.Zone}
	case *athenasql.Call:
		out := slices.Clone(x.Args)
		for _, items := range [][]athenasql.SortItem{x.OrderBy, x.WithinGroup} {
			for _, item := range items {
				out = append(out, item.Expr)
			}
		}
		out = append(out, present(x.Filter)...)
		if x.Over != nil {
			out = append(out, x.Over.PartitionBy...)
			for _, item := range x.Over.OrderBy {
				out = append(out, item.Expr)
			}
		}
		return out
	case *athenasql.Lambda:
		return []athenasql.Expr{x.Body}
	case *athenasql.ArrayOf:
		return x.Items
	case *athenasql.RowOf:
		return x.Items
	}
	return nil
}

func present(list ...athenasql.Expr) []athenasql.Expr {
	return slices.DeleteFunc(list, func(x athenasql.Expr) bool { return x == nil })
}

// first returns the outermost expression that meets a condition, nil where none does.
func first(x athenasql.Expr, is func(athenasql.Expr) bool) athenasql.Expr {
	if is(x) {
		return x
	}
	for _, child := range children(x) {
		if found := first(child, is); found != nil {
			return found
		}
	}
	return nil
}

// size counts the expressions of an expression.
func size(x athenasql.Expr) int {
	n := 1
	for _, child := range children(x) {
		n += size(child)
	}
	return n
}

// aggregates returns the first aggregate (or GROUPING) of an expression that is not a window function, nil where there is none.
func aggregates(x athenasql.Expr) athenasql.Expr {
	return first(x, func(x athenasql.Expr) bool {
		if _, ok := x.(*athenasql.Grouping); ok {
			return true
		}
		call, ok := x.(*athenasql.Call)
		return ok && call.Over == nil && isAggregate(call)
	})
}

func isAggregate(call *athenasql.Call) bool {
	if len(call.Name.Parts) != 1 {
		return false
	}
	f, ok := function.Lookup(call.Name.Parts[0].Text)
	return ok && f.Kind == function.Aggregate
}

// windowed returns the first window function of an expression, nil where there is none.
func windowed(x athenasql.Expr) athenasql.Expr {
	return first(x, func(x athenasql.Expr) bool {
		call, ok := x.(*athenasql.Call)
		return ok && call.Over != nil
	})
}

// plain says that an expression has no query, lambda, aggregate, window function or parameter of a query in it: compiling it twice does nothing.
func plain(x athenasql.Expr) bool {
	return first(x, func(x athenasql.Expr) bool {
		switch x := x.(type) {
		case *athenasql.Exists, *athenasql.Subquery, *athenasql.Quantified, *athenasql.Lambda, *athenasql.Grouping:
			return true
		case *athenasql.In:
			return x.Query != nil
		case *athenasql.Call:
			return x.Over != nil || isAggregate(x)
		}
		return false
	}) == nil
}

// calls says whether an expression calls one of some functions.
func calls(x athenasql.Expr, names []string) bool {
	return first(x, func(x athenasql.Expr) bool {
		call, ok := x.(*athenasql.Call)
		return ok && slices.Contains(names, written(call.Name.Parts))
	}) != nil
}

// refs returns the names of an expression.
func refs(x athenasql.Expr) []*athenasql.Ref {
	if r, ok := x.(*athenasql.Ref); ok {
		return []*athenasql.Ref{r}
	}
	var out []*athenasql.Ref
	for _, child := range children(x) {
		out = append(out, refs(child)...)
	}
	return out
}

// tables adds the names without a database that are read anywhere in a query.
func tables(q *athenasql.Query, read map[string]bool) {
	athenasql.Walk(q, func(n athenasql.Node) bool {
		if r, ok := n.(*athenasql.TableRef); ok && len(r.Name.Parts) == 1 {
			read[r.Name.Parts[0].Text] = true
		}
		return true
	})
}

// exprText is an expression as errors show it.
func exprText(x athenasql.Expr) string {
	if r, ok := x.(*athenasql.Ref); ok {
		return written(r.Parts)
	}
	text := strings.TrimSpace(athenasql.PrintExpr(x))
	if _, ok := x.(*athenasql.BinaryOp); ok {
		return "(" + text + ")" // as Trino writes operators
	}
	return text
}
