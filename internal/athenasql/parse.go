package athenasql

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Bounds of a statement.
const (
	// MaxText is how many bytes a statement has at most. Source: Athena API Reference, StartQueryExecution, QueryString.
	MaxText = 262144
	// MaxDepth is how deep parentheses, subqueries, cases and calls may stand within each other.
	MaxDepth = 300
	// MaxChain is how many operators of one kind of precedence may follow each other, as in a OR b OR c.
	MaxChain = 10000
)

// Parse reads one statement, which may end in one semicolon. An error is an *[Error] with its place.
func Parse(text string) (s Statement, err error) {
	defer recoverError(text, &err)
	p := newParser(text)
	s = p.statement()
	p.end()
	return s, nil
}

// ParseExpr reads an expression alone, such as the value of a parameter. An error is an *[Error] with its place.
func ParseExpr(text string) (e Expr, err error) {
	defer recoverError(text, &err)
	checkText(text)
	p := &parser{text: text, tokens: lex(text, false)}
	e = p.expr()
	p.wantEnd()
	return e, nil
}

// recoverError turns the panic of fail to an error.
func recoverError(text string, err *error) {
	switch r := recover().(type) {
	case nil:
	case *Error:
		*err = r.Place(text)
	default:
		panic(r)
	}
}

// fail ends the parsing.
func fail(at Span, message, hint string) {
	if at == (Span{}) {
		at.End = 1 // the zero Span is no place
	}
	panic(&Error{Code: CodeSyntax, Span: at, Message: message, Hint: hint})
}

// refuse ends the parsing at what the language has and weir does not.
func refuse(at Span, what, hint string) {
	if at == (Span{}) {
		at.End = 1
	}
	panic(&Error{Code: CodeNotSupported, Span: at, Message: what + " is not supported", Hint: hint})
}

// checkText refuses what is no text of a statement at all.
func checkText(text string) {
	if len(text) > MaxText {
		fail(Span{MaxText, len(text)}, fmt.Sprintf("a statement has at most %d bytes, this has %d", MaxText, len(text)), "")
	}
	if i := strings.IndexByte(text, 0); i >= 0 {
		fail(Span{i, i + 1}, "the text has a NUL character in it", "")
	}
	if !utf8.ValidString(text) {
		for i, r := range text {
			if r == utf8.RuneError && !strings.HasPrefix(text[i:], "\ufffd") {
				fail(Span{i, i + 1}, "the text is not UTF-8", "")
			}
		}
	}
}

// parser reads the tokens of one statement. What it does not expect ends it by a panic with an *Error.
type parser struct {
	text   string
	tokens []token
	at     int
	depth  int
	params int
	// hive says that the statement is of Hive's language.
	hive bool
	// expected are the tokens that were looked for at the token expectedAt: a message lists them.
	expected   []string
	expectedAt int
	// pending is an expression in parentheses that was read already and begins at pendingAt; primary takes it.
	pending   Expr
	pendingAt int
}

// newParser reads the tokens of a statement, in the language that its first words say.
func newParser(text string) *parser {
	checkText(text)
	hive := isHive(text)
	return &parser{text: text, tokens: lex(text, hive), hive: hive}
}

// isHive reports whether a statement is of Hive's language, which Athena takes for its DDL: CREATE EXTERNAL TABLE, CREATE TABLE (...),
// CREATE DATABASE, ALTER, MSCK. Quotes mean other things there.
func isHive(text string) bool {
	l := &lexer{text: text}
	if strings.HasPrefix(text, "\ufeff") {
		l.at = len("\ufeff")
	}
	var words []string
	for len(words) < 6 && l.skip() && isLetter(l.text[l.at]) {
		start := l.at
		l.word()
		words = append(words, strings.ToUpper(text[start:l.at]))
	}
	words = append(words, "", "")
	switch words[0] {
	case "ALTER", "MSCK":
		return true
	case "CREATE":
		return words[1] == "EXTERNAL" || words[1] == "DATABASE" || words[1] == "SCHEMA"
	}
	return false
}

// tok returns the next token.
func (p *parser) tok() *token { return &p.tokens[p.at] }

// look returns the token n places on.
func (p *parser) look(n int) *token { return &p.tokens[min(p.at+n, len(p.tokens)-1)] }

// next passes over a token and returns it.
func (p *parser) next() *token {
	t := p.tok()
	if t.kind != endToken {
		p.at++
	}
	return t
}

// start returns where the next node begins.
func (p *parser) start() int {
	if p.pending != nil {
		return p.pendingAt
	}
	return p.tok().Start
}

// span returns the span from start to the end of the last token.
func (p *parser) span(start int) Span {
	if p.at == 0 {
		return Span{start, start}
	}
	return Span{start, max(start, p.tokens[p.at-1].End)}
}

// expecting notes what could stand at the next token: words and signs, or classes such as "<expression>".
func (p *parser) expecting(what ...string) {
	if p.expectedAt != p.at {
		p.expected, p.expectedAt = p.expected[:0], p.at
	}
	if len(p.expected) < maxExpected {
		p.expected = append(p.expected, what...)
	}
}

// maxExpected bounds the notes: deep in parentheses the same is looked for again and again.
const maxExpected = 1000

// isClass reports whether what is expected is a class of tokens, not a word or a sign.
func isClass(expected string) bool { return len(expected) > 3 && expected[0] == '<' }

