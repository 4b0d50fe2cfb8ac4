package console

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// cheapHash is a hash of "correct horse".
var cheapHash = cheap("correct horse")

// door is a login under test, with a clock that is driven.
type door struct {
	t       *testing.T
	handler http.Handler
	file    string
	now     time.Time
	cookie  *http.Cookie
	from    string
}

// newDoor returns a login with one user, ada, before a handler that answers with
// the user's name.
func newDoor(t *testing.T) *door {
	t.Helper()
	d := &door{t: t, file: filepath.Join(t.TempDir(), "users"), now: time.Unix(t0, 0), from: "192.0.2.1:5000"}
	d.write("# people\n\nada:" + cheapHash + "\n")
	login, err := NewLogin(d.file, func() time.Time { return d.now })
	if err != nil {
		t.Fatal(err)
	}
	d.handler = login.Protect(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, _ := userOf(r.Context())
		fmt.Fprintf(w, "hello %s", user)
	}))
	return d
}

// write replaces the users file. Its time moves on as it does on a real clock.
func (d *door) write(text string) {
	d.t.Helper()
	if err := os.WriteFile(d.file, []byte(text), 0o600); err != nil {
		d.t.Fatal(err)
	}
}

// ask makes a request with the cookie that the door has, and keeps the one that
// comes back.
func (d *door) ask(method, target string, form url.Values, header ...string) *httptest.ResponseRecorder {
	d.t.Helper()
	r := httptest.NewRequestWithContext(d.t.Context(), method, target, strings.NewReader(form.Encode()))
	r.RemoteAddr = d.from
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	if d.cookie != nil {
		r.AddCookie(d.cookie)
	}
	w := httptest.NewRecorder()
	d.handler.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		d.cookie = c
	}
	return w
}

// login sends the form.
func (d *door) login(name, password, next string) *httptest.ResponseRecorder {
	d.t.Helper()
	return d.ask(http.MethodPost, "/login", url.Values{"name": {name}, "password": {password}, "next": {next}})
}

// expect checks status and, where it is not "", the Location of an answer.
func (d *door) expect(what string, w *httptest.ResponseRecorder, status int, location string) {
	d.t.Helper()
	if w.Code != status || w.Header().Get("Location") != location {
		d.t.Errorf("%s: status %d to %q, want %d to %q: %s", what, w.Code, w.Header().Get("Location"), status, location, w.Body)
	}
}

func TestLogin(t *testing.T) {
	d := newDoor(t)
	d.expect("page", d.ask("GET", "/?where=dstport+%3D+22", nil), 303, "/login?next=%2F%3Fwhere%3Ddstport%2B%253D%2B22")
	d.expect("data", d.ask("GET", "/api/v1/status", nil), 401, "")
	d.expect("asset", d.ask("GET", "/assets/index.js", nil), 401, "")
	d.expect("metrics", d.ask("GET", "/metrics", nil), 401, "")
	d.expect("probe", d.ask("GET", "/healthz", nil), 200, "")
	d.expect("other method", d.ask("POST", "/", nil), 401, "")
	d.expect("picture of the form", d.ask("GET", "/favicon.svg", nil), 200, "")
	if w := d.ask("GET", "/login?next=/x", nil); w.Code != 200 || !strings.Contains(w.Body.String(), `name="next" value="/x"`) {
		t.Errorf("form: status %d: %s", w.Code, w.Body)
	}
	d.expect("wrong password", d.login("ada", "wrong", "/"), 401, "")
	d.expect("wrong name", d.login("eve", "correct horse", "/"), 401, "")
	d.expect("empty", d.login("", "", "/"), 401, "")
	if d.cookie != nil {
		t.Fatalf("a failed login gave the cookie %v", d.cookie)
	}
	d.expect("login", d.login("ada", "correct horse", "/?by=action"), 303, "/?by=action")
	c := d.cookie
	if c == nil || !c.HttpOnly || !c.Secure || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || c.Domain != "" ||
		c.MaxAge != 12*3600 || !strings.HasPrefix(c.Name, "__Host-") || len(c.Value) < 43 {
		t.Fatalf("cookie %+v", c)
	}
	if w := d.ask("GET", "/api/v1/status", nil); w.Code != 200 || w.Body.String() != "hello ada" {
		t.Errorf("with a session: status %d: %s", w.Code, w.Body)
	}
	d.expect("form while logged in", d.ask("GET", "/login?next=/y", nil), 303, "/y")
	session := *d.cookie
	d.expect("logout by a link", d.ask("GET", "/logout", nil), 200, "") // goes to the page, which has no such address
	d.expect("logout", d.ask("POST", "/logout", nil), 303, "/login")
	d.cookie = &session
	d.expect("the old cookie", d.ask("GET", "/api/v1/status", nil), 401, "")
	d.cookie = &http.Cookie{Name: sessionCookie, Value: "guess"}
	d.expect("a guessed cookie", d.ask("GET", "/api/v1/status", nil), 401, "")
}

func TestSessionExpires(t *testing.T) {
	d := newDoor(t)
	d.expect("login", d.login("ada", "correct horse", "/"), 303, "/")
	d.now = d.now.Add(12*time.Hour - time.Second)
	d.expect("in the last second", d.ask("GET", "/api/v1/status", nil), 200, "")
	d.now = d.now.Add(time.Second)
	d.expect("after 12 hours", d.ask("GET", "/api/v1/status", nil), 401, "")
	d.now = d.now.Add(-time.Hour)
	d.expect("with the clock set back", d.ask("GET", "/api/v1/status", nil), 401, "")
}

