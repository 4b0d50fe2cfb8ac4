package athena

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"strings"
	"testing"
	"time"

	"weir/internal/awsapi/awsapitest"
	"weir/internal/source/sourcetest"
)

// TestBoto3 runs testdata/boto3_client.py.
func TestBoto3(t *testing.T) {
	python := sourcetest.Python(t, "boto3")
	t.Parallel()
	_, server := clientServer(t)
	out, err := exec.CommandContext(t.Context(), python, "testdata/boto3_client.py", server.URL, awsapitest.Key, awsapitest.Secret).CombinedOutput()
	if err != nil || string(out) != "ok\n" {
		t.Errorf("%v\n%s", err, out)
	}
}

// cli calls the AWS CLI for a server.
type cli struct {
	t              *testing.T
	path, endpoint string
}

// run calls a command and returns what it printed.
func (c cli) run(args ...string) (object, string) {
	c.t.Helper()
	cmd := exec.CommandContext(c.t.Context(), c.path, append([]string{"--endpoint-url", c.endpoint, "--region", "eu-central-1", "--output", "json", "athena"}, args...)...)
	cmd.Env = awsapitest.Environ(c.t)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var out object
	if stdout.Len() > 0 {
		if err := json.Unmarshal(stdout.Bytes(), &out); err != nil {
			c.t.Fatalf("%v: %v in %s", args, err, &stdout)
		}
	}
	if err != nil {
		return out, strings.TrimSpace(stderr.String())
	}
	return out, ""
}

func (c cli) ok(args ...string) object {
	c.t.Helper()
	out, failed := c.run(args...)
	if failed != "" {
		c.t.Fatalf("aws athena %s: %s", strings.Join(args, " "), failed)
	}
	return out
}

// TestAWSCLI asks as a person does with the AWS CLI of both versions: start, look, read; the rest is in the tests of internal/cli.
func TestAWSCLI(t *testing.T) {
	for _, version := range []string{"1", "2"} {
		t.Run("version "+version, func(t *testing.T) {
			path, _ := sourcetest.AWSCLI(t, version)
			t.Parallel()
			s, server := clientServer(t)
			c := cli{t, path, server.URL}
			id := c.ok("start-query-execution", "--query-string", "rows 1500", "--query-execution-context", "Database=weir,Catalog=AwsDataCatalog", "--work-group", "primary")["QueryExecutionId"].(string)
			s.api.idle()
			if e := c.ok("get-query-execution", "--query-execution-id", id)["QueryExecution"]; got(e, "Status", "State") != "SUCCEEDED" {
				t.Errorf("got %v", e)
			}
			if rows := got(c.ok("get-query-results", "--query-execution-id", id), "ResultSet", "Rows").([]any); len(rows) != 1501 {
				t.Errorf("%d rows", len(rows))
			}
			_, failed := c.run("start-query-execution", "--query-string", "bad")
			if !strings.Contains(failed, "(InvalidRequestException)") || !strings.Contains(failed, ": line 1:1: mismatched input 'bad' (SELECT?)") {
				t.Error(failed)
			}
		})
	}
}

// TestCapturedRequests reads the requests for Athena that real clients sent: they are known, and violate nothing.
func TestCapturedRequests(t *testing.T) {
	awsapitest.Captured(t, "AmazonAthena", newServer(t, "", nil).api.operations(), shapes, 8)
}

// TestGrafana sends what Grafana's Athena source sends, in its order: it looks for catalogs, databases, workgroups and tables, asks the workgroup for
// its engine before each query, polls, and reads what is told without looking whether it is there.
func TestGrafana(t *testing.T) {
	s := newServer(t, "", func(o *Options) { o.Now = time.Now })
	catalog := got(s.ok("ListDataCatalogs", object{}), "DataCatalogsSummary", 0, "CatalogName")
	database := got(s.ok("ListDatabases", object{"CatalogName": catalog}), "DatabaseList", 1, "Name")
	if group := got(s.ok("ListWorkGroups", object{}), "WorkGroups", 0, "Name"); group != "primary" {
		t.Errorf("the workgroup is %v", group)
	}
	tables := s.ok("ListTableMetadata", object{"CatalogName": catalog, "DatabaseName": database})["TableMetadataList"].([]any)
	table := s.ok("GetTableMetadata", object{"CatalogName": catalog, "DatabaseName": database, "TableName": got(tables[2], "Name")})
	if got(table, "TableMetadata", "Columns", 0, "Name") != "srcaddr" {
		t.Errorf("got %v", table)
	}
	for text, want := range map[string]string{"rows 3": "SUCCEEDED", "missing\nx": "FAILED", "fail": "FAILED", "scan 20000000": "CANCELLED", "stopped": "CANCELLED"} {
		s.ok("UpdateWorkGroup", object{"WorkGroup": "primary", "ConfigurationUpdates": object{"BytesScannedCutoffPerQuery": 10_000_000}})
		engine, ok := got(s.ok("GetWorkGroup", object{"WorkGroup": "primary"}), "WorkGroup", "Configuration", "EngineVersion", "EffectiveEngineVersion").(string)
		if !ok || engine == "" {
			t.Fatal("no engine version")
		}
		query := text
		if text == "stopped" {
			query = "wait"
		}
		id := s.ok("StartQueryExecution", object{
			"ClientRequestToken": token + strings.ReplaceAll(text, "\n", " "), "QueryString": query, "QueryExecutionContext": object{"Catalog": catalog, "Database": database},
			"ResultConfiguration": object{}, "WorkGroup": "primary",
			"ResultReuseConfiguration": object{"ResultReuseByAgeConfiguration": object{"Enabled": false, "MaxAgeInMinutes": 60}},
		})["QueryExecutionId"].(string)
		if text == "stopped" {
			s.ok("StopQueryExecution", object{"QueryExecutionId": id})
		}
		e := s.ended(id)
		if state := got(e, "Status", "State"); state != want {
			t.Errorf("%s: %v", text, state)
		}
		if reason, _ := got(e, "Status", "StateChangeReason").(string); want != "SUCCEEDED" && reason == "" {
			t.Errorf("%s: no reason", text)
		}
		if want == "SUCCEEDED" {
			rows := s.ok("GetQueryResults", object{"QueryExecutionId": id, "MaxResults": 1000})
			if len(cells(rows)) != 4 || got(rows, "ResultSet", "ResultSetMetadata", "ColumnInfo", 0, "Type") != "bigint" {
				t.Errorf("got %v", rows)
			}
		}
	}
}
