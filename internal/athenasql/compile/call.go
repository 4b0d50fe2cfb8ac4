package compile

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"weir/internal/athenasql"
	"weir/internal/athenasql/function"
	"weir/internal/athenasql/types"
)

// call compiles a call of a function.
func (e *env) call(x *athenasql.Call) value {
	name := written(x.Name.Parts)
	f, ok := function.Lookup(name)
	if !ok {
		panic(bail{function.NotFound(name, x.Name.Span)})
	}
	switch {
	case x.Over != nil && f.Kind == function.Scalar:
		e.c.fail(athenasql.CodeFunctionNotFound, x.Span, "'%s' is no window function and can't have OVER", name)
	case x.Over == nil && f.Kind == function.Window:
		e.c.fail(athenasql.CodeMissingOver, x.Span, "Window function %s requires an OVER clause", name)
	case x.Over != nil:
		return e.windowCall(f, x)
	case f.Kind == function.Aggregate:
		return e.aggregateCall(f, x)
	case x.Distinct || x.Filter != nil || x.OrderBy != nil || x.Nulls != "" || x.Star || x.WithinGroup != nil:
		e.c.fail(athenasql.CodeSyntax, x.Span, "'%s' is no aggregate function and can't have *, DISTINCT, ORDER BY, FILTER or IGNORE NULLS", name)
	}
	if name == "now" && len(x.Args) == 0 {
		return e.c.currentTime(&athenasql.CurrentTime{Span: x.Span, Name: "current_timestamp", Precision: -1})
	}
	args, constant := e.arguments(x.Args)
	v := e.bind(f, &function.Call{Name: name, At: x.Span, Args: args, Now: e.now()}, constant)
	if len(x.Args) == 1 && plain(x) {
		return e.known(name, v, x)
	}
	return v
}

// known adds to the call of a function what is known of its value before it runs, so that a comparison with it can be one of a plain column and a constant.
func (e *env) known(name string, call value, x *athenasql.Call) value {
	switch name {
	case "date":
		if v := e.expr(x.Args[0]); v.text != nil {
			return e.c.castTo(v, types.Type{Kind: types.Date}, false, x.Span)
		}
	case "to_unixtime":
		if v := e.expr(x.Args[0]); v.moment != nil && v.typ.Precision <= 3 && v.typ.Kind == types.TimestampTZ {
			return e.c.double(float64(v.moment.UnixMilli()) / 1000)
		}
	case "from_unixtime":
		if v := e.expr(x.Args[0]); v.typ.IsInteger() && v.num == nil {
			call.seconds = v.sql
		}
	}
	return call
}

// function compiles a call of a function whose arguments are compiled.
func (e *env) function(name string, at athenasql.Span, values ...value) value {
	f, ok := function.Lookup(name)
	if !ok {
		panic(bail{function.NotFound(name, at)})
	}
	args := make([]function.Arg, len(values))
	constant := true
	for i, v := range values {
		args[i] = argument(v)
		constant = constant && v.constant
	}
	return e.bind(f, &function.Call{Name: name, At: at, Args: args, Now: e.now()}, constant)
}

func (e *env) now() string {
	return momentValue(e.c.now(3), types.Type{Kind: types.TimestampTZ, Precision: 3, Zone: "UTC"}).sql
}

// bind lets a function choose its form.
func (e *env) bind(f *function.Func, call *function.Call, constant bool) value {
	sql, t, err := f.Bind(call)
	if err != nil {
		var placed *athenasql.Error
		if errors.As(err, &placed) && placed.Span == (athenasql.Span{}) {
			placed.Span = call.At
		}
		panic(bail{err})
	}
	if t.Zoneless() {
		e.c.hinted("bring both to one zone: x AT TIME ZONE 'UTC'", athenasql.CodeNotSupported, call.At, "timestamps of two time zones in %s are not supported", f.Name)
	}
	return value{sql: sql, typ: t, at: call.At, constant: constant && !slices.Contains(volatile, f.Name), finite: isFinite(f.Name)}
}

func argument(v value) function.Arg {
	return function.Arg{Type: v.typ, SQL: v.sql, At: v.at, Text: v.text, Int: v.num}
}

// arguments compiles the arguments of a call; lambdas wait for the types of their parameters.
func (e *env) arguments(list []athenasql.Expr) ([]function.Arg, bool) {
	args := make([]function.Arg, len(list))
	constant := true
	for i, x := range list {
		if l, ok := x.(*athenasql.Lambda); ok {
			args[i] = function.Arg{At: l.Span, Params: len(l.Params), Type: types.Type{Kind: types.Function}, Lambda: e.lambda(l)}
			constant = false
			continue
		}
		v := e.expr(x)
		args[i] = argument(v)
		constant = constant && v.constant
	}
	return args, constant
}

// lambda returns what compiles a lambda's body once the types of its parameters are known.
func (e *env) lambda(l *athenasql.Lambda) func([]types.Type) (types.Type, string, error) {
	return func(params []types.Type) (types.Type, string, error) {
		if len(params) != len(l.Params) {
			return types.Type{}, "", athenasql.Errorf(athenasql.CodeInvalidArguments, l.Span, "Expected a lambda that takes %d argument(s) but got %d",
				len(params), len(l.Params))
		}
		inner := *e
		// Within the body nothing is a key or an aggregate but what names say.
		inner.group, inner.clause, inner.whole = nil, "Lambda expression", nil
		inner.scope = &scope{parent: e.scope, lambda: true}
		names := make([]string, len(params))
		for i, p := range l.Params {
			names[i] = quoteName(fmt.Sprintf("p%d", e.c.next))
			e.c.next++
			inner.scope.fields = append(inner.scope.fields, field{name: p.Text, typ: params[i], sql: names[i]})
		}
		var v value
		if err := attempt(func() {
			if !unqueried(l.Body) {
				e.c.fail(athenasql.CodeNotSupported, l.Span, "Lambda expression cannot contain subqueries")
			}
			v = inner.expr(l.Body)
			v = e.c.coerce(v, v.typ)
		}); err != nil {
			return types.Type{}, "", err
		}
		return v.typ, "lambda " + strings.Join(names, ", ") + ": " + v.sql, nil
	}
}

