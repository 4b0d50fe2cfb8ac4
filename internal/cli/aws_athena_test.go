package cli

import (
	"encoding/csv"
	"fmt"
	"io"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/athena"
	"github.com/aws/aws-sdk-go-v2/service/athena/types"
	"github.com/google/go-cmp/cmp"
	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"weir/internal/app"
	"weir/internal/awsapi/awsapitest"
	"weir/internal/source/sourcetest"
)

// refused is a question of a runbook: who was refused most.
const (
	refusedQuery = `SELECT srcaddr, dstport, sum(bytes) AS bytes FROM vpc_flow_logs WHERE action = 'REJECT' AND dstport = 22 GROUP BY srcaddr, dstport ORDER BY bytes DESC`
	refusedCSV   = "\"srcaddr\",\"dstport\",\"bytes\"\n\"198.51.100.9\",\"22\",\"180\"\n"
)

// serveAthena serves the records of serveLogs, and writes results into a folder that it returns.
func serveAthena(t *testing.T) (s *awsServer, results string) {
	t.Helper()
	results = filepath.Join(t.TempDir(), "results")
	s = serveAWS(t, app.ServeOptions{AthenaOutput: app.AthenaOutput{Places: []string{results}}})
	runWeir(t, "--data", s.data, "-q", "open", writeFiles(t, serveLogs))
	return s, results
}

// TestServeAthenaBoto3 has boto3 ask as pyathena does: start, poll, read pages, read the CSV.
func TestServeAthenaBoto3(t *testing.T) {
	python := sourcetest.Python(t, "boto3")
	s, results := serveAthena(t)
	version, calls := boto3Asked(t, exec.CommandContext(t.Context(), python, "testdata/clients/boto3_athena.py", s.url, s.key.ID, s.key.Secret, results))
	documented(t, athenaService, version, calls)
}

// newAthenaClient returns AWS's SDK for Go, and what notes its calls.
func newAthenaClient(s *awsServer) (*athena.Client, *goClient) {
	c := newGoClient(s, "")
	return athena.New(athena.Options{
		BaseEndpoint: &s.url, Region: "us-west-2", Credentials: credentials.NewStaticCredentialsProvider(s.key.ID, s.key.Secret, ""),
		HTTPClient: awsapitest.NewSDKClient(c.http), RetryMaxAttempts: 1,
	}), c
}

