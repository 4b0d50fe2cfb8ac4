package cli

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"weir/internal/accesskey"
	"weir/internal/app"
	"weir/internal/deliver"
	"weir/internal/sigv4"
	"weir/internal/source/sourcetest"
)

// awsServer is a server that AWS's clients can ask.
type awsServer struct {
	data, url string
	key       accesskey.Key
}

// serveAWS serves an empty data directory with a key until the test ends.
func serveAWS(t *testing.T, o app.ServeOptions) *awsServer {
	t.Helper()
	s := &awsServer{data: filepath.Join(t.TempDir(), "data")}
	var err error
	if s.key, err = accesskey.Create(s.data, "test", "", []string{"logs:*"}, time.Now()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ready, done := make(chan string, 1), make(chan error, 1)
	o.Data, o.Listen, o.Version, o.Log = s.data, "127.0.0.1:0", version, slog.New(slog.DiscardHandler)
	o.Ready = func(url string) { ready <- url }
	go func() { done <- app.Serve(ctx, o) }()
	select {
	case s.url = <-ready:
	case err := <-done:
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return s
}

// call calls an operation of CloudWatch Logs and returns status and answer. change, where it is not nil, may
// change what the request is signed with.
func (s *awsServer) call(t *testing.T, operation string, in any, change func(k *accesskey.Key, at *time.Time)) (int, map[string]any) {
	t.Helper()
	body, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("X-Amz-Target", "Logs_20140328."+operation)
	key, at := s.key, time.Now()
	if change != nil {
		change(&key, &at)
	}
	if key.ID != "" {
		if err := sigv4.Sign(r, body, key.ID, key.Secret, "eu-west-3", "logs", at); err != nil {
			t.Fatal(err)
		}
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]any{}
	if len(text) > 0 {
		if err := json.Unmarshal(text, &out); err != nil {
			t.Fatalf("%s answered %q: %v", operation, text, err)
		}
	}
	return answer.StatusCode, out
}

// done calls an operation that must succeed.
func (s *awsServer) done(t *testing.T, operation string, in any) map[string]any {
	t.Helper()
	status, out := s.call(t, operation, in, nil)
	if status != http.StatusOK {
		t.Fatalf("%s: %d %v", operation, status, out)
	}
	return out
}

type object = map[string]any

// TestServeRefuses asks a server without a right signature: it answers as AWS does, and serves its page still.
func TestServeRefuses(t *testing.T) {
	s := serveAWS(t, app.ServeOptions{})
	few, err := accesskey.Create(s.data, "few", "", []string{"logs:Describe*"}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	gone, err := accesskey.Create(s.data, "gone", "", []string{"logs:*"}, time.Now())
	if err == nil {
		_, err = accesskey.Revoke(s.data, "gone")
	}
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		operation string
		change    func(k *accesskey.Key, at *time.Time)
		code      string
	}{
		"unsigned":     {"DescribeLogGroups", func(k *accesskey.Key, _ *time.Time) { k.ID = "" }, "MissingAuthenticationTokenException"},
		"other secret": {"DescribeLogGroups", func(k *accesskey.Key, _ *time.Time) { k.Secret += "x" }, "InvalidSignatureException"},
		"no such key":  {"DescribeLogGroups", func(k *accesskey.Key, _ *time.Time) { k.ID = "WEIR0000000000000000" }, "UnrecognizedClientException"},
		"revoked":      {"DescribeLogGroups", func(k *accesskey.Key, _ *time.Time) { *k = gone }, "UnrecognizedClientException"},
		"late":         {"DescribeLogGroups", func(_ *accesskey.Key, at *time.Time) { *at = at.Add(-20 * time.Minute) }, "InvalidSignatureException"},
		"early":        {"DescribeLogGroups", func(_ *accesskey.Key, at *time.Time) { *at = at.Add(20 * time.Minute) }, "InvalidSignatureException"},
		"not allowed":  {"CreateLogGroup", func(k *accesskey.Key, _ *time.Time) { *k = few }, "AccessDeniedException"},
		"allowed":      {"DescribeLogGroups", func(k *accesskey.Key, _ *time.Time) { *k = few }, ""},
		"no operation": {"DescribeEverything", nil, "UnknownOperationException"},
	} {
		status, out := s.call(t, c.operation, object{}, c.change)
		code, _ := out["__type"].(string)
		if code != c.code || (status == http.StatusOK) != (code == "") {
			t.Errorf("%s: %d %v", name, status, out)
		}
	}
	page, err := http.Get(s.url)
	if err != nil {
		t.Fatal(err)
	}
	defer page.Body.Close()
	if page.StatusCode != http.StatusOK || !strings.HasPrefix(page.Header.Get("Content-Type"), "text/html") {
		t.Errorf("the page is %s, %s", page.Status, page.Header.Get("Content-Type"))
	}
}

// TestServeSubscription delivers what a subscription filter chooses to a sink, that which came while the sink
// failed too.
func TestServeSubscription(t *testing.T) {
	got := make(chan string, 10)
	fail := make(chan bool, 1)
	fail <- true
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-fail:
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		default:
		}
		z, err := gzip.NewReader(r.Body)
		var doc struct {
			LogGroup, LogStream string
			SubscriptionFilters []string
			LogEvents           []struct{ Message string }
		}
		if err == nil {
			err = json.NewDecoder(z).Decode(&doc)
		}
		if err != nil {
			t.Error(err)
		}
		for _, e := range doc.LogEvents {
			got <- fmt.Sprintf("%s %s %v %s", doc.LogGroup, doc.LogStream, doc.SubscriptionFilters, e.Message)
		}
	}))
	defer hook.Close()
	name, sink, err := deliver.ParseSink("hook=" + hook.URL)
	if err != nil {
		t.Fatal(err)
	}
	s := serveAWS(t, app.ServeOptions{Sinks: app.Sinks{name: sink}})
	s.done(t, "CreateLogGroup", object{"logGroupName": "g"})
	s.done(t, "CreateLogStream", object{"logGroupName": "g", "logStreamName": "s"})
	const arn = "arn:aws:firehose:us-east-1:000000000000:deliverystream/"
	filter := object{"logGroupName": "g", "filterName": "f", "filterPattern": "REJECT", "destinationArn": arn + "other"}
	if status, out := s.call(t, "PutSubscriptionFilter", filter, nil); status != http.StatusBadRequest {
		t.Errorf("a sink that is not there: %d %v", status, out)
	}
	filter["destinationArn"] = arn + "hook"
	s.done(t, "PutSubscriptionFilter", filter)
	now := time.Now().UnixMilli()
	s.done(t, "PutLogEvents", object{"logGroupName": "g", "logStreamName": "s", "logEvents": []object{
		{"timestamp": now, "message": "one ACCEPT"}, {"timestamp": now, "message": "two REJECT"}, {"timestamp": now + 1, "message": "three REJECT"},
	}})
	for _, want := range []string{"g s [f] two REJECT", "g s [f] three REJECT"} {
		select {
		case e := <-got:
			if e != want {
				t.Errorf("delivered %q, want %q", e, want)
			}
		case <-time.After(time.Minute):
			t.Fatal("nothing is delivered")
		}
	}
}

