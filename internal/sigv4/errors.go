package sigv4

import (
	"fmt"
	"net/http"
)

// Codes of AWS's answers to requests that can't be verified.
const (
	CodeMissing      = "MissingAuthenticationTokenException"
	CodeIncomplete   = "IncompleteSignatureException"
	CodeUnrecognized = "UnrecognizedClientException"
	CodeInvalid      = "InvalidSignatureException"
)

// An Error says why a request is not taken. Code and Message are for the client.
type Error struct {
	Code, Message string
	// Status is the HTTP status: 403 for all of them, as AWS's list of common errors has it.
	Status int
	// Hint is for whoever runs the server, and may be empty: what usually causes this.
	Hint string
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }

func refuse(code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...), Status: http.StatusForbidden}
}

func incomplete(format string, args ...any) *Error { return refuse(CodeIncomplete, format, args...) }

func invalid(format string, args ...any) *Error { return refuse(CodeInvalid, format, args...) }

// errToken is the answer to keys and to session tokens that are not known; AWS does not say which it is.
func errToken() *Error {
	return refuse(CodeUnrecognized, "The security token included in the request is invalid.")
}

// errMismatch is the answer to a signature that is not the one that the secret makes.
func errMismatch() *Error {
	e := invalid("The request signature we calculated does not match the signature you provided. " +
		"Check your AWS Secret Access Key and signing method. Consult the service documentation for details.")
	e.Hint = "the secret is another, or something between changed the request: a proxy must keep Host, the path and the body as they are"
	return e
}
