package awsapi

import (
	"context"
	"net/http"
	"reflect"
)

// An Identity is who sent a request.
type Identity interface {
	// AccessKeyID returns the id of the access key that signed the request.
	AccessKeyID() string
	// Allows says whether it may do an action, such as "logs:PutLogEvents".
	Allows(action string) bool
}

// An Authenticator tells who sent a request for a service ("logs"). An *Error goes to the client as it is.
type Authenticator interface {
	// Screen refuses, before the body is read, what can't be authenticated whatever the body is.
	Screen(r *http.Request, service string) error
	// Authenticate is given the body as it was received, before a content encoding is undone.
	Authenticate(r *http.Request, body []byte, service string) (Identity, error)
}

// A Service is one AWS service.
type Service struct {
	// Name is the service in credential scopes, such as "logs".
	Name string
	// Actions is what its actions begin with where that is not Name, such as "cloudwatch".
	Actions string
	// Target is what X-Amz-Target begins with, such as "Logs_20140328"; a service without one speaks AWS Query alone.
	Target string
	// Version and Namespace are those of AWS Query, such as "2010-08-01" and the namespace of its XML;
	// a service without a version does not speak it.
	Version, Namespace string
	// EC2 says that it speaks EC2's form of AWS Query.
	EC2 bool
	// CBOR says that the service speaks AWS JSON 1.0 and Smithy RPC v2 CBOR, under its target's name, in
	// place of AWS JSON 1.1.
	CBOR bool
	// Operations are what it answers, by name.
	Operations map[string]Operation
	// Shapes are what its model says of members.
	Shapes Shapes
	// SmallPaths says that errors name members with a small first letter, which the wire has with a capital one.
	SmallPaths bool
	// InvalidCode is the code of an error for members that violate their shapes.
	InvalidCode string
	// Invalid makes another error of a request's body where a service has own words, nil for none.
	Invalid func(body []byte, e *Invalid) *Error
	// ErrorType gives the type of an error in a body of AWS JSON and CBOR by its code: the code in its namespace. nil: the code.
	ErrorType func(code string) string
	// QueryCodes are the codes that errors have in AWS Query, by those that they have in the other protocols, where they differ.
	//
	// Source: the Smithy specification, "AWS query compatible".
	QueryCodes map[string]string
	// Unavailable is the code of an error for what is no client's fault.
	Unavailable string
	// Denied is the code of an error for what an access key may not do; "" is AccessDeniedException.
	Denied string
}

// A Call is one request for an operation.
type Call struct {
	Service   *Service
	Operation string
	RequestID string
	Identity  Identity
	// Body is the body with its content encoding undone. It is the operation's to change, and not valid
	// after the operation has returned.
	Body []byte

	protocol protocol
	// form says that the body is a form.
	form bool
	// strict says that members which the operation has not got are refused.
	strict bool
}

// Decode reads the call's body, in whatever protocol it came, into in; see [Decode].
func (c *Call) Decode(in any) error {
	if c.protocol == nil {
		return Decode(c.Body, in, c.Service.Shapes)
	}
	tree, loose, err := c.protocol.tree(c.Body)
	if err != nil {
		return err
	}
	if c.Service.EC2 {
		if p, is := unrecognized(tree, reflect.TypeOf(in).Elem(), ""); is {
			return Errorf("UnknownParameter", "The parameter %.100s is not recognized", p)
		}
	}
	if c.strict {
		if p, is := unrecognized(tree, reflect.TypeOf(in).Elem(), ""); is {
			return Errorf("UnknownParameter", "The parameter %.100s is not recognized: this operation has none of the name, or this server does not support it", p)
		}
	}
	return decodeTree(tree, in, decoder{shapes: c.Service.Shapes, loose: loose, small: c.Service.SmallPaths})
}

// An Operation answers calls.
type Operation struct {
	// MaxBody bounds the body with its content encoding undone; 0 is [DefaultMaxBody].
	MaxBody int64
	// Unrestricted says that every key may call it, whatever it is allowed.
	Unrestricted bool
	// In and Out are the types of request and answer; nil where an operation writes its own.
	In, Out reflect.Type
	answer  func(ctx context.Context, w http.ResponseWriter, c *Call) error
}

// DefaultMaxBody is the greatest body of operations that say nothing else.
const DefaultMaxBody = 1 << 20

// Handle makes an operation of a function that takes a request and gives what is answered, nil for an
// empty body. In is a struct with the tags of [Decode]; Out is a struct with json tags.
func Handle[In, Out any](do func(ctx context.Context, c *Call, in *In) (*Out, error)) Operation {
	return Operation{In: reflect.TypeFor[In](), Out: reflect.TypeFor[Out](), answer: func(ctx context.Context, w http.ResponseWriter, c *Call) error {
		var in In
		if err := c.Decode(&in); err != nil {
			return err
		}
		out, err := do(ctx, c, &in)
		if err != nil {
			return err
		}
		if out == nil { // not a nil of a type
			return c.protocol.answer(w, c, nil)
		}
		return c.protocol.answer(w, c, out)
	}}
}

// HandleRaw makes an operation of a function that reads the body itself, as an In.
func HandleRaw[In, Out any](do func(ctx context.Context, c *Call) (*Out, error)) Operation {
	return Operation{In: reflect.TypeFor[In](), Out: reflect.TypeFor[Out](), answer: func(ctx context.Context, w http.ResponseWriter, c *Call) error {
		out, err := do(ctx, c)
		if err != nil {
			return err
		}
		return c.protocol.answer(w, c, out)
	}}
}

// HandleStream makes an operation of a function that writes the answer itself. An error that it
// returns is answered only where nothing was written.
func HandleStream[In any](do func(ctx context.Context, c *Call, in *In, w http.ResponseWriter) error) Operation {
	return Operation{In: reflect.TypeFor[In](), answer: func(ctx context.Context, w http.ResponseWriter, c *Call) error {
		var in In
		if err := c.Decode(&in); err != nil {
			return err
		}
		return do(ctx, c, &in, w)
	}}
}

// WithMaxBody returns the operation with another bound of its body.
func (o Operation) WithMaxBody(n int64) Operation {
	o.MaxBody = n
	return o
}
