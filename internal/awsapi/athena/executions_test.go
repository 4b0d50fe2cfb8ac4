package athena

import (
	"fmt"
	"maps"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

const token = "0123456789abcdef0123456789abcdef"

// TestStates runs a statement of each end, and compares what is told of it.
func TestStates(t *testing.T) {
	s := newServer(t, "", nil)
	internal := "GENERIC_INTERNAL_ERROR: the query could not be run; the server's log says why, at query ID"
	for _, tt := range []struct {
		text, state, kind, sub, reason string
		category, code                 float64 // of the error, 0: none
		results                        string
	}{
		{"rows 2", "SUCCEEDED", "DML", "SELECT", "", 0, 0, "ok"},
		{"show", "SUCCEEDED", "UTILITY", "SHOW_TABLES", "", 0, 0, "ok"},
		{"create", "SUCCEEDED", "DDL", "CREATE_TABLE", "", 0, 0, "ok"},
		{"ctas", "SUCCEEDED", "DDL", "CREATE_TABLE_AS_SELECT", "", 0, 0, "ok"},
		{
			"missing\nx", "FAILED", "DML", "SELECT", "COLUMN_NOT_FOUND: line 2:1: Column 'x' cannot be resolved (did you mean y?)", 2, 1006,
			"InvalidRequestException INVALID_QUERY_EXECUTION_STATE: Query did not finish successfully. Final query state: FAILED",
		},
		{"fail", "FAILED", "DML", "SELECT", internal, 1, 200, "InvalidRequestException INVALID_QUERY_EXECUTION_STATE: Query did not finish successfully. Final query state: FAILED"},
		{"late", "FAILED", "DML", "SELECT", internal, 1, 200, "InvalidRequestException INVALID_QUERY_EXECUTION_STATE: Query did not finish successfully. Final query state: FAILED"},
		{"break", "FAILED", "DML", "SELECT", internal, 1, 200, "InvalidRequestException INVALID_QUERY_EXECUTION_STATE: Query did not finish successfully. Final query state: FAILED"},
	} {
		t.Run(tt.text, func(t *testing.T) {
			s.t = t
			id := s.start(tt.text)
			e := s.ended(id)
			reason, _ := got(e, "Status", "StateChangeReason").(string)
			reason = strings.ReplaceAll(reason, id, "ID")
			if e["QueryExecutionId"] != id || e["Query"] != tt.text || got(e, "Status", "State") != tt.state || e["StatementType"] != tt.kind || e["SubstatementType"] != tt.sub || reason != tt.reason {
				t.Errorf("got %v", e)
			}
			if tt.category == 0 {
				if got(e, "Status", "AthenaError") != nil {
					t.Errorf("error %v", got(e, "Status", "AthenaError"))
				}
			} else if diff := cmp.Diff(object{"ErrorCategory": tt.category, "ErrorType": tt.code, "Retryable": tt.category == 1, "ErrorMessage": got(e, "Status", "StateChangeReason")}, got(e, "Status", "AthenaError")); diff != "" {
				t.Error(diff)
			}
			if got(e, "EngineVersion", "EffectiveEngineVersion") != engine3 || e["WorkGroup"] != "primary" || got(e, "ManagedQueryResultsConfiguration", "Enabled") != true {
				t.Errorf("got %v", e)
			}
			if submitted := got(e, "Status", "SubmissionDateTime").(float64); submitted <= 1795953600 || submitted-float64(int64(submitted)) != 0.25 || got(e, "Status", "CompletionDateTime").(float64) <= submitted {
				t.Errorf("times are %v", e["Status"])
			}
			if tt.results == "ok" {
				s.ok("GetQueryResults", object{"QueryExecutionId": id})
			} else if got := s.refused("GetQueryResults", object{"QueryExecutionId": id}); got != tt.results {
				t.Errorf("results: %s", got)
			}
		})
	}
}

// TestStartRefuses sends what can't be started; no execution is left of it.
func TestStartRefuses(t *testing.T) {
	s := newServer(t, "", nil)
	s.ok("CreateWorkGroup", object{"Name": "off"})
	s.ok("UpdateWorkGroup", object{"WorkGroup": "off", "State": "DISABLED"})
	s.ok("CreateWorkGroup", object{"Name": "bare"})
	long := strings.Repeat("ä", 200_000)
	for name, tt := range map[string]struct {
		in   object
		want string
	}{
		"no text":          {object{}, "INVALID_INPUT: 1 validation error detected: Value null at 'queryString' failed to satisfy constraint: Member must not be null"},
		"short token":      {object{"QueryString": "rows 1", "ClientRequestToken": "x"}, "INVALID_INPUT: 1 validation error detected: Value at 'clientRequestToken' failed to satisfy constraint: Member must have length greater than or equal to 32"},
		"long database":    {object{"QueryString": "rows 1", "QueryExecutionContext": object{"Database": strings.Repeat("d", 256)}}, "INVALID_INPUT: 1 validation error detected: Value at 'queryExecutionContext.database' failed to satisfy constraint: Member must have length less than or equal to 255"},
		"bytes":            {object{"QueryString": long}, "INVALID_INPUT: The query string has 400000 bytes, and can have no more than 262144."},
		"syntax":           {object{"QueryString": "bad"}, "MALFORMED_QUERY: line 1:1: mismatched input 'bad' (SELECT?)"},
		"kind":             {object{"QueryString": "grant"}, "MALFORMED_QUERY: Queries of this type are not supported: line 1:1: GRANT"},
		"catalog":          {object{"QueryString": "rows 1", "QueryExecutionContext": object{"Catalog": "other"}}, "DATACATALOG_NOT_FOUND: Catalog 'other' does not exist: this server has AwsDataCatalog alone"},
		"no workgroup":     {object{"QueryString": "rows 1", "WorkGroup": "other"}, "INVALID_INPUT: WorkGroup is not found."},
		"disabled":         {object{"QueryString": "rows 1", "WorkGroup": "off"}, "INVALID_INPUT: WorkGroup off is disabled."},
		"no location":      {object{"QueryString": "rows 1", "WorkGroup": "bare"}, "INVALID_INPUT: No output location provided. An output location is required either through the Workgroup result configuration setting or as an API input."},
		"location":         {object{"QueryString": "rows 1", "ResultConfiguration": object{"OutputLocation": "out/x"}}, "INVALID_INPUT: outputLocation is not a valid S3 path."},
		"no bucket":        {object{"QueryString": "rows 1", "ResultConfiguration": object{"OutputLocation": "s3:///x"}}, "INVALID_INPUT: outputLocation is not a valid S3 path."},
		"other bucket":     {object{"QueryString": "rows 1", "ResultConfiguration": object{"OutputLocation": "s3://b/"}}, "INVALID_INPUT: The output location s3://b/ can't be used: the bucket is not one of this server"},
		"kms":              {object{"QueryString": "rows 1", "ResultConfiguration": object{"OutputLocation": "s3://out/", "EncryptionConfiguration": object{"EncryptionOption": "SSE_KMS"}}}, "INVALID_INPUT: EncryptionOption SSE_KMS is not supported by this server: SSE_S3 is, without a key."},
		"encrypted inside": {object{"QueryString": "rows 1", "ResultConfiguration": object{"EncryptionConfiguration": object{"EncryptionOption": "SSE_S3"}}}, "INVALID_INPUT: EncryptionConfiguration, ExpectedBucketOwner and AclConfiguration are of an OutputLocation, and there is none."},
		"spark":            {object{"QueryString": "rows 1", "EngineConfiguration": object{"MaxConcurrentDpus": 20}}, "INVALID_INPUT: EngineConfiguration is for Apache Spark, which this server has not."},
	} {
		if got := s.refused("StartQueryExecution", tt.in); got != "InvalidRequestException "+tt.want {
			t.Errorf("%s: %s", name, got)
		}
	}
	if ids := s.ok("ListQueryExecutions", object{})["QueryExecutionIds"].([]any); len(ids) != 0 {
		t.Errorf("executions %v", ids)
	}
}

// TestClientToken starts one query by requests with the same token and parameters, whatever became of it, and refuses other parameters.
func TestClientToken(t *testing.T) {
	s := newServer(t, "", nil)
	in := object{"QueryString": "rows 1", "ClientRequestToken": token, "QueryExecutionContext": object{"Database": "weir"}, "ExecutionParameters": []string{"1"}}
	id := s.ok("StartQueryExecution", in)["QueryExecutionId"]
	for range 2 {
		if again := s.ok("StartQueryExecution", in)["QueryExecutionId"]; again != id {
			t.Errorf("the id is %v, and was %v", again, id)
		}
		s.api.idle()
	}
	for name, change := range map[string]any{
		"QueryString": "rows 2", "QueryExecutionContext": object{"Database": "logs"}, "ExecutionParameters": []string{"2"}, "WorkGroup": "other",
	} {
		other := object{}
		maps.Copy(other, in)
		other[name] = change
		if got := s.refused("StartQueryExecution", other); got != "InvalidRequestException IDEMPOTENT_PARAMETER_MISMATCH: Idempotent parameters do not match" {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// TestQuotedDatabase has a database in backquotes, as AWS's SDK for pandas names it for statements of Hive's.
func TestQuotedDatabase(t *testing.T) {
	s := newServer(t, "", nil)
	for text, want := range map[string]string{"describe": "weir", "parameters": "`weir`"} {
		id := s.ok("StartQueryExecution", object{"QueryString": text, "QueryExecutionContext": object{"Database": "`weir`"}})["QueryExecutionId"].(string)
		if e := s.ended(id); got(e, "QueryExecutionContext", "Database") != "`weir`" {
			t.Errorf("%s: %v", text, e)
		}
		rows := got(s.ok("GetQueryResults", object{"QueryExecutionId": id}), "ResultSet", "Rows").([]any)
		if database := got(rows[len(rows)-1], "Data", 0, "VarCharValue"); database != want {
			t.Errorf("%s: %v; want %s", text, database, want)
		}
	}
}

// TestRequest compares what the runner gets with what was asked for.
func TestRequest(t *testing.T) {
	s := newServer(t, "", nil)
	s.key = "A"
	id := s.ok("StartQueryExecution", object{
		"QueryString": "parameters", "QueryExecutionContext": object{"Database": "weir", "Catalog": "awsdatacatalog"}, "ExecutionParameters": []string{"'a'", "2"},
		"ResultReuseConfiguration": object{"ResultReuseByAgeConfiguration": object{"Enabled": true, "MaxAgeInMinutes": 60}},
	})["QueryExecutionId"].(string)
	e := s.ended(id)
	if diff := cmp.Diff(object{"Database": "weir", "Catalog": "awsdatacatalog"}, e["QueryExecutionContext"]); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]any{"'a'", "2"}, e["ExecutionParameters"]); diff != "" {
		t.Error(diff)
	}
	if got(e, "ResultReuseConfiguration", "ResultReuseByAgeConfiguration", "MaxAgeInMinutes") != 60.0 || got(e, "Statistics", "ResultReuseInformation", "ReusedPreviousResult") != false {
		t.Errorf("got %v", e)
	}
	if got(e, "Statistics", "DataScannedInBytes") != 500.0 || got(e, "Statistics", "QueryPlanningTimeInMillis") != 1.0 || got(e, "Statistics", "TotalExecutionTimeInMillis").(float64) < 1000 {
		t.Errorf("statistics %v", e["Statistics"])
	}
	rows := s.ok("GetQueryResults", object{"QueryExecutionId": id})
	if diff := cmp.Diff("weir 'a'|2 A", fmt.Sprint(got(rows, "ResultSet", "Rows", 1, "Data", 0, "VarCharValue"), " ", got(rows, "ResultSet", "Rows", 1, "Data", 1, "VarCharValue"), " ",
		got(rows, "ResultSet", "Rows", 1, "Data", 2, "VarCharValue"))); diff != "" {
		t.Error(diff)
	}
	runtime := got(s.ok("GetQueryRuntimeStatistics", object{"QueryExecutionId": id}), "QueryRuntimeStatistics", "Rows")
	if diff := cmp.Diff(object{"InputRows": 7.0, "InputBytes": 500.0, "OutputRows": 1.0, "OutputBytes": 10.0}, runtime); diff != "" {
		t.Error(diff)
	}
}

// TestQueue runs as many as may run, keeps the others in their order, stops some, and refuses what is too much.
func TestQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t, "", func(o *Options) { o.Queries = QueryLimits{Active: 5, PerKey: 4, Running: 2} })
		state := func(id string) any {
			synctest.Wait()
			return got(s.ok("GetQueryExecution", object{"QueryExecutionId": id}), "QueryExecution", "Status", "State")
		}
		var ids []string
		for range 4 {
			ids = append(ids, s.start("wait"))
		}
		want := []any{"RUNNING", "RUNNING", "QUEUED", "QUEUED"}
		compare := func() {
			t.Helper()
			var states []any
			for _, id := range ids {
				states = append(states, state(id))
			}
			if diff := cmp.Diff(want, states); diff != "" {
				t.Error(diff)
			}
		}
		compare()
		const many = "TooManyRequestsException: You have exceeded the limit for the number of queries you can run concurrently."
		if got := s.refused("StartQueryExecution", object{"QueryString": "wait"}); !strings.HasPrefix(got, many) {
			t.Error(got)
		}
		s.key = "B"
		ids, want = append(ids, s.start("wait")), append(want, "QUEUED")
		s.key = "C"
		if _, out := s.send("StartQueryExecution", object{"QueryString": "wait"}); out["Reason"] != "CONCURRENT_QUERY_LIMIT_EXCEEDED" {
			t.Errorf("got %v", out)
		}
		for _, id := range []string{ids[2], ids[0]} {
			s.ok("StopQueryExecution", object{"QueryExecutionId": id})
			s.ok("StopQueryExecution", object{"QueryExecutionId": id}) // again, which changes nothing
		}
		want = []any{"CANCELLED", "RUNNING", "CANCELLED", "RUNNING", "QUEUED"}
		compare()
		e := s.ok("GetQueryExecution", object{"QueryExecutionId": ids[0]})["QueryExecution"]
		if got(e, "Status", "StateChangeReason") != "Query cancelled by user" || got(e, "Status", "CompletionDateTime") == nil {
			t.Errorf("got %v", e)
		}
		for id, want := range map[string]string{
			ids[0]: "RESULT_NOT_FOUND: Could not find results",
			ids[1]: "INVALID_QUERY_EXECUTION_STATE: Query has not yet finished. Current state: RUNNING",
			ids[4]: "INVALID_QUERY_EXECUTION_STATE: Query has not yet finished. Current state: QUEUED",
			"none": "QUERY_EXECUTION_NOT_FOUND: QueryExecution none was not found",
		} {
			if got := s.refused("GetQueryResults", object{"QueryExecutionId": id}); got != "InvalidRequestException "+want {
				t.Error(got)
			}
		}
		if got := s.refused("StopQueryExecution", object{"QueryExecutionId": "none"}); !strings.Contains(got, "QUERY_EXECUTION_NOT_FOUND") {
			t.Error(got)
		}
		s.api.Close()
		e = s.ok("GetQueryExecution", object{"QueryExecutionId": ids[4]})["QueryExecution"]
		if got(e, "Status", "State") != "FAILED" || !strings.Contains(got(e, "Status", "StateChangeReason").(string), "the server was stopped") {
			t.Errorf("after the end: %v", e)
		}
	})
}

