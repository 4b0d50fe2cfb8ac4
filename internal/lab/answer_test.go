package lab

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// answeredConn returns what is answered to what is said at once, up to the end or until nothing more comes.
func answeredConn(t *testing.T, said string, lines int) string {
	t.Helper()
	own, other := net.Pipe()
	ended := make(chan error, 1)
	go func() { ended <- answerConn(other, "web-a"); _ = other.Close() }()
	if err := own.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = io.WriteString(own, said) }() // who answers need not read all of it
	var got strings.Builder
	if in := bufio.NewReader(own); lines < 0 {
		if _, err := io.Copy(&got, in); err != nil {
			t.Error(err)
		}
	} else {
		for range lines {
			line, err := in.ReadString('\n')
			if err != nil {
				t.Fatal(err)
			}
			got.WriteString(line)
		}
	}
	_ = own.Close()
	<-ended
	return got.String()
}

// TestAnswer has a host's port answer with a line, also who says nothing, and in HTTP who speaks that.
func TestAnswer(t *testing.T) {
	for said, want := range map[string]int{"": 1, "hello\n": 2, "\n": 2, "GET\nlost": 2, "get / HTTP/1.1\r\n\r\n": 3, "EHLO me\r\n": 2} {
		if diff := cmp.Diff(strings.Repeat("web-a\n", want), answeredConn(t, said, want)); diff != "" {
			t.Errorf("%q (-want +got): %s", said, diff)
		}
	}
	for said, want := range map[string]struct {
		status int
		body   string
	}{
		"GET / HTTP/1.1\r\nHost: x\r\n\r\n":                                     {200, "web-a\n"},
		"GET /a?b=c HTTP/1.0\r\n\r\n":                                           {200, "web-a\n"},
		"GET http://site/ HTTP/1.1\r\nHost: site\r\n\r\n":                       {200, "web-a\n"},
		"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n":                                 {200, "web-a\n"},
		"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\nsix by":         {200, "web-a\n"},
		"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n":                                    {200, ""},
		"GET / HTTP/x\r\n\r\n":                                                  {400, "no request of HTTP/1\n"},
		"GET / HTTP/1.1\r\nHost: x\r\nno field\r\n\r\n":                         {400, "no request of HTTP/1\n"},
		"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nz\r\n": {400, "no request of HTTP/1\n"},
	} {
		method, _, _ := strings.Cut(said, " ")
		r, err := http.ReadResponse(bufio.NewReader(strings.NewReader(answeredConn(t, said, -1))), &http.Request{Method: method})
		if err != nil {
			t.Errorf("%q: %v", said, err)
			continue
		}
		body, err := io.ReadAll(r.Body)
		if err != nil || r.StatusCode != want.status || string(body) != want.body || !r.Close {
			t.Errorf("%q: %d %q %v, want %v", said, r.StatusCode, body, err, want)
		}
		_ = r.Body.Close()
	}
}

// FuzzAnswerHTTP has what begins as a request of HTTP get one response, whatever it is.
func FuzzAnswerHTTP(f *testing.F) {
	f.Add([]byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n"))
	f.Add([]byte("POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\nab"))
	f.Fuzz(func(t *testing.T, data []byte) {
		var out bytes.Buffer
		if err := answerHTTP(&out, bufio.NewReader(bytes.NewReader(data)), "web-a"); err != nil {
			t.Fatal(err)
		}
		in := bufio.NewReader(&out)
		r, err := http.ReadResponse(in, &http.Request{Method: http.MethodHead})
		if err != nil || r.StatusCode != http.StatusOK && r.StatusCode != http.StatusBadRequest {
			t.Error(r, err)
		}
	})
}
