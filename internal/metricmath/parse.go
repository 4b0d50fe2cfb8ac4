package metricmath

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// maxExpression is how long an expression may be, in characters.
//
// Source: AWS, CloudWatch API Reference, MetricDataQuery.
const maxExpression = 2048

// parse reads an expression. Operators bind as in arithmetic: ^, unary -, * and /, + and -, comparisons, AND, OR. AWS does not say
// how they bind, so what is read in two ways elsewhere is refused: 2^3^2, -2^2 and 1 < 2 < 3 need parentheses.
//
// Errors: *Error with the place.
func parse(text string) (node, error) {
	if len([]rune(text)) > maxExpression {
		return nil, wrong(-1, "", "The expression is longer than %d characters", maxExpression)
	}
	if insightsQuery(text) {
		return nil, wrong(-1, "use MetricStat or SEARCH", "Metrics Insights queries are not supported")
	}
	all, err := tokens(text)
	if err != nil {
		return nil, err
	}
	p := &parser{rest: all}
	n, err := p.or()
	if err != nil {
		return nil, err
	}
	if t := p.rest[0]; t.kind != endToken {
		return nil, p.unexpected("an operator or the end")
	}
	return n, nil
}

// insightsQuery says whether a text is SQL of Metrics Insights.
func insightsQuery(text string) bool {
	fields := strings.Fields(text)
	return len(fields) > 0 && strings.EqualFold(fields[0], "SELECT")
}

// A parser reads tokens. The last one is the end, which is never taken.
type parser struct{ rest []token }

func (p *parser) take() token {
	t := p.rest[0]
	p.rest = p.rest[1:]
	return t
}

// is says whether the next token is one of some signs or words.
func (p *parser) is(texts ...string) bool {
	t := p.rest[0]
	return (t.kind == signToken || t.kind == wordToken) && slices.Contains(texts, t.text)
}

func (p *parser) unexpected(want string) *Error {
	t := p.rest[0]
	hint := ""
	if t.kind == wordToken {
		if up := strings.ToUpper(t.text); up != t.text && (up == "AND" || up == "OR") {
			hint = "write " + up + " in capitals"
		}
	}
	switch t.kind {
	case endToken:
		return wrong(t.offset, hint, "Unexpected end: %s is expected", want)
	case textToken:
		return wrong(t.offset, hint, "Unexpected text: %s is expected", want)
	}
	return wrong(t.offset, hint, "Unexpected '%s': %s is expected", t.text, want)
}

// chain reads operands with operators between, from the left.
func (p *parser) chain(operand func() (node, error), operators ...string) (node, error) {
	left, err := operand()
	for err == nil && p.is(operators...) {
		t := p.take()
		var right node
		if right, err = operand(); err == nil {
			left = &operatorNode{place(t.offset), canonical(t.text), left, right}
		}
	}
	return left, err
}

// canonical returns AWS's first form of an operator.
func canonical(operator string) string {
	switch operator {
	case "&&":
		return "AND"
	case "||":
		return "OR"
	}
	return operator
}

func (p *parser) or() (node, error)  { return p.chain(p.and, "OR", "||") }
func (p *parser) and() (node, error) { return p.chain(p.comparison, "AND", "&&") }
func (p *parser) sum() (node, error) { return p.chain(p.product, "+", "-") }

func (p *parser) product() (node, error) { return p.chain(p.minus, "*", "/") }

var comparisons = []string{"==", "!=", "<", "<=", ">", ">="}

func (p *parser) comparison() (node, error) {
	left, err := p.sum()
	if err != nil || !p.is(comparisons...) {
		return left, err
	}
	t := p.take()
	right, err := p.sum()
	if err != nil {
		return nil, err
	}
	if p.is(comparisons...) {
		return nil, wrong(p.rest[0].offset, "write parentheses, or AND", "A comparison of a comparison")
	}
	return &operatorNode{place(t.offset), t.text, left, right}, nil
}

func (p *parser) minus() (node, error) {
	if !p.is("-") {
		return p.power()
	}
	t := p.take()
	if p.is("-") {
		return nil, wrong(p.rest[0].offset, "write parentheses", "Two signs in a row")
	}
	of, err := p.primary()
	if err != nil {
		return nil, err
	}
	if p.is("^") {
		return nil, wrong(t.offset, "write (-x)^y or -(x^y)", "It is open whether - or ^ comes first")
	}
	return &minusNode{place(t.offset), of}, nil
}

func (p *parser) power() (node, error) {
	base, err := p.primary()
	if err != nil || !p.is("^") {
		return base, err
	}
	t := p.take()
	exponent := p.primary
	if p.is("-") {
		exponent = p.minus
	}
	to, err := exponent()
	if err != nil {
		return nil, err
	}
	if p.is("^") {
		return nil, wrong(p.rest[0].offset, "write (x^y)^z or x^(y^z)", "It is open which ^ comes first")
	}
	return &operatorNode{place(t.offset), "^", base, to}, nil
}

func (p *parser) primary() (node, error) {
	t := p.rest[0]
	switch {
	case t.kind == numberToken:
		p.take()
		value, err := strconv.ParseFloat(t.text, 64)
		if err != nil || math.IsInf(value, 0) {
			return nil, wrong(t.offset, "", "The number is too large")
		}
		return &numberNode{place(t.offset), value}, nil
	case t.kind == textToken:
		p.take()
		return &textNode{place(t.offset), t.text}, nil
	case t.kind == wordToken && t.text != "AND" && t.text != "OR":
		return p.word()
	case p.is("("):
		p.take()
		n, err := p.or()
		if err != nil {
			return nil, err
		}
		if !p.is(")") {
			return nil, p.unexpected("an operator or ')'")
		}
		p.take()
		return n, nil
	case p.is("["):
		p.take()
		elements, err := p.list("]")
		if err != nil {
			return nil, err
		}
		return &arrayNode{place(t.offset), elements}, nil
	}
	return nil, p.unexpected("a value")
}

// word reads an id, a call or a word in capitals.
func (p *parser) word() (node, error) {
	t := p.take()
	if p.is("(") {
		if up := strings.ToUpper(t.text); up != t.text {
			hint := ""
			if functions[up] != nil {
				hint = "write " + up + ": functions are in capitals"
			}
			return nil, wrong(t.offset, hint, "Function '%s' not found", t.text)
		}
		p.take()
		arguments, err := p.list(")")
		if err != nil {
			return nil, err
		}
		return &callNode{place(t.offset), t.text, arguments}, nil
	}
	if 'a' <= t.text[0] && t.text[0] <= 'z' {
		return &nameNode{place(t.offset), t.text}, nil
	}
	return &wordNode{place(t.offset), t.text}, nil
}

// list reads up to what closes it.
func (p *parser) list(closing string) ([]node, error) {
	var out []node
	if p.is(closing) {
		p.take()
		return out, nil
	}
	for {
		n, err := p.or()
		if err != nil {
			return nil, err
		}
		out = append(out, n)
		if p.is(closing) {
			p.take()
			return out, nil
		}
		if !p.is(",") {
			return nil, p.unexpected("',' or '" + closing + "'")
		}
		p.take()
	}
}