func TestUsersFileChanges(t *testing.T) {
	d := newDoor(t)
	d.expect("login", d.login("ada", "correct horse", "/"), 303, "/")
	d.write("ada:" + cheap("another password") + "\n# longer\n")
	d.expect("after another password was set", d.ask("GET", "/api/v1/status", nil), 401, "")
	d.expect("the old password", d.login("ada", "correct horse", "/"), 401, "")
	d.expect("the new password", d.login("ada", "another password", "/"), 303, "/")
	d.write("bob:" + cheapHash + "\n")
	d.expect("after the name was removed", d.ask("GET", "/api/v1/status", nil), 401, "")
	d.expect("login of the removed name", d.login("ada", "another password", "/"), 401, "")
	d.expect("login of the new name", d.login("bob", "correct horse", "/"), 303, "/")
	if err := os.Remove(d.file); err != nil {
		t.Fatal(err)
	}
	d.expect("without the file", d.ask("GET", "/api/v1/status", nil), 500, "")
}

func TestBruteForce(t *testing.T) {
	d := newDoor(t)
	for range maxAttempts {
		d.expect("wrong password", d.login("ada", "wrong", "/"), 401, "")
	}
	w := d.login("ada", "correct horse", "/")
	d.expect("the right password, too late", w, 429, "")
	if got := w.Header().Get("Retry-After"); got != "900" {
		t.Errorf("Retry-After %q, want 900", got)
	}
	d.from = "192.0.2.1:6000"
	d.expect("another port of the address", d.login("ada", "correct horse", "/"), 429, "")
	d.from = "192.0.2.2:5000"
	d.expect("another address", d.login("ada", "correct horse", "/"), 303, "/")
	d.from, d.now = "192.0.2.1:5000", d.now.Add(attemptWindow-time.Second)
	d.expect("a second too early", d.login("ada", "correct horse", "/"), 429, "")
	d.now = d.now.Add(time.Second)
	d.expect("after the window", d.login("ada", "correct horse", "/"), 303, "/")
}

// TestSuccessDoesNotCount logs in more often than an address may fail.
func TestSuccessDoesNotCount(t *testing.T) {
	d := newDoor(t)
	for range maxAttempts + 3 {
		d.expect("login", d.login("ada", "correct horse", "/"), 303, "/")
	}
}

func TestSource(t *testing.T) {
	for remote, want := range map[string]string{
		"192.0.2.1:80":             "192.0.2.1/32",
		"[::ffff:192.0.2.1]:80":    "192.0.2.1/32",
		"[2001:db8:1:2:3::4]:80":   "2001:db8:1:2::/64",
		"[fe80::1%eth0]:80":        "fe80::/64",
		"@":                        "invalid Prefix",
		"2001:db8:1:2:ffff::9":     "2001:db8:1:2::/64",
		"[2001:db8:1:2:ffff::]:99": "2001:db8:1:2::/64",
	} {
		if got := source(remote).String(); got != want {
			t.Errorf("%s counts for %s, want %s", remote, got, want)
		}
	}
}

// TestLinkFromElsewhere opens a page by a link on another site: the cookie does not
// come, and the page asks for itself again instead of leading to the form.
func TestLinkFromElsewhere(t *testing.T) {
	d := newDoor(t)
	link := []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"}
	w := d.ask("GET", "/?where=x", nil, link...)
	if w.Code != 200 || w.Header().Get("Refresh") != "0" || w.Body.Len() != 0 {
		t.Errorf("status %d, refresh %q, body %q", w.Code, w.Header().Get("Refresh"), w.Body)
	}
	d.expect("the page again", d.ask("GET", "/?where=x", nil, "Sec-Fetch-Site", "same-origin"), 303, "/login?next=%2F%3Fwhere%3Dx")
	d.expect("data", d.ask("GET", "/api/v1/status", nil, link...), 401, "")
}

func TestNext(t *testing.T) {
	for next, want := range map[string]string{
		"/?where=a+%3D+b":       "/?where=a+%3D+b",
		"/other":                "/other",
		"":                      "/",
		"https://evil.example/": "/",
		"//evil.example/":       "/",
		"/\\evil.example/":      "/",
		"/\t/evil.example/":     "/",
		"javascript:alert(1)":   "/",
		"evil":                  "/",
		"/login?next=/login":    "/",
		"http:/evil":            "/",
	} {
		if got := localPath(next); got != want {
			t.Errorf("next %q leads to %q, want %q", next, got, want)
		}
	}
}

// TestLogoutEndsStreams holds a request open over a logout.
func TestLogoutEndsStreams(t *testing.T) {
	d := newDoor(t)
	login, err := NewLogin(d.file, func() time.Time { return d.now })
	if err != nil {
		t.Fatal(err)
	}
	began := make(chan context.Context)
	d.handler = login.Protect(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		began <- r.Context()
		<-r.Context().Done()
	}))
	d.expect("login", d.login("ada", "correct horse", "/"), 303, "/")
	over := make(chan bool)
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/api/v1/events", nil)
	r.AddCookie(d.cookie)
	go func() {
		d.handler.ServeHTTP(httptest.NewRecorder(), r)
		close(over)
	}()
	ctx := <-began
	if ctx.Err() != nil {
		t.Fatal("the stream ended before the logout")
	}
	d.expect("logout", d.ask("POST", "/logout", nil), 303, "/login")
	<-over
}
