package agentserver

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"weir/internal/agentapi"
	"weir/internal/agentstore"
)

const (
	// mostJoin and mostReport bound bodies, in bytes. A report has a line for each device and each flow log.
	mostJoin   = 16 << 10
	mostReport = 4 << 20
	// Hold is how long a request for a policy is held: less than the minute after which proxies let go of a connection.
	Hold = 55 * time.Second
)

// Options are what [Handler] is told.
type Options struct {
	Store    *agentstore.Store
	Policies *Policies
	// Hold is how long a request for a policy is held.
	Hold time.Duration
	Log  *slog.Logger
}

// Handler answers agents.
func Handler(o Options) http.Handler {
	h := &handler{o}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/join", h.join)
	mux.HandleFunc("GET /v1/policy", h.known(h.policy))
	mux.HandleFunc("POST /v1/report", h.known(h.report))
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		h.refuse(w, r, http.StatusNotFound, &agentapi.Error{Code: agentapi.CodeBadRequest, Message: "here weir-agent alone is answered; the page of weir is at the address of --listen"})
	})
	return mux
}

type handler struct{ Options }

// refuse answers with an error.
func (h *handler) refuse(w http.ResponseWriter, r *http.Request, status int, e *agentapi.Error) {
	h.Log.Debug("a request of an agent is refused", "path", r.URL.Path, "from", r.RemoteAddr, "code", e.Code, "message", e.Message)
	h.answer(w, status, e)
}

// answer answers with a document.
func (h *handler) answer(w http.ResponseWriter, status int, doc any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(doc); err != nil {
		h.Log.Debug("an answer was not taken", "error", err)
	}
}

// statuses are those of HTTP, by code.
var statuses = map[string]int{
	agentapi.CodeBadRequest: http.StatusBadRequest, agentapi.CodeTokenUnknown: http.StatusForbidden, agentapi.CodeTokenRevoked: http.StatusForbidden,
	agentapi.CodeTokenExpired: http.StatusForbidden, agentapi.CodeTokenUsed: http.StatusForbidden, agentapi.CodeNameTaken: http.StatusConflict,
	agentapi.CodeUnknownAgent: http.StatusUnauthorized,
}

// fail answers with what went wrong. What is the server's own business stands in the log alone.
func (h *handler) fail(w http.ResponseWriter, r *http.Request, err error) {
	if e, ok := errors.AsType[*agentstore.Error](err); ok {
		h.refuse(w, r, statuses[e.Code], &agentapi.Error{Code: e.Code, Message: e.Message})
		return
	}
	if r.Context().Err() != nil { // where the agent is gone nobody reads it
		h.answer(w, http.StatusServiceUnavailable, &agentapi.Error{Code: agentapi.CodeInternal, Message: "the server ends"})
		return
	}
	h.Log.Error("a request of an agent failed", "path", r.URL.Path, "error", err)
	h.answer(w, http.StatusInternalServerError, &agentapi.Error{Code: agentapi.CodeInternal, Message: "the server can't answer; its log says why"})
}

// read reads a body.
func read(w http.ResponseWriter, r *http.Request, most int64, to any) error {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, most))
	if err == nil {
		err = agentapi.Decode(body, to)
	}
	if err != nil {
		return &agentstore.Error{Code: agentapi.CodeBadRequest, Message: "the body is " + err.Error()}
	}
	return nil
}

func (h *handler) join(w http.ResponseWriter, r *http.Request) {
	var j agentapi.Join
	if err := read(w, r, mostJoin, &j); err != nil {
		h.fail(w, r, err)
		return
	}
	id, err := h.Store.Join(r.Context(), &j)
	if err != nil {
		h.Log.Warn("an agent may not join", "name", j.Name, "from", r.RemoteAddr, "error", err)
		h.fail(w, r, err)
		return
	}
	h.Log.Info("an agent joined", "name", j.Name, "id", id, "from", r.RemoteAddr)
	h.answer(w, http.StatusOK, &agentapi.Joined{AgentID: id})
}

// agent is who sent a request.
type agent struct{ id, credential string }

// known lets agents that joined through.
func (h *handler) known(next func(w http.ResponseWriter, r *http.Request, by agent)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		text, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		var by agent
		by.id, by.credential, _ = strings.Cut(text, ".")
		if _, err := h.Store.Authenticate(r.Context(), by.id, by.credential); err != nil {
			h.fail(w, r, err)
			return
		}
		next(w, r, by)
	}
}

func (h *handler) policy(w http.ResponseWriter, r *http.Request, by agent) {
	generation, err := strconv.ParseInt(r.FormValue("generation"), 10, 64)
	if err != nil || generation < 0 {
		h.refuse(w, r, http.StatusBadRequest, &agentapi.Error{Code: agentapi.CodeBadRequest, Message: "generation is no number"})
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), h.Hold)
	defer cancel()
	text, err := h.Policies.other(ctx, generation, r.FormValue("digest"))
	if err != nil {
		w.WriteHeader(http.StatusNoContent) // where the agent is gone nobody reads it
		return
	}
	if _, err := h.Store.Authenticate(r.Context(), by.id, by.credential); err != nil { // it may have been removed while it waited
		h.fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if _, err := w.Write(text); err != nil {
		h.Log.Debug("a policy was not taken", "agent", by.id, "error", err)
	}
}

func (h *handler) report(w http.ResponseWriter, r *http.Request, by agent) {
	var report agentapi.Report
	err := read(w, r, mostReport, &report)
	if err == nil {
		err = h.Store.Report(r.Context(), by.id, &report)
	}
	if err != nil {
		h.fail(w, r, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
