package athena

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"weir/internal/athenasql"
	"weir/internal/athenasql/types"
	"weir/internal/awsapi"
)

// fakeRunner has statements of its own: the first word says what they do.
type fakeRunner struct{}

var (
	bigint  = types.Type{Kind: types.BigInt}
	varchar = types.Type{Kind: types.Varchar}
)

func (fakeRunner) Check(_ context.Context, r Request) (Statement, error) {
	switch word, _, _ := strings.Cut(r.Text, " "); word {
	case "bad":
		return Statement{}, athenasql.Errorf(athenasql.CodeSyntax, athenasql.Span{Start: 0, End: 3}, "mismatched input 'bad'").WithHint("SELECT?")
	case "grant":
		return Statement{}, athenasql.Errorf(athenasql.CodeNotSupported, athenasql.Span{Start: 0, End: 5}, "GRANT")
	case "show":
		return Statement{athenasql.Utility, "SHOW_TABLES"}, nil
	case "describe", "lines":
		return Statement{athenasql.Utility, "DESCRIBE_TABLE"}, nil
	case "create":
		return Statement{athenasql.DDL, "CREATE_TABLE"}, nil
	case "ctas":
		return Statement{athenasql.DDL, createTableAs}, nil
	case "unload":
		return Statement{athenasql.DML, unload}, nil
	}
	return Statement{athenasql.DML, "SELECT"}, nil
}

func (fakeRunner) Run(ctx context.Context, r Request) (Rows, error) {
	word, rest, _ := strings.Cut(strings.ReplaceAll(r.Text, "\n", " "), " ")
	n, _ := strconv.Atoi(rest)
	rows := &fakeRows{columns: []Column{{"n", bigint}, {"t", varchar}}, statistics: Statistics{BytesScanned: 500, RowsScanned: 7, Planning: time.Millisecond}}
	switch word {
	case "rows":
		for i := range n {
			row := []any{int64(i), fmt.Sprintf("row %d", i)}
			if i%2 == 1 {
				row[1] = nil
			}
			rows.rows = append(rows.rows, row)
		}
	case "wait":
		<-ctx.Done()
		return nil, ctx.Err()
	case "fail":
		return nil, errors.New("the disk is broken")
	case "late":
		rows.rows, rows.err = [][]any{{int64(1), "a"}}, errors.New("the disk is broken")
	case "break":
		panic("a fault")
	case "missing":
		return nil, athenasql.Errorf(athenasql.CodeColumnNotFound, athenasql.Span{Start: 8, End: 9}, "Column 'x' cannot be resolved").WithHint("did you mean y?")
	case "scan":
		if r.MaxBytes > 0 && int64(n) > r.MaxBytes {
			return nil, fmt.Errorf("%d bytes: %w", n, ErrCutoff)
		}
	case "long":
		for range 3 {
			rows.rows = append(rows.rows, []any{int64(1), strings.Repeat("x", n)})
		}
	case "show":
		rows.columns, rows.rows = []Column{{"tab_name", varchar}}, [][]any{{"a\tb"}, {"c"}}
	case "create":
		rows.columns = nil
	case "ctas":
		rows.columns, rows.statistics.Updated = []Column{{"rows", bigint}}, 7
	case "lines":
		rows.columns, rows.rows = []Column{{"result", varchar}}, [][]any{{"n\tint\t"}}
	case "unload":
		rows.columns = nil
		for i := range n {
			rows.statistics.Written = append(rows.statistics.Written, fmt.Sprintf("s3://out/k=%d/x", i))
		}
	case "describe":
		rows.columns, rows.rows = []Column{{"result", varchar}}, [][]any{{r.Database}}
	case "parameters":
		rows.columns = []Column{{"database", varchar}, {"parameters", varchar}, {"user", varchar}}
		rows.rows = [][]any{{r.Database, strings.Join(r.Parameters, "|"), r.User}}
	case "prepare":
		if err := r.Prepared.Prepare(rest, "rows 1"); err != nil {
			return nil, err
		}
	case "values":
		rows.columns, rows.rows = manyTypes()
	}
	return rows, nil
}

