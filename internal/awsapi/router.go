package awsapi

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/semaphore"
)

// A Router answers AWS requests for the services that it has. It is safe for concurrent use.
type Router struct {
	services []*Service
	auth     Authenticator
	log      *slog.Logger
	memory   *semaphore.Weighted
	// readTimeout bounds how long a body may take.
	readTimeout time.Duration
}

const (
	// bodyMemory bounds the bodies that are held at the same time. More wait.
	bodyMemory  = 256 << 20
	readTimeout = time.Minute
)

// NewRouter makes a router. Requests are answered only where auth tells who sent them.
func NewRouter(auth Authenticator, log *slog.Logger, services ...*Service) *Router {
	return &Router{services: services, auth: auth, log: log, memory: semaphore.NewWeighted(bodyMemory), readTimeout: readTimeout}
}

// Match says whether a request is for an AWS service, so that one listener can serve these and
// others: it has a target, or is signed by Signature Version 4, or is a form of AWS Query.
func (*Router) Match(r *http.Request) bool {
	if r.Header.Get("X-Amz-Target") != "" || strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 ") {
		return true
	}
	if r.URL.Query().Has("X-Amz-Signature") || strings.HasPrefix(r.URL.Path, "/service/") && r.Header.Get("Smithy-Protocol") != "" {
		return true
	}
	return r.Method == http.MethodPost && r.URL.Path == "/" && strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded")
}

// ServeHTTP answers one request.
func (rt *Router) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := &Call{RequestID: uuid.NewString()}
	w.Header().Set("X-Amzn-Requestid", c.RequestID)
	out := &sent{ResponseWriter: w}
	defer func() {
		if p := recover(); p != nil {
			if p == http.ErrAbortHandler {
				panic(p)
			}
			rt.log.ErrorContext(r.Context(), "an operation of the API broke", "operation", c.Operation, "request", c.RequestID, "panic", p)
			rt.fail(r.Context(), out, c, errors.New("broken"))
		}
	}()
	if err := rt.serve(out, r, c); err != nil {
		rt.fail(r.Context(), out, c, err)
	}
}

func (rt *Router) serve(w http.ResponseWriter, r *http.Request, c *Call) error {
	if !rt.identify(r, c) {
		return unknownOperation()
	}
	op, known := c.Service.Operations[c.Operation]
	if op.MaxBody == 0 {
		op.MaxBody = DefaultMaxBody
	}
	if err := rt.auth.Screen(r, c.Service.Name); err != nil {
		return err
	}
	received, done, err := rt.receive(w, r, op.MaxBody)
	if err != nil {
		return err
	}
	defer done()
	if c.Identity, err = rt.auth.Authenticate(r, received.Bytes(), c.Service.Name); err != nil {
		return err
	}
	if c.Body, err = unpack(r.Header.Get("Content-Encoding"), received.Bytes(), op.MaxBody); err != nil {
		return err
	}
	if c.form {
		// Only the body says which operation a form is for, or the URL where there is no body.
		if len(c.Body) == 0 {
			c.Body = []byte(r.URL.RawQuery)
		}
		if op, known = c.formOperation(); known && op.MaxBody > 0 && int64(len(c.Body)) > op.MaxBody {
			return tooLarge(op.MaxBody)
		}
	}
	if !known {
		return unknownOperation()
	}
	action := cmp.Or(c.Service.Actions, c.Service.Name) + ":" + c.Operation
	if !op.Unrestricted && !c.Identity.Allows(action) {
		return &Error{
			Code: cmp.Or(c.Service.Denied, "AccessDeniedException"), Status: http.StatusForbidden,
			Message: "the access key " + c.Identity.AccessKeyID() + " is not authorized to perform: " + action,
		}
	}
	return op.answer(r.Context(), w, c)
}

