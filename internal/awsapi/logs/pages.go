package logs

import "weir/internal/awsapi"

func pageToken(operation, key string) string { return awsapi.PageToken(operation, key) }

func pageKey(operation, token string) (string, error) {
	key, ok := awsapi.PageKey(operation, token)
	if !ok {
		return "", errToken
	}
	return key, nil
}

// page returns the elements behind a token, at most limit, and the token of the next page; see [awsapi.Page].
func page[T any](operation, token string, limit int64, descending bool, list []T, key func(T) string) ([]T, string, error) {
	shown, next, ok := awsapi.Page(operation, token, limit, descending, list, key)
	if !ok {
		return nil, "", errToken
	}
	return shown, next, nil
}

// or returns n, or where it is 0 another number.
func or(n int32, other int64) int64 {
	if n == 0 {
		return other
	}
	return int64(n)
}