// awsCLI is a program of the AWS CLI.
type awsCLI struct{ name, path string }

// awsCLIs returns the AWS CLIs of the machine, by version.
func awsCLIs(t *testing.T) []awsCLI {
	t.Helper()
	var out []awsCLI
	seen := map[string]bool{}
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		path := filepath.Join(dir, "aws")
		text, err := exec.CommandContext(t.Context(), path, "--version").CombinedOutput()
		if err != nil {
			continue
		}
		name, _, _ := strings.Cut(string(text), " ")
		if !seen[name] {
			seen[name] = true
			out = append(out, awsCLI{name, path})
		}
	}
	if len(out) == 0 {
		sourcetest.Missing(t, "the AWS CLI is not installed")
	}
	return out
}

// run runs a command against the server and returns its standard output.
func (c awsCLI) run(t *testing.T, s *awsServer, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), c.path, append([]string{"--endpoint-url", strings.TrimSuffix(s.url, "/"), "--output", "json"}, args...)...)
	cmd.Env = append(os.Environ(), "AWS_ACCESS_KEY_ID="+s.key.ID, "AWS_SECRET_ACCESS_KEY="+s.key.Secret, "AWS_DEFAULT_REGION=eu-north-1",
		"AWS_CONFIG_FILE=/dev/null", "AWS_SHARED_CREDENTIALS_FILE=/dev/null", "AWS_EC2_METADATA_DISABLED=true", "AWS_PAGER=")
	out, err := cmd.Output()
	if err != nil {
		stderr := ""
		if failed := new(exec.ExitError); errors.As(err, &failed) {
			stderr = string(failed.Stderr)
		}
		t.Fatalf("%s %v: %v\n%s%s", c.name, args, err, out, stderr)
	}
	return string(out)
}

