package contributor

import (
	"errors"
	"fmt"
)

// ErrNoRule says that there is no rule of the name: AWS's ResourceNotFoundException.
var ErrNoRule = errors.New("the specified rule does not exist")

// An Error says what is wrong with the definition of a rule: AWS's InvalidParameterValue.
type Error struct {
	// Offset is where, in bytes from the beginning of the definition; Line and Column count from 1, columns in bytes.
	Offset, Line, Column int
	// Path is the member, such as Contribution.Filters[0].In; "" where the definition is no JSON, or no object.
	Path string
	// Message is AWS's where it is known: "MissingKey at LogFormat".
	Message string
	// Hint says what could be written instead, and may be empty.
	Hint string
}

// Error returns the message with the place and the hint, in one line.
func (e *Error) Error() string {
	s := fmt.Sprintf("%s (line %d, column %d)", e.Message, e.Line, e.Column)
	if e.Hint != "" {
		s += ": " + e.Hint
	}
	return s
}

// An InvalidError says that a parameter of a request is not one that AWS takes: its InvalidParameterValue.
type InvalidError struct{ Message string }

// Error returns the message.
func (e *InvalidError) Error() string { return e.Message }

// invalid returns an InvalidError.
func invalid(format string, args ...any) error { return &InvalidError{fmt.Sprintf(format, args...)} }

// A LimitError says that there are as many as there may be: AWS's LimitExceededException.
type LimitError struct{ Message string }

// Error returns the message.
func (e *LimitError) Error() string { return e.Message }
