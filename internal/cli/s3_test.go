package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awsec2 "github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/go-cmp/cmp"
	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"weir/internal/sharedtest"
	"weir/internal/source/sourcetest"
)

const testBucket = "flow-logs"

// awsEnv sets the environment of somebody who has keys and no files of the AWS CLI.
func awsEnv(t *testing.T, key, secret string) {
	t.Helper()
	for _, kv := range os.Environ() {
		if name, _, _ := strings.Cut(kv, "="); strings.HasPrefix(name, "AWS_") {
			t.Setenv(name, "")
		}
	}
	t.Setenv("HOME", t.TempDir())
	t.Setenv("TZ", "UTC")
	t.Setenv("AWS_ACCESS_KEY_ID", key)
	t.Setenv("AWS_SECRET_ACCESS_KEY", secret)
	t.Setenv("AWS_REGION", "us-east-1")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
}

// makeBucket makes the bucket and returns a client of its server.
func makeBucket(t *testing.T, endpoint string) *awss3.Client {
	t.Helper()
	client := awss3.New(awss3.Options{
		BaseEndpoint: aws.String(endpoint), UsePathStyle: true, Region: "us-east-1",
		Credentials: credentials.NewStaticCredentialsProvider(os.Getenv("AWS_ACCESS_KEY_ID"), os.Getenv("AWS_SECRET_ACCESS_KEY"), ""),
	})
	if _, err := client.CreateBucket(t.Context(), &awss3.CreateBucketInput{Bucket: aws.String(testBucket)}); err != nil {
		t.Fatal(err)
	}
	return client
}

