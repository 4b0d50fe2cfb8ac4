package cli

import (
	"io"
	"strings"
	"unicode"
)

// printable returns a text as one line that a terminal shows and does not obey: the
// keys of objects and what stands in logs were written by others, and controls in
// them could move the cursor, hide text or set a title. Controls and marks that turn
// the direction of writing become U+FFFD.
func printable(s string) string { return withoutControls(s, "") }

// printableLines is printable for a text of several lines.
func printableLines(s string) string { return withoutControls(s, "\n\t") }

// withoutControls replaces controls but for those to keep, and bytes that are no
// UTF-8: to some terminals the byte 9B is a control.
func withoutControls(s, keep string) string {
	return strings.Map(func(r rune) rune {
		if (unicode.IsControl(r) || turnsText(r)) && !strings.ContainsRune(keep, r) {
			return unicode.ReplacementChar
		}
		return r
	}, s)
}

// turnsText reports whether a mark embeds, overrides or isolates a direction of
// writing, so that what follows is shown in another order than it has.
func turnsText(r rune) bool { return r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 }

// people is a writer of lines for people: it makes them printable. Each write is of
// whole characters.
type people struct{ w io.Writer }

// Write writes a text.
func (p people) Write(text []byte) (int, error) {
	if _, err := io.WriteString(p.w, printableLines(string(text))); err != nil {
		return 0, err
	}
	return len(text), nil
}

// output is stdout. It keeps the first error of a write, so that commands may write
// line after line and the end still tells when one was lost.
type output struct {
	w   io.Writer
	err error
}

// Write writes on until the first error.
func (o *output) Write(p []byte) (int, error) {
	if o.err != nil {
		return 0, o.err
	}
	n, err := o.w.Write(p)
	o.err = err
	return n, err
}
