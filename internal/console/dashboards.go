package console

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"weir/internal/dashboard"
)

// documents are the handlers of one kind of documents: list, read, create, replace, remove.
type documents[T any, P interface {
	*T
	dashboard.Document
}] struct {
	store *dashboard.Store[T, P]
}

// documentsAnswer is the answer of a list.
type documentsAnswer struct {
	Documents []dashboard.Head `json:"documents"`
	// Note says that some can't be read; it is left out where all can.
	Note string `json:"note,omitempty"`
}

// register adds the handlers below a path.
func (d documents[T, P]) register(mux *http.ServeMux, path string) {
	mux.HandleFunc("GET "+path, d.handle(http.StatusOK, d.list))
	mux.HandleFunc("POST "+path, d.handle(http.StatusCreated, d.create))
	mux.HandleFunc("GET "+path+"/{id}", d.handle(http.StatusOK, d.get))
	mux.HandleFunc("PUT "+path+"/{id}", d.handle(http.StatusOK, d.replace))
	mux.HandleFunc("DELETE "+path+"/{id}", d.handle(http.StatusOK, d.remove))
}

// handle makes a handler: it writes the answer, or what is wrong.
func (d documents[T, P]) handle(status int, answer func(w http.ResponseWriter, r *http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v, err := answer(w, r)
		if err != nil {
			writeProblem(w, documentProblem(r.Context(), err))
			return
		}
		writeJSON(w, status, v)
	}
}

func (d documents[T, P]) list(http.ResponseWriter, *http.Request) (any, error) {
	heads, err := d.store.List()
	if heads == nil {
		return nil, err
	}
	out := documentsAnswer{Documents: heads}
	if err != nil {
		out.Note = err.Error()
	}
	return out, nil
}

func (d documents[T, P]) get(_ http.ResponseWriter, r *http.Request) (any, error) {
	return d.store.Get(r.PathValue("id"))
}

// read reads the document of a request.
func (d documents[T, P]) read(w http.ResponseWriter, r *http.Request) (P, error) {
	if err := checkJSON(r); err != nil {
		return nil, err
	}
	doc := P(new(T))
	err := dashboard.Read(http.MaxBytesReader(w, r.Body, dashboard.MaxDocument), doc)
	return doc, err
}

func (d documents[T, P]) create(w http.ResponseWriter, r *http.Request) (any, error) {
	doc, err := d.read(w, r)
	if err != nil {
		return nil, err
	}
	by, _ := userOf(r.Context())
	return doc, d.store.Create(doc, by)
}

func (d documents[T, P]) replace(w http.ResponseWriter, r *http.Request) (any, error) {
	doc, err := d.read(w, r)
	if err != nil {
		return nil, err
	}
	doc.Header().ID = r.PathValue("id")
	by, _ := userOf(r.Context())
	return doc, d.store.Replace(doc, by)
}

func (d documents[T, P]) remove(_ http.ResponseWriter, r *http.Request) (any, error) {
	version, err := strconv.ParseInt(r.URL.Query().Get("version"), 10, 64)
	if err != nil {
		return nil, badParam("version", "the version that you have seen", "%.60q is no version", r.URL.Query().Get("version"))
	}
	return struct{}{}, d.store.Remove(r.PathValue("id"), version)
}

// documentProblem says what is wrong with what was asked of documents.
func documentProblem(ctx context.Context, err error) *problem {
	if invalid, ok := errors.AsType[*dashboard.Invalid](err); ok {
		return badParam(invalid.Member, invalid.Hint, "%s", invalid.Message)
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		p, _ := errors.AsType[*problem](bodyProblem(err))
		return p
	}
	for _, is := range []struct {
		err    error
		status int
		hint   string
	}{
		{dashboard.ErrNotFound, http.StatusNotFound, "it may have been removed"},
		{dashboard.ErrConflict, http.StatusConflict, "read it again, and make the change there"},
		{dashboard.ErrReady, http.StatusForbidden, "copy it, and change the copy"},
		{dashboard.ErrFull, http.StatusInsufficientStorage, "remove some"},
	} {
		if errors.Is(err, is.err) {
			return &problem{status: is.status, Message: err.Error(), Hint: is.hint}
		}
	}
	return problemOf(ctx, err)
}
