package insights

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// The levels of precedence, the lowest first.
const (
	levelOr = iota + 1
	levelAnd
	levelNot
	levelComparison
	levelSum
	levelProduct
	levelMinus
	levelPower
	levelPrimary
)

// expr reads an expression.
func (p *parser) expr() Expr {
	defer p.nest()()
	x := p.conjunction()
	for p.seesOperator("or") {
		p.advance()
		x = p.binary("or", x, p.conjunction())
	}
	return x
}

func (p *parser) binary(op string, x, y Expr) Expr {
	return &Binary{Span: p.from(x.Place().Start), Op: op, X: x, Y: y}
}

func (p *parser) conjunction() Expr {
	x := p.negation()
	for p.seesOperator("and") {
		p.advance()
		x = p.binary("and", x, p.negation())
	}
	return x
}

func (p *parser) negation() Expr {
	if !p.seesWord("not") && !p.tok.isSign("!") {
		return p.comparison()
	}
	defer p.nest()()
	start := p.advance().Start
	x := p.negation()
	return &Unary{Span: p.from(start), Op: "not", X: x}
}

// comparisons are the operators between two values.
var comparisons = []string{"=", "==", "!=", "<", "<=", ">", ">="}

// comparison reads a comparison; comparisons do not chain.
func (p *parser) comparison() Expr {
	x := p.sum()
	start := x.Place().Start
	switch {
	case p.seesOperator(comparisons...):
		op := p.advance().text
		if op == "==" {
			op = "="
		}
		x = p.binary(op, x, p.sum())
	case p.seesOperator("=~"):
		p.advance()
		x = &Like{X: x, Regex: true, Text: p.regex()}
		x.(*Like).Span = p.from(start)
	case p.seesOperator("like", "in", "not"):
		negated := p.tok.is("not")
		if negated {
			p.advance()
		}
		if p.seesOperator("like") {
			x = p.like(x, negated)
		} else if p.seesOperator("in") {
			x = p.in(x, negated)
		} else {
			p.unexpected(`"not" stands before a condition, or in "not like" and "not in"`)
		}
	default:
		return x
	}
	if p.tok.is("like") || p.tok.is("in") || p.tok.kind == signToken && (p.tok.text == "=~" || slices.Contains(comparisons, p.tok.text)) {
		failf(p.tok.Span, `write "a < b and b < c"`, "%s can't follow a comparison", p.tok.String())
	}
	return x
}

func (p *parser) like(x Expr, negated bool) Expr {
	p.advance()
	l := &Like{X: x, Not: negated}
	if p.tok.isSign("/") {
		l.Regex, l.Text = true, p.regex()
	} else {
		p.try(wantRegex, "")
		l.Text = p.str()
	}
	l.Span = p.from(x.Place().Start)
	return l
}

func (p *parser) in(x Expr, negated bool) Expr {
	p.advance()
	in := &In{X: x, Not: negated}
	switch {
	case p.sign("["):
		if p.tok.isSign("]") {
			fail(p.tok.Span, "the list is empty", "")
		}
		p.list(func() { in.List = append(in.List, p.sum()) })
		p.needSign("]")
	case p.sign("("):
		if p.tok.kind == stringToken || p.tok.kind == numberToken {
			fail(p.tok.Span, "a list of values stands in brackets", `in ["a", "b"]; in parentheses stands a query`)
		}
		in.Query = p.query(true)
		p.needSign(")")
	default:
		p.unexpected("")
	}
	in.Span = p.from(x.Place().Start)
	return in
}

func (p *parser) sum() Expr {
	x := p.product()
	for p.seesOperator("+", "-") {
		op := p.advance().text
		x = p.binary(op, x, p.product())
	}
	return x
}

func (p *parser) product() Expr {
	x := p.minus()
	for p.seesOperator("*", "/", "%") {
		op := p.advance().text
		x = p.binary(op, x, p.minus())
	}
	return x
}

func (p *parser) minus() Expr {
	if !p.tok.isSign("-") {
		return p.power()
	}
	defer p.nest()()
	start := p.advance().Start
	x := p.minus()
	return &Unary{Span: p.from(start), Op: "-", X: x}
}

