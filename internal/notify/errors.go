package notify

import (
	"errors"
	"fmt"
	"net/http"
)

// An Error is what a caller is told. Code is SNS's: InvalidParameter, ParameterValueInvalid, NotFound, ResourceNotFound, AuthorizationError, FilterPolicyLimitExceeded,
// TagLimitExceeded, or in answers to links InternalError.
type Error struct{ Code, Message string }

// Error returns the code and the message.
func (e *Error) Error() string { return e.Code + ": " + e.Message }

// Status returns the HTTP status that SNS gives the error.
func (e *Error) Status() int {
	switch e.Code {
	case "NotFound", "ResourceNotFound":
		return http.StatusNotFound
	case "AuthorizationError", "FilterPolicyLimitExceeded":
		return http.StatusForbidden
	case "InternalError":
		return http.StatusInternalServerError
	}
	return http.StatusBadRequest
}

func invalid(format string, args ...any) *Error {
	return &Error{"InvalidParameter", "Invalid parameter: " + fmt.Sprintf(format, args...)}
}

func notFound(what string) *Error { return &Error{"NotFound", what + " does not exist"} }

// badAttribute is what is wrong with the value of an attribute. SNS puts another beginning before it where the resource is made.
type badAttribute string

func (b badAttribute) Error() string { return string(b) }

func badf(format string, args ...any) error { return badAttribute(fmt.Sprintf(format, args...)) }

// asSet makes the error of an operation that sets an attribute, asCreated that of one that makes a resource.
func asSet(err error) error     { return prefixed("", err) }
func asCreated(err error) error { return prefixed("Attributes Reason: ", err) }

func prefixed(before string, err error) error {
	if b, ok := errors.AsType[badAttribute](err); ok {
		return invalid("%s%s", before, string(b))
	}
	return err
}
