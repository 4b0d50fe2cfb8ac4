package servicetest

import (
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"
)

// A Weather is how a service fails.
type Weather int

// The weathers.
const (
	// Fair: nothing fails.
	Fair Weather = iota
	// Down: connections are refused.
	Down
	// Hanging: requests are read and not answered, until the weather is another.
	Hanging
	// Slow: answers take up to a third of a second.
	Slow
	// Failing: of two requests, one is answered by 500, 503 or a throttling.
	Failing
	// Cut: of two connections, one is cut, half of those once the request was done.
	Cut
	// Full: what writes is refused, since there is no space.
	Full
	// Storm: each request has one of those above, but for Down and Hanging.
	Storm
	// Far: each answer takes 50 ms.
	Far
)

// String returns its name.
func (w Weather) String() string {
	return [...]string{"fair", "down", "hanging", "slow", "failing", "cut", "full", "storm", "far"}[w]
}

// A Service is an HTTP server in a weather.
type Service struct {
	// Refuse answers as the service does where it fails.
	refuse func(w http.ResponseWriter, r *http.Request, why Weather, choice int)
	serve  http.Handler
	listen func(address string) (net.Listener, error)

	mu      sync.Mutex
	rng     *rand.Rand
	weather Weather
	changed chan struct{} // is closed when the weather is another
	address string
	server  *http.Server // nil: it is down
}

// start starts a service on a free port of 127.0.0.1, which ends with the test. listen makes listeners, in a namespace perhaps; nil: where the test is.
func start(t testing.TB, seed uint64, listen func(address string) (net.Listener, error), serve http.Handler, refuse func(http.ResponseWriter, *http.Request, Weather, int)) *Service {
	t.Helper()
	if listen == nil {
		listen = func(address string) (net.Listener, error) { return net.Listen("tcp4", address) }
	}
	s := &Service{refuse: refuse, serve: serve, listen: listen, rng: rand.New(rand.NewPCG(seed, 1)), changed: make(chan struct{}), address: "127.0.0.1:0"}
	if err := s.up(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.down()
		close(s.changed)
	})
	return s
}

// up listens where it listened before; the lock is held, or nobody has the service yet.
func (s *Service) up() error {
	if s.server != nil {
		return nil
	}
	l, err := s.listen(s.address)
	if err != nil {
		return err
	}
	s.address = l.Addr().String()
	s.server = &http.Server{Handler: s, ReadHeaderTimeout: time.Minute}
	go s.server.Serve(l) // until it is closed
	return nil
}

// down ends all connections and listens no more; the lock is held.
func (s *Service) down() {
	if s.server != nil {
		_ = s.server.Close()
		s.server = nil
	}
}

// URL returns where it is.
func (s *Service) URL() string { return "http://" + s.address }

// Set makes another weather.
func (s *Service) Set(t testing.TB, w Weather) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.weather = w
	close(s.changed)
	s.changed = make(chan struct{})
	if w == Down {
		s.down()
	} else if err := s.up(); err != nil {
		t.Fatal(err)
	}
}

// now returns the weather of a request, when it changes, and two numbers by chance, below 2 and of milliseconds.
func (s *Service) now() (w Weather, changed <-chan struct{}, coin, ms int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w = s.weather
	if w == Storm {
		w = []Weather{Fair, Slow, Failing, Cut, Full}[s.rng.IntN(5)]
	}
	return w, s.changed, s.rng.IntN(2), s.rng.IntN(333)
}

// ServeHTTP answers, or not.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	weather, changed, coin, ms := s.now()
	switch {
	case weather == Hanging:
		_, _ = io.Copy(io.Discard, r.Body)
		select {
		case <-changed:
		case <-r.Context().Done():
		}
		panic(http.ErrAbortHandler)
	case weather == Slow, weather == Far:
		if weather == Far {
			ms = 50
		}
		select {
		case <-time.After(time.Duration(ms) * time.Millisecond):
		case <-r.Context().Done():
		}
	case weather == Full && r.Method != http.MethodGet && r.Method != http.MethodHead, weather == Failing && coin == 0:
		_, _ = io.Copy(io.Discard, r.Body)
		s.refuse(w, r, weather, ms)
		return
	case weather == Cut && coin == 0:
		if ms%2 == 0 {
			s.serve.ServeHTTP(discarded{http.Header{}}, r)
		}
		panic(http.ErrAbortHandler)
	}
	s.serve.ServeHTTP(w, r)
}

// discarded is an answer that nobody gets.
type discarded struct{ header http.Header }

func (d discarded) Header() http.Header         { return d.header }
func (d discarded) Write(b []byte) (int, error) { return len(b), nil }
func (d discarded) WriteHeader(int)             {}
