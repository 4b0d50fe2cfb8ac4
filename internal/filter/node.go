package filter

import (
	"slices"

	"weir/internal/query"
)

// node is a condition: *junction, *negation or *test.
type node interface {
	// expr returns an expression that is true just for the records for which
	// the condition is want, and is false or absent for all others.
	expr(want bool) query.Expr
}

// junction is conditions joined by "and", or by "or".
type junction struct {
	or    bool
	parts []node
}

// negation is "not" before a condition.
type negation struct{ part node }

// test is a comparison. It holds if one of the target's fields is there and the
// predicate holds for it. Where it denies, it holds if all the fields are there
// and the predicate holds for none.
type test struct {
	on     target
	pred   predicate
	denies bool
}

// predicate is what a test asks of a field: comparison, membership, textTest or
// presence.
type predicate interface {
	// over returns an expression that is true just where the field is there
	// and the predicate is want.
	over(f field, want bool) query.Expr
}

// comparison compares with a value: string, int64 or time.Time.
type comparison struct {
	f     query.Func
	value any
}

// membership asks whether the field is one of the values, in one of the networks
// or in one of the spans, whose ends belong to them.
type membership struct {
	values []any
	nets   []string
	spans  [][2]any
}

// textTest is contains, starts_with or matches.
type textTest struct {
	f   query.Func
	arg string
}

// presence asks whether the field is there.
type presence struct{}

// expr pushes a negation inward: not (a and b) is (not a) or (not b).
func (j *junction) expr(want bool) query.Expr {
	parts := make([]query.Expr, len(j.parts))
	for i, p := range j.parts {
		parts[i] = p.expr(want)
	}
	return connect(j.or == want, parts...)
}

func (n *negation) expr(want bool) query.Expr { return n.part.expr(!want) }

func (t *test) expr(want bool) query.Expr {
	_, asksPresence := t.pred.(presence)
	parts := make([]query.Expr, len(t.on.fields))
	for i, f := range t.on.fields {
		parts[i] = t.pred.over(f, want != t.denies)
		// A test of an absent field is false, and so its negation true.
		if !want && !asksPresence {
			parts[i] = connect(true, call(query.IsAbsent, f.column), parts[i])
		}
	}
	return connect(want != t.denies, parts...)
}

// connect joins expressions by "or" or "and". What is joined so already becomes
// part of the one call.
func connect(or bool, parts ...query.Expr) query.Expr {
	f := query.And
	if or {
		f = query.Or
	}
	if len(parts) == 1 {
		return parts[0]
	}
	joined := &query.Call{Func: f}
	for _, p := range parts {
		if c, ok := p.(*query.Call); ok && c.Func == f {
			joined.Args = append(joined.Args, c.Args...)
		} else {
			joined.Args = append(joined.Args, p)
		}
	}
	return joined
}

func call(f query.Func, args ...query.Expr) query.Expr { return &query.Call{Func: f, Args: args} }

// unless returns e, or its negation where want is false.
func unless(want bool, e query.Expr) query.Expr {
	if want {
		return e
	}
	return call(query.Not, e)
}

// opposite holds, for each comparison, the one that is true where it is false.
var opposite = map[query.Func]query.Func{
	query.Eq: query.Ne, query.Ne: query.Eq,
	query.Lt: query.Ge, query.Ge: query.Lt,
	query.Gt: query.Le, query.Le: query.Gt,
}

func (c comparison) over(f field, want bool) query.Expr {
	op := c.f
	if !want {
		op = opposite[op]
	}
	return call(op, f.column, &query.Literal{Value: c.value})
}

func (m membership) over(f field, want bool) query.Expr {
	var parts []query.Expr
	switch len(m.values) {
	case 0:
	case 1:
		parts = append(parts, comparison{query.Eq, m.values[0]}.over(f, want))
	default:
		in := &query.Call{Func: query.In, Args: []query.Expr{f.column}}
		for _, v := range m.values {
			in.Args = append(in.Args, &query.Literal{Value: v})
		}
		parts = append(parts, unless(want, in))
	}
	for _, n := range m.nets {
		parts = append(parts, unless(want, call(query.IPIn, f.column, &query.Literal{Value: n})))
	}
	for _, s := range m.spans {
		low := comparison{query.Ge, s[0]}.over(f, want)
		high := comparison{query.Le, s[1]}.over(f, want)
		parts = append(parts, connect(!want, low, high))
	}
	return connect(want, parts...)
}

// add adds a value that is not there yet.
func (m *membership) add(value any) {
	if !slices.Contains(m.values, value) {
		m.values = append(m.values, value)
	}
}

func (t textTest) over(f field, want bool) query.Expr {
	return unless(want, call(t.f, f.column, &query.Literal{Value: t.arg}))
}

func (presence) over(f field, want bool) query.Expr {
	return unless(!want, call(query.IsAbsent, f.column))
}
