package console

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// sessionCookie is the name of the cookie. The prefix makes the browser insist on
// Secure, on the path /, and on this host alone.
const sessionCookie = "__Host-weir"

// maxForm bounds the body of a login in bytes.
const maxForm = 8 << 10

// hashing bounds how many passwords are checked at a time: each takes 64 MiB.
const hashing = 2

//go:embed login.html
var loginHTML string

var loginPage = template.Must(template.New("login").Parse(loginHTML))

// A Login asks for a name and a password, for listeners that others can reach. It
// needs TLS before it, since its cookie is sent over TLS only.
type Login struct {
	users    *users
	now      func() time.Time
	sessions sessions
	attempts attempts
	checking chan struct{}
	nobody   passwordHash // is checked for names that nobody has, so that these take as long
}

// NewLogin returns a login for the people of a users file: lines of NAME:HASH, the
// hash as [HashPassword] makes it; empty lines and lines that begin with # are
// passed over. The file is read again when it changes; who is no longer in it, or
// has another password, is out at once. now is the clock. It fails where the file
// cannot be read.
func NewLogin(usersFile string, now func() time.Time) (*Login, error) {
	u, err := openUsers(usersFile)
	if err != nil {
		return nil, err
	}
	nobody, err := parseHash(HashPassword(""))
	if err != nil {
		return nil, err
	}
	return &Login{users: u, now: now, checking: make(chan struct{}, hashing), nobody: nobody}, nil
}

// Protect returns a handler that lets requests through to next only with a session.
// A session begins with the form at /login, lasts 12 hours at most, and ends with
// POST /logout. Without one a page leads to the form, and everything else is refused
// with 401, but for GET /healthz: what probes a server can't log in. After 5 failed logins within 15 minutes an address gets 429. [Guard]
// belongs before it, which keeps forms of other origins away.
func (l *Login) Protect(next http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /login", l.showForm)
	mux.HandleFunc("POST /login", l.login)
	mux.HandleFunc("POST /logout", l.logout)
	mux.Handle("GET /favicon.svg", next) // the form shows it
	mux.Handle("GET /healthz", next)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { l.require(w, r, next) })
	return secured(mux)
}

// require lets a request with a session through.
func (l *Login) require(w http.ResponseWriter, r *http.Request, next http.Handler) {
	s, err := l.session(r)
	switch {
	case err != nil:
		http.Error(w, "the users file cannot be read", http.StatusInternalServerError)
	case s != nil:
		ctx, stop := context.WithTimeout(withUser(r.Context(), s.user), s.expires.Sub(l.now()))
		defer stop()
		// What outlives the request, such as a stream of events, ends at logout.
		defer context.AfterFunc(s.ended, stop)()
		next.ServeHTTP(w, r.WithContext(ctx))
	case r.Header.Get("Sec-Fetch-Site") == "cross-site" && isLink(r):
		// A link on another site, such as a ticket, does not bring the cookie,
		// which is SameSite=Strict. The page asks once more, now from here.
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Refresh", "0")
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
	case r.Method == http.MethodGet && isPage(r.URL.Path):
		http.Redirect(w, r, "/login?next="+url.QueryEscape(r.URL.RequestURI()), http.StatusSeeOther)
	default:
		writeJSON(w, http.StatusUnauthorized, map[string]*problem{"error": {Message: "log in first", Hint: "open /login"}})
	}
}

// isPage reports whether a path is one that people open, and no data.
func isPage(path string) bool {
	return path != "/metrics" && !strings.HasPrefix(path, "/api/") && !strings.HasPrefix(path, "/assets/")
}

// session returns the session of a request, or nil. A session whose person was
// removed or has another password is none.
func (l *Login) session(r *http.Request) (*session, error) {
	cookie, err := r.Cookie(sessionCookie)
	if err != nil {
		return nil, nil //nolint:nilerr // the only error is that there is no cookie
	}
	s := l.sessions.find(cookie.Value, l.now())
	if s == nil {
		return nil, nil
	}
	hashes, err := l.users.current()
	if err != nil {
		return nil, err
	}
	if hash, ok := hashes[s.user]; !ok || !bytes.Equal(hash.sum, s.hash.sum) {
		l.sessions.drop(cookie.Value)
		return nil, nil
	}
	return s, nil
}

