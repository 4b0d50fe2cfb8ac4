package logs

import (
	"fmt"
	"maps"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// start starts a query.
func (s *testServer) start(text string) string {
	s.t.Helper()
	return s.ok("StartQuery", object{"logGroupName": "g", "startTime": 1, "endTime": 2, "queryString": text})["queryId"].(string)
}

// ended asks for a query's results until it has ended. The server runs in a bubble of synctest.
func (s *testServer) ended(id string) object {
	s.t.Helper()
	synctest.Wait()
	return s.ok("GetQueryResults", object{"queryId": id})
}

// bubble runs a test with a server whose queries' end can be waited for. Its results are in dir.
func bubble(t *testing.T, change func(*Options), f func(t *testing.T, s *testServer, dir string)) {
	t.Helper()
	dir := t.TempDir() + "/results"
	s := newServer(t, nil) // its store has goroutines that wait for what is outside of a bubble
	s.group("g", "s")
	s.group("h")
	s.put("s", testTime.UnixMilli(), "a", "b")
	synctest.Test(t, func(t *testing.T) {
		o := s.api.Options
		o.Results = dir
		if change != nil {
			change(&o)
		}
		api, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		defer api.Close()
		inner := *s
		inner.t, inner.api = t, api
		inner.http = newRouter(api)
		f(t, &inner, dir)
	})
}

func TestQuery(t *testing.T) {
	bubble(t, nil, func(t *testing.T, s *testServer, _ string) {
		now := testTime.UnixMilli()
		id := s.ok("StartQuery", object{"logGroupNames": []string{"g", "g"}, "startTime": now / 1000, "endTime": now / 1000, "queryString": "fields @message"})["queryId"].(string)
		out := s.ended(id)
		for _, row := range out["results"].([]any) {
			fields := row.([]any)
			ptr := fields[len(fields)-1].(object)
			if ptr["field"] != "@ptr" {
				t.Fatalf("the row ends with %v", ptr)
			}
			record := s.ok("GetLogRecord", object{"logRecordPointer": ptr["value"]})["logRecord"].(object)
			if record["@message"] != fields[1].(object)["value"] || record["@timestamp"] == nil || record["@logStream"] != "s" || record["@log"] != "111111111111:g" || record["@ptr"] != ptr["value"] {
				t.Errorf("the record of %v is %v", fields, record)
			}
		}
		out["results"] = len(out["results"].([]any))
		want := object{"queryLanguage": "CWLI", "results": 2, "status": "Complete", "statistics": object{
			"recordsMatched": 3.0, "recordsScanned": 7.0, "bytesScanned": 500.0, "logGroupsScanned": 1.0, "estimatedRecordsSkipped": 0.0, "estimatedBytesSkipped": 0.0,
		}}
		if diff := cmp.Diff(want, out); diff != "" {
			t.Error(diff)
		}
		queries := s.ok("DescribeQueries", object{"logGroupName": "g"})["queries"].([]any)
		wantQuery := object{
			"queryLanguage": "CWLI", "queryId": id, "status": "Complete", "createTime": float64(now), "logGroupName": "g", "queryDuration": 0.0, "bytesScanned": 500.0,
			"queryString":  fmt.Sprintf(`SOURCE "g" START=%d000 END=%d999 | fields @message`, now/1000, now/1000),
			"userIdentity": "arn:aws:iam::111111111111:user/WEIRTESTKEY",
		}
		if diff := cmp.Diff([]any{wantQuery}, queries); diff != "" {
			t.Error(diff)
		}
		for _, filter := range []object{{"logGroupName": "h"}, {"status": "Failed"}, {"queryLanguage": "SQL"}} {
			if got := s.ok("DescribeQueries", filter)["queries"].([]any); len(got) != 0 {
				t.Errorf("%v: %v", filter, got)
			}
		}
		if diff := cmp.Diff(object{"logGroupIdentifiers": []any{"g"}}, s.ok("ListLogGroupsForQuery", object{"queryId": id})); diff != "" {
			t.Error(diff)
		}
		if got := s.refused("StopQuery", object{"queryId": id}); !strings.HasPrefix(got, "InvalidParameterException: ") {
			t.Errorf("a query that has ended is stopped: %s", got)
		}
	})
}

func TestStartQueryRefuses(t *testing.T) {
	s := newServer(t, nil)
	s.group("g")
	many := make([]string, 51)
	for i := range many {
		many[i] = fmt.Sprint("g", i)
	}
	tests := []struct {
		name string
		in   object
		want string
	}{
		{"no group", object{"logGroupName": nil}, "InvalidParameterException: No log group is named: give one of logGroupName, logGroupNames and logGroupIdentifiers, or SOURCE in the query."},
		{"two ways", object{"logGroupNames": []string{"g"}}, "InvalidParameterException: Exactly one of logGroupName, logGroupNames and logGroupIdentifiers must be given."},
		{"too many groups", object{"logGroupName": nil, "logGroupNames": many}, "InvalidParameterException: A query can read 50 log groups at most; 51 are named."},
		{"another language", object{"queryLanguage": "SQL"}, "InvalidParameterException: Queries in SQL are not supported: use the Logs Insights query language (CWLI)."},
		{"milliseconds", object{"endTime": testTime.UnixMilli()}, "InvalidParameterException: startTime and endTime are seconds since the epoch; these look like milliseconds."},
		{"the end before the start", object{"startTime": 3}, "InvalidParameterException: Query's end date and time is before its start date and time: endTime 2, startTime 3."},
		{"too long", object{"queryString": strings.Repeat("a", 10_001)}, "InvalidParameterException: 1 validation error detected: Value '" + strings.Repeat("a", 8192) + "...' at 'queryString' failed to satisfy constraint: Member must have length less than or equal to 10000"},
		{"too many rows", object{"limit": 100_001}, "InvalidParameterException: 1 validation error detected: Value '100001' at 'limit' failed to satisfy constraint: Member must have value less than or equal to 100000"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := object{"logGroupName": "g", "startTime": 1, "endTime": 2, "queryString": "rows 1"}
			maps.Copy(in, tt.in)
			if got := s.refused("StartQuery", in); got != tt.want {
				t.Errorf("got %s\nwant %s", got, tt.want)
			}
		})
	}
	got := s.refused("StartQuery", object{"logGroupName": "none", "startTime": 1, "endTime": 2, "queryString": "rows 1"})
	if !strings.HasPrefix(got, "ResourceNotFoundException: Log group 'none' does not exist for account ID '111111111111' (Service: AWSLogs; Status Code: 400; ") {
		t.Error(got)
	}
	status, out := s.send("StartQuery", object{"logGroupName": "g", "startTime": 1, "endTime": 2, "queryString": "# ä\nbad"})
	want := object{"__type": "MalformedQueryException", "message": "no command is named bad (fields?)", "queryCompileError": object{
		"location": object{"startCharOffset": 4.0, "endCharOffset": 7.0}, "message": "no command is named bad (fields?)",
	}}
	if diff := cmp.Diff(want, out); status != 400 || diff != "" {
		t.Errorf("%d %s", status, diff)
	}
}

