package logs

import (
	"context"
	"regexp"

	"weir/internal/awsapi"
)

const maxSubscriptionFilters = 2

type putSubscriptionFilterRequest struct {
	Group        string  `json:"logGroupName" required:"true" shape:"group"`
	Name         string  `json:"filterName" required:"true" shape:"filterName"`
	Pattern      *string `json:"filterPattern" required:"true" shape:"filterPattern"`
	Destination  string  `json:"destinationArn" required:"true" shape:"nonEmpty"`
	Role         string  `json:"roleArn" shape:"nonEmpty"` // not used: sinks have their own credentials
	Distribution string  `json:"distribution" shape:"distribution"`
	unsupported
	EmitFields []string `json:"emitSystemFields"`
}

type subscriptionFilter struct {
	Pattern      string `json:"filterPattern"`
	Destination  string `json:"destinationArn"`
	Role         string `json:"roleArn,omitempty"`
	Distribution string `json:"distribution"`
}

// destination is an ARN of which the end is a sink of the server's configuration.
var destination = regexp.MustCompile(`^arn:[^:]+:[^:]*:[^:]*:[^:]*:deliverystream/([^:/]+)$`)

// putSubscriptionFilter keeps a filter whose matching events go to a sink. At most 2 in a group.
//
// Source: AWS, PutSubscriptionFilter; the error for a third was seen.
func (a *API) putSubscriptionFilter(ctx context.Context, _ *awsapi.Call, in *putSubscriptionFilterRequest) (*struct{}, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	if in.EmitFields != nil {
		return nil, invalid("This server does not emit system fields: leave emitSystemFields out.")
	}
	filter, err := pattern(*in.Pattern)
	if err != nil {
		return nil, err
	}
	group, err := a.groups.writable(ctx, in.Group)
	if err != nil {
		return nil, err
	}
	m := destination.FindStringSubmatch(in.Destination)
	if m == nil {
		return nil, invalid("destinationArn must be arn:aws:firehose:REGION:ACCOUNT:deliverystream/NAME, with the NAME of a sink of this server.")
	}
	if a.Sinks == nil || !a.Sinks.Has(m[1]) {
		return nil, invalid("Could not deliver to %s: this server has no sink of the name %s.", in.Destination, m[1])
	}
	if err := a.checkRegexes(ctx, filter, subscriptionFilterKind, in.Group, in.Name); err != nil {
		return nil, err
	}
	f := subscriptionFilter{Pattern: *in.Pattern, Destination: in.Destination, Role: in.Role, Distribution: in.Distribution}
	if f.Distribution == "" {
		f.Distribution = "ByLogStream"
	}
	return nil, putFilter(ctx, a, subscriptionFilterKind, group, in.Name, maxSubscriptionFilters, &f)
}
