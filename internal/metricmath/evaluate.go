package metricmath

import "context"

// Check says what is wrong with queries: an *Error.
func Check(queries []Query) error { return &Error{Offset: -1, Text: "no query is taken yet"} }

// Evaluate returns what the queries that return data give from the time from up to to, in seconds since the epoch, in their order.
//
// Errors: an *Error where the queries are wrong, else what the source returned.
func Evaluate(ctx context.Context, src Source, queries []Query, from, to int64) ([]Series, error) {
	return nil, Check(queries)
}
