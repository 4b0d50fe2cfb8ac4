package console

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/internal/dashboard"
	"weir/internal/query"
)

// fakeRows are rows with an error behind them, or none.
type fakeRows struct {
	columns []query.Column
	rows    [][]any
	err     error
	closed  *int
}

func (r *fakeRows) Columns() []query.Column { return r.columns }
func (r *fakeRows) Close() error            { *r.closed++; return nil }

func (r *fakeRows) Next() ([]any, error) {
	if len(r.rows) == 0 {
		if r.err != nil {
			return nil, r.err
		}
		return nil, io.EOF
	}
	row := r.rows[0]
	r.rows = r.rows[1:]
	return row, nil
}

// fakeLanguage answers by the text: "types", "rows N", "late N" (an error behind N rows), or a mistake.
type fakeLanguage struct {
	asked  []Question
	closed int
}

func (f *fakeLanguage) ask(_ context.Context, q Question) (*Answer, error) {
	f.asked = append(f.asked, q)
	rows := &fakeRows{closed: &f.closed}
	n := 0
	switch {
	case q.Text == "types":
		rows.columns, rows.rows = typedColumns, typedRows()
	case scan(q.Text, "rows %d", &n), scan(q.Text, "late %d", &n):
		rows.columns = []query.Column{{Name: "n", Type: query.Int, SQLType: "BIGINT"}}
		for i := range n {
			rows.rows = append(rows.rows, []any{int64(i)})
		}
		if strings.HasPrefix(q.Text, "late") {
			rows.err = fmt.Errorf("%w: the memory is used up", query.ErrLimit)
		}
		if most := q.Limits.MaxRows; most > 0 && int64(n) > most {
			return nil, query.ErrLimit
		}
	default:
		return nil, &query.TextError{Offset: 7, Length: 3, Message: "there is no column foo", Hint: "did you mean for?"}
	}
	return &Answer{Rows: rows, Notes: []string{"a note"}, Read: func() Read { return Read{Bytes: 1 << 60, Records: 9, Files: 2} }}, nil
}

func scan(text, format string, n *int) bool {
	_, err := fmt.Sscanf(text, format, n)
	return err == nil
}

var typedColumns = []query.Column{
	{Name: "b", Type: query.Bool},
	{Name: "i", Type: query.Int, SQLType: "HUGEINT"},
	{Name: "f", Type: query.Float},
	{Name: "t", Type: query.Text},
	{Name: "at", Type: query.Time},
	{Name: "o", Type: query.Other, SQLType: "DECIMAL(4,2)"},
}

func typedRows() [][]any {
	return [][]any{
		{true, int64(-7), 0.5, "a,\"b\"\n<&>", time.Unix(t0, 500_000_000).UTC(), query.Decimal("12.50")},
		{false, new(big.Int).Lsh(big.NewInt(1), 70), math.Inf(1), "", time.Unix(t0, 0).UTC(), []any{int64(1), nil}},
		{nil, int64(1 << 54), math.NaN(), nil, nil, map[string]any{"k": "v"}},
	}
}

// askingDeps returns what a console needs that asks in a fake language and keeps documents.
func askingDeps(t testing.TB, f *fakeLanguage) Deps {
	t.Helper()
	d := testDeps(t)
	d.Languages = []Language{{Name: "fake", Title: "Fake", Range: "It bounds the rows.", Example: "rows 1", Ask: f.ask}}
	return d
}