// TestServeAWSCLI has a person with flow logs ask the server by the AWS CLI: events are put, records of a bucket
// are opened, and both are asked.
func TestServeAWSCLI(t *testing.T) {
	for _, c := range awsCLIs(t) {
		t.Run(strings.ReplaceAll(c.name, "/", "-"), func(t *testing.T) {
			s := serveAWS(t, app.ServeOptions{Account: "123456789012"})
			runWeir(t, "--data", s.data, "-q", "open", writeFiles(t, serveLogs))
			c.run(t, s, "logs", "create-log-group", "--log-group-name", "vpc")
			c.run(t, s, "logs", "create-log-stream", "--log-group-name", "vpc", "--log-stream-name", "eni-1-all")
			runWeir(t, "--data", s.data, "logs", "format", "vpc", "default")
			now := time.Now()
			line := fmt.Sprintf("2 123456789012 eni-1 203.0.113.9 10.0.1.5 40000 22 6 3 180 %d %d REJECT OK", now.Unix(), now.Unix()+60)
			events, err := json.Marshal([]object{{"timestamp": now.UnixMilli(), "message": line}})
			if err != nil {
				t.Fatal(err)
			}
			c.run(t, s, "logs", "put-log-events", "--log-group-name", "vpc", "--log-stream-name", "eni-1-all", "--log-events", string(events))

			// What the client prints is what the server answered.
			var groups struct {
				LogGroups []struct{ LogGroupName, Arn string }
			}
			unmarshal(t, c.run(t, s, "logs", "describe-log-groups"), &groups)
			got := fmt.Sprint(groups.LogGroups)
			if !strings.Contains(got, "{vpc arn:aws:logs:us-east-1:123456789012:log-group:vpc:*}") || !strings.Contains(got, "{/weir/flow-logs ") {
				t.Errorf("the log groups are %s", got)
			}
			var found struct {
				Events []struct{ Message, EventID string }
			}
			unmarshal(t, c.run(t, s, "logs", "filter-log-events", "--log-group-name", "vpc",
				"--filter-pattern", `[version, account, eni, source, destination, srcport, destport="22", protocol="6", packets, bytes, windowstart, windowend, action="REJECT", flowlogstatus]`), &found)
			if len(found.Events) != 1 || found.Events[0].Message != line || found.Events[0].EventID == "" {
				t.Errorf("found %+v", found)
			}
			if rows := c.query(t, s, "vpc", now.Add(-time.Hour), now.Add(time.Hour), `filter action = "REJECT" | stats sum(bytes) as b by srcAddr, dstPort`); rows != "srcAddr=203.0.113.9 dstPort=22 b=180" {
				t.Errorf("rows are %s", rows)
			}
			at := time.Unix(1772445600, 0)
			if rows := c.query(t, s, "/weir/flow-logs", at.Add(-time.Hour), at.Add(time.Minute), `stats sum(bytes) as b by action | sort b desc`); rows != "action=ACCEPT b=8400; action=REJECT b=180" {
				t.Errorf("rows of the lake are %s", rows)
			}
		})
	}
}

// query runs a query and returns its rows as text, once it is complete.
func (c awsCLI) query(t *testing.T, s *awsServer, group string, from, to time.Time, text string) string {
	t.Helper()
	var started struct{ QueryID string }
	unmarshal(t, c.run(t, s, "logs", "start-query", "--log-group-name", group, "--start-time", fmt.Sprint(from.Unix()), "--end-time", fmt.Sprint(to.Unix()),
		"--query-string", text), &started)
	for range 100 {
		var got struct {
			Status  string
			Results [][]struct{ Field, Value string }
		}
		unmarshal(t, c.run(t, s, "logs", "get-query-results", "--query-id", started.QueryID), &got)
		if got.Status == "Scheduled" || got.Status == "Running" {
			continue
		}
		if got.Status != "Complete" {
			t.Fatalf("the query is %s", got.Status)
		}
		var rows []string
		for _, r := range got.Results {
			var cells []string
			for _, cell := range r {
				cells = append(cells, cell.Field+"="+cell.Value)
			}
			rows = append(rows, strings.Join(cells, " "))
		}
		return strings.Join(rows, "; ")
	}
	t.Fatal("the query does not end")
	return ""
}

// runWeir runs a command that must end well, but that a line was bad.
func runWeir(t *testing.T, args ...string) {
	t.Helper()
	var out, stderr bytes.Buffer
	c := &cli{in: strings.NewReader(""), out: &out, err: &stderr}
	if code := c.run(t.Context(), args); code != 0 && code != exitPartial {
		t.Fatalf("weir %v: %d\n%s%s", args, code, &out, &stderr)
	}
}

// unmarshal reads JSON.
func unmarshal(t *testing.T, text string, to any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), to); err != nil {
		t.Fatalf("%q: %v", text, err)
	}
}
