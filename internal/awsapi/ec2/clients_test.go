package ec2

import (
	"bufio"
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/internal/awsapi/awsapitest"
	"weir/internal/sharedtest"
	sourceec2 "weir/internal/source/ec2"
	"weir/internal/source/s3"
	"weir/internal/source/sourcetest"
)

// clientServer is a server that real clients can ask.
func clientServer(t *testing.T) (*server, *httptest.Server) {
	t.Helper()
	s := newServer(t, awsapitest.ByKey)
	listening := httptest.NewServer(s.http)
	t.Cleanup(listening.Close)
	return s, listening
}

// TestBoto3 runs testdata/boto3_client.py.
func TestBoto3(t *testing.T) {
	python := sourcetest.Python(t, "boto3")
	t.Parallel()
	_, listening := clientServer(t)
	out, err := exec.CommandContext(t.Context(), python, "testdata/boto3_client.py", listening.URL, awsapitest.Key, awsapitest.Secret).CombinedOutput()
	if err != nil || string(out) != "ok\n" {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestAWSCLI makes, describes, tags, integrates and deletes flow logs with the AWS CLI of both versions.
func TestAWSCLI(t *testing.T) {
	for _, version := range []string{"1", "2"} {
		t.Run("version "+version, func(t *testing.T) {
			path, _ := sourcetest.AWSCLI(t, version)
			t.Parallel()
			_, listening := clientServer(t)
			run := func(to any, args ...string) string {
				cmd := exec.CommandContext(t.Context(), path, append([]string{"--endpoint-url", listening.URL, "--region", "us-east-1", "--output", "json", "ec2"}, args...)...)
				cmd.Env = awsapitest.Environ(t)
				var stdout, stderr bytes.Buffer
				cmd.Stdout, cmd.Stderr = &stdout, &stderr
				err := cmd.Run()
				if err == nil && to != nil {
					err = json.Unmarshal(stdout.Bytes(), to)
				}
				if err != nil && stderr.Len() == 0 {
					t.Fatalf("aws ec2 %v: %v %s", args, err, &stdout)
				}
				return strings.TrimSpace(stderr.String())
			}
			var made struct {
				IDs []string `json:"FlowLogIds"`
			}
			// As in the guide of AWS: a bucket, a custom format, options and tags.
			if failed := run(&made, "create-flow-logs", "--resource-type", "NetworkInterface", "--resource-ids", "eni-1", "eni-2", "--traffic-type", "ALL", "--log-destination-type", "s3",
				"--log-destination", "arn:aws:s3:::bkt/prefix/", "--log-format", "${version} ${vpc-id} ${srcaddr}", "--max-aggregation-interval", "60",
				"--destination-options", "FileFormat=parquet,HiveCompatiblePartitions=true,PerHourPartition=true", "--tag-specifications", "ResourceType=vpc-flow-log,Tags=[{Key=a,Value=b}]",
			); failed != "" || len(made.IDs) != 2 {
				t.Fatalf("%s %v", failed, made)
			}
			if failed := run(nil, "create-tags", "--resources", made.IDs[1], "--tags", "Key=c,Value="); failed != "" {
				t.Error(failed)
			}
			type described struct {
				FlowLogs []struct {
					ID                 string `json:"FlowLogId"`
					ResourceID         string `json:"ResourceId"`
					LogFormat          string
					DestinationOptions struct{ FileFormat string }
					Tags               []struct{ Key, Value string }
				}
			}
			var all described
			if failed := run(&all, "describe-flow-logs", "--filter", "Name=resource-id,Values=eni-2"); failed != "" {
				t.Error(failed)
			}
			var want described
			if err := json.Unmarshal([]byte(`{"FlowLogs": [{"FlowLogId": "`+made.IDs[1]+`", "ResourceId": "eni-2", "LogFormat": "${version} ${vpc-id} ${srcaddr}",
				"DestinationOptions": {"FileFormat": "parquet"}, "Tags": [{"Key": "a", "Value": "b"}, {"Key": "c", "Value": ""}]}]}`), &want); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, all); diff != "" {
				t.Error(diff)
			}
			// As in AWS's example, but for its flow log.
			var template struct{ Result string }
			if failed := run(&template, "get-flow-logs-integration-template", "--flow-log-id", made.IDs[0], "--config-delivery-s3-destination-arn", "arn:aws:s3:::amzn-s3-demo-bucket", "--integrate-services",
				"AthenaIntegrations=[{IntegrationResultS3DestinationArn=arn:aws:s3:::amzn-s3-demo-bucket,PartitionLoadFrequency=none,PartitionStartDate=2021-07-21T00:40:00,PartitionEndDate=2021-07-21T00:42:00}]",
			); failed != "" || template.Result != "https://amzn-s3-demo-bucket.example/VPCFlowLogsIntegrationTemplate_"+made.IDs[0]+"_Mon%20Sep%2021%2014:13:20%20UTC%202026.yml" {
				t.Error(failed, template)
			}
			failed := run(nil, "delete-flow-logs", "--flow-log-ids", "fl-1")
			if !strings.Contains(failed, "An error occurred (InvalidFlowLogId.NotFound) when calling the DeleteFlowLogs operation") ||
				!strings.HasSuffix(failed, ": These flow log ids in the input list are not found: [TotalCount: 1] fl-1") {
				t.Error(failed)
			}
			if failed := run(nil, append([]string{"delete-flow-logs", "--flow-log-ids"}, made.IDs...)...); failed != "" {
				t.Error(failed)
			}
		})
	}
}

// TestOwnClient reads flow logs as weir reads AWS's, by AWS's SDK for Go.
func TestOwnClient(t *testing.T) {
	s, listening := clientServer(t)
	made, err := s.store.Create(t.Context(), storeRequest("eni-1", "eni-2"))
	if err != nil {
		t.Fatal(err)
	}
	access := s3.Access{EndpointURL: listening.URL, MaxAttempts: 1, Env: map[string]string{"AWS_ACCESS_KEY_ID": awsapitest.Key, "AWS_SECRET_ACCESS_KEY": awsapitest.Secret, "AWS_REGION": "us-east-1"}}
	for _, ids := range [][]string{nil, {made.IDs[0], "fl-0123456789abcdef0"}} {
		logs, err := sourceec2.FlowLogs(t.Context(), sourceec2.Config{Access: access, IDs: ids})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, l := range logs {
			got = append(got, l.ID)
			if l.LogFormat != "${version} ${start}" || l.FileFormat != "parquet" || !l.Hive || l.PerHour || l.Interval != 600 {
				t.Errorf("%+v", l)
			}
		}
		want := slices.Clone(made.IDs)
		if ids != nil {
			want = want[:1]
		}
		slices.Sort(want)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
}

// A captured request is what a real client sent to EC2, and the flow logs that it was told of where its server made any.
type capturedRequest struct {
	client, file string
	form         url.Values
	made         []string
}

var madeID = regexp.MustCompile(`<flowLogIdSet><item>(fl-[0-9a-f]+)</item>`)

func captured(t *testing.T) (out []capturedRequest) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(sharedtest.Path(t, "corpus", "aws-client-requests"), "*", "*.http"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files { // in the order of their names
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		raw, response, _ := bytes.Cut(raw, []byte("\n### RESPONSE"))
		r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(raw)))
		if err != nil || !strings.Contains(r.Header.Get("Authorization"), "/ec2/aws4_request") {
			continue // S3's are cut otherwise
		}
		_, body, _ := bytes.Cut(raw, []byte("\r\n\r\n"))
		c := capturedRequest{client: filepath.Base(filepath.Dir(file)), file: filepath.Base(file)}
		if c.form, err = url.ParseQuery(strings.TrimSpace(string(body))); err != nil {
			t.Fatal(err)
		}
		for _, m := range madeID.FindAllSubmatch(response, -1) {
			c.made = append(c.made, string(m[1]))
		}
		out = append(out, c)
	}
	return out
}

