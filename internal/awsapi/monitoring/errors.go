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

// errorType returns the type of an error in AWS JSON and CBOR: errors of the model have CloudWatch's namespace, the one for members that
// violate their shapes has that of AWS's framework.
//
// Source: both namespaces were recorded; which errors are of the model is AWS's, of 2026-08-07.
func errorType(code string) string {
	switch code {
	case "ValidationException":
		return "com.amazon.coral.validate#ValidationException"
	case "ConcurrentModificationException", "ConflictException", "DashboardInvalidInputError", "DashboardNotFoundError", "InternalServiceFault",
		"InvalidFormatFault", "InvalidNextToken", "InvalidParameterCombinationException", "InvalidParameterValueException",
		"LimitExceededException", "LimitExceededFault", "MissingRequiredParameterException", "ResourceConflict", "ResourceNotFound",
		"ResourceNotFoundException":
		return "com.amazonaws.cloudwatch.v2010_08_01#" + code
	}
	return code // of the protocol
}

// invalidValue says that a value of a member is not taken.
func invalidValue(format string, args ...any) error {
	return awsapi.Errorf("InvalidParameterValueException", format, args...)
}

// missing says that a member must be there.
func missing(name string) error {
	return awsapi.Errorf("MissingRequiredParameterException", "The parameter %s is required.", name)
}