// identify tells which service and operation a request is for, by its target, its path, or for a form by the
// credential's scope.
func (rt *Router) identify(r *http.Request, c *Call) bool {
	if r.Method != http.MethodPost {
		return false
	}
	target, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	c.protocol = json11
	path := strings.Split(r.URL.Path, "/")
	cbor := len(path) == 5 && path[1] == "service" && path[3] == "operation" && r.Header.Get("Smithy-Protocol") == "rpc-v2-cbor"
	form := target == "" && (strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") || r.URL.Query().Has("Action"))
	switch {
	case cbor:
		target, operation, c.protocol = path[2], path[4], cborProtocol{}
	case r.URL.Path != "/":
		return false
	case form:
		c.protocol, c.form = queryProtocol{}, true
	}
	scope := scopeService(r.Header.Get("Authorization"))
	for _, s := range rt.services {
		switch {
		case form && !cbor:
			if s.Version == "" || s.Name != scope {
				continue
			}
		case s.Target == "" || s.Target != target || cbor && !s.CBOR:
			continue
		case s.CBOR && !cbor:
			c.protocol = json10
		}
		if c.form && s.EC2 {
			c.protocol = ec2Protocol{}
		}
		c.Service, c.Operation = s, operation
	}
	return c.Service != nil
}

// scopeService returns the service of a credential's scope, "" where there is none.
func scopeService(authorization string) string {
	_, credential, _ := strings.Cut(authorization, "Credential=")
	credential, _, _ = strings.Cut(credential, ",")
	parts := strings.Split(credential, "/") // key, day, region, service, aws4_request
	if len(parts) != 5 {
		return ""
	}
	return parts[3]
}

// formOperation reads from the body, a form, which operation it is for.
func (c *Call) formOperation() (Operation, bool) {
	form, err := url.ParseQuery(string(c.Body))
	if err != nil || form.Get("Version") != c.Service.Version {
		return Operation{}, false
	}
	c.Operation = form.Get("Action")
	op, known := c.Service.Operations[c.Operation]
	return op, known
}

// fail answers with an error, where nothing was answered yet.
func (rt *Router) fail(ctx context.Context, w *sent, c *Call, err error) {
	if w.begun {
		return
	}
	answer := new(Error)
	invalid := new(Invalid)
	switch {
	case errors.As(err, &answer):
	case errors.As(err, &invalid):
		answer = c.Service.invalid(c.Body, invalid)
	case ctx.Err() != nil:
		return // nobody waits for an answer
	default:
		rt.log.ErrorContext(ctx, "an operation of the API failed", "operation", c.Operation, "request", c.RequestID, "error", err)
		answer = &Error{Code: "InternalFailure", Status: http.StatusInternalServerError, Message: "the request could not be answered; the server's log says why, at request " + c.RequestID}
		if c.Service != nil && c.Service.Unavailable != "" {
			answer.Code = c.Service.Unavailable
		}
	}
	status := answer.Status
	if status == 0 {
		status = http.StatusBadRequest
	}
	if c.Service != nil && c.Service.Version != "" && !c.Service.EC2 {
		w.Header().Set("X-Amzn-Query-Error", c.queryCode(answer.Code)+";"+fault(status))
	}
	if c.protocol == nil {
		c.protocol = json11
	}
	c.protocol.fail(w, c, status, answer)
}

// queryCode returns the code that an error has in AWS Query. Clients that know that protocol read it in the others too: from a header.
func (c *Call) queryCode(code string) string {
	if c.Service != nil && c.Service.QueryCodes[code] != "" {
		return c.Service.QueryCodes[code]
	}
	if code == "ValidationException" {
		return "ValidationError"
	}
	return code
}

func (s *Service) invalid(body []byte, e *Invalid) *Error {
	if s.Invalid != nil {
		if own := s.Invalid(body, e); own != nil {
			return own
		}
	}
	return Errorf(s.InvalidCode, "%s", e.Error())
}

// sent notes whether an answer has begun.
type sent struct {
	http.ResponseWriter
	begun bool
}

func (s *sent) WriteHeader(status int) {
	s.begun = true
	s.ResponseWriter.WriteHeader(status)
}

func (s *sent) Write(p []byte) (int, error) {
	s.begun = true
	return s.ResponseWriter.Write(p)
}

// Unwrap lets [http.ResponseController] find the connection.
func (s *sent) Unwrap() http.ResponseWriter { return s.ResponseWriter }
