package cli

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// recorder stands between a client and a server, and notes what the client calls: whatever the client is, and whatever protocol it speaks.
type recorder struct {
	mu sync.Mutex
	// calls are the operations that were answered well, by the service of the signature's scope ("monitoring", "sns").
	calls map[string]map[string]bool
	// protocols are those that were spoken with a service.
	protocols map[string]map[string]bool
	// packed are the operations of whose requests one was compressed by gzip.
	packed map[string]bool
}

// The protocols of AWS's clients.
const (
	queryProtocol = "AWS Query"
	jsonProtocol  = "AWS JSON 1.0"
	cborProtocol  = "Smithy RPC v2 CBOR"
	ec2Protocol   = "EC2 Query"
)

// record returns a recorder before a server, and the server as clients reach it through the recorder. Signatures cover the name of the host, which it hands
// on as it came.
func record(t *testing.T, s *awsServer) (*recorder, *awsServer) {
	t.Helper()
	to, err := url.Parse(s.url)
	if err != nil {
		t.Fatal(err)
	}
	r, through := &recorder{calls: map[string]map[string]bool{}, protocols: map[string]map[string]bool{}, packed: map[string]bool{}}, *s
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, in *http.Request) {
		body, err := io.ReadAll(in.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		in.Body = io.NopCloser(bytes.NewReader(body))
		proxy := &httputil.ReverseProxy{Rewrite: func(p *httputil.ProxyRequest) {
			p.SetURL(to)
			p.Out.Host = p.In.Host
		}, ModifyResponse: func(answer *http.Response) error { // before the client has it
			if answer.StatusCode == http.StatusOK {
				r.note(in, body)
			}
			return nil
		}}
		proxy.ServeHTTP(w, in)
	}))
	t.Cleanup(server.Close)
	through.url = server.URL
	return r, &through
}

// note notes a call that was answered well.
func (r *recorder) note(in *http.Request, body []byte) {
	_, credential, _ := strings.Cut(in.Header.Get("Authorization"), "Credential=")
	scope := strings.Split(credential, "/") // key, day, region, service, ...
	if len(scope) < 5 {
		return // a link of a message
	}
	var operation, protocol string
	if _, cbor, ok := strings.Cut(in.URL.Path, "/operation/"); ok {
		operation, protocol = cbor, cborProtocol
	} else if _, target, ok := strings.Cut(in.Header.Get("X-Amz-Target"), "."); ok {
		operation, protocol = target, jsonProtocol
	} else {
		form, _ := url.ParseQuery(string(body)) // it was answered well
		operation, protocol = form.Get("Action"), queryProtocol
		if scope[3] == "ec2" {
			protocol = ec2Protocol
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for of, name := range map[*map[string]map[string]bool]string{&r.calls: operation, &r.protocols: protocol} {
		if (*of)[scope[3]] == nil {
			(*of)[scope[3]] = map[string]bool{}
		}
		(*of)[scope[3]][name] = true
	}
	if in.Header.Get("Content-Encoding") == "gzip" {
		r.packed[operation] = true
	}
}
