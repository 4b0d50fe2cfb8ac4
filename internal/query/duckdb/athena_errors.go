package duckdb

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"weir/internal/athenasql"
	"weir/internal/athenasql/function"
	"weir/internal/query"
)

// limitError is an error of a statement that is [query.ErrLimit] too.
type limitError struct{ of *athenasql.Error }

// Unwrap returns the error of the statement and the kind of the limit.
func (e *limitError) Unwrap() []error { return []error{e.of, query.ErrLimit} }

func (e *limitError) Error() string { return e.of.Error() }

// internalError is a query that DuckDB does not take, though package compile made it. Its text says nothing of DuckDB.
type internalError struct{ cause error }

func (e *internalError) Error() string {
	return athenasql.CodeNotSupported + ": the statement came to SQL that can't be run: this is a fault of weir"
}

func (e *internalError) Unwrap() error { return e.cause }

// athenaError returns an error of a query by the name that Athena gives it, in words of Trino.
func athenaError(err error) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	if _, ok := errors.AsType[*athenasql.Error](err); ok {
		return err
	}
	err = parseError(err, 0)
	e, ok := errors.AsType[*duckError](err)
	if !ok {
		if errors.Is(err, query.ErrLimit) || errors.Is(err, context.DeadlineExceeded) {
			text := strings.TrimPrefix(err.Error(), query.ErrLimit.Error()+": ")
			return &limitError{athenasql.Errorf(athenasql.CodeExceededLimit, athenasql.Span{}, "Query timeout: %s", text)}
		}
		return err
	}
	return athenaErrorOf(e)
}

// numbersOutOfRange are texts of DuckDB about numbers, whatever class it gives them.
var numbersOutOfRange = regexp.MustCompile(`(?i)overflow|out of range|not finite`)

func athenaErrorOf(e *duckError) error {
	none := athenasql.Span{}
	text := e.Error()
	if f, ok := function.Failure(e.Text); ok && f.Message != text {
		return f
	}
	if strings.Contains(text, "depth limit") {
		return &limitError{athenasql.Errorf(athenasql.CodeExceededLimit, none, "an expression of the statement is nested too deeply, or has too many operators in a row").
			WithHint("compute parts of it in a subquery; lists (IN, concat, greatest) may be long")}
	}
	switch e.Class {
	case "Out of Memory":
		return &limitError{athenasql.Errorf(athenasql.CodeExceededLimit, none, "Query exhausted resources at this scale factor").
			WithHint("read fewer partitions, or group by fewer values")}
	case "Out of Range":
		return athenasql.Errorf(athenasql.CodeOutOfRange, none, "%s", outOfRange(text))
	case "Conversion":
		if numbersOutOfRange.MatchString(text) && !strings.Contains(text, "string") {
			return athenasql.Errorf(athenasql.CodeOutOfRange, none, "%s", outOfRange(text))
		}
		return athenasql.Errorf(athenasql.CodeInvalidCast, none, "%s", cannotCast(text))
	case "Invalid Input":
		switch {
		case strings.Contains(text, "More than one row returned by a subquery"):
			return athenasql.Errorf(athenasql.CodeSubqueryRows, none, "Scalar sub-query has returned multiple rows")
		case numbersOutOfRange.MatchString(text):
			return athenasql.Errorf(athenasql.CodeOutOfRange, none, "%s", outOfRange(text))
		case strings.Contains(strings.ToLower(text), "division by zero"):
			return athenasql.Errorf(athenasql.CodeDivisionByZero, none, "Division by zero")
		}
		return athenasql.Errorf(athenasql.CodeInvalidArgument, none, "an argument of a function is out of what it takes")
	}
	return &internalError{fmt.Errorf("%s: %w", e.Class, e)}
}

// duckTypes are what DuckDB's messages call types, and what Trino does.
var duckTypes = map[string]string{
	"INT8": "tinyint", "INT16": "smallint", "INT32": "integer", "INT64": "bigint", "INT128": "decimal", "FLOAT": "real", "DOUBLE": "double",
	"TIMESTAMP": "timestamp", "TIMESTAMP WITH TIME ZONE": "timestamp with time zone", "DATE": "date", "TIME": "time", "BOOL": "boolean", "BOOLEAN": "boolean",
	"TINYINT": "tinyint", "SMALLINT": "smallint", "INTEGER": "integer", "BIGINT": "bigint", "HUGEINT": "bigint",
}

var (
	convertString = regexp.MustCompile(`(?i)could not convert string ['"](.*)['"] to '?([A-Z0-9]+)`)
	invalidField  = regexp.MustCompile(`(?i)invalid (date|timestamp|time)[a-z ]* ?(?:field )?(?:format|string)?[^"]*"(.*?)"`)
	dateOutOf     = regexp.MustCompile(`(?i)(?:date|timestamp|time) field value out of range: "(.*?)"`)
	valueOf       = regexp.MustCompile(`(?i)type ([A-Z0-9]+) with value ([-+.0-9eE]+) can't be cast.* for the destination type ([A-Z0-9]+)`)
	valueTo       = regexp.MustCompile(`(?i)could not cast value (\S+) to ([A-Z0-9(),]+)`)
	inOperation   = regexp.MustCompile(`(?i)overflow in (addition|subtraction|multiplication|negation|abs) of ([A-Z0-9]+)`)
)

// cannotCast says what a conversion error is about.
func cannotCast(text string) string {
	if m := convertString.FindStringSubmatch(text); m != nil {
		to := strings.TrimSpace(m[2])
		if t, ok := duckTypes[to]; ok {
			to = t
		}
		return fmt.Sprintf("Cannot cast '%s' to %s", m[1], strings.ToLower(to))
	}
	if m := dateOutOf.FindStringSubmatch(text); m != nil {
		return fmt.Sprintf("Value cannot be cast to date or timestamp: %s", m[1])
	}
	if m := invalidField.FindStringSubmatch(text); m != nil {
		return fmt.Sprintf("Value cannot be cast to %s: %s", strings.ToLower(m[1]), m[2])
	}
	if m := valueTo.FindStringSubmatch(text); m != nil {
		return fmt.Sprintf("Cannot cast '%s' to %s", m[1], m[2])
	}
	return "Value cannot be cast"
}

// outOfRange says which number is too large.
func outOfRange(text string) string {
	if m := valueOf.FindStringSubmatch(text); m != nil {
		if to, ok := duckTypes[m[3]]; ok {
			return fmt.Sprintf("Out of range for %s: %s", to, m[2])
		}
	}
	if m := inOperation.FindStringSubmatch(text); m != nil {
		of := m[2]
		if t, ok := duckTypes[of]; ok {
			of = t
		}
		return fmt.Sprintf("%s %s overflow", of, strings.ToLower(m[1]))
	}
	return "a number is out of the range of its type"
}
