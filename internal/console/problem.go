package console

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"weir/internal/filter"
	"weir/internal/query"
)

// requestTimeout bounds one read with all its queries. A lake of 10 M records
// answers in under a second; who waits longer than this has asked too much.
const requestTimeout = 30 * time.Second

// errTimeout is the cause of the end of a read that took too long.
var errTimeout = fmt.Errorf("%w: the answer took longer than %s", query.ErrLimit, requestTimeout)

// A problem is what is wrong with a request, in words for the person who made it.
type problem struct {
	status int

	Message string `json:"message"`
	Hint    string `json:"hint"`
	// Param is the parameter in question, or "".
	Param string `json:"param"`
	// Offset and Length are the place in the parameter, in bytes; Offset is nil
	// where it is not one place.
	Offset *int `json:"offset"`
	Length int  `json:"length"`
}

// Error returns the message with its parameter.
func (p *problem) Error() string {
	if p.Param == "" {
		return p.Message
	}
	return p.Param + ": " + p.Message
}

// badParam returns the problem of a parameter that makes no sense.
func badParam(param, hint, format string, args ...any) *problem {
	return &problem{status: http.StatusBadRequest, Param: param, Hint: hint, Message: fmt.Sprintf(format, args...)}
}

// An endpoint answers one read: a value that is written as JSON, or an error.
type endpoint func(ctx context.Context, r *request) (any, error)

// read makes a handler of an endpoint: it reads the parameters, bounds the time,
// and writes the answer or what is wrong.
func (c *console) read(answer endpoint) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ctx, stop := context.WithTimeoutCause(r.Context(), requestTimeout, errTimeout)
		defer stop()
		v, err := c.answer(ctx, r, answer)
		if err == nil {
			writeJSON(w, http.StatusOK, v)
			return
		}
		writeProblem(w, problemOf(ctx, err))
	}
}

// answer reads the parameters and calls the endpoint.
func (c *console) answer(ctx context.Context, r *http.Request, answer endpoint) (any, error) {
	req, err := c.parse(r)
	if err != nil {
		return nil, err
	}
	v, err := answer(ctx, req)
	if noted, ok := v.(interface{ setNote(text string) }); ok && err == nil {
		if stale := req.stale.Load(); stale != nil {
			noted.setNote(stale.String())
		}
	}
	return v, err
}

// noted is in answers of which something is to be said to people: that hours that they rest on
// are attributed by older definitions of the network.
type noted struct {
	Note string `json:"note,omitempty"`
}

func (n *noted) setNote(text string) { n.Note = text }

// problemOf turns an error into the problem that is written.
func problemOf(ctx context.Context, err error) *problem {
	var p *problem
	var f *filter.Error
	switch {
	case errors.As(err, &p):
		return p
	case errors.As(err, &f):
		return &problem{
			status: http.StatusBadRequest, Param: "where",
			Message: f.Message, Hint: f.Hint, Offset: &f.Offset, Length: f.Length,
		}
	case errors.Is(context.Cause(ctx), errSlow):
		return &problem{
			status: http.StatusGatewayTimeout, Message: errSlow.Error(),
			Hint: "choose a shorter range, or ask for less",
		}
	case errors.Is(context.Cause(ctx), errTimeout):
		return &problem{
			status: http.StatusGatewayTimeout, Message: errTimeout.Error(),
			Hint: "choose a shorter range or a narrower filter",
		}
	case errors.Is(err, query.ErrLimit):
		return &problem{
			status: http.StatusServiceUnavailable, Message: err.Error(),
			Hint: "choose a shorter range or a narrower filter",
		}
	case errors.Is(err, query.ErrRefused):
		return &problem{status: http.StatusBadRequest, Message: err.Error()}
	}
	return &problem{status: http.StatusInternalServerError, Message: err.Error()}
}

// writeJSON writes an answer. Answers are of a moment, so nobody may keep them.
func writeJSON(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		http.Error(w, "cannot write the answer: "+err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	// A reader who has gone away is nobody to tell of an error.
	_, _ = w.Write(append(body, '\n'))
}
