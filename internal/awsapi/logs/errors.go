package logs

import (
	"encoding/json"
	"errors"
	"fmt"

	"weir/internal/awsapi"
	"weir/internal/insights"
	"weir/internal/logstore"
)

func invalid(format string, args ...any) error {
	return awsapi.Errorf("InvalidParameterException", format, args...)
}

func notFound(format string, args ...any) error {
	return awsapi.Errorf("ResourceNotFoundException", format, args...)
}

func limitExceeded(format string, args ...any) error {
	return awsapi.Errorf("LimitExceededException", format, args...)
}

var (
	errNoGroup  = notFound("The specified log group does not exist.")
	errNoStream = notFound("The specified log stream does not exist.")
	errNoQuery  = notFound("The specified query does not exist.")
	errToken    = invalid("The specified nextToken is invalid.")
)

func readOnly(group string) error {
	return invalid("The log group %s is read-only: its events are the flow log records of the lake.", group)
}

// answer makes an error of the store one that clients get.
func answer(err error) error {
	wrong := new(logstore.InvalidError)
	switch {
	case errors.As(err, &wrong):
		return invalid("%s", wrong.Message)
	case errors.Is(err, logstore.ErrNoGroup):
		return errNoGroup
	case errors.Is(err, logstore.ErrNoStream):
		return errNoStream
	case errors.Is(err, logstore.ErrGroupExists):
		return awsapi.Errorf("ResourceAlreadyExistsException", "The specified log group already exists")
	case errors.Is(err, logstore.ErrStreamExists):
		return awsapi.Errorf("ResourceAlreadyExistsException", "The specified log stream already exists")
	case errors.Is(err, logstore.ErrReadOnly):
		return invalid("The log group is read-only: its events are the flow log records of the lake.")
	}
	return err
}

// malformed makes AWS's error of a query that does not parse or is refused. Offsets are in
// characters.
func malformed(text string, e *insights.Error) error {
	chars := func(offset int) int { return len([]rune(text[:min(max(offset, 0), len(text))])) }
	message := e.Message
	if e.Hint != "" {
		message = fmt.Sprintf("%s (%s)", e.Message, e.Hint)
	}
	return &awsapi.Error{Code: "MalformedQueryException", Message: message, Members: map[string]any{
		"queryCompileError": map[string]any{
			"location": map[string]any{"startCharOffset": chars(e.Start), "endCharOffset": chars(e.End)},
			"message":  message,
		},
	}}
}

// ownWords gives the error for names that are too long, which AWS says otherwise.
func ownWords(body []byte, _ *awsapi.Invalid) *awsapi.Error {
	var names struct {
		Group  string `json:"logGroupName"`
		Stream string `json:"logStreamName"`
	}
	_ = json.Unmarshal(body, &names) // it was decoded before
	if len(names.Group) > 512 || len(names.Stream) > 512 {
		return awsapi.Errorf("InvalidParameterException", "Invalid LogGroup or LogStream, both must have length less than or equal to 512.")
	}
	return nil
}
