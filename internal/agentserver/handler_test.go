package agentserver

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/internal/agentapi"
	"weir/internal/agentstore"
)

// clock is driven by the test.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// server is one that agents can ask over TLS.
type server struct {
	*clock
	store    *agentstore.Store
	policies *Policies
	url      string
	pin      agentapi.Pin
}

func newServer(t *testing.T, hold time.Duration) *server {
	t.Helper()
	data := t.TempDir()
	s := &server{clock: &clock{t: time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC)}}
	var err error
	if s.store, err = agentstore.Open(t.Context(), data, s.now); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.store.Close() })
	cert, err := agentstore.Certificate(data, s.now())
	if err != nil {
		t.Fatal(err)
	}
	s.pin, s.policies = agentapi.PinOf(cert.Leaf), NewPolicies(s.store)
	listener := httptest.NewUnstartedServer(Handler(Options{Store: s.store, Policies: s.policies, Hold: hold, Log: slog.New(slog.DiscardHandler)}))
	listener.TLS = &tls.Config{Certificates: []tls.Certificate{*cert}}
	listener.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	listener.StartTLS()
	t.Cleanup(listener.Close)
	s.url = listener.URL
	return s
}

// token makes a token of so many joins that lasts an hour.
func (s *server) token(t *testing.T, joins int) *agentapi.Token {
	t.Helper()
	secret, _, err := s.store.CreateToken(t.Context(), s.pin, "", joins, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	return secret
}

// join has an agent join, and returns its client.
func (s *server) join(t *testing.T, token *agentapi.Token, name string) (*agentapi.Client, error) {
	t.Helper()
	return s.joinWith(t, token, name, agentapi.NewSecret())
}

func (s *server) joinWith(t *testing.T, token *agentapi.Token, name, credential string) (*agentapi.Client, error) {
	t.Helper()
	first := agentapi.NewClient(s.url, token.Pin, "", "")
	defer first.Close()
	joined, err := first.Join(t.Context(), &agentapi.Join{TokenID: token.ID, TokenSecret: token.Secret, Name: name, Version: "1", Credential: credential})
	if err != nil {
		return nil, err
	}
	c := agentapi.NewClient(s.url, token.Pin, joined.AgentID, credential)
	t.Cleanup(c.Close)
	return c, nil
}

// code returns the code of an error of the server.
func code(err error) string {
	if e, ok := errors.AsType[*agentapi.Error](err); ok {
		return e.Code
	}
	return ""
}

func TestJoin(t *testing.T) {
	s := newServer(t, time.Minute)
	one, two := s.token(t, 1), s.token(t, 2)
	credential := agentapi.NewSecret()
	if _, err := s.joinWith(t, one, "a", credential); err != nil {
		t.Fatal(err)
	}
	if _, err := s.joinWith(t, one, "a", credential); err != nil {
		t.Errorf("a join whose answer got lost: %v", err)
	}
	for _, tc := range []struct {
		name  string
		token *agentapi.Token
		as    string
		want  string
	}{
		{"a token that was used", one, "b", agentapi.CodeTokenUsed},
		{"again, with another credential", one, "a", agentapi.CodeTokenUsed},
		{"the first of two", two, "b", ""},
		{"a name that is taken", two, "b", agentapi.CodeNameTaken},
		{"no name", two, "", agentapi.CodeBadRequest},
		{"the second of two", two, "c", ""},
		{"a third", two, "d", agentapi.CodeTokenUsed},
		{"another secret", &agentapi.Token{Pin: s.pin, ID: one.ID, Secret: agentapi.NewSecret()}, "e", agentapi.CodeTokenUnknown},
		{"another id", &agentapi.Token{Pin: s.pin, ID: "0000000000000000", Secret: one.Secret}, "e", agentapi.CodeTokenUnknown},
	} {
		if _, err := s.join(t, tc.token, tc.as); code(err) != tc.want || (err == nil) != (tc.want == "") {
			t.Errorf("%s: %v, want %s", tc.name, err, tc.want)
		}
	}
	revoked, old := s.token(t, 1), s.token(t, 1)
	if err := s.store.RevokeToken(t.Context(), revoked.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := s.join(t, revoked, "f"); code(err) != agentapi.CodeTokenRevoked {
		t.Errorf("revoked: %v", err)
	}
	s.add(time.Hour)
	if _, err := s.join(t, old, "f"); code(err) != agentapi.CodeTokenExpired {
		t.Errorf("expired: %v", err)
	}
	agents, err := s.store.Agents(t.Context())
	var names []string
	for _, a := range agents {
		names = append(names, a.Name)
	}
	if diff := cmp.Diff([]string{"a", "b", "c"}, names); diff != "" || err != nil {
		t.Error(diff, err)
	}
}

// TestOneJoin has many agents come at once with a token for one.
func TestOneJoin(t *testing.T) {
	s := newServer(t, time.Minute)
	token := s.token(t, 1)
	results := make(chan error)
	for i := range 8 {
		go func() {
			_, err := s.join(t, token, string(rune('a'+i)))
			results <- err
		}()
	}
	in := 0
	for range 8 {
		if err := <-results; err == nil {
			in++
		} else if code(err) != agentapi.CodeTokenUsed {
			t.Error(err)
		}
	}
	if in != 1 {
		t.Errorf("%d joined", in)
	}
}

// TestPin has another server answer: nothing is sent to it.
func TestPin(t *testing.T) {
	s, other := newServer(t, time.Minute), newServer(t, time.Minute)
	token := s.token(t, 1)
	asked := false
	middle := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
	middle.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	middle.StartTLS()
	defer middle.Close()
	for _, url := range []string{other.url, middle.URL} {
		c := agentapi.NewClient(url, token.Pin, "", "")
		_, err := c.Join(t.Context(), &agentapi.Join{TokenID: token.ID, TokenSecret: token.Secret, Name: "a", Credential: agentapi.NewSecret()})
		if !errors.Is(err, agentapi.ErrPin) {
			t.Errorf("%s: %v", url, err)
		}
		c.Close()
	}
	if asked {
		t.Error("a request was sent")
	}
	if _, err := s.join(t, token, "a"); err != nil {
		t.Errorf("the token was used: %v", err)
	}
}

func TestPolicy(t *testing.T) {
	s := newServer(t, time.Minute)
	c, err := s.join(t, s.token(t, 1), "a")
	if err != nil {
		t.Fatal(err)
	}
	var digests [3]string
	// A request that waits for the first policy, one that waits for the second, and one that has the second.
	for i, network := range []string{"one", "two"} {
		got := make(chan []byte)
		go func() {
			text, err := c.Policy(t.Context(), int64(i), digests[i])
			if err != nil {
				t.Error(err)
			}
			got <- text
		}()
		want := &agentapi.Policy{Network: network, FlowLogs: []agentapi.FlowLog{{ID: "fl-1", Interval: 60}}}
		generation, err := s.policies.Publish(t.Context(), want)
		if err != nil || generation != int64(i+1) {
			t.Fatalf("%d: %v", generation, err)
		}
		var p agentapi.Policy
		if err := agentapi.Decode(<-got, &p); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, &p); diff != "" {
			t.Error(diff)
		}
		digests[i+1] = p.Digest
	}
	same, err := s.policies.Publish(t.Context(), &agentapi.Policy{Network: "two", FlowLogs: []agentapi.FlowLog{{ID: "fl-1", Interval: 60}}})
	if same != 2 || err != nil {
		t.Errorf("the same policy is %d: %v", same, err)
	}
	// A data directory of before: the generation is less, and may be of another policy.
	for _, tc := range []struct {
		generation int64
		digest     string
	}{{9, digests[2]}, {2, digests[1]}} {
		if text, err := c.Policy(t.Context(), tc.generation, tc.digest); err != nil || text == nil {
			t.Errorf("%+v: %q, %v", tc, text, err)
		}
	}
	again := NewPolicies(s.store) // after a restart
	if g, err := again.Publish(t.Context(), &agentapi.Policy{Network: "three"}); g != 3 || err != nil {
		t.Errorf("%d: %v", g, err)
	}
}

// TestHold has a request wait for as long as it is held, by a clock of its own.
func TestHold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), Hold)
		defer cancel()
		began := time.Now()
		if _, err := (&Policies{changed: make(chan struct{})}).other(ctx, 0, ""); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != Hold {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
	s := newServer(t, time.Millisecond)
	c, err := s.join(t, s.token(t, 1), "a")
	if err != nil {
		t.Fatal(err)
	}
	if text, err := c.Policy(t.Context(), 0, ""); text != nil || err != nil {
		t.Errorf("%q: %v", text, err)
	}
}

