package sts

import "weir/internal/awsapi"

// An API answers STS's operations.
type API struct {
	// Account is the account of ARNs.
	Account string
	// Name returns what people call an access key, "" where there is no such key any more.
	Name func(accessKeyID string) string
}

// Service returns what a [awsapi.Router] needs to know.
func (a *API) Service() *awsapi.Service {
	return &awsapi.Service{
		Name: "sts", Version: "2011-06-15", Namespace: "https://sts.amazonaws.com/doc/2011-06-15/",
		InvalidCode: "ValidationError", QueryCodes: queryCodes, Unavailable: "InternalFailure", Operations: a.operations(),
	}
}

// queryCodes are STS's codes of errors that are of all services.
//
// Source: AWS, Security Token Service API Reference, "Common Errors".
var queryCodes = map[string]string{
	"IncompleteSignatureException":        "IncompleteSignature",
	"InvalidSignatureException":           "SignatureDoesNotMatch",
	"MissingAuthenticationTokenException": "MissingAuthenticationToken",
	"UnknownOperationException":           "InvalidAction",
	"UnrecognizedClientException":         "InvalidClientTokenId",
}

func (a *API) operations() map[string]awsapi.Operation {
	who := awsapi.Handle(a.getCallerIdentity)
	who.Unrestricted = true // AWS: no permissions are required
	return map[string]awsapi.Operation{"GetCallerIdentity": who}
}
