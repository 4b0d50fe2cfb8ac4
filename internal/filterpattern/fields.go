package filterpattern

import "strings"

// A field is one of a message: from start to end it stands there, with the brackets or quotation marks
// that make one field of several words; from from to to is its value.
type field struct{ start, end, from, to int }

// nextField returns the field that begins at i or behind the white space there, false where there is none.
func nextField(message string, i int) (field, bool) {
	for i < len(message) && isSpace(message[i]) {
		i++
	}
	if i == len(message) {
		return field{}, false
	}
	switch message[i] {
	case '[':
		if n := closing(message, i+1, ']'); n >= 0 {
			return field{i, n + 1, i + 1, n}, true
		}
	case '"':
		if n := closing(message, i+1, '"'); n >= 0 {
			return field{i, n + 1, i + 1, n}, true
		}
	}
	end := i
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
	i := 0
	for len(fields) < most {
		f, ok := nextField(message, i)
		if !ok {
			break
		}
		fields = append(fields, f)
		i = f.end
	}
	return fields
}
