package querytest

import (
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"

	"weir/internal/query"
)

// parser reads plans, expressions and rows. After the first fault it sees nothing
// but the end, so that everything returns; what was read is then of no use.
type parser struct {
	tokens []token
	err    error
}

// parse reads the whole of s.
func parse[T any](s string, read func(p *parser) T) (T, error) {
	tokens, err := tokenize(s)
	p := &parser{tokens: tokens}
	if err != nil {
		p.fail("%w", err)
	}
	v := read(p)
	if t := p.peek(); t.kind != endToken {
		p.fail("%s is too much", t)
	}
	return v, p.err
}

func (p *parser) fail(format string, args ...any) {
	if p.err == nil {
		p.err = fmt.Errorf(format, args...)
	}
	p.tokens = []token{{}}
}

func (p *parser) peek() token { return p.tokens[0] }

func (p *parser) next() token {
	t := p.tokens[0]
	if t.kind != endToken {
		p.tokens = p.tokens[1:]
	}
	return t
}

// is reports whether the next token is one of the words or signs.
func (p *parser) is(texts ...string) bool {
	t := p.peek()
	return (t.kind == nameToken || t.kind == signToken) && slices.Contains(texts, t.text)
}

// take takes the next token if it is the word or sign.
func (p *parser) take(text string) bool {
	if !p.is(text) {
		return false
	}
	p.next()
	return true
}

// want takes the next token, which must be the word or sign.
func (p *parser) want(text string) {
	if !p.take(text) {
		p.fail("%q should stand at %s", text, p.peek())
	}
}

// list reads items between commas.
func list[T any](p *parser, item func() T) []T {
	out := []T{item()}
	for p.take(",") {
		out = append(out, item())
	}
	return out
}

// name reads a column's name.
func (p *parser) name() string {
	switch t := p.next(); t.kind {
	case nameToken:
		return t.text
	case quotedToken:
		name, err := strconv.Unquote(t.text)
		if err != nil {
			p.fail("%s: %w", t, err)
		}
		return name
	default:
		p.fail("%s is no name", t)
		return ""
	}
}

// expr reads an expression.
func (p *parser) expr() query.Expr { return p.connected("or", query.Or, p.and) }

func (p *parser) and() query.Expr { return p.connected("and", query.And, p.not) }

// connected reads parts with a connective between them, as one call.
func (p *parser) connected(word string, f query.Func, part func() query.Expr) query.Expr {
	parts := []query.Expr{part()}
	for p.take(word) {
		parts = append(parts, part())
	}
	if len(parts) == 1 {
		return parts[0]
	}
	return &query.Call{Func: f, Args: parts}
}

func (p *parser) not() query.Expr {
	if p.take("not") {
		return call(query.Not, p.not())
	}
	return p.comparison()
}

func (p *parser) comparison() query.Expr {
	left := p.sum()
	switch {
	case p.is("=", "!=", "<", "<=", ">", ">="):
		f := query.Func(p.next().text)
		return call(f, left, p.sum())
	case p.take("is"):
		negated := p.take("not")
		p.want("absent")
		return negate(call(query.IsAbsent, left), negated)
	case p.is("not", "in"):
		negated := p.take("not")
		p.want("in")
		p.want("(")
		in := &query.Call{Func: query.In, Args: append([]query.Expr{left}, list(p, p.primary)...)}
		p.want(")")
		return negate(in, negated)
	}
	return left
}

func negate(e query.Expr, negated bool) query.Expr {
	if negated {
		return call(query.Not, e)
	}
	return e
}

func (p *parser) sum() query.Expr { return p.operators(p.product, "+", "-") }

func (p *parser) product() query.Expr { return p.operators(p.primary, "*", "/", "%") }

// operators reads operands with operators between them, from the left.
func (p *parser) operators(operand func() query.Expr, signs ...string) query.Expr {
	left := operand()
	for p.is(signs...) {
		f := query.Func(p.next().text)
		left = call(f, left, operand())
	}
	return left
}

// primary reads a constant, a name, a call or an expression in parentheses.
func (p *parser) primary() query.Expr {
	t := p.peek()
	switch {
	case p.take("("):
		e := p.expr()
		p.want(")")
		return e
	case p.startsValue():
		v := p.value()
		if _, ok := v.(*big.Int); ok {
			p.fail("%v does not fit in 64 bits", v)
		}
		return &query.Literal{Value: v}
	case t.kind == nameToken || t.kind == signToken:
		if p.tokens[min(1, len(p.tokens)-1)].text == "(" {
			return p.call()
		}
	}
	return &query.Ref{Name: p.name()}
}

// call reads a function or an operator with its arguments in parentheses.
func (p *parser) call() query.Expr {
	c := &query.Call{Func: query.Func(p.next().text)}
	p.want("(")
	if !p.is(")") {
		c.Args = list(p, p.expr)
	}
	p.want(")")
	return c
}

func call(f query.Func, args ...query.Expr) query.Expr { return &query.Call{Func: f, Args: args} }

// startsValue reports whether a constant begins at the next token.
func (p *parser) startsValue() bool {
	switch p.peek().kind {
	case stringToken, numberToken, timeToken:
		return true
	case signToken:
		return p.is("{") || p.is("-") && p.tokens[1].kind == numberToken
	default:
		return p.is("true", "false", "absent")
	}
}

// value reads a constant, as rows hold it.
func (p *parser) value() any {
	sign := ""
	if p.take("-") {
		sign = "-"
	}
	switch t := p.next(); {
	case t.kind == stringToken:
		return t.text
	case t.kind == numberToken:
		return p.number(sign + t.text)
	case t.kind == timeToken:
		v, err := time.Parse(time.RFC3339Nano, t.text)
		if err != nil {
			p.fail("%w", err)
		}
		return v.UTC()
	case t.text == "true" || t.text == "false":
		return t.text == "true"
	case t.text == "absent":
		return nil
	case t.text == "{":
		return p.textMap()
	default:
		p.fail("%s is no value", t)
		return nil
	}
}

// number reads an integer of any size, or a number where a fraction or an
// exponent stands.
func (p *parser) number(s string) any {
	if strings.ContainsAny(s, ".eE") {
		f, err := strconv.ParseFloat(s, 64)
		if err != nil {
			p.fail("%w", err)
		}
		return f
	}
	n, ok := new(big.Int).SetString(s, 10)
	if !ok {
		p.fail("%q is no number", s)
		return nil
	}
	if n.IsInt64() {
		return n.Int64()
	}
	return n
}

// textMap reads the rest of {'name': 'value', ...}.
func (p *parser) textMap() map[string]string {
	m := map[string]string{}
	list(p, func() struct{} {
		name := p.next().text
		p.want(":")
		m[name] = p.next().text
		return struct{}{}
	})
	p.want("}")
	return m
}