// manyTypes has a column of each type that results tell apart.
func manyTypes() ([]Column, [][]any) {
	columns := []Column{
		{"b", types.Type{Kind: types.Boolean}},
		{"i8", types.Type{Kind: types.TinyInt}},
		{"i16", types.Type{Kind: types.SmallInt}},
		{"i32", types.Type{Kind: types.Integer}},
		{"i64", bigint},
		{"r", types.Type{Kind: types.Real}},
		{"d", types.Type{Kind: types.Double}},
		{"dec", types.Type{Kind: types.Decimal, Precision: 10, Scale: 2}},
		{"s", varchar},
		{"s3", types.Type{Kind: types.Varchar, Length: 3}},
		{"c", types.Type{Kind: types.Char, Length: 2}},
		{"bin", types.Type{Kind: types.Varbinary}},
		{"date", types.Type{Kind: types.Date}},
		{"ts", types.Type{Kind: types.Timestamp, Precision: 3}},
		{"tz", types.Type{Kind: types.TimestampTZ, Precision: 3, Zone: "UTC"}},
		{"a", types.Type{Kind: types.Array, Elems: []types.Type{bigint}}},
		{"ip", types.Type{Kind: types.IPAddress}},
		{"quote", varchar},
	}
	day := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	return columns, [][]any{{
		true, int8(1), int16(2), int32(3), int64(4), float32(1.5), 1e7, "12.30", "ä\n", "abc", "x",
		[]byte{1, 255},
		day, day, day,
		[]any{int64(1), nil},
		"00000000000000000000ffff0a000001", `a "quoted", one`,
	}}
}

// fakeRows gives rows, and then an error where there is one.
type fakeRows struct {
	columns    []Column
	rows       [][]any
	statistics Statistics
	err        error
}

func (r *fakeRows) Columns() []Column      { return r.columns }
func (r *fakeRows) Statistics() Statistics { return r.statistics }
func (r *fakeRows) Close() error           { return nil }

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

// fakeCatalog has two databases.
type fakeCatalog struct{}

func (fakeCatalog) Databases(context.Context) ([]Database, error) {
	return []Database{{Name: "weir", Description: "the lake", Parameters: map[string]string{"a": "b"}}, {Name: "logs"}}, nil
}

func (fakeCatalog) Tables(_ context.Context, database string) ([]Table, error) {
	switch database {
	case "logs":
		return nil, nil
	case "weir":
		return []Table{
			{
				Name: "vpc_flow_logs", Type: ExternalTable, Created: testTime, Columns: []TableColumn{{"srcaddr", "string", "the source"}, {"srcport", "int", ""}},
				PartitionKeys: []TableColumn{{"date", "date", ""}}, Parameters: map[string]string{"skip.header.line.count": "1"},
			},
			{Name: "rejected", Type: VirtualView, Columns: []TableColumn{{"srcaddr", "string", ""}}},
			{Name: "tgw_flow_logs", Type: ExternalTable},
		}, nil
	}
	return nil, fmt.Errorf("%s: %w", database, ErrNotFound)
}

// fakeOutput keeps objects in memory; it takes the bucket "out" alone.
type fakeOutput struct {
	mu      sync.Mutex
	objects map[string]string
	options map[string]OutputOptions
}

func (f *fakeOutput) Check(location string, _ OutputOptions) error {
	if !strings.HasPrefix(location, "s3://out") {
		return errors.New("the bucket is not one of this server")
	}
	return nil
}

