package s3

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"weir/internal/source"
)

// broken sends a body and hangs up before its announced end.
func broken(w http.ResponseWriter, announced int, body string) {
	w.Header().Set("Content-Length", fmt.Sprint(announced))
	_, _ = io.WriteString(w, body)
	w.(http.Flusher).Flush()
	panic(http.ErrAbortHandler)
}

func TestOpenTakesUpABrokenStream(t *testing.T) {
	const want = "0123456789"
	for _, ranges := range []bool{true, false} {
		t.Run(fmt.Sprintf("ranges %v", ranges), func(t *testing.T) {
			var asked []string
			s := server(t, func(w http.ResponseWriter, r *http.Request) {
				asked = append(asked, r.Header.Get("Range"))
				if len(asked) == 1 {
					broken(w, len(want), want[:4])
				}
				if ranges {
					w.Header().Set("Content-Range", "bytes 4-9/10")
					w.WriteHeader(http.StatusPartialContent)
					_, _ = io.WriteString(w, want[4:])
					return
				}
				_, _ = io.WriteString(w, want)
			})
			c, err := s.Open(t.Context(), object(int64(len(want))))
			if err != nil {
				t.Fatal(err)
			}
			if data, err := io.ReadAll(c); string(data) != want || err != nil {
				t.Errorf("read %q, %v; want %q", data, err, want)
			}
			if got := strings.Join(asked, ","); got != ",bytes=4-" {
				t.Errorf("ranges asked for: %q", got)
			}
		})
	}
}

func TestOpenNeverCutsShort(t *testing.T) {
	requests := 0
	s := server(t, func(w http.ResponseWriter, r *http.Request) {
		requests++
		w.Header().Set("Content-Range", "bytes 0-9/10")
		broken(w, 10, "") // and nothing of it
	})
	_, err := s.Open(t.Context(), object(10))
	f := wantCode(t, err, source.Unreachable)
	if !strings.Contains(f.Error(), "after 0 of 10 bytes") || requests != fetchAttempts {
		t.Errorf("error %v after %d requests", err, requests)
	}
}

func TestOpenChanged(t *testing.T) {
	tests := []struct {
		name, etag, body string
	}{
		{"other ETag", `"ffffffffffffffffffffffffffffffff"`, "0123456789"},
		{"shorter", `"0123456789abcdef0123456789abcdef"`, "01234"},
		{"longer", `"0123456789abcdef0123456789abcdef"`, "0123456789abc"},
		{"longer, without a length", "", strings.Repeat("0123456789", 1000)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var match string
			s := server(t, func(w http.ResponseWriter, r *http.Request) {
				match = r.Header.Get("If-Match")
				if tt.etag != "" {
					w.Header().Set("Etag", tt.etag)
				}
				_, _ = io.WriteString(w, tt.body)
			})
			_, err := s.Open(t.Context(), object(10))
			wantCode(t, err, source.Changed)
			if match != `"0123456789abcdef0123456789abcdef"` {
				t.Errorf("If-Match: %s", match)
			}
		})
	}
}

// TestOpenChangedSinceListed writes an object again between listing and reading.
func TestOpenChangedSinceListed(t *testing.T) {
	first := newFake(t, map[string]string{"a.log": "first"}).open(t, "")
	var listed source.Object
	if _, err := first.List(t.Context(), source.Selection{}, func(o source.Object) error {
		listed = o
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	second := newFake(t, map[string]string{"a.log": "other"}).open(t, "")
	_, err := second.Open(t.Context(), listed)
	wantCode(t, err, source.Changed)
}

// TestOpenLarge reads an object above what is held in memory.
func TestOpenLarge(t *testing.T) {
	const size = inMemory + 5
	block := bytes.Repeat([]byte("0123456789abcdef"), 4096)
	s := server(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(size))
		for sent := 0; sent < size; sent += len(block) {
			_, _ = w.Write(block[:min(len(block), size-sent)])
		}
	})
	c, err := s.Open(t.Context(), object(size))
	if err != nil {
		t.Fatal(err)
	}
	if names, err := os.ReadDir(s.config.TempDir); err != nil || len(names) > 0 {
		t.Errorf("temporary folder holds %v, %v; want nothing", names, err)
	}
	tail := make([]byte, 5)
	if _, err := c.ReadAt(tail, size-5); string(tail) != "01234" || err != nil {
		t.Errorf("read at the end %q, %v", tail, err)
	}
	if n, err := io.Copy(io.Discard, c); n != size || err != nil || c.Size() != size {
		t.Errorf("read %d bytes, %v, size %d; want %d", n, err, c.Size(), size)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}

func TestOpenWithoutRoom(t *testing.T) {
	s := server(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(inMemory+1))
		_, _ = w.Write(make([]byte, inMemory+1))
	})
	t.Run("no folder", func(t *testing.T) {
		s.config.TempDir = filepath.Join(t.TempDir(), "absent")
		_, err := s.Open(t.Context(), object(inMemory+1))
		var f *source.Fault
		if !errors.As(err, &f) || f.Code != source.Other || !strings.Contains(f.Error(), s.config.TempDir) {
			t.Errorf("error %v; want one that names the folder", err)
		}
	})
	t.Run("full disk", func(t *testing.T) {
		full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer full.Close()
		f := wantCode(t, s.fetch(t.Context(), object(inMemory+1), full), source.NoSpace)
		if !strings.Contains(f.Hint, "make room") {
			t.Errorf("hint %q", f.Hint)
		}
	})
}

func TestOpenCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := server(t, func(w http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	})
	if _, err := s.Open(ctx, object(10)); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v; want %v", err, context.Canceled)
	}
}

func TestRequesterPays(t *testing.T) {
	var unpaid []string
	s := server(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Amz-Request-Payer") != "requester" {
			unpaid = append(unpaid, r.Method+" "+r.URL.String())
		}
		if r.URL.Query().Has("list-type") {
			_, _ = io.WriteString(w, `<ListBucketResult><Name>flow-logs</Name><IsTruncated>false</IsTruncated></ListBucketResult>`)
			return
		}
		_, _ = io.WriteString(w, "0123456789")
	})
	s.config.RequesterPays = true
	if _, err := s.List(t.Context(), source.Selection{}, none); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Open(t.Context(), object(10)); err != nil {
		t.Fatal(err)
	}
	if len(unpaid) > 0 {
		t.Errorf("requests that do not accept the costs: %q", unpaid)
	}
}
