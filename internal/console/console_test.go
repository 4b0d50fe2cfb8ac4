package console

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"weir/flowlog"
	"weir/internal/query"
	"weir/internal/query/memory"
)

// t0 is the time of the first test record: 2026-01-01 00:00 UTC.
const t0 = 1767225600

// vpcLog holds every case that the reads tell apart: accepted and refused records,
// IPv6, equal times, a refused record without bytes (VPC Block Public Access), one
// of a format without start, one without traffic, and a field that weir does not know.
const vpcLog = `version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status weir-hour weir-object my-field
2 111111111111 eni-1 10.0.0.1 10.0.0.2 40000 443 6 10 1000 1767225600 1767225650 ACCEPT OK 1767225600 a red
2 111111111111 eni-1 10.0.0.2 10.0.0.1 443 40000 6 20 5000 1767225630 1767225650 ACCEPT OK 1767225600 a blue
2 111111111111 eni-1 10.0.0.1 10.0.0.2 40001 22 6 1 60 1767225660 1767225690 REJECT OK 1767225600 a -
2 111111111111 eni-2 2001:db8::1 2001:db8::2 5000 53 17 2 200 1767225690 1767225700 ACCEPT OK 1767225600 a red
2 111111111111 eni-2 10.0.0.3 10.0.0.2 5001 53 17 2 150 1767225690 1767225700 ACCEPT OK 1767225600 a red
2 111111111111 eni-2 10.0.0.3 10.0.0.2 5002 53 17 2 150 1767225690 1767225700 ACCEPT OK 1767225600 a red
2 111111111111 eni-2 192.0.2.7 10.0.0.2 6000 3389 6 3 - 1767225720 1767225730 REJECT OK 1767225600 a -
2 111111111111 eni-3 - - - - - - - 1767225780 1767225839 - NODATA 1767225600 a -
version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes action log-status weir-hour weir-object
2 111111111111 eni-3 10.0.0.9 10.0.0.2 7000 443 6 4 400 ACCEPT OK 1767225900 b
`

// tgwLog is one transit gateway record in AWS's default format.
const tgwLog = `version resource-type account-id tgw-id tgw-attachment-id srcaddr dstaddr srcport dstport protocol packets bytes start end log-status
6 TransitGateway 111111111111 tgw-1 tgw-attach-1 10.1.0.1 10.2.0.1 40000 443 6 7 700 1767225600 1767225660 OK
`

// batches reads flow log text.
func batches(t testing.TB, text string) []*flowlog.Batch {
	t.Helper()
	d, err := flowlog.NewDecoder(strings.NewReader(text), flowlog.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var out []*flowlog.Batch
	for {
		b, err := d.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, b)
	}
	if s := d.Stats(); s.Bad > 0 {
		t.Fatalf("bad test record: %v", s.BadLines[0])
	}
	return out
}

// testDeps returns what a console over the test records needs.
func testDeps(t testing.TB) Deps {
	t.Helper()
	engine := memory.New(append(batches(t, vpcLog), batches(t, tgwLog)...)...)
	engine.Name(query.NewNames(nil, func(a netip.Addr) (service, region string) {
		if a == netip.MustParseAddr("10.0.0.2") {
			return "EC2", "us-east-1"
		}
		return "", ""
	}))
	dashboards, queries := boards(t)
	return Deps{
		Engine: engine, Dashboards: dashboards, Queries: queries,
		Status: func(context.Context) (Status, error) {
			return Status{Tables: []TableStatus{
				{
					Kind: flowlog.KindVPC, Records: 9, Objects: 2, Bytes: 4096,
					Oldest: time.Unix(t0, 0), Newest: time.Unix(t0+300, 0),
				},
				{
					Kind: flowlog.KindTGW, Records: 1, Objects: 1, Bytes: 512,
					Oldest: time.Unix(t0, 0), Newest: time.Unix(t0, 0),
				},
			}}, nil
		},
		Following: func(context.Context) ([]Followed, error) {
			return []Followed{
				{
					Source: "s3://logs/AWSLogs", Running: true, Process: 77, Since: time.Unix(t0-600, 0), Updated: time.Unix(t0+470, 0),
					Looked: time.Unix(t0+475, 0), Good: time.Unix(t0+475, 0), Objects: 12, Records: 1 << 60, BadLines: 1,
					LastObject: "s3://logs/AWSLogs/a.log.gz", LastTaken: time.Unix(t0+300, 0),
					Gone: 2, GoneFrom: time.Unix(t0-86400, 0), GoneLooked: time.Unix(t0, 0),
				},
				{
					Source: "cwl:/aws/vpc", Running: true, Process: 77, Since: time.Unix(t0-600, 0), Updated: time.Unix(t0+470, 0),
					Looked: time.Unix(t0+470, 0), Error: "cannot read cwl:/aws/vpc: access denied", Failed: 3,
					FailedSince: time.Unix(t0+400, 0), Retry: time.Unix(t0+500, 0),
				},
				{Source: "/srv/logs", Process: 5, Since: time.Unix(t0-900, 0), Updated: time.Unix(t0-800, 0)},
			}, nil
		},
		UnknownFields: func(k flowlog.Kind) []string {
			if k == flowlog.KindVPC {
				return []string{"my-field"}
			}
			return nil
		},
		Names:   func(context.Context) (query.NameSource, error) { return query.FromRanges | query.FromRegistry, nil },
		Commits: func(context.Context) <-chan Commit { return nil },
		Version: "v1.2.3",
		Now:     func() time.Time { return time.Unix(t0+480, 0) },
	}
}

// get asks a handler and returns status and body.
func get(t testing.TB, h http.Handler, target string) (int, string) {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, target, nil))
	return w.Code, w.Body.String()
}

// read asks for a read of the API and decodes its answer into v.
func read(t testing.TB, h http.Handler, name string, params map[string]string, v any) {
	t.Helper()
	query := url.Values{}
	for k, value := range params {
		query.Set(k, value)
	}
	status, body := get(t, h, "/api/v1/"+name+"?"+query.Encode())
	if status != http.StatusOK {
		t.Fatalf("%s %v: status %d: %s", name, params, status, body)
	}
	decoder := json.NewDecoder(strings.NewReader(body))
	decoder.UseNumber()
	if err := decoder.Decode(v); err != nil {
		t.Fatalf("%s %v: %v: %s", name, params, err, body)
	}
}

// engineFunc is an engine of one function.
type engineFunc func(ctx context.Context, p query.Plan, l query.Limits) (query.Rows, error)

func (f engineFunc) Run(ctx context.Context, p query.Plan, l query.Limits) (query.Rows, error) {
	return f(ctx, p, l)
}

func (f engineFunc) Explain(context.Context, query.Plan) (query.Cost, error) {
	return query.Cost{}, nil
}
