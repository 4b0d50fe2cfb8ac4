package filterpattern

import (
	"regexp"
	"strings"
)

// A scanner reads the text of a pattern.
type scanner struct {
	text    string
	pos     int
	regexes int
}

// peek returns the next byte, 0 at the end.
func (s *scanner) peek() byte {
	if s.pos < len(s.text) {
		return s.text[s.pos]
	}
	return 0
}

// at reports whether a text is next.
func (s *scanner) at(text string) bool { return strings.HasPrefix(s.text[s.pos:], text) }

// take reads a text if it is next.
func (s *scanner) take(text string) bool {
	if !s.at(text) {
		return false
	}
	s.pos += len(text)
	return true
}

// space skips white space.
func (s *scanner) space() {
	for s.pos < len(s.text) && isSpace(s.text[s.pos]) {
		s.pos++
	}
}

// run reads bytes as long as they are of a class.
func (s *scanner) run(class func(byte) bool) string {
	from := s.pos
	for s.pos < len(s.text) && class(s.text[s.pos]) {
		s.pos++
	}
	return s.text[from:s.pos]
}

// word reads a keyword in any case, if it is next as a whole.
func (s *scanner) word(w string) bool {
	end := s.pos + len(w)
	if end > len(s.text) || !strings.EqualFold(s.text[s.pos:end], w) || end < len(s.text) && isName(s.text[end]) {
		return false
	}
	s.pos = end
	return true
}

// quoted reads a text in quotation marks, of which the first is next. Behind a backslash the mark and the
// backslash stand for themselves; any other backslash stays.
func (s *scanner) quoted(mark byte) (string, *Error) {
	from := s.pos
	s.pos++
	var b strings.Builder
	for s.pos < len(s.text) {
		c := s.text[s.pos]
		s.pos++
		switch {
		case c == mark:
			return b.String(), nil
		case c == '\\' && (s.peek() == mark || s.peek() == '\\'):
			b.WriteByte(s.peek())
			s.pos++
		default:
			b.WriteByte(c)
		}
	}
	return "", errorAt(from, "", "Invalid filter pattern: a quotation mark is not closed")
}

// quote is the reverse of quoted.
func quote(text string, mark byte) string {
	var b strings.Builder
	b.WriteByte(mark)
	for i := range len(text) {
		if text[i] == mark || text[i] == '\\' {
			b.WriteByte('\\')
		}
		b.WriteByte(text[i])
	}
	b.WriteByte(mark)
	return b.String()
}

// A regex is a regular expression as it stands between percent signs.
type regex struct {
	text string
	re   *regexp.Regexp
}

// regex reads a regular expression in percent signs, of which the first is next.
func (s *scanner) regex() (*regex, *Error) {
	from := s.pos
	n := strings.IndexByte(s.text[from+1:], '%')
	if n < 0 {
		return nil, errorAt(from, `a regular expression stands between percent signs: %ERR[0-9]+%`,
			"Invalid filter pattern: a regular expression is not closed")
	}
	s.pos += n + 2
	s.regexes++
	if s.regexes > MaxRegexes {
		return nil, errorAt(from, "", "Invalid filter pattern: it has more than %d regular expressions", MaxRegexes)
	}
	return compileRegex(s.text[from+1:from+1+n], from+1)
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

func isAlnum(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

// isWord says what a term may have without quotation marks.
func isWord(c byte) bool { return isAlnum(c) || c == '_' }

// isName says what the names of fields and of JSON's properties may have.
func isName(c byte) bool { return isWord(c) || c == '-' }

// isValue says what a value may have without quotation marks.
func isValue(c byte) bool { return isName(c) || c == '.' || c == '*' || c == '+' }
