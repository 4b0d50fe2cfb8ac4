package function

import (
	"encoding/json"
	"regexp"
	"strings"

	"weir/internal/athenasql"
)

// NativePrefix begins the names of all natives.
const NativePrefix = "trino_"

// failNative is the native that fails with the message that it is given: see [Fail].
const failNative = "trino_fail"

// Fail returns DuckDB's SQL that ends the query with an error when it is evaluated. Its type is NULL's, so that it can stand in any branch of a
// CASE or coalesce.
//
// DuckDB's own error() is no way to do it: it counts as volatile, which TRY refuses. The constant argument of a native that fails is not
// folded, so a branch that is not taken does not fail.
func Fail(code, message string) string { return FailExpr(code, quote(message)) }

// FailExpr is [Fail] with a message that is an expression of DuckDB's SQL, a text.
func FailExpr(code, message string) string {
	return "[NULL][" + failNative + "(" + quote(open+code+shut) + " || " + message + " || " + quote(end) + ")]"
}

// Marks of a message's parts within DuckDB's text.
const open, shut, end = "athena<", ">", "<athena>"

// FailText is the text of an error of a native that carries a code and a message to [Failure].
func FailText(code, message string) string { return open + code + shut + message + end }

var failText = regexp.MustCompile(`(?s)athena<([A-Z_]+)>(.*?)<athena>`)

// Failure reads back an error from what DuckDB says: one that [Fail] or a native raised, or one of DuckDB's own that Trino has too.
func Failure(text string) (*athenasql.Error, bool) {
	if _, below, ok := strings.Cut(text, "{"); ok {
		var e struct {
			Message string `json:"exception_message"`
		}
		if json.Unmarshal([]byte("{"+below), &e) == nil && e.Message != "" {
			text = e.Message
		}
	}
	if m := failText.FindStringSubmatch(text); m != nil {
		return &athenasql.Error{Code: m[1], Message: m[2]}, true
	}
	first, _, _ := strings.Cut(text, "\n")
	for _, own := range ownFailures {
		if strings.Contains(first, own.part) {
			if own.message != "" {
				first = own.message
			}
			return &athenasql.Error{Code: own.code, Message: first}, true
		}
	}
	return nil, false
}

// ownFailures are errors of DuckDB by a part of their text. A message of "" is DuckDB's.
var ownFailures = []struct{ part, code, message string }{
	{"More than one row returned by a subquery", athenasql.CodeSubqueryRows, "Scalar sub-query has returned multiple rows"},
	{"Map keys must be unique", athenasql.CodeInvalidArgument, "Duplicate map keys are not allowed"},
	{"Map keys can not be NULL", athenasql.CodeInvalidArgument, "map key cannot be null"},
	{"Failed to cast decimal value", athenasql.CodeInvalidCast, ""},
	{"failed: value is out of range", athenasql.CodeInvalidCast, ""},
	{"out of range for the destination type", athenasql.CodeOutOfRange, ""},
	{"Overflow in ", athenasql.CodeOutOfRange, ""},
	{"Overflow on ", athenasql.CodeOutOfRange, ""},
	{"Could not convert string", athenasql.CodeInvalidCast, ""},
	{"Could not cast value", athenasql.CodeInvalidCast, ""},
}

// quote returns a text as DuckDB's SQL.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
