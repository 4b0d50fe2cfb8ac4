package insights

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Limits of a query's text.
const (
	// MaxText is the most characters of a query.
	//
	// Source: AWS, API reference, StartQuery.
	MaxText = 10_000
	// MaxDepth is the most levels of parentheses, calls and negations in each other. AWS names no limit.
	MaxDepth = 200
)

// ParseQuery reads a query. It says what can be said without knowing what names mean: [Check] says the rest.
// A fault is an [*Error].
func ParseQuery(text string) (*Query, error) {
	var q *Query
	err := guard(func() {
		p := newParser(text)
		q = p.query(false)
	})
	if err != nil {
		return nil, err
	}
	return q, nil
}

// wantKind is a kind of thing that could stand at a place.
type wantKind uint8

const (
	wantWord wantKind = iota
	wantSign
	wantOperator
	wantExpr
	wantField
	wantNewName
	wantCommand
	wantText
	wantRegex
	wantNumber
	wantPeriod
	wantGroup
	wantTable
	wantAggregate
)

// want is something that could stand at a place.
type want struct {
	kind wantKind
	text string // of words, signs and operators
}

func (w want) String() string {
	switch w.kind {
	case wantOperator:
		return "an operator"
	case wantExpr:
		return "an expression"
	case wantAggregate:
		return "an aggregate"
	case wantField:
		return "a field"
	case wantNewName:
		return "a name"
	case wantCommand:
		return "a command"
	case wantText:
		return "a text in quotes"
	case wantRegex:
		return "a regular expression"
	case wantNumber:
		return "a number"
	case wantPeriod:
		return "a period such as 5m"
	case wantGroup:
		return "a log group"
	case wantTable:
		return "a lookup table"
	case wantSign:
		return fmt.Sprintf("%q", w.text)
	}
	return w.text
}

// parser reads a query by recursive descent. What fails bails out: see [guard].
type parser struct {
	lexer  *lexer
	tok    token   // the next token
	tokens []token // those before it
	tried  []want  // what could have stood where tok stands
	depth  int
	// nested says that the query stands in parentheses.
	nested bool
	// aggregates says that an aggregate may stand here.
	aggregates bool
	// current is the query that is read, as far as it is: the innermost where reading failed.
	current *Query
}

func newParser(text string) *parser {
	p := &parser{lexer: newLexer(text)}
	p.tok = p.lexer.next()
	return p
}

// advance goes on to the next token and returns the one that was.
func (p *parser) advance() token {
	t := p.tok
	p.tokens = append(p.tokens, t)
	p.tried = p.tried[:0]
	p.tok = p.lexer.next()
	return t
}

// end returns where the last token ends.
func (p *parser) end() int {
	if len(p.tokens) == 0 {
		return 0
	}
	return p.tokens[len(p.tokens)-1].End
}

// from returns the place from a token to the last one that was read.
func (p *parser) from(start int) Span { return Span{start, max(start, p.end())} }

func (p *parser) try(kind wantKind, text string) {
	p.tried = append(p.tried, want{kind, text})
}

// seesWord reports whether a word of the language comes.
func (p *parser) seesWord(word string) bool {
	p.try(wantWord, word)
	return p.tok.is(word)
}

// seesSign reports whether a sign comes.
func (p *parser) seesSign(sign string) bool {
	p.try(wantSign, sign)
	return p.tok.isSign(sign)
}

// seesOperator reports whether one of some operators comes.
func (p *parser) seesOperator(operators ...string) bool {
	for _, op := range operators {
		p.try(wantOperator, op)
		if p.tok.is(op) || p.tok.isSign(op) {
			return true
		}
	}
	return false
}

// word reads a word of the language if it comes.
func (p *parser) word(word string) bool {
	if !p.seesWord(word) {
		return false
	}
	p.advance()
	return true
}

// sign reads a sign if it comes.
func (p *parser) sign(sign string) bool {
	if !p.seesSign(sign) {
		return false
	}
	p.advance()
	return true
}

func (p *parser) needWord(word string) {
	if !p.word(word) {
		p.unexpected("")
	}
}

func (p *parser) needSign(sign string) {
	if !p.sign(sign) {
		p.unexpected("")
	}
}

