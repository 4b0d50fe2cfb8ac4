package app

import (
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
)

// fakeBucket is a service that speaks as S3 does, with a bucket, which the AWS settings of the environment name.
func fakeBucket(t *testing.T, bucket string) (url string) {
	t.Helper()
	backend := s3mem.New()
	if err := backend.CreateBucket(bucket); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(gofakes3.New(backend, gofakes3.WithTimeSkewLimit(0)).Server())
	t.Cleanup(server.Close)
	for k, v := range map[string]string{
		"AWS_ENDPOINT_URL_S3": server.URL, "AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s", "AWS_REGION": "us-east-1", "AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
	} {
		t.Setenv(k, v)
	}
	return server.URL
}

// TestAthenaMakesTablesElsewhere has CREATE TABLE AS put rows where the statement says, as AWS's guides make Parquet of flow logs, in a folder and in a bucket.
func TestAthenaMakesTablesElsewhere(t *testing.T) {
	s, _ := smallLake(t)
	folder := filepath.ToSlash(t.TempDir())
	url := fakeBucket(t, "b")
	var err error
	if s.athenaOutput, err = newAthenaOutput(AthenaOutput{Places: []string{folder, "s3://b/made"}, S3: fakeS3(url)}, ""); err != nil {
		t.Fatal(err)
	}
	ask := func(text string) ([][]string, error) {
		rows, _, err := athenaTexts(t, s, "default", text)
		return rows, err
	}
	for name, place := range map[string]string{"f": "file://" + folder, "o": "s3://b/made"} {
		for _, text := range []string{
			"CREATE TABLE " + name + " WITH (format = 'PARQUET', external_location = '" + place + "/whole/') AS SELECT srcaddr, bytes FROM weir.vpc_flow_logs",
			"CREATE TABLE " + name + "p WITH (external_location = '" + place + "/parts', partitioned_by = ARRAY['day']) AS SELECT srcaddr, bytes, date_format(date, '%Y/%m/%d') AS day FROM weir.vpc_flow_logs",
			"CREATE TABLE IF NOT EXISTS " + name + " WITH (external_location = '" + place + "/whole/') AS SELECT 1 AS a",
		} {
			if _, err := ask(text); err != nil {
				t.Fatal(text, err)
			}
		}
		want, err := ask("SELECT count(*), sum(bytes) FROM weir.vpc_flow_logs WHERE date = DATE '2024-01-10'")
		if err != nil {
			t.Fatal(err)
		}
		for _, from := range []string{name, name + "p WHERE day = '2024/01/10'"} {
			if got, err := ask("SELECT count(*), sum(bytes) FROM " + from); err != nil || !cmp.Equal(want, got) {
				t.Errorf("%s: %v %v, want %v", from, got, err, want)
			}
		}
		if got, err := ask("SELECT DISTINCT \"$path\" FROM " + name); err != nil || len(got) != 1 || !strings.HasPrefix(got[0][0], place+"/whole/") {
			t.Errorf("%v %v", got, err)
		}
		for text, want := range map[string]string{
			"CREATE TABLE more WITH (external_location = '" + place + "/whole/') AS SELECT 1 AS a":                                      "HIVE_PATH_ALREADY_EXISTS",
			"CREATE TABLE more WITH (external_location = '" + place + "x/') AS SELECT 1 AS a":                                           "only below",
			"CREATE TABLE more WITH (external_location = '" + place + "/more/', partitioned_by = ARRAY['k']) AS SELECT 1 AS a, '' AS k": "a partition key has a value",
			"CREATE TABLE " + name + " WITH (external_location = '" + place + "/more/') AS SELECT 1 AS a":                               "TABLE_ALREADY_EXISTS",
			"CREATE TABLE more WITH (external_location = ARRAY['" + place + "/more/']) AS SELECT 1 AS a":                                "external_location is a text",
		} {
			if _, err := ask(text); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v", text, err)
			}
		}
	}
	if got, err := ask("SHOW TABLES"); err != nil || !slices.Equal(slices.Concat(got...), []string{"f", "fp", "o", "op"}) {
		t.Error(got, err)
	}
	// What is written to another service than tables are read of would not be found.
	fakeBucket(t, "b")
	if _, err := ask("CREATE TABLE lost WITH (external_location = 's3://b/made/lost/') AS SELECT 1 AS a"); err == nil || !strings.Contains(hintOf(err), "AWS_ENDPOINT_URL_S3") {
		t.Error(err)
	}
	if _, err := ask("SELECT * FROM lost"); err == nil || !strings.Contains(err.Error(), "TABLE_NOT_FOUND") {
		t.Error(err)
	}
}