// send sends a body and returns status, headers and body.
func send(t testing.TB, h http.Handler, method, target, body string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// decoded sends a body and decodes the answer, which must have a status.
func decoded[T any](t testing.TB, h http.Handler, method, target, body string, status int) T {
	t.Helper()
	w := send(t, h, method, target, body)
	var out T
	if w.Code != status {
		t.Fatalf("%s %s: status %d, want %d: %s", method, target, w.Code, status, w.Body)
	}
	if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil {
		t.Fatalf("%s %s: %v: %s", method, target, err, w.Body)
	}
	return out
}

func TestQueryWritesEachTypeExactly(t *testing.T) {
	f := &fakeLanguage{}
	h := New(askingDeps(t, f))
	w := send(t, h, "POST", "/api/v1/query", `{"language":"fake","text":"types","from":1767225600,"to":"2026-01-01T01:00:00Z"}`)
	var got map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatalf("%v: %s", err, w.Body)
	}
	delete(got, "result")
	want := map[string]any{
		"columns": []any{
			map[string]any{"name": "b", "type": "boolean", "sql_type": ""},
			map[string]any{"name": "i", "type": "integer", "sql_type": "HUGEINT"},
			map[string]any{"name": "f", "type": "number", "sql_type": ""},
			map[string]any{"name": "t", "type": "text", "sql_type": ""},
			map[string]any{"name": "at", "type": "time", "sql_type": ""},
			map[string]any{"name": "o", "type": "other", "sql_type": "DECIMAL(4,2)"},
		},
		"rows": []any{
			[]any{true, -7.0, 0.5, "a,\"b\"\n<&>", "2026-01-01T00:00:00.5Z", "12.50"},
			[]any{false, "1180591620717411303424", "+Inf", "", "2026-01-01T00:00:00Z", []any{1.0, nil}},
			[]any{nil, "18014398509481984", "NaN", nil, nil, map[string]any{"k": "v"}},
		},
		"more": false, "from": 1767225600.0, "to": 1767229200.0, "newest": float64(t0 + 300), "elapsed_ms": 0.0,
		"read": map[string]any{"bytes": "1152921504606846976", "records": 9.0, "files": 2.0}, "notes": []any{"a note"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if q := f.asked[0]; q.From.Unix() != t0 || q.To.Unix() != t0+3600 || q.Limits.Timeout == 0 {
		t.Errorf("asked %+v", q)
	}
	if f.closed != 1 {
		t.Errorf("rows closed %d times", f.closed)
	}
}

func TestQueryShowsTheFirstRowsAndSaysSo(t *testing.T) {
	f := &fakeLanguage{}
	h := New(askingDeps(t, f))
	for _, tc := range []struct {
		text, limit string
		rows        int
		more        bool
	}{
		{"rows 3", "3", 3, false},
		{"rows 4", "3", 3, true},
		{"rows 0", "1", 0, false},
		{"rows 1001", "0", 1000, true},
		// What would fail behind the rows that are shown does not matter to them.
		{"late 4", "3", 3, true},
	} {
		got := decoded[queryAnswer2](t, h, "POST", "/api/v1/query", `{"language":"fake","text":"`+tc.text+`","limit":`+tc.limit+`}`, 200)
		if len(got.Rows) != tc.rows || got.More != tc.more {
			t.Errorf("%s, limit %s: %d rows, more %v", tc.text, tc.limit, len(got.Rows), got.More)
		}
	}
	if f.closed != len(f.asked) {
		t.Errorf("%d of %d rows closed", f.closed, len(f.asked))
	}
}

// queryAnswer2 is what a page reads of the answer of query.
type queryAnswer2 struct {
	Result string
	Rows   [][]any
	More   bool
}

func TestQueryProblems(t *testing.T) {
	h := New(askingDeps(t, &fakeLanguage{}))
	seven := 7
	for _, tc := range []struct {
		name, body string
		status     int
		want       problem
	}{
		{"a mistake in the text", `{"language":"fake","text":"SELECT foo"}`, 400, problem{Message: "there is no column foo", Hint: "did you mean for?", Param: "text", Offset: &seven, Length: 3}},
		{"another language", `{"language":"cobol","text":"x"}`, 400, problem{Message: `there is no language "cobol"`, Hint: "/api/v1/languages lists them", Param: "language"}},
		{"no text", `{"language":"fake","text":" "}`, 400, problem{Message: "there is no query", Param: "text"}},
		{"long text", `{"language":"fake","text":"` + strings.Repeat("x", 65537) + `"}`, 400, problem{Message: "the query has 65537 bytes, the most is 65536", Param: "text"}},
		{"limit", `{"language":"fake","text":"rows 1","limit":10001}`, 400, problem{Message: "10001 is no number from 1 to 10000", Param: "limit"}},
		{"range", `{"language":"fake","text":"rows 1","from":2,"to":1}`, 400, problem{Message: "the range ends before it begins", Param: "to"}},
		{"moment", `{"language":"fake","text":"rows 1","from":"soon"}`, 400, problem{Message: `"soon" is no time`, Hint: "RFC 3339 or seconds since the epoch: 2026-01-01T00:08:00Z or 1767226080", Param: "from"}},
		{"unknown member", `{"language":"fake","text":"rows 1","colour":1}`, 400, problem{Message: `the request can't be read: unknown field "colour"`}},
		{"no JSON", `rows 1`, 400, problem{Message: "the request can't be read: invalid character 'r' looking for beginning of value"}},
		{"two requests", `{"language":"fake","text":"rows 1"} {}`, 400, problem{Message: "there is something behind the request"}},
		{"large request", `{"text":"` + strings.Repeat("x", maxBody) + `"}`, 413, problem{Message: "the request has more than 524288 bytes"}},
		{"a limit", `{"language":"fake","text":"late 1"}`, 503, problem{Message: "query limit reached: the memory is used up", Hint: "choose a shorter range or a narrower filter"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := decoded[map[string]problem](t, h, "POST", "/api/v1/query", tc.body, tc.status)["error"]
			if diff := cmp.Diff(tc.want, got, cmp.AllowUnexported(problem{})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestWritesNeedJSONFromHere sends what a form or a script of a foreign page can send.
func TestWritesNeedJSONFromHere(t *testing.T) {
	f := &fakeLanguage{}
	d := askingDeps(t, f)
	h := Guard(New(d), nil)
	for _, tc := range []struct {
		name   string
		header []string
		want   int
	}{
		{"own page", []string{"Sec-Fetch-Site", "same-origin"}, 200},
		{"no browser", nil, 200},
		{"foreign page", []string{"Sec-Fetch-Site", "cross-site"}, 403},
		{"foreign origin of an old browser", []string{"Origin", "https://elsewhere.example"}, 403},
		{"a form", []string{"Content-Type", "text/plain"}, 415},
		{"no type", []string{"Content-Type", ""}, 415},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for _, to := range []struct{ method, path, body string }{
				{"POST", "/api/v1/query", `{"language":"fake","text":"rows 1"}`},
				{"POST", "/api/v1/export", `{"language":"fake","text":"rows 1","format":"csv"}`},
				{"POST", "/api/v1/queries", `{"name":"n","language":"fake","text":"rows 1","chart":{"kind":"table"}}`},
			} {
				w := send(t, h, to.method, "http://localhost"+to.path, to.body, tc.header...)
				want := tc.want
				if want == 200 && to.path == "/api/v1/queries" {
					want = 201
				}
				if w.Code != want {
					t.Errorf("%s: status %d, want %d: %s", to.path, w.Code, want, w.Body)
				}
			}
		})
	}
	if heads, err := d.Queries.List(); err != nil || len(heads) != 2 {
		t.Errorf("%d saved queries, want those of the two that may: %v", len(heads), err)
	}
}

func TestExportHasTheNumbersThatWereShown(t *testing.T) {
	f := &fakeLanguage{}
	h := New(askingDeps(t, f))
	shown := decoded[queryAnswer2](t, h, "POST", "/api/v1/query", `{"language":"fake","text":"rows 5"}`, 200)
	export := func(more string) *httptest.ResponseRecorder {
		return send(t, h, "POST", "/api/v1/export", `{"language":"fake","text":"rows 5","format":"csv","name":"my \"best\" query/..","result":"`+shown.Result+`"`+more+`}`)
	}
	w := export("")
	rows, err := csv.NewReader(w.Body).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var got [][]any
	for _, row := range rows[1:] {
		var n float64
		if err := json.Unmarshal([]byte(row[0]), &n); err != nil {
			t.Fatal(err)
		}
		got = append(got, []any{n})
	}
	if diff := cmp.Diff(shown.Rows, got); diff != "" {
		t.Errorf("(-shown +exported):\n%s", diff)
	}
	if name := w.Header().Get("Content-Disposition"); name != "attachment; filename=my--best--query.csv" {
		t.Errorf("named %q", name)
	}
	if len(f.asked) != 1 {
		t.Errorf("the query ran %d times; rows that are kept are exported as they are", len(f.asked))
	}
	parquet := send(t, h, "POST", "/api/v1/export", `{"language":"fake","text":"rows 5","format":"parquet"}`)
	if b := parquet.Body.String(); parquet.Code != 200 || !strings.HasPrefix(b, "PAR1") || !strings.HasSuffix(b, "PAR1") || len(f.asked) != 2 {
		t.Errorf("parquet: status %d, %.20q, asked %d times", parquet.Code, b, len(f.asked))
	}
}

func TestExportAsksAnewForAllRows(t *testing.T) {
	h := New(askingDeps(t, &fakeLanguage{}))
	shown := decoded[queryAnswer2](t, h, "POST", "/api/v1/query", `{"language":"fake","text":"rows 7","limit":2}`, 200)
	w := send(t, h, "POST", "/api/v1/export", `{"language":"fake","text":"rows 7","format":"csv","result":"`+shown.Result+`"}`)
	if got := strings.Count(w.Body.String(), "\n"); got != 8 {
		t.Errorf("%d lines: %s", got, w.Body)
	}
}

func TestExportThatFailsLooksLikeNoFile(t *testing.T) {
	h := New(askingDeps(t, &fakeLanguage{}))
	got := decoded[map[string]problem](t, h, "POST", "/api/v1/export", `{"language":"fake","text":"late 3","format":"csv"}`, 503)
	if got["error"].Message == "" {
		t.Errorf("problem %+v", got)
	}
	huge := decoded[map[string]problem](t, h, "POST", "/api/v1/export", `{"language":"fake","text":"types","format":"parquet"}`, 500)
	if want := "column i: 1180591620717411303424 does not fit into 64 bits"; huge["error"].Message != want {
		t.Errorf("got %q, want %q", huge["error"].Message, want)
	}
	decoded[map[string]problem](t, h, "POST", "/api/v1/export", `{"language":"fake","text":"rows 1","format":"pdf"}`, 400)
	// Once a part was sent, only the end of the connection can say that the rest fails.
	server := httptest.NewServer(h)
	defer server.Close()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/api/v1/export", strings.NewReader(`{"language":"fake","text":"late 400000","format":"csv"}`))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if _, err := io.ReadAll(answer.Body); answer.StatusCode != http.StatusOK || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("status %d, %v", answer.StatusCode, err)
	}
}

func TestResultsAreKeptWithinBounds(t *testing.T) {
	var k results
	first := k.keep(&result{bytes: 1})
	for range keptResults {
		k.keep(&result{bytes: 1})
	}
	if k.get(first) != nil || len(k.list) != keptResults {
		t.Errorf("%d results", len(k.list))
	}
	large := k.keep(&result{bytes: keptBytes})
	if k.get(large) == nil || len(k.list) != 1 || k.bytes != keptBytes {
		t.Errorf("%d results of %d bytes", len(k.list), k.bytes)
	}
}

func TestDashboardsOverTheAPI(t *testing.T) {
	h := New(askingDeps(t, &fakeLanguage{}))
	const path = "/api/v1/dashboards"
	list := decoded[documentsAnswer](t, h, "GET", path, "", 200)
	if len(list.Documents) != 1 || !list.Documents[0].Ready {
		t.Fatalf("listed %+v", list)
	}
	ready := path + "/" + list.Documents[0].ID
	copied := send(t, h, "GET", ready, "").Body.String()
	decoded[map[string]problem](t, h, "PUT", ready, copied, 403)
	decoded[map[string]problem](t, h, "DELETE", ready+"?version=1", "", 403)

	made := decoded[dashboard.Dashboard](t, h, "POST", path, copied, 201)
	if made.Ready || made.Version != 1 || len(made.Panels) == 0 {
		t.Errorf("copied %+v", made.Head)
	}
	mine := path + "/" + made.ID
	made.Name = "mine"
	body, err := json.Marshal(made)
	if err != nil {
		t.Fatal(err)
	}
	changed := decoded[dashboard.Dashboard](t, h, "PUT", mine, string(body), 200)
	if changed.Version != 2 || changed.Name != "mine" {
		t.Errorf("changed %+v", changed.Head)
	}
	decoded[map[string]problem](t, h, "PUT", mine, string(body), 409)
	wrong := decoded[map[string]problem](t, h, "POST", path, `{"name":"x","range":{"last":"1y"}}`, 400)["error"]
	if wrong.Param != "range.last" || wrong.Hint == "" {
		t.Errorf("problem %+v", wrong)
	}
	decoded[map[string]problem](t, h, "DELETE", mine+"?version=x", "", 400)
	decoded[struct{}](t, h, "DELETE", mine+"?version=2", "", 200)
	decoded[map[string]problem](t, h, "GET", mine, "", 404)
	decoded[map[string]problem](t, h, "POST", path, strings.Repeat(" ", dashboard.MaxDocument+1), 413)
}

// boards returns empty stores.
func boards(t testing.TB) (*dashboard.Store[dashboard.Dashboard, *dashboard.Dashboard], *dashboard.Store[dashboard.SavedQuery, *dashboard.SavedQuery]) {
	t.Helper()
	now := func() time.Time { return time.Unix(t0+480, 0) }
	dir := t.TempDir()
	return dashboard.NewStore[dashboard.Dashboard](filepath.Join(dir, "dashboards"), now, dashboard.Ready()...),
		dashboard.NewStore[dashboard.SavedQuery](filepath.Join(dir, "queries"), now)
}

// TestExportThatNobodyReads gives up a reader that takes nothing, so that no query waits for it.
func TestExportThatNobodyReads(t *testing.T) {
	before := exportStall
	exportStall = 50 * time.Millisecond
	t.Cleanup(func() { exportStall = before })
	h := New(askingDeps(t, &fakeLanguage{}))
	ended := make(chan any, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() { ended <- recover() }()
		h.ServeHTTP(w, r)
	}))
	defer server.Close()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.(*net.TCPConn).SetReadBuffer(4096); err != nil { // less is on its way then
		t.Fatal(err)
	}
	body := `{"language":"fake","text":"rows 1000000","format":"csv"}`
	if _, err := fmt.Fprintf(conn, "POST /api/v1/export HTTP/1.1\r\nHost: weir\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body); err != nil {
		t.Fatal(err)
	}
	select {
	case got := <-ended:
		if got != http.ErrAbortHandler {
			t.Errorf("it ended with %v", got)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("the export waits for its reader")
	}
}
