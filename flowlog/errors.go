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
	// ErrUnreadable says that the object is a flow log in a form that this package
	// does not read: Parquet with columns of wrong types, or compressed in a way
	// that can't be undone here.
	ErrUnreadable = errors.New("object can't be read")
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
	// where it is not one place, or within a message in JSON.
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
	s.WriteString(": " + e.what())
	return s.String()
}

// what returns field and reason.
func (e *LineError) what() string {
	if e.Field == "" {
		return e.Reason
	}
	return e.Field + ": " + e.Reason
}
