package athenasql

import (
	"encoding/hex"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"unicode/utf8"
)

// tokenKind is the kind of a token.
type tokenKind uint8

const (
	endToken       tokenKind = iota
	wordToken                // a name without quotes, or a word of the language
	quotedToken              // "a name in double quotes"
	backquoteToken           // `a name in backticks`
	digitToken               // a name that begins with a digit
	integerToken
	decimalToken
	doubleToken
	stringToken
	binaryToken
	signToken // an operator, a bracket or a comma; or a character that is none of the language's
)

// token is a token with its place.
type token struct {
	Span
	kind tokenKind
	// text is as it was written; of strings and quoted names what they hold, of words in upper case, of integers in decimal.
	text string
	// double says that a string stood in double quotes, which Hive's statements take.
	double bool
}

// signs are the tokens of fixed spelling, the longer of those that begin alike first. Those that are none of Trino's are read
// to be refused by name.
var signs = []string{
	"<=>", "->>", "->", "=>", "<>", "!=", "!~", "<=", ">=", "<<", "||", "&&", "::", ":=", "==", "=~", "=", "<", ">", "+", "-", "*", "/", "%", "?", "(", ")", "[", "]", ".", ",", ";", "&", "|", "^", "~", ":", "{", "}", "!", "@", "$", "#", "\\",
}

// lexer turns a text to tokens.
type lexer struct {
	text string
	at   int
	// hive says that the statement is of Hive's language: texts may stand in double quotes, and a backslash escapes in them.
	hive   bool
	tokens []token
}

// lex returns the tokens of a text. The last one is an endToken. Errors are panics with an *Error.
func lex(text string, hive bool) []token {
	l := &lexer{text: text, hive: hive, tokens: make([]token, 0, len(text)/5+2)}
	if strings.HasPrefix(text, "\ufeff") {
		l.at = len("\ufeff")
	}
	for l.skip() {
		l.next()
	}
	return append(l.tokens, token{Span: Span{len(text), len(text)}})
}

// skip passes over white space and comments; it returns false at the end.
func (l *lexer) skip() bool {
	for l.at < len(l.text) {
		rest := l.text[l.at:]
		switch c := rest[0]; {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v':
			l.at++
		case strings.HasPrefix(rest, "\u00a0"):
			l.at += len("\u00a0") // no-break spaces come with texts from web pages
		case strings.HasPrefix(rest, "--"):
			end := strings.IndexByte(rest, '\n')
			if end < 0 {
				end = len(rest)
			}
			l.at += end
		case strings.HasPrefix(rest, "/*"):
			end := strings.Index(rest[2:], "*/")
			if end < 0 {
				fail(Span{l.at, l.at + 2}, "the comment that begins here has no end", `write */ behind it`)
			}
			l.at += end + 4
		default:
			return true
		}
	}
	return false
}

// next reads one token.
func (l *lexer) next() {
	start, c := l.at, l.text[l.at]
	switch {
	case (c == 'U' || c == 'u') && strings.HasPrefix(l.text[start+1:], "&'"):
		l.at += 2
		l.unicodeString(start)
	case (c == 'X' || c == 'x') && strings.HasPrefix(l.text[start+1:], "'"):
		l.at++
		l.binary(start)
	case isLetter(c):
		l.word()
		l.add(start, wordToken, strings.ToUpper(l.text[start:l.at]))
	case isDigit(c) || c == '.' && start+1 < len(l.text) && isDigit(l.text[start+1]) && !l.afterName():
		l.number()
	case c == '\'':
		l.add(start, stringToken, l.quoted('\'', l.hive))
	case c == '"' && l.hive:
		text := l.quoted('"', true)
		l.add(start, stringToken, text)
		l.tokens[len(l.tokens)-1].double = true
	case c == '"':
		l.add(start, quotedToken, l.quoted('"', false))
	case c == '`':
		l.add(start, backquoteToken, l.quoted('`', false))
	default:
		l.sign()
	}
}

// add appends a token that ends where the lexer is.
func (l *lexer) add(start int, kind tokenKind, text string) {
	l.tokens = append(l.tokens, token{Span: Span{start, l.at}, kind: kind, text: text})
}

// afterName reports whether the last token touches and is a name: a point is one of a qualified name then, t.1 is no number.
func (l *lexer) afterName() bool {
	if len(l.tokens) == 0 {
		return false
	}
	last := l.tokens[len(l.tokens)-1]
	return last.End == l.at && (last.kind == wordToken || last.kind == quotedToken || last.kind == backquoteToken)
}