func (f *fakeOutput) Write(_ context.Context, location string, body io.ReadSeeker, o OutputOptions) error {
	raw, err := io.ReadAll(body)
	if strings.Contains(location, "/full/") {
		err = errors.New("no space left")
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.objects[location], f.options[location] = string(raw), o
	return err
}

// everyone accepts all requests.
type everyone struct{ key string }

func (e everyone) AccessKeyID() string              { return e.key }
func (everyone) Allows(string) bool                 { return true }
func (everyone) Screen(*http.Request, string) error { return nil }

func (everyone) Authenticate(r *http.Request, _ []byte, _ string) (awsapi.Identity, error) {
	key := r.Header.Get("X-Test-Key")
	if key == "" {
		key = "WEIRTESTKEY"
	}
	return everyone{key}, nil
}

var testTime = time.Date(2026, 11, 29, 12, 0, 0, 250e6, time.UTC)

type testServer struct {
	t      testing.TB
	api    *API
	output *fakeOutput
	http   *awsapi.Router
	key    string
}

// newServer makes an API in a folder, "" for a new one, whose clock goes on by a second at each look unless options say otherwise.
func newServer(t testing.TB, dir string, change func(*Options)) *testServer {
	t.Helper()
	if dir == "" {
		dir = t.TempDir()
	}
	var mu sync.Mutex
	now := testTime
	output := &fakeOutput{objects: map[string]string{}, options: map[string]OutputOptions{}}
	o := Options{
		Account: "111111111111", Region: "eu-central-1", Runner: fakeRunner{}, Catalog: fakeCatalog{}, Output: output, Results: filepath.Join(dir, "results"),
		Log: slog.New(slog.DiscardHandler), Now: func() time.Time {
			mu.Lock()
			defer mu.Unlock()
			now = now.Add(time.Second)
			return now
		},
	}
	if change != nil {
		change(&o)
	}
	var err error
	if o.Store, err = OpenStore(filepath.Join(dir, "athena"), o.Now); err != nil {
		t.Fatal(err)
	}
	api, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(api.Close)
	return &testServer{t: t, api: api, output: output, http: awsapi.NewRouter(everyone{}, api.Log, api.Service())}
}

type object = map[string]any

// send makes a request and returns the status and the answer's members.
func (s *testServer) send(operation string, in any) (int, object) {
	s.t.Helper()
	body, err := json.Marshal(in)
	if err != nil {
		s.t.Fatal(err)
	}
	status, raw := s.post(operation, body)
	var out object
	if err := json.Unmarshal(raw, &out); err != nil {
		s.t.Fatalf("%s: %v in %s", operation, err, raw)
	}
	return status, out
}

// post makes a request of a body.
func (s *testServer) post(operation string, body []byte) (int, []byte) {
	r := httptest.NewRequestWithContext(context.Background(), http.MethodPost, "/", bytes.NewReader(body))
	r.Header.Set("X-Amz-Target", "AmazonAthena."+operation)
	r.Header.Set("X-Test-Key", s.key)
	w := httptest.NewRecorder()
	s.http.ServeHTTP(w, r)
	return w.Code, w.Body.Bytes()
}

// ok makes a request that must succeed.
func (s *testServer) ok(operation string, in any) object {
	s.t.Helper()
	status, out := s.send(operation, in)
	if status != http.StatusOK {
		s.t.Fatalf("%s %v: %d %v", operation, in, status, out)
	}
	return out
}

// refused makes a request that must fail, and returns the error's code, its finer code and its text.
func (s *testServer) refused(operation string, in any) string {
	s.t.Helper()
	status, out := s.send(operation, in)
	if status != http.StatusBadRequest {
		s.t.Fatalf("%s %v: %d %v", operation, in, status, out)
	}
	if out["message"] != out["Message"] || out["AthenaErrorCode"] != out["ErrorCode"] {
		s.t.Errorf("%s: the body is %v", operation, out)
	}
	text := out["__type"].(string)
	if code, ok := out["AthenaErrorCode"].(string); ok {
		text += " " + code
	}
	return text + ": " + out["Message"].(string)
}

// start starts a query.
func (s *testServer) start(text string) string {
	s.t.Helper()
	return s.ok("StartQueryExecution", object{"QueryString": text})["QueryExecutionId"].(string)
}

// ended waits until no query runs or waits, and returns one.
func (s *testServer) ended(id string) object {
	s.t.Helper()
	s.api.idle()
	return s.ok("GetQueryExecution", object{"QueryExecutionId": id})["QueryExecution"].(object)
}

// run starts a query and waits for its end.
func (s *testServer) run(text string) object {
	s.t.Helper()
	return s.ended(s.start(text))
}

// idle waits until no query runs.
func (a *API) idle() { a.jobs.done.Wait() }

// got follows a path of members and numbers of elements into an answer.
func got(v any, path ...any) any {
	for _, p := range path {
		switch p := p.(type) {
		case string:
			m, _ := v.(object)
			v = m[p]
		case int:
			l, _ := v.([]any)
			if p >= len(l) {
				return nil
			}
			v = l[p]
		}
	}
	return v
}
