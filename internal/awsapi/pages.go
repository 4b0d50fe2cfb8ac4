package awsapi

import (
	"encoding/base64"
	"slices"
	"strings"
)

// A list is paged by keys: texts by which its elements are ordered, and that never change. A token is
// the key of the last element that was given.

// PageToken returns the token of a key, for an operation's pages.
func PageToken(operation, key string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(operation + "\x00" + key))
}

// PageKey returns the key of a token, false for one that [PageToken] did not make for the operation.
func PageKey(operation, token string) (string, bool) {
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		return "", false
	}
	op, key, ok := strings.Cut(string(raw), "\x00")
	return key, ok && op == operation && PageToken(op, key) == token
}

// Page returns the elements of a list behind a token ("" is the beginning), at most limit, and the token of the next page, "" at the
// end. The list is in the order of its keys, or with descending in the reverse. It is false where the token is none of
// the operation's.
func Page[T any](operation, token string, limit int64, descending bool, list []T, key func(T) string) (page []T, next string, ok bool) {
	if token != "" {
		last, ok := PageKey(operation, token)
		if !ok {
			return nil, "", false
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
		return list, "", true
	}
	list = list[:limit]
	return list, PageToken(operation, key(list[limit-1])), true
}
