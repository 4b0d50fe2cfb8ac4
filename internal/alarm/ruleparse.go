package alarm

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// ParseRule reads a rule. Words may be in small letters: AWS's own advice is to change a rule to false. NOT binds more than AND, and AND more than OR. Names may
// be quoted, and have to be where they have a space, a comma, a quote or a parenthesis. Errors are [*Error] and tell the place as a character counted from 1.
//
// Source: AWS, CloudWatch API Reference, PutCompositeAlarm, AlarmRule.
func ParseRule(text string) (*Rule, error) {
	if n := utf8.RuneCountInString(text); n > maxRule {
		return nil, invalid("AlarmRule has %d characters, more than %d.", n, maxRule)
	}
	p := &ruleParser{text: text, rule: &Rule{}}
	p.next()
	root, err := p.or()
	if err == nil && (p.word != "" || p.quoted) {
		err = p.unexpected("the end, AND or OR")
	}
	if err != nil {
		return nil, err
	}
	p.rule.root = root
	return p.rule, nil
}

type ruleParser struct {
	text string
	rule *Rule
	// word is what stands at start: a parenthesis, a comma, a word, or a quoted name; "" is the end. pos is behind it.
	word       string
	quoted     bool
	start, pos int
	// unclosed says that a quote does not end.
	unclosed bool
	elements int
}

const ruleSpace = " \t\r\n"

// next reads the next word.
func (p *ruleParser) next() {
	p.pos += len(p.text[p.pos:]) - len(strings.TrimLeft(p.text[p.pos:], ruleSpace))
	p.start, p.quoted = p.pos, false
	rest := p.text[p.pos:]
	switch {
	case rest == "":
		p.word = ""
	case strings.ContainsRune("(),", rune(rest[0])):
		p.word = rest[:1]
		p.pos++
	case rest[0] == '"':
		p.quotedName(rest)
	default:
		end := strings.IndexAny(rest, ruleSpace+"(),\"")
		if end < 0 {
			end = len(rest)
		}
		p.word = rest[:end]
		p.pos += end
	}
}

// quotedName reads a name in quotes; a backslash stands before a quote or a backslash in it.
func (p *ruleParser) quotedName(rest string) {
	var name strings.Builder
	for i := 1; i < len(rest); i++ {
		switch {
		case rest[i] == '"':
			p.word, p.quoted = name.String(), true
			p.pos += i + 1
			return
		case rest[i] == '\\' && i+1 < len(rest) && (rest[i+1] == '"' || rest[i+1] == '\\'):
			i++
		}
		name.WriteByte(rest[i])
	}
	p.word, p.unclosed = rest, true
	p.pos = len(p.text)
}

func (p *ruleParser) fail(format string, values ...any) error {
	place := utf8.RuneCountInString(p.text[:p.start]) + 1
	return invalid("AlarmRule, character %d: %s.", place, fmt.Sprintf(format, values...))
}

func (p *ruleParser) unexpected(want string) error {
	switch {
	case p.unclosed:
		return p.fail("the quote is not closed")
	case p.word == "" && !p.quoted:
		return p.fail("the rule ends where %s is expected", want)
	default:
		return p.fail("%q stands where %s is expected", p.word, want)
	}
}

// is reports whether the word is a keyword or a sign.
func (p *ruleParser) is(word string) bool { return !p.quoted && strings.EqualFold(p.word, word) }

// isSign reports whether the word is a parenthesis or a comma.
func (p *ruleParser) isSign() bool { return p.is("(") || p.is(")") || p.is(",") }

// take reads over a sign.
func (p *ruleParser) take(sign string) error {
	if !p.is(sign) {
		return p.unexpected(strconv.Quote(sign))
	}
	p.next()
	return nil
}

// element counts an element of the rule: an alarm, TRUE, FALSE or a pair of parentheses.
func (p *ruleParser) element() error {
	if p.elements++; p.elements > maxElements {
		return p.fail("the rule has more than %d elements", maxElements)
	}
	return nil
}

func (p *ruleParser) or() (ruleNode, error) {
	parts, err := p.list("OR", p.and)
	if err != nil || len(parts) == 1 {
		return first(parts), err
	}
	return or(parts), nil
}

