package s3

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"regexp"
	"strings"
	"syscall"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/ssocreds"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"weir/internal/source"
)

// FaultOf names an error of any call of the SDK, without a hint where only the
// service's own package knows one. It returns ctx's error where ctx has ended.
func (a Access) FaultOf(ctx context.Context, op, url string, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	f := &source.Fault{Op: op, URL: url, Code: source.Other}
	var (
		api      smithy.APIError
		response *awshttp.ResponseError
		verify   x509.UnknownAuthorityError
	)
	status := 0
	if errors.As(err, &response) {
		status = response.HTTPStatusCode()
	}
	switch {
	case isCredential(err):
		return a.credentialFault(ctx, err)
	case errors.As(err, &api):
		f.Code = source.CodeOf(api.ErrorCode(), status, api.ErrorMessage())
		f.Err = apiError(api, response)
	case status != 0:
		f.Code = source.CodeOf("", status, "")
		f.Err = fmt.Errorf("the service answered with status %d", status)
	case errors.As(err, &verify):
		f.Code, f.Err = source.Unreachable, verify
		f.Hint = "name the service's certificates in AWS_CA_BUNDLE"
	case isNetwork(err):
		f.Code, f.Err = source.Unreachable, rootOf(err)
	default:
		f.Err = err
	}
	if f.Hint == "" {
		f.Hint = a.hint(f.Code)
	}
	return f
}

// isNetwork reports whether no answer came.
func isNetwork(err error) bool {
	var (
		netErr net.Error
		send   *smithyhttp.RequestSendError
	)
	return errors.As(err, &netErr) || errors.As(err, &send) ||
		errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET)
}

// apiError is what AWS answered, in one line: the SDK's own text repeats the
// operation, the status and two ids before the message.
func apiError(api smithy.APIError, response *awshttp.ResponseError) error {
	text := strings.TrimPrefix(api.ErrorCode()+": "+strings.TrimSpace(api.ErrorMessage()), ": ")
	text = strings.TrimSuffix(text, ": ")
	var archived *types.InvalidObjectState
	if errors.As(api, &archived) && archived.StorageClass != "" {
		text += " (storage class " + strings.TrimSpace(string(archived.StorageClass)+" "+string(archived.AccessTier)) + ")"
	}
	if response != nil && response.RequestID != "" {
		text += " (request " + response.RequestID + ")"
	}
	return errors.New(text)
}

// rootOf returns the innermost error, without the SDK's and net/http's words
// around it, but with the operation of package net ("dial tcp 10.0.0.1:443").
func rootOf(err error) error {
	if op, ok := errors.AsType[*net.OpError](err); ok {
		return op
	}
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err
		}
		err = next
	}
}

// isCredential reports whether the SDK failed before it could ask the service.
func isCredential(err error) bool {
	text := err.Error()
	return strings.Contains(text, "failed to refresh cached credentials") || strings.Contains(text, "get credentials:")
}

// credentialFault names an error of finding or getting credentials.
func (a Access) credentialFault(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	f := &source.Fault{Op: "get", URL: "AWS credentials", Code: source.NoCredentials}
	if p := a.profile(); p != "" {
		f.URL = "the AWS credentials of profile " + p
	}
	var (
		api     smithy.APIError
		role    config.SharedConfigAssumeRoleError
		missing config.SharedConfigProfileNotExistError
		sso     *ssocreds.InvalidTokenError
	)
	text := err.Error()
	switch {
	case errors.As(err, &role):
		f.Err = role
		f.Hint = "look at the profile's source_profile and credential_source in ~/.aws/config"
		return f
	case errors.As(err, &missing):
		f.Err = errors.New("there is no such profile")
		f.Hint = "aws configure list-profiles shows the profiles"
		return f
	case errors.As(err, &sso), strings.Contains(text, "SSO") && strings.Contains(text, "expired"):
		f.Code = source.ExpiredCredentials
	case errors.As(err, &api):
		f.Err = apiError(api, nil)
		switch code := source.CodeOf(api.ErrorCode(), 0, api.ErrorMessage()); code {
		case source.Denied:
			f.Code = code
			f.Hint = "the role's trust policy must allow sts:AssumeRole to these credentials; aws sts get-caller-identity shows whose they are"
			return f
		case source.Other:
		default:
			f.Code = code
		}
	case strings.Contains(text, "no EC2 IMDS role found"):
		// Nothing before the instance's role was found; why there is none
		// (usually: this is no instance) is no help.
	case isNetwork(err):
		f.Code, f.Err = source.Unreachable, rootOf(err)
	default:
		f.Err = errors.New(strings.TrimPrefix(text, "failed to refresh cached credentials, "))
	}
	f.Hint = a.hint(f.Code)
	return f
}

// hint says what to do about faults that have nothing to do with the object.
func (a Access) hint(c source.Code) string {
	switch c {
	case source.ExpiredCredentials:
		if p := a.profile(); p != "" {
			return "get new ones (with SSO: aws sso login --profile " + p + ") and run again; what was taken in is not fetched again"
		}
		return "get new ones (with SSO: aws sso login) and run again; what was taken in is not fetched again"
	case source.NoCredentials:
		return "set AWS_PROFILE or give --profile, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; a public bucket needs --no-sign-request"
	case source.BadCredentials:
		return "aws sts get-caller-identity shows whether the credentials work; a clock that is wrong by minutes makes AWS refuse them too"
	case source.Throttled:
		return "too many requests at once: run again later; what was taken in is not fetched again"
	case source.Unreachable:
		if a.EndpointURL != "" {
			return "is " + a.EndpointURL + " the service's address?"
		}
		return "is the network up, and does the address need a proxy (HTTPS_PROXY) or a VPC endpoint?"
	}
	return ""
}

// keyARN finds a KMS key in a message of AWS.
var keyARN = regexp.MustCompile(`arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:(?:key|alias)/[A-Za-z0-9/_-]+`)