// TestTimeout ends a query that takes too long.
func TestTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t, "", func(o *Options) { o.Queries = QueryLimits{Timeout: time.Minute}; o.Now = time.Now })
		e := s.run("wait")
		if got(e, "Status", "State") != "FAILED" || !strings.Contains(got(e, "Status", "StateChangeReason").(string), "Query timeout: it took longer than 1m0s") {
			t.Errorf("got %v", e["Status"])
		}
	})
}

// TestList lists the executions of each workgroup, the newest first, in pages.
func TestList(t *testing.T) {
	s := newServer(t, "", nil)
	s.ok("CreateWorkGroup", object{"Name": "other", "Configuration": object{"ManagedQueryResultsConfiguration": object{"Enabled": true}}})
	want := map[string][]string{}
	for i := range 60 {
		group := []string{"primary", "other"}[i/55]
		id := s.ok("StartQueryExecution", object{"QueryString": "rows 1", "WorkGroup": group})["QueryExecutionId"].(string)
		want[group] = append([]string{id}, want[group]...)
		s.api.idle()
	}
	for group, ids := range want {
		for _, size := range []int{0, 7, 50} {
			var listed []string
			in := object{"MaxResults": size, "WorkGroup": group}
			for pages := 0; ; pages++ {
				out := s.ok("ListQueryExecutions", in)
				for _, id := range out["QueryExecutionIds"].([]any) {
					listed = append(listed, id.(string))
				}
				if in["NextToken"] = out["NextToken"]; in["NextToken"] == nil {
					break
				}
			}
			if diff := cmp.Diff(ids, listed); diff != "" {
				t.Errorf("%s in pages of %d: %s", group, size, diff)
			}
		}
	}
	for _, in := range []object{{"NextToken": "x"}, {"NextToken": "TGlzdE5hbWVkUXVlcmllcwB4"}, {"WorkGroup": "none"}} {
		s.refused("ListQueryExecutions", in)
	}
	out := s.ok("BatchGetQueryExecution", object{"QueryExecutionIds": []string{want["other"][0], "none"}})
	if got(out, "QueryExecutions", 0, "QueryExecutionId") != want["other"][0] || got(out, "UnprocessedQueryExecutionIds", 0, "ErrorCode") != "QUERY_EXECUTION_NOT_FOUND" {
		t.Errorf("got %v", out)
	}
}

