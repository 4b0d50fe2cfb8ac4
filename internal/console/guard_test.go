package console

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestGuard(t *testing.T) {
	h := Guard(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) }),
		[]string{"weir.example.net", "192.0.2.10", "2001:db8::10"})
	for _, tc := range []struct {
		name, method, path, host string
		header                   map[string]string
		want                     int
	}{
		{"loopback", "GET", "/", "127.0.0.1:8787", nil, 200},
		{"another loopback address", "GET", "/", "127.8.9.10:8787", nil, 200},
		{"loopback of IPv6", "GET", "/", "[::1]:8787", nil, 200},
		{"localhost", "GET", "/", "localhost:8787", nil, 200},
		{"localhost in other spelling", "GET", "/", "LocalHost.", nil, 200},
		{"listed name", "GET", "/", "weir.example.net", nil, 200},
		{"listed name with port", "GET", "/", "WEIR.example.net:443", nil, 200},
		{"listed address", "GET", "/", "192.0.2.10:443", nil, 200},
		{"listed address of IPv6", "GET", "/", "[2001:db8::10]:443", nil, 200},
		{"rebinding", "GET", "/api/v1/status", "evil.example:8787", nil, 421},
		{"rebinding to a name that begins alike", "GET", "/", "localhost.evil.example", nil, 421},
		{"rebinding to a name that ends alike", "GET", "/", "notweir.example.net", nil, 421},
		{"an address that is not listed", "GET", "/", "192.0.2.11", nil, 421},
		{"an address that reads like loopback", "GET", "/", "127.0.0.1.evil.example", nil, 421},
		{"no host", "GET", "/", "", nil, 421},
		{"rebinding by a link", "GET", "/", "evil.example", map[string]string{
			"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document",
		}, 421},

		{"own page", "GET", "/api/v1/status", "127.0.0.1:8787", map[string]string{"Sec-Fetch-Site": "same-origin"}, 200},
		{"typed address", "GET", "/", "127.0.0.1:8787", map[string]string{"Sec-Fetch-Site": "none"}, 200},
		{"data for a foreign page", "GET", "/api/v1/status", "127.0.0.1:8787", map[string]string{
			"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty",
		}, 403},
		{"data for a page on another port", "GET", "/api/v1/status", "127.0.0.1:8787", map[string]string{
			"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty",
		}, 403},
		{"image on a foreign page", "GET", "/favicon.svg", "127.0.0.1:8787", map[string]string{
			"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image",
		}, 403},
		{"frame in a foreign page", "GET", "/", "127.0.0.1:8787", map[string]string{
			"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe",
		}, 403},
		{"link on a foreign page", "GET", "/?where=x", "127.0.0.1:8787", map[string]string{
			"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document",
		}, 200},
		{"link to data", "GET", "/api/v1/status", "127.0.0.1:8787", map[string]string{
			"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document",
		}, 403},
		{"form on a foreign page", "POST", "/login", "127.0.0.1:8787", map[string]string{
			"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document",
		}, 403},
		{"unknown relation", "GET", "/", "127.0.0.1:8787", map[string]string{"Sec-Fetch-Site": "whatever"}, 403},
		{"own origin of an old browser", "POST", "/login", "127.0.0.1:8787", map[string]string{"Origin": "http://127.0.0.1:8787"}, 200},
		{"foreign origin of an old browser", "POST", "/login", "127.0.0.1:8787", map[string]string{"Origin": "http://evil.example"}, 403},
		{"another port's origin", "POST", "/login", "127.0.0.1:8787", map[string]string{"Origin": "http://127.0.0.1:9999"}, 403},
		{"hidden origin", "POST", "/login", "127.0.0.1:8787", map[string]string{"Origin": "null"}, 403},
		{"no browser", "GET", "/api/v1/status", "127.0.0.1:8787", nil, 200},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := httptest.NewRequestWithContext(t.Context(), tc.method, tc.path, nil)
			r.Host = tc.host
			for k, v := range tc.header {
				r.Header.Set(k, v)
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code != tc.want {
				t.Errorf("status %d, want %d: %s", w.Code, tc.want, w.Body)
			}
			if w.Header().Get("Content-Security-Policy") == "" || w.Header().Get("X-Frame-Options") == "" {
				t.Errorf("headers %v", w.Header())
			}
		})
	}
}
