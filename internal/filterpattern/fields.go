package filterpattern

import "strings"

// A field is one of a message: from start to end it stands there, with the brackets or quotation marks
// that make one field of several words; from from to to is its value.
type field struct{ start, end, from, to int }

// A splitter goes through the fields of a message. It remembers of which mark there is no closing one any
// more, so that a message of opening ones is not searched anew for each.
type splitter struct {
	message             string
	noBracket, noQuotes bool
}

// next returns the field that begins at i or behind the white space there, false where there is none.
func (s *splitter) next(i int) (field, bool) {
	message := s.message
	for i < len(message) && isSpace(message[i]) {
		i++
	}
	if i == len(message) {
		return field{}, false
	}
	end := -1
	switch c := message[i]; {
	case c == '[' && !s.noBracket:
		end = closing(message, i+1, ']')
		s.noBracket = end < 0
	case c == '"' && !s.noQuotes:
		end = closing(message, i+1, '"')
		s.noQuotes = end < 0
	}
	if end >= 0 {
		return field{i, end + 1, i + 1, end}, true
	}
	end = i
	for end < len(message) && !isSpace(message[end]) {
		end++
	}
	return field{i, end, i, end}, true
}

// closing returns the place of the mark that ends a field: the first one behind which the field ends, and
// which has no backslash before it; -1 where there is none.
func closing(message string, i int, mark byte) int {
	for {
		n := strings.IndexByte(message[i:], mark)
		if n < 0 {
			return -1
		}
		i += n
		if (i+1 == len(message) || isSpace(message[i+1])) && message[i-1] != '\\' {
			return i
		}
		i++
	}
}

// splitFields appends the fields of a message, but not more than there is room for in the count.
func splitFields(message string, fields []field, most int) []field {
	s := splitter{message: message}
	i := 0
	for len(fields) < most {
		f, ok := s.next(i)
		if !ok {
			break
		}
		fields = append(fields, f)
		i = f.end
	}
	return fields
}
