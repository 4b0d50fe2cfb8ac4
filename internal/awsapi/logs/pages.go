package logs

import (
	"encoding/base64"
	"slices"
	"strings"
)

// A list is paged by keys: texts by which its elements are ordered, and that never change. A token is
// the key of the last element that was given.

func pageToken(operation, key string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(operation + "\x00" + key))
}

func pageKey(operation, token string) (string, error) {
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		return "", errToken
	}
	op, key, ok := strings.Cut(string(raw), "\x00")
	if !ok || op != operation || pageToken(op, key) != token {
		return "", errToken
	}
	return key, nil
}

// page returns the elements behind a token, at most limit, and the token of the next page, "" at the
// end. The list is in the order of its keys, or with descending in the reverse.
func page[T any](operation, token string, limit int64, descending bool, list []T, key func(T) string) ([]T, string, error) {
	if token != "" {
		last, err := pageKey(operation, token)
		if err != nil {
			return nil, "", err
		}
		i := slices.IndexFunc(list, func(e T) bool {
			if descending {
				return key(e) < last
			}
			return key(e) > last
		})
		if i < 0 {
			i = len(list)
		}
		list = list[i:]
	}
	if int64(len(list)) <= limit {
		return list, "", nil
	}
	list = list[:limit]
	return list, pageToken(operation, key(list[limit-1])), nil
}

// or returns n, or where it is 0 another number.
func or(n int32, other int64) int64 {
	if n == 0 {
		return other
	}
	return int64(n)
}
