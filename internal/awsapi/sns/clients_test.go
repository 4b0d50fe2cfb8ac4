package sns

import (
	"bufio"
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"weir/internal/awsapi"
	"weir/internal/awsapi/awsapitest"
	"weir/internal/sharedtest"
	"weir/internal/source/sourcetest"
)

// listen serves an API over HTTP for clients that sign, and the links of documents beside it.
func listen(t *testing.T) (*testServer, *httptest.Server) {
	t.Helper()
	s := newServer(t, awsapitest.ByKey)
	server := httptest.NewServer(s.router)
	t.Cleanup(server.Close)
	return s, server
}

// TestBoto3 runs testdata/boto3_client.py.
func TestBoto3(t *testing.T) {
	python := sourcetest.Python(t, "boto3")
	t.Parallel()
	s, server := listen(t)
	confirmations := make(chan string, 1)
	endpoint := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if body, err := io.ReadAll(r.Body); err == nil && r.Header.Get("X-Amz-Sns-Message-Type") == "SubscriptionConfirmation" {
			_, token, _ := strings.Cut(string(body), `"Token" : "`)
			token, _, _ = strings.Cut(token, `"`)
			confirmations <- token
		}
	}))
	defer endpoint.Close()
	cmd := exec.CommandContext(t.Context(), python, "testdata/boto3_client.py", server.URL, awsapitest.Key, awsapitest.Secret, endpoint.URL)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	go func() { _ = s.store.Run(ctx) }() // ends with the test
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case token := <-confirmations:
		_, _ = io.WriteString(stdin, token+"\n") // where the client is gone, its end says why
		err = <-ended
	case err = <-ended:
	}
	if err != nil || out.String() != "ok\n" {
		t.Errorf("%v\n%s", err, &out)
	}
}

// TestAWSCLI publishes as a person does with the AWS CLI of both versions.
func TestAWSCLI(t *testing.T) {
	for _, version := range []string{"1", "2"} {
		t.Run("version "+version, func(t *testing.T) {
			path, _ := sourcetest.AWSCLI(t, version)
			t.Parallel()
			_, server := listen(t)
			run := func(args ...string) string {
				cmd := exec.CommandContext(t.Context(), path, append([]string{"--endpoint-url", server.URL, "--region", testRegion, "--output", "text", "sns"}, args...)...)
				cmd.Env = awsapitest.Environ(t)
				out, _ := cmd.CombinedOutput() // an error is in what it says
				return strings.TrimSpace(string(out))
			}
			arn := run("create-topic", "--name", "ops", "--attributes", "DisplayName=Ops", "--tags", "Key=team,Value=net")
			if arn != "arn:aws:sns:us-east-1:123456789012:ops" {
				t.Fatal(arn)
			}
			if id := run("publish", "--topic-arn", arn, "--message", "too many SSH", "--subject", "ALARM", "--message-attributes", `{"n":{"DataType":"Number","StringValue":"5"}}`); len(id) != 36 {
				t.Error(id)
			}
			if e := run("publish", "--topic-arn", arn+"x", "--message", "m"); !strings.Contains(e, "(NotFound)") || !strings.Contains(e, "Topic does not exist") {
				t.Error(e)
			}
		})
	}
}

// decode reads the body of a request for an operation.
func decode(t *testing.T, s *testServer, body string) (operation string, err error) {
	t.Helper()
	values, err := url.ParseQuery(body)
	if err != nil {
		t.Fatal(err)
	}
	operation = values.Get("Action")
	op, known := s.api.operations()[operation]
	if !known {
		return operation, nil
	}
	in := reflect.New(op.In)
	service := s.api.Service()
	service.Operations[operation] = awsapi.HandleRaw[struct{}](func(_ context.Context, c *awsapi.Call) (*empty, error) { return nil, c.Decode(in.Interface()) })
	if w := post(t, awsapi.NewRouter(awsapitest.Anyone{}, slog.New(slog.DiscardHandler), service), body); w.Code != http.StatusOK {
		return operation, errors.New(w.Body.String())
	}
	// What the form has, the request has too: no member is passed over.
	for key := range values {
		name, _, _ := strings.Cut(key, ".")
		if name != "Action" && name != "Version" && !member(in.Elem(), name) {
			t.Errorf("%s: %s is passed over", operation, name)
		}
	}
	return operation, nil
}