// listExpected returns what was expected, in Trino's order: words and signs in quotes, then classes.
func (p *parser) listExpected() string {
	var quoted, classes []string
	for _, e := range p.expected {
		if isClass(e) {
			classes = append(classes, e)
		} else {
			quoted = append(quoted, "'"+e+"'")
		}
	}
	slices.Sort(quoted)
	slices.Sort(classes)
	return strings.Join(append(slices.Compact(quoted), slices.Compact(classes)...), ", ")
}

// word reports whether the token n places on is a word. It notes nothing.
func (p *parser) word(n int, words ...string) bool {
	t := p.look(n)
	return t.kind == wordToken && slices.Contains(words, t.text)
}

// sign reports whether the token n places on is a sign. It notes nothing.
func (p *parser) sign(n int, sign string) bool {
	t := p.look(n)
	return t.kind == signToken && t.text == sign
}

// is reports whether the next token is one of the words.
func (p *parser) is(words ...string) bool {
	if p.word(0, words...) {
		return true
	}
	p.expecting(words...)
	return false
}

// isSign reports whether the next token is a sign.
func (p *parser) isSign(sign string) bool {
	if p.sign(0, sign) {
		return true
	}
	p.expecting(sign)
	return false
}

// take passes over the words if they are next, all of them.
func (p *parser) take(words ...string) bool {
	if !p.is(words[0]) {
		return false
	}
	for i, w := range words[1:] {
		if !p.word(i+1, w) {
			return false
		}
	}
	p.at += len(words)
	return true
}

// takeSign passes over a sign if it is next.
func (p *parser) takeSign(sign string) bool {
	if !p.isSign(sign) {
		return false
	}
	p.at++
	return true
}

// want passes over the words, each of which must be there.
func (p *parser) want(words ...string) {
	for _, w := range words {
		if !p.take(w) {
			p.mismatch()
		}
	}
}

// wantSign passes over a sign that must be there.
func (p *parser) wantSign(sign string) {
	if !p.takeSign(sign) {
		p.mismatch()
	}
}

// mismatch ends the parsing at the next token. Message and order of what is expected are Trino's.
func (p *parser) mismatch(what ...string) {
	p.expecting(what...)
	t := p.tok()
	at, shown := t.Span, p.text[t.Start:t.End]
	switch {
	case t.kind == endToken:
		shown = "<EOF>"
	case utf8.RuneCountInString(shown) > 60:
		shown = string([]rune(shown)[:57]) + "..."
	}
	switch {
	case t.kind == backquoteToken && !p.hive:
		fail(at, "backquoted identifiers are not supported; use double quotes to quote identifiers", `write "`+t.text+`"`)
	case t.kind == digitToken && slices.ContainsFunc(p.expected, func(e string) bool { return e == "<identifier>" || e == "<expression>" }):
		fail(at, "identifiers must not start with a digit; surround the identifier with double quotes", `write "`+strings.ToLower(t.text)+`"`)
	}
	fail(at, "mismatched input '"+shown+"'. Expecting: "+p.listExpected(), p.hint())
}

// enter counts the depth; leave is its counterpart.
func (p *parser) enter() {
	p.depth++
	if p.depth > MaxDepth {
		fail(p.tok().Span, fmt.Sprintf("the statement is nested too deep: at most %d levels", MaxDepth), "")
	}
}

func (p *parser) leave() { p.depth-- }

// chain counts the operators that follow each other.
func (p *parser) chain(n *int) {
	if *n++; *n > MaxChain {
		fail(p.tok().Span, fmt.Sprintf("more than %d operators follow each other", MaxChain), "a long list of values is written x IN (...)")
	}
}

// end wants the end of the statement.
func (p *parser) end() {
	if p.sign(0, ";") {
		at := p.next()
		if p.tok().kind == endToken {
			return
		}
		fail(Span{at.Start, len(p.text)}, "Only one sql statement is allowed. Got: "+strings.TrimSpace(p.text), "run the statements one after the other")
	}
	p.wantEnd()
}

func (p *parser) wantEnd() {
	if p.tok().kind != endToken {
		p.mismatch("<EOF>")
	}
}

// isName reports whether the token n places on is a name of a query.
func (p *parser) isName(n int) bool {
	t := p.look(n)
	return t.kind == quotedToken || t.kind == wordToken && !reserved[t.text]
}

// name reads a name.
func (p *parser) name() Name {
	if !p.isName(0) {
		p.mismatch("<identifier>")
	}
	return p.nameOf(p.next())
}

// nameOf makes a name of a token.
func (p *parser) nameOf(t *token) Name {
	n := Name{Span: t.Span, Quoted: t.kind == quotedToken || t.kind == backquoteToken}
	if n.Written = p.text[t.Start:t.End]; n.Quoted {
		n.Written = t.text
	}
	n.Text = strings.ToLower(n.Written)
	if n.Text == "" {
		fail(t.Span, "Zero-length delimited identifier not allowed", "")
	}
	return n
}

// names reads names with commas between, in parentheses.
func (p *parser) names() []Name {
	var out []Name
	p.wantSign("(")
	for {
		out = append(out, p.name())
		if !p.takeSign(",") {
			break
		}
	}
	p.wantSign(")")
	return out
}

// qualifiedName reads a.b.c.
func (p *parser) qualifiedName() QualifiedName {
	start := p.tok().Start
	out := QualifiedName{Parts: []Name{p.name()}}
	for p.takeSign(".") {
		out.Parts = append(out.Parts, p.name())
	}
	out.Span = p.span(start)
	return out
}

// list reads one thing or several with commas between.
func list[T any](p *parser, one func() T) []T {
	out := []T{one()}
	for p.takeSign(",") {
		out = append(out, one())
	}
	return out
}
