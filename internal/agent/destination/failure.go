package destination

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
)

// A Class is what DescribeFlowLogs shows as DeliverLogsErrorMessage.
type Class string

// The classes. Source: EC2 API reference, FlowLog; VPC user guide, "Troubleshoot VPC Flow Logs".
const (
	AccessError  Class = "Access error"
	RateLimited  Class = "Rate limited"
	UnknownError Class = "Unknown error"
)

// A Failure says why an item was not delivered, or not whole: it is to be tried again later.
type Failure struct {
	Class Class
	Err   error
}

// Error returns AWS's words, then what was done and why it failed.
func (f *Failure) Error() string { return string(f.Class) + ": " + f.Err.Error() }

// Unwrap returns the cause.
func (f *Failure) Unwrap() error { return f.Err }

// failure returns the failure of something that was done.
func failure(op string, err error) error {
	if known, ok := errors.AsType[*Failure](err); ok {
		return known
	}
	return &Failure{classOf(err), fmt.Errorf("%s: %w", op, inShort(err))}
}

// Codes of errors by what they are about. Sources: common errors of AWS's APIs, and those of PutObject, PutLogEvents, PutRecordBatch and AssumeRole. LimitExceededException
// is of CreateLogGroup: the quota of log groups, which AWS counts as a rate (troubleshooting guide). That a bucket or a stream that is not there is an access error is a guess.
var (
	accessCodes = []string{
		"AccessDenied", "AccessDeniedException", "AllAccessDisabled", "AuthFailure", "ExpiredToken", "ExpiredTokenException", "IncompleteSignature", "IncompleteSignatureException",
		"InvalidAccessKeyId", "InvalidClientTokenId", "InvalidSignatureException", "InvalidToken", "MissingAuthenticationToken", "MissingAuthenticationTokenException", "NoSuchBucket",
		"NotAuthorized", "OptInRequired", "RequestExpired", "ResourceNotFoundException", "SignatureDoesNotMatch", "TokenRefreshRequired", "UnauthorizedOperation", "UnrecognizedClientException",
	}
	rateCodes = []string{
		"LimitExceededException", "RequestLimitExceeded", "RequestThrottled", "RequestThrottledException", "SlowDown", "Throttling", "ThrottlingException", "ThrottledException",
		"TooManyRequestsException",
	}
)

// classOf returns what an error is about. What is neither rights nor rate is unknown to AWS's three words.
func classOf(err error) Class {
	status, code := answerOf(err)
	switch {
	case slices.Contains(rateCodes, code), status == 429:
		return RateLimited
	case slices.Contains(accessCodes, code), status == 401, status == 403, status == 0 && code == "" && noCredentials(err):
		return AccessError
	}
	return UnknownError
}

// answerOf returns the status and code of a service's answer: 0 and "" where there is none.
func answerOf(err error) (status int, code string) {
	if response, ok := errors.AsType[*awshttp.ResponseError](err); ok {
		status = response.HTTPStatusCode()
	}
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		code = api.ErrorCode()
	}
	return status, code
}

// noCredentials reports whether nothing was asked since there are no credentials to ask with. The SDK has no type for it.
func noCredentials(err error) bool {
	text := err.Error()
	return strings.Contains(text, "get credentials:") && (strings.Contains(text, "IMDS") || !unreached(err))
}

// unreached reports whether a host was not reached: nothing can have been taken there.
func unreached(err error) bool {
	var dns *net.DNSError
	op, ok := errors.AsType[*net.OpError](err)
	return errors.As(err, &dns) || ok && op.Op == "dial"
}

// unanswered reports whether what was asked may have been done all the same: no answer came, or one that does not say.
func unanswered(err error) bool {
	status, _ := answerOf(err)
	if status != 0 {
		return status >= 500
	}
	return !unreached(err) && !strings.Contains(err.Error(), "get credentials:")
}

// inShort returns an error in one line: the SDK's repeats the operation, the status and two ids before the service's message.
func inShort(err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return &short{"no answer in time", err}
	}
	if errors.Is(err, context.Canceled) {
		return err
	}
	api, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		return err
	}
	text := strings.TrimSuffix(api.ErrorCode()+": "+strings.TrimSpace(api.ErrorMessage()), ": ")
	if response, ok := errors.AsType[*awshttp.ResponseError](err); ok {
		if response.RequestID != "" {
			text += " (request " + response.RequestID + ")"
		}
		if region := response.Response.Header.Get("X-Amz-Bucket-Region"); region != "" && response.HTTPStatusCode() != 403 {
			text += "; the bucket is in " + region + ": say region"
		}
	}
	return &short{text, err}
}

// short is an error in other words.
type short struct {
	text string
	err  error
}

func (s *short) Error() string { return s.text }
func (s *short) Unwrap() error { return s.err }