func (p *parser) power() Expr {
	x := p.postfix()
	if !p.seesOperator("^") {
		return x
	}
	defer p.nest()()
	p.advance()
	return p.binary("^", x, p.minus())
}

// postfix reads what stands for itself, and a path behind it. The path of a plain field is part of its
// token.
func (p *parser) postfix() Expr {
	start := p.tok.Start
	x := p.primary()
	switch x.(type) {
	case *Number, *String, *Bool, *Period: // they have no elements
		return x
	}
	for p.tok.Start == p.end() { // nothing between
		switch {
		case p.tok.isSign("["):
			p.advance()
			if p.tok.kind == stringToken {
				fail(p.tok.Span, "a position is a number", "a key stands behind a dot, in backticks where it has other characters: m.`a key`")
			}
			key := strconv.FormatInt(p.integer(0, math.MaxInt32), 10)
			p.needSign("]")
			x = &Index{Span: p.from(start), X: x, Key: key, Position: true}
		case p.tok.isSign(".") && !isField(x):
			dot := p.advance()
			if p.tok.Start != dot.End || p.tok.kind != nameToken && p.tok.kind != numberToken {
				fail(dot.Span, "a name is missing behind the dot", "")
			}
			x = p.path(start, x)
		default:
			return x
		}
	}
	return x
}

func isField(x Expr) bool {
	_, ok := x.(*Field)
	return ok
}

// path reads the parts behind a dot.
func (p *parser) path(start int, x Expr) Expr {
	t := p.advance()
	if t.kind == numberToken { // positions, which look like a fraction: x[0].1.2
		for position := range strings.SplitSeq(t.text, ".") {
			if digits(position, 0) != len(position) {
				fail(t.Span, "a position is a whole number", "")
			}
			t.parts = append(t.parts, FieldPart{Name: position})
		}
	}
	for _, part := range t.parts {
		x = &Index{Span: p.from(start), X: x, Key: part.Name}
	}
	return x
}

// primary reads what stands for itself.
func (p *parser) primary() Expr {
	p.try(wantExpr, "")
	if p.aggregates {
		p.try(wantAggregate, "")
	}
	t := p.tok
	switch {
	case t.kind == numberToken:
		p.advance()
		n, err := strconv.ParseFloat(t.text, 64)
		if err != nil {
			failf(t.Span, "", "the number %s is too large", t.text)
		}
		return &Number{Span: t.Span, Value: n, Text: t.text}
	case t.kind == periodToken:
		return p.period()
	case t.kind == stringToken:
		p.advance()
		return &String{Span: t.Span, Value: t.text}
	case t.isSign("("):
		defer p.nest()()
		p.advance()
		x := p.expr()
		p.needSign(")")
		return x
	case t.is("true"), t.is("false"):
		p.advance()
		return &Bool{Span: t.Span, Value: t.is("true")}
	case t.is("null"):
		fail(t.Span, "there is no null here", "ispresent(field) and not ispresent(field) ask whether a field is there; a field of this name stands in backticks")
	case t.kind == nameToken && !isReserved(&t):
		if len(t.parts) == 1 && !t.parts[0].Quoted && p.lexer.following() == '(' {
			return p.call()
		}
		return p.field()
	}
	p.unexpected("")
	panic("unreachable")
}

// call reads a function of arguments.
func (p *parser) call() Expr {
	name := p.advance()
	c := &Call{Func: canonicalFunction(name.text), Text: name.text}
	p.needSign("(")
	aggregates := p.aggregates
	p.aggregates = false
	if p.tok.isSign("*") {
		p.advance()
		c.Star = true
	} else if !p.seesSign(")") {
		p.list(func() { c.Args = append(c.Args, p.argument()) })
	}
	p.needSign(")")
	p.aggregates = aggregates
	c.Span = p.from(name.Start)
	return c
}

// argument reads an argument of a function, which a regular expression may be.
func (p *parser) argument() Expr {
	if !p.tok.isSign("/") {
		return p.expr()
	}
	start := p.tok.Start
	text := p.regex()
	return &Regex{Span: p.from(start), Text: text}
}
