package cli

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"weir/internal/accesskey"
	"weir/internal/app"
	"weir/internal/deliver"
	"weir/internal/sigv4"
)

// awsServer is a server that AWS's clients can ask.
type awsServer struct {
	data, url string
	key       accesskey.Key
	client    *http.Client   // nil: that of package http
	trust     *x509.CertPool // of its certificate
}

// serveAWS serves an empty data directory with a key, and with a user where it has TLS, until the test ends.
func serveAWS(t *testing.T, o app.ServeOptions) *awsServer {
	t.Helper()
	s := &awsServer{data: filepath.Join(t.TempDir(), "data")}
	var err error
	if s.key, err = accesskey.Create(s.data, "test", "", []string{"logs:*", "athena:*", "cloudwatch:*", "sns:*", "ec2:*"}, time.Now()); err != nil {
		t.Fatal(err)
	}
	if o.TLSCert != "" {
		if err := app.AddUser(s.data, "alice", "correct horse battery staple"); err != nil {
			t.Fatal(err)
		}
	}
	o.Data = s.data
	s.url = serveWith(t, o)
	return s
}

// call calls an operation of CloudWatch Logs and returns status and answer. change, where it is not nil, may
// change what the request is signed with.
func (s *awsServer) call(t *testing.T, operation string, in any, change func(k *accesskey.Key, at *time.Time)) (int, map[string]any) {
	t.Helper()
	key, at := s.key, time.Now()
	if change != nil {
		change(&key, &at)
	}
	status, out, err := s.try(t.Context(), operation, in, key, at)
	if err != nil {
		t.Fatal(err)
	}
	return status, out
}

// try calls an operation with a key, and fails where there is no answer.
func (s *awsServer) try(ctx context.Context, operation string, in any, key accesskey.Key, at time.Time) (int, map[string]any, error) {
	body, err := json.Marshal(in)
	if err != nil {
		return 0, nil, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("X-Amz-Target", "Logs_20140328."+operation)
	if key.ID != "" {
		if err := sigv4.Sign(r, body, key.ID, key.Secret, "eu-west-3", "logs", at); err != nil {
			return 0, nil, err
		}
	}
	answer, err := cmp.Or(s.client, http.DefaultClient).Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return 0, nil, err
	}
	out := map[string]any{}
	if len(text) > 0 {
		if err := json.Unmarshal(text, &out); err != nil {
			return 0, nil, fmt.Errorf("%s answered %q: %w", operation, text, err)
		}
	}
	return answer.StatusCode, out, nil
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
	gone, err := accesskey.Create(s.data, "gone", "", []string{"logs:*", "athena:*"}, time.Now())
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
