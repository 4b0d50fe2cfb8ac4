package filter

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// tokenKind is the kind of a token.
type tokenKind uint8

const (
	endToken tokenKind = iota
	// wordToken is a run of signs that are no space and mean nothing else: a
	// field, a word of the language, an address, a number, a time.
	wordToken
	quotedToken
	regexpToken
	signToken // an operator, a parenthesis or a comma
)

// token is a token with its place in bytes.
type token struct {
	kind     tokenKind
	text     string // of quoted texts and regexps: what they hold
	from, to int
}

// is reports whether the token is a word of the language or a sign.
func (t token) is(word string) bool {
	return (t.kind == wordToken || t.kind == signToken) && strings.EqualFold(t.text, word)
}

// String shows the token in messages.
func (t token) String() string {
	if t.kind == endToken {
		return "the end"
	}
	return fmt.Sprintf("%q", t.text)
}

// signs are the tokens of fixed spelling, the longer of those that begin alike
// first.
var signs = []string{"==", "!=", "<>", "<=", ">=", "!~", "=", "<", ">", "~", "(", ")", ","}

// foreign are signs of other languages, with what is written here instead.
var foreign = []struct{ sign, here string }{{"&&", "and"}, {"||", "or"}, {"&", "and"}, {"|", "or"}, {"!", "not"}, {";", "and"}}

// lexer splits a text into tokens.
type lexer struct {
	text   string
	at     int
	tokens []token
}

// lex returns the tokens of a text; the last is the end.
func lex(text string) ([]token, *Error) {
	if !utf8.ValidString(text) {
		return nil, notUTF8(text)
	}
	if at := strings.IndexByte(text, 0); at >= 0 {
		return nil, &Error{Offset: at, Length: 1, Message: "the text has a NUL character in it"} // no engine takes one
	}
	l := &lexer{text: text}
	for {
		l.at += len(l.rest()) - len(strings.TrimLeftFunc(l.rest(), unicode.IsSpace))
		if l.at == len(text) {
			l.add(endToken, "", 0)
			return l.tokens, nil
		}
		if err := l.next(); err != nil {
			return nil, err
		}
	}
}

func notUTF8(text string) *Error {
	at := 0
	for at < len(text) {
		r, size := utf8.DecodeRuneInString(text[at:])
		if r == utf8.RuneError && size == 1 {
			break
		}
		at += size
	}
	return &Error{Offset: at, Length: 1, Message: "the text is not UTF-8"}
}

func (l *lexer) rest() string { return l.text[l.at:] }

// add adds a token of so many bytes.
func (l *lexer) add(kind tokenKind, text string, size int) {
	l.tokens = append(l.tokens, token{kind, text, l.at, l.at + size})
	l.at += size
}

// next reads one token.
func (l *lexer) next() *Error {
	rest := l.rest()
	switch {
	case rest[0] == '\'' || rest[0] == '"':
		return l.quoted()
	case rest[0] == '/' && l.afterMatch():
		return l.regexp()
	}
	for _, s := range signs {
		if strings.HasPrefix(rest, s) {
			l.add(signToken, s, len(s))
			return nil
		}
	}
	for _, f := range foreign {
		if strings.HasPrefix(rest, f.sign) {
			return &Error{Offset: l.at, Length: len(f.sign), Message: fmt.Sprintf("%q is not known here", f.sign), Hint: fmt.Sprintf("write %q", f.here)}
		}
	}
	size := strings.IndexFunc(rest, endsWord)
	if size < 0 {
		size = len(rest)
	}
	l.add(wordToken, rest[:size], size)
	return nil
}

// endsWord reports whether a sign cannot stand in a word.
func endsWord(r rune) bool {
	return unicode.IsSpace(r) || strings.ContainsRune(`=!<>~(),;'"&|`, r)
}

// afterMatch reports whether a regexp can come: behind ~ and !~.
func (l *lexer) afterMatch() bool {
	n := len(l.tokens)
	return n > 0 && (l.tokens[n-1].is("~") || l.tokens[n-1].is("!~"))
}

// quoted reads a text in quotes. A quote within is written twice.
func (l *lexer) quoted() *Error {
	rest, quote := l.rest(), l.rest()[:1]
	for i := 1; i < len(rest); i++ {
		if rest[i] != quote[0] {
			continue
		}
		if strings.HasPrefix(rest[i+1:], quote) {
			i++
			continue
		}
		l.add(quotedToken, strings.ReplaceAll(rest[1:i], quote+quote, quote), i+1)
		return nil
	}
	return &Error{Offset: l.at, Length: len(rest), Message: "the text has no end", Hint: "a " + quote + " is missing"}
}

// regexp reads /.../. A slash within is written \/.
func (l *lexer) regexp() *Error {
	rest := l.rest()
	for i := 1; i < len(rest); i++ {
		switch rest[i] {
		case '\\':
			i++
		case '/':
			l.add(regexpToken, unescapeSlashes(rest[1:i]), i+1)
			return nil
		}
	}
	return &Error{Offset: l.at, Length: len(rest), Message: "the regular expression has no end", Hint: "a / is missing"}
}

// unescapeSlashes makes \/ a slash and leaves every other escape.
func unescapeSlashes(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			if s[i+1] != '/' {
				b.WriteByte(s[i])
			}
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