// unqueried says that an expression has no query in it.
func unqueried(x athenasql.Expr) bool {
	return first(x, func(x athenasql.Expr) bool {
		switch x := x.(type) {
		case *athenasql.Exists, *athenasql.Subquery, *athenasql.Quantified:
			return true
		case *athenasql.In:
			return x.Query != nil
		}
		return false
	}) == nil
}

// notScalar is the error of an aggregate or a window function where none may stand.
func (e *env) notScalar(clause string, x athenasql.Expr) {
	e.c.fail(athenasql.CodeNotScalar, x.Position(), "%s cannot contain aggregations, window functions or grouping operations: [%s]", clause, exprText(x))
}

// aggregateCall compiles an aggregate, which becomes a column of the inner query.
func (e *env) aggregateCall(f *function.Func, x *athenasql.Call) value {
	switch {
	case e.within != "":
		e.c.fail(athenasql.CodeNestedAggregation, x.Span, "Cannot nest aggregations inside aggregation '%s': [%s]", e.within, exprText(x))
	case e.group == nil || e.clause != "" && !e.aggregates:
		clause := e.clause
		if clause == "" {
			clause = "This expression"
		}
		e.notScalar(clause, x)
	}
	inner := *e.group.source
	inner.within = f.Name
	v := inner.aggregated(f, x, e, "")
	return e.group.aggregate(v)
}

// aggregated compiles a call of an aggregate or window function whose arguments are compiled in the environment; over is its window in SQL.
func (e *env) aggregated(f *function.Func, x *athenasql.Call, outer *env, over string) value {
	c := e.c
	if x.Star && f.Name != "count" {
		c.fail(athenasql.CodeSyntax, x.Span, "%s(*) is not supported: count(*) is", f.Name)
	}
	if x.Overflow != nil && !x.Overflow.Error {
		c.fail(athenasql.CodeNotSupported, x.Span, "ON OVERFLOW TRUNCATE is not supported")
	}
	args, _ := e.arguments(x.Args)
	items := x.OrderBy
	if x.WithinGroup != nil {
		items = x.WithinGroup
	}
	if x.Distinct {
		for _, a := range args {
			if !a.Type.Comparable() {
				c.fail(athenasql.CodeTypeMismatch, a.At, "DISTINCT can only be applied to comparable types (actual: %s)", a.Type)
			}
		}
	}
	var keys []sortKey
	for _, item := range items {
		v := e.expr(item.Expr)
		if !v.typ.Orderable() {
			c.fail(athenasql.CodeTypeMismatch, v.at, "Type %s is not orderable, and therefore cannot be used in ORDER BY: %s", v.typ, exprText(item.Expr))
		}
		if x.Distinct && !slices.ContainsFunc(args, func(a function.Arg) bool { return a.SQL == v.sql }) {
			c.fail(athenasql.CodeNotInDistinct, v.at, "For aggregate function with DISTINCT, ORDER BY expressions must appear in arguments")
		}
		if !v.constant {
			keys = append(keys, sortKey{v.sql, direction(item)})
		}
	}
	filter := ""
	if x.Filter != nil {
		at := *e
		filter = " FILTER (WHERE " + at.condition(x.Filter, "FILTER clause") + ")"
	}
	nulls := ""
	if x.Nulls == "IGNORE" {
		nulls = " IGNORE NULLS"
	}
	call := &function.Call{Name: f.Name, At: x.Span, Args: args, Distinct: x.Distinct, Now: e.now()}
	call.Aggregated = func(name string, args ...string) string {
		distinct := ""
		if call.Distinct {
			distinct = "DISTINCT "
		}
		list := strings.Join(args, ", ")
		if list == "" && name == "count" {
			list = "*"
		}
		return name + "(" + distinct + list + orderBy(keys) + nulls + ")" + filter + over
	}
	return outer.bind(f, call, false)
}

// windowCall compiles a call with OVER.
func (e *env) windowCall(f *function.Func, x *athenasql.Call) value {
	switch {
	case e.within != "":
		e.c.fail(athenasql.CodeNestedWindow, x.Span, "Cannot nest window functions inside aggregation '%s': [%s]", e.within, exprText(x))
	case e.inWindow != "":
		e.c.fail(athenasql.CodeNestedWindow, x.Span, "Cannot nest window functions inside window function '%s': [%s]", e.inWindow, exprText(x))
	case e.clause == "HAVING clause":
		e.c.fail(athenasql.CodeNestedWindow, x.Span, "HAVING clause cannot contain window functions or row pattern measures")
	case e.windowed == nil || e.clause != "":
		clause := e.clause
		if clause == "" {
			clause = "This expression"
		}
		e.notScalar(clause, x)
	}
	if x.Distinct {
		e.c.fail(athenasql.CodeNotSupported, x.Span, "DISTINCT in window function parameters not yet supported")
	}
	*e.windowed = true
	inner := *e
	inner.inWindow = f.Name
	over := " OVER (" + inner.window(x.Over) + ")"
	return inner.aggregated(f, x, e, over)
}
