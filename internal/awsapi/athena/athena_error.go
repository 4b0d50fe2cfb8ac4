package athena

import (
	"context"
	"errors"
	"time"

	"weir/internal/athenasql"
)

// athenaError says why a query failed.
type athenaError struct {
	Category  int32  `json:"ErrorCategory"`
	Type      int32  `json:"ErrorType"`
	Retryable bool   `json:"Retryable"`
	Message   string `json:"ErrorMessage"`
}

// Categories and types of errors.
//
// Source: AWS, Athena User Guide, "Athena error catalog".
const (
	systemError = 1
	userError   = 2

	engineType   = 200
	timeoutType  = 206
	deliveryType = 401
	userType     = 1000
)

// errorTypes are the types of errors that a statement can have. Others are userType.
//
// Source: AWS, Athena User Guide, "Athena error catalog"; of the first eight it was seen.
var errorTypes = map[string]int32{
	athenasql.CodeTableNotFound:    1301,
	athenasql.CodeSchemaNotFound:   1301,
	athenasql.CodeColumnNotFound:   1006,
	athenasql.CodeTypeMismatch:     1002,
	athenasql.CodeFunctionNotFound: 1303,
	athenasql.CodeDivisionByZero:   1001,
	athenasql.CodeInvalidCast:      1100,
	athenasql.CodeNotSupported:     1200,
	athenasql.CodeSyntax:           1006,
	athenasql.CodeInvalidArgument:  1106,
	athenasql.CodeInvalidView:      1107,
	athenasql.CodeInvalidTable:     1103,
	athenasql.CodeBadData:          1001,
	athenasql.CodePermission:       1500,
}

// deliveryError says that a result could not be written to its output location.
type deliveryError struct {
	location string
	err      error
}

// Error says where it should have been written.
func (e *deliveryError) Error() string {
	return "the statement was run, and its result could not be written to " + e.location + ": " + e.err.Error()
}

// Unwrap returns the cause.
func (e *deliveryError) Unwrap() error { return e.err }

// errStopped is the cause of queries that end with the server, errTimeout that of those that took too long.
var (
	errStopped = errors.New("the server was stopped")
	errTimeout = errors.New("the query took too long")
)

// end says how a query ended of which err came, nil for none: its state, the reason for people, and the error where it failed. ctx is the query's.
func end(ctx context.Context, err error, id, text string, timeout time.Duration) (state, reason string, e *athenaError) {
	fail := func(category, kind int32, retryable bool, message string) (string, string, *athenaError) {
		return failed, message, &athenaError{Category: category, Type: kind, Retryable: retryable, Message: message}
	}
	wrong, delivery := new(athenasql.Error), new(deliveryError)
	switch cause := context.Cause(ctx); {
	case err == nil:
		return succeeded, "", nil
	case errors.Is(cause, errStopped):
		return fail(systemError, engineType, true, "INTERNAL_ERROR: the server was stopped while the query ran. Run it again.")
	case errors.Is(cause, errTimeout):
		return fail(systemError, timeoutType, false, "EXCEEDED_TIME_LIMIT: Query timeout: it took longer than "+timeout.String())
	case cause != nil:
		return cancelled, "Query cancelled by user", nil
	case errors.Is(err, ErrCutoff):
		return cancelled, "Bytes scanned limit was exceeded: the workgroup's BytesScannedCutoffPerQuery is less than the query would scan", nil
	case errors.Is(err, errTooLarge):
		return fail(userError, userType, false, "EXCEEDED_LIMIT: the result is larger than the server keeps of one query. Ask for fewer rows or columns.")
	case errors.As(err, &delivery):
		return fail(systemError, deliveryType, true, delivery.Error())
	case errors.As(err, &wrong):
		kind, ok := errorTypes[wrong.Code]
		if !ok {
			kind = userType
		}
		return fail(userError, kind, false, withHint(wrong.Place(text).Error(), wrong.Hint))
	}
	return fail(systemError, engineType, true, "GENERIC_INTERNAL_ERROR: the query could not be run; the server's log says why, at query "+id)
}
