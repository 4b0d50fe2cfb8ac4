package sns

import (
	"context"
	"errors"
	"regexp"
	"strings"

	"weir/internal/awsapi"
	"weir/internal/notify"
)

type publishRequest struct {
	entry
	TopicArn    *string `json:"TopicArn"`
	TargetArn   *string `json:"TargetArn"`
	PhoneNumber *string `json:"PhoneNumber"`
}

type publishResponse struct {
	MessageID string `json:"MessageId"`
}

var phoneNumber = regexp.MustCompile(`\A\+?[1-9][0-9]{1,14}\z`)

// publish publishes a message to a topic. It is durable when this answers.
//
// Source: AWS, Publish.
func (a *API) publish(ctx context.Context, _ *awsapi.Call, in *publishRequest) (*publishResponse, error) {
	topic, member, err := in.topic()
	if err != nil {
		return nil, err
	}
	m, err := in.message(topic)
	if err != nil {
		return nil, err
	}
	id, err := a.Store.Publish(ctx, m)
	if e := new(notify.Error); member == "TargetArn" && errors.As(err, &e) {
		e.Message = strings.Replace(e.Message, "TopicArn", member, 1)
	}
	return &publishResponse{id}, err
}

// topic returns the topic of a request, and the member that names it.
func (in *publishRequest) topic() (arn, member string, err error) {
	switch {
	case in.PhoneNumber != nil && !phoneNumber.MatchString(*in.PhoneNumber):
		return "", "", invalid("PhoneNumber Reason: %s is not valid to publish to", *in.PhoneNumber)
	case in.PhoneNumber != nil:
		return "", "", invalid("PhoneNumber Reason: this server sends no SMS")
	case in.TopicArn != nil && in.TargetArn != nil:
		return "", "", invalid("TopicArn or TargetArn Reason: both are given, and one is expected")
	case in.TopicArn != nil:
		return *in.TopicArn, "TopicArn", nil
	case in.TargetArn == nil:
		return "", "", noValue("TopicArn or TargetArn")
	}
	if parts := strings.Split(*in.TargetArn, ":"); len(parts) >= 6 && strings.HasPrefix(parts[5], "endpoint/") {
		return "", "", invalid("TargetArn Reason: No endpoint found for the target arn specified")
	}
	return *in.TargetArn, "TargetArn", nil
}
