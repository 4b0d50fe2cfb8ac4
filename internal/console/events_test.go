package console

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/flowlog"
)

// streamWriter is a ResponseWriter that gives each write to a channel.
type streamWriter struct {
	header http.Header
	writes chan string
}

func (s *streamWriter) Header() http.Header { return s.header }
func (s *streamWriter) WriteHeader(int)     {}
func (s *streamWriter) Flush()              {}

func (s *streamWriter) Write(b []byte) (int, error) {
	s.writes <- string(b)
	return len(b), nil
}

func TestEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		commits := make(chan Commit)
		d := testDeps(t)
		d.Commits = func(context.Context) <-chan Commit { return commits }
		ctx, leave := context.WithCancel(t.Context())
		w := &streamWriter{http.Header{}, make(chan string)}
		over := make(chan bool)
		go func() {
			New(d).ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodGet, "/api/v1/events", nil))
			close(over)
		}()
		got := []string{<-w.writes}
		commits <- Commit{At: time.Unix(t0, 0), Kind: flowlog.KindVPC, Records: 17}
		got = append(got, <-w.writes)
		began := time.Now()
		got = append(got, <-w.writes)
		quiet := time.Since(began)
		commits <- Commit{At: time.Unix(t0+1, 0), Kind: flowlog.KindTGW}
		got = append(got, <-w.writes)
		leave()
		<-over

		want := []string{
			"retry: 2000\n\n",
			"event: commit\ndata: {\"at\":1767225600,\"kind\":\"vpc\",\"records\":17}\n\n",
			": still here\n\n",
			"event: commit\ndata: {\"at\":1767225601,\"kind\":\"tgw\",\"records\":0}\n\n",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
		if quiet != heartbeat {
			t.Errorf("a sign of life after %s, want %s", quiet, heartbeat)
		}
		if h := w.header; h.Get("Content-Type") != "text/event-stream" || h.Get("Cache-Control") != "no-store" {
			t.Errorf("headers %v", h)
		}
	})
}

// TestEventsEnd closes the channel of commits, as a lake that is closed does.
func TestEventsEnd(t *testing.T) {
	d := testDeps(t)
	commits := make(chan Commit)
	close(commits)
	d.Commits = func(context.Context) <-chan Commit { return commits }
	if status, body := get(t, New(d), "/api/v1/events"); status != http.StatusOK || body != "retry: 2000\n\n" {
		t.Errorf("status %d, body %q", status, body)
	}
}
