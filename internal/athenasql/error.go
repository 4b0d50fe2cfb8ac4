package athenasql

import "fmt"

// Codes of errors, as Athena and Trino name them.
const (
	CodeSyntax            = "SYNTAX_ERROR"
	CodeNotSupported      = "NOT_SUPPORTED"
	CodeTableNotFound     = "TABLE_NOT_FOUND"
	CodeSchemaNotFound    = "SCHEMA_NOT_FOUND"
	CodeCatalogNotFound   = "CATALOG_NOT_FOUND"
	CodeColumnNotFound    = "COLUMN_NOT_FOUND"
	CodeFunctionNotFound  = "FUNCTION_NOT_FOUND"
	CodeTypeMismatch      = "TYPE_MISMATCH"
	CodeTypeNotFound      = "TYPE_NOT_FOUND"
	CodeAmbiguousName     = "AMBIGUOUS_NAME"
	CodeNotAggregate      = "EXPRESSION_NOT_AGGREGATE"
	CodeNestedAggregation = "NESTED_AGGREGATION"
	CodeNotScalar         = "EXPRESSION_NOT_SCALAR"
	CodeNotInDistinct     = "EXPRESSION_NOT_IN_DISTINCT"
	CodeMissingOver       = "MISSING_OVER"
	CodeNestedWindow      = "NESTED_WINDOW"
	CodeInvalidArguments  = "INVALID_ARGUMENTS"
	CodeInvalidLiteral    = "INVALID_LITERAL"
	CodeInvalidColumn     = "INVALID_COLUMN_REFERENCE"
	CodeInvalidLimit      = "INVALID_LIMIT_CLAUSE"
	CodeInvalidParameter  = "INVALID_PARAMETER_USAGE"
	CodeInvalidView       = "INVALID_VIEW"
	CodeMismatchedColumns = "MISMATCHED_COLUMN_ALIASES"
	CodeDuplicateColumn   = "DUPLICATE_COLUMN_NAME"
	CodeDuplicateName     = "DUPLICATE_NAMED_QUERY"
	CodeDivisionByZero    = "DIVISION_BY_ZERO"
	CodeInvalidCast       = "INVALID_CAST_ARGUMENT"
	CodeInvalidArgument   = "INVALID_FUNCTION_ARGUMENT"
	CodeOutOfRange        = "NUMERIC_VALUE_OUT_OF_RANGE"
	CodeSubqueryRows      = "SUBQUERY_MULTIPLE_ROWS"
	CodeTableExists       = "TABLE_ALREADY_EXISTS"
	CodeSchemaExists      = "SCHEMA_ALREADY_EXISTS"
	CodeSchemaNotEmpty    = "SCHEMA_NOT_EMPTY"
	CodePartitionNotFound = "PARTITION_NOT_FOUND"
	CodeInvalidTable      = "INVALID_TABLE_PROPERTY"
	CodeBadData           = "HIVE_BAD_DATA"
	CodeCursor            = "HIVE_CURSOR_ERROR"
	CodePermission        = "PERMISSION_DENIED"
	CodeExceededLimit     = "EXCEEDED_LIMIT"
)

// Span is a part of the text of a statement: bytes, End exclusive.
type Span struct{ Start, End int }

// Position returns the span itself: nodes have it by embedding.
func (s Span) Position() Span { return s }

// Error is what is wrong with a statement, and where. It is the user's to mend.
type Error struct {
	// Code is one of the Code constants.
	Code string
	// Span is the place in the text; the zero Span is none.
	Span Span
	// Line and Column count from 1, columns in characters; 0 where there is no place. [Place] sets them.
	Line, Column int
	// Message says what is wrong, Hint what would be right; Hint may be "".
	Message, Hint string
}

// Error returns the error as Athena shows it: "COLUMN_NOT_FOUND: line 1:8: Column 'x' cannot be resolved".
func (e *Error) Error() string {
	if e.Line == 0 {
		return e.Code + ": " + e.Message
	}
	return fmt.Sprintf("%s: line %d:%d: %s", e.Code, e.Line, e.Column, e.Message)
}

// Errorf returns an error of a place.
func Errorf(code string, at Span, format string, args ...any) *Error {
	return &Error{Code: code, Span: at, Message: fmt.Sprintf(format, args...)}
}

// WithHint adds to an error what would be right.
func (e *Error) WithHint(hint string) *Error { e.Hint = hint; return e }

// Place sets the line and column of an error of a text and returns it.
func (e *Error) Place(text string) *Error {
	if e.Span == (Span{}) && e.Line == 0 || e.Line > 0 {
		return e
	}
	e.Line, e.Column = 1, 1
	for _, r := range text[:min(e.Span.Start, len(text))] {
		if r == '\n' {
			e.Line, e.Column = e.Line+1, 0
		}
		e.Column++
	}
	return e
}
