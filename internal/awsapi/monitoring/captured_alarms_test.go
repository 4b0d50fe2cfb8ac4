package monitoring

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/internal/awsapi"
	"weir/internal/awsapi/awsapitest"
	"weir/internal/sharedtest"
	"weir/internal/sigv4"
)

// capturedSecrets are the keys of the clients whose requests were captured, by folder.
var capturedSecrets = map[string]string{"AKIDEXAMPLE": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "AK": "SK"}

// captured returns the requests to CloudWatch that a client sent, in their order, with their times.
func captured(t *testing.T, client string) []*http.Request {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(sharedtest.Path(t, "corpus", "aws-client-requests"), client, "*.http"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: %v", client, err)
	}
	var out []*http.Request
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		raw, _, answered := bytes.Cut(raw, []byte("\r\n### RESPONSE"))
		head, body, _ := bytes.Cut(raw, []byte("\r\n\r\n"))
		if answered {
			body = bytes.TrimSuffix(body, []byte("\r\n"))
		}
		r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(append(head, "\r\n\r\n"...))))
		if err != nil || !strings.Contains(r.Header.Get("Authorization"), "/monitoring/") {
			continue
		}
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		out = append(out, r.WithContext(t.Context()))
	}
	return out
}

// TestCapturedAlarms answers what real clients sent, in their protocols and with their signatures: an alarm is put, an insight rule that has
// nothing but a schema is refused, and Terraform reads back what it wrote before it deletes it.
func TestCapturedAlarms(t *testing.T) {
	for client, want := range map[string][]string{
		"v1pip":              {"PutMetricAlarm 200", "PutInsightRule 400 InvalidParameterValue"},
		"v2debian":           {"PutMetricAlarm 200", "PutInsightRule 400 InvalidParameterValue"},
		"aws-sdk-go-v2":      {"PutMetricAlarm 200"},
		"terraform-via-moto": {"PutMetricAlarm 200", "DescribeAlarms 200", "ListTagsForResource 200", "DescribeAlarms 200", "ListTagsForResource 200", "DescribeAlarms 200", "ListTagsForResource 200", "DeleteAlarms 200"},
	} {
		t.Run(client, func(t *testing.T) {
			s := newServer(t)
			s.api.Region = "us-east-1" // as the clients'
			var now time.Time
			verifier := sigv4.Verifier{Now: func() time.Time { return now }, Secret: func(id string) (string, bool) {
				secret, ok := capturedSecrets[id]
				if client == "terraform-via-moto" {
					secret = "SECRETEXAMPLE"
				}
				return secret, ok
			}}
			router := awsapi.NewRouter(awsapitest.Signed{Verifier: verifier}, s.api.Log, s.api.Service())
			var got []string
			for _, r := range captured(t, client) {
				var err error
				if now, err = time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date")); err != nil {
					t.Fatal(err)
				}
				operation := captureOperation(t, r)
				if operation == "GetMetricData" {
					continue
				}
				w := httptest.NewRecorder()
				router.ServeHTTP(w, r)
				code, _, _ := strings.Cut(w.Header().Get("X-Amzn-Query-Error"), ";")
				got = append(got, strings.TrimSpace(fmt.Sprint(operation, " ", w.Code, " ", code)))
				if operation == "DescribeAlarms" && !strings.Contains(w.Body.String(), terraformAlarm) {
					t.Errorf("got %s\nwant %s", w.Body, terraformAlarm)
				}
				if operation == "PutMetricAlarm" && client != "terraform-via-moto" {
					alarm, err := s.alarms.Alarm(t.Context(), "ssh")
					if err != nil || alarm.Metric.Threshold != 10 || alarm.Metric.Metric.Name != "SSHRejects" || alarm.Metric.Period != 60 || alarm.Metric.Statistic != "Sum" {
						t.Errorf("%+v %v", alarm, err)
					}
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// terraformAlarm is of the alarm that Terraform put.
const terraformAlarm = "<MetricName>SSHRejects</MetricName><Namespace>Weir</Namespace><Statistic>Sum</Statistic><Dimensions></Dimensions><Period>60</Period>" +
	"<EvaluationPeriods>1</EvaluationPeriods><Threshold>10.0</Threshold><ComparisonOperator>GreaterThanThreshold</ComparisonOperator><TreatMissingData>missing</TreatMissingData></member>"

// captureOperation tells which operation a request is for, and leaves its body to be read.
func captureOperation(t *testing.T, r *http.Request) string {
	t.Helper()
	if _, operation, ok := strings.Cut(r.Header.Get("X-Amz-Target"), "."); ok {
		return operation
	}
	if _, operation, ok := strings.Cut(r.URL.Path, "/operation/"); ok {
		return operation
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	_, operation, _ := strings.Cut("&"+string(body), "&Action=")
	operation, _, _ = strings.Cut(operation, "&")
	return operation
}