// unexpected fails at the next token, with what could have stood there.
func (p *parser) unexpected(hint string) {
	var names []string
	seen := map[string]bool{}
	expression := slices.Contains(p.tried, want{wantExpr, ""})
	for _, w := range p.tried {
		if name := w.String(); !seen[name] && (name != "not" || !expression) {
			seen[name] = true
			names = append(names, name)
		}
	}
	if hint == "" {
		hint = p.slip()
	}
	expected := ""
	if n := len(names); n > 0 {
		expected = names[n-1]
		if n > 1 {
			expected = strings.Join(names[:n-1], ", ") + " or " + expected
		}
		expected = "expected " + expected + ", found "
	} else {
		expected = "unexpected "
	}
	fail(p.tok.Span, expected+p.tok.String(), hint)
}

// slip returns a hint for what people write by mistake.
func (p *parser) slip() string {
	if p.tok.kind == nameToken {
		var words []string
		for _, w := range p.tried {
			if (w.kind == wantWord || w.kind == wantOperator) && isLetter(w.text[0]) {
				words = append(words, w.text)
			}
		}
		if near := nearest(p.tok.text, words); near != "" {
			return fmt.Sprintf("did you mean %q?", near)
		}
	}
	if hint := p.foreignSlip(); hint != "" {
		return hint
	}
	afterComma := len(p.tokens) > 0 && p.tokens[len(p.tokens)-1].isSign(",")
	switch {
	case afterComma && (p.tok.kind == endToken || p.tok.isSign("|") || p.tok.isSign(")") || isReserved(&p.tok)):
		return "there is a comma too many, or something is missing behind it"
	case p.tok.isSign(":"):
		return "texts stand in quotes"
	case p.tok.isSign("/"):
		return "a regular expression stands behind like, not like and =~: @message like /.../"
	case p.tok.kind == nameToken && len(p.tokens) > 0 && p.tokens[len(p.tokens)-1].kind == nameToken:
		return "names are separated by commas, commands by |; a name with a space in it stands in backticks, a text in quotes"
	case p.tok.isSign("|") && len(p.tokens) > 0 && p.tokens[len(p.tokens)-1].isSign("|"):
		return "a command is missing between | and |"
	case p.tok.kind == nameToken && !p.tok.parts[0].Quoted && reserved(p.tok.text):
		return "a field of this name stands in backticks: `" + p.tok.text + "`"
	}
	return ""
}

// nest enters a level of depth; the function that it returns leaves it.
func (p *parser) nest() func() {
	p.depth++
	if p.depth > MaxDepth {
		failf(p.tok.Span, "", "more than %d parentheses, calls and negations stand in each other", MaxDepth)
	}
	return func() { p.depth-- }
}

// query reads a query to the end of the text, or nested to a closing parenthesis.
func (p *parser) query(nested bool) *Query {
	outer := p.nested
	p.nested = nested
	defer func() { p.nested = outer }()
	defer p.nest()()

	q := &Query{}
	around := p.current
	p.current = q // it stays where reading fails
	start := p.tok.Start
	q.Source = p.source()
	if q.Source == nil || p.sign("|") {
		for {
			// A | at the end is allowed.
			p.try(wantCommand, "")
			if (q.Source != nil || len(q.Commands) > 0) && p.ended() {
				break
			}
			q.Commands = append(q.Commands, p.command())
			if !p.sign("|") {
				break
			}
		}
	}
	if !p.ended() {
		p.unexpected("")
	}
	q.Span = p.from(start)
	if around != nil {
		p.current = around
	}
	return q
}

// ended reports whether the query ends here.
func (p *parser) ended() bool {
	if p.nested {
		return p.seesSign(")")
	}
	return p.tok.kind == endToken
}

// command reads a command.
func (p *parser) command() Command {
	p.try(wantCommand, "")
	if p.tok.kind != nameToken || len(p.tok.parts) != 1 || p.tok.parts[0].Quoted {
		switch {
		case p.tok.kind == endToken && len(p.tokens) == 0:
			fail(p.tok.Span, "the query is empty", "for example: fields @timestamp, @message | limit 20")
		case p.tok.isSign("|") && len(p.tokens) == 0:
			p.unexpected("a query begins with a command, not with |")
		}
		p.unexpected("")
	}
	form := commandForm(p.tok.text)
	if form == nil {
		failf(p.tok.Span, commandHint(p.tok.text), "there is no command %q", p.tok.text)
	}
	if form.refused != "" {
		failf(p.tok.Span, form.refused, "the command %s is not supported", form.Name)
	}
	return form.parse(p, p.advance().Start)
}

// list reads things with commas between.
func (p *parser) list(item func()) {
	item()
	for p.sign(",") {
		item()
	}
}

