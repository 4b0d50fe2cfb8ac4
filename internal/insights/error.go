package insights

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// An Error says what is wrong with a query, and where.
type Error struct {
	// Span is the place; it is empty at the end of the text.
	Span
	// Message says what is wrong, Hint what would be right; Hint may be "".
	Message, Hint string
}

// Error returns the message alone; [Error.Excerpt] shows the place.
func (e *Error) Error() string { return e.Message }

// within returns the place, cut to a text.
func (e *Error) within(text string) (from, to int) {
	from = max(0, min(e.Start, len(text)))
	return from, max(from, min(e.End, len(text)))
}

// Line returns the number of the line in which the fault begins, and its column in characters, both
// from 1 on.
func (e *Error) Line(text string) (line, column int) {
	from, _ := e.within(text)
	before := text[:from]
	start := strings.LastIndexByte(before, '\n') + 1
	return strings.Count(before, "\n") + 1, utf8.RuneCountInString(before[start:]) + 1
}

// Characters returns the place as offsets in characters (Unicode code points), the end exclusive:
// startCharOffset and endCharOffset of MalformedQueryException. AWS does not say what a character is.
func (e *Error) Characters(text string) (start, end int) {
	from, to := e.within(text)
	start = utf8.RuneCountInString(text[:from])
	return start, start + utf8.RuneCountInString(text[from:to])
}

// excerptSide is how many characters of a line an excerpt shows at most on each side of the fault.
const excerptSide = 70

// Excerpt returns the line of the text in which the fault is, of a long one the part around it, and below
// it a line of carets under the fault. Both lines end with a line feed.
func (e *Error) Excerpt(text string) string {
	from, to := e.within(text)
	start := strings.LastIndexByte(text[:from], '\n') + 1
	line, _, _ := strings.Cut(text[start:], "\n")
	line = strings.TrimSuffix(line, "\r")
	from = min(from, start+len(line))
	to = max(from, min(to, start+len(line)))

	before, fault, after := []rune(text[start:from]), []rune(text[from:to]), []rune(text[to:start+len(line)])
	if len(before) > excerptSide {
		before = append([]rune("..."), before[len(before)-excerptSide+3:]...)
	}
	if len(fault) > excerptSide {
		fault, after = append(fault[:excerptSide-3:excerptSide-3], []rune("...")...), nil
	}
	if len(after) > excerptSide {
		after = append(after[:excerptSide-3:excerptSide-3], []rune("...")...)
	}
	// Tabs stay tabs, so that the carets stand right whatever a tab's width is.
	indent := strings.Map(func(r rune) rune {
		if r == '\t' {
			return r
		}
		return ' '
	}, string(before))
	return string(before) + string(fault) + string(after) + "\n" + indent + strings.Repeat("^", max(1, len(fault))) + "\n"
}

// Report returns all of it for a person: message, line and column, excerpt and hint, by lines.
func (e *Error) Report(text string) string {
	line, column := e.Line(text)
	s := fmt.Sprintf("line %d, column %d: %s\n%s", line, column, e.Message, e.Excerpt(text))
	if e.Hint != "" {
		s += e.Hint + "\n"
	}
	return s
}

// A bail carries an Error out of the parser or the checker. Both are recursive, and each of their steps
// can fail; only [guard] recovers it.
type bail struct{ err *Error }

func fail(at Span, message, hint string) {
	panic(bail{&Error{Span: at, Message: message, Hint: hint}})
}

func failf(at Span, hint, format string, args ...any) {
	fail(at, fmt.Sprintf(format, args...), hint)
}

// guard runs a step and returns how it failed.
func guard(step func()) (err error) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case bail:
			err = r.err
		default:
			panic(r)
		}
	}()
	step()
	return nil
}
