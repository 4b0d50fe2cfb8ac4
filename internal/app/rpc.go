package app

import (
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"weir/flowlog"
	"weir/internal/lake"
	"weir/internal/query"
)

// rpcHandler answers what Remote asks, from a service in this process. serving
// ends when the server does.
func rpcHandler(serving context.Context, s Service, version string) http.Handler {
	registerWire()
	mux := http.NewServeMux()
	method := func(name string, answer func(ctx context.Context, in *gob.Decoder, out *answerer) error) {
		mux.HandleFunc("POST /rpc/"+name, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set(versionHeader, version)
			if r.Header.Get(versionHeader) != version {
				w.WriteHeader(http.StatusConflict)
				return
			}
			out := &answerer{enc: gob.NewEncoder(w), flush: http.NewResponseController(w).Flush, serving: serving}
			if err := answer(r.Context(), gob.NewDecoder(r.Body), out); err != nil {
				out.fail(err)
			}
		})
	}
	method("open", func(ctx context.Context, in *gob.Decoder, out *answerer) error {
		return answer(in, out, func(q OpenRequest) (openAnswer, error) {
			report, err := s.Open(ctx, q.ofClient(), out.progress)
			a := openAnswer{Report: report}
			if err != nil {
				a.Error = out.wire(err)
			}
			return a, nil
		})
	})
	method("query", func(ctx context.Context, in *gob.Decoder, out *answerer) error {
		var q SQLRequest
		if err := in.Decode(&q); err != nil {
			return err
		}
		rows, err := s.Query(ctx, q)
		if err != nil {
			return err
		}
		defer rows.Close()
		return sendRows(rows, out)
	})
	method("explain-sql", func(ctx context.Context, in *gob.Decoder, out *answerer) error {
		return answer(in, out, func(q SQLRequest) (query.Cost, error) { return s.ExplainSQL(ctx, q) })
	})
	method("top", func(ctx context.Context, in *gob.Decoder, out *answerer) error {
		return answer(in, out, func(q TopRequest) (*TopReport, error) {
			report, err := s.Top(ctx, q)
			if err != nil {
				return nil, err
			}
			for i := range report.Rows {
				report.Rows[i].Values, _ = pack(report.Rows[i].Values).([]any)
			}
			return report, nil
		})
	})
	method("explain-top", func(ctx context.Context, in *gob.Decoder, out *answerer) error {
		return answer(in, out, func(q TopRequest) (query.Cost, error) { return s.ExplainTop(ctx, q) })
	})
	method("unknown-fields", func(ctx context.Context, in *gob.Decoder, out *answerer) error {
		return answer(in, out, func(k flowlog.Kind) ([]string, error) { return s.UnknownFields(ctx, k) })
	})
	method("newest", func(ctx context.Context, in *gob.Decoder, out *answerer) error {
		return answer(in, out, func(bool) (time.Time, error) { return s.Newest(ctx) })
	})
	method("status", func(ctx context.Context, in *gob.Decoder, out *answerer) error {
		return answer(in, out, func(q StatusRequest) (*StatusReport, error) { return s.Status(ctx, q) })
	})
	method("compact", func(ctx context.Context, in *gob.Decoder, out *answerer) error {
		return answer(in, out, func(bool) (lake.Compacted, error) { return s.Compact(ctx, out.progress) })
	})
	method("attribute", func(ctx context.Context, in *gob.Decoder, out *answerer) error {
		return answer(in, out, func(bool) (lake.Attributed, error) { return s.Attribute(ctx, out.progress) })
	})
	method("expire", func(ctx context.Context, in *gob.Decoder, out *answerer) error {
		return answer(in, out, func(o lake.ExpireOptions) (Expired, error) { return s.Expire(ctx, o) })
	})
	method("check", func(ctx context.Context, in *gob.Decoder, out *answerer) error {
		return answer(in, out, func(bool) (lake.Checked, error) { return s.Check(ctx, out.progress) })
	})
	method("forget", func(ctx context.Context, in *gob.Decoder, out *answerer) error {
		return answer(in, out, func(source string) (lake.Forgotten, error) { return s.Forget(ctx, source) })
	})
	method("duplicates", func(ctx context.Context, in *gob.Decoder, out *answerer) error {
		return answer(in, out, func(bool) ([]lake.Overlap, error) { return s.Duplicates(ctx, out.progress) })
	})
	logMethods(method, s)
	athenaMethods(method, s)
	apiMethods(method, s)
	alertMethods(method, s)
	return mux
}

// ofClient returns a request that came over the socket. An empty environment comes
// as none, which would mean the server's own.
func (r OpenRequest) ofClient() OpenRequest {
	if r.S3.Env == nil {
		r.S3.Env = map[string]string{}
	}
	return r
}

// answer reads a request, calls do, and sends its result.
func answer[Request, Result any](in *gob.Decoder, out *answerer, do func(Request) (Result, error)) error {
	var request Request
	if err := in.Decode(&request); err != nil {
		return fmt.Errorf("cannot read the request: %w", err)
	}
	result, err := do(request)
	if err != nil {
		return err
	}
	return out.result(result)
}

// answerer sends the frames of an answer. It is safe for concurrent use.
type answerer struct {
	mu      sync.Mutex
	enc     *gob.Encoder
	flush   func() error
	serving context.Context
}

// wire returns an error for the client. What was cancelled because the server
// ends is not the client's doing, and it must be told so.
func (a *answerer) wire(err error) *wireError {
	if a.serving.Err() != nil && errors.Is(err, context.Canceled) {
		err = ErrStopped
	}
	return toWire(err)
}

// fail sends an error, which ends the answer. That the client went away shows
// nowhere: there is nobody to tell.
func (a *answerer) fail(err error) { _ = a.send(frame{Error: a.wire(err)}) }

// send sends a frame at once.
func (a *answerer) send(f frame) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.enc.Encode(f); err != nil {
		return err
	}
	return a.flush()
}

// progress sends a progress report. That the client went away shows elsewhere.
func (a *answerer) progress(p Progress) { _ = a.send(frame{Progress: &p}) }

// result sends the result, which ends the answer.
func (a *answerer) result(v any) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.enc.Encode(frame{Result: true}); err != nil {
		return err
	}
	return a.enc.Encode(v)
}

// sendRows sends the rows of a query; a frame without a row ends them.
func sendRows(rows query.Rows, out *answerer) error {
	out.mu.Lock()
	defer out.mu.Unlock()
	first := frame{Columns: rows.Columns()}
	if stale := query.StaleOf(rows); stale != (query.Stale{}) {
		first.Stale = &stale
	}
	if err := out.enc.Encode(first); err != nil {
		return err
	}
	for {
		row, err := rows.Next()
		if err == io.EOF {
			return out.enc.Encode(frame{})
		}
		if err != nil {
			return out.enc.Encode(frame{Error: out.wire(err)})
		}
		values, _ := pack(append([]any(nil), row...)).([]any)
		if err := out.enc.Encode(frame{Row: &rowFrame{Values: values}}); err != nil {
			return err
		}
	}
}
