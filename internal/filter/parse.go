package filter

import (
	"fmt"
	"slices"
	"strings"

	"weir/internal/query"
)

// maxDepth bounds how deep parentheses and negations may nest.
const maxDepth = 100

// parser reads tokens by recursive descent. It notes what could stand where it
// looks, which is what [Complete] offers when that is the end.
type parser struct {
	options Options
	tokens  []token
	at      int
	depth   int
	want    want
}

// want is what could stand at a place.
type want struct {
	kind  wantKind
	on    target   // of operators and values
	words []string // of wantWords, and what may stand in place of a field
}

type wantKind uint8

const (
	wantNothing wantKind = iota
	wantField
	wantOperator
	wantValue
	wantItem // a value behind in
	wantWords
)

func (p *parser) peek() token { return p.tokens[p.at] }

func (p *parser) next() token {
	t := p.tokens[p.at]
	if t.kind != endToken {
		p.at++
	}
	return t
}

// take takes the next token if it is the word or sign.
func (p *parser) take(word string) bool {
	if !p.peek().is(word) {
		return false
	}
	p.next()
	return true
}

// fault returns an error at a token.
func fault(t token, message, hint string) *Error {
	return &Error{Offset: t.from, Length: t.to - t.from, Message: message, Hint: hint}
}

// whole reads the whole filter.
func (p *parser) whole() (node, *Error) {
	n, err := p.or()
	if err != nil {
		return nil, err
	}
	if t := p.peek(); t.kind != endToken {
		hint := "join comparisons by and or or"
		if t.is(")") {
			hint = "there is no ( that it closes"
		} else if t.kind == wordToken || t.kind == quotedToken {
			hint += "; put text with spaces in quotes"
		}
		return nil, fault(t, fmt.Sprintf("%s cannot stand here", t), hint)
	}
	return n, nil
}

func (p *parser) or() (node, *Error) { return p.junction("or", p.and) }

func (p *parser) and() (node, *Error) { return p.junction("and", p.not) }

// junction reads parts with a word between them.
func (p *parser) junction(word string, part func() (node, *Error)) (node, *Error) {
	var parts []node
	for {
		n, err := part()
		if err != nil {
			return nil, err
		}
		parts = append(parts, n)
		p.want = want{kind: wantWords, words: []string{"and", "or"}}
		if p.take(word) {
			continue
		}
		if len(parts) == 1 {
			return n, nil
		}
		return &junction{word == "or", parts}, nil
	}
}

// not reads a comparison, or a condition in parentheses, with any number of "not"
// before it.
func (p *parser) not() (node, *Error) {
	p.want = want{kind: wantField}
	if p.depth < maxDepth {
		p.want.words = []string{"not"}
	}
	t := p.peek()
	if !t.is("not") && !t.is("(") {
		return p.test()
	}
	p.next()
	if p.depth++; p.depth > maxDepth {
		return nil, fault(t, fmt.Sprintf("the filter nests deeper than %d", maxDepth), "")
	}
	defer func() { p.depth-- }()
	if t.is("not") {
		n, err := p.not()
		if err != nil {
			return nil, err
		}
		return &negation{n}, nil
	}
	n, err := p.or()
	if err != nil {
		return nil, err
	}
	if !p.take(")") {
		hint := "the ( at byte %d is not closed"
		return nil, fault(p.peek(), fmt.Sprintf("%s cannot stand here", p.peek()), fmt.Sprintf(hint, t.from+1))
	}
	return n, nil
}

// reserved are the words that cannot be fields, and are values in quotes only.
var reserved = []string{"and", "or", "not"}

func isReserved(t token) bool { return slices.ContainsFunc(reserved, t.is) }

// test reads a comparison.
func (p *parser) test() (node, *Error) {
	t := p.peek()
	switch {
	case t.kind == endToken && p.at == 0:
		return nil, fault(t, "the filter is empty", "")
	case t.kind == quotedToken:
		return nil, fault(t, "a comparison begins with a field", "field names stand without quotes")
	case t.kind != wordToken || isReserved(t):
		return nil, fault(t, fmt.Sprintf("a field is missing before %s", t), "a comparison is a field, an operator and a value, such as dstport = 22")
	}
	on, ok := p.options.target(t.text)
	if !ok {
		message, hint := p.options.noField(t.text)
		return nil, fault(t, message, hint)
	}
	p.next()
	n, err := p.operator(on)
	if err != nil {
		return nil, err
	}
	n.on = on
	return n, nil
}

// comparisons are the functions of the signs, and whether a sign denies.
var comparisons = map[string]struct {
	f      query.Func
	denies bool
}{
	"=": {query.Eq, false}, "==": {query.Eq, false}, "!=": {query.Eq, true}, "<>": {query.Eq, true},
	"<": {query.Lt, false}, "<=": {query.Le, false}, ">": {query.Gt, false}, ">=": {query.Ge, false},
	"~": {query.Matches, false}, "!~": {query.Matches, true},
}

