package app

import (
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
	"go.yaml.in/yaml/v4"

	"weir/flowlog"
	"weir/internal/flowlogstore"
	"weir/internal/integration"
	"weir/internal/netmodel"
	"weir/internal/synth"
)

// TestIntegrationTemplateRuns runs the statements and the queries of a template in weir's Athena, over the objects of its flow log.
func TestIntegrationTemplateRuns(t *testing.T) {
	dir := t.TempDir()
	records := savedRecords(t, dir)
	s := openFolder(t, filepath.Join(t.TempDir(), "data"), OpenRequest{Sources: []string{dir}})
	c := synth.DefaultConfig()
	var names []string
	for _, f := range flowlog.Fields(flowlog.KindVPC) {
		if !f.Own() && f.Version <= 5 {
			names = append(names, "${"+f.Name+"}")
		}
	}
	placed, err := filepath.Glob(filepath.Join(dir, "AWSLogs", "*", "vpcflowlogs", "*"))
	if err != nil || len(placed) != 1 {
		t.Fatal(placed, err)
	}
	day := c.Start.UTC().Truncate(24 * time.Hour)
	if end := c.Start.Add(2 * time.Hour).UTC(); !end.Truncate(24 * time.Hour).Equal(day) {
		t.Fatalf("the records are of several days: %s to %s", c.Start, end)
	}
	fixed := integration.Athena{ResultARN: "arn:aws:s3:::results", Frequency: integration.None, Start: day, End: day}
	before := integration.Athena{ResultARN: "arn:aws:s3:::results", Frequency: integration.None, Start: day.AddDate(0, 0, -2), End: day.AddDate(0, 0, -1)}
	text, err := integration.Template(integration.Request{
		FlowLog: flowlogstore.FlowLog{
			ID: "fl-0123456789abcdef0", Created: c.Start.UnixMilli(),
			Config: flowlogstore.Config{
				ResourceType: flowlogstore.VPC, TrafficType: "ALL", DestinationType: flowlogstore.S3, Destination: "arn:aws:s3:::bucket/x",
				LogFormat: strings.Join(names, " "), FileFormat: flowlogstore.PlainText,
			},
		},
		Account: filepath.Base(filepath.Dir(filepath.Dir(placed[0]))), Region: filepath.Base(placed[0]), Now: day.AddDate(0, 0, 9),
		Athena: []integration.Athena{fixed, before, {ResultARN: "arn:aws:s3:::results", Frequency: integration.Weekly}},
	})
	if err != nil {
		t.Fatal(err)
	}
	var template struct {
		Metadata struct {
			AthenaStatements []string `yaml:"AthenaStatements"`
		} `yaml:"Metadata"`
		Resources map[string]struct {
			Type       string         `yaml:"Type"`
			Properties map[string]any `yaml:"Properties"`
		} `yaml:"Resources"`
	}
	if err := yaml.Load(text, &template); err != nil {
		t.Fatal(err)
	}
	for _, statement := range template.Metadata.AthenaStatements {
		if _, _, err := athenaTexts(t, s, "", strings.ReplaceAll(statement, "s3://bucket/x/", "file://"+filepath.ToSlash(dir)+"/")); err != nil {
			t.Fatalf("%v in\n%s", err, statement)
		}
	}
	const database = "vpcflowlogsathenadatabasefl0123456789abcdef0"
	dates := func(a integration.Athena) string { return a.Start.Format("20060102") + a.End.Format("20060102") }
	for table, want := range map[string]int{
		"fl0123456789abcdef0none" + dates(fixed): len(records), "fl0123456789abcdef0none" + dates(before): 0, "fl0123456789abcdef0weekly": len(records),
	} {
		rows, _, err := athenaTexts(t, s, database, "SELECT count(*) FROM "+table)
		if err != nil || len(rows) != 1 || rows[0][0] != strconv.Itoa(want) {
			t.Errorf("%s has %v records, %v; want %d", table, rows, err, want)
		}
	}
	queries := 0
	for id, r := range template.Resources {
		if r.Type != "AWS::Athena::NamedQuery" || !strings.HasSuffix(id, "1") {
			continue
		}
		queries++
		query, _ := r.Properties["QueryString"].(string)
		if _, _, err := athenaTexts(t, s, database, strings.ReplaceAll(query, "?", "'10.0.0.1'")); err != nil {
			t.Errorf("%s: %v", id, err)
		}
	}
	if queries != 16 {
		t.Errorf("%d queries; want 16", queries)
	}
}

// TestPutObject writes where Athena's results may go, and nowhere else.
func TestPutObject(t *testing.T) {
	backend := s3mem.New()
	if err := backend.CreateBucket("templates"); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(gofakes3.New(backend, gofakes3.WithTimeSkewLimit(0)).Server())
	t.Cleanup(server.Close)
	output, err := newAthenaOutput(AthenaOutput{Places: []string{"s3://templates/a"}, S3: fakeS3(server.URL)}, "")
	if err != nil {
		t.Fatal(err)
	}
	s := &Local{athenaOutput: output}
	at, err := s.putObject(t.Context(), "templates", "a/b_Mon Nov 30.yml", []byte("text"))
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, at, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if body, err := io.ReadAll(response.Body); err != nil || string(body) != "text" {
		t.Errorf("%s has %q, %v", at, body, err)
	}
	for _, c := range []struct {
		s                 *Local
		bucket, key, want string
	}{
		{s, "templates", "c/d", "this server may not write to s3://templates/c/d, only below s3://templates/a/"},
		{s, "others", "a/b", "only below"},
		{&Local{}, "templates", "a/b", "this server writes nowhere: weir serve --athena-output"},
	} {
		if at, err := c.s.putObject(t.Context(), c.bucket, c.key, nil); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s/%s: %s, %v; want %s", c.bucket, c.key, at, err, c.want)
		}
	}
}

// TestIntegrationTemplatePlace asks whose the keys of a flow log's objects are: what agents put there is of the resource's account and region, and without a definition, or where it does
// not say them, of the server's.
func TestIntegrationTemplatePlace(t *testing.T) {
	dir, data := t.TempDir(), filepath.Join(t.TempDir(), "data")
	savedRecords(t, dir)
	s := openFolder(t, data, OpenRequest{Sources: []string{dir}})
	api := s.flowLogsAPI(nil)
	own := flowlogstore.Place{Account: s.account, Region: s.region}
	place := func(id string, want flowlogstore.Place) {
		t.Helper()
		got, err := api.PlaceOf(t.Context(), &flowlogstore.FlowLog{ResourceID: id, Config: flowlogstore.Config{ResourceType: flowlogstore.VPC}})
		if err != nil || got != want {
			t.Errorf("%s: %v, %v; want %v", id, got, err, want)
		}
	}
	place("vpc-1", own)
	if _, err := ImportNetwork(t.Context(), data, []netmodel.Document{{Name: "net.yaml", Data: []byte(agentDefinition)}}, time.Now()); err != nil {
		t.Fatal(err)
	}
	place("vpc-1", flowlogstore.Place{Account: "111122223333", Region: "eu-west-1"})
	place("vpc-9", own)
}
