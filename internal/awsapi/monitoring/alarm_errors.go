package monitoring

import (
	"cmp"
	"errors"

	"weir/internal/alarm"
	"weir/internal/awsapi"
	"weir/internal/contributor"
)

// validation says that a request is not one that AWS, or this server, takes.
func validation(format string, args ...any) error {
	return awsapi.Errorf("ValidationException", format, args...)
}

var errToken = awsapi.Errorf("InvalidNextToken", "The next token specified is invalid.")

// alarmCodes are the names of errors in AWS JSON and CBOR, by the codes of package alarm, which are AWS Query's.
var alarmCodes = map[string]string{
	"InvalidParameterCombination": "InvalidParameterCombinationException",
	"InvalidParameterValue":       "InvalidParameterValueException",
	"LimitExceeded":               "LimitExceededFault",
	"ValidationError":             "ValidationException",
}

// statuses are those of errors that have another than 400.
var statuses = map[string]int{"ResourceConflict": 409, "ResourceNotFound": 404}

// answer makes an error of the rooms below one that clients get; nil stays nil.
func answer(err error) error {
	ofAlarm, definition := new(alarm.Error), new(contributor.Error)
	value, limit := new(contributor.InvalidError), new(contributor.LimitError)
	switch {
	case errors.As(err, &ofAlarm):
		return &awsapi.Error{Code: cmp.Or(alarmCodes[ofAlarm.Code], ofAlarm.Code), Status: statuses[ofAlarm.Code], Message: ofAlarm.Message}
	case errors.Is(err, contributor.ErrNoRule):
		return &awsapi.Error{Code: "ResourceNotFoundException", Status: 404, Message: "The specified rule does not exist."}
	case errors.As(err, &definition):
		return invalidValue("%s", definition.Error())
	case errors.As(err, &value):
		return invalidValue("%s", value.Message)
	case errors.As(err, &limit):
		return awsapi.Errorf("LimitExceededException", "%s", limit.Message)
	}
	return err
}
