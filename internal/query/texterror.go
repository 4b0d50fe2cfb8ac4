package query

import (
	"strings"
	"unicode/utf8"
)

// TextError says what is wrong with the text of a query or of a filter, and
// where. It wraps [ErrRefused].
type TextError struct {
	// Offset and Length are the place in bytes. Length is 0 at the end of the
	// text, and where only the beginning of the place is known.
	Offset, Length int
	// Message says what is wrong, Hint what would be right; Hint may be "".
	Message, Hint string
}

// Error returns the message alone; [TextError.Excerpt] shows the place.
func (e *TextError) Error() string { return e.Message }

// Unwrap returns ErrRefused.
func (e *TextError) Unwrap() error { return ErrRefused }

// Excerpt returns the line of the text in which the fault is, and below it a line
// of carets under the fault. Both lines end with a line feed.
func (e *TextError) Excerpt(text string) string {
	from := min(e.Offset, len(text))
	to := min(from+e.Length, len(text))
	start := strings.LastIndexByte(text[:from], '\n') + 1
	line, _, _ := strings.Cut(text[start:], "\n")
	to = min(to, start+len(line))

	// Tabs stay tabs, so that the carets stand right whatever a tab's width is.
	indent := strings.Map(func(r rune) rune {
		if r == '\t' {
			return r
		}
		return ' '
	}, text[start:from])
	carets := strings.Repeat("^", max(1, utf8.RuneCountInString(text[from:max(from, to)])))
	return line + "\n" + indent + carets + "\n"
}
