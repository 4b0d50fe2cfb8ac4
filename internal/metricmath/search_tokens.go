package metricmath

import (
	"slices"
	"strings"
	"unicode"
)

// A wanted is a term of a search, split into tokens.
type wanted struct {
	searchWord
	tokens []string
	// alone says of each token that delimiters, or the ends, are around it: then its case does not count.
	alone []bool
	whole string
}

func want(w searchWord) wanted {
	out := wanted{searchWord: w, whole: whole(w.text)}
	for _, part := range strings.FieldsFunc(w.text, delimits) {
		split := splitCase(part)
		for range split {
			out.alone = append(out.alone, len(split) == 1)
		}
		out.tokens = append(out.tokens, split...)
	}
	return out
}

// in says whether a name has the term. In quotes it is the name. Else it is the whole name, or some of its tokens in a row; the
// case of a token that stands alone in the term does not count. A term without letters and digits is in no name.
//
// Source: AWS, CloudWatch User Guide, "Tokenization", "Partial matches" and "Non-alphanumeric characters": count finds CustomCount1 and
// CustomCount does, customcount, couNT and count1 do not; network-errors finds Network-Errors-2 and NetworkErrors2.
func (w *wanted) in(name string) bool {
	if w.quoted {
		return w.text == name
	}
	if len(w.tokens) == 0 {
		return false
	}
	if w.whole == whole(name) {
		return true
	}
	var have []string
	for _, part := range strings.FieldsFunc(name, delimits) {
		have = append(have, splitCase(part)...)
	}
	for ; len(have) >= len(w.tokens); have = have[1:] {
		if w.begins(have) {
			return true
		}
	}
	return false
}

func (w *wanted) begins(have []string) bool {
	for i, t := range w.tokens {
		if t != have[i] && !(w.alone[i] && strings.EqualFold(t, have[i])) {
			return false
		}
	}
	return true
}

func delimits(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }

// whole returns the letters and digits of a name in small letters.
func whole(name string) string {
	return strings.ToLower(strings.Join(strings.FieldsFunc(name, delimits), ""))
}

// splitCase splits a text of letters and digits where digits begin and end, before a capital behind a small letter, and before the
// last of several capitals where a small letter follows: SDB, Failure.
func splitCase(part string) []string {
	runes := []rune(part)
	var out []string
	start := 0
	for i := 1; i < len(runes); i++ {
		before, r := runes[i-1], runes[i]
		digits := unicode.IsDigit(before) != unicode.IsDigit(r)
		up := unicode.IsUpper(r) && (!unicode.IsUpper(before) || i+1 < len(runes) && unicode.IsLower(runes[i+1]))
		if digits || up {
			out = append(out, string(runes[start:i]))
			start = i
		}
	}
	return slices.Concat(out, []string{string(runes[start:])})
}
