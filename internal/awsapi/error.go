package awsapi

import (
	"fmt"
	"net/http"
)

// An Error is an error that a client gets.
type Error struct {
	// Code is AWS's name of the error, such as "ResourceNotFoundException".
	Code string
	// Status is the HTTP status; 0 is 400.
	Status int
	// Message is for people.
	Message string
	// Members are further members of the error's body, nil for none.
	Members map[string]any
}

// Error returns the code and the message.
func (e *Error) Error() string { return e.Code + ": " + e.Message }

// Errorf makes an Error with status 400.
func Errorf(code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

func serialization(format string, args ...any) *Error {
	return Errorf("SerializationException", format, args...)
}

func unknownOperation() *Error {
	return &Error{Code: "UnknownOperationException", Status: http.StatusNotFound, Message: "the operation is not one that this server answers"}
}
