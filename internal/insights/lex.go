package insights

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// tokenKind is the kind of a token.
type tokenKind uint8

const (
	endToken    tokenKind = iota
	nameToken             // a field's path, or a word of the language
	numberToken           // digits, a fraction, an exponent
	periodToken           // a number and a unit: 5m
	stringToken           // a text in quotes
	regexToken            // a regular expression between slashes
	signToken             // an operator, a bracket or a comma
)

// token is a token with its place.
type token struct {
	Span
	kind tokenKind
	// text is as written; of texts and regular expressions what they hold.
	text  string
	parts []FieldPart // of names
	units string      // of periods
}

// is reports whether the token is a word of the language.
func (t *token) is(word string) bool {
	return t.kind == nameToken && len(t.parts) == 1 && !t.parts[0].Quoted && strings.EqualFold(t.text, word)
}

// isSign reports whether the token is a sign.
func (t *token) isSign(sign string) bool { return t.kind == signToken && t.text == sign }

// String shows the token in messages.
func (t *token) String() string {
	switch {
	case t.kind == endToken:
		return "the end"
	case len(t.text) > 40:
		return fmt.Sprintf("%q...", strings.ToValidUTF8(t.text[:40], ""))
	}
	return fmt.Sprintf("%q", t.text)
}

// signs are the tokens of fixed spelling, the longer of those that begin alike first.
var signs = []string{"==", "=~", "!=", "<=", ">=", "=", "!", "<", ">", "+", "-", "*", "/", "%", "^", "(", ")", "[", "]", "{", "}", ",", "|", ":", "."}

// foreign are signs of other languages, and slips, with what is written here.
var foreign = []struct{ sign, hint string }{
	{"&&", `write "and"`},
	{"||", `write "or"; between commands stands one |`},
	{"<>", `write "!="`},
	{"!~", `write "not like /.../"`},
	{"&", `write "and"`},
	{";", `commands are separated by "|"`},
	{"\\", "a backslash stands only in texts and regular expressions; a new line is a line end or a space, not \\n"},
	{"\u201c", `texts stand in straight quotes: "..."`},
	{"\u201d", `texts stand in straight quotes: "..."`},
	{"\u201e", `texts stand in straight quotes: "..."`},
	{"\u00ab", `texts stand in straight quotes: "..."`},
	{"\u00bb", `texts stand in straight quotes: "..."`},
	{"\u2018", `texts stand in straight quotes: '...'`},
	{"\u2019", `texts stand in straight quotes: '...'`},
	{"\u2013", "this is a dash; minus is -"},
	{"\u2014", "this is a dash; minus is -"},
	{"\u2212", "minus is -"},
	{"\u2265", "write >="},
	{"\u2264", "write <="},
	{"\u2260", "write !="},
	{"\u200b", "an invisible character (zero width space) stands here: remove it"},
	{"\u200c", "an invisible character stands here: remove it"},
	{"\u200d", "an invisible character stands here: remove it"},
	{"\u2060", "an invisible character stands here: remove it"},
	{"\ufeff", "an invisible character (byte order mark) stands here: remove it"},
	{"$", "variables are not known here: write the value"},
}

// lexer reads tokens of a text, one at a time: what a slash means depends on where it stands, which the
// parser knows.
type lexer struct {
	text string
	at   int
}

// newLexer checks a text as a whole.
func newLexer(text string) *lexer {
	at := 0
	for n := 0; at < len(text); n++ {
		r, size := utf8.DecodeRuneInString(text[at:])
		switch {
		case r == utf8.RuneError && size == 1:
			fail(Span{at, at + 1}, "the text is not UTF-8", "")
		case r == 0:
			fail(Span{at, at + 1}, "the text has a NUL character in it", "")
		case n == MaxText:
			failf(Span{at, len(text)}, "", "a query has at most %d characters", MaxText)
		}
		at += size
	}
	l := &lexer{text: text}
	if strings.HasPrefix(text, "\ufeff") {
		l.at = len("\ufeff")
	}
	return l
}

