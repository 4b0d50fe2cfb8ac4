package logs

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"iter"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"weir/internal/awsapi"
	"weir/internal/awsapi/awsapitest"
	"weir/internal/insights"
	"weir/internal/insights/value"
	"weir/internal/logstore"
)

// fakeLake has one group that can only be read, of one stream.
type fakeLake struct{ events []logstore.Event }

const lakeGroup = "/weir/flow-logs"

func (fakeLake) Groups(context.Context) ([]logstore.Group, error) {
	return []logstore.Group{{Name: lakeGroup, Created: 1, ReadOnly: true}}, nil
}

func (fakeLake) Streams(context.Context, string) ([]logstore.Stream, error) {
	return []logstore.Stream{{Name: "eni-1-all", Created: 1}}, nil
}

func order(a, b *logstore.Event) int {
	return cmp.Or(cmp.Compare(a.Timestamp, b.Timestamp), cmp.Compare(a.Ingestion, b.Ingestion), cmp.Compare(a.Stream, b.Stream),
		cmp.Compare(a.Message, b.Message), cmp.Compare(a.Ordinal, b.Ordinal))
}

func (l fakeLake) Read(_ context.Context, r logstore.ReadRequest) iter.Seq2[logstore.Event, error] {
	var out []logstore.Event
	for _, e := range l.events {
		if e.Timestamp >= r.From && (r.To == 0 || e.Timestamp < r.To) &&
			(r.After == nil || r.Backward && order(&e, r.After) < 0 || !r.Backward && order(&e, r.After) > 0) {
			out = append(out, e)
		}
	}
	slices.SortFunc(out, func(a, b logstore.Event) int { return order(&a, &b) })
	if r.Backward {
		slices.Reverse(out)
	}
	return func(yield func(logstore.Event, error) bool) {
		for _, e := range out {
			if !yield(e, nil) {
				return
			}
		}
	}
}

// fakeRunner shows the events of the groups, newest first; a text "rows N" gives N rows, "wait" ends
// with its context, "bad" does not parse.
type fakeRunner struct {
	store   logstore.Reader
	started chan string // gets the text of each query that runs, where it is not nil
}

func (f *fakeRunner) Check(_ context.Context, r QueryRequest) ([]string, error) {
	if i := strings.Index(r.Text, "bad"); i >= 0 {
		return nil, &insights.Error{Span: insights.Span{Start: i, End: i + 3}, Message: "no command is named bad", Hint: "fields?"}
	}
	if rest, ok := strings.CutPrefix(r.Text, `SOURCE "`); ok {
		name, _, _ := strings.Cut(rest, `"`)
		return []string{name}, nil
	}
	return r.Groups, nil
}

func (f *fakeRunner) Run(ctx context.Context, r QueryRequest, progress func(insights.Statistics)) (*insights.Result, error) {
	if f.started != nil {
		f.started <- r.Text
	}
	progress(insights.Statistics{RecordsScanned: 1})
	out := &insights.Result{Columns: []string{"n", "absent"}, Statistics: insights.Statistics{RecordsScanned: 7, RecordsMatched: 3, BytesScanned: 500, LogGroupsScanned: 1}}
	switch {
	case r.Text == "wait":
		<-ctx.Done()
		return nil, ctx.Err()
	case r.Text == "fail":
		return nil, errors.New("the disk is broken")
	case r.Text == "break":
		panic("a fault")
	case strings.HasPrefix(r.Text, "rows "):
		n, err := strconv.Atoi(strings.TrimPrefix(r.Text, "rows "))
		for i := range n {
			out.Rows = append(out.Rows, []value.Value{value.Text(strconv.Itoa(i)), value.Absent})
		}
		return out, err
	}
	out.Columns = []string{"@timestamp", "@message"}
	for _, g := range r.Groups {
		for e, err := range f.store.Read(ctx, logstore.ReadRequest{Group: g, From: r.Start, To: r.End + 1, Backward: true}) {
			if err != nil {
				return nil, err
			}
			out.Rows = append(out.Rows, []value.Value{value.Text(time.UnixMilli(e.Timestamp).UTC().Format("2006-01-02 15:04:05.000")), value.Text(e.Message)})
			out.Ptrs = append(out.Ptrs, e.Ptr())
		}
	}
	return out, nil
}

type oneSink string

func (s oneSink) Has(name string) bool { return name == string(s) }

var testTime = time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)

type testServer struct {
	t     testing.TB
	api   *API
	store *logstore.Store
	http  *awsapi.Router
}

// newServer makes an API over a store in memory, whose clock stands still unless options say otherwise.
func newServer(t testing.TB, change func(*Options)) *testServer {
	t.Helper()
	o := Options{Account: "111111111111", Region: "eu-central-1", Sinks: oneSink("siem"), Now: func() time.Time { return testTime }, Log: slog.New(slog.DiscardHandler)}
	store, err := logstore.Open(t.Context(), t.TempDir(), logstore.Options{Now: func() time.Time { return o.Now() }, FlushAge: -1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	o.Store, o.Runner = store, &fakeRunner{store: store}
	if change != nil {
		change(&o)
	}
	api, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(api.Close)
	return &testServer{t: t, api: api, store: store, http: newRouter(api)}
}

func newRouter(api *API) *awsapi.Router {
	return awsapi.NewRouter(awsapitest.Anyone{}, api.Log, api.Service())
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
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &out); err != nil {
			s.t.Fatalf("%s: %v in %s", operation, err, raw)
		}
	}
	return status, out
}

// post makes a request of a body.
func (s *testServer) post(operation string, body []byte) (int, []byte) {
	r := httptest.NewRequestWithContext(context.Background(), http.MethodPost, "/", bytes.NewReader(body))
	r.Header.Set("X-Amz-Target", "Logs_20140328."+operation)
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

// refused makes a request that must fail, and returns the error's code and text.
func (s *testServer) refused(operation string, in any) string {
	s.t.Helper()
	status, out := s.send(operation, in)
	if status == http.StatusOK {
		s.t.Fatalf("%s %v: %v", operation, in, out)
	}
	return out["__type"].(string) + ": " + out["message"].(string)
}

// group makes a group with streams.
func (s *testServer) group(name string, streams ...string) {
	s.t.Helper()
	s.ok("CreateLogGroup", object{"logGroupName": name})
	for _, stream := range streams {
		s.ok("CreateLogStream", object{"logGroupName": name, "logStreamName": stream})
	}
}

// put puts messages into the group g, the first at a time, each a millisecond after the one before.
func (s *testServer) put(stream string, at int64, messages ...string) {
	s.t.Helper()
	var events []object
	for i, m := range messages {
		events = append(events, object{"timestamp": at + int64(i), "message": m})
	}
	s.ok("PutLogEvents", object{"logGroupName": "g", "logStreamName": stream, "logEvents": events})
}