// newName reads a name that is given: an alias.
func (p *parser) newName() string {
	p.try(wantNewName, "")
	t := &p.tok
	if t.kind == stringToken {
		failf(t.Span, "an alias with other characters than letters, digits, _, @ and . stands in backticks", "a text can't be a name")
	}
	if t.kind != nameToken || isReserved(t) {
		p.unexpected("")
	}
	return joinParts(p.advance().parts)
}

// alias reads "as name" if it comes, and returns "" if not.
func (p *parser) alias() string {
	if !p.word("as") {
		return ""
	}
	return p.newName()
}

// field reads the name of a field.
func (p *parser) field() *Field {
	p.try(wantField, "")
	if p.tok.kind != nameToken || isReserved(&p.tok) {
		p.unexpected("")
	}
	t := p.advance()
	return &Field{Span: t.Span, Parts: t.parts}
}

// fields reads names of fields with commas between.
func (p *parser) fields() []*Field {
	var out []*Field
	p.list(func() { out = append(out, p.field()) })
	return out
}

// str reads a text in quotes.
func (p *parser) str() string {
	p.try(wantText, "")
	if p.tok.kind != stringToken {
		p.unexpected("")
	}
	return p.advance().text
}

// integer reads a whole number between two bounds.
func (p *parser) integer(least, most int64) int64 {
	p.try(wantNumber, "")
	if p.tok.kind != numberToken {
		p.unexpected("")
	}
	n, err := strconv.ParseInt(p.tok.text, 10, 64)
	if err != nil || n < least || n > most {
		failf(p.tok.Span, "", "%s is no whole number from %d to %d", p.tok.text, least, most)
	}
	p.advance()
	return n
}

// period reads a period such as 5m.
func (p *parser) period() *Period {
	p.try(wantPeriod, "")
	if p.tok.kind != periodToken {
		hint := ""
		if p.tok.kind == numberToken {
			hint = "the unit stands right behind the number: ms, s, m, h, d, w, mo, q or y"
		}
		p.unexpected(hint)
	}
	t := p.advance()
	n, err := strconv.ParseInt(t.text[:digits(t.text, 0)], 10, 64)
	if err != nil || n < 1 || n > maxPeriod {
		failf(t.Span, "", "the number of a period is from 1 to %d", int64(maxPeriod))
	}
	return &Period{Span: t.Span, N: n, Unit: t.units, Text: t.text}
}

// maxPeriod keeps the length of a period in milliseconds within 64 bits.
const maxPeriod = 1_000_000_000

// boolean reads true or false.
func (p *parser) boolean() bool {
	if p.word("true") {
		return true
	}
	p.needWord("false")
	return false
}

// options reads name=value as long as they come, in any order, each at most once. An option reads its
// own value.
func (p *parser) options(names []string, read map[string]func()) {
	seen := map[string]bool{}
	for {
		found := ""
		for _, name := range names {
			if !seen[name] && p.seesWord(name) && p.lexer.following() == '=' {
				found = name
				break
			}
		}
		if found == "" {
			if p.tok.kind == nameToken && p.lexer.following() == '=' {
				if seen[strings.ToLower(p.tok.text)] {
					failf(p.tok.Span, "", "%s is given twice", p.tok.text)
				}
				failf(p.tok.Span, "options are "+strings.Join(names, ", "), "there is no option %q", p.tok.text)
			}
			return
		}
		seen[found] = true
		p.advance()
		p.needSign("=")
		read[found]()
	}
}

// itemText returns the text of what was read since an offset: the tokens as they were written, what
// white space and comments were between them as one space.
func (p *parser) itemText(start int) string {
	var b strings.Builder
	last := -1
	for _, t := range p.tokens {
		if t.Start < start {
			continue
		}
		if last >= 0 && t.Start > last {
			b.WriteByte(' ')
		}
		b.WriteString(p.lexer.text[t.Start:t.End])
		last = t.End
	}
	return b.String()
}

// item reads an expression with an alias or without.
func (p *parser) item() Item {
	start := p.tok.Start
	it := Item{Expr: p.expr()}
	if f, ok := it.Expr.(*Field); ok {
		it.Name = f.Name()
	} else {
		it.Name = p.itemText(start)
	}
	if alias := p.alias(); alias != "" {
		it.Name, it.Aliased = alias, true
	}
	it.Span = p.from(start)
	return it
}

// items reads items with commas between.
func (p *parser) items() []Item {
	var out []Item
	p.list(func() { out = append(out, p.item()) })
	return out
}
