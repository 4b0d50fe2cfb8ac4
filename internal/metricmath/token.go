package metricmath

import (
	"strings"
	"unicode/utf8"
)

type tokenKind int

const (
	endToken tokenKind = iota
	numberToken
	wordToken // a name of a query, a function or a word such as REPEAT
	textToken
	signToken
)

// A token is a part of an expression. Text is without quotes.
type token struct {
	kind   tokenKind
	text   string
	offset int
}

// signs are all signs, the longer ones first.
var signs = []string{"==", "!=", "<=", ">=", "&&", "||", "<", ">", "+", "-", "*", "/", "^", "(", ")", "[", "]", ","}

// hints say what to write in place of what is no sign.
var hints = map[string]string{
	"=": "write == to compare", "!": "there is no NOT: write IF(x, 0, 1)", "&": "write &&", "|": "write ||",
	"“": `write "`, "”": `write "`, "‘": "write '", "’": "write '", ".": "write 0 before the point", "%": "write /100", ";": "an expression ends with its text",
	"{": "braces stand within the text of SEARCH",
}

func isDigit(c byte) bool  { return '0' <= c && c <= '9' }
func isLetter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }

// tokens splits an expression.
func tokens(text string) ([]token, error) {
	var out []token
	for i := 0; i < len(text); {
		c := text[i]
		switch {
		case strings.IndexByte(" \t\r\n", c) >= 0:
			i++
		case isDigit(c):
			end := numberEnd(text, i)
			if end < len(text) && (isLetter(text[end]) || strings.IndexByte("_.", text[end]) >= 0) {
				return nil, wrong(i, "numbers are digits with or without a point, such as 50.25", "Invalid number %q", text[i:min(end+1, len(text))])
			}
			out = append(out, token{numberToken, text[i:end], i})
			i = end
		case isLetter(c):
			end := i + 1
			for end < len(text) && (isLetter(text[end]) || isDigit(text[end]) || text[end] == '_') {
				end++
			}
			out = append(out, token{wordToken, text[i:end], i})
			i = end
		case c == '"' || c == '\'':
			end := textEnd(text, i)
			if end < 0 {
				return nil, wrong(i, "a text ends with the quote with which it begins", "Unterminated text")
			}
			out = append(out, token{textToken, text[i+1 : end], i})
			i = end + 1
		default:
			s := sign(text[i:])
			if s == "" {
				r, _ := utf8.DecodeRuneInString(text[i:])
				return nil, wrong(i, hints[string(r)], "Unexpected character %q", string(r))
			}
			out = append(out, token{signToken, s, i})
			i += len(s)
		}
	}
	return append(out, token{endToken, "", len(text)}), nil
}

// textEnd returns where the quote is that ends the text whose first quote is at i, -1 for nowhere. Between apostrophes an apostrophe
// behind a backslash ends nothing; both stay in the text, in which SEARCH reads them.
//
// Source: Grafana's CloudWatch source writes dimensions' values with apostrophes so into SEARCH (metric_data_query_builder.go); AWS tells
// of double quotes alone.
func textEnd(text string, i int) int {
	for end := i + 1; end < len(text); end++ {
		switch {
		case text[end] == text[i]:
			return end
		case text[end] == '\\' && text[i] == '\'':
			end++
		}
	}
	return -1
}

// numberEnd returns where the number at i ends.
func numberEnd(text string, i int) int {
	digits := func() {
		for i < len(text) && isDigit(text[i]) {
			i++
		}
	}
	digits()
	if i+1 < len(text) && text[i] == '.' && isDigit(text[i+1]) {
		i++
		digits()
	}
	return i
}

func sign(text string) string {
	for _, s := range signs {
		if strings.HasPrefix(text, s) {
			return s
		}
	}
	return ""
}