// TestRestart opens the store of a server that has ended, and of one that was killed.
func TestRestart(t *testing.T) {
	dir := t.TempDir()
	first := newServer(t, dir, nil)
	done := first.run("rows 5")["QueryExecutionId"].(string)
	killed := execution{ID: "killed", Key: "A", Text: "wait", WorkGroup: "primary", State: running, Submitted: testTime, Token: token, Asked: "x"}
	if err := first.api.Store.executions.put(killed.ID, killed); err != nil {
		t.Fatal(err)
	}
	first.ok("CreateNamedQuery", object{"Name": "n", "Database": "weir", "QueryString": "rows 1"})
	first.ok("CreatePreparedStatement", object{"StatementName": "p1", "WorkGroup": "primary", "QueryStatement": "rows 1"})
	first.ok("CreateWorkGroup", object{"Name": "g", "Tags": []object{{"Key": "a", "Value": "b"}}})
	first.api.Close()

	s := newServer(t, dir, nil)
	if diff := cmp.Diff(first.ok("GetQueryExecution", object{"QueryExecutionId": done}), s.ok("GetQueryExecution", object{"QueryExecutionId": done})); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(first.ok("GetQueryResults", object{"QueryExecutionId": done}), s.ok("GetQueryResults", object{"QueryExecutionId": done})); diff != "" {
		t.Error(diff)
	}
	e := s.ok("GetQueryExecution", object{"QueryExecutionId": "killed"})["QueryExecution"]
	if got(e, "Status", "State") != "FAILED" || got(e, "Status", "StateChangeReason") != "INTERNAL_ERROR: the server ended before the query did. Run it again." || got(e, "Status", "AthenaError", "Retryable") != true {
		t.Errorf("got %v", e)
	}
	s.refused("StartQueryExecution", object{"QueryString": "rows 1", "ClientRequestToken": token})
	for operation, in := range map[string]object{
		"ListNamedQueries": {}, "ListPreparedStatements": {"WorkGroup": "primary"}, "GetWorkGroup": {"WorkGroup": "g"},
		"ListTagsForResource": {"ResourceARN": "arn:aws:athena:eu-central-1:111111111111:workgroup/g"},
	} {
		if diff := cmp.Diff(first.ok(operation, in), s.ok(operation, in)); diff != "" {
			t.Errorf("%s: %s", operation, diff)
		}
	}
}