// formData is what the page of the form shows.
type formData struct {
	Next, Name, Problem string
}

// showForm shows the form; who is logged in goes on.
func (l *Login) showForm(w http.ResponseWriter, r *http.Request) {
	next := localPath(r.URL.Query().Get("next"))
	if s, err := l.session(r); err == nil && s != nil {
		http.Redirect(w, r, next, http.StatusSeeOther)
		return
	}
	writeForm(w, http.StatusOK, formData{Next: next})
}

// writeForm writes the page of the form.
func writeForm(w http.ResponseWriter, status int, data formData) {
	var page bytes.Buffer
	if err := loginPage.Execute(&page, data); err != nil {
		http.Error(w, "cannot write the form: "+err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	// A reader who has gone away is nobody to tell of an error.
	_, _ = w.Write(page.Bytes())
}

// login checks a name and a password and begins a session.
func (l *Login) login(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		http.Error(w, "the form cannot be read", http.StatusBadRequest)
		return
	}
	data := formData{Next: localPath(r.PostForm.Get("next")), Name: r.PostForm.Get("name")}
	from, now := source(r.RemoteAddr), l.now()
	if wait := l.attempts.begin(from, now); wait > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(wait.Round(time.Second)/time.Second)))
		data.Problem = fmt.Sprintf("Too many failed logins from your address. Try again in %d minutes.", int(wait/time.Minute)+1)
		writeForm(w, http.StatusTooManyRequests, data)
		return
	}
	hash, ok, err := l.check(r.Context(), data.Name, r.PostForm.Get("password"))
	switch {
	case err != nil:
		data.Problem = "Nobody can log in just now: the users file cannot be read."
		writeForm(w, http.StatusInternalServerError, data)
	case !ok:
		data.Problem = "Name and password do not belong together."
		writeForm(w, http.StatusUnauthorized, data)
	default:
		l.attempts.succeed(from, now)
		http.SetCookie(w, cookieOf(l.sessions.begin(data.Name, hash, now), int(sessionLength/time.Second)))
		http.Redirect(w, r, data.Next, http.StatusSeeOther)
	}
}

// check reports whether a password is that of a name, and returns its hash.
func (l *Login) check(ctx context.Context, name, password string) (passwordHash, bool, error) {
	hashes, err := l.users.current()
	if err != nil {
		return passwordHash{}, false, err
	}
	select {
	case l.checking <- struct{}{}:
		defer func() { <-l.checking }()
	case <-ctx.Done():
		return passwordHash{}, false, ctx.Err()
	}
	hash, known := hashes[name]
	if !known {
		hash = l.nobody
	}
	return hash, hash.matches(password) && known, nil
}

// logout ends the session.
func (l *Login) logout(w http.ResponseWriter, r *http.Request) {
	if cookie, err := r.Cookie(sessionCookie); err == nil {
		l.sessions.drop(cookie.Value)
	}
	http.SetCookie(w, cookieOf("", -1))
	http.Redirect(w, r, "/login", http.StatusSeeOther)
}

// cookieOf returns the cookie of a token; a negative age removes it.
func cookieOf(token string, age int) *http.Cookie {
	return &http.Cookie{
		Name: sessionCookie, Value: token, Path: "/", MaxAge: age,
		HttpOnly: true, Secure: true, SameSite: http.SameSiteStrictMode,
	}
}

// localPath returns a path of this server, with its query; "/" for everything else,
// so that nobody can make the login lead elsewhere.
func localPath(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || !strings.HasPrefix(u.Path, "/") ||
		strings.HasPrefix(u.Path, "//") || strings.ContainsAny(next, "\\\r\n\t") || u.Path == "/login" {
		return "/"
	}
	return next
}

// userKey is the key of the user's name in a context.
type userKey struct{}

// withUser returns a context that knows who is logged in.
func withUser(ctx context.Context, name string) context.Context {
	return context.WithValue(ctx, userKey{}, name)
}

// userOf returns who is logged in, and false where there is no login.
func userOf(ctx context.Context) (string, bool) {
	name, ok := ctx.Value(userKey{}).(string)
	return name, ok
}