// TestCapturedRequests answers what real clients sent, each on a server of its own: what a client asks for by the id that it was told of is there.
func TestCapturedRequests(t *testing.T) {
	servers := map[string]*server{}
	ids := map[string]string{}
	counts := map[string]int{}
	for _, c := range captured(t) {
		s := servers[c.client]
		if s == nil {
			s = newServer(t, awsapitest.Anyone{})
			servers[c.client] = s
		}
		operation, id := c.form.Get("Action"), c.form.Get("FlowLogId.1")
		counts[operation]++
		c.form.Del("Action")
		c.form.Del("Version")
		switch {
		case !strings.HasSuffix(operation, "FlowLogs"):
			if got := s.refused(operation, ""); got != "InvalidAction: The action "+operation+" is not valid for this web service." {
				t.Errorf("%s of %s: %s", c.file, c.client, got)
			}
		case operation == "CreateFlowLogs":
			made := s.ok(operation, c.form.Encode()).at("flowLogIdSet/item")
			if len(made) == 0 {
				t.Errorf("%s of %s made nothing", c.file, c.client)
			}
			for i, id := range c.made {
				ids[id] = made[i]
			}
		case id == "fl-1": // which the AWS CLI was told to delete, whatever there is
			if got := s.refused(operation, c.form.Encode()); !strings.HasPrefix(got, "InvalidFlowLogId.NotFound: ") {
				t.Errorf("%s of %s: %s", c.file, c.client, got)
			}
		case id != "":
			c.form.Set("FlowLogId.1", ids[id])
			s.ok(operation, c.form.Encode())
		default:
			s.ok(operation, c.form.Encode())
		}
	}
	if counts["CreateFlowLogs"] < 6 || counts["DescribeFlowLogs"] < 10 || counts["DeleteFlowLogs"] < 4 {
		t.Errorf("only %v", counts)
	}
}

