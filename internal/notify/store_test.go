package notify

import (
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	testAccount = "123456789012"
	testRegion  = "us-east-1"
	testURL     = "https://weir.example:8443"
)

// clock is one that tests drive.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// testStore is a store with a clock, in a folder.
type testStore struct {
	*Store
	t     *testing.T
	clock *clock
	data  string
	o     Options
}

// open opens a store whose endpoints may be on loopback.
func open(t *testing.T, change func(*Options)) *testStore {
	t.Helper()
	c := newClock()
	s := &testStore{t: t, clock: c, data: t.TempDir(), o: Options{
		Account: testAccount, Region: testRegion, URL: testURL, Allow: []string{"127.0.0.0/8", "::1"}, Now: c.Now, Log: slog.New(slog.DiscardHandler),
	}}
	if change != nil {
		change(&s.o)
	}
	shareKey(t, s.data)
	s.reopen()
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// madeKey is the folder of secrets that tests share: an RSA key takes time to make.
var madeKey = sync.OnceValues(func() (map[string][]byte, error) {
	dir, err := os.MkdirTemp("", "weir-notify")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	if _, _, err := openSecrets(dir, newClock().now); err != nil {
		return nil, err
	}
	out := map[string][]byte{}
	for _, name := range []string{signingKeyFile, certificateFile, secretFile} {
		if out[name], err = os.ReadFile(filepath.Join(dir, name)); err != nil {
			return nil, err
		}
	}
	return out, nil
})

func shareKey(t *testing.T, data string) {
	t.Helper()
	files, err := madeKey()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(data, "secrets")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, raw := range files {
		if err := os.WriteFile(filepath.Join(dir, name), raw, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// reopen opens the store anew, as a server that was killed does.
func (s *testStore) reopen() {
	s.t.Helper()
	if s.Store != nil {
		if err := s.Close(); err != nil {
			s.t.Fatal(err)
		}
	}
	var err error
	if s.Store, err = Open(s.t.Context(), s.data, s.o); err != nil {
		s.t.Fatal(err)
	}
}

func (s *testStore) ops() string {
	s.t.Helper()
	arn, err := s.CreateTopic(s.t.Context(), "ops", nil, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return arn
}

func (s *testStore) subscribe(topic, protocol, endpoint string, attributes map[string]string) *Subscription {
	s.t.Helper()
	sub, err := s.Subscribe(s.t.Context(), SubscribeRequest{TopicARN: topic, Protocol: protocol, Endpoint: endpoint, Attributes: attributes, Principal: "arn:aws:iam::123456789012:user/K"})
	if err != nil {
		s.t.Fatal(err)
	}
	return sub
}

func (s *testStore) publish(m Message) string {
	s.t.Helper()
	id, err := s.Publish(s.t.Context(), m)
	if err != nil {
		s.t.Fatal(err)
	}
	return id
}

func (s *testStore) deliver() int64 { return s.Deliver(s.t.Context()) }

// exhaust has the clock go on and delivers until a policy has no further attempt, after the first one.
func (s *testStore) exhaust(p retryPolicy) {
	s.t.Helper()
	for failed := 1; ; failed++ {
		ms, again := p.delay(failed)
		if !again {
			return
		}
		s.clock.Advance(time.Duration(ms) * time.Millisecond)
		s.deliver()
	}
}

func (s *testStore) dead() []DeadLetter {
	s.t.Helper()
	list, err := s.DeadLetters(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	return list
}

// got is a request that an endpoint got.
type got struct {
	header http.Header
	body   string
}

// document reads the JSON of a request.
func (g got) document(t *testing.T) map[string]any {
	t.Helper()
	var out map[string]any
	if err := json.Unmarshal([]byte(g.body), &out); err != nil {
		t.Fatalf("%v in %s", err, g.body)
	}
	return out
}

// endpoint is an HTTP server that notes what it gets.
type endpoint struct {
	*httptest.Server
	mu     sync.Mutex
	got    []got
	answer func(n int, w http.ResponseWriter) // n counts from 1; nil is 200
}

func newEndpoint(t testing.TB, answer func(n int, w http.ResponseWriter)) *endpoint {
	t.Helper()
	e := &endpoint{answer: answer}
	e.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		e.mu.Lock()
		r.Header.Set("Host", r.Host)
		e.got = append(e.got, got{r.Header, string(body)})
		n := len(e.got)
		e.mu.Unlock()
		if e.answer != nil {
			e.answer(n, w)
		}
	}))
	t.Cleanup(e.Close)
	return e
}

// all returns what it has got, and forgets it.
func (e *endpoint) all() []got {
	e.mu.Lock()
	defer e.mu.Unlock()
	out := e.got
	e.got = nil
	return out
}

// follow visits a link of a document, as its receiver does, at our handler.
func (s *testStore) follow(link string) *httptest.ResponseRecorder {
	s.t.Helper()
	r := httptest.NewRequestWithContext(s.t.Context(), http.MethodGet, strings.TrimPrefix(link, testURL), nil)
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r)
	return w
}

// confirmed subscribes an endpoint of HTTP and confirms it.
func (s *testStore) confirmed(topic string, e *endpoint, attributes map[string]string) *Subscription {
	s.t.Helper()
	sub := s.subscribe(topic, "http", e.URL, attributes)
	s.deliver()
	for _, g := range e.all() {
		if g.header.Get("X-Amz-Sns-Message-Type") == "SubscriptionConfirmation" {
			if w := s.follow(g.document(s.t)["SubscribeURL"].(string)); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), sub.ARN) {
				s.t.Fatalf("%d %s", w.Code, w.Body)
			}
			return sub
		}
	}
	s.t.Fatal("no confirmation came")
	return nil
}

// wantError compares an error with the words it begins with.
func wantError(t *testing.T, err error, want string) {
	t.Helper()
	e := new(Error)
	if !errors.As(err, &e) || !strings.HasPrefix(e.Error(), want) {
		t.Errorf("got %v\nwant %s", err, want)
	}
}
