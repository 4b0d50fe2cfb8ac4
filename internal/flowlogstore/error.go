package flowlogstore

import (
	"fmt"
	"strings"
)

// An Error is something wrong in what was asked for. Code is EC2's name of it.
type Error struct{ Code, Message string }

// Error returns the code and the message.
func (e *Error) Error() string { return e.Code + ": " + e.Message }

func refuse(code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

func invalid(format string, args ...any) *Error { return refuse("InvalidParameter", format, args...) }

// invalidValue says that a parameter has a value that is none of those it may have.
//
// Source: answers of EC2 that others show have these words for other parameters.
func invalidValue(parameter, value string, may ...string) *Error {
	return refuse("InvalidParameterValue", "Value (%s) for parameter %s is invalid. It can be %s.", value, parameter, strings.Join(may, ", "))
}

// missing says that a request lacks a parameter.
//
// Source: an answer of AWS that LocalStack recorded ("The request must contain the parameter size/snapshot").
func missing(parameter string) *Error {
	return refuse("MissingParameter", "The request must contain the parameter %s", parameter)
}

// NotFound returns the error for flow logs that there are none of.
//
// Source: moto; the code is AWS's.
func NotFound(ids []string) error {
	return refuse("InvalidFlowLogId.NotFound", "These flow log ids in the input list are not found: [TotalCount: %d] %s", len(ids), strings.Join(ids, " "))
}
