package flowlog

import (
	"errors"
	"fmt"
	"strings"
)

// Errors of whole objects. They are wrapped with what was seen; ask with
// [errors.Is].
var (
	// ErrNotFlowLog says that nothing marks the object as a flow log in a form
	// that this package reads.
	ErrNotFlowLog = errors.New("no flow log")
	// ErrNoFormat says that the object may be a flow log, but has no header,
	// is not in the default format, and no format was given.
	ErrNoFormat = errors.New("format unknown")
	// ErrTruncated says that the object ends before its end: what could be
	// read before was yielded.
	ErrTruncated = errors.New("object is cut off")
	// ErrCorrupt says that the object's compression or container is damaged:
	// what could be read before was yielded.
	ErrCorrupt = errors.New("object is damaged")
	// ErrTooLarge says that a Parquet object came from a reader without random
	// access and is too large to be held in memory.
	ErrTooLarge = errors.New("object is too large")
)

// A LineError says why one record of an object was not taken, and where it
// stands.
type LineError struct {
	// Line is the 1-based line, in text and JSON. With Row it is the 1-based row
	// of Parquet.
	Line int
	// Row says that the record is a row of Parquet.
	Row bool
	// Column is the 1-based byte in the line at which the fault stands, or 0
	// where it is not one place.
	Column int
	// Field is the field in question, or "".
	Field string
	// Text is the line, shortened.
	Text string
	// Reason says what is wrong, without the place.
	Reason string
}

// Error returns place and reason: "line 3, column 12: srcport: ...".
func (e *LineError) Error() string {
	var s strings.Builder
	place := "line"
	if e.Row {
		place = "row"
	}
	fmt.Fprintf(&s, "%s %d", place, e.Line)
	if e.Column > 0 {
		fmt.Fprintf(&s, ", column %d", e.Column)
	}
	s.WriteString(": ")
	if e.Field != "" {
		s.WriteString(e.Field + ": ")
	}
	s.WriteString(e.Reason)
	return s.String()
}
