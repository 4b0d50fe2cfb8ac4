package awsapi

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/klauspost/compress/gzip"
)

// buffers are bodies that can be used again; those that grew large are let go.
var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

const maxPooled = 4 << 20

func tooLarge(limit int64) *Error {
	return &Error{
		Code: "RequestEntityTooLargeException", Status: http.StatusRequestEntityTooLarge,
		Message: "the body is larger than the " + itoa(limit) + " bytes that this operation may have",
	}
}

// receive reads the body as it was sent. done must be called when it is no longer used. Memory is
// taken for what the body will need, unpacked too; where the server has none left for a while, the
// client is told to come again.
func (rt *Router) receive(w http.ResponseWriter, r *http.Request, limit int64) (*bytes.Buffer, func(), error) {
	if r.ContentLength > limit {
		return nil, nil, tooLarge(limit)
	}
	need := r.ContentLength
	if need < 0 || r.Header.Get("Content-Encoding") != "" {
		need = 2 * limit
	}
	ctx, cancel := context.WithTimeout(r.Context(), rt.readTimeout)
	defer cancel()
	if err := rt.memory.Acquire(ctx, need); err != nil {
		return nil, nil, &Error{Code: "ServiceUnavailableException", Status: http.StatusServiceUnavailable, Message: "too many large requests at the same time"}
	}
	b := buffers.Get().(*bytes.Buffer)
	done := func() {
		if b.Cap() <= maxPooled {
			b.Reset()
			buffers.Put(b)
		}
		rt.memory.Release(need)
	}
	// Not all writers have a connection; http.Server's do.
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Now().Add(rt.readTimeout))
	if r.ContentLength > 0 {
		b.Grow(int(r.ContentLength) + bytes.MinRead)
	}
	_, err := b.ReadFrom(http.MaxBytesReader(w, r.Body, limit))
	if err != nil {
		done()
		if over := new(http.MaxBytesError); errors.As(err, &over) {
			return nil, nil, tooLarge(limit)
		}
		return nil, nil, Errorf("MalformedHttpRequestException", "the body could not be read: %v", err)
	}
	_ = control.SetReadDeadline(time.Time{})
	return b, done, nil
}

// unpack undoes a content encoding.
func unpack(encoding string, body []byte, limit int64) ([]byte, error) {
	switch encoding {
	case "", "identity":
		return body, nil
	case "gzip":
	default:
		return nil, &Error{Code: "UnsupportedMediaTypeException", Status: http.StatusUnsupportedMediaType, Message: "the content encoding " + encoding + " is not supported; gzip is"}
	}
	z, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, Errorf("MalformedHttpRequestException", "the body is not gzip: %v", err)
	}
	defer z.Close()
	out, err := io.ReadAll(io.LimitReader(z, limit+1))
	if err != nil {
		return nil, Errorf("MalformedHttpRequestException", "the body is not gzip: %v", err)
	}
	if int64(len(out)) > limit {
		return nil, tooLarge(limit)
	}
	return out, nil
}
