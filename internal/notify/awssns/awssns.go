package awssns

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/smithy-go"

	"weir/internal/notify"
)

// A Publisher publishes to topics of any region. It is safe for concurrent use.
type Publisher struct {
	config  aws.Config
	mu      sync.Mutex
	clients map[string]*sns.Client // by region
}

// New makes a publisher with a configuration, whose region is not used: an ARN says its own.
func New(config aws.Config) *Publisher {
	return &Publisher{config: config, clients: map[string]*sns.Client{}}
}

func (p *Publisher) client(region string) *sns.Client {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.clients[region]
	if c == nil {
		// Package notify tries again, so that the SDK need not.
		c = sns.NewFromConfig(p.config, func(o *sns.Options) { o.Region, o.Retryer = region, aws.NopRetryer{} })
		p.clients[region] = c
	}
	return c
}

// Publish publishes a message to the topic of an ARN, as [notify.Publisher] asks.
func (p *Publisher) Publish(ctx context.Context, topicARN, subject, message string, attributes map[string]notify.Attribute) error {
	parts := strings.Split(topicARN, ":")
	if len(parts) != 6 {
		return fmt.Errorf("%s is no ARN of a topic", topicARN)
	}
	in := &sns.PublishInput{TopicArn: &topicARN, Message: &message}
	if subject != "" {
		in.Subject = &subject
	}
	if len(attributes) > 0 {
		in.MessageAttributes = map[string]types.MessageAttributeValue{}
	}
	for name, a := range attributes {
		v := types.MessageAttributeValue{DataType: aws.String(a.DataType)}
		if strings.HasPrefix(a.DataType, "Binary") {
			v.BinaryValue = []byte(a.Value)
		} else {
			v.StringValue = aws.String(a.Value)
		}
		in.MessageAttributes[name] = v
	}
	_, err := p.client(parts[3]).Publish(ctx, in)
	if err != nil {
		return &failure{err}
	}
	return nil
}

// failure says whether AWS would refuse the same again.
type failure struct{ err error }

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

// Permanent says so of what the message or the topic is refused for; rights and throttles change.
func (f *failure) Permanent() bool {
	var e smithy.APIError
	if !errors.As(f.err, &e) {
		return false
	}
	switch e.ErrorCode() {
	case "InvalidParameter", "ParameterValueInvalid", "NotFound", "ValidationError", "ValidationException":
		return true
	}
	return false
}
