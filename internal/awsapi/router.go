package awsapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"net/http"
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
	contentType = "application/x-amz-json-1.1"
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
	target, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	for _, s := range rt.services {
		if s.Target == target {
			c.Service, c.Operation = s, operation
		}
	}
	if c.Service == nil || r.Method != http.MethodPost || r.URL.Path != "/" {
		return unknownOperation()
	}
	op, known := c.Service.Operations[operation]
	if op.MaxBody == 0 {
		op.MaxBody = DefaultMaxBody
	}
	received, done, err := rt.receive(w, r, op.MaxBody)
	if err != nil {
		return err
	}
	defer done()
	if c.Identity, err = rt.auth.Authenticate(r, received.Bytes(), c.Service.Name); err != nil {
		return err
	}
	if !known {
		return unknownOperation()
	}
	action := c.Service.Name + ":" + operation
	if !c.Identity.Allows(action) {
		return &Error{
			Code: "AccessDeniedException", Status: http.StatusForbidden,
			Message: "the access key " + c.Identity.AccessKeyID() + " is not authorized to perform: " + action,
		}
	}
	if c.Body, err = unpack(r.Header.Get("Content-Encoding"), received.Bytes(), op.MaxBody); err != nil {
		return err
	}
	return op.answer(r.Context(), w, c)
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
	body := map[string]any{}
	maps.Copy(body, answer.Members)
	body["__type"], body["message"] = answer.Code, answer.Message
	status := answer.Status
	if status == 0 {
		status = http.StatusBadRequest
	}
	raw, err := json.Marshal(body)
	if err != nil {
		raw = []byte(`{"__type":"InternalFailure"}`)
	}
	w.Header().Set("X-Amzn-Errortype", answer.Code)
	writeJSON(w, status, raw)
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

// encode writes an answer.
func encode(w http.ResponseWriter, out any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(out); err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, bytes.TrimSuffix(b.Bytes(), []byte("\n")))
	return nil
}

func writeJSON(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", itoa(int64(len(body))))
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that is gone wants nothing more
}
