package source

import (
	"fmt"
	"strings"
)

// Code says in one word why an object or a folder could not be had.
type Code string

// The codes. What AWS calls them is in [CodeOf].
const (
	// NoSuchBucket: the bucket does not exist.
	NoSuchBucket Code = "no such bucket"
	// NoSuchGroup: the log group does not exist, in this region.
	NoSuchGroup Code = "no such log group"
	// NoSuchQueue: the queue does not exist, in this region.
	NoSuchQueue Code = "no such queue"
	// NoSuchKey: the object or file does not exist, or not any more.
	NoSuchKey Code = "no such object"
	// Denied: the credentials, or the file's mode, do not allow it.
	Denied Code = "access denied"
	// KMSDenied: the object is encrypted with a KMS key that the credentials
	// may not use.
	KMSDenied Code = "KMS key denied"
	// Archived: the object lies in an archive class and must be restored first.
	Archived Code = "object is archived"
	// ExpiredCredentials: the credentials were right once.
	ExpiredCredentials Code = "credentials have expired"
	// NoCredentials: none were found.
	NoCredentials Code = "no credentials"
	// BadCredentials: AWS does not know them, or the signature is wrong.
	BadCredentials Code = "credentials are not accepted"
	// WrongRegion: the bucket is in another region.
	WrongRegion Code = "wrong region"
	// Throttled: too many requests, after all retries.
	Throttled Code = "throttled"
	// Changed: the object is not the one that was listed.
	Changed Code = "object has changed"
	// Unreachable: no answer came.
	Unreachable Code = "unreachable"
	// NoSpace: the local disk has no room for the object.
	NoSpace Code = "no space left"
	// Other is everything else; the error tells.
	Other Code = "failed"
)

// Fault says what could not be done with which object or folder, why, and what
// a person can do about it.
type Fault struct {
	// Op is the verb: "list", "read", "open".
	Op string
	// URL is the object, folder or API in question.
	URL string
	// Code is the kind of fault.
	Code Code
	// Err is what AWS or the system said; nil where Code says it all.
	Err error
	// Hint says what to do, in whole lines; it can hold a command or a policy
	// statement. It is "" where there is nothing to say.
	Hint string
}

// Error returns "cannot read s3://bucket/key: access denied: ..." without the
// hint.
func (f *Fault) Error() string {
	what := string(f.Code)
	if f.Code == NoSuchKey && !strings.Contains(f.URL, "://") {
		what = "no such file or folder"
	}
	s := fmt.Sprintf("cannot %s %s: %s", f.Op, f.URL, what)
	if f.Err != nil {
		s += ": " + f.Err.Error()
	}
	return s
}

// Unwrap returns Err.
func (f *Fault) Unwrap() error { return f.Err }

// codes maps the error codes of S3, EC2, STS, CloudWatch Logs and SQS, as their API
// references list them.
var codes = map[string]Code{
	"NoSuchBucket":                            NoSuchBucket,
	"ResourceNotFoundException":               NoSuchGroup,
	"QueueDoesNotExist":                       NoSuchQueue,
	"AWS.SimpleQueueService.NonExistentQueue": NoSuchQueue,
	"NoSuchKey":                               NoSuchKey,
	"AccessDenied":                            Denied,
	"AccessDeniedException":                   Denied,
	"AllAccessDisabled":                       Denied,
	"AccountProblem":                          Denied,
	"UnauthorizedOperation":                   Denied,
	"UnauthorizedAccess":                      Denied,
	"InvalidObjectState":                      Archived,
	"ExpiredToken":                            ExpiredCredentials,
	"ExpiredTokenException":                   ExpiredCredentials,
	"RequestExpired":                          ExpiredCredentials,
	"TokenRefreshRequired":                    ExpiredCredentials,
	"AuthFailure":                             BadCredentials,
	"InvalidAccessKeyId":                      BadCredentials,
	"InvalidClientTokenId":                    BadCredentials,
	"InvalidToken":                            BadCredentials,
	"SignatureDoesNotMatch":                   BadCredentials,
	"RequestTimeTooSkewed":                    BadCredentials,
	"UnrecognizedClientException":             BadCredentials,
	"PermanentRedirect":                       WrongRegion,
	"TemporaryRedirect":                       WrongRegion,
	"AuthorizationHeaderMalformed":            WrongRegion,
	"IllegalLocationConstraintException":      WrongRegion,
	"SlowDown":                                Throttled,
	"ServiceUnavailable":                      Throttled,
	"ServiceUnavailableException":             Throttled,
	"RequestLimitExceeded":                    Throttled,
	"RequestThrottled":                        Throttled,
	"Throttling":                              Throttled,
	"ThrottlingException":                     Throttled,
	"TooManyRequestsException":                Throttled,
	"PreconditionFailed":                      Changed,
}

// CodeOf names an answer of AWS by its error code, HTTP status and message. S3
// answers HEAD requests without a body, so that only the status is left; and it
// reports a KMS key that may not be used as AccessDenied, with the reason in the
// message only.
func CodeOf(apiCode string, status int, message string) Code {
	code, ok := codes[apiCode]
	switch {
	case strings.HasPrefix(apiCode, "KMS."), code == Denied && isKMS(message):
		return KMSDenied
	case ok:
		return code
	}
	switch status {
	case 301, 307:
		return WrongRegion
	case 403:
		return Denied
	case 404:
		return NoSuchKey
	case 412:
		return Changed
	case 429, 503:
		return Throttled
	}
	return Other
}

// isKMS reports whether a message is about a KMS key: "... is not authorized to
// perform: kms:Decrypt on resource: arn:aws:kms:...", or "The ciphertext refers
// to a customer master key that does not exist ...".
func isKMS(message string) bool {
	m := strings.ToLower(message)
	return strings.Contains(m, "kms:") || strings.Contains(m, ":kms:") || strings.Contains(m, "ciphertext refers to")
}
