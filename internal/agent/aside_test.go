package agent

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// picky is a service like S3 that refuses some objects, or all.
type picky struct {
	mu      sync.Mutex
	refuses func(body string) bool
	puts    int
	objects map[string]string
}

func (p *picky) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	p.mu.Lock()
	defer p.mu.Unlock()
	have, there := p.objects[r.URL.Path]
	switch {
	case err != nil || r.Method == http.MethodPut && p.refuses(string(body)):
		p.puts++
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, "<Error><Code>InvalidRequest</Code><Message>not this one</Message></Error>")
	case r.Method == http.MethodPut:
		p.puts++
		p.objects[r.URL.Path] = string(body)
	case !there:
		w.WriteHeader(http.StatusNotFound)
	default:
		http.ServeContent(w, r, "", time.Time{}, strings.NewReader(have))
	}
}

// refuse has it refuse others from now on.
func (p *picky) refuse(these func(body string) bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refuses = these
}

// found returns how many objects there are, and how many writes.
func (p *picky) found() (objects, puts int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.objects), p.puts
}

// TestPutAside has a bucket that refuses the two oldest of six objects: the others are there, the flow log is failed and says why, and the two are there when the bucket takes them.
func TestPutAside(t *testing.T) {
	keys(t)
	p := &picky{objects: map[string]string{}}
	service := httptest.NewServer(p)
	defer service.Close()
	l := inBucket(service.URL)
	s := manyItems(t, &l, 6, 1)
	q := s.Queues()[0]
	all, err := s.Oldest(t.Context(), q, 6, 1<<20)
	if err != nil || len(all) != 6 {
		t.Fatalf("%d items: %v", len(all), err)
	}
	p.refuse(func(body string) bool { return body == string(all[0].Data) || body == string(all[1].Data) })
	var log strings.Builder
	d := newDeliverer(s, slog.New(slog.NewTextHandler(&log, nil)), NewCounters())
	d.wait = func(int) time.Duration { return 0 }
	delivery := func(want string, objects, left int64) {
		t.Helper()
		d.empty(t.Context(), q)
		of, n := d.counted.of(&l), 0
		n, _ = p.found()
		if of.Delivery != want || int64(n) != objects || of.Records != objects || of.Waiting != left || s.Waiting()["fl-1"].Records != left {
			t.Errorf("%d objects: %+v\n%s", n, of, log.String())
		}
	}
	delivery("FAILED", 4, 2)
	if _, puts := p.found(); puts > suspicious+2+4 {
		t.Errorf("it was asked %d times", puts)
	}
	if of := d.counted.of(&l); !strings.Contains(of.Error, "InvalidRequest: not this one") || !strings.Contains(of.Error, "put aside: 2") || !strings.Contains(log.String(), "newer ones can") {
		t.Errorf("%+v: %s", of, log.String())
	}
	delivery("FAILED", 4, 2) // nothing is asked again
	d.takeBack(q)
	p.refuse(func(string) bool { return false })
	delivery("SUCCESS", 6, 0)
	if len(d.aside.known[q]) != 0 || len(d.aside.why[q]) != 0 {
		t.Errorf("%v is remembered", d.aside)
	}
}

// TestNothingIsPutAside has a bucket that refuses all for a while: that is not its objects' fault.
func TestNothingIsPutAside(t *testing.T) {
	keys(t)
	p := &picky{objects: map[string]string{}, refuses: func(string) bool { return true }}
	service := httptest.NewServer(p)
	defer service.Close()
	l := inBucket(service.URL)
	s := manyItems(t, &l, 3, 1)
	d := newDeliverer(s, slog.New(slog.DiscardHandler), NewCounters())
	d.wait = func(failures int) time.Duration {
		if failures == 3*suspicious {
			p.refuse(func(string) bool { return false })
		}
		return 0
	}
	d.empty(t.Context(), s.Queues()[0])
	if objects, puts := p.found(); objects != 3 || puts != 3*suspicious+3+3 || len(d.aside.known) != 0 {
		t.Errorf("%d objects, %d writes, %v was put aside", objects, puts, d.aside)
	}
}