// upload puts objects into the bucket.
func upload(t *testing.T, client *awss3.Client, objects map[string][]byte) {
	t.Helper()
	for key, content := range objects {
		_, err := client.PutObject(t.Context(), &awss3.PutObjectInput{Bucket: aws.String(testBucket), Key: aws.String(key), Body: bytes.NewReader(content)})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// readTree returns the files below a folder by their slash-separated paths in it.
func readTree(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	root := os.DirFS(dir)
	err := fs.WalkDir(root, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		out[path], err = fs.ReadFile(root, path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// oldKey is an object of the week before, and oldRecord its text.
const (
	oldKey    = "AWSLogs/111122223333/vpcflowlogs/us-east-1/2026/02/23/111122223333_vpcflowlogs_us-east-1_fl-0123456789abcdef0_20260223T1000Z_00000001.log"
	oldRecord = "version srcaddr start\n2 10.99.0.1 1771840800\n"
)

// TestS3VersityGW and TestS3Moto take the shared data set from a real S3 server and
// from AWS's fake.
func TestS3VersityGW(t *testing.T) {
	testBucketOf(t, sourcetest.VersityGWKey, sourcetest.VersityGWSecret, sourcetest.StartVersityGW)
}

func TestS3Moto(t *testing.T) { testBucketOf(t, "AKIDEXAMPLE", "secret", sourcetest.StartMoto) }

// TestS3Describe takes objects without a header, in a format that EC2 is asked for.
func TestS3Describe(t *testing.T) {
	awsEnv(t, "AKIDEXAMPLE", "secret")
	endpoint := sourcetest.StartMoto(t)
	t.Setenv("AWS_ENDPOINT_URL", endpoint) // of S3 and EC2 alike
	bucket := makeBucket(t, endpoint)
	id := makeFlowLog(t, endpoint, "${srcaddr} ${tcp-flags} ${start}")
	key := "AWSLogs/123456789012/vpcflowlogs/us-east-1/2026/03/02/123456789012_vpcflowlogs_us-east-1_" + id + "_20260302T1000Z_00000001.log"
	upload(t, bucket, map[string][]byte{key: []byte("10.0.0.1 18 1772445600\n")})
	data := t.TempDir()
	a := call(t.Context(), "--data", data, "open", "s3://"+testBucket)
	if a.Code != exitPartial || !strings.Contains(a.Out, "aws ec2 describe-flow-logs --flow-log-ids "+id) {
		t.Errorf("without a format: %+v", a)
	}
	mustCall(t, "--data", data, "open", "--describe-flow-logs", "s3://"+testBucket)
	want := [][]string{{"10.0.0.1", "18", id}}
	if diff := cmp.Diff(want, queryRows(t, data, "SELECT srcaddr, tcp_flags, weir_flow_log_id FROM vpc_flow_logs")); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

// makeFlowLog makes a flow log of a new VPC and returns its id.
func makeFlowLog(t *testing.T, endpoint, format string) string {
	t.Helper()
	client := awsec2.New(awsec2.Options{
		BaseEndpoint: aws.String(endpoint), Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", ""),
	})
	vpc, err := client.CreateVpc(t.Context(), &awsec2.CreateVpcInput{CidrBlock: aws.String("10.0.0.0/16")})
	if err != nil {
		t.Fatal(err)
	}
	made, err := client.CreateFlowLogs(t.Context(), &awsec2.CreateFlowLogsInput{
		ResourceType: ec2types.FlowLogsResourceTypeVpc, ResourceIds: []string{*vpc.Vpc.VpcId}, TrafficType: ec2types.TrafficTypeAll,
		LogDestinationType: ec2types.LogDestinationTypeS3, LogDestination: aws.String("arn:aws:s3:::" + testBucket), LogFormat: aws.String(format),
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(made.FlowLogIds) != 1 {
		t.Fatalf("flow logs %v, refused %+v", made.FlowLogIds, made.Unsuccessful)
	}
	return made.FlowLogIds[0]
}

func testBucketOf(t *testing.T, key, secret string, startServer func(testing.TB) string) {
	dir := sharedtest.Path(t, "data", "flowlogs", "derived-flowlogs")
	awsEnv(t, key, secret)
	endpoint := startServer(t)
	objects := readTree(t, filepath.Join(dir, "AWSLogs"))
	put := map[string][]byte{oldKey: []byte(oldRecord)}
	for name, content := range objects {
		put["AWSLogs/"+name] = content
	}
	upload(t, makeBucket(t, endpoint), put)
	data := filepath.Join(t.TempDir(), "data")
	open := func(args ...string) answer {
		return call(t.Context(), append([]string{"--data", data, "open", "--endpoint-url", endpoint}, args...)...)
	}

	// What is there, without taking it.
	dry := open("--dry-run", "s3://"+testBucket)
	for _, want := range []string{
		"s3://flow-logs: 271 objects, ", ", listed with ", "slots from 2026-02-23 10:00:00 UTC to 2026-03-02 22:35:00 UTC",
		"these are the newest 24 hours; 1 object (45 B) are left: --all takes them, or --from",
	} {
		if !strings.Contains(dry.Out, want) {
			t.Errorf("dry run: no %q in\n%s%s", want, dry.Out, dry.Err)
		}
	}
	if _, err := os.Stat(data); err == nil {
		t.Error("a dry run makes a data directory")
	}

	// The newest 24 hours, and the answers that others computed.
	first := open("s3://" + testBucket)
	if first.Code != exitOK || !strings.Contains(first.Out, "271 of 271 objects, 24,833 records") {
		t.Fatalf("open: %+v", first)
	}
	text, err := os.ReadFile(filepath.Join(dir, "expected_query_results.json"))
	if err != nil {
		t.Fatal(err)
	}
	var file map[string]json.RawMessage
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	delete(file, "format")
	checkAnswers(t, data, file)

	// Again, and from another place: no change.
	records := mustCall(t, "--data", data, "query", "--format", "csv", "SELECT * FROM vpc_flow_logs ORDER BY ALL")
	again := open("s3://" + testBucket)
	if again.Code != exitOK || !strings.Contains(again.Out, "0 of 271 objects") || !strings.Contains(again.Out, "271 known from before") {
		t.Errorf("again: %+v", again)
	}
	folder := call(t.Context(), "--data", data, "open", filepath.Join(dir, "AWSLogs"))
	if !strings.Contains(folder.Out, "271 with the same bytes as another object") {
		t.Errorf("from the folder: %+v", folder)
	}
	after := mustCall(t, "--data", data, "query", "--format", "csv", "SELECT * FROM vpc_flow_logs ORDER BY ALL")
	if records != after {
		t.Error("taking the same objects again changes the records")
	}
	mustCall(t, "--data", data, "lake", "check")

	// By time, and the rest.
	if a := open("--dry-run", "--json", "--from", "2026-02-23T09:00:00Z", "--to", "2026-02-23T11:00:00Z", "s3://"+testBucket); !strings.Contains(a.Out, `"objects": 1,`) {
		t.Errorf("a range: %+v", a)
	}
	if a := open("--all", "s3://"+testBucket); a.Code != exitOK || !strings.Contains(a.Out, "1 of 272 objects, 1 record ") {
		t.Errorf("all: %+v", a)
	}
	if a := call(t.Context(), "--data", data, "lake", "forget", "s3://"+testBucket+"/"+oldKey); a.Code != exitOK || !strings.Contains(a.Out, "1 record of 1 object removed") {
		t.Errorf("forget: %+v", a)
	}

	missing := open("s3://no-such-bucket-here")
	if missing.Code != exitFailed || !strings.Contains(missing.Err, "s3://no-such-bucket-here/: no such bucket") || !strings.Contains(missing.Err, "hint: ") {
		t.Errorf("a missing bucket: %+v", missing)
	}
}

// brokenS3 is an S3 server in this process that refuses some requests.
type brokenS3 struct {
	url string

	mu     sync.Mutex
	refuse func(r *http.Request) (status int, body string) // status 0: serve
}

// newBrokenS3 serves objects in the bucket.
func newBrokenS3(t *testing.T, objects map[string][]byte) *brokenS3 {
	t.Helper()
	backend := s3mem.New()
	if err := backend.CreateBucket(testBucket); err != nil {
		t.Fatal(err)
	}
	for key, content := range objects {
		if _, err := backend.PutObject(testBucket, key, nil, bytes.NewReader(content), int64(len(content)), nil); err != nil {
			t.Fatal(err)
		}
	}
	b := &brokenS3{}
	inner := gofakes3.New(backend, gofakes3.WithTimeSkewLimit(0)).Server()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b.mu.Lock()
		refuse := b.refuse
		b.mu.Unlock()
		if refuse != nil {
			if status, body := refuse(r); status != 0 {
				w.Header().Set("Content-Type", "application/xml")
				w.WriteHeader(status)
				fmt.Fprint(w, `<?xml version="1.0" encoding="UTF-8"?>`+body)
				return
			}
		}
		inner.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	b.url = server.URL
	return b
}

// set says what is refused from now on.
func (b *brokenS3) set(refuse func(r *http.Request) (int, string)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.refuse = refuse
}

// s3Error is the body of an error as S3 writes it.
func s3Error(code, message, more string) string {
	return "<Error><Code>" + code + "</Code><Message>" + message + "</Message>" + more + "<RequestId>4442587FB7D0A2F9</RequestId></Error>"
}

// regionLog returns key and text of an object with one record, which no other has.
func regionLog(region string, minute int) (key string, text []byte) {
	key = fmt.Sprintf("AWSLogs/111122223333/vpcflowlogs/%s/2026/03/02/111122223333_vpcflowlogs_%s_fl-0aaa_20260302T10%02dZ_00000001.log", region, region, minute)
	return key, fmt.Appendf(nil, "version region srcaddr start\n4 %s 10.0.0.%d %d\n", region, minute, 1772445600+60*minute)
}

// TestS3Faults checks what is said of a bucket that gives only a part, that the rest
// is taken, and that a second run finishes the work.
func TestS3Faults(t *testing.T) {
	awsEnv(t, "AKIDEXAMPLE", "secret")
	objects := map[string][]byte{}
	var last string
	for _, region := range []string{"us-east-1", "eu-west-1"} {
		for minute := 0; minute < 30; minute += 5 {
			key, text := regionLog(region, minute)
			objects[key], last = text, key
		}
	}
	server := newBrokenS3(t, objects)
	kms := "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
	isGet := func(r *http.Request, key string) bool {
		return r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, key)
	}
	tests := []struct {
		name   string
		refuse func(r *http.Request) (int, string)
		code   int
		taken  int
		out    []string // of the report, or of stderr where it failed
	}{
		{
			"one folder of many denied", func(r *http.Request) (int, string) {
				if strings.Contains(r.URL.Query().Get("prefix"), "eu-west-1") {
					return 403, s3Error("AccessDenied", "Access Denied", "")
				}
				return 0, ""
			}, exitPartial, 6,
			[]string{"cannot list s3://flow-logs/AWSLogs/111122223333/vpcflowlogs/eu-west-1/", "access denied", "s3:ListBucket", "6 of 6 objects"},
		},
		{
			"one object archived", func(r *http.Request) (int, string) {
				if isGet(r, last) {
					return 403, s3Error("InvalidObjectState", "The operation is not valid for the object's storage class", "<StorageClass>GLACIER</StorageClass>")
				}
				return 0, ""
			}, exitPartial, 11,
			[]string{"1 not readable; the same command tries again", "cannot read s3://flow-logs/" + last + ": object is archived", "aws s3api restore-object --bucket flow-logs"},
		},
		{
			"one object's key denied", func(r *http.Request) (int, string) {
				if isGet(r, last) {
					return 403, s3Error("AccessDenied", "User: arn:aws:iam::111122223333:user/me is not authorized to perform: kms:Decrypt on resource: "+kms, "")
				}
				return 0, ""
			}, exitPartial, 11,
			[]string{"cannot read s3://flow-logs/" + last + ": KMS key denied", `"Action": "kms:Decrypt"`, kms},
		},
		{
			"everything denied", func(*http.Request) (int, string) { return 403, s3Error("AccessDenied", "Access Denied", "") },
			exitFailed, 0,
			[]string{"weir: cannot ", "access denied", "hint: "},
		},
		{
			"credentials expired before", func(*http.Request) (int, string) {
				return 400, s3Error("ExpiredToken", "The provided token has expired.", "")
			}, exitFailed, 0, []string{"credentials have expired", "hint: "},
		},
		{
			"credentials expire on the way", func(r *http.Request) (int, string) {
				if isGet(r, last) {
					return 400, s3Error("ExpiredToken", "The provided token has expired.", "")
				}
				return 0, ""
			}, exitFailed, -1, []string{"credentials have expired", "hint: "},
		},
		{
			"no such bucket", func(*http.Request) (int, string) {
				return 404, s3Error("NoSuchBucket", "The specified bucket does not exist", "")
			}, exitFailed, 0, []string{"s3://flow-logs/: no such bucket", "hint: "},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			data := t.TempDir()
			open := func() answer {
				return call(context.Background(), "--data", data, "open", "--endpoint-url", server.url, "s3://"+testBucket+"/AWSLogs/")
			}
			server.set(tt.refuse)
			a := open()
			if a.Code != tt.code {
				t.Errorf("exit code %d, want %d\n%s%s", a.Code, tt.code, a.Out, a.Err)
			}
			for _, want := range tt.out {
				if !strings.Contains(a.Out+a.Err, want) {
					t.Errorf("no %q in\n%s%s", want, a.Out, a.Err)
				}
			}
			if n := countRecords(t, data); tt.taken >= 0 && n != tt.taken {
				t.Errorf("%d records, want %d", n, tt.taken)
			}
			server.set(nil)
			if a := open(); a.Code != exitOK {
				t.Errorf("second run: %+v", a)
			}
			if n := countRecords(t, data); n != len(objects) {
				t.Errorf("%d records after the second run, want %d", n, len(objects))
			}
			mustCall(t, "--data", data, "lake", "check")
		})
	}
}

// countRecords counts a lake's records.
func countRecords(t *testing.T, data string) int {
	t.Helper()
	rows := queryRows(t, data, "SELECT count(*) AS n FROM vpc_flow_logs")
	var n int
	if _, err := fmt.Sscan(rows[0][0], &n); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestS3NoCredentials checks what somebody without keys is told.
func TestS3NoCredentials(t *testing.T) {
	awsEnv(t, "", "")
	server := newBrokenS3(t, nil)
	a := call(t.Context(), "--data", t.TempDir(), "open", "--endpoint-url", server.url, "s3://"+testBucket)
	if a.Code != exitFailed || !strings.Contains(a.Err, "no credentials") || !strings.Contains(a.Err, "hint: ") {
		t.Errorf("%+v", a)
	}
	b := call(t.Context(), "--data", t.TempDir(), "open", "--endpoint-url", server.url, "--no-sign-request", "s3://"+testBucket)
	if diff := cmp.Diff(exitOK, b.Code); diff != "" {
		t.Errorf("without signing: %+v", b)
	}
}

// largeListing is the listing of a bucket with one object of 6 GB, which cannot be
// fetched.
func largeListing(r *http.Request) (int, string) {
	key, _ := regionLog("us-east-1", 0)
	switch {
	case r.URL.Query().Get("list-type") == "2":
		return 200, `<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>flow-logs</Name><Prefix>` + r.URL.Query().Get("prefix") +
			`</Prefix><KeyCount>1</KeyCount><MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated><Contents><Key>` + key +
			`</Key><LastModified>2026-03-02T10:10:00.000Z</LastModified><ETag>"0123456789abcdef0123456789abcdef"</ETag><Size>6000000000</Size><StorageClass>STANDARD</StorageClass></Contents></ListBucketResult>`
	case r.Method == http.MethodGet:
		return 404, s3Error("NoSuchKey", "The specified key does not exist.", "")
	}
	return 0, ""
}