// operator reads an operator and what belongs to it.
func (p *parser) operator(on target) (*test, *Error) {
	p.want = want{kind: wantOperator, on: on}
	t := p.next()
	if t.is("is") {
		return p.presence()
	}
	if on.class() == mapClass {
		return nil, fault(t, fmt.Sprintf("%s is no single value", on.name), "it can be absent or present; its fields are named by themselves")
	}
	if op, ok := comparisons[t.text]; ok && t.kind == signToken {
		if op.f == query.Matches {
			return p.textTest(on, t, op.f, op.denies)
		}
		return p.comparison(on, t, op.f, op.denies)
	}
	denies := t.is("not")
	if denies {
		p.want = want{kind: wantWords, words: deniable(on)}
		t = p.next()
	}
	switch {
	case t.is("in"):
		return p.membership(on, denies)
	case t.is("contains"):
		return p.textTest(on, t, query.Contains, denies)
	case t.is("starts"):
		p.want = want{kind: wantWords, words: []string{"with"}}
		if !p.take("with") {
			return nil, fault(p.peek(), fmt.Sprintf("%s cannot stand here", p.peek()), "the operator is: starts with")
		}
		return p.textTest(on, t, query.StartsWith, denies)
	}
	message := fmt.Sprintf("an operator is missing between %s and %s", on.name, t)
	if t.kind == endToken {
		message = fmt.Sprintf("an operator is missing after %s", on.name)
	}
	return nil, fault(t, message, "one of "+strings.Join(operatorsOf(on), ", "))
}

// operatorsOf returns the operators that fields of a target take.
func operatorsOf(on target) []string {
	out := []string{"=", "!="}
	switch c := on.class(); {
	case c == mapClass:
		out = nil
	case c.ordered():
		out = append(out, "<", "<=", ">", ">=", "in", "not in")
	default:
		out = append(out, "in", "not in", "contains", "not contains", "starts with", "not starts with", "~", "!~")
	}
	return append(out, "is absent", "is present")
}

// deniable returns the operators that take "not" before them.
func deniable(on target) []string {
	var out []string
	for _, op := range operatorsOf(on) {
		if rest, ok := strings.CutPrefix(op, "not "); ok {
			out = append(out, rest)
		}
	}
	return out
}

// presence reads what stands behind "is".
func (p *parser) presence() (*test, *Error) {
	p.want = want{kind: wantWords, words: []string{"absent", "present", "not absent"}}
	negated := p.take("not")
	if negated {
		p.want.words = []string{"absent"}
	}
	switch t := p.next(); {
	case t.is("absent"), t.is("null"):
		return &test{pred: presence{}, denies: !negated}, nil
	case t.is("present"):
		return &test{pred: presence{}, denies: negated}, nil
	default:
		return nil, fault(t, fmt.Sprintf("%s cannot stand behind is", t), "a field is absent or is present")
	}
}

// comparison reads the value of a comparison by a sign.
func (p *parser) comparison(on target, sign token, f query.Func, denies bool) (*test, *Error) {
	if f != query.Eq && !on.class().ordered() {
		hint := "use = or in"
		if on.class() == addrClass {
			hint = fmt.Sprintf("use in with a CIDR, such as %s in 10.0.0.0/8", on.name)
		}
		return nil, fault(sign, fmt.Sprintf("%s has no order", on.name), hint)
	}
	p.want = want{kind: wantValue, on: on}
	t, err := p.operand(on, sign)
	if err != nil {
		return nil, err
	}
	if on.class().ordered() && strings.Contains(t.text, "..") {
		return nil, fault(t, fmt.Sprintf("%s is a range", t), fmt.Sprintf("write %s in %s", on.name, t.text))
	}
	value, err := p.value(on, t)
	if err != nil {
		return nil, err
	}
	// A date alone is a moment; with the other operators people mean the day.
	if on.class().times() && isDate(t.text) && f != query.Ge && f != query.Lt {
		return nil, fault(t, "a date alone stands for its first moment", "use it with >= or <, or write the time of day")
	}
	return &test{pred: comparison{f, value}, denies: denies}, nil
}

// textTest reads the text or the regular expression of a test of text.
func (p *parser) textTest(on target, operator token, f query.Func, denies bool) (*test, *Error) {
	if !on.class().textual() {
		return nil, fault(operator, fmt.Sprintf("%s is no text", on.name), "use "+strings.Join(operatorsOf(on), ", "))
	}
	p.want = want{kind: wantNothing}
	t := p.next()
	arg := t.text
	switch {
	case f == query.Matches:
		if t.kind != regexpToken && t.kind != quotedToken {
			return nil, fault(t, "a regular expression is missing", "it stands between slashes: "+on.name+" ~ /^web/")
		}
		if err := checkRegexp(arg); err != "" {
			return nil, fault(t, "the regular expression is not right", err)
		}
	case t.kind != wordToken && t.kind != quotedToken || isReserved(t):
		return nil, p.missingValue(t, operator)
	case on.class() == addrClass:
		arg = strings.ToLower(arg) // as flowlog writes addresses
	}
	return &test{pred: textTest{f, arg}, denies: denies}, nil
}

// missingValue says that a value should stand at t.
func (p *parser) missingValue(t, operator token) *Error {
	hint := ""
	if isReserved(t) {
		hint = "put the word in quotes where it is a value"
	}
	return fault(t, fmt.Sprintf("a value is missing after %s", operator), hint)
}
