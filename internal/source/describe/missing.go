package describe

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"

	"weir/internal/source"
)

// missing tells why an answer is missing, and whether a policy denies it. Where nothing
// more can be asked it returns an error instead.
func (c *Config) missing(ctx context.Context, o *operation, region string, asked error) (why string, denied bool, end error) {
	dns, ok := errors.AsType[*net.DNSError](asked)
	if ok && dns.IsNotFound && o.service != ofEC2 && ctx.Err() == nil {
		// Not every region has every service, but for EC2.
		return "the region has no address for the service", false, nil
	}
	err := c.fault(ctx, o.command()+" in "+region, asked)
	fault, ok := errors.AsType[*source.Fault](err)
	if !ok {
		return "", false, err
	}
	switch fault.Code {
	case source.NoCredentials, source.ExpiredCredentials, source.BadCredentials, source.Throttled, source.Unreachable, source.WrongRegion:
		return "", false, fault
	case source.Denied:
		return "access denied", true, nil
	}
	var api smithy.APIError
	var response *awshttp.ResponseError
	if errors.As(asked, &api) && api.ErrorCode() == unnamed && errors.As(asked, &response) {
		return fmt.Sprintf("the service answered with status %d", response.HTTPStatusCode()), false, nil
	}
	if fault.Err == nil {
		return string(fault.Code), false, nil
	}
	return fault.Err.Error(), false, nil
}

// unnamed is what the SDK calls an error of a service that does not name it.
const unnamed = "UnknownError"

// fault names an error of asking for something.
func (c *Config) fault(ctx context.Context, what string, err error) error {
	return hinted(c.FaultOf(ctx, "ask for", what, err))
}

// hinted takes from a fault's hint what is about logs only.
func hinted(err error) error {
	fault, ok := errors.AsType[*source.Fault](err)
	if !ok {
		return err
	}
	for _, end := range []string{"; what was taken in is not fetched again", "; a public bucket needs --no-sign-request"} {
		fault.Hint = strings.TrimSuffix(fault.Hint, end)
	}
	if fault.Code == source.BadCredentials {
		fault.Hint += "; a region that the account has not enabled makes AWS refuse them too"
	}
	return err
}
