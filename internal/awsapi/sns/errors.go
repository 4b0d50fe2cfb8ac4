package sns

import (
	"net/http"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"weir/internal/awsapi"
)

func invalid(format string, args ...any) error {
	return awsapi.Errorf("InvalidParameter", "Invalid parameter: "+format, args...)
}

func noValue(member string) error {
	return invalid("%s Reason: no value for required parameter", member)
}

// batchError makes an error of a batch as a whole.
func batchError(code, format string, args ...any) error {
	e := awsapi.Errorf(code, format, args...)
	e.Status = http.StatusBadRequest
	return e
}

// violations says what of a request violates the model in SNS's words: its members begin in lower case, and keys of maps are as they came.
func violations(_ []byte, e *awsapi.Invalid) *awsapi.Error {
	out := awsapi.Invalid{Violations: make([]string, len(e.Violations))}
	const before, behind = " at '", "' failed to satisfy constraint: "
	for i, v := range e.Violations {
		value, rest, _ := strings.Cut(v, before)
		path, constraint, _ := strings.Cut(rest, behind)
		members := strings.Split(path, ".")
		for j, m := range members {
			if j+1 < len(members) && members[j+1] == "member" {
				continue // a key, or a number
			}
			first, size := utf8.DecodeRuneInString(m)
			members[j] = string(unicode.ToLower(first)) + m[size:]
		}
		out.Violations[i] = value + before + strings.Join(members, ".") + behind + constraint
	}
	return awsapi.Errorf("ValidationException", "%s", out.Error())
}

// maxPage is how many elements a page of a list has.
const maxPage = 100

// page returns the elements of a list, in the order of their keys, behind a token.
func page[T any](operation, token string, list []T, key func(T) string) ([]T, string, error) {
	shown, next, ok := awsapi.Page(operation, token, maxPage, false, list, key)
	if !ok {
		return nil, "", invalid("NextToken")
	}
	return shown, next, nil
}

// boolean reads a member that the model has as a text.
func boolean(member, text string) (bool, error) {
	if text == "" {
		return false, nil
	}
	b, err := strconv.ParseBool(strings.ToLower(text))
	if err != nil {
		return false, invalid("%s Reason: it is true or false", member)
	}
	return b, nil
}
