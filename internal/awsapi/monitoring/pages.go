package monitoring

import "weir/internal/awsapi"

// page returns the elements behind a token, at most limit or else other, and the token of the next page; see [awsapi.Page].
func page[T any](operation, token string, limit *int32, other int64, list []T, key func(T) string) ([]T, string, error) {
	shown, next, ok := awsapi.Page(operation, token, or(limit, other), false, list, key)
	if !ok {
		return nil, "", errToken
	}
	return shown, next, nil
}

// or returns n, or where it was not given another number.
func or(n *int32, other int64) int64 {
	if n == nil {
		return other
	}
	return int64(*n)
}
