package monitoring

import "weir/internal/awsapi"

// queryCodes are the codes of errors in AWS Query, by their names in the other protocols.
//
// Source: AWS, the service's model of 2026-08-07.
var queryCodes = map[string]string{
	"DashboardInvalidInputError":           "InvalidParameterInput",
	"DashboardNotFoundError":               "ResourceNotFound",
	"InternalServiceFault":                 "InternalServiceError",
	"InvalidFormatFault":                   "InvalidFormat",
	"InvalidParameterCombinationException": "InvalidParameterCombination",
	"InvalidParameterValueException":       "InvalidParameterValue",
	"LimitExceededFault":                   "LimitExceeded",
	"MissingRequiredParameterException":    "MissingParameter",
	"ValidationException":                  "ValidationError",
}

// invalidValue says that a value of a member is not taken.
func invalidValue(format string, args ...any) error {
	return awsapi.Errorf("InvalidParameterValueException", format, args...)
}

// missing says that a member must be there.
func missing(name string) error {
	return awsapi.Errorf("MissingRequiredParameterException", "The parameter %s is required.", name)
}