// sign reads a sign, or the character that begins nothing.
func (l *lexer) sign() {
	start := l.at
	for _, s := range signs {
		if strings.HasPrefix(l.text[start:], s) {
			l.at += len(s)
			l.add(start, signToken, s)
			return
		}
	}
	r, size := utf8.DecodeRuneInString(l.text[start:])
	l.at += size
	if r == utf8.RuneError && size == 1 {
		fail(Span{start, l.at}, "the text is not UTF-8", "")
	}
	l.add(start, signToken, l.text[start:l.at])
}

// quoted reads what stands in quotes, which are doubled inside; escapes are Hive's.
func (l *lexer) quoted(quote byte, escapes bool) string {
	start := l.at
	var b strings.Builder
	for l.at++; l.at < len(l.text); l.at++ {
		c := l.text[l.at]
		switch {
		case escapes && c == '\\' && l.at+1 < len(l.text):
			l.at++
			l.escape(&b)
		case c == quote && !escapes && strings.HasPrefix(l.text[l.at+1:], string(quote)):
			b.WriteByte(quote)
			l.at++
		case c == quote:
			l.at++
			if !utf8.ValidString(l.text[start:l.at]) {
				fail(Span{start, l.at}, "the text is not UTF-8", "")
			}
			return b.String()
		default:
			b.WriteByte(c)
		}
	}
	what := map[byte]string{'\'': "text", '"': "name in double quotes", '`': "name in backticks"}[quote]
	if escapes {
		what = "text"
	}
	fail(Span{start, start + 1}, "the "+what+" that begins here has no end", fmt.Sprintf("write %c behind it; inside, a quote is written twice", quote))
	return ""
}

// escape reads the character behind a backslash.
// Source: Hive, BaseSemanticAnalyzer.unescapeSQLString: \0 \' \" \b \n \r \t \Z \\ \% \_ \ooo \uXXXX; another character stands for itself.
func (l *lexer) escape(b *strings.Builder) {
	rest := l.text[l.at:]
	if len(rest) >= 5 && rest[0] == 'u' {
		if n, err := strconv.ParseUint(rest[1:5], 16, 16); err == nil && utf8.ValidRune(rune(n)) {
			b.WriteRune(rune(n))
			l.at += 4
			return
		}
	}
	if len(rest) >= 3 && rest[0] >= '0' && rest[0] <= '1' && isOctal(rest[1]) && isOctal(rest[2]) {
		b.WriteByte((rest[0]-'0')<<6 | (rest[1]-'0')<<3 | (rest[2] - '0'))
		l.at += 2
		return
	}
	switch c := rest[0]; c {
	case '0':
		b.WriteByte(0)
	case 'b':
		b.WriteByte('\b')
	case 'n':
		b.WriteByte('\n')
	case 'r':
		b.WriteByte('\r')
	case 't':
		b.WriteByte('\t')
	case 'Z':
		b.WriteByte(0x1a)
	case '%', '_':
		// These keep their backslash, for LIKE.
		b.WriteByte('\\')
		b.WriteByte(c)
	default:
		b.WriteByte(c)
	}
}

// unicodeString reads what follows U&, with an escape other than the backslash where UESCAPE says one.
func (l *lexer) unicodeString(start int) {
	raw := l.quoted('\'', false)
	end, escape := l.at, '\\'
	save := l.at
	if l.skip() && len(l.text)-l.at > 7 && strings.EqualFold(l.text[l.at:l.at+7], "UESCAPE") {
		l.at += 7
		if !l.skip() || l.text[l.at] != '\'' {
			fail(Span{l.at, l.at}, "UESCAPE is followed by one character in quotes", "")
		}
		at := l.at
		runes := []rune(l.quoted('\'', false))
		if len(runes) != 1 || runes[0] <= ' ' || strings.ContainsRune("'+\"0123456789abcdefABCDEF", runes[0]) {
			fail(Span{at, l.at}, "Invalid Unicode escape character", "it is one character that is no hexadecimal digit, quote, plus or space")
		}
		escape, end = runes[0], l.at
	} else {
		l.at = save
	}
	l.at = end
	l.add(start, stringToken, decodeUnicode(raw, escape, Span{start, end}))
}

