package logs

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/internal/insights"
	"weir/internal/insights/discover"
	"weir/internal/insights/reference"
	"weir/internal/insights/value"
	"weir/internal/logstore"
)

// languageRunner runs queries of the language over a store.
type languageRunner struct{ store *logstore.Store }

func (languageRunner) Check(_ context.Context, r QueryRequest) ([]string, error) {
	_, err := insights.Read(r.Text, insights.CheckOptions{})
	return r.Groups, err
}

func (l languageRunner) Run(ctx context.Context, r QueryRequest, _ func(insights.Statistics)) (*insights.Result, error) {
	q, err := insights.Read(r.Text, insights.CheckOptions{})
	if err != nil {
		return nil, err
	}
	return reference.Run(ctx, q, &reference.Env{
		Query: value.Context{Start: r.Start, End: r.End, Now: testTime.UnixMilli()}, Limit: r.Limit,
		Events: func(ctx context.Context, _ *insights.Source, start, end int64) (out []discover.Event, err error) {
			for _, group := range r.Groups {
				for e, err := range l.store.Read(ctx, logstore.ReadRequest{Group: group, From: start, To: end + 1}) {
					if err != nil {
						return nil, err
					}
					out = append(out, discover.Event{Account: "111111111111", Group: e.Group, Stream: e.Stream, Timestamp: e.Timestamp, Ingestion: e.Ingestion, Message: e.Message, Ptr: e.Ptr()})
				}
			}
			return out, nil
		},
	})
}

// grafanaPrefix is what Grafana's CloudWatch source puts before each query (log_actions.go).
const grafanaPrefix = "fields @timestamp,ltrim(@log) as __log__grafana_internal__,ltrim(@logStream) as __logstream__grafana_internal__|"

// grafanaFrame reads results as Grafana's CloudWatch source does (log_query.go): by columns, without @ptr;
// a column is one of times where its first value is one, and then all must be.
func grafanaFrame(t *testing.T, out object) map[string][]string {
	t.Helper()
	const layout = "2006-01-02 15:04:05.000"
	columns, times := map[string][]string{}, map[string]bool{}
	for _, row := range out["results"].([]any) {
		for _, field := range row.([]any) {
			name, text := field.(object)["field"].(string), field.(object)["value"].(string) // both are there, and no null
			if name == "@ptr" {
				continue
			}
			_, err := time.Parse(layout, text)
			if _, seen := columns[name]; !seen {
				times[name] = err == nil
			}
			if times[name] && err != nil {
				t.Errorf("column %s: %v", name, err)
			}
			columns[name] = append(columns[name], text)
		}
	}
	for _, name := range []string{"@timestamp", "bin(1m)"} {
		if len(columns[name]) > 0 && !times[name] {
			t.Errorf("column %s is not one of times: %q", name, columns[name])
		}
	}
	return columns
}

// TestGrafana sends what Grafana's CloudWatch source sends, and reads the answers by its rules.
func TestGrafana(t *testing.T) {
	store := newServer(t, nil)
	store.group("g", "eni-1-all")
	now := testTime.UnixMilli()
	store.put("eni-1-all", now, "1 REJECT", "2 ACCEPT", "3 REJECT")
	o := store.api.Options
	o.Runner = languageRunner{store.store}
	synctest.Test(t, func(t *testing.T) {
		api, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		defer api.Close()
		s := &testServer{t: t, api: api, store: store.store, http: newRouter(api)}
		groups := s.ok("DescribeLogGroups", object{"limit": 50, "logGroupNamePrefix": "g", "includeLinkedAccounts": true, "accountIdentifiers": []string{"111111111111"}})["logGroups"].([]any)
		identifier := strings.TrimSuffix(groups[0].(object)["arn"].(string), "*")
		if !strings.HasSuffix(identifier, ":") {
			t.Fatalf("the ARN is %s*", identifier)
		}
		if fields := s.ok("GetLogGroupFields", object{"logGroupName": "g"})["logGroupFields"].([]any); len(fields) < 5 {
			t.Errorf("fields %v", fields)
		}
		query := func(text string) object {
			t.Helper()
			id := s.ok("StartQuery", object{
				"logGroupIdentifiers": []string{identifier}, "startTime": now / 1000, "endTime": now/1000 + 1, "queryString": grafanaPrefix + text, "limit": 1000,
			})["queryId"]
			synctest.Wait()
			out := s.ok("GetQueryResults", object{"queryId": id})
			if out["status"] != "Complete" || out["statistics"] == nil {
				t.Fatalf("%s: %v %v", text, out["status"], out["statistics"])
			}
			if got := s.refused("StopQuery", object{"queryId": id}); !strings.HasPrefix(got, "InvalidParameterException: ") {
				t.Errorf("a query that has ended: %s", got)
			}
			return out
		}
		got := grafanaFrame(t, query("fields @message | sort @timestamp desc | limit 2"))
		want := map[string][]string{
			"@timestamp": {"2026-11-29 12:00:00.002", "2026-11-29 12:00:00.001"}, "@message": {"3 REJECT", "2 ACCEPT"},
			"__log__grafana_internal__": {"111111111111:g", "111111111111:g"}, "__logstream__grafana_internal__": {"eni-1-all", "eni-1-all"},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		got = grafanaFrame(t, query(`parse @message "* *" as n, action | stats count(*) as flows by bin(1m), action | sort action`))
		want = map[string][]string{"bin(1m)": {"2026-11-29 12:00:00.000", "2026-11-29 12:00:00.000"}, "action": {"ACCEPT", "REJECT"}, "flows": {"1", "2"}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		got = grafanaFrame(t, query(`parse @message /(?<only>REJECT)/ | fields only | sort @timestamp`))
		if diff := cmp.Diff([]string{"REJECT", "REJECT"}, got["only"]); diff != "" {
			t.Error(diff)
		}
		// The context of a row.
		for _, head := range []bool{true, false} {
			in := object{"logGroupName": "g", "logStreamName": "eni-1-all", "limit": 10, "startFromHead": head, "startTime": now}
			if got := messages(s.ok("GetLogEvents", in)); len(got) != 3 {
				t.Errorf("events %q", got)
			}
		}
	})
}
