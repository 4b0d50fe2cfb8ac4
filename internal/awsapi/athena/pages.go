package athena

import "weir/internal/awsapi"

// maxPage is the greatest page of lists, and that of requests that say none.
const maxPage = 50

// page returns the elements of a list, in the order of their keys, behind a token.
func page[T any](operation, token string, limit int32, list []T, key func(T) string) ([]T, string, error) {
	return pageOf(operation, token, limit, false, list, key)
}

func pageOf[T any](operation, token string, limit int32, descending bool, list []T, key func(T) string) ([]T, string, error) {
	if limit == 0 {
		limit = maxPage
	}
	shown, next, ok := awsapi.Page(operation, token, int64(limit), descending, list, key)
	if !ok {
		return nil, "", errToken
	}
	return shown, next, nil
}
