package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

// mostSocketDir is how long the path of a socket's folder may be, in bytes: with what is made in it, the kernel takes 107. Source: unix(7), sun_path.
const mostSocketDir = 90

// mostRequest bounds what is asked by the socket, in bytes.
const mostRequest = 1 << 16

// controller answers at the socket: what changes something is asked there, as the socket's mode says who may.
func (a *agent) controller() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /attachments", func(w http.ResponseWriter, r *http.Request) {
		a.answer(w, r, func() (any, error) { return append([]Attachment{}, a.attachments.all...), nil })
	})
	mux.HandleFunc("POST /attachments", func(w http.ResponseWriter, r *http.Request) {
		var t Attachment
		d := json.NewDecoder(io.LimitReader(r.Body, mostRequest))
		d.DisallowUnknownFields()
		if err := d.Decode(&t); err != nil {
			http.Error(w, "no attachment: "+err.Error(), http.StatusBadRequest)
			return
		}
		a.answer(w, r, func() (any, error) { return a.attachBy(&t) })
	})
	mux.HandleFunc("DELETE /attachments", func(w http.ResponseWriter, r *http.Request) {
		var t *Attachment
		if q := r.URL.Query(); q.Has("device") {
			t = &Attachment{Device: q.Get("device"), Netns: q.Get("netns")}
		}
		a.answer(w, r, func() (any, error) {
			gone, err := a.detachBy(t)
			return append([]Attachment{}, gone...), err
		})
	})
	mux.HandleFunc("GET /leftovers", func(w http.ResponseWriter, r *http.Request) {
		v, err := a.leftovers(r)
		a.reply(w, v, err)
	})
	mux.HandleFunc("DELETE /leftovers", func(w http.ResponseWriter, r *http.Request) {
		v, err := a.dropBy(r)
		a.reply(w, v, err)
	})
	return mux
}

// errEnding says that an agent ends, and does nothing more that it is asked.
var errEnding = errors.New("the agent ends")

// ask has the agent's goroutine do something.
func (a *agent) ask(ctx context.Context, do func() error) (err error) {
	done := make(chan struct{})
	select {
	case a.asked <- func() { defer close(done); err = do() }:
		<-done
		return err
	case <-ctx.Done():
		return errEnding
	}
}

// answer has the agent's goroutine do what was asked, and answers with what it returns.
func (a *agent) answer(w http.ResponseWriter, r *http.Request, do func() (any, error)) {
	var v any
	err := a.ask(r.Context(), func() (err error) {
		v, err = do()
		return err
	})
	a.reply(w, v, err)
}

// reply answers with a value, or with why there is none.
func (a *agent) reply(w http.ResponseWriter, v any, err error) {
	switch {
	case errors.Is(err, errEnding):
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	case errors.Is(err, errRefused):
		http.Error(w, err.Error(), http.StatusConflict)
		return
	case err != nil:
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(v); err != nil {
		a.Log.Debug("an answer was not taken", "error", err)
	}
}

// control begins to answer at the socket; stop ends it. The default one is done without where it can't be had, as by a second agent of a host.
func (a *agent) control(ctx context.Context) (stop func() error, err error) {
	at := a.Config.Socket
	if at == "" {
		at = a.Socket
	}
	if at == "" {
		return func() error { return nil }, nil
	}
	l, err := listenUnix(ctx, at)
	if err != nil {
		if a.Config.Socket != "" {
			return nil, err
		}
		a.Log.Warn("weir-agent attach, detach and drop don't reach this agent", "error", err)
		return func() error { return nil }, nil
	}
	s := &http.Server{Handler: a.controller(), ReadHeaderTimeout: 5 * time.Second, BaseContext: func(net.Listener) context.Context { return ctx }}
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(l) }()
	return func() error {
		err := errors.Join(os.Remove(at), s.Close())
		if e := <-ended; !errors.Is(e, http.ErrServerClosed) {
			err = errors.Join(err, e)
		}
		return err
	}, nil
}

// listenUnix listens at a Unix socket of mode 0600, in place of one that nobody listens at.
func listenUnix(ctx context.Context, at string) (net.Listener, error) {
	if c, err := new(net.Dialer).DialContext(ctx, "unix", at); err == nil {
		return nil, errors.Join(fmt.Errorf("another agent listens at %s", at), c.Close())
	}
	dir := filepath.Dir(at)
	if len(dir) > mostSocketDir {
		return nil, fmt.Errorf("can't listen at the socket %s: its folder's path may have %d bytes, and has %d: say another socket in the config", at, mostSocketDir, len(dir))
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("can't listen at the socket: %w", err)
	}
	// In a folder that nobody else looks into until it has its mode.
	closed, err := os.MkdirTemp(dir, ".s")
	if err != nil {
		return nil, fmt.Errorf("can't listen at the socket: %w", err)
	}
	defer os.RemoveAll(closed)
	name := filepath.Join(closed, "s")
	l, err := new(net.ListenConfig).Listen(ctx, "unix", name)
	if err != nil {
		return nil, fmt.Errorf("can't listen at the socket: %w", err)
	}
	if u, ok := l.(*net.UnixListener); ok {
		u.SetUnlinkOnClose(false) // it has another name then
	}
	if err := errors.Join(os.Chmod(name, 0o600), os.Rename(name, at)); err != nil {
		return nil, errors.Join(fmt.Errorf("can't listen at the socket: %w", err), l.Close())
	}
	return l, nil
}
