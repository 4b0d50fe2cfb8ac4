package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"weir/internal/app"
	"weir/internal/source/sourcetest"
)

// TestFollowQueue follows a bucket of moto whose events go to a queue, by the queue
// alone: the bucket is listed at the start only.
func TestFollowQueue(t *testing.T) {
	awsEnv(t, "AKIDEXAMPLE", "secret")
	endpoint := sourcetest.StartMoto(t)
	t.Setenv("AWS_ENDPOINT_URL", endpoint)
	front, away := newFront(t, endpoint)
	t.Setenv("AWS_ENDPOINT_URL_SQS", front)
	bucket := makeBucket(t, endpoint)
	queue := awssqs.New(awssqs.Options{
		BaseEndpoint: aws.String(endpoint), Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", ""),
	})
	const arn = "arn:aws:sqs:us-east-1:123456789012:flow-logs"
	made, err := queue.CreateQueue(t.Context(), &awssqs.CreateQueueInput{QueueName: aws.String("flow-logs")})
	if err != nil {
		t.Fatal(err)
	}
	address := made.QueueUrl
	if _, err := bucket.PutBucketNotificationConfiguration(t.Context(), &awss3.PutBucketNotificationConfigurationInput{
		Bucket: aws.String(testBucket), NotificationConfiguration: &s3types.NotificationConfiguration{QueueConfigurations: []s3types.QueueConfiguration{{
			QueueArn: aws.String(arn), Events: []s3types.Event{"s3:ObjectCreated:*"},
		}}},
	}); err != nil {
		t.Fatal(err)
	}
	send := func(body string) {
		t.Helper()
		if _, err := queue.SendMessage(t.Context(), &awssqs.SendMessageInput{QueueUrl: address, MessageBody: &body}); err != nil {
			t.Fatal(err)
		}
	}
	data := filepath.Join(t.TempDir(), "data")
	p := start(t, "--data", data, "open", "--follow", "--json", "--every", "1h", "--queue", arn, "s3://"+testBucket+"/AWSLogs/")
	var first app.OpenReport
	nextJSON(t, p.out, &first)
	var r struct {
		Source           string
		Objects, Records int64
		Back             bool
		Error            string
		Problems         []struct{ URL, Problem string }
	}
	next := func() {
		t.Helper()
		r.Objects, r.Records, r.Back, r.Error, r.Problems = 0, 0, false, "", nil
		nextJSON(t, p.out, &r)
	}
	key := func(n int) string {
		return fmt.Sprintf("AWSLogs/111122223333/vpcflowlogs/us-east-1/2026/03/02/111122223333_vpcflowlogs_us-east-1_fl-0aaa_20260302T1000Z_%08d.log", n)
	}
	put := func(key string, n int) {
		t.Helper()
		upload(t, bucket, map[string][]byte{key: fmt.Appendf(nil, "version srcaddr start\n2 10.0.0.%d 1772445600\n", n)})
	}
	put(key(1), 1) // older than what a listing looks for
	if next(); r.Source != "s3://"+testBucket+"/AWSLogs/" || r.Objects != 1 || r.Records != 1 {
		t.Errorf("an object: %+v", r)
	}
	// The same again changes nothing, a key that is encoded is decoded, and what
	// can't be read is told.
	event := func(key string) string {
		return `{"Records":[{"eventSource":"aws:s3","eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"` + testBucket + `"},"object":{"key":"` + key + `"}}}]}`
	}
	send(event(key(1)))
	send(`{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"` + testBucket + `"}`)
	put("AWSLogs/my own.log", 2)
	if next(); r.Objects != 1 {
		t.Errorf("an object with a space in its key: %+v", r)
	}
	send("hello")
	if next(); r.Source != arn || len(r.Problems) != 1 || !strings.Contains(r.Problems[0].Problem, "cannot read the message") {
		t.Errorf("a message that is none: %+v", r)
	}
	// A queue that goes away, and comes back.
	away(true)
	if next(); r.Source != arn || !strings.Contains(r.Error, "no such queue") {
		t.Errorf("the queue is gone: %+v", r)
	}
	var st struct{ Following []app.FollowState }
	status := func() {
		t.Helper()
		st.Following = nil
		if err := json.Unmarshal([]byte(mustCall(t, "--data", data, "lake", "status", "--json")), &st); err != nil || len(st.Following) != 2 {
			t.Fatalf("%+v, %v", st, err)
		}
	}
	status()
	if f := st.Following[0]; f.Source != arn || !f.Running || !strings.Contains(f.Error, "no such queue") || f.Good == nil || f.Retry == nil || f.Process != p.Process.Pid {
		t.Errorf("state of the queue: %+v", f)
	}
	if f := st.Following[1]; !f.Running || f.Error != "" || f.Objects != 2 || f.Records != 2 || f.LastObject != "s3://"+testBucket+"/AWSLogs/my own.log" {
		t.Errorf("state of the bucket: %+v", f)
	}
	if text := mustCall(t, "--data", data, "lake", "status"); !strings.Contains(text, "following       "+arn+" since ") || !strings.Contains(text, "failing since ") {
		t.Errorf("for people:\n%s", text)
	}
	send(event(key(1)))
	away(false)
	if next(); r.Source != arn || !r.Back {
		t.Errorf("the queue is back: %+v", r)
	}
	err = p.end(t, syscall.SIGINT)
	if err == nil || p.ProcessState.ExitCode() != exitPartial {
		t.Errorf("ended with %v\n%s", err, p.err)
	}
	status()
	if f := st.Following[0]; f.Running || f.Error != "" {
		t.Errorf("state of the queue at the end: %+v", f)
	}
	if n := countRecords(t, data); n != 2 {
		t.Errorf("%d records, want 2", n)
	}
	// All is deleted but what is no event.
	got, err := queue.GetQueueAttributes(t.Context(), &awssqs.GetQueueAttributesInput{QueueUrl: address, AttributeNames: []sqstypes.QueueAttributeName{"All"}})
	if err != nil {
		t.Fatal(err)
	}
	if a := got.Attributes; a["ApproximateNumberOfMessages"] != "0" || a["ApproximateNumberOfMessagesNotVisible"] != "1" {
		t.Errorf("messages that are left: %v", a)
	}
}