func (p *ruleParser) and() (ruleNode, error) {
	parts, err := p.list("AND", p.not)
	if err != nil || len(parts) == 1 {
		return first(parts), err
	}
	return and(parts), nil
}

func first(parts []ruleNode) ruleNode {
	if len(parts) == 0 {
		return nil
	}
	return parts[0]
}

// list reads parts with a word between them.
func (p *ruleParser) list(between string, part func() (ruleNode, error)) ([]ruleNode, error) {
	var parts []ruleNode
	for {
		node, err := part()
		if err != nil {
			return nil, err
		}
		parts = append(parts, node)
		if !p.is(between) {
			return parts, nil
		}
		p.next()
	}
}

func (p *ruleParser) not() (ruleNode, error) {
	if !p.is("NOT") {
		return p.primary()
	}
	// NOT is no element for AWS; it counts here all the same, so that rules of nothing but NOT have an end.
	if err := p.element(); err != nil {
		return nil, err
	}
	p.next()
	of, err := p.not()
	return not{of}, err
}

func (p *ruleParser) primary() (ruleNode, error) {
	if err := p.element(); err != nil {
		return nil, err
	}
	switch {
	case p.is("("):
		p.next()
		node, err := p.or()
		if err != nil {
			return nil, err
		}
		return node, p.take(")")
	case p.is("TRUE"), p.is("FALSE"):
		value := constant(p.is("TRUE"))
		p.next()
		return value, nil
	case p.is("AT_LEAST"):
		p.next()
		return p.atLeast()
	}
	state, found := p.state()
	if !found {
		return nil, p.unexpected("ALARM, OK, INSUFFICIENT_DATA, AT_LEAST, TRUE, FALSE, NOT or a parenthesis")
	}
	if err := p.take("("); err != nil {
		return nil, err
	}
	name, err := p.name()
	if err != nil {
		return nil, err
	}
	return inState{name, state}, p.take(")")
}

// state reads the name of a state.
func (p *ruleParser) state() (State, bool) {
	for _, s := range []State{Alarm, OK, InsufficientData} {
		if p.is(string(s)) {
			p.next()
			return s, true
		}
	}
	return "", false
}

// name reads the name or the ARN of an alarm.
func (p *ruleParser) name() (string, error) {
	if p.unclosed || p.word == "" || p.isSign() {
		return "", p.unexpected("the name or ARN of an alarm")
	}
	written := p.word
	if !slices.Contains(p.rule.children, written) {
		if len(p.rule.children) == maxChildren {
			return "", p.fail("the rule names more than %d alarms", maxChildren)
		}
		p.rule.children = append(p.rule.children, written)
	}
	p.next()
	if p.quoted || p.word != "" && !p.isSign() {
		return "", p.fail("a name with a space or a quote in it has to be quoted: %q", written+" "+p.word)
	}
	return NameOf(written), nil
}

// atLeast reads what stands behind AT_LEAST.
func (p *ruleParser) atLeast() (ruleNode, error) {
	if err := p.take("("); err != nil {
		return nil, err
	}
	// The number may be quoted.
	digits, percent := strings.CutSuffix(p.word, "%")
	least, err := strconv.Atoi(digits)
	if err != nil || least < 1 || percent && least > 100 {
		return nil, p.unexpected("a number from 1, or a percentage from 1% to 100%,")
	}
	n := atLeast{least: least, percent: percent}
	place := p.start
	p.next()
	if err := p.take(","); err != nil {
		return nil, err
	}
	if n.other = p.is("NOT"); n.other {
		p.next()
	}
	found := false
	if n.state, found = p.state(); !found {
		return nil, p.unexpected("ALARM, OK, INSUFFICIENT_DATA, or NOT and one of them,")
	}
	if err := p.take(","); err != nil {
		return nil, err
	}
	if err := p.take("("); err != nil {
		return nil, err
	}
	for {
		if err := p.element(); err != nil {
			return nil, err
		}
		name, err := p.name()
		if err != nil {
			return nil, err
		}
		n.names = append(n.names, name)
		if !p.is(",") {
			break
		}
		p.next()
	}
	if err := p.take(")"); err != nil {
		return nil, err
	}
	if !percent && least > len(n.names) {
		p.start = place
		return nil, p.fail("at least %d of %d alarms never comes", least, len(n.names))
	}
	return n, p.take(")")
}