// skip passes over white space, which includes the spaces that do not break, and comments.
func (l *lexer) skip() {
	for l.at < len(l.text) {
		r, size := utf8.DecodeRuneInString(l.text[l.at:])
		switch {
		case unicode.IsSpace(r):
			l.at += size
		case r == '#':
			end := strings.IndexByte(l.text[l.at:], '\n')
			if end < 0 {
				l.at = len(l.text)
				return
			}
			l.at += end
		default:
			return
		}
	}
}

// following returns the byte that comes next, white space and comments passed over; 0 at the end.
func (l *lexer) following() byte {
	ahead := lexer{l.text, l.at}
	ahead.skip()
	if ahead.at == len(l.text) {
		return 0
	}
	return l.text[ahead.at]
}

// take makes a token of so many bytes.
func (l *lexer) take(kind tokenKind, size int) token {
	t := token{Span: Span{l.at, l.at + size}, kind: kind, text: l.text[l.at : l.at+size]}
	l.at += size
	return t
}

// next reads one token; a slash is a sign to it.
func (l *lexer) next() token {
	l.skip()
	rest := l.text[l.at:]
	switch {
	case rest == "":
		return l.take(endToken, 0)
	case rest[0] == '"' || rest[0] == '\'':
		return l.quoted()
	case beginsName(rest[0]):
		return l.name()
	case strings.HasPrefix(rest, "${"):
		return l.variable()
	case isDigit(rest[0]), rest[0] == '.' && len(rest) > 1 && isDigit(rest[1]) && !l.behindIndex():
		return l.number()
	}
	for _, f := range foreign {
		if strings.HasPrefix(rest, f.sign) {
			failf(Span{l.at, l.at + len(f.sign)}, f.hint, "%q can't stand here", f.sign)
		}
	}
	for _, s := range signs {
		if strings.HasPrefix(rest, s) {
			return l.take(signToken, len(s))
		}
	}
	r, size := utf8.DecodeRuneInString(rest)
	fail(Span{l.at, l.at + size}, fmt.Sprintf("%q can't stand here", string(r)), "names with other characters than letters, digits, _, @ and . stand in backticks, texts in quotes")
	panic("unreachable")
}

// behindIndex reports whether a dot goes on with the path of an element: items[0].5.
func (l *lexer) behindIndex() bool {
	return l.at > 0 && (l.text[l.at-1] == ']' || l.text[l.at-1] == ')')
}

func isDigit(b byte) bool { return '0' <= b && b <= '9' }

func isLetter(b byte) bool { return 'a' <= b|0x20 && b|0x20 <= 'z' }

func inName(b byte) bool { return isLetter(b) || isDigit(b) || b == '_' || b == '@' }

func beginsName(b byte) bool { return isLetter(b) || b == '_' || b == '@' || b == '`' }

// name reads a path: parts of letters, digits, _ and @, or of anything in backticks, with dots between.
//
// Source: AWS, "Fields that contain special characters".
func (l *lexer) name() token {
	ahead := lexer{l.text, l.at}
	parts := ahead.path()
	t := l.take(nameToken, ahead.at-l.at)
	t.parts = parts
	return t
}

// variable reads ${NAME}, which scripts and dashboards replace before they send a query. One that is left
// is taken as the field of that name, which no event has; [Query.Notes] tells of it.
func (l *lexer) variable() token {
	end := strings.IndexAny(l.text[l.at:], "}\n`")
	if end < 0 || l.text[l.at+end] != '}' {
		fail(l.toLineEnd(l.at), "the variable has no end", "a } is missing")
	}
	t := l.take(nameToken, end+1)
	t.parts = []FieldPart{{Name: t.text, Quoted: true}}
	return t
}

// path reads the parts of a path.
func (l *lexer) path() []FieldPart {
	var parts []FieldPart
	for {
		start := l.at
		if rest := l.text[l.at:]; strings.HasPrefix(rest, "`") {
			parts = append(parts, l.quotedPart(""))
		} else if strings.HasPrefix(rest, "@`") { // of fields of the system the sign stands outside
			l.at++
			parts = append(parts, l.quotedPart("@"))
		} else {
			for l.at < len(l.text) && inName(l.text[l.at]) {
				l.at++
			}
			if l.at == start {
				fail(Span{start - 1, start}, "a name is missing behind the dot", "a name with a dot in it stands in backticks")
			}
			parts = append(parts, FieldPart{Name: l.text[start:l.at]})
		}
		if l.at == len(l.text) || l.text[l.at] != '.' {
			return parts
		}
		l.at++
	}
}