// decodeUnicode replaces \XXXX and \+XXXXXX.
func decodeUnicode(raw string, escape rune, at Span) string {
	var b strings.Builder
	runes := []rune(raw)
	for i := 0; i < len(runes); i++ {
		if runes[i] != escape {
			b.WriteRune(runes[i])
			continue
		}
		rest := runes[i+1:]
		if len(rest) > 0 && rest[0] == escape {
			b.WriteRune(escape)
			i++
			continue
		}
		n := 4
		if len(rest) > 0 && rest[0] == '+' {
			rest, n = rest[1:], 6
			i++
		}
		if len(rest) < n {
			fail(at, "Incomplete escape sequence: "+string(escape)+string(rest), "")
		}
		code, err := strconv.ParseUint(string(rest[:n]), 16, 32)
		if err != nil || !utf8.ValidRune(rune(code)) {
			fail(at, "Invalid escaped character: "+string(rest[:n]), "an escape is \\XXXX or \\+XXXXXX, hexadecimal")
		}
		b.WriteRune(rune(code))
		i += n
	}
	return b.String()
}

// binary reads what follows X.
func (l *lexer) binary(start int) {
	raw := l.quoted('\'', false)
	digits := strings.Map(func(r rune) rune {
		if strings.ContainsRune(" \t\r\n", r) {
			return -1
		}
		return r
	}, raw)
	at := Span{start, l.at}
	if len(digits)%2 != 0 {
		fail(at, "Binary literal must contain an even number of digits", "")
	}
	value, err := hex.DecodeString(digits)
	if err != nil {
		fail(at, "Binary literal can only contain hexadecimal digits", "")
	}
	l.add(start, binaryToken, string(value))
}

// word passes over letters, digits and underscores.
func (l *lexer) word() {
	for l.at < len(l.text) && (isLetter(l.text[l.at]) || isDigit(l.text[l.at])) {
		l.at++
	}
}

// number reads a number, or a name that begins with a digit.
func (l *lexer) number() {
	start := l.at
	if text, ok := l.based(); ok {
		l.add(start, integerToken, text)
		return
	}
	kind := integerToken
	l.digits()
	if l.peek() == '.' {
		kind = decimalToken
		l.at++
		l.digits()
	}
	if c := l.peek(); c == 'e' || c == 'E' {
		mark := l.at
		l.at++
		if c := l.peek(); c == '+' || c == '-' {
			l.at++
		}
		if isDigit(l.peek()) {
			kind = doubleToken
			l.digits()
		} else {
			l.at = mark
		}
	}
	if c := l.peek(); c != 0 && isLetter(c) {
		l.word()
		l.add(start, digitToken, l.text[start:l.at])
		return
	}
	l.add(start, kind, strings.ReplaceAll(l.text[start:l.at], "_", ""))
}

// digits passes over digits, with single underscores between them.
func (l *lexer) digits() {
	for l.at < len(l.text) && (isDigit(l.text[l.at]) || l.text[l.at] == '_' && l.at > 0 && isDigit(l.text[l.at-1]) && l.at+1 < len(l.text) && isDigit(l.text[l.at+1])) {
		l.at++
	}
}

// based reads 0x1F, 0o17 and 0b1, in decimal.
func (l *lexer) based() (string, bool) {
	rest := l.text[l.at:]
	if len(rest) < 3 || rest[0] != '0' {
		return "", false
	}
	base := map[byte]int{'x': 16, 'o': 8, 'b': 2}[rest[1]|0x20]
	if base == 0 {
		return "", false
	}
	end := 2
	for end < len(rest) && (isLetter(rest[end]) || isDigit(rest[end])) {
		end++
	}
	// No integer of Trino has more than 64 bits: what is longer can't be one.
	if digits := strings.ReplaceAll(rest[2:end], "_", ""); len(digits) <= 64 {
		if n, ok := new(big.Int).SetString(digits, base); ok && !strings.Contains(rest[2:end], "__") && rest[end-1] != '_' {
			l.at += end
			return n.String(), true
		}
	}
	return "", false
}

func (l *lexer) peek() byte {
	if l.at < len(l.text) {
		return l.text[l.at]
	}
	return 0
}

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' }
func isDigit(c byte) bool  { return c >= '0' && c <= '9' }
func isOctal(c byte) bool  { return c >= '0' && c <= '7' }