// TestSDKRequests reads the requests that AWS's SDK for Go has in its snapshots, with every member set: none is unknown, and there are no others.
func TestSDKRequests(t *testing.T) {
	requests := awsapitest.Requests(t, "ec2")
	for name, op := range (&API{}).operations() {
		form, err := url.ParseQuery(string(requests[name]))
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]bool{}
		for k := range form {
			parts := slices.DeleteFunc(strings.Split(k, "."), func(p string) bool { return p == "1" || p == "2" })
			if k != "Action" && k != "Version" {
				want[strings.Join(parts, ".")] = true
			}
		}
		got := map[string]bool{}
		for k, kind := range members(op.In, "") {
			if !strings.HasSuffix(kind, "structure") {
				got[k] = true
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// members returns the members of a type by path, with their kinds as botocore names them.
func members(of reflect.Type, path string) map[string]string {
	out := map[string]string{}
	for _, f := range reflect.VisibleFields(of) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" {
			continue
		}
		kind, t := "", f.Type
		if t.Kind() == reflect.Slice {
			kind, t = "list of ", t.Elem()
		}
		if t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		switch t.Kind() {
		case reflect.Struct:
			kind += "structure"
			maps.Copy(out, members(t, path+name+"."))
		case reflect.Bool:
			kind += "boolean"
		case reflect.Int32:
			kind += "integer"
		default:
			kind += t.Kind().String()
		}
		out[path+name] = kind
	}
	return out
}

// newer are members that the SDK for Go has and botocore as it is installed may not have yet.
var newer = []string{"TagFieldSpecification", "tagFieldSpecificationSet"}

// TestModel compares requests and answers with botocore's model: names on the wire, places and types.
func TestModel(t *testing.T) {
	python := sourcetest.Python(t, "botocore")
	operations := (&API{}).operations()
	out, err := exec.CommandContext(t.Context(), python, append([]string{"testdata/model.py"}, slices.Sorted(maps.Keys(operations))...)...).Output()
	if err != nil {
		t.Fatal(err)
	}
	var model map[string]struct{ Request, Answer map[string]string }
	if err := json.Unmarshal(out, &model); err != nil {
		t.Fatal(err)
	}
	for name, op := range operations {
		want := model[name]
		for path, kind := range want.Answer {
			if kind == "timestamp" {
				want.Answer[path] = "string"
			}
		}
		for path, kind := range want.Request {
			if kind == "timestamp" {
				want.Request[path] = "int64" // of milliseconds
			}
		}
		if op.Out == reflect.TypeFor[done]() { // which the model does not have; EC2's documentation does
			want.Answer["return"] = "boolean"
		}
		if len(want.Request) == 0 {
			t.Errorf("the model has no %s", name)
		}
		if diff := cmp.Diff(known(want.Request), known(members(op.In, ""))); diff != "" {
			t.Errorf("the request of %s: %s", name, diff)
		}
		if diff := cmp.Diff(known(want.Answer), known(members(op.Out, ""))); diff != "" {
			t.Errorf("the answer of %s: %s", name, diff)
		}
	}
}

// known leaves out what is newer than botocore.
func known(members map[string]string) map[string]string {
	maps.DeleteFunc(members, func(path, _ string) bool {
		return slices.ContainsFunc(newer, func(n string) bool { return strings.Contains(path, n) })
	})
	return members
}
