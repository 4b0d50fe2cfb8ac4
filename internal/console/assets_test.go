package console

import (
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"weir/web"
)

// ask asks a handler with a method and headers.
func ask(t *testing.T, h http.Handler, method, target string, header ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, target, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

// TestAssets asks for every built file.
func TestAssets(t *testing.T) {
	h := New(testDeps(t))
	hashed := 0
	err := fs.WalkDir(web.Dist(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		path, cache := "/"+name, "no-cache"
		if name == "index.html" {
			path = "/"
		}
		if strings.HasPrefix(name, "assets/") {
			cache = "public, max-age=31536000, immutable"
			hashed++
		}
		r := ask(t, h, http.MethodGet, path)
		content, err := fs.ReadFile(web.Dist(), name)
		if err != nil {
			return err
		}
		if r.StatusCode != http.StatusOK || r.ContentLength != int64(len(content)) || r.Header.Get("Cache-Control") != cache {
			t.Errorf("%s: status %d, %d bytes, cache %q", path, r.StatusCode, r.ContentLength, r.Header.Get("Cache-Control"))
		}
		if again := ask(t, h, http.MethodGet, path, "If-None-Match", r.Header.Get("ETag")); again.StatusCode != http.StatusNotModified {
			t.Errorf("%s: status %d for a known ETag", path, again.StatusCode)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if hashed < 2 {
		t.Errorf("%d files under assets, want script and style at least", hashed)
	}
	for path, want := range map[string]string{
		"/": "text/html; charset=utf-8", "/favicon.svg": "image/svg+xml", "/api/v1/status": "application/json; charset=utf-8",
	} {
		if got := ask(t, h, http.MethodGet, path).Header.Get("Content-Type"); got != want {
			t.Errorf("%s: content type %q, want %q", path, got, want)
		}
	}
}

func TestOtherRequests(t *testing.T) {
	h := New(testDeps(t))
	for _, tc := range []struct {
		method, path string
		want         int
	}{
		{http.MethodGet, "/nothing", http.StatusNotFound},
		{http.MethodGet, "/assets/", http.StatusNotFound},
		{http.MethodGet, "/assets/../../go.mod", http.StatusTemporaryRedirect},
		{http.MethodGet, "/api/v1/nothing", http.StatusNotFound},
		{http.MethodHead, "/", http.StatusOK},
		{http.MethodHead, "/api/v1/status", http.StatusOK},
		{http.MethodHead, "/api/v1/events", http.StatusOK},
		{http.MethodPost, "/", http.StatusMethodNotAllowed},
		{http.MethodPost, "/api/v1/status", http.StatusMethodNotAllowed},
		{http.MethodPut, "/api/v1/records", http.StatusMethodNotAllowed},
		{http.MethodDelete, "/api/v1/records", http.StatusMethodNotAllowed},
		{http.MethodOptions, "/api/v1/records", http.StatusMethodNotAllowed},
	} {
		r := ask(t, h, tc.method, tc.path)
		if r.StatusCode != tc.want {
			t.Errorf("%s %s: status %d, want %d", tc.method, tc.path, r.StatusCode, tc.want)
		}
		if r.Header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s %s: other origins are let in", tc.method, tc.path)
		}
	}
}

func TestHeaders(t *testing.T) {
	h := New(testDeps(t))
	for _, path := range []string{"/", "/favicon.svg", "/nothing", "/api/v1/status", "/api/v1/series?step=x"} {
		header := ask(t, h, http.MethodGet, path).Header
		for name, want := range map[string]string{
			"Content-Security-Policy":      policy,
			"X-Content-Type-Options":       "nosniff",
			"X-Frame-Options":              "DENY",
			"Referrer-Policy":              "same-origin",
			"Cross-Origin-Opener-Policy":   "same-origin",
			"Cross-Origin-Resource-Policy": "same-origin",
		} {
			if got := header.Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", path, name, got, want)
			}
		}
	}
	for _, want := range []string{"default-src 'self'", "frame-ancestors 'none'", "object-src 'none'", "base-uri 'none'"} {
		if !strings.Contains(policy, want) {
			t.Errorf("the policy lacks %s", want)
		}
	}
	if strings.Contains(policy, "unsafe-eval") || strings.Contains(policy, "script-src") || strings.Contains(policy, "*") {
		t.Errorf("the policy lets foreign script in: %s", policy)
	}
}
