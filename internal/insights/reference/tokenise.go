package reference

import (
	"net/netip"
	"regexp"
	"strconv"
	"strings"
)

// A token is a part of a text. Tokens with a kind vary within a pattern; those without are part of it.
type token struct{ text, kind string }

// tokenPattern finds what a text is made of. The order counts: the first that fits is taken.
var tokenPattern = regexp.MustCompile(strings.Join([]string{
	`\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?`, // a date or a time
	`\d{2}:\d{2}:\d{2}(?:[.,]\d+)?`,
	`[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}`, // a UUID
	`\b[0-9A-Fa-f]{1,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?:\.\d+\.\d+\.\d+)?\b`,          // an IPv6 address, if it is one
	`\d{1,3}(?:\.\d{1,3}){3}`,                                                     // an IPv4 address
	`\d+\.\d+\b`,                                                                  // a number
	`[\p{L}\p{N}_]+(?:-[\p{L}\p{N}_]+)*`,                                          // a word, parts with hyphens between
	`[^\p{L}\p{N}_]`,                                                              // any other character
}, "|"))

var (
	datePattern = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}|^\d{2}:\d{2}:\d{2}`)
	uuidPattern = regexp.MustCompile(`^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}$`)
	numeral     = regexp.MustCompile(`^\d+(?:\.\d+)?$`)
	hexadecimal = regexp.MustCompile(`^(?:0[xX][0-9A-Fa-f]+|[0-9A-Fa-f]{8,})$`)
)

// tokenise takes a text apart.
func tokenise(s string) []token {
	var out []token
	for _, text := range tokenPattern.FindAllString(s, -1) {
		out = append(out, token{text, kindOf(text)})
	}
	return out
}

// kindOf tells what varies: addresses, times, UUIDs, numbers, hexadecimal digits, and words with a digit, which are of no
// type that can be told.
func kindOf(s string) string {
	if !strings.ContainsAny(s, "0123456789") {
		return ""
	}
	if _, err := netip.ParseAddr(s); err == nil {
		return "IP"
	}
	switch {
	case uuidPattern.MatchString(s):
		return "UUID"
	case numeral.MatchString(s):
		return "Number"
	case datePattern.MatchString(s):
		return "Time"
	case hexadecimal.MatchString(s):
		return "Hex"
	}
	return "Token"
}

// shapeOf is the same for texts of one pattern: as many tokens, of which those that do not vary are equal.
func shapeOf(tokens []token) string {
	var b strings.Builder
	for _, t := range tokens {
		if t.kind != "" {
			b.WriteString("\x00\x00")
			continue
		}
		b.WriteString(t.text)
		b.WriteByte(0)
	}
	return b.String()
}

// patternOf writes a pattern: what varies as <type-number>, counted from 1.
//
// Source: AWS, "pattern".
func patternOf(tokens []token) string {
	var b strings.Builder
	n := 0
	for _, t := range tokens {
		if t.kind == "" {
			b.WriteString(t.text)
			continue
		}
		n++
		b.WriteString("<" + t.kind + "-" + strconv.Itoa(n) + ">")
	}
	return b.String()
}