// TestForget drops the oldest: results by their size, executions by their number and age.
func TestForget(t *testing.T) {
	dir := t.TempDir()
	now := testTime
	s := newServer(t, dir, func(o *Options) {
		o.Queries = QueryLimits{Remembered: 4, Bytes: 100, Keep: 24 * time.Hour}
		o.Now = func() time.Time { return now }
	})
	var ids []string
	for range 6 {
		ids = append(ids, s.run("rows 3")["QueryExecutionId"].(string)) // of 37 bytes
		now = now.Add(time.Hour)
	}
	var listed []string
	for _, id := range s.ok("ListQueryExecutions", object{})["QueryExecutionIds"].([]any) {
		listed = append(listed, id.(string))
	}
	slices.Reverse(listed)
	if diff := cmp.Diff(ids[2:], listed); diff != "" {
		t.Error(diff)
	}
	if got := s.refused("GetQueryResults", object{"QueryExecutionId": ids[2]}); !strings.HasPrefix(got, "InvalidRequestException RESULT_NOT_FOUND: Could not find results: they were removed to make room") {
		t.Error(got)
	}
	s.ok("GetQueryResults", object{"QueryExecutionId": ids[5]})
	if got := s.run("rows 30"); !strings.HasPrefix(fmt.Sprint(got["Status"].(object)["StateChangeReason"]), "EXCEEDED_LIMIT: ") {
		t.Errorf("a large result: %v", got["Status"])
	}
	files, err := filepath.Glob(filepath.Join(dir, "results", "*"))
	if err != nil || len(files) > 3 {
		t.Errorf("files %v %v", files, err)
	}
	now = now.Add(48 * time.Hour)
	last := s.run("rows 1")["QueryExecutionId"]
	if ids := s.ok("ListQueryExecutions", object{})["QueryExecutionIds"].([]any); len(ids) != 1 || ids[0] != last {
		t.Errorf("executions %v", ids)
	}
	if status, _ := s.send("GetQueryExecution", object{"QueryExecutionId": ids[5]}); status != http.StatusBadRequest {
		t.Errorf("what was forgotten is there: %d", status)
	}
}
