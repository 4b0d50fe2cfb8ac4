package app

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/athena"
	athenatypes "github.com/aws/aws-sdk-go-v2/service/athena/types"

	"weir/internal/awsapi"
	"weir/internal/awsapi/awsapitest"
	"weir/internal/console"
)

// anyKey lets in who asks.
type anyKey struct{}

func (anyKey) Screen(*http.Request, string) error { return nil }

func (anyKey) Authenticate(*http.Request, []byte, string) (awsapi.Identity, error) {
	return anyKey{}, nil
}
func (anyKey) AccessKeyID() string  { return "WEIRTESTKEY" }
func (anyKey) Allows(_ string) bool { return true }

// athenaClient serves the API of Athena of a data directory, and returns what runs a statement by AWS's SDK and gives its state with the reason.
func athenaClient(t *testing.T, s *Local, output string) func(text string) (athenatypes.QueryExecutionState, string) {
	t.Helper()
	api, err := newAthenaAPI(s, ServeOptions{Log: slog.New(slog.DiscardHandler), AthenaOutput: AthenaOutput{Places: []string{output}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(api.Close)
	server := httptest.NewServer(awsapi.NewRouter(anyKey{}, slog.New(slog.DiscardHandler), api.Service()))
	t.Cleanup(server.Close)
	c := athena.New(athena.Options{
		BaseEndpoint: &server.URL, Region: DefaultRegion, Credentials: credentials.NewStaticCredentialsProvider("WEIRTESTKEY", "secret", ""), HTTPClient: awsapitest.NewSDKClient(nil), RetryMaxAttempts: 1,
	})
	return func(text string) (athenatypes.QueryExecutionState, string) {
		t.Helper()
		started, err := c.StartQueryExecution(t.Context(), &athena.StartQueryExecutionInput{
			QueryString: &text, QueryExecutionContext: &athenatypes.QueryExecutionContext{Database: aws.String("default")},
		})
		if err != nil {
			return athenatypes.QueryExecutionStateFailed, err.Error()
		}
		tick := time.NewTicker(5 * time.Millisecond) // the API tells the state to who asks
		defer tick.Stop()
		for {
			out, err := c.GetQueryExecution(t.Context(), &athena.GetQueryExecutionInput{QueryExecutionId: started.QueryExecutionId})
			if err != nil {
				t.Fatal(err)
			}
			switch status := out.QueryExecution.Status; status.State {
			case athenatypes.QueryExecutionStateQueued, athenatypes.QueryExecutionStateRunning:
				<-tick.C
			default:
				return status.State, aws.ToString(status.StateChangeReason)
			}
		}
	}
}

// TestAthenaRemoteFolders keeps those who come over the network from naming folders of the server's machine, in each statement that takes a place.
func TestAthenaRemoteFolders(t *testing.T) {
	secret, output := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(secret, "a.txt"), []byte("1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(secret, filepath.Join(output, "out")); err != nil {
		t.Fatal(err)
	}
	s := openFolder(t, filepath.Join(t.TempDir(), "data"), OpenRequest{Sources: []string{t.TempDir()}})
	run := athenaClient(t, s, output)
	ask := func(text string) {
		t.Helper()
		if state, reason := run(text); state != athenatypes.QueryExecutionStateSucceeded {
			t.Fatalf("%s: %s %s", text, state, reason)
		}
	}
	folder := "'file://" + secret + "/'"
	// Who asks here, or by the socket of the data directory, names folders.
	athenaLines(t, s, "CREATE EXTERNAL TABLE default.mine (a int) LOCATION "+folder)
	athenaLines(t, s, "CREATE EXTERNAL TABLE default.placed (a int) PARTITIONED BY (k string) LOCATION 'file://"+output+"/' TBLPROPERTIES ('projection.enabled'='true', "+
		"'projection.k.type'='injected', 'storage.location.template'='file://"+output+"/${k}/')")
	ask("SELECT a FROM mine")
	ask("CREATE EXTERNAL TABLE far (a int) PARTITIONED BY (k string) LOCATION 's3://bucket/far/'")
	ask("ALTER TABLE far ADD PARTITION (k = 'a') LOCATION 's3://bucket/far/a/'")
	ask("CREATE TABLE made WITH (partitioned_by = ARRAY['k']) AS SELECT 1 AS a, '..' AS k")
	ask("SELECT a FROM made WHERE k = '..'")
	// A place is a path as it is written: these are names of folders that are not there.
	for _, k := range []string{"%2e%2e/" + filepath.Base(secret), "#", "?"} {
		if got := athenaLines(t, s, "SELECT a FROM default.placed WHERE k = '"+k+"'"); len(got) > 0 {
			t.Errorf("%s leads to %v", k, got)
		}
	}
	for _, tc := range []struct{ name, text, want string }{
		{"table", "CREATE EXTERNAL TABLE t (a int) LOCATION " + folder, "over the network"},
		{"partition", "ALTER TABLE far ADD PARTITION (k = 'b') LOCATION " + folder, "over the network"},
		{"table's place", "ALTER TABLE far SET LOCATION " + folder, "over the network"},
		{"partition's place", "ALTER TABLE far PARTITION (k = 'a') SET LOCATION " + folder, "over the network"},
		{
			"template",
			"CREATE EXTERNAL TABLE t (a int) PARTITIONED BY (k string) LOCATION 's3://bucket/t/' TBLPROPERTIES ('projection.enabled'='true', " +
				"'projection.k.type'='enum', 'projection.k.values'='" + filepath.Base(secret) + "', 'storage.location.template'='file://" + filepath.Dir(secret) + "/${k}/')",
			"over the network",
		},
		{"later template", "ALTER TABLE made SET TBLPROPERTIES ('storage.location.template'='file://" + secret + "/${k}/')", "over the network"},
		{"another scheme", "CREATE EXTERNAL TABLE t (a int) LOCATION 'FILE://" + secret + "/'", "is not read"},
		{"created as", "CREATE TABLE t WITH (external_location = " + folder + ") AS SELECT 1 AS a", "over the network"},
		{"created in a place to write to", "CREATE TABLE t WITH (external_location = 'file://" + output + "/t/') AS SELECT 1 AS a", "over the network"},
		{"unload", "UNLOAD (SELECT 1 AS a) TO " + folder + " WITH (format = 'JSON')", "only below"},
		{"unload upwards", "UNLOAD (SELECT 1 AS a) TO 'file://" + output + "/../x/' WITH (format = 'JSON')", "dots"},
		{"unload by a link", "UNLOAD (SELECT 1 AS a) TO 'file://" + output + "/out/x/' WITH (format = 'JSON')", "escapes"},
		{"immediate", "EXECUTE IMMEDIATE 'CREATE EXTERNAL TABLE t (a int) LOCATION ''file://" + secret + "/'''", "over the network"},
		{"a key's value", "SELECT a FROM placed WHERE k = '../" + filepath.Base(secret) + "'", "lead elsewhere"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if state, reason := run(tc.text); state != athenatypes.QueryExecutionStateFailed || !strings.Contains(reason, tc.want) {
				t.Errorf("%s\n%s %s, want %q", tc.text, state, reason, tc.want)
			}
		})
	}
	if entries, err := os.ReadDir(secret); err != nil || len(entries) != 1 {
		t.Errorf("%v in the folder, %v", entries, err)
	}
	// Values of a projection that lead out of the folder of a table that was made over the network.
	ask("ALTER TABLE made SET TBLPROPERTIES ('projection.enabled'='true', 'projection.k.type'='enum', 'projection.k.values'='../../../../" + filepath.Base(secret) + "')")
	if state, reason := run("SELECT a FROM made"); state != athenatypes.QueryExecutionStateFailed || !strings.Contains(reason, "lead elsewhere") {
		t.Errorf("%s %s", state, reason)
	}
	// The page only looks, however it is asked.
	if _, err := s.askAthena(t.Context(), console.Question{Text: "CREATE EXTERNAL TABLE t (a int) LOCATION " + folder}); err == nil {
		t.Error("the page makes a table")
	}
}
