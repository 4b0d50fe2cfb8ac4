package sns

import (
	"context"
	"errors"

	"weir/internal/awsapi"
	"weir/internal/notify"
)

// Options is what an API is made of. All are required.
type Options struct {
	// Account and Region are the server's, for ARNs.
	Account, Region string
	Store           *notify.Store
}

// An API answers the operations of SNS.
type API struct{ Options }

// New makes an API.
func New(o Options) *API { return &API{o} }

// Service returns what a [awsapi.Router] needs to know.
func (a *API) Service() *awsapi.Service {
	return &awsapi.Service{
		Name: "sns", Version: "2010-03-31", Namespace: "http://sns.amazonaws.com/doc/2010-03-31/", InvalidCode: "ValidationException", Invalid: violations,
		Unavailable: "InternalError", Denied: "AuthorizationError", Shapes: awsapi.Shapes{}.Compile(), Operations: a.operations(),
	}
}

// operations are those of the service. A message of 256 KB, each byte escaped in a form, fits into [awsapi.DefaultMaxBody].
func (a *API) operations() map[string]awsapi.Operation {
	return map[string]awsapi.Operation{
		"ConfirmSubscription":       handle(a.confirmSubscription),
		"CreateTopic":               handle(a.createTopic),
		"DeleteTopic":               handle(a.deleteTopic),
		"GetSubscriptionAttributes": handle(a.getSubscriptionAttributes),
		"GetTopicAttributes":        handle(a.getTopicAttributes),
		"ListSubscriptions":         handle(a.listSubscriptions),
		"ListSubscriptionsByTopic":  handle(a.listSubscriptionsByTopic),
		"ListTagsForResource":       handle(a.listTagsForResource),
		"ListTopics":                handle(a.listTopics),
		"Publish":                   handle(a.publish),
		"PublishBatch":              handle(a.publishBatch),
		"SetSubscriptionAttributes": handle(a.setSubscriptionAttributes),
		"SetTopicAttributes":        handle(a.setTopicAttributes),
		"Subscribe":                 handle(a.subscribe),
		"TagResource":               handle(a.tagResource),
		"Unsubscribe":               handle(a.unsubscribe),
		"UntagResource":             handle(a.untagResource),
	}
}

// handle makes an operation whose errors of package notify are SNS's.
func handle[In, Out any](do func(ctx context.Context, c *awsapi.Call, in *In) (*Out, error)) awsapi.Operation {
	return awsapi.Handle(func(ctx context.Context, c *awsapi.Call, in *In) (*Out, error) {
		out, err := do(ctx, c, in)
		if e := new(notify.Error); errors.As(err, &e) {
			return nil, &awsapi.Error{Code: e.Code, Status: e.Status(), Message: e.Message}
		}
		return out, err
	})
}

// empty is an answer without members: written where the model has a result for it, as of TagResource, and nil where it has none, as of DeleteTopic.
type empty struct{}