func TestPagesOfResults(t *testing.T) {
	for _, rows := range []int{0, 1, 9_999, 10_000, 25_001} {
		t.Run(fmt.Sprint(rows), func(t *testing.T) {
			bubble(t, nil, func(t *testing.T, s *testServer, dir string) {
				id := s.start(fmt.Sprint("rows ", rows))
				synctest.Wait()
				if files, err := os.ReadDir(dir); err != nil || (len(files) == 1) != (rows > 9000) {
					t.Errorf("%d files for %d rows: %v", len(files), rows, err)
				}
				for _, size := range []int{0, 10_000, 4_999} {
					in := object{"queryId": id}
					if size > 0 {
						in["maxItems"] = size
					}
					n := 0
					for {
						out := s.ok("GetQueryResults", in)
						page := out["results"].([]any)
						for _, row := range page {
							if fields := row.([]any); len(fields) != 1 || fields[0].(object)["value"] != fmt.Sprint(n) {
								t.Fatalf("row %d is %v", n, fields)
							}
							n++
						}
						if len(page) > max(size, 10_000*(1-size)) && size > 0 || len(page) > 10_000 {
							t.Fatalf("a page of %d", len(page))
						}
						if out["nextToken"] == nil {
							break
						}
						in["nextToken"] = out["nextToken"]
					}
					if n != rows {
						t.Errorf("%d of %d rows", n, rows)
					}
				}
				for _, token := range []string{"x", pageToken("GetQueryResults", id+" 1"), pageToken("GetQueryResults", "other 18"), pageToken("GetQueryResults", id+" 99999999")} {
					if got := s.refused("GetQueryResults", object{"queryId": id, "nextToken": token}); got != "InvalidParameterException: The specified nextToken is invalid." {
						t.Errorf("%q: %s", token, got)
					}
				}
			})
		})
	}
}

