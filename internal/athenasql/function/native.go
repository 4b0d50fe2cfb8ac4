package function

import (
	"slices"

	"weir/internal/athenasql"
)

// Natives returns the functions in Go that the SQL of this package calls, for the engine to register.
func Natives() []Native {
	return slices.Concat([]Native{{Name: failNative, Args: []string{"VARCHAR"}, Result: "BIGINT", Do: func(args []any) (any, error) {
		if err, ok := Failure(args[0].(string)); ok {
			return nil, err
		}
		return nil, failed("%s", args[0])
	}}}, castNatives, stringNatives, regexpNatives, urlNatives, jsonNatives, datetimeNatives, ipNatives, mathNatives, binaryNatives, aggregateNatives)
}

// failed is the error of an argument that is wrong in a row.
func failed(format string, args ...any) error {
	return athenasql.Errorf(athenasql.CodeInvalidArgument, athenasql.Span{}, format, args...)
}

// textNative is a native of texts that gives a value.
func textNative(name, result string, args int, do func(s []string) (any, error)) Native {
	n := Native{Name: name, Result: result, Args: slices.Repeat([]string{"VARCHAR"}, args)}
	n.Do = func(values []any) (any, error) {
		var s [4]string
		for i, v := range values {
			s[i] = v.(string)
		}
		return do(s[:len(values)])
	}
	return n
}
