package reference

import (
	"fmt"
	"slices"

	"weir/internal/insights"
	"weir/internal/insights/value"
)

// eval computes an expression for a row. What can be wrong with the expression itself prepare has found.
func (r *run) eval(x insights.Expr, row *Row) value.Value {
	switch x := x.(type) {
	case *insights.Number:
		return value.Number(x.Value)
	case *insights.String:
		return value.Text(x.Value)
	case *insights.Bool:
		return value.Bool(x.Value)
	case *insights.Period:
		return value.Text(value.Period{N: x.N, Unit: x.Unit}.String())
	case *insights.Regex:
		return value.Text(x.Text)
	case *insights.Field:
		return row.get(x.Parts)
	case *insights.Index:
		return r.eval(x.X, row).Step(x.Key)
	case *insights.Unary:
		if x.Op == "-" {
			return value.Negate(r.eval(x.X, row))
		}
		return value.Not(r.eval(x.X, row))
	case *insights.Binary:
		return binary(x.Op, r.eval(x.X, row), r.eval(x.Y, row))
	case *insights.Like:
		return r.like(x, row)
	case *insights.In:
		return r.in(x, row)
	case *insights.Call:
		return r.call(x, row)
	}
	panic(fmt.Sprintf("reference: no expression %T", x))
}

func binary(op string, x, y value.Value) value.Value {
	switch op {
	case "and":
		return value.And(x, y)
	case "or":
		return value.Or(x, y)
	case "+", "-", "*", "/", "%", "^":
		return value.Arithmetic(op, x, y)
	}
	return value.Compare(op, x, y)
}

func (r *run) like(x *insights.Like, row *Row) value.Value {
	var found value.Value
	if x.Regex {
		re, err := value.CompileRegex(x.Text)
		if err != nil {
			return value.Absent // prepare has said so
		}
		found = value.LikeRegex(r.eval(x.X, row), re)
	} else {
		found = value.Like(r.eval(x.X, row), x.Text)
	}
	if x.Not {
		return value.Not(found)
	}
	return found
}

func (r *run) in(x *insights.In, row *Row) value.Value {
	var list []value.Value
	if x.Query == nil {
		for _, e := range x.List {
			list = append(list, r.eval(e, row))
		}
	}
	v := r.eval(x.X, row)
	var found value.Value
	if x.Query != nil {
		found = r.sets[x].has(v)
	} else {
		found = value.In(v, list)
	}
	if x.Not {
		return value.Not(found)
	}
	return found
}

func (r *run) call(x *insights.Call, row *Row) value.Value {
	if a, ok := insights.LookupAggregate(x.Func); ok {
		g := r.group
		r.group = nil // arguments are of the rows that come in
		defer func() { r.group = g }()
		return r.aggregate(a.Name, x, g.rows)
	}
	f, _ := value.Lookup(x.Func) // checkCall has found it
	args := make([]value.Value, 0, len(x.Args)+1)
	if f.Field != "" {
		args = append(args, row.named(f.Field))
	}
	for _, a := range x.Args {
		args = append(args, r.eval(a, row))
	}
	return f.Call(&r.env.Query, args)
}

// prepare runs the queries in an expression, before it is computed for any row, and refuses what insights.Resolve would
// have refused, so that nothing is silently absent. Aggregates are allowed in stats alone.
func (r *run) prepare(x insights.Expr, aggregates bool) error {
	var err error
	insights.WalkExpr(x, func(x insights.Expr) {
		if err != nil {
			return
		}
		switch x := x.(type) {
		case *insights.Like:
			if _, wrong := value.CompileRegex(x.Text); x.Regex && wrong != nil {
				err = &insights.Error{Span: x.Span, Message: wrong.Error(), Hint: "the syntax is RE2's"}
			}
		case *insights.In:
			if x.Query != nil {
				err = r.prepareQuery(x)
			}
		case *insights.Call:
			err = checkCall(x, aggregates)
		}
	})
	return err
}

func (r *run) prepareAll(list []insights.Expr, aggregates bool) error {
	for _, x := range list {
		if err := r.prepare(x, aggregates); err != nil {
			return err
		}
	}
	return nil
}

func checkCall(x *insights.Call, aggregates bool) error {
	n, least, most := len(x.Args), 0, 0
	if a, ok := insights.LookupAggregate(x.Func); ok {
		if !aggregates {
			return &insights.Error{Span: x.Span, Message: "the aggregate " + x.Func + " can't stand here", Hint: "aggregates stand in stats"}
		}
		if least, most = a.Min, a.Max; x.Star && a.Star {
			return nil
		}
	} else if f, ok := value.Lookup(x.Func); ok {
		least, most = f.Min, f.Max
	} else {
		return &insights.Error{Span: x.Span, Message: "there is no function " + x.Func}
	}
	if n < least || most >= 0 && n > most {
		return &insights.Error{Span: x.Span, Message: x.Func + " can't have these arguments"}
	}
	return nil
}

// exprs returns the expressions of items.
func exprs(items []insights.Item) []insights.Expr {
	out := make([]insights.Expr, len(items))
	for i, it := range items {
		out[i] = it.Expr
	}
	return slices.Clip(out)
}