func TestQueriesWaitAndStop(t *testing.T) {
	small := func(o *Options) { o.Queries = QueryLimits{Active: 4, PerKey: 4, Running: 1} }
	bubble(t, small, func(t *testing.T, s *testServer, _ string) {
		status := func(id string) string {
			t.Helper()
			return s.ended(id)["status"].(string)
		}
		first, second, third := s.start("wait"), s.start("rows 1"), s.start("wait")
		if got := []string{status(first), status(second), status(third)}; fmt.Sprint(got) != "[Running Scheduled Scheduled]" {
			t.Errorf("statuses %v", got)
		}
		if got := s.ended(first)["statistics"].(object)["recordsScanned"]; got != 1.0 {
			t.Errorf("of a query that runs %v records were read", got)
		}
		if diff := cmp.Diff(object{"success": true}, s.ok("StopQuery", object{"queryId": third})); diff != "" {
			t.Error(diff)
		}
		fourth, fifth := s.start("rows 2"), s.start("rows 3")
		if got := s.refused("StartQuery", object{"logGroupName": "g", "startTime": 1, "endTime": 2, "queryString": "rows 4"}); got != "LimitExceededException: Account maximum query concurrency limit of [4] reached." {
			t.Error(got)
		}
		s.ok("StopQuery", object{"queryId": first})
		if got := []string{status(first), status(second), status(third), status(fourth), status(fifth)}; fmt.Sprint(got) != "[Cancelled Complete Cancelled Complete Complete]" {
			t.Errorf("statuses %v", got)
		}
		for id, want := range map[string]string{first: "is not running: its status is Cancelled.", second: "is not running: its status is Complete.", "none": "The specified query does not exist."} {
			if got := s.refused("StopQuery", object{"queryId": id}); !strings.HasSuffix(got, want) {
				t.Errorf("%s: %s", id, got)
			}
		}
	})
}

func TestQueriesEnd(t *testing.T) {
	bubble(t, func(o *Options) { o.Queries.PerKey = 3 }, func(t *testing.T, s *testServer, _ string) {
		broken, faulty, slow := s.start("fail"), s.start("break"), s.start("wait")
		if a, b := s.ended(broken)["status"], s.ended(faulty)["status"]; a != "Failed" || b != "Failed" {
			t.Errorf("statuses %v and %v", a, b)
		}
		s.start("wait")
		s.start("wait")
		if got := s.refused("StartQuery", object{"logGroupName": "g", "startTime": 1, "endTime": 2, "queryString": "rows 4"}); got != "LimitExceededException: Maximum query concurrency limit of [3] for the access key WEIRTESTKEY reached." {
			t.Error(got)
		}
		<-time.After(time.Hour - time.Second)
		if got := s.ended(slow)["status"]; got != "Running" {
			t.Errorf("before its time is over: %v", got)
		}
		<-time.After(time.Second)
		if got := s.ended(slow)["status"]; got != "Timeout" {
			t.Errorf("when its time is over: %v", got)
		}
	})
}

func TestResultsAreForgotten(t *testing.T) {
	at := testTime
	limits := func(o *Options) {
		o.Now = func() time.Time { return at }
		o.Queries = QueryLimits{Remembered: 3, Bytes: 1 << 20, Keep: time.Hour}
	}
	bubble(t, limits, func(t *testing.T, s *testServer, dir string) {
		known := func() (n int) { return len(s.ok("DescribeQueries", object{})["queries"].([]any)) }
		large := s.start("rows 12000")
		s.ended(large)
		for range 4 {
			s.ended(s.start("rows 1"))
		}
		if known() != 3 || s.refused("GetQueryResults", object{"queryId": large}) != "ResourceNotFoundException: The specified query does not exist." {
			t.Errorf("%d queries are known", known())
		}
		if files, err := os.ReadDir(dir); err != nil || len(files) != 0 {
			t.Errorf("files are left: %v %v", files, err)
		}
		s.ended(s.start("rows 20000"))
		s.ended(s.start("rows 20000"))
		if known() != 1 {
			t.Errorf("of results that are too large %d are known", known())
		}
		at = at.Add(time.Hour + time.Second)
		if known() != 0 {
			t.Errorf("%d queries are known for too long", known())
		}
		s.start("rows 20000")
		synctest.Wait()
		s.api.Close()
		if files, err := os.ReadDir(dir); err != nil || len(files) != 0 {
			t.Errorf("files are left at the end: %v %v", files, err)
		}
	})
}