// athenaEnded starts a query and waits for its end.
func athenaEnded(t *testing.T, c *athena.Client, in *athena.StartQueryExecutionInput) *types.QueryExecution {
	t.Helper()
	started, err := c.StartQueryExecution(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	for {
		out, err := c.GetQueryExecution(t.Context(), &athena.GetQueryExecutionInput{QueryExecutionId: started.QueryExecutionId})
		if err != nil {
			t.Fatal(err)
		}
		if state := out.QueryExecution.Status.State; state != types.QueryExecutionStateQueued && state != types.QueryExecutionStateRunning {
			return out.QueryExecution
		}
	}
}

// athenaLines reads the rows of a result as a CSV without quotes.
func athenaLines(t *testing.T, c *athena.Client, id *string) string {
	t.Helper()
	var b strings.Builder
	for p := athena.NewGetQueryResultsPaginator(c, &athena.GetQueryResultsInput{QueryExecutionId: id, MaxResults: aws.Int32(2)}); p.HasMorePages(); {
		page, err := p.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range page.ResultSet.Rows {
			var cells []string
			for _, cell := range row.Data {
				cells = append(cells, aws.ToString(cell.VarCharValue))
			}
			b.WriteString(strings.Join(cells, ",") + "\n")
		}
	}
	return b.String()
}

// TestServeAthenaGoSDK has AWS's SDK for Go ask the lake, with parameters, a view and a prepared statement, and reads a result from a bucket.
func TestServeAthenaGoSDK(t *testing.T) {
	backend := s3mem.New()
	if err := backend.CreateBucket("results"); err != nil {
		t.Fatal(err)
	}
	bucket := httptest.NewServer(gofakes3.New(backend, gofakes3.WithTimeSkewLimit(0)).Server())
	defer bucket.Close()
	s := serveAWS(t, app.ServeOptions{AthenaOutput: app.AthenaOutput{Places: []string{"s3://results/athena"}, S3: app.S3Options{
		EndpointURL: bucket.URL, Env: map[string]string{"AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "B", "AWS_REGION": "us-east-1"},
	}}})
	runWeir(t, "--data", s.data, "-q", "open", writeFiles(t, serveLogs))
	c, noted := newAthenaClient(s)
	ctx := t.Context()
	ok := func(_ any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	run := func(text, state string, parameters ...string) *types.QueryExecution {
		t.Helper()
		e := athenaEnded(t, c, &athena.StartQueryExecutionInput{
			QueryString: &text, QueryExecutionContext: &types.QueryExecutionContext{Catalog: aws.String("AwsDataCatalog"), Database: aws.String("weir")}, ExecutionParameters: parameters,
		})
		if string(e.Status.State) != state {
			t.Errorf("%s: %s %s", text, e.Status.State, aws.ToString(e.Status.StateChangeReason))
		}
		return e
	}
	e := run("SELECT srcaddr, bytes FROM vpc_flow_logs WHERE dstport = ? AND action = ?", "SUCCEEDED", "22", "'REJECT'")
	if got := athenaLines(t, c, e.QueryExecutionId); got != "srcaddr,bytes\n198.51.100.9,180\n" || *e.Statistics.DataScannedInBytes == 0 {
		t.Errorf("got %s of %d bytes", got, *e.Statistics.DataScannedInBytes)
	}
	run("CREATE VIEW refused AS "+refusedQuery, "SUCCEEDED")
	if got := athenaLines(t, c, run("SELECT * FROM refused", "SUCCEEDED").QueryExecutionId); got != strings.ReplaceAll(refusedCSV, `"`, "") {
		t.Errorf("the view has %s", got)
	}
	ok(c.CreatePreparedStatement(ctx, &athena.CreatePreparedStatementInput{StatementName: aws.String("port"), WorkGroup: aws.String("primary"), QueryStatement: aws.String("SELECT sum(bytes) AS b FROM vpc_flow_logs WHERE dstport = ?")}))
	e = run("EXECUTE port USING 443", "SUCCEEDED")
	if got := athenaLines(t, c, e.QueryExecutionId); got != "b\n8400\n" || *e.SubstatementType != "SELECT" {
		t.Errorf("the prepared statement gives %s as %s", got, *e.SubstatementType)
	}
	e = run("SELECT nothere FROM vpc_flow_logs", "FAILED")
	if !strings.HasPrefix(*e.Status.StateChangeReason, "COLUMN_NOT_FOUND: line 1:8: ") || *e.Status.AthenaError.ErrorCategory != 2 {
		t.Errorf("got %+v", e.Status)
	}
	tables, err := c.ListTableMetadata(ctx, &athena.ListTableMetadataInput{CatalogName: aws.String("AwsDataCatalog"), DatabaseName: aws.String("weir"), Expression: aws.String("refused|vpc_flow_logs")})
	ok(tables, err)
	if len(tables.TableMetadataList) != 2 || *tables.TableMetadataList[0].TableType != "VIRTUAL_VIEW" || *tables.TableMetadataList[1].Name != "vpc_flow_logs" {
		t.Errorf("got %+v", tables.TableMetadataList)
	}
	// A limit of bytes is kept before the query begins.
	ok(c.CreateWorkGroup(ctx, &athena.CreateWorkGroupInput{Name: aws.String("small"), Configuration: &types.WorkGroupConfiguration{
		BytesScannedCutoffPerQuery: aws.Int64(10_000_000), ResultConfiguration: &types.ResultConfiguration{OutputLocation: aws.String("s3://results/athena/small/")},
	}}))
	e = athenaEnded(t, c, &athena.StartQueryExecutionInput{QueryString: aws.String(strings.Replace(refusedQuery, "vpc_flow_logs", "weir.vpc_flow_logs", 1)), WorkGroup: aws.String("small")})
	location, found := strings.CutPrefix(*e.ResultConfiguration.OutputLocation, "s3://results/")
	if e.Status.State != types.QueryExecutionStateSucceeded || !found {
		t.Fatalf("got %+v in %s", e.Status, *e.ResultConfiguration.OutputLocation)
	}
	object, err := backend.GetObject("results", location, nil)
	ok(object, err)
	if raw, err := io.ReadAll(object.Contents); err != nil || string(raw) != refusedCSV {
		t.Errorf("the object has %q, %v", raw, err)
	}
	if object, err := backend.HeadObject("results", location+".metadata"); err != nil || object.Size == 0 {
		t.Errorf("the columns are not beside it: %v", err)
	}
	if _, err := c.StartQueryExecution(ctx, &athena.StartQueryExecutionInput{QueryString: aws.String("SELECT 1"), ResultConfiguration: &types.ResultConfiguration{OutputLocation: aws.String("s3://elsewhere/")}}); err == nil {
		t.Error("a result may go anywhere")
	}
	if !t.Failed() {
		documented(t, athenaService, goSDK(t, "athena"), noted.calls)
	}
}

// TestServeAthenaAWSCLI has a person ask the lake by the AWS CLI.
func TestServeAthenaAWSCLI(t *testing.T) {
	for _, major := range []string{"1", "2"} {
		t.Run("version "+major, func(t *testing.T) {
			c := newAWSCLI(t, major)
			s, results := serveAthena(t)
			ask := func(into any, args ...string) {
				t.Helper()
				out := c.run(t, s, append([]string{"athena"}, args...)...)
				if into != nil {
					unmarshal(t, out, into)
				}
			}
			var databases struct{ DatabaseList []struct{ Name string } }
			ask(&databases, "list-databases", "--catalog-name", "AwsDataCatalog")
			if !strings.Contains(fmt.Sprint(databases), "{weir}") {
				t.Errorf("databases %v", databases)
			}
			var table struct {
				TableMetadata struct {
					TableType     string
					PartitionKeys []struct{ Name, Type string }
				}
			}
			ask(&table, "get-table-metadata", "--catalog-name", "AwsDataCatalog", "--database-name", "weir", "--table-name", "vpc_flow_logs")
			if got := fmt.Sprint(table); got != "{{EXTERNAL_TABLE [{date date}]}}" {
				t.Errorf("the table is %s", got)
			}
			var started struct{ QueryExecutionID string }
			ask(&started, "start-query-execution", "--query-string", refusedQuery, "--query-execution-context", "Database=weir", "--work-group", "primary",
				"--result-configuration", "OutputLocation=file://"+results+"/by/cli/")
			var execution struct {
				QueryExecution struct {
					Status              struct{ State string }
					ResultConfiguration struct{ OutputLocation string }
				}
			}
			for range 100 {
				ask(&execution, "get-query-execution", "--query-execution-id", started.QueryExecutionID)
				if state := execution.QueryExecution.Status.State; state != "QUEUED" && state != "RUNNING" {
					break
				}
			}
			if execution.QueryExecution.Status.State != "SUCCEEDED" {
				t.Fatalf("the query is %v", execution)
			}
			var page struct {
				ResultSet struct {
					Rows []struct {
						Data []struct{ VarCharValue string }
					}
				}
			}
			ask(&page, "get-query-results", "--query-execution-id", started.QueryExecutionID)
			if got := fmt.Sprint(page.ResultSet.Rows); got != "[{[{srcaddr} {dstport} {bytes}]} {[{198.51.100.9} {22} {180}]}]" {
				t.Errorf("rows are %s", got)
			}
			file, err := os.Open(strings.TrimPrefix(execution.QueryExecution.ResultConfiguration.OutputLocation, "file://"))
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			records, err := csv.NewReader(file).ReadAll()
			if diff := cmp.Diff([][]string{{"srcaddr", "dstport", "bytes"}, {"198.51.100.9", "22", "180"}}, records); diff != "" || err != nil {
				t.Errorf("the CSV: %s %v", diff, err)
			}
			var named struct{ NamedQueryID string }
			ask(&named, "create-named-query", "--name", "refused", "--database", "weir", "--query-string", refusedQuery)
			var saved struct{ NamedQuery struct{ QueryString string } }
			ask(&saved, "get-named-query", "--named-query-id", named.NamedQueryID)
			if saved.NamedQuery.QueryString != refusedQuery {
				t.Errorf("the named query is %v", saved)
			}
			ask(nil, "create-work-group", "--name", "analysts", "--configuration", "BytesScannedCutoffPerQuery=10000000")
			var group struct {
				WorkGroup struct {
					Configuration struct {
						BytesScannedCutoffPerQuery int64
						EngineVersion              struct{ EffectiveEngineVersion string }
					}
				}
			}
			ask(&group, "get-work-group", "--work-group", "analysts")
			if got := fmt.Sprint(group); got != "{{{10000000 {Athena engine version 3}}}}" {
				t.Errorf("the workgroup is %s", got)
			}
			var groups struct{ WorkGroups []struct{ Name string } }
			ask(&groups, "list-work-groups")
			if got := fmt.Sprint(groups); got != "{[{analysts} {primary}]}" {
				t.Errorf("the workgroups are %s", got)
			}
			if !t.Failed() {
				documented(t, athenaService, c.name, c.calls)
			}
		})
	}
}
