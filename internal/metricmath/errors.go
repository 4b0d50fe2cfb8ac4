package metricmath

import (
	"fmt"
	"strings"
)

// An Error says what is wrong with queries, and where.
type Error struct {
	// ID is the query's, "" where it is about all of them.
	ID string
	// Offset is the place in its expression, in bytes; -1 is none.
	Offset int
	// Text says what is wrong, and Hint what to write, "" where there is nothing to say.
	Text, Hint string
}

// Error returns the text as CloudWatch begins it: "Error in expression 'e1': ...".
func (e *Error) Error() string {
	var b strings.Builder
	if e.ID != "" {
		fmt.Fprintf(&b, "Error in expression '%s': ", e.ID)
	}
	b.WriteString(e.Text)
	if e.Offset >= 0 {
		fmt.Fprintf(&b, " at position %d", e.Offset+1)
	}
	if e.Hint != "" {
		b.WriteString(" (" + e.Hint + ")")
	}
	return b.String()
}

// wrong makes an Error of a place; the ID is added where it is known.
func wrong(offset int, hint, format string, args ...any) *Error {
	return &Error{Offset: offset, Hint: hint, Text: fmt.Sprintf(format, args...)}
}
