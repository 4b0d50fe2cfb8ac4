package app

import (
	"context"
	"encoding/gob"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"weir/internal/awsapi"
)

// APIService carries out operations of AWS's services for commands, as a request of a client does, without a signature.
type APIService interface {
	// CallAPI carries out an operation of a service, such as "monitoring" and "DescribeAlarms": in and the answer are JSON objects with
	// the API's names. Errors of the operation are [*awsapi.Error].
	CallAPI(ctx context.Context, service, operation string, in []byte) ([]byte, error)
}

// openedAPI is the services of AWS where they were asked for.
type openedAPI struct {
	mu  sync.Mutex
	api *awsAPI
}

// close closes the services where they were opened.
func (o *openedAPI) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.api != nil {
		o.api.close()
		o.api = nil
	}
}

// openAPI returns the services of AWS, which are opened with the first call: a server does it with its options. They are closed with the Local.
func (s *Local) openAPI(ctx context.Context, o ServeOptions) (*awsAPI, error) {
	s.api.mu.Lock()
	defer s.api.mu.Unlock()
	if s.api.api != nil {
		return s.api.api, nil
	}
	store, err := s.logStore(ctx, true)
	if err != nil {
		return nil, err
	}
	if store == nil {
		return nil, fmt.Errorf("the services of AWS need a data directory that can be written")
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s.api.api, err = newAWSAPI(ctx, s, store, o)
	return s.api.api, err
}

// CallAPI carries out an operation of a service.
func (s *Local) CallAPI(ctx context.Context, service, operation string, in []byte) ([]byte, error) {
	api, err := s.openAPI(ctx, ServeOptions{})
	if err != nil {
		return nil, err
	}
	for _, svc := range api.services {
		if svc.Name == service {
			return svc.Do(ctx, operation, in)
		}
	}
	return nil, awsapi.Errorf("UnknownOperationException", "there is no service %q", service)
}

// CallOperation carries out an operation whose members are in, as JSON has them, and reads the answer into out, which may be nil.
func CallOperation(ctx context.Context, s APIService, service, operation string, in, out any) error {
	text, err := json.Marshal(in)
	if err != nil {
		return err
	}
	if text, err = s.CallAPI(ctx, service, operation, text); err != nil || out == nil {
		return err
	}
	return json.Unmarshal(text, out)
}

// EachPage carries out an operation, which it gives the NextToken of the answer before, until an answer has none, and hands each to do.
func EachPage[Page any](ctx context.Context, s APIService, service, operation string, in map[string]any, do func(*Page) error) error {
	for {
		var text json.RawMessage
		if err := CallOperation(ctx, s, service, operation, in, &text); err != nil {
			return err
		}
		page := new(Page)
		var next struct{ NextToken string }
		if err := errors.Join(json.Unmarshal(text, page), json.Unmarshal(text, &next)); err != nil {
			return err
		}
		if err := do(page); err != nil || next.NextToken == "" {
			return err
		}
		in["NextToken"] = next.NextToken
	}
}

// APIError returns the code and the message of an error of an operation of AWS.
func APIError(err error) (code, message string, ok bool) {
	e, ok := errors.AsType[*awsapi.Error](err)
	if !ok {
		return "", "", false
	}
	return e.Code, e.Message, true
}

// apiCall is CallAPI over the socket.
type apiCall struct {
	Service, Operation string
	In                 []byte
}

// apiMethods adds the methods of AWS's services.
func apiMethods(method func(name string, answer func(ctx context.Context, in *gob.Decoder, out *answerer) error), s APIService) {
	method("call-api", func(ctx context.Context, in *gob.Decoder, out *answerer) error {
		return answer(in, out, func(c apiCall) ([]byte, error) { return s.CallAPI(ctx, c.Service, c.Operation, c.In) })
	})
}

// CallAPI carries out an operation of a service.
func (r *Remote) CallAPI(ctx context.Context, service, operation string, in []byte) ([]byte, error) {
	var out []byte
	return out, r.call(ctx, "call-api", apiCall{service, operation, in}, &out, nil)
}
