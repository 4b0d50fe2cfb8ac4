package athena

import (
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/athena"
	athenatypes "github.com/aws/aws-sdk-go-v2/service/athena/types"

	"weir/internal/awsapi"
	"weir/internal/awsapi/awsapitest"
)

// clientServer is a server on loopback, for real clients: what is not signed is refused, and the clock is the real one.
func clientServer(t *testing.T) (*testServer, *httptest.Server) {
	t.Helper()
	s := newServer(t, "", func(o *Options) { o.Now = time.Now })
	server := httptest.NewServer(awsapi.NewRouter(awsapitest.ByKey, s.api.Log, s.api.Service()))
	t.Cleanup(server.Close)
	return s, server
}

func goClient(endpoint string) *athena.Client {
	return athena.New(athena.Options{
		BaseEndpoint: &endpoint, Region: "us-west-2", Credentials: credentials.NewStaticCredentialsProvider(awsapitest.Key, awsapitest.Secret, ""), HTTPClient: awsapitest.NewSDKClient(nil), RetryMaxAttempts: 1,
	})
}

// TestGoSDK runs queries with AWS's SDK for Go and compares what it reads.
func TestGoSDK(t *testing.T) {
	s, server := clientServer(t)
	c := goClient(server.URL)
	ctx := t.Context()
	ended := func(text string) *athenatypes.QueryExecution {
		t.Helper()
		started, err := c.StartQueryExecution(ctx, &athena.StartQueryExecutionInput{QueryString: &text, QueryExecutionContext: &athenatypes.QueryExecutionContext{Database: aws.String("weir")}})
		if err != nil {
			t.Fatal(err)
		}
		s.api.idle()
		out, err := c.GetQueryExecution(ctx, &athena.GetQueryExecutionInput{QueryExecutionId: started.QueryExecutionId})
		if err != nil {
			t.Fatal(err)
		}
		return out.QueryExecution
	}
	before := time.Now().Add(-time.Second)
	e := ended("rows 2500")
	if e.Status.State != athenatypes.QueryExecutionStateSucceeded || e.StatementType != athenatypes.StatementTypeDml || *e.Statistics.DataScannedInBytes != 500 ||
		*e.EngineVersion.EffectiveEngineVersion != engine3 || e.Status.SubmissionDateTime.Before(before) || e.Status.CompletionDateTime.Before(*e.Status.SubmissionDateTime) {
		t.Errorf("GetQueryExecution: %+v %+v", e, e.Status)
	}
	var rows int
	for p := athena.NewGetQueryResultsPaginator(c, &athena.GetQueryResultsInput{QueryExecutionId: e.QueryExecutionId}); p.HasMorePages(); {
		page, err := p.NextPage(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if rows == 0 {
			if *page.ResultSet.Rows[0].Data[1].VarCharValue != "t" || *page.ResultSet.Rows[1].Data[1].VarCharValue != "row 0" || page.ResultSet.Rows[2].Data[1].VarCharValue != nil ||
				page.ResultSet.ResultSetMetadata.ColumnInfo[0].Precision != 19 || *page.UpdateCount != 0 {
				t.Errorf("GetQueryResults: %+v", page.ResultSet.Rows[:3])
			}
		}
		rows += len(page.ResultSet.Rows)
	}
	if rows != 2501 {
		t.Errorf("%d rows", rows)
	}
	e = ended("missing\nx")
	if e.Status.State != athenatypes.QueryExecutionStateFailed || !strings.HasPrefix(*e.Status.StateChangeReason, "COLUMN_NOT_FOUND: line 2:1:") || *e.Status.AthenaError.ErrorType != 1006 || e.Status.AthenaError.Retryable {
		t.Errorf("a query that fails: %+v", e.Status)
	}
	_, err := c.StartQueryExecution(ctx, &athena.StartQueryExecutionInput{QueryString: aws.String("bad")})
	if wrong := new(athenatypes.InvalidRequestException); !errors.As(err, &wrong) || *wrong.AthenaErrorCode != "MALFORMED_QUERY" || *wrong.Message != "line 1:1: mismatched input 'bad' (SELECT?)" {
		t.Errorf("a malformed query: %v", err)
	}
	_, err = c.GetPreparedStatement(ctx, &athena.GetPreparedStatementInput{StatementName: aws.String("none"), WorkGroup: aws.String("primary")})
	if missing := new(athenatypes.ResourceNotFoundException); !errors.As(err, &missing) || *missing.Message != "PreparedStatement none was not found in workGroup primary" {
		t.Errorf("a prepared statement that is not there: %v", err)
	}
	_, err = c.GetDatabase(ctx, &athena.GetDatabaseInput{CatalogName: aws.String("AwsDataCatalog"), DatabaseName: aws.String("none")})
	if missing := new(athenatypes.MetadataException); !errors.As(err, &missing) || !entityNotFound.MatchString("MetadataException: "+*missing.Message) {
		t.Errorf("a database that is not there: %v", err)
	}
	group, err := c.GetWorkGroup(ctx, &athena.GetWorkGroupInput{WorkGroup: aws.String("primary")})
	if err != nil || *group.WorkGroup.Configuration.EngineVersion.EffectiveEngineVersion != engine3 || !group.WorkGroup.Configuration.ManagedQueryResultsConfiguration.Enabled {
		t.Errorf("GetWorkGroup: %+v %v", group, err)
	}
	table, err := c.GetTableMetadata(ctx, &athena.GetTableMetadataInput{CatalogName: aws.String("AwsDataCatalog"), DatabaseName: aws.String("weir"), TableName: aws.String("vpc_flow_logs")})
	if err != nil || *table.TableMetadata.PartitionKeys[0].Name != "date" || !table.TableMetadata.CreateTime.Equal(testTime) {
		t.Errorf("GetTableMetadata: %+v %v", table, err)
	}
}

// TestSDKRequests reads what the SDK sends with every member set: its values may be wrong for a member, but each has the type that it should have, and
// a place here. Operations that are not here are unknown.
func TestSDKRequests(t *testing.T) {
	s := newServer(t, "", nil)
	for _, name := range awsapitest.Sent(t, "athena", s.api.operations(), describer) {
		if status, out := s.post(name, []byte("{}")); status != 404 || !strings.Contains(string(out), "UnknownOperationException") {
			t.Errorf("%s: %d %s", name, status, out)
		}
	}
}

// TestSDKResponses holds our answers against the SDK's.
func TestSDKResponses(t *testing.T) {
	awsapitest.Responses(t, "athena", newServer(t, "", nil).api.operations(), 22)
}
