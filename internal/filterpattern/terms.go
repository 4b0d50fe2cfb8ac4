package filterpattern

import "strings"

// A term is a word, a phrase or a regular expression that a message has (sign 0), lacks ('-'), or of
// which it has any ('?').
type term struct {
	sign  byte
	text  string
	regex *regex
}

// terms reads a pattern of terms.
func (s *scanner) terms() ([]term, *Error) {
	var out []term
	for s.space(); s.pos < len(s.text); s.space() {
		t, err := s.term()
		if err != nil {
			return nil, err
		}
		out = append(out, t)
	}
	return out, nil
}

// term reads one term, behind which must be the end or white space.
func (s *scanner) term() (t term, err *Error) {
	if c := s.peek(); c == '-' || c == '?' {
		t.sign = c
		s.pos++
		s.space() // AWS's guide had a space there once
	}
	switch s.peek() {
	case 0:
		return t, errorAt(s.pos, "", "Invalid filter pattern: a term must follow %c", t.sign)
	case '"':
		t.text, err = s.quoted('"')
	case '%':
		t.regex, err = s.regex()
	default:
		if t.text = s.run(isWord); t.text == "" {
			err = badCharacter(s.text, s.pos)
		}
	}
	if err == nil && s.pos < len(s.text) && !isSpace(s.peek()) {
		err = badCharacter(s.text, s.pos)
	}
	return t, err
}

// found reports whether a message has the term.
func (t *term) found(message string) bool {
	if t.regex != nil {
		return t.regex.re.MatchString(message)
	}
	return strings.Contains(message, t.text)
}

// matchTerms reports whether a message has all terms, lacks those with a minus sign and, where all terms
// have a question mark, has any. Beside others, terms with a question mark do not count (AWS).
func matchTerms(terms []term, message string) bool {
	only, any := true, false
	for i := range terms {
		t := &terms[i]
		if t.sign == '?' {
			continue
		}
		only = false
		if t.found(message) == (t.sign == '-') {
			return false
		}
	}
	if only {
		for i := range terms {
			any = any || terms[i].found(message)
		}
	}
	return any || !only
}

func printTerms(terms []term) string {
	var b strings.Builder
	for i, t := range terms {
		if i > 0 {
			b.WriteByte(' ')
		}
		if t.sign != 0 {
			b.WriteByte(t.sign)
		}
		switch {
		case t.regex != nil:
			b.WriteString("%" + t.regex.text + "%")
		case t.text != "" && strings.IndexFunc(t.text, func(r rune) bool { return r >= 0x80 || !isWord(byte(r)) }) < 0:
			b.WriteString(t.text)
		default:
			b.WriteString(quote(t.text, '"'))
		}
	}
	return b.String()
}
