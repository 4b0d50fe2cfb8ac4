package servicetest

import (
	"encoding/xml"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

// S3 is a service like S3, in path style.
type S3 struct {
	*Service
	mu      sync.Mutex
	objects map[string]object // by path
	writes  map[string]int    // how often each was written
}

type object struct {
	data []byte
	meta http.Header
}

// NewS3 starts one that takes any credentials and bucket, and has all in memory. The weather is fair.
func NewS3(t testing.TB, seed uint64, listen func(address string) (net.Listener, error)) *S3 {
	t.Helper()
	s := &S3{objects: map[string]object{}, writes: map[string]int{}}
	s.Service = start(t, seed, listen, http.HandlerFunc(s.answer), refuseS3)
	return s
}

// NewS3Before starts one that hands all to a server, which may come and go, by its URL, and counts what that has taken.
func NewS3Before(t testing.TB, seed uint64, server string, dial http.RoundTripper, listen func(address string) (net.Listener, error)) *S3 {
	t.Helper()
	to, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	s := &S3{writes: map[string]int{}}
	proxy := &httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.Out.URL.Scheme, r.Out.URL.Host = to.Scheme, to.Host }, // the host that was signed stays
		Transport: dial,
		ModifyResponse: func(r *http.Response) error {
			if r.Request.Method == http.MethodPut && r.StatusCode == http.StatusOK {
				s.mu.Lock()
				defer s.mu.Unlock()
				s.writes[r.Request.URL.Path]++
			}
			return nil
		},
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
	}
	s.Service = start(t, seed, listen, proxy, refuseS3)
	return s
}

// Objects returns the objects that are in memory, by bucket and key.
func (s *S3) Objects() map[string][]byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := map[string][]byte{}
	for path, o := range s.objects {
		out[strings.TrimPrefix(path, "/")] = o.data
	}
	return out
}

// Writes returns how often each object was written, by bucket and key.
func (s *S3) Writes() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := map[string]int{}
	for path, n := range s.writes {
		out[strings.TrimPrefix(path, "/")] = n
	}
	return out
}

func (s *S3) answer(w http.ResponseWriter, r *http.Request) {
	data, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client left: nothing is written
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	have, there := s.objects[r.URL.Path]
	switch {
	case r.Method == http.MethodPut && there && r.Header.Get("If-None-Match") == "*":
		writeS3(w, http.StatusPreconditionFailed, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold")
	case r.Method == http.MethodPut:
		o := object{data, http.Header{}}
		for name, v := range r.Header {
			if strings.HasPrefix(name, "X-Amz-Meta-") {
				o.meta[name] = v
			}
		}
		s.objects[r.URL.Path] = o
		s.writes[r.URL.Path]++
	case !there:
		writeS3(w, http.StatusNotFound, "NoSuchKey", "The specified key does not exist.")
	default:
		maps.Copy(w.Header(), have.meta)
		http.ServeContent(w, r, "", time.Time{}, strings.NewReader(string(have.data)))
	}
}

// refuseS3 answers with one of S3's errors, or with that of MinIO's full disk.
func refuseS3(w http.ResponseWriter, _ *http.Request, why Weather, choice int) {
	switch {
	case why == Full:
		writeS3(w, http.StatusInsufficientStorage, "XMinioStorageFull", "Storage backend has reached its minimum free drive threshold. Please delete a few objects to proceed.")
	case choice%3 == 0:
		writeS3(w, http.StatusInternalServerError, "InternalError", "We encountered an internal error. Please try again.")
	case choice%3 == 1:
		writeS3(w, http.StatusServiceUnavailable, "ServiceUnavailable", "Service is unable to handle request.")
	default:
		writeS3(w, http.StatusServiceUnavailable, "SlowDown", "Please reduce your request rate.")
	}
}

func writeS3(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	_ = xml.NewEncoder(w).Encode(struct {
		XMLName       xml.Name `xml:"Error"`
		Code, Message string
	}{Code: code, Message: message})
}