// member says whether a request has a member that is not empty.
func member(v reflect.Value, name string) bool {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if f.Anonymous && member(v.Field(i), name) || f.Tag.Get("json") == name && !v.Field(i).IsZero() {
			return true
		}
	}
	return false
}

// TestSDKSnapshots reads the requests that AWS's SDK for Go makes with every member set.
func TestSDKSnapshots(t *testing.T) {
	requests := awsapitest.Requests(t, "sns")
	if len(requests) != 42 {
		t.Fatalf("%d snapshots", len(requests))
	}
	s := newServer(t, awsapitest.Anyone{})
	seen := map[string]bool{}
	for name, body := range requests {
		operation, err := decode(t, s, string(body))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		seen[operation] = true
	}
	for operation := range s.api.operations() {
		if !seen[operation] {
			t.Errorf("no snapshot of %s", operation)
		}
	}
}

// TestCapturedRequests answers the requests for SNS that real clients sent.
func TestCapturedRequests(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(sharedtest.Path(t, "corpus", "aws-client-requests"), "*", "*-sns-*.http"))
	if err != nil || len(files) < 2 {
		t.Fatalf("%d requests: %v", len(files), err)
	}
	s := newServer(t, awsapitest.Anyone{})
	s.topic("ops")
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		raw, _, _ = bytes.Cut(raw, []byte("\n### RESPONSE"))
		r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(raw)))
		if err != nil {
			t.Fatal(err)
		}
		w := httptest.NewRecorder()
		s.router.ServeHTTP(w, r.WithContext(t.Context()))
		if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "<PublishResult><MessageId>") {
			t.Errorf("%s: %d %s", file, w.Code, w.Body)
		}
	}
}

// TestPathParameters answers a request whose form is in its URL, as AWS does.
func TestPathParameters(t *testing.T) {
	s := newServer(t, awsapitest.Anyone{})
	query := url.Values{"Action": {"Publish"}, "Version": {"2010-03-31"}, "TopicArn": {s.topic("ops")}, "Message": {"test message direct post request"}}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/?"+query.Encode(), nil)
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=K/20261130/us-east-1/sns/aws4_request, SignedHeaders=host, Signature=0")
	w := httptest.NewRecorder()
	if s.router.ServeHTTP(w, r); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "<PublishResult><MessageId>") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// FuzzForm answers any form with a document of XML, and never with an error of the server.
func FuzzForm(f *testing.F) {
	for _, body := range []string{
		"Action=Publish&Version=2010-03-31&TopicArn=arn:aws:sns:us-east-1:123456789012:ops&Message=m&MessageStructure=json&MessageAttributes.entry.1.Name=a&MessageAttributes.entry.1.Value.DataType=String",
		"Action=CreateTopic&Version=2010-03-31&Name=x&Attributes.entry.1.key=DeliveryPolicy&Attributes.entry.1.value=%7B%7D&Tags.member.1.Key=k&Tags=",
		"Action=Subscribe&Version=2010-03-31&TopicArn=arn:aws:sns:us-east-1:123456789012:ops&Protocol=webhook&Endpoint=https://example.com/&Attributes.entry.1.key=FilterPolicy&Attributes.entry.1.value=x",
		"Action=PublishBatch&Version=2010-03-31&PublishBatchRequestEntries.member.1.Id=1&PublishBatchRequestEntries.member.1.Message=m&TopicArn=x",
	} {
		f.Add(body)
	}
	s := newServer(f, awsapitest.Anyone{})
	s.topic("ops")
	f.Fuzz(func(t *testing.T, body string) {
		w := post(t, s.router, body)
		if _, err := read(xml.NewDecoder(w.Body)); err != nil || w.Code >= http.StatusInternalServerError {
			t.Fatalf("%d %v of %q", w.Code, err, body)
		}
	})
}