// TestRemoved has an agent removed while it waits, and before it asks.
func TestRemoved(t *testing.T) {
	s := newServer(t, time.Minute)
	c, err := s.join(t, s.token(t, 1), "a")
	if err != nil {
		t.Fatal(err)
	}
	waits := make(chan error)
	go func() {
		_, err := c.Policy(t.Context(), 0, "")
		waits <- err
	}()
	if err := s.store.Remove(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.policies.Publish(t.Context(), &agentapi.Policy{}); err != nil {
		t.Fatal(err)
	}
	if err := <-waits; code(err) != agentapi.CodeUnknownAgent {
		t.Error(err)
	}
	if err := c.Report(t.Context(), &agentapi.Report{}); code(err) != agentapi.CodeUnknownAgent {
		t.Error(err)
	}
	if err := s.store.Remove(t.Context(), "a"); err == nil {
		t.Error("removed twice")
	}
}

func TestReport(t *testing.T) {
	s := newServer(t, time.Minute)
	token := s.token(t, 2)
	a, err := s.join(t, token, "a")
	b, err2 := s.join(t, token, "b")
	if err != nil || err2 != nil {
		t.Fatal(err, err2)
	}
	report := func(c *agentapi.Client, errs ...string) {
		t.Helper()
		r := &agentapi.Report{Version: "2", Generation: 1, Devices: []agentapi.Device{{Name: "eth0", State: "recorded", Interface: "eni-1", Mode: "shadow"}}}
		for i, e := range errs {
			r.FlowLogs = append(r.FlowLogs, agentapi.FlowLogReport{ID: []string{"fl-1", "fl-2"}[i], Error: e, Records: 7})
		}
		if err := c.Report(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	s.add(time.Minute)
	for _, tc := range []struct {
		c    *agentapi.Client
		errs []string
		want map[string]string
	}{
		{a, []string{"", ""}, map[string]string{"fl-1": "", "fl-2": ""}},
		{b, []string{"Access error"}, map[string]string{"fl-1": "Access error", "fl-2": ""}},
		{a, []string{"Access error", "Rate limited"}, map[string]string{"fl-1": "Access error", "fl-2": "Rate limited"}},
		{a, []string{"Rate limited"}, map[string]string{"fl-1": "Access error; Rate limited"}},
		{b, nil, map[string]string{"fl-1": "Rate limited"}},
		{a, []string{""}, map[string]string{"fl-1": ""}},
	} {
		report(tc.c, tc.errs...)
		got, err := s.store.Deliveries(t.Context())
		if diff := cmp.Diff(tc.want, got); diff != "" || err != nil {
			t.Error(tc.errs, diff, err)
		}
	}
	agents, err := s.store.Agents(t.Context())
	if err != nil || len(agents) != 2 || agents[0].Version != "2" || !agents[0].Seen.Equal(s.now()) || agents[0].Report.FlowLogs[0].Records != 7 || agents[0].Report.Devices[0].Interface != "eni-1" {
		t.Errorf("%+v: %v", agents, err)
	}
	if err := s.store.Remove(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	if got, err := s.store.Deliveries(t.Context()); len(got) != 0 || err != nil {
		t.Errorf("%v: %v", got, err)
	}
}

// TestEnding asks a server that ends: no answer says that anything was done, or that there is nothing new.
func TestEnding(t *testing.T) {
	s := newServer(t, time.Minute)
	h := Handler(Options{Store: s.store, Policies: s.policies, Hold: time.Minute, Log: slog.New(slog.DiscardHandler)})
	ctx, end := context.WithCancel(t.Context())
	end()
	for _, tc := range []struct{ method, path, body string }{
		{http.MethodPost, "/v1/join", `{"token_id":"0123456789abcdef","token_secret":"x","name":"a","version":"1","credential":"` + agentapi.NewSecret() + `"}`},
		{http.MethodGet, "/v1/policy?generation=0&digest=", ""},
		{http.MethodPost, "/v1/report", `{"version":"1","generation":1,"devices":[],"flow_logs":[]}`},
	} {
		r := httptest.NewRequestWithContext(ctx, tc.method, tc.path, strings.NewReader(tc.body))
		r.Header.Set("Authorization", "Bearer a.b")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		var e agentapi.Error
		if err := agentapi.Decode(w.Body.Bytes(), &e); err != nil || w.Code != http.StatusServiceUnavailable || e.Code != agentapi.CodeInternal {
			t.Errorf("%s: %d %+v, %v", tc.path, w.Code, e, err)
		}
	}
}

// FuzzBodies sends hostile bodies to all that takes one.
func FuzzBodies(f *testing.F) {
	f.Add("/v1/join", "", `{"token_id":"0123456789abcdef","token_secret":"x","name":"a","version":"1","credential":"y"}`)
	f.Add("/v1/report", "Bearer a.b", `{"version":"1","flow_logs":[{"id":"fl-1"}]}`)
	f.Add("/v1/report", "Bearer .", `{`)
	f.Add("/v1/policy?generation=-1", "Bearer 0123456789abcdef.", ``)
	store, err := agentstore.Open(f.Context(), f.TempDir(), time.Now)
	if err != nil {
		f.Fatal(err)
	}
	defer store.Close()
	h := Handler(Options{Store: store, Policies: NewPolicies(store), Hold: time.Millisecond, Log: slog.New(slog.DiscardHandler)})
	f.Fuzz(func(t *testing.T, path, authorization, body string) {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			r, err := http.NewRequestWithContext(t.Context(), method, "https://weir", strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			r.URL.Path, r.URL.RawQuery, _ = strings.Cut(path, "?")
			r.Header.Set("Authorization", authorization)
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			answer, _ := io.ReadAll(w.Body)
			if w.Code < 300 || w.Code >= 500 || w.Code >= 400 && agentapi.Decode(answer, &agentapi.Error{}) != nil && w.Code != http.StatusMethodNotAllowed {
				t.Errorf("%s %s: %d %s", method, path, w.Code, answer)
			}
		}
	})
}
