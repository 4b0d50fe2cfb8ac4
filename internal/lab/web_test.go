package lab

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestWeb answers as its database does.
func TestWeb(t *testing.T) {
	for _, tc := range []struct {
		name, database, says, want string
		status                     int
	}{
		{"no database", "", "", "shop\n", http.StatusOK},
		{"a database", "rds:5432", welcome + answer1, "shop\n", http.StatusOK},
		{"a database that ends", "rds:5432", welcome, "shop: rds:5432 does not answer: EOF\n", http.StatusServiceUnavailable},
		{"a simple listener", "rds:5432", "rds-of-the-lab\n", "shop: rds:5432 does not answer: the answer is of another protocol\n", http.StatusServiceUnavailable},
	} {
		l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp4", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			c, err := l.Accept()
			if err != nil {
				return // nobody asked
			}
			_, _ = io.WriteString(c, tc.says)
			_ = c.(*net.TCPConn).CloseWrite()
			_, _ = io.Copy(io.Discard, c)
			_ = c.Close()
		}()
		out := httptest.NewRecorder()
		(&web{Name: "shop", Database: tc.database, At: l.Addr().(*net.TCPAddr).AddrPort()}).ServeHTTP(out, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", strings.NewReader("")))
		if out.Code != tc.status || out.Body.String() != tc.want {
			t.Errorf("%s: %d %q", tc.name, out.Code, out.Body.String())
		}
		_ = l.Close()
	}
}
