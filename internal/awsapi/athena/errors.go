package athena

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"weir/internal/athenasql"
	"weir/internal/awsapi"
)

// invalidAs makes an InvalidRequestException with a finer code. Athena sends the code twice, and the text as Message.
//
// Source: bodies that others saw in September 2026 (docs/reference/athena-api.md).
func invalidAs(code, format string, args ...any) *awsapi.Error {
	message := fmt.Sprintf(format, args...)
	return &awsapi.Error{Code: "InvalidRequestException", Message: message, Members: map[string]any{
		"AthenaErrorCode": code, "ErrorCode": code, "Message": message,
	}}
}

func invalid(format string, args ...any) *awsapi.Error {
	return invalidAs("INVALID_INPUT", format, args...)
}

func notFound(arn, format string, args ...any) error {
	message := fmt.Sprintf(format, args...)
	members := map[string]any{"Message": message}
	if arn != "" {
		members["ResourceName"] = arn
	}
	return &awsapi.Error{Code: "ResourceNotFoundException", Message: message, Members: members}
}

func tooMany() error {
	const message = "You have exceeded the limit for the number of queries you can run concurrently. Please reduce the number of concurrent queries submitted by this account. Contact customer support to request a concurrent query limit increase."
	return &awsapi.Error{Code: "TooManyRequestsException", Message: message, Members: map[string]any{
		"Message": message, "Reason": "CONCURRENT_QUERY_LIMIT_EXCEEDED",
	}}
}

var errToken = invalid("The NextToken is not one of this request.")

func noExecution(id string) error {
	return invalidAs("QUERY_EXECUTION_NOT_FOUND", "QueryExecution %s was not found", id)
}

// malformed makes the error for a statement that was refused by its text alone: its place and its words, without the code.
func malformed(e *athenasql.Error) error {
	text := e.Message
	if e.Line > 0 {
		text = fmt.Sprintf("line %d:%d: %s", e.Line, e.Column, e.Message)
	}
	if e.Code == athenasql.CodeNotSupported {
		text = "Queries of this type are not supported: " + text
	}
	return invalidAs("MALFORMED_QUERY", "%s", withHint(text, e.Hint))
}

func withHint(text, hint string) string {
	if hint == "" {
		return text
	}
	return text + " (" + hint + ")"
}

// violations says what of a request violates the model, in Athena's words: without values, and members begin in lower case.
func violations(_ []byte, e *awsapi.Invalid) *awsapi.Error {
	out := awsapi.Invalid{Violations: make([]string, len(e.Violations))}
	const middle = "' failed to satisfy constraint: "
	for i, v := range e.Violations {
		out.Violations[i] = v
		at := strings.LastIndex(v, middle) // a value may have it, too
		if at < 0 {
			continue
		}
		value, path, _ := cutLast(v[:at], " at '")
		if value != "Value null" {
			value = "Value"
		}
		members := strings.Split(path, ".")
		for j, m := range members {
			first, size := utf8.DecodeRuneInString(m)
			members[j] = string(unicode.ToLower(first)) + m[size:]
		}
		out.Violations[i] = value + " at '" + strings.Join(members, ".") + v[at:]
	}
	return invalid("%s", out.Error())
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// errIdempotent says that a client token was used before with other parameters.
var errIdempotent = invalidAs("IDEMPOTENT_PARAMETER_MISMATCH", "Idempotent parameters do not match")

// said returns the finer code and the text of an error that invalidAs made.
func said(err error) (code, message string) {
	e := new(awsapi.Error)
	if !errors.As(err, &e) {
		return "", err.Error()
	}
	code, _ = e.Members["ErrorCode"].(string)
	return code, e.Message
}

// checkQueryBytes refuses texts that are too long in UTF-8, which the model counts in characters.
//
// Source: AWS, Athena User Guide, "Service Quotas": 262,144 bytes.
func checkQueryBytes(text string) error {
	if len(text) > maxQuery {
		return invalid("The query string has %d bytes, and can have no more than %d.", len(text), maxQuery)
	}
	return nil
}
