package filterpattern

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// An Error says what is wrong with a pattern.
type Error struct {
	// Offset is where, in bytes from the beginning of the text.
	Offset int
	// Message is AWS's where it is known.
	Message string
	// Hint says what could be written instead, and may be empty.
	Hint string
}

func (e *Error) Error() string { return e.Message }

// Caret returns the pattern with a mark under the place of the error: two lines. Control characters are
// shown as spaces, so that the mark stands where it should.
func (e *Error) Caret(pattern string) string {
	line := strings.Map(func(r rune) rune {
		if r < ' ' {
			return ' '
		}
		return r
	}, pattern)
	before := utf8.RuneCountInString(pattern[:min(e.Offset, len(pattern))])
	return line + "\n" + strings.Repeat(" ", before) + "^"
}

func errorAt(offset int, hint, format string, args ...any) *Error {
	return &Error{Offset: offset, Hint: hint, Message: fmt.Sprintf(format, args...)}
}

// badCharacter is AWS's error for what must not stand without quotation marks.
func badCharacter(text string, offset int) *Error {
	_, n := utf8.DecodeRuneInString(text[offset:])
	return errorAt(offset, `put double quotes around what is not letters, digits or _`,
		"Invalid character(s) in term '%s'", text[offset:offset+n])
}
