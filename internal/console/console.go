package console

import (
	"context"
	"net/http"
	"time"

	// The zones' rules are linked in, so that the parameter tz works on a machine
	// without a zone database.
	_ "time/tzdata"

	"weir/flowlog"
	"weir/internal/dashboard"
	"weir/internal/query"
	"weir/web"
)

// Deps is what the console needs. All members must be set but Languages and Watching.
type Deps struct {
	// Engine answers the questions.
	Engine query.Engine
	// Status tells of the lake. It is called often and should be cheap.
	Status func(ctx context.Context) (Status, error)
	// Following tells which sources are or were followed, those that run first. It is
	// called often and should be cheap.
	Following func(ctx context.Context) ([]Followed, error)
	// UnknownFields returns the names of the fields of a kind that the lake holds
	// and the table of fields does not, in AWS's spelling (hyphens).
	UnknownFields func(k flowlog.Kind) []string
	// Names returns what is known of that names come from: those of columns that lack their
	// source are not listed as fields. It is called often and should be cheap.
	Names func(ctx context.Context) (query.NameSource, error)
	// Commits returns a channel that gives one value for each commit to the lake
	// from now on, until ctx ends. A slow reader may miss some.
	Commits func(ctx context.Context) <-chan Commit
	// Languages are those in which people ask, in the order in which the page offers them.
	Languages []Language
	// Dashboards and Queries keep what people save.
	Dashboards *dashboard.Store[dashboard.Dashboard, *dashboard.Dashboard]
	Queries    *dashboard.Store[dashboard.SavedQuery, *dashboard.SavedQuery]
	// Watching is what watches; without it there are no alarms and contributors.
	Watching *Watching
	// Version is weir's own version, as it is shown.
	Version string
	// Now is the clock.
	Now func() time.Time
}

// Status is the state of the lake.
type Status struct {
	// Tables are the tables of the lake; a kind that is left out has no records.
	Tables []TableStatus
}

// TableStatus is the state of one table.
type TableStatus struct {
	Kind flowlog.Kind
	// Records counts its records, and Objects the objects they were taken from.
	Records, Objects int64
	// Bytes is the size of its data files.
	Bytes int64
	// Oldest and Newest are the times of the first and the last record: its start,
	// or weir_hour where it has none. Both are zero where there is no record.
	Oldest, Newest time.Time
}

// Commit is one commit to the lake.
type Commit struct {
	// At is when it was made.
	At time.Time
	// Kind is the table that was changed.
	Kind flowlog.Kind
	// Records is how many records it added; 0 where it only moved or removed some.
	Records int64
}

// console holds what the handlers share.
type console struct {
	Deps
	results results
}

// New returns the handler of the console: the page at /, its files, and the API
// under /api/v1. Only what asks in a language, keeps documents or silences an alarm is other than GET and HEAD; [Guard] must stand
// before it.
func New(d Deps) http.Handler {
	c := &console{Deps: d}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/v1/status", c.read(c.status))
	mux.HandleFunc("GET /api/v1/following", c.read(c.following))
	mux.HandleFunc("GET /api/v1/fields", c.read(c.fields))
	mux.HandleFunc("GET /api/v1/series", c.read(c.series))
	mux.HandleFunc("GET /api/v1/totals", c.read(c.totals))
	mux.HandleFunc("GET /api/v1/top", c.read(c.top))
	mux.HandleFunc("GET /api/v1/records", c.read(c.records))
	mux.HandleFunc("GET /api/v1/check", c.check)
	mux.HandleFunc("GET /api/v1/complete", c.read(c.complete))
	mux.HandleFunc("GET /api/v1/events", c.events)
	mux.HandleFunc("GET /api/v1/languages", c.read(c.languages))
	mux.HandleFunc("POST /api/v1/query", write(c.query))
	mux.HandleFunc("POST /api/v1/export", c.export)
	documents[dashboard.Dashboard, *dashboard.Dashboard]{d.Dashboards}.register(mux, "/api/v1/dashboards")
	documents[dashboard.SavedQuery, *dashboard.SavedQuery]{d.Queries}.register(mux, "/api/v1/queries")
	if d.Watching != nil {
		c.registerWatching(mux)
	}
	mux.HandleFunc("GET /api/", c.read(func(context.Context, *request) (any, error) {
		return nil, &problem{status: http.StatusNotFound, Message: "there is no such address in the API"}
	}))
	mux.Handle("GET /", newAssets(web.Dist()))
	return secured(mux)
}

// policy is the page's content security policy: everything from weir itself.
// Inline style is allowed, because places in a chart are set as style.
const policy = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; " +
	"object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// secured sets the headers that every answer has.
func secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		next.ServeHTTP(w, r)
	})
}