// quotedPart reads a name in backticks.
func (l *lexer) quotedPart(before string) FieldPart {
	end := strings.IndexByte(l.text[l.at+1:], '`')
	if end < 0 {
		fail(l.toLineEnd(l.at), "the name in backticks has no end", "a ` is missing")
	}
	if end == 0 {
		fail(Span{l.at, l.at + 2}, "a name is missing between the backticks", "")
	}
	name := l.text[l.at+1 : l.at+1+end]
	l.at += end + 2
	return FieldPart{Name: before + name, Quoted: true}
}

// toLineEnd returns the place from an offset to the end of its line.
func (l *lexer) toLineEnd(from int) Span {
	if end := strings.IndexByte(l.text[from:], '\n'); end >= 0 {
		return Span{from, from + end}
	}
	return Span{from, len(l.text)}
}

// number reads a number, or a period: a number with a unit right behind it.
func (l *lexer) number() token {
	rest := l.text[l.at:]
	end := digits(rest, 0)
	whole := end
	if end < len(rest) && rest[end] == '.' && end+1 < len(rest) && isDigit(rest[end+1]) {
		end = digits(rest, end+1)
	}
	if end < len(rest) && rest[end]|0x20 == 'e' {
		exponent := end + 1
		if exponent < len(rest) && (rest[exponent] == '+' || rest[exponent] == '-') {
			exponent++
		}
		if last := digits(rest, exponent); last > exponent && (last == len(rest) || !inName(rest[last])) {
			return l.take(numberToken, last)
		}
	}
	last := end
	for last < len(rest) && inName(rest[last]) {
		last++
	}
	unit := rest[end:last]
	at := Span{l.at, l.at + last}
	switch {
	case unit == "":
		return l.take(numberToken, end)
	case end == 1 && rest[0] == '0' && unit[0]|0x20 == 'x':
		fail(at, "hexadecimal numbers are not known here", "write it as a decimal number, or as a text for hexToDec")
	case periodUnit(unit) == "":
		failf(at, "a name that begins with a digit stands in backticks; units are ms, s, m, h, d, w, mo, q and y", "%q is no number and no period", rest[:last])
	case end != whole:
		fail(at, "a period is a whole number and a unit", "1.5h is 90m")
	}
	t := l.take(periodToken, last)
	t.units = periodUnit(unit)
	return t
}

// digits returns where the digits end that begin at an offset.
func digits(s string, at int) int {
	for at < len(s) && isDigit(s[at]) {
		at++
	}
	return at
}

// quoted reads a text in single or double quotes.
func (l *lexer) quoted() token {
	rest := l.text[l.at:]
	var b strings.Builder
	for i := 1; i < len(rest); i++ {
		switch {
		case rest[i] == rest[0]:
			t := l.take(stringToken, i+1)
			t.text = b.String()
			return t
		case rest[i] == '\\' && i+1 < len(rest):
			i++
			switch rest[i] {
			case '\\', '"', '\'', '/':
				b.WriteByte(rest[i])
			case 'n':
				b.WriteByte('\n')
			case 't':
				b.WriteByte('\t')
			default: // such as \d of a regular expression
				b.WriteByte('\\')
				b.WriteByte(rest[i])
			}
		default:
			b.WriteByte(rest[i])
		}
	}
	fail(l.toLineEnd(l.at), "the text has no end", "a "+rest[:1]+" is missing")
	panic("unreachable")
}

// regex reads a regular expression that begins with the slash of a token.
func (l *lexer) regex(slash token) token {
	l.at = slash.Start
	rest := l.text[l.at:]
	var b strings.Builder
	for i := 1; i < len(rest); i++ {
		switch {
		case rest[i] == '/':
			t := l.take(regexToken, i+1)
			t.text = b.String()
			return t
		case rest[i] == '\\' && i+1 < len(rest):
			i++
			if rest[i] != '/' {
				b.WriteByte('\\')
			}
			b.WriteByte(rest[i])
		default:
			b.WriteByte(rest[i])
		}
	}
	fail(l.toLineEnd(l.at), "the regular expression has no end", "a / is missing")
	panic("unreachable")
}
