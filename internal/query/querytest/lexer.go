package querytest

import (
	"fmt"
	"regexp"
	"strings"
)

// tokenKind is the kind of a token of plans and rows.
type tokenKind uint8

const (
	endToken    tokenKind = iota
	nameToken             // a plain word
	quotedToken           // a name in double quotes; text holds it as Go's string
	stringToken           // 'text'; text holds the value
	numberToken           // without sign
	timeToken             // RFC 3339
	signToken             // operators and punctuation
)

type token struct {
	kind tokenKind
	text string
}

// String shows the token in messages.
func (t token) String() string {
	if t.kind == endToken {
		return "the end"
	}
	return fmt.Sprintf("%q", t.text)
}

// tokenForms says what tokens look like; the first that matches is taken.
var tokenForms = []struct {
	kind tokenKind
	form *regexp.Regexp
}{
	{timeToken, regexp.MustCompile(`^\d{4}-\d\d-\d\dT[0-9:.]+(Z|[+-]\d\d:\d\d)`)},
	{numberToken, regexp.MustCompile(`^\d+(\.\d+)?([eE][+-]?\d+)?`)},
	{nameToken, regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*`)},
	{stringToken, regexp.MustCompile(`^'([^']|'')*'`)},
	{quotedToken, regexp.MustCompile(`^"([^"\\]|\\.)*"`)},
	{signToken, regexp.MustCompile(`^(!=|<=|>=|[-=<>+*/%(),|{}:])`)},
}

// tokenize splits a text into tokens; the last is the end.
func tokenize(s string) ([]token, error) {
	var out []token
	for s = strings.TrimSpace(s); s != ""; s = strings.TrimSpace(s) {
		t, size := firstToken(s)
		if size == 0 {
			return nil, fmt.Errorf("no token begins at %q", s)
		}
		out = append(out, t)
		s = s[size:]
	}
	return append(out, token{}), nil
}

// firstToken returns the token at the start of s and its length there, or 0.
func firstToken(s string) (token, int) {
	for _, f := range tokenForms {
		m := f.form.FindString(s)
		if m == "" {
			continue
		}
		text := m
		if f.kind == stringToken {
			text = strings.ReplaceAll(m[1:len(m)-1], "''", "'")
		}
		return token{f.kind, text}, len(m)
	}
	return token{}, 0
}