// newFront returns the address of a proxy before moto. away says that what is behind
// it knows no queue, and cuts the connections that wait for messages.
func newFront(t *testing.T, endpoint string) (address string, away func(bool)) {
	t.Helper()
	to, err := url.Parse(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(to)
	proxy.ErrorHandler = func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) }
	var mu sync.Mutex
	gone := false
	ctx, cut := context.WithCancel(t.Context())
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		none, until := gone, ctx
		mu.Unlock()
		if none {
			w.Header().Set("Content-Type", "application/x-amz-json-1.0")
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, `{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"The specified queue does not exist."}`)
			return
		}
		ctx, stop := context.WithCancel(r.Context())
		defer stop()
		defer context.AfterFunc(until, stop)()
		proxy.ServeHTTP(w, r.WithContext(ctx))
	}))
	t.Cleanup(server.Close)
	return server.URL, func(is bool) {
		mu.Lock()
		defer mu.Unlock()
		cut()
		ctx, cut = context.WithCancel(t.Context())
		gone = is
	}
}

// TestFollowFlags refuses what makes no sense.
func TestFollowFlags(t *testing.T) {
	const queue = "arn:aws:sqs:us-east-1:123456789012:flow-logs"
	for name, tt := range map[string]struct {
		args []string
		text string
	}{
		"queue without follow":      {[]string{"open", "--queue", queue, "s3://logs"}, "--queue is for --follow"},
		"no queue":                  {[]string{"open", "--follow", "--queue", "flow-logs", "s3://logs"}, `"flow-logs" is no queue's URL`},
		"no bucket":                 {[]string{"open", "--follow", "--queue", queue, "."}, "no s3:// is followed"},
		"every without follow":      {[]string{"open", "--every", "1s", "."}, "--every is for --follow"},
		"server without follow":     {[]string{"serve", "logs"}, "hint: 'weir serve --follow logs' takes what comes to it"},
		"server without source":     {[]string{"serve", "--follow"}, "the source to follow is missing"},
		"server's queue":            {[]string{"serve", "--queue", queue}, "--queue is for --follow"},
		"server's profile":          {[]string{"serve", "--profile", "audit"}, "--profile is for --follow"},
		"server that follows stdin": {[]string{"serve", "--follow", "-"}, "the lake takes no stdin"},
		"server that follows often": {[]string{"serve", "--follow", "--every", "1ms", "."}, "--every must be at least 100ms"},
	} {
		if a := call(t.Context(), append([]string{"--data", t.TempDir()}, tt.args...)...); a.Code != exitUsage || !strings.Contains(a.Err, tt.text) {
			t.Errorf("%s: %+v", name, a)
		}
	}
}
